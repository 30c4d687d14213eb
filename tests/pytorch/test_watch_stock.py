"""The same training watched by the stock client and by ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import runstone
import torch
import wandb
from support import journal


def train_watched(module, run) -> dict:
    torch.manual_seed(11)
    model = torch.nn.Sequential(
        torch.nn.Embedding(30, 8, sparse=True), torch.nn.Linear(8, 40), torch.nn.Sequential(torch.nn.ReLU())
    )
    half = torch.nn.Linear(3, 3).bfloat16()
    run.watch([model, half], log="all", log_freq=2, log_graph=True)
    for step in range(4):
        model(torch.randint(30, (5,))).square().sum().backward()
        half(torch.ones(2, 3, dtype=torch.bfloat16)).sum().backward()
        run.log({"loss": step})
    folder = Path(run.dir)
    run.finish()
    module.teardown()  # the stock client's process may still write after finish()
    rows = journal.rows(journal.find(folder.parent))
    graph = json.loads(next((folder / "media" / "graph").glob("graph_0*")).read_text())
    return {"rows": rows, "graph": graph}


def test_rows_and_graph_are_those_of_the_stock_client(tmp_path):
    silent = wandb.Settings(silent=True, console="off", x_disable_stats=True)
    stock = train_watched(wandb, wandb.init(mode="offline", project="p", dir=tmp_path, settings=silent))
    ours = train_watched(runstone, runstone.init(mode="offline", project="p", dir=tmp_path))
    assert len(ours["rows"]) == len(stock["rows"]) == 4
    for our_row, stock_row in zip(ours["rows"], stock["rows"]):
        assert our_row.keys() == stock_row.keys()
        for key, theirs in stock_row.items():
            if isinstance(theirs, dict):
                assert our_row[key]["bins"] == pytest.approx(theirs["bins"], rel=1e-5, abs=1e-6), key
                assert sum(our_row[key]["values"]) == sum(theirs["values"]), key
                moved = sum(abs(a - b) for a, b in zip(our_row[key]["values"], theirs["values"]))
                assert moved <= 2, f"{key}: a value on an edge may round to either side"
    for graph in (ours["graph"], stock["graph"]):
        for node in graph["nodes"]:
            del node["id"]  # an address there, the name here
    assert ours["graph"] == stock["graph"]
