"""Tables and charts of our own runs on a server, beside those of the stock client: the same files, the same
artifacts, digest by digest, and the stock client's public API reads both."""

from __future__ import annotations

import pytest
from client import ask, run_script

# One program for both clients.
TABLES = """
    import datetime, sys
    import numpy as np
    import pandas as pd
    import {module} as client

    run = client.init(project="tables", id="{run}", settings=client.Settings(
        console="off", silent=True, x_disable_stats=True))
    moment = datetime.datetime(2020, 1, 2, 3, 4, 5, 678901)
    zone = datetime.timezone(datetime.timedelta(hours=2))
    Table = client.Table
    run.log({{"plain": Table(columns=["x", "y"], data=[[1, 2], [3.5, None]])}})
    run.log({{"t b/é": Table(columns=["a"], data=[["é\\u2028\\"", ], ["\\x7f\\n"]])}})
    run.log({{"numbers": Table(columns=["a"], data=[[v] for v in (
        0.1, 1e16, 1e-7, 1.5e-5, 1e300, 5e-324, -0.0, 123456789012345680.0, float("nan"), float("inf"))])}})
    run.log({{"dates": Table(columns=list("abcde"), data=[
        [moment, moment.date(), np.datetime64("2020-01-02T03:04:05"), moment.replace(tzinfo=zone), None]])}})
    run.log({{"arrays": Table(columns=["v", "l"], data=[[np.arange(3.0), [1, 2]], [np.ones(3), [3, 4, 5]]])}})
    run.log({{"nested": Table(columns=["d", "l", "b", "n"], data=[
        [{{"b": 1, "a": "x"}}, [], True, np.float32(0.1)], [{{"b": 2, "a": "y"}}, ["q", "r"], False, 3]])}})
    run.log({{"mixed": Table(columns=["a"], data=[[1], ["x"], [None], [True]], allow_mixed_types=True)}})
    run.log({{"strict": Table(columns=["a"], data=[[1]], optional=False)}})
    run.log({{"typed": Table(columns=["a", "b"], data=[[1, "q"]], dtype=[int, str])}})
    run.log({{"empty": Table()}})
    run.log({{"whole": Table(columns=[0, 1], data=np.arange(4).reshape(2, 2))}})
    run.log({{"frame": pd.DataFrame({{"a": [1, 2], "b": [1.5, np.nan], "c": ["x", "y"],
                                    "d": pd.to_datetime(["2020-01-01", "2020-01-02"])}})}})
    run.log({{"media": Table(columns=["h", "c"], data=[[client.Html("<b>x</b>", inject=False), "z"]])}})
    key = Table(columns=["id", "v"], data=[["a", 1]])
    key.set_pk("id")
    run.log({{"key": key}})
    mutable = Table(columns=["a"], data=[[1]], log_mode="MUTABLE")
    run.log({{"mutable": mutable}})
    mutable.add_data(2)
    run.log({{"mutable": mutable}})
    pairs = Table(columns=["x", "y"], data=[[1, 2], [3, 4]])
    plot = client.plot
    run.log({{
        "line": plot.line(pairs, "x", "y", stroke="x", title="T"),
        "bar": plot.bar(pairs, "x", "y", split_table=True),
        "q": {{"r": plot.scatter(pairs, "x", "y")}},
        "series": plot.line_series([0, 1], [[1, 2], [3, 4]], keys=["a", "b"], xname="e"),
        "confusion": plot.confusion_matrix(y_true=[0, 1, 1], preds=[0, 1, 0], class_names=["n", "y"]),
        "vega": client.plot_table("me/mine", pairs, {{"x": "x"}}, {{"t": "T"}}),
    }})
    y_true = [0, 0, 1, 1, 1, 0]
    scores = np.array([0.1, 0.4, 0.35, 0.8, 0.65, 0.7])
    scores = np.stack([1 - scores, scores], axis=1)
    run.log({{"pr": plot.pr_curve(y_true, scores, ["no", "yes"], interp_size=5),
             "roc": plot.roc_curve(y_true, scores)}})
    run.log({{"shown": client.visualize("my/id", Table(columns=["x"], data=[[1]]))}})
    incremental = Table(columns=["a"], log_mode="INCREMENTAL")
    incremental.add_data(1)
    run.log({{"increments": incremental}})
    incremental.add_data(2)
    run.log({{"increments": incremental}})
    run.finish()
"""

READ = """(lambda run: {
    "summary": {k: dict(v) for k, v in dict(run.summary).items() if hasattr(v, "keys") and "_type" in v},
    "artifacts": sorted([a.name, a.type, a.digest, a.size] for a in run.logged_artifacts()
                        if "incr" not in a.name),
    "increments": [[a.type, a.version] for a in run.logged_artifacts() if "incr" in a.name],
    "config": run.json_config,
})(api.run("tables/RUN"))"""

IDS = ("artifact_path", "_latest_artifact_path", "previous_increments_paths")


@pytest.fixture(scope="module")
def both(shared_server, tmp_path_factory):
    """What the server has of one program by our client and by the stock client."""
    folder = tmp_path_factory.mktemp("tables")
    found = {}
    for module in ("runstone", "wandb"):
        script = TABLES.format(module=module, run=f"by-{module}")
        run_script(shared_server, folder / module, script)
        read = READ.replace("RUN", f"by-{module}").replace("\n", " ")
        found[module] = ask(shared_server, folder, read)
    return found["runstone"], found["wandb"]


def without_ids(summary: dict) -> dict:
    return {key: {name: v for name, v in value.items() if name not in IDS} for key, value in summary.items()}


def test_DF4_the_values_of_tables_are_those_of_the_stock_client(both):
    ours, stock = both
    assert without_ids(ours["summary"]) == without_ids(stock["summary"])
    assert set(stock["summary"]) >= {
        "plain",
        "line_table",
        "q.r_table",
        "Custom Chart Tables/bar_table",
        "shown",
    }
    for key, value in ours["summary"].items():
        assert set(value) == set(stock["summary"][key]), key


def test_DF8_the_artifacts_of_tables_have_the_digests_of_the_stock_clients(both):
    ours, stock = both
    names = [row[0].replace("by-wandb", "by-runstone") for row in stock["artifacts"]]
    # The name's checksum is of the run's id, too.
    assert [row[0].split(":")[0] for row in ours["artifacts"] if "tb-" not in row[0]] == [
        name.split(":")[0] for name in names if "tb-" not in name
    ]
    assert [row[1:] for row in ours["artifacts"]] == [row[1:] for row in stock["artifacts"]]
    assert ours["increments"] == stock["increments"] and len(ours["increments"]) == 2


def test_the_charts_definitions_are_those_of_the_stock_client(both):
    import json

    ours, stock = (json.loads(found["config"])["_wandb"]["value"] for found in both)
    assert ours["visualize"] == stock["visualize"] and ours["viz"] == stock["viz"]
    assert set(ours["visualize"]) >= {"line", "bar", "q.r", "pr", "roc", "confusion", "series", "vega"}


def test_the_stock_client_reads_our_tables(both, shared_server, tmp_path):
    read = ask(
        shared_server,
        tmp_path,
        """{name: (lambda t: [[str(c) for c in t.columns], [[str(v) for v in row] for row in t.data]])(
            api.artifact("tables/run-by-runstone-" + name + ":latest").get(name))
            for name in ("plain", "dates", "nested", "mutable", "frame", "key")}""".replace("\n", " "),
    )
    assert read["plain"] == [["x", "y"], [["1", "2"], ["3.5", "None"]]]
    assert read["dates"][1][0][0] == "2020-01-02 03:04:05.678000+00:00"
    assert read["nested"][1][1] == ["{'a': 'y', 'b': 2}", "['q', 'r']", "False", "3"]
    assert read["mutable"][1] == [["1"], ["2"]] and read["key"][1] == [["a", "1"]]
    assert read["frame"][1][1][1] == "None"
