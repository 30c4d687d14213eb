"""One script under the stock client and under our own package: the server then holds the same run.

Compared through the API, by value. What is not compared is in IGNORED, with the reason.
"""

from __future__ import annotations

import json
import math
import textwrap

import pytest
from client import run_script

IGNORED = {
    "name, id, createdAt, heartbeatAt, updatedAt, durationSecs": "two runs at two times",
    "row._timestamp, row._runtime": "two runs at two times",
    "summary._timestamp, summary._runtime, summary._wandb.runtime": "two runs at two times",
    "config._wandb.value without m": "the client's own record of itself: version, telemetry, environment",
    "the order of config._wandb.value.m": "the stock client changes it between two of its own runs",
    "config keys that config.update() removed inside a nested dict": "the stock client keeps them on the "
    "server while its own run.config has dropped them; ours sends what run.config says (the script has no such key)",
    "time of a console line": "two runs at two times",
    "events (system metrics)": "not recorded by our package yet",
    "files": "environment files (requirements, metadata, code) are not recorded by our package yet; files "
    "that both know are compared by name",
    "host, program": "part of the environment record",
    "commit, repo": "part of the environment record",
}

SCRIPT = """
import math
import {module} as client

run = client.init(
    project="equal", id="{run}", name="same name", notes="same notes", group="same group",
    job_type="train", tags=["b", "a"],
    config={{"lr": 0.1, "layers": [64, 32], "net": {{"act": "relu", "drop": None}}, "flag": True,
            "nan": math.nan, "key.with.dots": 1, "tuple": (1, 2)}},
)
run.define_metric("epoch")
run.define_metric("val/*", step_metric="epoch")
run.define_metric("loss", summary="min")
run.define_metric("acc", summary="max,mean,last")
run.define_metric("hidden", hidden=True)
run.config.update({{"batch": 32, "net": {{"act": "gelu", "drop": None}}}}, allow_val_change=True)
run.config["late"] = "value"
for i in range(50):
    run.log({{"loss": 1 / (i + 1), "acc": i / 50, "epoch": i // 10, "count": i, "hidden": -i}})
    if i % 10 == 9:
        run.log({{"val/loss": 2 / (i + 1), "epoch": i // 10}})
run.log({{"nan": math.nan, "inf": math.inf, "ninf": -math.inf, "big": 2**53 + 1, "neg": -(2**63)}})
run.log({{"nested": {{"a": {{"b": 1.5, "c": "text"}}, "d": [1, 2.5, None, "x"]}}, "bool": True, "none": None}})
run.log({{"a": 1}}, commit=False)
run.log({{"b": 2}})
run.log({{"jump": 1}}, step=100)
run.log({{"jump": 2, "also": 3}}, step=100)
run.log({{"after": 1}}, step=120)
run.log({{"quote\\"d": 1, "new\\nline": 2, "sla/sh": 3, "dot.ted": 4, "emoji 🎉": 5, "spa ce": 6}})
run.summary["set"] = 7
run.summary.update({{"upd": {{"x": 1, "y": [1, 2]}}, "loss_note": "kept"}})
print("first line of output")
print("unicode line: é 🎉")
run.finish(exit_code={code})
"""

FACTS = """query Facts($run: String!) { project(name: "equal") { run(name: $run) {
    displayName notes group jobType tags state exitCode sweepName description
    historyLineCount logLineCount config summaryMetrics historyKeys
    history(minStep: 0, maxStep: 1000000) logLines { edges { node { level line } } }
    files(first: 1000) { edges { node { name } } } } } }"""


def comparable(value):
    """NaN equals NaN, 1 equals 1.0, True does not equal 1."""
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    return value


def without(mapping: dict, *keys: str) -> dict:
    return {key: value for key, value in mapping.items() if key not in keys}


def metric_definitions(config: dict) -> dict[str, dict]:
    """By name; a step metric is an index into the list, here its name."""
    listed = config.get("_wandb", {}).get("value", {}).get("m", [])
    names = [m.get("1") or m.get("2") for m in listed]
    definitions = {}
    for name, m in zip(names, listed, strict=True):
        step = names[m["5"] - 1] if m.get("5") else m.get("4")
        definitions[name] = {
            "glob": "2" in m,
            "step_metric": step,
            "options": sorted(m.get("6") or []),
            "summary": sorted(m.get("7") or []),
            "goal": m.get("8"),
        }
    return definitions


def facts_of(server, run: str) -> dict:
    node = server.graphql(FACTS, run=run)["project"]["run"]
    assert node is not None, f"equal/{run} is not on the server"
    config = json.loads(node.pop("config"))
    summary = json.loads(node.pop("summaryMetrics"))
    rows = [json.loads(line) for line in node.pop("history")]
    keys = node.pop("historyKeys")
    node["metrics"] = metric_definitions(config)
    node["config"] = without(config, "_wandb")
    node["summary"] = without(summary, "_timestamp", "_runtime", "_wandb")
    node["rows"] = [without(row, "_timestamp", "_runtime") for row in rows]
    node["keys"] = {
        name: sorted((t["type"], t["count"]) for t in about["typeCounts"])
        for name, about in keys["keys"].items()
        if not name.startswith("_")
    }
    node["lastStep"] = keys["lastStep"]
    node["console"] = [edge["node"] for edge in node.pop("logLines")["edges"]]
    node["files"] = {edge["node"]["name"] for edge in node["files"]["edges"]}
    return node


# What both write besides the environment record.
COMMON_FILES = {"config.yaml", "wandb-summary.json"}


@pytest.mark.parametrize("code", [0, 3])
def test_the_stock_client_and_our_own_leave_the_same_run(shared_server, tmp_path, code):
    found = {}
    for module in ("wandb", "runstone"):
        run = f"{module}-{code}"
        script = textwrap.dedent(SCRIPT).format(module=module, run=run, code=code)
        run_script(shared_server, tmp_path / module, script, env={"WANDB_X_DISABLE_STATS": "true"})
        found[module] = facts_of(shared_server, run)
    stock, ours = found["wandb"], found["runstone"]
    assert stock["rows"], "the stock client's run is empty: nothing was compared"
    differences = []
    for field in stock:
        if field == "files":
            same = stock[field] >= COMMON_FILES and ours[field] >= COMMON_FILES
        else:
            same = comparable(stock[field]) == comparable(ours[field])
        if not same:
            differences.append(f"{field}:\n  stock {stock[field]}\n  ours  {ours[field]}")
    assert not differences, "\n".join(differences)


def test_the_comparison_sees_a_difference():
    assert comparable({"a": 1}) == comparable({"a": 1.0})
    assert comparable([math.nan]) == comparable([math.nan])
    assert comparable({"a": 1}) != comparable({"a": True})
    assert comparable({"a": None}) != comparable({})
    assert comparable([1, 2]) != comparable([2, 1])
