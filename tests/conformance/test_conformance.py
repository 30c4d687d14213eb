"""One scenario by every writer and every road: the server then holds the same.

What may differ is in differences.toml, each entry with its reason; an entry that allows nothing any more
fails, too.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from compare import ABSENT, Allowed, Difference, Table, differences
from writers import PROJECT, REFERENCE, ROADS, SCENARIO, travel

TABLE = Path(__file__).resolve().parent / "differences.toml"


@pytest.fixture(scope="session")
def found_by(tmp_path_factory):
    """The contents that a road leaves; each road is travelled once."""
    place = tmp_path_factory.mktemp("roads")  # the same for all, see travel()
    seen = {}

    def contents(road):
        if road not in seen:
            seen[road] = travel(road, place)
        return seen[road]

    return contents


@pytest.fixture(scope="session")
def table():
    return Table.read(TABLE)


@pytest.fixture(scope="session")
def report(found_by, table):
    """What a road leaves that the stock client, online, does not, and that the table does not allow."""
    seen = {}

    def of(road):
        if road not in seen:
            stock, ours = found_by(REFERENCE), found_by(road)
            # Offline nothing can be used or linked: such runs have projects of their own.
            assert set(ours) == ({PROJECT} if road.sync else set(stock))
            found = [d for project in ours for d in differences(stock[project], ours[project])]
            seen[road] = table.not_allowed(found, road.name)
        return seen[road]

    return of


@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.name)
def test_SY1_SY3_DF4_DF5_DF6_the_server_holds_the_same_by_every_road(road, report):
    left = report(road)
    assert not left, f"{len(left)} differences:\n" + "\n".join(map(str, left))


def test_the_scenario_was_written_and_not_skipped(found_by):
    left = {name: run for tree in found_by(REFERENCE).values() for name, run in tree["runs"].items()}
    assert {name: run["state"] for name, run in left.items() if run["state"] != "finished"} == {
        "failed": "failed",
        "preempted": "preempted",
    }
    written = json.loads(SCENARIO.read_text())["runs"]
    logging = {spec["id"] for spec in written if any("log" in command for command in spec["do"])}
    assert {name for name, run in left.items() if run["rows"]} == logging
    assert set(left) == {spec["id"] for spec in written}


@pytest.mark.parametrize(
    "road", [r for r in ROADS if r.writer != "stock" or r.sync == "ours"], ids=lambda road: road.name
)
def test_S3_the_summary_is_what_the_summary_file_says(road, found_by):
    for name, run in found_by(road)[PROJECT]["runs"].items():
        in_file = run["files"]["wandb-summary.json"]["json"]
        left = [
            str(d) for d in differences(in_file, run["summary"]) if d.path[-1] not in ("_runtime", "runtime")
        ]
        assert not left, f"{name}:\n" + "\n".join(left)


def test_every_entry_of_the_table_is_still_needed(report, table):
    for road in ROADS:
        report(road)
    unused = table.unused()
    assert not unused, "\n".join(f"{entry.path}: {entry.reason}" for entry in unused)


def test_the_comparison_sees_every_kind_of_difference():
    nan = float("nan")
    assert not list(differences({"a": [1, nan, None]}, {"a": [1.0, nan, None]}))
    for stock, ours in [(1, True), (1, 2), ([1], [1, 2]), ("a", "b"), (None, 0), ([], {}), (nan, 1), ({}, 0)]:
        assert len(list(differences({"x": stock}, {"x": ours}))) == 1, (stock, ours)
    assert [d.path for d in differences({"a": 1}, {"b": 1})] == [("a",), ("b",)]


def test_an_entry_of_the_table_allows_what_it_says_and_nothing_else():
    entry = Allowed(["runs", "*", "x"], "r", stock="absent", ours={"is": 3}, writers=["python*"])
    assert entry.allows(Difference(("runs", "one", "x"), ABSENT, 3), "python, online")
    for path, stock, ours, writer in [
        (("runs", "one"), ABSENT, 3, "python, online"),
        (("runs", "one", "y"), ABSENT, 3, "python, online"),
        (("runs", "one", "x"), 1, 3, "python, online"),
        (("runs", "one", "x"), ABSENT, 4, "python, online"),
        (("runs", "one", "x"), ABSENT, 3, "cpp, online"),
    ]:
        assert not entry.allows(Difference(path, stock, ours), writer)
    assert Allowed(["runs", "**"], "r").allows(Difference(("runs", "a", "b"), 1, 2), "stock")
