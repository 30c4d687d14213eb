"""SIGKILL of the server at any moment: what it acknowledged is there, once; clients catch up."""

from __future__ import annotations

import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

from rows import row, same, user_part
from support.server import Server

HERE = Path(__file__).resolve().parent
KILLS = 50
WRITERS = 4
LINES_PER_REQUEST = 20
PROJECT = "serverkill"


class RawWriter(threading.Thread):
    """Posts file-stream bodies with absolute offsets and repeats each until it is acknowledged."""

    def __init__(self, server: Server, entity: str, run: str) -> None:
        super().__init__(name=run)
        self.server, self.entity, self.run_id = server, entity, run
        self.acknowledged = 0
        self.stopping = threading.Event()
        self.problem: str | None = None

    def run(self) -> None:
        connection = None
        while not self.stopping.is_set():
            lines = [
                json.dumps({**row(i), "_step": i})
                for i in range(self.acknowledged, self.acknowledged + LINES_PER_REQUEST)
            ]
            body = json.dumps(
                {"files": {"wandb-history.jsonl": {"offset": self.acknowledged, "content": lines}}}
            )
            try:
                connection = connection or http.client.HTTPConnection(
                    "127.0.0.1", self.server.port, timeout=10
                )
                path = f"/files/{self.entity}/{PROJECT}/{self.run_id}/file_stream"
                connection.request("POST", path, body, self.server.authorization())
                response = connection.getresponse()
                answer = response.read()
                if response.status == 200:
                    self.acknowledged += LINES_PER_REQUEST
                elif response.status not in (429, 500, 502, 503):
                    self.problem = f"{response.status} {answer!r}"
                    return
            except (OSError, http.client.HTTPException):
                connection = None  # the server is down: the next try makes a new connection
                self.stopping.wait(0.01)


def create_run(server: Server, run: str) -> None:
    server.graphql(
        """mutation Create($run: String!, $project: String!, $entity: String!) {
          upsertBucket(input: {name: $run, modelName: $project, entityName: $entity}) { bucket { id } } }""",
        run=run,
        project=PROJECT,
        entity=server.entity(),
    )


def test_acknowledged_lines_survive_sigkill_of_the_server_exactly_once(tmp_path):
    """50 random kills under load of raw writers, and of an SDK run that has to catch up by itself."""
    seed = int(os.environ.get("RUNSTONE_SEED", time.time_ns() % 1_000_000))
    print(f"seed {seed}")
    choose = random.Random(seed)
    server = Server(tmp_path / "data").start()
    try:
        entity = server.entity()
        writers = [RawWriter(server, entity, f"raw{i}") for i in range(WRITERS)]
        for writer in writers:
            create_run(server, writer.run_id)
            writer.start()
        sdk_log = open(tmp_path / "sdk.log", "wb")
        sdk = subprocess.Popen(
            [sys.executable, str(HERE / "steady_writer.py"), str(tmp_path / "sdk"), PROJECT, "steady"],
            env=server.client_environment(),
            stdin=subprocess.PIPE,
            stdout=sdk_log,
            stderr=sdk_log,
        )
        for _ in range(KILLS):
            time.sleep(choose.uniform(0.02, 0.4))  # the moment of the fault
            server.kill()
            server.start()
        before = sum(writer.acknowledged for writer in writers)
        deadline = time.monotonic() + 20
        while sum(writer.acknowledged for writer in writers) == before and time.monotonic() < deadline:
            time.sleep(0.02)
        for writer in writers:
            writer.stopping.set()
        for writer in writers:
            writer.join()
            assert writer.problem is None, writer.problem
        sdk.communicate(b"finish\n", timeout=120)
        assert sdk.returncode == 0, (tmp_path / "sdk.log").read_text()

        for writer in writers:
            assert writer.acknowledged > 0
            rows = server.run_facts(PROJECT, writer.run_id)["rows"]
            # A request that was never answered may have been committed: at most that one more.
            assert writer.acknowledged <= len(rows) <= writer.acknowledged + LINES_PER_REQUEST
            check(rows, f"{writer.run_id}, seed {seed}")
        facts = server.run_facts(PROJECT, "steady")
        logged = int((tmp_path / "sdk" / "count").read_text())
        assert len(facts["rows"]) == logged
        check(facts["rows"], f"steady, seed {seed}")
        assert facts["state"] == "finished"
    finally:
        server.kill()


def check(rows: list[dict], what: str) -> None:
    for i, stored in enumerate(rows):
        assert stored["_step"] == i, f"{what}: row {i} has step {stored['_step']}"
        assert same(user_part(stored), row(i)), f"{what}: row {i} is {stored}"
