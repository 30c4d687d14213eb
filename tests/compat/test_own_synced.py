"""An offline run of our own client, read through runstone.Api after its sync. The same program under the stock
client, synced by that, reads the same."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from client import environment, run_script
from support.server import runstone_bin

PROGRAM = """
import json, pathlib
import numpy as np
import {client} as wandb

run = wandb.init(project="{project}", id="r", mode="offline", name="named", tags=["b", "a"], notes="n",
                 group="g", job_type="train", config={{"lr": 0.1, "net": {{"act": "relu", "sizes": [1, 2]}}}},
                 settings=wandb.Settings(x_disable_stats=True))
run.define_metric("loss", summary="min")
for i in range(20):
    run.log({{"loss": 1 / (i + 1), "nested": {{"i": i}}, "text": f"row {{i}}"}})
run.summary["by hand"] = [1, "x", None]
run.summary["array"] = np.arange(101) / 4
run.summary["short"] = np.arange(3)
pathlib.Path("model.txt").write_text("weights")
run.save("model.txt", policy="now")
print("said by the program")
print("ANSWER", json.dumps(str(run.sync_dir)))
run.finish()
"""

READ = """
import json, runstone
run = runstone.Api().run("{project}/r")
rows = list(run.scan_history())
answer = {{
    "facts": [run.state, run.name, sorted(run.tags), run.notes, run.group, run.job_type, run.lastHistoryStep],
    "rows": [{{k: v for k, v in row.items() if k not in ("_runtime", "_timestamp")}} for row in rows],
    "timed": [row["_timestamp"] > 1e9 and row["_runtime"] >= 0 for row in rows],
    "config": dict(run.config),
    "summary": {{key: run.summary[key] for key in run.summary.keys() if not key.startswith("_")}},
    "files": {{}},
}}
for name in ("model.txt", "output.log"):
    with run.file(name).download(root="dl", exist_ok=True) as file:
        answer["files"][name] = file.read()
print("ANSWER", json.dumps(answer, default=dict))
"""


def answer_of(done: subprocess.CompletedProcess) -> object:
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    return json.loads(line.removeprefix("ANSWER "))


@pytest.fixture(scope="module")
def read(shared_server, tmp_path_factory):
    """What runstone.Api says of the run that each client has written offline and synced itself."""
    found = {}
    for client in ("runstone", "wandb"):
        folder, project = tmp_path_factory.mktemp(client), f"own-synced-{client}"
        directory = answer_of(
            run_script(shared_server, folder, PROGRAM.format(client=client, project=project))
        )
        tool = [runstone_bin()] if client == "runstone" else [sys.executable, "-m", "wandb"]
        subprocess.run(
            [*tool, "sync", directory],
            cwd=folder,
            env=environment(shared_server, folder),
            check=True,
            capture_output=True,
            timeout=120,
        )
        found[client] = answer_of(run_script(shared_server, folder, READ.format(project=project)))
    return found


def test_SY1_an_offline_run_is_whole_after_its_sync(read):
    ours = read["runstone"]
    assert ours["facts"] == ["finished", "named", ["a", "b"], "n", "g", "train", 19]
    assert ours["rows"] == [
        {"_step": i, "loss": 1 / (i + 1), "nested": {"i": i}, "text": f"row {i}"} for i in range(20)
    ]
    assert all(ours["timed"])
    assert ours["config"] == {"lr": 0.1, "net": {"act": "relu", "sizes": [1, 2]}}
    summary = dict(ours["summary"])
    array = summary.pop("array")
    assert summary == {
        "loss": {"min": 0.05},
        "nested": {"i": 19},
        "text": "row 19",
        "by hand": [1, "x", None],
        "short": [0, 1, 2],
    }
    assert array["_type"] == "numpy.ndarray" and array["size"] == 101
    assert (array["min"], array["max"], array["mean"]) == (0, 25, 12.5)
    assert ours["files"]["model.txt"] == "weights"
    assert "said by the program\n" in ours["files"]["output.log"]


def test_SY1_DF4_it_reads_as_the_stock_clients_does_after_its_own_sync(read):
    ours, stock = read["runstone"], read["wandb"]
    for what in ("facts", "rows", "config", "summary"):
        assert ours[what] == stock[what], what
    assert ours["files"]["model.txt"] == stock["files"]["model.txt"]
