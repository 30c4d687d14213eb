"""sync_tensorboard with PyTorch's own SummaryWriter, and as under the stock client."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest
import runstone
import torch
from support import journal
from torch.utils.tensorboard import SummaryWriter


@pytest.fixture(autouse=True)
def unpatched():
    yield
    runstone.tensorboard.unpatch()


def rows_of(run) -> list[dict]:
    run.finish()
    return [
        {k: v for k, v in row.items() if not k.startswith("_")}
        for row in journal.rows(journal.find(run.sync_dir))
    ]


def test_what_a_summary_writer_writes_is_logged_by_its_step(offline):
    run = offline(sync_tensorboard=True)
    with SummaryWriter("logs") as writer:
        writer.add_scalar("train/loss", torch.tensor(0.5), 7)
        # add_histogram() of PyTorch 1.13 does not work with NumPy from 1.25 on; it writes this.
        counts, edges = torch.histogram(torch.arange(100.0), 10)
        facts = {"min": 0, "max": 99, "num": 100, "sum": 4950, "sum_squares": 328350}
        writer.add_histogram_raw(
            "weights", **facts, bucket_limits=edges[1:].tolist(), bucket_counts=counts.tolist(), global_step=7
        )
        writer.add_image("picture", torch.full((3, 4, 6), 0.5), 7)
        writer.add_text("words", "hello **w**", 7)
        writer.add_scalar("train/loss", 0.25, 8)
    first, second = rows_of(run)
    assert (first["train/loss"], first["global_step"]) == (0.5, 7)
    assert second == {"train/loss": 0.25, "global_step": 8}
    assert first["weights"]["_type"] == "histogram" and sum(first["weights"]["values"]) == 100
    picture = first["picture"]
    assert (picture["_type"], picture["width"], picture["height"]) == ("image-file", 6, 4)
    assert "hello **w**" in next(str(value) for key, value in first.items() if key.startswith("words"))


def test_add_scalars_has_a_directory_for_each_curve(offline):
    run = offline(sync_tensorboard=True)
    with SummaryWriter("logs") as writer:
        for step in range(3):
            writer.add_scalars("loss", {"train": step, "eval": 2 * step}, step)
    values = {}
    for row in rows_of(run):
        for key, value in row.items():
            if key != "global_step":
                values.setdefault(key, {})[row["global_step"]] = value
    assert {key.split("/")[0]: series for key, series in values.items()} == {
        "loss_train": {0: 0, 1: 1, 2: 2},
        "loss_eval": {0: 0, 1: 2, 2: 4},
    }


PROGRAM = """
import sys
sys.path[:0] = {path!r}
import {client} as client
run = client.init(mode="offline", project="p", sync_tensorboard=True,
                  settings=client.Settings(silent=True, console="off", x_disable_stats=True))
from torch.utils.tensorboard import SummaryWriter
for name in {names!r}:
    with SummaryWriter("logs" + name) as writer:
        for step in range(5):
            writer.add_scalar("train/loss", 1 / (step + 1), 10 * step)
            writer.add_scalar("accuracy", step / 4, 10 * step)
print(run.sync_dir if "{client}" == "runstone" else run.settings.sync_dir)
run.finish()
"""


@pytest.mark.parametrize("names", [[""], ["/train", "/eval"]], ids=["one directory", "two directories"])
def test_rows_are_those_of_the_stock_client(tmp_path, names):
    found = []
    for client in ("wandb", "runstone"):
        folder = tmp_path / client
        folder.mkdir()
        program = textwrap.dedent(PROGRAM.format(client=client, names=names, path=sys.path))
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        rows = journal.rows(journal.find(done.stdout.split()[-1]))
        kept = [{k: float(v) for k, v in row.items() if not k.startswith("_")} for row in rows]
        found.append(sorted(json.dumps(row, sort_keys=True) for row in kept))
    assert found[0] == found[1] and len(found[0]) == 5 * len(names)
