"""Runs the unit tests under sanitizers: `make sanitize`.

First with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer (preset `asan`), then what has
threads with ThreadSanitizer (preset `tsan`). It takes as long as it takes to compile everything twice,
so `make test` does not. A program's whole output is below build/reports/; any report of a sanitizer is a
failure. What is not ours may be left out in tools/sanitizers/*.supp, with the reason.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "reports"
SUPPRESSIONS = ROOT / "tools" / "sanitizers"
PROGRAM_LIMIT_SECS = 900

# They stand in for malloc() or for calls to the disk, as the sanitizers do.
OWN_MALLOC = {"sdk_allocation_test", "capi_allocation_test"}

WITH_THREADS = [
    "base_test",
    "fs_test",
    "journal_test",
    "media_test",
    "probe_test",
    "artifact_test",
    "uplink_test",
    "sdk_test",
    "capi_test",
    "public_api_test",
    "net_client_test",
    "net_server_test",
    "ingest_test",
    "alerts_test",
]

OPTIONS = {
    "asan": {
        # A hostile length must fail as it does in a server, not end the program.
        "ASAN_OPTIONS": "allocator_may_return_null=1:detect_leaks=1:detect_stack_use_after_return=1",
        "LSAN_OPTIONS": f"suppressions={SUPPRESSIONS}/lsan.supp:print_suppressions=0",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    },
    "tsan": {
        # Children forked by programs with threads are what these tests are about.
        "TSAN_OPTIONS": f"suppressions={SUPPRESSIONS}/tsan.supp:die_after_fork=0:second_deadlock_stack=1"
    },
}


def programs(preset: str, names: list[str]) -> list[str]:
    built = [
        n for n in (ROOT / "build" / preset / "unit_tests.txt").read_text().split() if n not in OWN_MALLOC
    ]
    wanted = names or (WITH_THREADS if preset == "tsan" else built)
    unknown = set(wanted) - set(built)
    if unknown:
        raise SystemExit(
            f"no such test with {preset}: {', '.join(sorted(unknown))}; there are {', '.join(built)}"
        )
    return wanted


def configure(preset: str) -> None:
    if (ROOT / "build" / preset / "build.ninja").exists():
        return
    python = f"-DPython_EXECUTABLE={ROOT}/.venv/bin/python"
    subprocess.run(["cmake", "--preset", preset, python], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def build(preset: str, names: list[str]) -> None:
    jobs = os.environ.get("RUNSTONE_JOBS", "2")
    command = ["cmake", "--build", f"build/{preset}", "-j", jobs, "--target", *names, "--", "--quiet"]
    subprocess.run(command, cwd=ROOT, check=True)


def run(preset: str, name: str, more: list[str]) -> bool:
    """Whether it passed. Its output goes to a file: reports are long."""
    report = REPORTS / f"{preset}-{name}.log"
    command = [str(ROOT / "build" / preset / "tests" / "unit" / name), "--gtest_brief=1", *more]
    started = time.monotonic()
    with report.open("w") as output:
        try:
            done = subprocess.run(
                command,
                env={**os.environ, **OPTIONS[preset]},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=PROGRAM_LIMIT_SECS,
            )
            end = f"ended with {done.returncode}"
            passed = done.returncode == 0
        except subprocess.TimeoutExpired:
            end, passed = f"no end within {PROGRAM_LIMIT_SECS} s", False
    text = report.read_text(errors="replace")
    reports = text.count("WARNING: ThreadSanitizer") + text.count("ERROR: ") + text.count("runtime error: ")
    passed = passed and reports == 0  # also those of children, whose end their parents may not look at
    verdict = "passed" if passed else f"FAILED: {end}, {reports} reports, see {report.relative_to(ROOT)}"
    print(f"{preset} {name:<24} {verdict}  ({time.monotonic() - started:.1f} s)", flush=True)
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=list(OPTIONS), help="both by default")
    parser.add_argument("--gtest-filter", help="tests to run, as googletest takes it")
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("names", nargs="*", help="test programs; by default all, or all with threads")
    arguments = parser.parse_args()
    REPORTS.mkdir(parents=True, exist_ok=True)
    more = [f"--gtest_filter={arguments.gtest_filter}"] if arguments.gtest_filter else []
    results = []
    for preset in [arguments.preset] if arguments.preset else list(OPTIONS):
        configure(preset)
        names = programs(preset, arguments.names)
        if not arguments.no_build:
            build(preset, names)
        results += [run(preset, name, more) for name in names]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
