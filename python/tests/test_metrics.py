"""The summary and define_metric()."""

from __future__ import annotations

import math

import numpy as np
import pytest
import runstone
from runstone import errors
from support import journal


def test_S1_last_values_and_values_set_by_hand(offline):
    run = offline()
    run.log({"acc": 0.9})
    run.log({"acc": 0.7})
    run.summary["best_acc"] = 0.9
    assert run.summary["acc"] == 0.7 and run.summary.best_acc == 0.9


def test_S2_nested_set_and_merge(offline):
    run = offline()
    run.summary["u"] = {"v": 1}
    run.summary["u"]["w"] = 5
    assert run.summary["u"] == {"v": 1, "w": 5}
    run.log({"n": {"a": 1}})
    run.log({"n": {"b": 2}})
    assert run.summary.n == {"a": 1, "b": 2}
    run.summary.n.c = 3
    assert run.summary["n"]["c"] == 3
    del run.summary["u"]
    del run.summary["missing"]
    assert "u" not in run.summary


def test_the_open_row_is_not_in_the_summary_yet(offline):
    run = offline()
    run.log({"a": 1}, commit=False)
    assert "a" not in run.summary
    run.log({})
    assert run.summary["a"] == 1


def test_a_leaf_may_become_a_dict_and_back(offline):
    run = offline()
    run.log({"a": 1})
    run.log({"a": {"b": 2}})
    assert run.summary["a"] == {"b": 2}
    run.log({"a": 3})
    assert run.summary["a"] == 3


def test_none_and_nan(offline):
    run = offline()
    run.log({"a": 1, "b": math.nan})
    run.log({"a": None})
    assert "a" not in run.summary and math.isnan(run.summary["b"])
    run.summary["x"] = 1
    run.summary["x"] = None
    run.summary["y"] = math.nan
    run.summary["z"] = math.inf
    assert "x" not in run.summary and "y" not in run.summary and run.summary["z"] == math.inf


def test_missing_keys_and_the_dict_interface(offline):
    run = offline()
    run.log({"a": 1})
    with pytest.raises(KeyError):
        run.summary["missing"]
    assert not hasattr(run.summary, "missing")
    assert run.summary.get("missing", 4) == 4
    assert {"a", "_step", "_runtime", "_timestamp"} <= set(run.summary.keys())
    assert "_wandb" not in run.summary.keys() and len(run.summary) == len(list(run.summary))
    run.summary.update({"x": 1, "y": {"z": 2}})
    assert run.summary["y"]["z"] == 2 and ("x", 1) in run.summary.items()


def test_a_large_array_in_the_summary_is_described(offline):
    run = offline()
    run.summary["small"] = np.arange(3)
    run.summary["large"] = np.arange(101.0)
    assert run.summary["small"] == [0, 1, 2]
    large = run.summary["large"]
    assert large["_type"] == "numpy.ndarray" and large["size"] == 101
    assert (large["min"], large["max"], large["mean"], large["25%"], large["90%"]) == (0, 100, 50, 25, 90)


def test_S1_arrays_in_the_summary_of_any_number_are_described_and_others_refused(offline):
    run = offline()
    run.summary["flags"] = np.array([True, False] * 20)
    assert (run.summary["flags"]["mean"], run.summary["flags"]["max"], run.summary["flags"]["size"]) == (
        0.5,
        1,
        40,
    )
    run.summary["long"] = np.full(40, np.longdouble(2))
    assert run.summary["long"]["mean"] == 2.0
    for odd in (np.array(["a"] * 40), np.full(40, 1j), np.array([object()] * 40)):
        with pytest.raises(errors.InvalidDataError, match="more than 32 elements has no stored form"):
            run.summary["odd"] = odd
    assert "odd" not in run.summary
    for wrong in (None, 5, "text"):
        with pytest.raises(TypeError, match="needs a dict"):
            run.summary.update(wrong)


def test_DM1_step_metric_and_glob(offline):
    run = offline()
    run.define_metric("epoch")
    run.define_metric("val/*", step_metric="epoch", summary="max")
    run.log({"epoch": 1, "val/acc": 0.5})
    run.log({"val/acc": 0.4})
    assert run.summary["val/acc"] == {"max": 0.5}
    run.finish()
    rows = journal.rows(journal.find(run.sync_dir))
    assert rows[1]["epoch"] == 1


def test_DM2_aggregates(offline):
    run = offline()
    run.define_metric("x", summary="min,max,mean,last,first")
    for value in (3, 1, 2, 5):
        run.log({"x": value})
    assert run.summary["x"] == {"min": 1, "max": 5, "mean": 2.75, "last": 5, "first": 3}


@pytest.mark.parametrize(("goal", "best"), [("maximize", 3), ("minimize", 1), ("MAX", 3)])
def test_DM3_best(offline, goal, best):
    run = offline()
    run.define_metric("x", summary="best", goal=goal)
    for value in (1, 3, 2):
        run.log({"x": value})
    assert run.summary["x"] == {"best": best}


def test_DM4_merge_and_overwrite(offline):
    run = offline()
    run.define_metric("x", summary="min")
    assert set(run.define_metric("x", summary="max").summary) == {"min", "max"}
    assert run.define_metric("x", summary="max", overwrite=True).summary == ("max",)
    run.log({"x": 2})
    assert run.summary["x"] == {"max": 2}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": ""}, "requires non-empty name"),
        ({"name": None}, "requires non-empty name"),
        ({"name": "a*b"}, "glob suffixes only"),
        ({"name": "*a"}, "glob suffixes only"),
        ({"name": 5}, "type"),
        ({"name": "x", "summary": "median"}, "summary op"),
        ({"name": "x", "summary": "min, max"}, "summary op"),
        ({"name": "x", "summary": 5}, "type"),
        ({"name": "x", "goal": "sideways"}, "goal"),
        ({"name": "x", "hidden": "yes"}, "type"),
        ({"name": "x", "step_sync": 1}, "type: int"),
        ({"name": "x", "overwrite": "yes"}, "type: str"),
        ({"name": "x", "goal": 5}, "type: int"),
        ({"name": "x", "goal": "mi"}, "goal"),
        ({"name": "x", "summary": ""}, "summary op"),
        ({"name": "**"}, "glob suffixes only"),
        ({"name": "x", "step_metric": 5}, "type"),
    ],
)
def test_DM5_errors(offline, arguments, words):
    run = offline()
    with pytest.raises(errors.Error, match=words):
        run.define_metric(**arguments)
    run.log({"x": 1})
    run.log({"x": 2})
    assert run.summary["x"] == 2 and run.step == 2  # nothing is defined, no step used
    assert not any(r.HasField("metric") for r in journal.records(journal.find(run.sync_dir)))


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"summary": "copy"}, "summary='copy'"),
        ({"summary": "min,BEST"}, "summary='best'"),
        ({"goal": "maximize"}, "goal="),
        ({"summary": "min,max,mean,first,last,none"}, None),
    ],
)
def test_DM5_what_is_deprecated_says_so_and_works(offline, capfd, monkeypatch, rules, told):
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    run = offline()
    capfd.readouterr()
    run.define_metric("x", **rules)
    warnings = capfd.readouterr().err
    assert (f"{told}" in warnings and "deprecated" in warnings) if told else "deprecated" not in warnings
    run.log({"x": 1})
    assert ("x" in run.summary) == ("none" not in rules.get("summary", ""))


def test_DM6_values_before_the_definition_count(offline):
    run = offline()
    run.log({"x": 3})
    run.define_metric("x", summary="max")
    run.log({"x": 1})
    assert run.summary["x"] == {"max": 3}


def test_the_metric_that_is_returned(offline):
    run = offline()
    step = run.define_metric("epoch", hidden=True)
    metric = run.define_metric("loss", step_metric=step, summary="min", goal="minimize")
    assert (metric.name, metric.step_metric, metric.step_sync, metric.summary) == (
        "loss",
        "epoch",
        True,
        ("min",),
    )
    assert metric.goal == "minimize" and step.hidden and step.summary is None
    with pytest.raises(AttributeError):
        metric.name = "x"


def test_summary_none_makes_no_entry(offline):
    run = offline()
    run.define_metric("x", summary="none")
    run.log({"x": 1, "y": 2})
    assert "x" not in run.summary and run.summary["y"] == 2


def test_nan_makes_aggregates_nan_and_texts_count_only_for_last(offline):
    run = offline()
    run.define_metric("x", summary="min,max,mean")
    run.define_metric("t", summary="min,last")
    run.log({"x": 1.0, "t": "a"})
    run.log({"x": math.nan, "t": "b"})
    assert all(math.isnan(run.summary["x"][op]) for op in ("min", "max", "mean"))
    assert run.summary["t"] == {"last": "b"}


def test_names_with_dots(offline):
    run = offline()
    run.define_metric("nest.a", summary="max")
    run.define_metric(r"flat\.b", summary="max")
    run.log({"nest": {"a": 2}, "flat.b": 3})
    run.log({"nest": {"a": 1}, "flat.b": 1})
    assert run.summary["nest"]["a"] == {"max": 2}
    assert run.summary["flat.b"] == {"max": 3}


def test_the_longest_glob_rules(offline):
    run = offline()
    run.define_metric("*", summary="min")
    run.define_metric("val/*", summary="max")
    run.log({"val/x": 1, "other": 1})
    assert run.summary["val/x"] == {"max": 1} and run.summary["other"] == {"min": 1}


def test_setting_the_summary_by_hand_ends_the_aggregates(offline):
    run = offline()
    run.define_metric("x", summary="max")
    run.log({"x": 3})
    run.summary["x"] = 10
    assert run.summary["x"] == 10
    run.log({"x": 1})
    assert run.summary["x"] == 1


def test_metric_is_public():
    assert runstone.Metric is not None
