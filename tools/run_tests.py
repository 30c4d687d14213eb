"""Runs every suite and closes with one line that counts all of them: `N passed, N failed, N skipped`.

A suite that ran no test has failed; so has one whose command could not be started or whose report is
missing. `--only NAME...` runs some suites, `--list` names them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
REPORTS = ROOT / "build" / "reports"
PYTHON = ROOT / ".venv" / "bin" / "python"
TORCH_PYTHON = ROOT / ".venv-clients" / "with-torch" / "bin" / "python"
SUITE_LIMIT_SECS = 1200


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __iadd__(self, other: Count) -> Count:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass
class Suite:
    """One command and where its report lies; `read` counts the report, None counts the exit code."""

    name: str
    command: list[str]
    report: Path | None = None
    read: Callable[[Path], Count] | None = None
    cwd: Path = ROOT


def read_gtest(report: Path) -> Count:
    data = json.loads(report.read_text())
    count = Count()
    for group in data["testsuites"]:
        for test in group["testsuite"]:
            if test.get("failures"):
                count.failed += 1
            elif test.get("result") == "SKIPPED" or test.get("status") == "NOTRUN":
                count.skipped += 1
            else:
                count.passed += 1
    return count


def read_junit(report: Path) -> Count:
    count = Count()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            count.failed += 1
        elif case.find("skipped") is not None:
            count.skipped += 1
        else:
            count.passed += 1
    return count


def unit_suites() -> list[Suite]:
    """One suite per test executable that the build lists; one that was not built fails by not starting."""
    listed = BUILD / "unit_tests.txt"
    names = listed.read_text().split() if listed.exists() else ["(the build lists no unit tests)"]
    suites = []
    for name in names:
        report = REPORTS / f"{name}.json"
        command = [str(BUILD / "tests" / "unit" / name), "--gtest_brief=1", f"--gtest_output=json:{report}"]
        suites.append(Suite(f"unit:{name}", command, report, read_gtest))
    return suites


def pytest_suite(name: str, folder: str, *options: str, python: Path = PYTHON) -> Suite:
    report = REPORTS / f"{name}.xml"
    command = [str(python), "-m", "pytest", "-q", f"--junitxml={report}", folder, *options]
    return Suite(name, command, report, read_junit)


def vitest_suite(name: str, script: str) -> Suite:
    report = REPORTS / f"{name}.xml"
    arguments = ["--reporter=default", "--reporter=junit", f"--outputFile.junit={report}"]
    return Suite(name, ["npm", "run", "--silent", script, "--", *arguments], report, read_junit, ROOT / "web")


def all_suites() -> list[Suite]:
    return [
        Suite("layers", [str(PYTHON), "tools/check_layers.py"]),
        Suite("format", ["tools/format.sh"]),
        *unit_suites(),
        Suite("fuzz", [str(PYTHON), "tools/fuzz.py", "--preset", "release", "--seconds", "8"]),
        vitest_suite("web", "test"),
        pytest_suite("python", "python/tests"),
        pytest_suite("pytorch", "tests/pytorch", python=TORCH_PYTHON),
        pytest_suite("install", "tests/install"),
        # Mostly starts of the stock client: two at a time, each file's tests on one server.
        pytest_suite("compat", "tests/compat", "-n", "2", "--dist", "loadfile"),
        pytest_suite("docs", "tests/docs"),
        pytest_suite("conformance", "tests/conformance", "-n", "2", "--dist", "loadfile"),
        pytest_suite("crash", "tests/crash"),
        vitest_suite("e2e", "e2e"),
    ]


def run_suite(suite: Suite) -> Count:
    if suite.report is not None:
        suite.report.unlink(missing_ok=True)
    environment = {**os.environ, "RUNSTONE_BIN": str(BUILD / "src" / "cli" / "runstone")}
    try:
        process = subprocess.run(
            suite.command, cwd=suite.cwd, env=environment, stdin=subprocess.DEVNULL, timeout=SUITE_LIMIT_SECS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{suite.name}: {error}", file=sys.stderr)
        return Count(failed=1)
    if suite.report is None or suite.read is None:
        return Count(passed=1) if process.returncode == 0 else Count(failed=1)
    if not suite.report.exists():
        print(f"{suite.name}: ended with {process.returncode} and left no report", file=sys.stderr)
        return Count(failed=1)
    count = suite.read(suite.report)
    if count.passed + count.failed == 0:
        print(f"{suite.name}: no test ran", file=sys.stderr)
        count.failed += 1
    elif process.returncode != 0 and count.failed == 0:
        print(f"{suite.name}: all tests passed, but it ended with {process.returncode}", file=sys.stderr)
        count.failed += 1
    return count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="SUITE", help="a name, or a prefix such as unit:")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    suites = all_suites()
    if arguments.only:
        suites = [s for s in suites if any(s.name == o or s.name.startswith(o) for o in arguments.only)]
    if arguments.list:
        print("\n".join(suite.name for suite in suites))
        return 0
    REPORTS.mkdir(parents=True, exist_ok=True)
    total = Count()
    lines = []
    for suite in suites:
        started = time.monotonic()
        print(f"== {suite.name}", flush=True)
        count = run_suite(suite)
        total += count
        lines.append(f"{suite.name:<28} {count}  ({time.monotonic() - started:.1f} s)")
    print("\n".join(["", *lines, "", str(total)]), flush=True)
    return 1 if total.failed or total.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
