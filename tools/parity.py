"""Writes docs/parity.md from tests/docs/parity.toml and the tests of the tree: each member with its Checks and
the tests that show it. `tools/parity.py --write`; without, it says whether the page is up to date."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import tomllib

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests" / "docs" / "parity.toml"
PAGE = ROOT / "docs" / "parity.md"

# Every Check of the behaviour's specification, with the few words that the page shows.
CHECKS = {
    "E1": "classes of errors",
    "E2": "after a failed init",
    "M1": "the module without a run",
    "I1": "init's errors",
    "I2": "two inits within a second",
    "I3": "init twice",
    "I4": "a Namespace as config",
    "V1": "environment variables",
    "R1": "resume",
    "R2": "must and never",
    "R3": "config of a resumed run",
    "P1": "several runs",
    "D1": "a disabled run",
    "X1": "how a run ends",
    "X2": "forked children",
    "SY1": "offline, sync, equal",
    "SY2": "a second sync",
    "SY3": "sync both ways",
    "PR1": "properties",
    "PR2": "wrong tags",
    "PR3": "config_static",
    "PR4": "settings are a copy",
    "F0": "after finish",
    "L1": "rows and steps",
    "L2": "step and commit",
    "L3": "log's errors",
    "L4": "values",
    "L5": "NaN and infinities",
    "L6": "three equal loops",
    "AL1": "alert",
    "DM1": "step_sync and globs",
    "DM2": "summary operations",
    "DM3": "best and goal",
    "DM4": "merge and overwrite",
    "DM5": "define_metric's errors",
    "DM6": "values before the definition",
    "DI1": "display",
    "FI1": "finish",
    "LA1": "log_artifact",
    "LA2": "log_artifact's errors",
    "LA3": "paths as artifacts",
    "UA1": "many writers",
    "UA2": "no group",
    "UA3": "use_artifact",
    "LK1": "link_artifact",
    "MO1": "models",
    "MO2": "models' errors",
    "MO3": "log_model gives nothing",
    "LC1": "log_code",
    "SV1": "save's places",
    "SV2": "save's errors",
    "SV3": "live files",
    "RS1": "restore",
    "ST1": "status",
    "MP1": "mark_preempting",
    "W1": "watch",
    "W2": "log_freq",
    "C1": "config's operations",
    "C2": "config's conversions",
    "C3": "the stored config",
    "S1": "summary",
    "S2": "nested summary",
    "S3": "the summary file",
    "SE1": "settings, output.log",
    "ME1": "media files",
    "ME2": "media's errors",
    "ME3": "lists of media",
    "ME4": "nested media, slashes",
    "PL1": "line_series",
    "PL2": "confusion_matrix",
    "PL3": "roc and pr curves",
    "PL4": "curves of six rows",
    "AR1": "digests",
    "AR2": "artifacts' errors",
    "AR3": "drafts",
    "AR4": "round trip",
    "PA1": "history",
    "PA2": "summary.update",
    "PA3": "file.download",
    **{f"A{i}": "acceptance program" for i in range(1, 20)},
    "DF1": "the log's bytes",
    "DF2": "every digest",
    "DF3": "replay of every form",
    "DF4": "media JSON as the stock client's",
    "DF5": "config.yaml",
    "DF6": "sync both ways",
    "DF7": "the terminal",
    "DF7b": "a log without summaries",
    "DF8": "tables, artifact names",
}
# Checks of what C++ has not, or that are another client's, with the reason. What has a C++ test is not here.
PYTHON_ONLY = {
    "E1": "errors are of one class, with an `ErrorCode`",
    "M1": "a C++ program holds its runs itself",
    "I3": "each `Run::init()` is a run",
    "I4": "a `Dict` is the one form of a config",
    "MO3": "C++ gives the artifact, to wait for",
    "W1": "hooks of PyTorch",
    "W2": "hooks of PyTorch",
    "SY3": "a C++ program is among its writers",
    "A19": "programs of the stock client",
    "DF4": "a C++ program is among its writers",
    "DF6": "a C++ program is among its writers",
    "DF7b": "of the stock client's sync",
}

_PYTHON_TEST = re.compile(r"^(?:    )?(?:async )?def (test_\w+)", re.M)
_GTEST = re.compile(r"^(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.M)


@dataclass(frozen=True)
class Test:
    file: str
    name: str  # of gtest: Suite.Name

    def shows(self, check: str) -> bool:
        """Whether the Check is in the name: test_L1_rows, Log.L1RowsMerge, X2_children."""
        return re.search(rf"(?:^|_|\.){check}(?=_|\.|$|[A-Z])", self.name) is not None

    def has_word(self, word: str) -> bool:
        return re.search(rf"(?:^|_|\.|(?=[A-Z])){word}", self.name, re.I) is not None


@dataclass
class Tests:
    python: list[Test] = field(default_factory=list)
    cpp: list[Test] = field(default_factory=list)

    @staticmethod
    def of_tree() -> Tests:
        found = Tests()
        for folder in ("python/tests", "tests"):
            for path in sorted((ROOT / folder).rglob("test_*.py")):
                file = str(path.relative_to(ROOT))
                found.python += [Test(file, name) for name in _PYTHON_TEST.findall(path.read_text())]
        for folder in ("src", "tests/compat/native"):
            for path in sorted((ROOT / folder).rglob("*_test.cc")):
                file = str(path.relative_to(ROOT))
                found.cpp += [Test(file, f"{s}.{n}") for s, n in _GTEST.findall(path.read_text())]
        return found

    @cached_property
    def by_check(self) -> dict[str, tuple[list[Test], list[Test]]]:
        """{check: (Python's tests, C++'s tests)}"""
        return {
            check: ([t for t in self.python if t.shows(check)], [t for t in self.cpp if t.shows(check)])
            for check in CHECKS
        }


@dataclass(frozen=True)
class Member:
    owner: str  # "Run", "Artifact", ...; "" is the module
    python: str
    cpp: str
    checks: tuple[str, ...]
    words: tuple[str, ...]
    note: str


@dataclass
class Section:
    title: str
    owner: str
    stock: str
    members: list[Member]


def setting_names() -> list[str]:
    """The fields of Settings, read from where the core lists them."""
    text = (ROOT / "src" / "sdk" / "setting_fields.cc").read_text()
    body = text[text.index("make_fields()") : text.index("};", text.index("make_fields()"))]
    return re.findall(r'(?:\w+\(|\{)"(\w+)"', body)


def read_missing() -> dict[str, list[str]]:
    """Checks and members that are known to lack tests."""
    return tomllib.loads(TABLE.read_text())["missing"]


def read_table() -> tuple[list[Section], list[dict]]:
    table = tomllib.loads(TABLE.read_text())
    sections = []
    for given in table["section"]:
        rows = given.get("members")
        if given.get("fields"):
            rows = [[name, f'Settings::get("{name}")', given["checks"], ""] for name in setting_names()]
        notes = given.get("notes", {})
        members = [
            Member(
                given["owner"],
                python,
                cpp,
                tuple(checks.split()),
                tuple(words.split()),
                notes.get(python, ""),
            )
            for python, cpp, checks, words in rows
        ]
        sections.append(Section(given["title"], given["owner"], given["stock"], members))
    return sections, table["absent"]


def _names(tests: list[Test], limit: int = 3) -> str:
    names = list(dict.fromkeys(test.name for test in tests))
    shown = ", ".join(f"`{name}`" for name in names[:limit])
    return shown + (" and more" if len(names) > limit else "")


def tests_of(member: Member, tests: Tests) -> tuple[list[Test], list[Test]]:
    """By the member's Checks, and by the words that the table gives."""
    python, cpp = [], []
    for check in member.checks:
        python += tests.by_check[check][0]
        cpp += tests.by_check[check][1]
    for word in member.words:
        python += [test for test in tests.python if test.has_word(word)]
        cpp += [test for test in tests.cpp if test.has_word(word)]
    return python, cpp


def render(tests: Tests) -> str:
    sections, absent = read_table()
    missing = read_missing()
    out = [
        "# Parity: every member, in both languages, with its tests",
        "",
        "Made by `tools/parity.py` from `tests/docs/parity.toml` and the names of the tests; `tests/docs/test_parity.py`",
        "checks that it is complete and true. A Check is a statement of the behaviour's specification; a test that",
        "shows it has its id in its name. [run-api.md](run-api.md) says what each member does.",
        "",
    ]
    for section in sections:
        out += [f"## {section.title}", "", "| Python | C++ | Checks | shown by |", "|---|---|---|---|"]
        for member in section.members:
            cpp = f"`{member.cpp}`" if member.cpp else f"– ({member.note})"
            python = f"`{member.python}`" if member.python else "–"
            note = f" ({member.note})" if member.cpp and member.note else ""
            python_tests, cpp_tests = tests_of(member, tests)
            if member.checks:
                shown = "by its Checks"
                if member.words:
                    words = [
                        t for t in (*python_tests, *cpp_tests) if any(t.has_word(w) for w in member.words)
                    ]
                    shown += "; " + _names(words, 2) if words else ""
            else:
                shown = _names(python_tests + cpp_tests) or "**no test**"
            if member.python in missing["members"]:
                shown = "**not there yet**"
            out.append(f"| {python} | {cpp}{note} | {' '.join(member.checks)} | {shown} |")
        out.append("")
    out += ["## Checks", "", "| Check | is about | Python | C++ |", "|---|---|---|---|"]
    for check, about in CHECKS.items():
        python, cpp = tests.by_check[check]
        none = "**no test**"
        cpp_cell = _names(cpp) or (f"– ({PYTHON_ONLY[check]})" if check in PYTHON_ONLY else none)
        out.append(f"| {check} | {about} | {_names(python) or none} | {cpp_cell} |")
    out += [
        "",
        "## What the stock client has and we have not",
        "",
        "| of | names | reason |",
        "|---|---|---|",
    ]
    for entry in absent:
        names = ", ".join(f"`{name}`" for name in entry["names"])
        out.append(f"| `{entry['of']}` | {names} | {entry['reason']} |")
    return "\n".join(out) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    text = render(Tests.of_tree())
    if arguments.write:
        PAGE.write_text(text)
        return 0
    up_to_date = PAGE.exists() and PAGE.read_text() == text
    print("docs/parity.md is " + ("up to date" if up_to_date else "old: run tools/parity.py --write"))
    return 0 if up_to_date else 1


if __name__ == "__main__":
    sys.exit(main())
