"""The examples do what they show: few epochs, offline, and every row is in the journal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import journal

ROOT = Path(__file__).resolve().parents[2]
EPOCHS = 2


def run_example(command: list[str], folder: Path, environment: dict[str, str]) -> list[dict]:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    log = journal.find(folder)
    assert journal.exit_code(log) == 0
    rows = journal.rows(log)
    assert [row["_step"] for row in rows] == list(range(len(rows)))
    return rows


def artifacts(log: Path) -> list:
    return [record.artifact for record in journal.records(log) if record.HasField("artifact")]


def check_training(rows: list[dict]) -> None:
    losses = [row["train/loss"] for row in rows if "train/loss" in row]
    assert len(losses) >= EPOCHS * 40  # 1797 digits, batches of 32
    assert sum(losses[-10:]) < sum(losses[:10]), "it learns nothing"
    assert all(row["train/learning_rate"] > 0 for row in rows if "train/loss" in row)
    results = [row for row in rows if "val/accuracy" in row]
    assert len(results) == EPOCHS
    assert results[-1]["val/accuracy"] > 0.5
    assert len([key for key in results[-1] if key.startswith("class accuracy/")]) == 10


def test_python_digits_logs_every_batch_and_epoch(tmp_path, offline_environment):
    environment = {**offline_environment, "PYTHONPATH": str(ROOT / "python")}
    command = [sys.executable, str(ROOT / "examples/python/digits.py"), "--epochs", str(EPOCHS)]
    check_training(run_example(command, tmp_path, environment))


def test_cpp_digits_logs_every_batch_and_epoch(tmp_path, build, offline_environment):
    command = [str(build / "examples/cpp/digits_cpp"), "--epochs", str(EPOCHS)]
    command += ["--data", str(ROOT / "examples/data/digits.csv")]
    rows = run_example(command, tmp_path, offline_environment)
    check_training(rows)
    mistakes = rows[-1]["val/mistakes"]
    assert mistakes["_type"] == "images/separated" and 0 < mistakes["count"] <= 24
    assert (mistakes["width"], mistakes["height"]) == (32, 32)
    for caption in mistakes["captions"]:
        digit, guess = caption.split(", taken for ")
        assert digit != guess and {digit, guess} <= set("0123456789")
    log = journal.find(tmp_path)
    (network,) = artifacts(log)
    assert (network.name, network.type) == ("digits-network", "model")
    assert json.loads(network.metadata)["accuracy"] == max(r.get("val/accuracy", 0) for r in rows)
    (entry,) = network.manifest.contents
    assert entry.path == "weights.f32" and entry.size == 4 * (64 * 48 + 48 * 10 + 48 + 10)
    assert journal.config(log)["network"] == {"inputs": 64, "hidden": 48, "outputs": 10}


def test_cpp_simulation_logs_pictures_histograms_and_a_film(tmp_path, build, offline_environment):
    command = [str(build / "examples/cpp/gray_scott_cpp"), "400", "32"]
    rows = run_example(command, tmp_path, offline_environment)
    assert len(rows) == 401
    assert all(0 < row["mean v"] < 1 for row in rows[:-1])
    pictures = [row for row in rows if "v" in row]
    assert len(pictures) == 40
    files = tmp_path / "runstone" / "latest-run" / "files"
    for row in pictures:
        assert row["v"]["_type"] == "image-file" and (row["v"]["width"], row["v"]["height"]) == (32, 32)
        assert (files / row["v"]["path"]).read_bytes().startswith(b"\x89PNG")
        assert sum(row["distribution of v"]["values"]) == 32 * 32
        assert len(row["distribution of v"]["bins"]) == 33
    film = (files / rows[-1]["film"]["path"]).read_bytes()
    assert film.startswith(b"GIF89a") and film.count(b"\x21\xf9\x04") == 40  # a control block a frame


def test_cpp_simulation_refuses_what_it_cannot_do(tmp_path, build, offline_environment):
    command = [str(build / "examples/cpp/gray_scott_cpp"), "0"]
    done = subprocess.run(command, cwd=tmp_path, env=offline_environment, capture_output=True)
    assert done.returncode == 2 and b"usage" in done.stderr


def ranks_of(folder: Path) -> dict[int, Path]:
    return {journal.config(log)["rank"]: log for log in folder.glob("runstone/*run-*/run-*.wandb")}


def test_cpp_ranks_log_as_runs_of_one_group(tmp_path, build, offline_environment):
    command = [str(build / "examples/cpp/ranks_cpp"), "--start", "3"]
    done = subprocess.run(command, cwd=tmp_path, env=offline_environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    ranks = ranks_of(tmp_path)
    assert sorted(ranks) == [0, 1, 2]
    runs = [next(r.run for r in journal.records(log) if r.HasField("run")) for log in ranks.values()]
    assert len({run.run_group for run in runs}) == 1 and runs[0].run_group.startswith("pi-")
    assert len({run.run_id for run in runs}) == 3
    assert {run.display_name for run in runs} == {"rank 0", "rank 1", "rank 2"}
    for log in ranks.values():
        rows = journal.rows(log)
        assert len(rows) == 50 and abs(rows[-1]["pi"] - 3.14159) < 0.02
        assert journal.exit_code(log) == 0


@pytest.mark.parametrize(
    "launcher",
    [
        {"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "PMIX_NAMESPACE": "job1"},
        {"PMI_RANK": "1", "PMI_SIZE": "2", "PMI_JOBID": "job1"},
        {"SLURM_PROCID": "1", "SLURM_NTASKS": "2", "SLURM_JOB_ID": "job1"},
        {"RANK": "1", "WORLD_SIZE": "2", "JOB_ID": "job1"},
    ],
    ids=lambda launcher: next(iter(launcher)),
)
def test_cpp_ranks_finds_its_rank_by_every_launcher(launcher, tmp_path, build, offline_environment):
    command = [str(build / "examples/cpp/ranks_cpp")]
    run_example(command, tmp_path, {**offline_environment, **launcher})
    log = journal.find(tmp_path)
    assert journal.config(log) == {"rank": 1, "size": 2}
    assert next(r.run.run_group for r in journal.records(log) if r.HasField("run")) == "job1"
