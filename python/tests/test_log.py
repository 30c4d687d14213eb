"""Rows and steps of run.log()."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import ipaddress
import math
import pathlib
import re
import threading
import uuid

import numpy as np
import pytest
import runstone
from support import journal


def logged(run) -> list[dict]:
    """The rows of a run that is finished here, as the journal has them."""
    run.finish()
    return journal.rows(journal.find(run.sync_dir))


def without_times(rows: list[dict]) -> list[dict]:
    return [{k: v for k, v in row.items() if k not in ("_runtime", "_timestamp")} for row in rows]


def test_L1_steps_merge_and_an_earlier_step_is_dropped_with_one_warning(offline, capfd, monkeypatch):
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    run = offline()
    run.log({"loss": 0.2}, step=5)
    run.log({"acc": 0.9}, step=5)
    run.log({"late": 1}, step=3)
    run.log({"x": 1})
    assert run.step == 6
    rows = without_times(logged(run))
    assert rows == [{"_step": 5, "loss": 0.2, "acc": 0.9, "x": 1}]
    warnings = [line for line in capfd.readouterr().err.splitlines() if "less than the current step" in line]
    assert len(warnings) == 1 and "ignored" in warnings[0]


def test_L1_program_of_the_reference(offline):
    run = offline()
    run.log({"loss": 0.2}, commit=False)
    run.log({"acc": 0.8})
    run.log({"loss": 0.1}, step=5)
    run.log({"acc": 0.9}, step=5)
    run.log({"late": 1}, step=3)
    run.log({"x": 1})
    assert run.step == 6
    assert without_times(logged(run)) == [
        {"_step": 0, "loss": 0.2, "acc": 0.8},
        {"_step": 5, "loss": 0.1, "acc": 0.9, "x": 1},
    ]


@pytest.mark.parametrize(
    ("step", "commit", "next_step", "written"),
    [
        (None, None, 8, {7: {"a": 1}}),
        (None, True, 8, {7: {"a": 1}}),
        (None, False, 7, {}),
        (9, None, 9, {}),
        (9, False, 9, {}),
        (9, True, 10, {9: {"a": 1}}),
        (7, None, 7, {}),
        (7, False, 7, {}),
        (7, True, 8, {7: {"a": 1}}),
        (6, None, 7, {}),
        (6, True, 7, {}),
        (-1, None, 7, {}),
    ],
)
def test_L2_each_combination_of_step_and_commit_from_step_7(offline, step, commit, next_step, written):
    run = offline()
    run.log({"start": 0}, step=6, commit=True)
    assert run.step == 7
    run.log({"a": 1}, step=step, commit=commit)
    assert run.step == next_step
    stored = {row["_step"]: row for row in journal.rows(journal.find(run.sync_dir))}
    del stored[6]
    assert {s: {"a": row["a"]} for s, row in stored.items()} == written


def test_L2_a_higher_step_writes_the_open_row_and_finish_the_last(offline):
    run = offline()
    run.log({"a": 1}, commit=False)
    run.log({"b": 2}, step=3)
    rows = without_times(logged(run))
    assert rows == [{"_step": 0, "a": 1}, {"_step": 3, "b": 2}]


def test_an_empty_row_uses_up_a_step(offline):
    run = offline()
    run.log({})
    run.log({}, commit=True)
    run.log({"a": 1})
    rows = logged(run)
    assert [row["_step"] for row in rows] == [0, 1, 2]
    assert rows[0].keys() == {"_step", "_runtime", "_timestamp"}


class Plain:
    pass


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (None, TypeError),
        ([("a", 1)], TypeError),
        (5, TypeError),
        ({1: 2}, TypeError),
        ({"a": Plain()}, TypeError),
        ({"a": range(3)}, TypeError),
        ({"a": b"\xff"}, UnicodeDecodeError),
        ({"a": "\ud800"}, UnicodeEncodeError),
        ({"a": {"b": {"c": Plain()}}}, TypeError),
        ({"a": [1, [Plain()]]}, TypeError),
        ({"fine": 1, "a": np.array(["x"] * 33)}, TypeError),
        ({"fine": 1, "a": np.full(33, np.nan)}, ValueError),
    ],
)
def test_L3_bad_data_raises_and_uses_no_step(offline, data, kind):
    run = offline()
    with pytest.raises(kind):
        run.log(data)
    assert run.step == 0
    run.log({"fine": 1})
    assert without_times(logged(run)) == [{"_step": 0, "fine": 1}]


def test_L3_bad_data_is_both_a_type_and_a_value_error(offline):
    run = offline()
    with pytest.raises(ValueError, match="must be passed a dictionary"):
        run.log("text")
    with pytest.raises(TypeError, match="must be passed a dictionary"):
        run.log("text")


@pytest.mark.parametrize(
    "value", [Plain(), range(3), b"\xff", "\ud800", [Plain()], {"deep": Plain()}, np.full(40, np.inf)]
)
def test_L3_the_error_names_the_key(offline, value):
    run = offline()
    with pytest.raises((TypeError, ValueError), match="'train/odd'"):
        run.log({"fine": 1, "train/odd": value})
    run.log({"fine": 1})
    assert without_times(logged(run)) == [{"_step": 0, "fine": 1}]


def test_L3_an_error_leaves_the_open_row_as_it_was(offline):
    run = offline()
    run.log({"a": 1}, commit=False)
    for step in (None, 0, 9):
        with pytest.raises(TypeError):
            run.log({"b": 2, "c": Plain()}, step=step)
    assert run.step == 0
    run.log({"d": 3})
    assert without_times(logged(run)) == [{"_step": 0, "a": 1, "d": 3}]


def test_L3_a_step_past_which_nothing_can_be_counted_raises(offline):
    run = offline()
    for step in (2**62 + 1, 2**63 - 1, 2**70):
        with pytest.raises(ValueError, match="step must"):
            run.log({"a": 1}, step=step)
    assert run.step == 0
    run.log({"a": 1}, step=2**62)
    run.log({"b": 1})
    run.log({"c": 1})
    assert run.step == 2**62 + 2
    assert [row["_step"] for row in logged(run)] == [2**62, 2**62 + 1]


def test_L3_of_a_finished_run_no_data_are_looked_at(offline):
    run = offline()
    run.finish()
    for data in ({"a": 1}, {"a": Plain()}, 5, {1: 2}, {"a": b"\xff"}):
        with pytest.raises(runstone.UsageError, match="is finished. The call to `log` will be ignored"):
            run.log(data)
    with pytest.raises(runstone.UsageError, match="is finished"):
        run.log({"a": 1}, step="x")


@pytest.mark.parametrize("step", ["3", 3.0, True])
def test_L3_a_step_that_is_no_int_raises(offline, step):
    run = offline()
    with pytest.raises(TypeError):
        run.log({"a": 1}, step=step)
    run.log({"a": 1}, step=np.int32(4))
    assert logged(run)[0]["_step"] == 4


def test_L3_a_dict_that_holds_itself_raises(offline):
    run = offline()
    data: dict = {}
    data["self"] = data
    with pytest.raises((RecursionError, ValueError)):
        run.log(data)
    assert run.step == 0


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: object = 0


VALUES = {
    "int": (3, 3),
    "float": (0.1, 0.1),
    "str": ("héllo", "héllo"),
    "bool": (True, True),
    "int64 max": (2**63 - 1, 2**63 - 1),
    "int64 min": (-(2**63), -(2**63)),
    "larger int": (2**70, float(2**70)),
    "none": (None, None),
    "numpy float32": (np.float32(0.1), 0.10000000149011612),
    "numpy float64": (np.float64(0.25), 0.25),
    "numpy int": (np.int16(-4), -4),
    "numpy bool": (np.bool_(True), True),
    "0-d array": (np.array(2.5), 2.5),
    "1-element array": (np.array([[7]]), 7),
    "array": (np.arange(4).reshape(2, 2), [[0, 1], [2, 3]]),
    "empty array": (np.array([]), []),
    "list": ([1, 2.5, "x", None], [1, 2.5, "x", None]),
    "tuple": ((1, 2), [1, 2]),
    "set": ({4}, [4]),
    "list of dicts": ([{"a": 1}], [{"a": 1}]),
    "nested": ({"x": {"y": 1}}, {"x": {"y": 1}}),
    "int sub-key": ({1: 2}, {"1": 2}),
    "tuple sub-key": ({(1, 2): 3}, {"1,2": 3}),
    "date": (datetime.date(2026, 11, 23), "2026-11-23"),
    "datetime": (datetime.datetime(2026, 11, 23, 1, 2, 3), "2026-11-23T01:02:03"),
    "datetime64": (np.datetime64("2026-11-23"), "2026-11-23"),
    "enum": (Colour.RED, "red"),
    "bytes": (b"abc", "abc"),
    "complex": (1 + 2j, "1+2j"),
    "numpy complex": (np.complex64(1), "1+0j"),
    "long double": (np.longdouble(0.5), 0.5),
    "array of long doubles": (np.array([np.longdouble(0.5)] * 2), [0.5, 0.5]),
    "numpy bytes": (np.bytes_(b"ab"), "ab"),
    "numpy str": (np.str_("ab"), "ab"),
    "function": (math.sqrt, "math.sqrt"),
    "class": (Colour, f"{__name__}.Colour"),
    "ufunc": (np.sin, "numpy.sin"),
    "timedelta": (datetime.timedelta(days=1, seconds=5, microseconds=500_000), "P1DT5.5S"),
    "negative timedelta": (datetime.timedelta(seconds=-2), "-PT2S"),
    "uuid": (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    "fraction": (fractions.Fraction(1, 3), "1/3"),
    "address": (ipaddress.ip_address("1.2.3.4"), "1.2.3.4"),
    "deque": (collections.deque([1, 2]), [1, 2]),
    "pattern": (re.compile("a+"), "a+"),
    "dataclass": (Point(1, Point(2)), {"x": 1, "y": {"x": 2, "y": 0}}),
    "list of arrays": ([np.arange(2), np.arange(3)], [[0, 1], [0, 1, 2]]),
    "decimal": (decimal.Decimal("1.5"), "1.5"),
    "path": (pathlib.PurePosixPath("/a/b"), "/a/b"),
}


@pytest.mark.parametrize("name", VALUES)
def test_L4_each_kind_of_value_is_stored_as_the_table_says(offline, name):
    value, stored = VALUES[name]
    run = offline()
    run.log({"key": value})
    row = logged(run)[0]
    assert row["key"] == stored and type(row["key"]) is type(stored)


def test_L4_a_large_array_becomes_a_histogram_of_32_bins(offline):
    run = offline()
    run.log({"h": np.arange(100.0)})
    histogram = logged(run)[0]["h"]
    counts, edges = np.histogram(np.arange(100.0), bins=32)
    assert histogram == {"_type": "histogram", "values": counts.tolist(), "bins": edges.tolist()}


def test_L4_a_large_array_in_a_list_is_a_histogram_too(offline):
    run = offline()
    run.log({"l": [np.arange(33), 5], "n": {"l": [np.arange(33)]}, "g": (i for i in "ab")})
    row = logged(run)[0]
    counts, edges = np.histogram(np.arange(33), bins=32)
    histogram = {"_type": "histogram", "values": counts.tolist(), "bins": edges.tolist()}
    assert row["l"] == [histogram, 5] and row["n"] == {"l": [histogram]} and row["g"] == ["a", "b"]


def test_L4_media_beside_other_values_in_a_list_are_refused(offline):
    run = offline()
    image = runstone.Image(np.zeros((2, 2, 3), np.uint8))
    for mixed in ([image, 1], [1, image], [[image]]):
        with pytest.raises(TypeError, match="cannot hold a .*own key"):
            run.log({"a": mixed})
    assert run.step == 0


def test_L4_an_empty_dict_stores_nothing_and_the_empty_key_is_dropped(offline):
    run = offline()
    run.log({"empty": {}, "": 5, "a": 1})
    assert without_times(logged(run)) == [{"_step": 0, "a": 1}]


def test_L4_a_data_frame_is_a_table(offline):
    import pandas

    run = offline()
    run.log({"a": pandas.DataFrame({"x": [1]})})
    assert run.summary["a"]["_type"] == "table-file" and run.step == 1


def test_L5_nan_and_the_infinities_come_back(offline):
    run = offline()
    run.log({"nan": math.nan, "inf": math.inf, "ninf": np.float32(-np.inf), "list": [math.nan]})
    row = logged(run)[0]
    assert math.isnan(row["nan"]) and row["inf"] == math.inf and row["ninf"] == -math.inf
    assert math.isnan(row["list"][0])


def test_L6_three_ways_to_write_the_same_rows_agree(offline):
    def plain(run):
        for i in range(2):
            run.log({"loss": i, "acc": 2 * i})

    def in_two_calls(run):
        for i in range(2):
            run.log({"loss": i}, commit=False)
            run.log({"acc": 2 * i})

    def by_step(run):
        for i in range(2):
            run.log({"loss": i}, step=i)
            run.log({"acc": 2 * i}, step=i)

    results = []
    for write in (plain, in_two_calls, by_step):
        run = offline(reinit="create_new")
        write(run)
        results.append(without_times(logged(run)))
    assert results[0] == results[1] == results[2]
    assert len(results[0]) == 2


def test_keys_are_taken_literally(offline):
    keys = ["a.b", 'quo"te', "new\nline", "a/b/c", "\N{ROCKET}", "x" * 5000, "back\\slash", " "]
    run = offline()
    run.log({key: 1 for key in keys})
    row = without_times(logged(run))[0]
    assert row == {"_step": 0, **{key: 1 for key in keys}}


def test_a_row_of_20000_keys(offline):
    run = offline()
    run.log({f"k{i}": i for i in range(20_000)})
    row = without_times(logged(run))[0]
    assert row == {"_step": 0, **{f"k{i}": i for i in range(20_000)}}


def test_automatic_keys(offline):
    run = offline()
    run.log({"_timestamp": 5.0, "_step": 99, "_runtime": 77, "a": 1})
    row = logged(run)[0]
    assert row["_timestamp"] == 5.0 and row["_step"] == 0 and 0 <= row["_runtime"] < 60


def test_the_callers_dict_is_not_changed(offline):
    data = {"a": {"b": 1}, "c": [1]}
    run = offline()
    run.log(data)
    assert data == {"a": {"b": 1}, "c": [1]}


def test_any_mapping_is_taken(offline):
    import collections

    run = offline()
    run.log(collections.OrderedDict(a=1))
    run.log(collections.ChainMap({"b": 2}))
    assert [row.get("a", row.get("b")) for row in logged(run)] == [1, 2]


def test_4_threads_of_100_calls_give_400_rows(offline):
    run = offline()
    threads = [threading.Thread(target=lambda: [run.log({"a": 1}) for _ in range(100)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row["_step"] for row in logged(run)) == list(range(400))


def test_log_after_finish_raises(offline):
    run = offline()
    run.finish()
    with pytest.raises(runstone.UsageError, match="is finished"):
        run.log({"a": 1})
