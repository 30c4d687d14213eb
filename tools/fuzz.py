"""Runs the fuzz harnesses: `make fuzz` for some minutes, `make test` for about two in all.

With --build it first builds them: by clang-16 with libFuzzer and sanitizers (preset `fuzz`) if that
compiler is installed (Debian: clang-16 libclang-rt-16-dev), else by the usual compiler with
sanitizers and our own driver (preset `asan`). An input that crashes one is kept below build/fuzz-found.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOUND = ROOT / "build" / "fuzz-found"


def build(preset: str) -> bool:
    folder = ROOT / "build" / preset
    if not (folder / "build.ninja").exists():
        python = ROOT / ".venv" / "bin" / "python"
        configure = ["cmake", "--preset", preset, f"-DPython_EXECUTABLE={python}"]
        if subprocess.run(configure, cwd=ROOT, stdout=subprocess.DEVNULL).returncode != 0:
            return False
    names = [f"fuzz_{name}" for name in harnesses(folder)]
    jobs = os.environ.get("RUNSTONE_JOBS", "2")
    command = ["cmake", "--build", str(folder), "-j", jobs, "--target", *names, "make_fuzz_corpus", "--"]
    return subprocess.run([*command, "--quiet"], cwd=ROOT).returncode == 0


def harnesses(folder: Path) -> list[str]:
    return (folder / "fuzzers.txt").read_text().split()


def run(folder: Path, name: str, seconds: int, seed: int | None, is_libfuzzer: bool) -> bool:
    """Our inputs are read only; what libFuzzer finds worth keeping goes to the build folder."""
    kept = folder / "fuzz-corpus" / name
    kept.mkdir(parents=True, exist_ok=True)
    written = ROOT / "fuzz" / "corpus" / name
    FOUND.mkdir(parents=True, exist_ok=True)
    command = [str(folder / "fuzz" / f"fuzz_{name}"), f"-max_total_time={seconds}"]
    command += [f"-artifact_prefix={FOUND}/"] + ([f"-seed={seed}"] if seed is not None else [])
    if is_libfuzzer:
        command += ["-print_final_stats=1", "-timeout=20", "-rss_limit_mb=3000", "-verbosity=0"]
    command += [str(place) for place in (kept, written) if place.exists()]
    # Allocations of a hostile size must fail as they do in the server, not end the program.
    environment = {**os.environ, "ASAN_OPTIONS": "allocator_may_return_null=1:detect_leaks=0"}
    done = subprocess.run(command, env=environment, timeout=seconds + 120)
    if done.returncode != 0:
        print(f"fuzz: {' '.join(command)} ended with {done.returncode}", file=sys.stderr)
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--preset", help="build folder to use; by default fuzz with clang-16, else asan")
    parser.add_argument("--seconds", type=int, default=40, help="for each harness")
    parser.add_argument("--seed", type=int)
    parser.add_argument("names", nargs="*", help="harnesses; all by default")
    arguments = parser.parse_args()
    preset = arguments.preset or ("fuzz" if shutil.which("clang++-16") else "asan")
    folder = ROOT / "build" / preset
    if arguments.build and not build(preset):
        return 1
    print(json.dumps({"preset": preset, "seconds": arguments.seconds}), flush=True)
    subprocess.run([str(folder / "fuzz" / "make_fuzz_corpus"), str(folder / "fuzz-corpus")], check=True)
    names = arguments.names or harnesses(folder)
    results = [run(folder, name, arguments.seconds, arguments.seed, preset == "fuzz") for name in names]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
