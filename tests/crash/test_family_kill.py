"""SIGKILL of a training together with the children that log into its run: `runstone sync` brings the
rows of all of them to the server."""

from __future__ import annotations

import mmap
import os
import random
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

from support.server import runstone_bin

HERE = Path(__file__).resolve().parent
CHILDREN = 2
KILLS = 6
DEADLINE_SECS = 60


def counts(counter: mmap.mmap) -> tuple[int, ...]:
    return struct.unpack(f"<{CHILDREN + 1}q", counter[:])


def run_until_killed(folder: Path, run_id: str, environment: dict, rows: int) -> tuple[int, ...]:
    """Rows that each had logged for certain."""
    folder.mkdir()
    counter_path = folder / "counter"
    counter_path.write_bytes(bytes(8 * (CHILDREN + 1)))
    with open(counter_path, "r+b") as file:
        counter = mmap.mmap(file.fileno(), 8 * (CHILDREN + 1))
    command = [
        sys.executable,
        str(HERE / "family_writer.py"),
        str(folder),
        run_id,
        str(counter_path),
        str(CHILDREN),
    ]
    with open(folder / "stderr", "wb") as stderr:
        process = subprocess.Popen(
            command, env=environment, stdout=stderr, stderr=stderr, start_new_session=True
        )
    try:
        deadline = time.monotonic() + DEADLINE_SECS
        while min(counts(counter)) < rows:
            assert process.poll() is None, (folder / "stderr").read_text()
            assert time.monotonic() < deadline, f"only {counts(counter)} rows"
            os.sched_yield()
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # the session that was started for it
        process.wait()
    # A child's end is not ours to wait for: its lock goes with it, and sync says if it lives.
    return counts(counter)


def sync(folder: Path, environment: dict) -> None:
    (journal,) = [path for path in folder.glob("runstone/*/run-*.wandb") if not path.parent.is_symlink()]
    command = [runstone_bin(), "sync", str(journal.parent)]
    deadline = time.monotonic() + DEADLINE_SECS
    while True:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        # A killed process may take a moment to be gone; sync refuses a living writer's run.
        if done.returncode == 0 or time.monotonic() > deadline:
            break
    assert done.returncode == 0, done.stdout + done.stderr


def test_sync_delivers_the_rows_of_a_run_that_was_killed_with_its_children(shared_server, tmp_path):
    environment = shared_server.client_environment()
    seed = int(os.environ.get("RUNSTONE_SEED", time.time_ns() % 1_000_000))
    choose = random.Random(seed)
    for kill in range(KILLS):
        run_id = f"family{kill}"
        folder = tmp_path / run_id
        logged = run_until_killed(folder, run_id, environment, 1 + int(choose.expovariate(1 / 150)))
        sync(folder, environment)
        stored = shared_server.run_facts("crash", run_id)["rows"]
        assert [row["_step"] for row in stored] == list(range(len(stored))), f"seed {seed}"
        for who, count in enumerate(logged):
            rows = [row for row in stored if row["who"] == who]
            # The kill may fall between a journal's write and the counter's.
            assert count <= len(rows) <= count + 1, f"kill {kill}, process {who}, seed {seed}"
            assert [row["i"] for row in rows] == list(range(len(rows))), f"process {who}, seed {seed}"
            assert [row["value"] for row in rows] == [who + i / 4 for i in range(len(rows))]
