"""SIGKILL of the training at any moment: what log() returned for is kept, and sync delivers exactly it."""

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

import pytest
from rows import row, same, user_part
from support import journal
from support.server import runstone_bin

HERE = Path(__file__).resolve().parent
KILLS_WHILE_LOGGING = 90
KILLS_ANY_TIME = 15
ONLINE_EVERY = 4  # each so-manyth writer sends while it logs
DEADLINE_SECS = 60


class Writer:
    """One writer process and the count of rows whose log() had returned."""

    def __init__(self, folder: Path, run_id: str, environment: dict, online: bool) -> None:
        folder.mkdir()
        self.folder, self.run_id = folder, run_id
        counter_path = folder / "counter"
        counter_path.write_bytes(bytes(8))
        with open(counter_path, "r+b") as file:
            self._counter = mmap.mmap(file.fileno(), 8)
        environment = {**environment, "WRITER_MODE": "online" if online else "offline"}
        self._stderr = open(folder / "stderr", "wb")
        command = [sys.executable, str(HERE / "writer.py"), str(folder), run_id, str(counter_path)]
        self.process = subprocess.Popen(command, env=environment, stdout=self._stderr, stderr=self._stderr)

    @property
    def logged(self) -> int:
        return struct.unpack_from("<q", self._counter, 0)[0]

    def wait_for_rows(self, count: int) -> None:
        deadline = time.monotonic() + DEADLINE_SECS
        while self.logged < count:
            assert self.process.poll() is None, (self.folder / "stderr").read_text()
            assert time.monotonic() < deadline, f"only {self.logged} of {count} rows"
            os.sched_yield()

    def kill(self) -> int:
        """Rows whose log() had returned for certain."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._stderr.close()
        return self.logged


def check_rows(stored: list[dict], logged: int, what: str) -> None:
    # The kill may fall between the journal's write and the counter's: one more row is right, too.
    assert logged <= len(stored) <= logged + 1, f"{what}: {len(stored)} rows, {logged} were logged"
    for i, stored_row in enumerate(stored):
        assert stored_row["_step"] == i, f"{what}: row {i}"
        assert same(user_part(stored_row), row(i)), f"{what}: row {i} is {stored_row}"


def sync(folder: Path, environment: dict) -> None:
    runs = [path.parent for path in folder.rglob("run-*.wandb") if not path.is_symlink()]
    runs = sorted({path for path in runs if path.name != "latest-run"})
    command = [runstone_bin(), "sync", "--include-online", *map(str, runs)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def environment(shared_server):
    return shared_server.client_environment()


def test_rows_survive_sigkill_between_the_first_and_the_last_log(shared_server, environment, tmp_path):
    """90 kills at a random row: the journal has every row, and after sync the server has the same."""
    seed = int(os.environ.get("RUNSTONE_SEED", time.time_ns() % 1_000_000))
    print(f"seed {seed}")
    choose = random.Random(seed)
    for kill in range(KILLS_WHILE_LOGGING):
        online = kill % ONLINE_EVERY == 0
        writer = Writer(tmp_path / f"kill{kill}", f"kill{kill}", environment, online)
        writer.wait_for_rows(1 + int(choose.expovariate(1 / 150)))
        logged = writer.kill()
        stored = journal.rows(journal.find(writer.folder))
        check_rows(stored, logged, f"journal of kill {kill}, seed {seed}")
        sync(writer.folder, environment)
        facts = shared_server.run_facts("crash", writer.run_id)
        check_rows(facts["rows"], logged, f"server after kill {kill}, seed {seed}")
        assert len(facts["rows"]) == len(stored)
        assert facts["state"] == "crashed"
        assert facts["summary"]["count"] == (len(stored) - 1) * 1_000_003


def test_a_kill_at_any_moment_of_the_process_loses_no_logged_row(environment, tmp_path):
    """Also in start-up, before the journal exists: what is there is a whole prefix."""
    seed = int(os.environ.get("RUNSTONE_SEED", time.time_ns() % 1_000_000))
    print(f"seed {seed}")
    choose = random.Random(seed)
    for kill in range(KILLS_ANY_TIME):
        writer = Writer(tmp_path / f"any{kill}", f"any{kill}", environment, online=False)
        time.sleep(choose.uniform(0, 0.3))  # the moment of the fault, not a wait for anything
        logged = writer.kill()
        logs = [p for p in writer.folder.rglob("run-*.wandb") if "latest-run" not in p.parts]
        if logs and os.path.getsize(logs[0]) >= 7 and any(logs[0].read_bytes()[:7]):
            check_rows(journal.rows(logs[0]), logged, f"journal of kill {kill}, seed {seed}")
        else:
            assert logged == 0
