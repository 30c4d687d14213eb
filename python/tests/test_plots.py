"""Charts: their tables, their definitions in the config, and the curves beside scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import runstone
from runstone import plot


@pytest.fixture
def run(offline):
    return offline()


def xy() -> runstone.Table:
    return runstone.Table(columns=["x", "y"], data=[[1, 2], [3, 4]])


def private_config(run) -> dict:
    return run._config_all_with_private()["_wandb"]


def column(chart, name: str) -> list:
    return chart.table.get_column(name)


def test_the_example_of_the_reference_runs(run):
    run.log({"c": plot.line(xy(), "x", "y", title="T")})
    assert "c_table" in run.summary.keys() and "c" not in run.summary.keys()
    assert run.summary["c_table"]["_type"] == "table-file"
    assert private_config(run)["visualize"]["c"] == {
        "panel_type": "Vega2",
        "panel_config": {
            "panelDefId": "wandb/line/v0",
            "fieldSettings": {"x": "x", "y": "y", "stroke": None},
            "stringSettings": {"title": "T"},
            "transform": {"name": "tableWithLeafColNames"},
            "userQuery": {
                "queryFields": [
                    {
                        "name": "runSets",
                        "args": [{"name": "runSets", "value": "${runSets}"}],
                        "fields": [
                            {"name": "id", "fields": []},
                            {"name": "name", "fields": []},
                            {"name": "_defaultColorIndex", "fields": []},
                            {
                                "name": "summaryTable",
                                "args": [{"name": "tableKey", "value": "c_table"}],
                                "fields": [],
                            },
                        ],
                    }
                ]
            },
        },
    }


def test_nested_charts_and_split_tables_have_keys_of_their_own(run):
    run.log({"q": {"r": plot.bar(xy(), "x", "y")}, "s": plot.bar(xy(), "x", "y", split_table=True)})
    keys = run.summary.keys()
    assert "q.r_table" in keys and "q" not in keys and "Custom Chart Tables/s_table" in keys
    charts = private_config(run)["visualize"]
    assert set(charts) == {"q.r", "s"}
    fields = charts["s"]["panel_config"]["userQuery"]["queryFields"][0]["fields"]
    assert fields[3]["args"] == [{"name": "tableKey", "value": "Custom Chart Tables/s_table"}]


def test_visualize_is_the_table_itself(run):
    run.log({"v": runstone.visualize("my/id", xy())})
    assert run.summary["v"]["_type"] == "table-file"
    assert private_config(run)["viz"]["v"] == {
        "id": "my/id",
        "historyFieldSettings": {"x-axis": "_step", "key": "v"},
    }


@pytest.mark.parametrize(
    "chart, spec, fields, strings",
    [
        (
            lambda: plot.scatter(xy(), "x", "y", title="T"),
            "wandb/scatter/v0",
            {"x": "x", "y": "y"},
            {"title": "T"},
        ),
        (lambda: plot.bar(xy(), "x", "y"), "wandb/bar/v0", {"label": "x", "value": "y"}, {"title": ""}),
        (lambda: plot.histogram(xy(), "x"), "wandb/histogram/v0", {"value": "x"}, {"title": ""}),
        (
            lambda: plot.line(xy(), "x", "y", stroke="y"),
            "wandb/line/v0",
            {"x": "x", "y": "y", "stroke": "y"},
            {"title": ""},
        ),
        (
            lambda: runstone.plot_table("me/mine", xy(), {"a": "x"}, {"t": "T"}),
            "me/mine",
            {"a": "x"},
            {"t": "T"},
        ),
        (
            lambda: plot.pr_curve([0, 1], [[0.9, 0.1], [0.2, 0.8]]),
            "wandb/area-under-curve/v0",
            {"x": "recall", "y": "precision", "class": "class"},
            {"title": "Precision-Recall Curve", "x-axis-title": "Recall", "y-axis-title": "Precision"},
        ),
        (
            lambda: plot.roc_curve([0, 1], [[0.9, 0.1], [0.2, 0.8]], title="R"),
            "wandb/area-under-curve/v0",
            {"x": "fpr", "y": "tpr", "class": "class"},
            {"title": "R", "x-axis-title": "False positive rate", "y-axis-title": "True positive rate"},
        ),
        (
            lambda: plot.confusion_matrix(y_true=[0], preds=[0]),
            "wandb/confusion_matrix/v1",
            {"Actual": "Actual", "Predicted": "Predicted", "nPredictions": "nPredictions"},
            {"title": "Confusion Matrix Curve"},
        ),
        (
            lambda: plot.line_series([0], [[1]], xname="e"),
            "wandb/lineseries/v0",
            {"step": "step", "lineKey": "lineKey", "lineVal": "lineVal"},
            {"title": "", "xname": "e"},
        ),
    ],
)
def test_each_chart_has_its_definition(chart, spec, fields, strings):
    made = chart()
    assert (made.spec_name, made.fields, made.string_fields) == (spec, fields, strings)


def test_columns_may_be_numbers_and_titles_none():
    table = runstone.Table(columns=[0, 1], data=[[1, 2], [3, 4]])
    chart = plot.line(table, 0, np.int64(1), stroke=1, title=None)
    assert chart.fields == {"x": "0", "y": "1", "stroke": "1"} and chart.string_fields == {"title": ""}
    assert plot.bar(table, 0, 1, title=3).string_fields == {"title": "3"}
    assert runstone.plot_table("own", table, None).fields == {}


def test_PL1_line_series():
    chart = plot.line_series([0, 1], [[1, 2], [3, 4]], keys=["a", "b"])
    assert chart.table.data == [[0, "a", 1], [1, "a", 2], [0, "b", 3], [1, "b", 4]]
    assert chart.table.columns == ["step", "lineKey", "lineVal"]
    each = plot.line_series([np.arange(2), [5, 6]], [np.array([1.5, 2.5]), (3.5, 4.5)])
    assert each.table.data == [[0, "line_0", 1.5], [1, "line_0", 2.5], [5, "line_1", 3.5], [6, "line_1", 4.5]]
    assert len(plot.line_series(np.arange(100), np.zeros((2, 100))).table) == 200


def test_PL2_confusion_matrix():
    chart = plot.confusion_matrix(y_true=[0, 1, 1], preds=[0, 1, 0], class_names=["n", "y"])
    assert chart.table.data == [["n", "n", 1], ["n", "y", 0], ["y", "n", 1], ["y", "y", 1]]
    assert chart.table.columns == ["Actual", "Predicted", "nPredictions"]
    named = plot.confusion_matrix(y_true=["b", "c"], preds=["c", "c"])
    assert named.table.data == [
        ["Class_1", "Class_1", 0],
        ["Class_1", "Class_2", 1],
        ["Class_2", "Class_1", 0],
        ["Class_2", "Class_2", 1],
    ]
    floats = plot.confusion_matrix(y_true=[0.0, 1.0], preds=[1.0, 1.0], class_names=["n", "y"])
    assert [row[2] for row in floats.table.data] == [0, 1, 0, 1]
    probs = plot.confusion_matrix(probs=[[0.9, 0.1], [0.2, 0.8]], y_true=[0, 1], class_names=["n", "y"])
    assert [row[2] for row in probs.table.data] == [1, 0, 0, 1]


def test_PL3_curves_of_a_classifier_that_is_always_right():
    y_true, scores = [0, 1, 1, 0], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]]
    roc = plot.roc_curve(y_true, scores)
    assert column(roc, "fpr") == [0, 0, 0, 1] * 2 and column(roc, "tpr") == [0, 0.5, 1, 1] * 2
    assert column(roc, "class") == [0] * 4 + [1] * 4
    pr = plot.pr_curve(y_true, scores, labels=["no", "yes"], interp_size=5)
    assert column(pr, "precision") == [1.0] * 10
    assert column(pr, "recall") == [1, 0.75, 0.5, 0.25, 0] * 2
    assert column(pr, "class") == ["no"] * 5 + ["yes"] * 5


def test_PL4_curves_of_a_classifier_that_errs():
    of_one = np.array([0.1, 0.4, 0.35, 0.8, 0.65, 0.7])
    y_true, scores = [0, 0, 1, 1, 1, 0], np.stack([1 - of_one, of_one], axis=1)
    pr = plot.pr_curve(y_true, scores, interp_size=5)
    assert column(pr, "precision") == [0.6, 0.6, 0.667, 1, 1] * 2
    roc = plot.roc_curve(y_true, scores)
    assert column(roc, "fpr") == [0, 0, 0.333, 0.333, 0.667, 0.667, 1] * 2
    assert column(roc, "tpr") == [0, 0.333, 0.333, 0.667, 0.667, 1, 1] * 2


@pytest.mark.parametrize("seed", range(8))
def test_curves_are_those_of_scikit_learn(seed):
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(seed)
    classes, samples = int(random.integers(2, 5)), int(random.integers(5, 200))
    y_true = np.concatenate([np.arange(classes), random.integers(0, classes, samples)])
    scores = random.random((len(y_true), classes))
    if seed % 2:
        scores = scores.round(1)  # ties
    roc, pr = plot.roc_curve(y_true, scores), plot.pr_curve(y_true, scores)
    for label in range(classes):
        fpr, tpr, _ = metrics.roc_curve(y_true, scores[:, label], pos_label=label)
        rows = [row for row in roc.table.data if row[0] == label]
        np.testing.assert_allclose([row[1] for row in rows], fpr, atol=0.0006)
        np.testing.assert_allclose([row[2] for row in rows], tpr, atol=0.0006)
        precision, recall, _ = metrics.precision_recall_curve(y_true, scores[:, label], pos_label=label)
        rising = np.maximum.accumulate(precision)[::-1]
        wanted = rising[np.searchsorted(recall[::-1], np.linspace(0, 1, 21)[::-1], side="left")]
        rows = [row for row in pr.table.data if row[0] == label]
        np.testing.assert_allclose([row[1] for row in rows], wanted, atol=0.0006)


def test_classes_may_be_text_and_some_of_all():
    y_true, scores = ["cat", "dog", "cat"], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]
    assert set(column(plot.roc_curve(y_true, scores), "class")) == {"cat", "dog"}
    assert set(column(plot.pr_curve(y_true, scores, classes_to_plot=["dog"]), "class")) == {"dog"}


def test_curves_of_more_points_than_a_table_shows_are_thinned():
    random = np.random.default_rng(0)
    y_true = random.integers(0, 2, 60_000)
    chart = plot.roc_curve(y_true, np.stack([1 - (s := random.random(60_000)), s], axis=1))
    assert len(chart.table) == runstone.Table.MAX_ROWS
    rows = [row[1:] for row in chart.table.data if row[0] == 1]
    assert rows[0] == [0, 0] and rows[-1] == [1, 1]


def test_A11_a_precision_recall_curve_of_a_classifier(run):
    y_test = [0, 1, 2, 1, 0]
    y_probas = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.3, 0.4, 0.3], [0.6, 0.3, 0.1]])
    run.log({"pr": runstone.plot.pr_curve(y_test, y_probas, ["a", "b", "c"])})
    assert run.summary["pr_table"]["nrows"] == 63 and "pr" in private_config(run)["visualize"]


def wrong_inputs():
    yield "a list as table", lambda: plot.line([[1, 2]], "x", "y"), runstone.Error, "Expected `data_table`"
    yield "None as table", lambda: plot.scatter(None, "x", "y"), runstone.Error, "Expected `data_table`"
    yield "a bar of a dict", lambda: plot.bar({}, "x", "y"), runstone.Error, "Expected `data_table`"
    yield "a histogram of a list", lambda: plot.histogram([1], "x"), runstone.Error, "Expected `data_table`"
    yield (
        "a table of a str",
        lambda: runstone.plot_table("s", "t", {}),
        runstone.Error,
        "Expected `data_table`",
    )
    yield "nothing to see", lambda: runstone.visualize("s", [1]), runstone.Error, "Expected `value`"
    yield "three xs for two ys", lambda: plot.line_series([[0], [1], [2]], [[1], [2]]), ValueError, "x-series"
    yield "a key too few", lambda: plot.line_series([0], [[1], [2]], keys=["a"]), ValueError, "keys"
    yield "no truth", lambda: plot.pr_curve(None, [[1]]), runstone.Error, "y_true"
    yield "no scores", lambda: plot.roc_curve([0]), runstone.Error, "y_probas"
    yield "scores on one axis", lambda: plot.pr_curve([0, 1], [0.1, 0.9]), ValueError, "classes"
    yield "scores of one class", lambda: plot.pr_curve([0, 1], [[0.1], [0.9]]), ValueError, "2 classes"
    yield "NaN scores", lambda: plot.pr_curve([0, 1], [[0.1, 1], [np.nan, 1]]), ValueError, "finite"
    yield "a label too few", lambda: plot.pr_curve([0, 1], [[0, 1], [1, 0]], ["a"]), ValueError, "labels"
    yield (
        "no such class",
        lambda: plot.pr_curve([0, 1], [[0, 1], [1, 0]], classes_to_plot=[7]),
        ValueError,
        "classes_to_plot",
    )
    yield (
        "no recalls",
        lambda: plot.pr_curve([0, 1], [[0, 1], [1, 0]], interp_size=0),
        ValueError,
        "interp_size",
    )
    yield "both", lambda: plot.confusion_matrix(probs=[[1]], preds=[0], y_true=[0]), ValueError, "Only one"
    yield "none of both", lambda: plot.confusion_matrix(y_true=[0]), ValueError, "needed"
    yield "no true class", lambda: plot.confusion_matrix(preds=[0]), runstone.Error, "y_true"
    yield "two lengths", lambda: plot.confusion_matrix(preds=[0], y_true=[0, 1]), ValueError, "must be equal"
    yield (
        "more classes than names",
        lambda: plot.confusion_matrix(preds=[0, 2], y_true=[0, 1], class_names=["a", "b"]),
        ValueError,
        "exceeds the number of class names",
    )
    yield (
        "text with names",
        lambda: plot.confusion_matrix(preds=["a"], y_true=["a"], class_names=["a"]),
        ValueError,
        "numbers from 0",
    )


@pytest.mark.parametrize("make, kind, words", [pytest.param(*row[1:], id=row[0]) for row in wrong_inputs()])
def test_wrong_input_of_a_chart_is_refused(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


def test_a_column_that_is_not_there_is_not_noticed(run):
    run.log({"c": plot.line(xy(), "no", "such")})
    assert run.step == 1


def test_a_chart_is_no_value_of_a_list_or_the_summary(run):
    chart = plot.line(xy(), "x", "y")
    with pytest.raises(ValueError, match="by itself"):
        run.log({"c": [chart, chart]})
    with pytest.raises(ValueError, match="by itself"):
        run.summary["c"] = chart
    assert run.step == 0
    run.log({"c": chart})
    run.log({"c": chart})
    assert run.step == 2 and list(private_config(run)["visualize"]) == ["c"]


def test_a_disabled_run_takes_tables_and_charts(offline):
    run = offline(mode="disabled")
    run.log({"t": xy(), "c": plot.line(xy(), "x", "y"), "x": 1})
    assert run.summary["x"] == 1
