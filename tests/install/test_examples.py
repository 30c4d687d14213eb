"""The examples do what they show: few epochs, offline, and every row is in the journal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
    check_training(run_example(command, tmp_path, offline_environment))
