"""A server that fails while a script trains: the script goes on, says what is left, and `runstone sync`
then brings the server to exactly the rows that were logged."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from client import environment
from support.fault_server import FaultServer
from support.server import runstone_bin

PROJECT = "faults"
ROWS_BEFORE, ROWS_AFTER = 20, 30
LIMIT_SECS = 60

SCRIPT = """
import sys
import runstone

run = runstone.init(project="faults", id=sys.argv[1], config={"lr": 0.5},
                    settings=runstone.Settings(finish_timeout=float(sys.argv[2])))
for i in range(20):
    run.log({"loss": 1 / (i + 1), "nested": {"i": i}})
print("READY", flush=True)
sys.stdin.readline()
for i in range(20, 50):
    run.log({"loss": 1 / (i + 1), "nested": {"i": i}})
run.finish()
print("END", flush=True)
"""


@pytest.fixture
def proxy(shared_server):
    proxy = FaultServer(shared_server.port)
    yield proxy
    proxy.close()


class Training:
    """The script in a process of its own, which talks to `url`."""

    def __init__(self, server, folder, run_id: str, url: str, finish_timeout_secs: float = 1.0) -> None:
        self.server, self.folder, self.run_id = server, folder, run_id
        path = folder / "train.py"
        env = environment(server, folder) | {"RUNSTONE_BASE_URL": url}
        path.write_text(SCRIPT)
        self._stderr = open(folder / "stderr", "w+")
        command = [sys.executable, str(path), run_id, str(finish_timeout_secs)]
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
        )

    def wait_until_ready(self) -> None:
        for line in self.process.stdout:
            if line == "READY\n":
                return
        raise AssertionError(self.messages())

    def wait_for_rows(self, count: int) -> None:
        deadline = time.monotonic() + LIMIT_SECS
        while len(self.server.run_facts(PROJECT, self.run_id)["rows"]) < count:
            assert time.monotonic() < deadline, self.messages()
            time.sleep(0.02)

    def end(self) -> str:
        """Lets it log the rest and finish; what it said."""
        output, _ = self.process.communicate("go\n", timeout=LIMIT_SECS)
        assert self.process.returncode == 0, self.messages()
        assert "END" in output
        return self.messages()

    def messages(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read()

    def directory(self):
        found = [p.parent for p in self.folder.glob("runstone/*/run-*.wandb") if not p.parent.is_symlink()]
        assert len(found) == 1, found
        return found[0]

    def sync(self) -> subprocess.CompletedProcess:
        command = [runstone_bin(), "sync", str(self.directory())]
        env = environment(self.server, self.folder)
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=LIMIT_SECS)
        assert done.returncode == 0, done.stdout + done.stderr
        return done


def check_rows(server, run_id: str) -> None:
    facts = server.run_facts(PROJECT, run_id)
    count = ROWS_BEFORE + ROWS_AFTER
    assert [row["_step"] for row in facts["rows"]] == list(range(count))
    assert [row["loss"] for row in facts["rows"]] == [1 / (i + 1) for i in range(count)]
    assert [row["nested"]["i"] for row in facts["rows"]] == list(range(count))
    assert facts["line_count"] == count
    assert facts["state"] == "finished"
    assert facts["summary"]["nested"] == {"i": count - 1}
    assert facts["config"]["lr"] == {"value": 0.5}


def check_told_and_synced(training: Training, left: int) -> None:
    messages = training.end()
    assert f"{left} of {ROWS_BEFORE + ROWS_AFTER} rows" in messages, messages
    assert f"runstone sync {training.directory()}" in messages, messages
    training.sync()
    check_rows(training.server, training.run_id)


@pytest.mark.parametrize("fault", ["500", "503", "429", "401", "403", "html", "hang", "drop"])
def test_a_fault_in_mid_run_costs_no_row(shared_server, proxy, tmp_path, fault):
    training = Training(shared_server, tmp_path, f"mid-{fault}", proxy.url)
    training.wait_until_ready()
    training.wait_for_rows(ROWS_BEFORE)
    proxy.fault = fault
    check_told_and_synced(training, ROWS_AFTER)


@pytest.mark.parametrize("fault", ["500", "429", "html", "hang", "drop"])
def test_a_fault_from_the_start_costs_no_row(shared_server, proxy, tmp_path, fault):
    proxy.fault = fault
    training = Training(shared_server, tmp_path, f"start-{fault}", proxy.url)
    training.wait_until_ready()
    check_told_and_synced(training, ROWS_BEFORE + ROWS_AFTER)


def test_a_server_that_is_absent_at_init_costs_no_row(shared_server, proxy, tmp_path):
    proxy.close()
    training = Training(shared_server, tmp_path, "absent", proxy.url)
    training.wait_until_ready()
    assert training.messages().count(proxy.url) == 1, "an absent server is told once"
    check_told_and_synced(training, ROWS_BEFORE + ROWS_AFTER)


def test_a_server_that_dies_in_mid_run_costs_no_row(shared_server, proxy, tmp_path):
    training = Training(shared_server, tmp_path, "dies", proxy.url)
    training.wait_until_ready()
    training.wait_for_rows(ROWS_BEFORE)
    proxy.close()
    check_told_and_synced(training, ROWS_AFTER)


@pytest.mark.parametrize("fault", ["500", "429", "html", "drop"])
def test_a_fault_that_passes_needs_no_sync(shared_server, proxy, tmp_path, fault):
    proxy.fault, proxy.faults_left = fault, 3
    training = Training(shared_server, tmp_path, f"passes-{fault}", proxy.url, finish_timeout_secs=45)
    training.wait_until_ready()
    messages = training.end()
    check_rows(shared_server, training.run_id)
    assert "runstone sync" not in messages


def test_a_refused_key_at_init_raises(shared_server, proxy, tmp_path):
    proxy.fault = "401"
    training = Training(shared_server, tmp_path, "refused", proxy.url)
    training.process.communicate(timeout=LIMIT_SECS)
    assert training.process.returncode == 1
    assert "AuthenticationError" in training.messages()


def test_a_wrong_key_at_init_raises(shared_server, tmp_path):
    env = environment(shared_server, tmp_path) | {"RUNSTONE_API_KEY": "0" * 40}
    script = "import runstone\nrunstone.init(project='faults', id='wrong')\n"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=LIMIT_SECS)
    assert done.returncode == 1
    assert "AuthenticationError" in done.stderr and "set RUNSTONE_API_KEY" in done.stderr
