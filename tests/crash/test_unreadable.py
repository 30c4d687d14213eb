"""Files and folders that may not be read: each call says so by its own class of error, no step is used up,
and the run goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import journal

HERE = Path(__file__).resolve().parent
# Root may read everything by these two capabilities; without them permissions hold for it, too.
BOUND = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    """(answers of the calls, rows that were stored, what was said)"""
    folder = tmp_path_factory.mktemp("unreadable")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("WANDB_", "RUNSTONE_"))}
    environment |= {"HOME": str(folder), "TMPDIR": str(folder / "temp")}
    (folder / "temp").mkdir()
    (folder / "work").mkdir()
    command = [*BOUND, sys.executable, str(HERE / "unreadable.py")]
    done = subprocess.run(
        command, cwd=folder / "work", env=environment, capture_output=True, text=True, timeout=60
    )
    (folder / "work" / "locked").chmod(0o755)
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("ANSWERS ")]
    log = journal.find(folder / "work" / "runstone")
    assert journal.exit_code(log) == 0
    return json.loads(line.removeprefix("ANSWERS ")), journal.rows(log), done.stderr


def test_an_unreadable_picture_is_a_permission_error_and_uses_no_step(training):
    answers, _, _ = training
    assert answers["image"].startswith("PermissionError: secret.png")
    assert answers["step after image"] == "0"


def test_a_file_that_cannot_be_read_when_it_is_logged_costs_itself_alone(training):
    answers, rows, told = training
    assert answers["audio"] == "None" and rows[0]["loss"] == 1 and "audio" not in rows[0]
    assert "1 media could not be stored (secret.wav: open: Permission denied)" in told


def test_an_unreadable_folder_matches_nothing_and_the_run_goes_on(training):
    answers, rows, _ = training
    assert answers["save"] == "[]"
    assert answers["step at the end"] == "2" and rows[1]["loss"] == 0.5


def test_a_folder_for_runs_that_may_not_be_used_is_replaced_with_a_warning(training):
    answers, _, told = training
    assert "/temp/runstone/" in answers["init"]
    assert "locked/inner is not writable" in told and "Permission denied" in told
