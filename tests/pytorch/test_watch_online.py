"""A watched training online: what a server has of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import runstone

PACKAGE = Path(runstone.__file__).resolve().parents[1]

TRAIN = """
import torch, runstone

model = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
with runstone.init(project="watched") as run:
    run.watch(model, log="all", log_freq=2, log_graph=True)
    for step in range(4):
        model(torch.randn(8, 6)).square().sum().backward()
        run.log({"loss": step})
    print(run.path)
"""

READ = """
import json, sys, wandb

run = wandb.Api().run(sys.argv[1])
rows = list(run.scan_history())
graph = run.file(run.summary["graph_0"]["path"]).download(root=sys.argv[2])
print(json.dumps({
    "state": run.state,
    "values": [row["gradients/0.weight"]["values"] if row.get("gradients/0.weight") else None for row in rows],
    "graph": json.load(graph),
}))
"""


def test_histograms_and_graph_reach_the_server(shared_server, tmp_path):
    environment = {**os.environ, **shared_server.client_environment(), "PYTHONPATH": str(PACKAGE)}

    def run_program(code: str, *arguments: object) -> str:
        command = [sys.executable, "-c", code, *map(str, arguments)]
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1]

    found = json.loads(run_program(READ, run_program(TRAIN), tmp_path))
    assert found["state"] == "finished"
    assert [bool(values) for values in found["values"]] == [False, True, False, True]
    assert all(len(values) == 64 and sum(values) == 96 for values in found["values"] if values)
    assert [node["name"] for node in found["graph"]["nodes"]] == ["0", "1", "2"]
