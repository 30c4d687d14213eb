"""A disk that really fills up: the training goes on and ends well, the journal keeps its first rows, and
what was lost is counted and told."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rows import row, same, user_part
from support import journal

HERE = Path(__file__).resolve().parent
DISK_BYTES = 2 << 20
ROWS = 2000  # more than ten megabytes
# Mounts the small disk in a namespace of its own, so that nothing can stay mounted; fills FILL_BYTES of
# it; runs the writer; copies what the disk holds to where the test can read it. The disk is full then,
# so the copy goes elsewhere.
SCRIPT = """
set -e
mount -t tmpfs -o size="$DISK_BYTES" small "$DISK"
head -c "$FILL_BYTES" /dev/zero > "$DISK/filler" 2> /dev/null || true
"$PYTHON" "$WRITER" "$DISK" "$RUN_ID" "$ROWS" || exit_code=$?
rm "$DISK/filler"
cp -r "$DISK/." "$KEPT"
exit ${exit_code:-0}
"""


class Outcome:
    """What became of a writer on a small disk."""

    def __init__(
        self,
        folder: Path,
        run_id: str,
        environment: dict,
        fill_bytes: int,
        writer: str = "full_disk_writer.py",
    ) -> None:
        self.kept, self.temp = folder / "kept", folder / "temp"
        disk = folder / "disk"
        for directory in (self.kept, self.temp, disk):
            directory.mkdir()
        environment = {
            **environment,
            "DISK": str(disk),
            "DISK_BYTES": str(DISK_BYTES),
            "FILL_BYTES": str(fill_bytes),
            "KEPT": str(self.kept),
            "PYTHON": sys.executable,
            "ROWS": str(ROWS),
            "RUN_ID": run_id,
            "WRITER": str(HERE / writer),
        }
        environment.setdefault("TMPDIR", str(self.temp))
        if environment["TMPDIR"] == "DISK":
            environment["TMPDIR"] = str(disk)
        own_namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "-r", "--mount"]
        done = subprocess.run(
            [*own_namespace, "sh", "-c", SCRIPT],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.exit_code, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr

    def check_training_went_well(self) -> None:
        assert self.exit_code == 0, self.stdout + self.stderr
        assert f"returned {ROWS}" in self.stdout, self.stdout + self.stderr
        assert "Traceback" not in self.stderr

    def lost_records(self) -> int:
        """The count that finish() told."""
        told = re.search(r"(\d+) records could not be written \((.*)\) and are lost", self.stderr)
        assert told, self.stderr
        assert "No space left on device" in told[2], self.stderr
        return int(told[1])


def check_first_rows(stored: list[dict]) -> None:
    for i, stored_row in enumerate(stored):
        assert stored_row["_step"] == i
        assert same(user_part(stored_row), row(i)), f"row {i} is {stored_row}"


def check_count(outcome: Outcome, stored: list[dict]) -> None:
    missing = ROWS - len(stored)
    other_records = 200  # summary, config, console, exit: what else a run writes beside its rows
    assert missing <= outcome.lost_records() <= missing + other_records


@pytest.fixture
def offline_environment():
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("WANDB_", "RUNSTONE_"))}
    return {**environment, "WRITER_MODE": "offline", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}


def test_a_disk_that_fills_up_costs_only_the_rows_after_it(tmp_path, offline_environment):
    outcome = Outcome(tmp_path, "fills", offline_environment, fill_bytes=0)
    outcome.check_training_went_well()
    stored = journal.rows(journal.find(outcome.kept))
    assert 100 < len(stored) < ROWS
    check_first_rows(stored)
    check_count(outcome, stored)
    assert journal.find(outcome.kept).stat().st_size > 0.9 * DISK_BYTES, "the disk's space was not used"


def test_what_fits_before_the_disk_is_full_reaches_the_server(tmp_path, shared_server):
    environment = {**shared_server.client_environment(), "WRITER_MODE": "online"}
    outcome = Outcome(tmp_path, "fillsonline", environment, fill_bytes=0)
    outcome.check_training_went_well()
    stored = journal.rows(journal.find(outcome.kept))
    assert 100 < len(stored) < ROWS
    check_first_rows(stored)
    check_count(outcome, stored)
    facts = shared_server.run_facts("crash", "fillsonline")
    check_first_rows(facts["rows"])
    assert len(facts["rows"]) == len(stored)


def test_space_for_a_few_rows_only_is_used_for_them(tmp_path, offline_environment):
    """Less than a window of the journal is left, so nothing can be reserved from the start."""
    outcome = Outcome(tmp_path, "nearlyfull", offline_environment, fill_bytes=DISK_BYTES - 128 * 1024)
    outcome.check_training_went_well()
    stored = journal.rows(journal.find(outcome.kept))
    assert 0 < len(stored) < ROWS
    check_first_rows(stored)
    check_count(outcome, stored)


def test_a_disk_full_at_init_sends_the_run_to_the_temporary_folder(tmp_path, offline_environment):
    outcome = Outcome(tmp_path, "fullatinit", offline_environment, fill_bytes=DISK_BYTES)
    outcome.check_training_went_well()
    stored = journal.rows(journal.find(outcome.temp))
    assert len(stored) == ROWS
    check_first_rows(stored)
    assert str(outcome.temp) in outcome.stderr, "nobody was told where the data is"


def test_no_disk_at_all_at_init_costs_the_recording_not_the_training(tmp_path, offline_environment):
    environment = {**offline_environment, "TMPDIR": "DISK"}
    outcome = Outcome(tmp_path, "nodisk", environment, fill_bytes=DISK_BYTES)
    outcome.check_training_went_well()
    assert outcome.lost_records() >= ROWS


def test_a_disk_that_is_full_while_media_are_encoded_costs_those_media_alone(tmp_path, offline_environment):
    """What is logged beside them stays; no half of a file is left; every loss is counted and told."""
    outcome = Outcome(tmp_path, "media", offline_environment, 0, writer="full_disk_media_writer.py")
    outcome.check_training_went_well()
    log = journal.find(outcome.kept)
    stored = journal.rows(log)
    assert journal.exit_code(log) == 0
    assert [row["i"] for row in stored] == [row["_step"] for row in stored] == list(range(len(stored)))
    with_media = [row["media"] for row in stored if "media" in row]
    assert 4 < len(with_media) < ROWS / 10, "the disk did not fill up"
    files = {
        path.relative_to(log.parent / "files").as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (log.parent / "files" / "media").rglob("*")
        if path.is_file()
    }
    for value in with_media:
        for name in value.get("filenames") or [value["path"]]:
            assert files[name][:20] in name, f"{name} is not whole"
    assert all(digest[:20] in name for name, digest in files.items()), "half a file was left"
    told = re.search(r"(\d+) media could not be stored \((.*)\) and are lost", outcome.stderr)
    assert told and "No space left on device" in told[2], outcome.stderr[-2000:]
    assert int(told[1]) == ROWS - len(with_media) - (ROWS - len(stored))
