"""docs/parity.md is complete and true: every public member of the stock client and of our classes is in
it, what it names exists, and every Check of the specification has tests."""

from __future__ import annotations

import importlib
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import wandb
from headers import members, methods

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(ROOT / "python"))

import parity  # noqa: E402

SECTIONS, ABSENT = parity.read_table()
MISSING = parity.read_missing()
TESTS = parity.Tests.of_tree()
INCLUDE = ROOT / "include" / "runstone"


def public(thing: object) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def named(section: parity.Section) -> set[str]:
    return {member.python for member in section.members if member.python}


def stock_names(section: parity.Section) -> set[str]:
    thing = importlib.import_module("wandb")
    importlib.import_module("wandb.apis.public")
    for part in section.stock.split(".")[1:]:
        thing = getattr(thing, part)
    if section.stock == "wandb":
        return {name for name in wandb.__all__ if not name.startswith("_")}
    if section.stock == "wandb.Settings":
        return set(wandb.Settings.model_fields)
    return public(thing)


def our_names(section: parity.Section) -> set[str]:
    import runstone

    if section.owner == "":
        return {name for name in runstone.__all__ if not name.startswith("_")}
    if section.owner == "Settings":
        return set(runstone.Settings.names())
    if section.owner == "api.Run":
        return public(importlib.import_module("runstone.api").Run)
    return public(getattr(runstone, section.owner))


WITH_PYTHON = [section for section in SECTIONS if section.owner != "cpp"]


@pytest.mark.parametrize("section", WITH_PYTHON, ids=lambda section: section.title)
def test_every_public_name_of_the_stock_client_is_served_or_its_absence_has_a_reason(section):
    allowed = [pattern for entry in ABSENT if entry["of"] == section.stock for pattern in entry["names"]]
    missing = {
        name
        for name in stock_names(section) - named(section)
        if not any(fnmatchcase(name, pattern) for pattern in allowed)
    }
    assert not missing, sorted(missing)


@pytest.mark.parametrize("section", WITH_PYTHON, ids=lambda section: section.title)
def test_the_page_has_every_public_name_of_ours_and_no_other(section):
    ours = our_names(section)
    assert named(section) - ours <= set(MISSING["members"]), "named, but not there"
    assert ours - named(section) == set(), "there, but not named"


def test_every_absence_is_one():
    """A pattern that allows nothing any more is taken out, so that the list stays true."""
    by_stock = {section.stock: stock_names(section) - named(section) for section in WITH_PYTHON}
    idle = [
        f"{entry['of']}: {pattern}"
        for entry in ABSENT
        for pattern in entry["names"]
        if not any(fnmatchcase(name, pattern) for name in by_stock[entry["of"]])
    ]
    assert not idle, idle


def test_every_cpp_name_is_declared():
    declared = members(INCLUDE)
    unknown = []
    for section in SECTIONS:
        for member in section.members:
            owner, _, name = member.cpp.partition("(")[0].rpartition("::")
            if member.python in MISSING["members"]:
                continue
            if member.cpp and name not in declared.get(owner, set()):
                unknown.append(member.cpp)
            if not member.cpp and not member.note:
                unknown.append(f"{section.title}: {member.python} has neither C++ nor a reason")
    assert not unknown, unknown


def test_every_member_of_the_cpp_run_is_in_the_page():
    in_page = {
        member.cpp.partition("::")[2]
        for section in SECTIONS
        for member in section.members
        if member.cpp.startswith("Run::")
    }
    assert methods(INCLUDE, "Run") - in_page == set()


def test_the_headers_are_read_right():
    declared = members(INCLUDE)
    assert {"log", "init", "finish", "set_tags"} <= declared["Run"] and "state_" not in declared["Run"]
    assert "kNotFound" in declared["ErrorCode"] and "caption" in declared["ImageOptions"]
    assert "no_such_member" not in declared["Run"]


def test_every_check_has_a_test_or_is_known_to_have_none():
    without = {
        check
        for check, (python, cpp) in TESTS.by_check.items()
        if not python or not (cpp or check in parity.PYTHON_ONLY)
    }
    assert without <= set(MISSING["checks"]), (
        f"no test has these in its name: {without - set(MISSING['checks'])}"
    )


def test_a_check_that_has_a_cpp_test_is_not_called_pythons_alone():
    shown = {check for check in parity.PYTHON_ONLY if TESTS.by_check[check][1]}
    assert not shown, f"these have C++ tests: {shown}"


def test_every_member_has_a_test_or_is_known_to_have_none():
    lacking = {
        member.python or member.cpp
        for section in SECTIONS
        for member in section.members
        if not any(parity.tests_of(member, TESTS))
    }
    assert lacking <= set(MISSING["members"]), lacking - set(MISSING["members"])


def test_the_page_has_every_member_and_check_and_names_only_tests_that_are_there():
    page = (ROOT / "docs" / "parity.md").read_text()
    rows = {line.split("|")[1].strip().strip("`") for line in page.splitlines() if line.startswith("|")}
    members_and_checks = {m.python for section in SECTIONS for m in section.members if m.python} | set(
        parity.CHECKS
    )
    assert members_and_checks - rows == set(), "run tools/parity.py --write"
    there = {test.name for test in (*TESTS.python, *TESTS.cpp)}
    in_page = set(re.findall(r"`(test_\w+|(?!wandb)\w+\.[A-Z]\w+)`", page))
    assert in_page and in_page - there == set(), "run tools/parity.py --write"
    unsaid = [check for check in parity.CHECKS if not TESTS.by_check[check][0] and f"| {check} |" in page]
    for check in unsaid:  # what has no test is shown, not hidden
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {check} |")]
        assert "**no test**" in row, row


def test_a_name_shows_a_check_only_as_a_part_of_its_own():
    def shows(name: str, check: str) -> bool:
        return parity.Test("f", name).shows(check)

    assert shows("test_L1_rows", "L1") and shows("Log.L1RowsMerge", "L1") and shows("DF3.Replays", "DF3")
    assert shows("test_SV3_AL1_ST1_told", "AL1") and shows("Processes.X2_Children", "X2")
    assert (
        not shows("test_L10_rows", "L1")
        and not shows("test_A19_all", "A1")
        and not shows("test_DF7_x", "DF7b")
    )
