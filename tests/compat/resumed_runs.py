"""Programs that resume, rewind and fork runs under our package and under the stock client, and all of a run that
must then be the same."""

from __future__ import annotations

import json
import subprocess

from client import run_script

PRELUDE = """
import sys
import {client} as wandb
SETTINGS = dict(x_disable_stats=True)
def init(id=None, **more):
    settings = wandb.Settings(**SETTINGS, **more.pop("more_settings", {{}}))
    return wandb.init(project="{project}", id=id, settings=settings, **more)
def log(run, *values):
    for value in values:
        run.log({{"l": value}})
"""


def both_clients(server, tmp_path, project: str, script: str) -> None:
    """Runs the script under our package and under the stock client, each in a project of its own."""
    for client in ("runstone", "wandb"):
        folder = tmp_path / client
        run_script(server, folder, PRELUDE.format(client=client, project=f"{project}-{client}") + script)


def ours(server, tmp_path, project: str, script: str, **options) -> subprocess.CompletedProcess:
    return run_script(
        server, tmp_path, PRELUDE.format(client="runstone", project=project) + script, **options
    )


def node(server, project: str, run: str) -> dict:
    """All of a run that does not differ from one execution of a program to the next."""
    query = """query R($p: String!, $r: String!) { project(name: $p) { run(name: $r) {
      state displayName notes tags group jobType config summaryMetrics historyLineCount createdAt
      logLines(first: 1000) { edges { node { line } } }
      history(minStep: 0, maxStep: 100000, samples: 100000) } } }"""
    found = server.graphql(query, p=project, r=run)["project"]["run"]
    assert found is not None, f"{project}/{run} is not there"
    rows = [json.loads(line) for line in found["history"]]
    config = {key: entry["value"] for key, entry in json.loads(found["config"]).items()}
    own = config.pop("_wandb", {})
    summary = json.loads(found["summaryMetrics"])
    return {
        "state": found["state"],
        "name": found["displayName"],
        "notes": found["notes"],
        "tags": sorted(found["tags"]),
        "group": found["group"],
        "job_type": found["jobType"],
        "config": config,
        "kept": {
            key: own[key] for key in ("viz", "visualize", "mask/class_labels", "branch_point") if key in own
        },
        "lines": found["historyLineCount"],
        "rows": [{k: v for k, v in row.items() if k not in ("_runtime", "_timestamp")} for row in rows],
        "runtimes": [row["_runtime"] for row in rows],
        "summary": {k: v for k, v in summary.items() if not k.startswith("_")}
        | {"_step": summary.get("_step")},
        "console": [edge["node"]["line"] for edge in found["logLines"]["edges"]],
    }


def same_for_both(server, project: str, run: str, *, without: tuple[str, ...] = ()) -> dict:
    """What our package left of a run, found equal to what the stock client left of its."""
    skipped = {"runtimes", "name", *without}  # names are the server's, unless given
    facts = {client: node(server, f"{project}-{client}", run) for client in ("runstone", "wandb")}
    ours = {key: value for key, value in facts["runstone"].items() if key not in skipped}
    assert ours == {key: value for key, value in facts["wandb"].items() if key not in skipped}
    return facts["runstone"]


BRANCHES = """
run = init("base", config={"lr": 1, "old": 2}, tags=["t"], notes="n")
run.define_metric("acc", summary="max")
for i in range(10):
    run.log({"l": i, "acc": i, **({"late": 1} if i > 6 else {})})
run.finish()
"""
