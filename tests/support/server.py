"""A real `runstone server` process in a temporary folder, on a free port of 127.0.0.1."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_SECS = 30


def runstone_bin() -> str:
    """The executable under test: $RUNSTONE_BIN, else the release build's."""
    path = os.environ.get("RUNSTONE_BIN") or str(ROOT / "build" / "release" / "src" / "cli" / "runstone")
    assert os.access(path, os.X_OK), f"{path} is not there: build first (make build)"
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Started by start(); stop() is SIGTERM, kill() SIGKILL. The port stays the same over restarts."""

    def __init__(self, data: Path, port: int | None = None) -> None:
        self.data = Path(data)
        self.port = port or free_port()
        self.process: subprocess.Popen | None = None
        self.log_path = self.data.parent / f"{self.data.name}.server.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self, *arguments: str) -> Server:
        command = [runstone_bin(), "server", "--data", str(self.data), "--port", str(self.port), *arguments]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_LIMIT_SECS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log()}")
            try:
                # The key is in a file that is written once the server answers.
                answers = self.request("GET", "/api/health")[0] == 200
                if answers and (self.data / "client.json").exists():
                    return self
            except OSError:
                time.sleep(0.01)
        self.kill()
        raise AssertionError(f"the server did not answer within {START_LIMIT_SECS} s:\n{self.log()}")

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def stop(self) -> int:
        if self.process and self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=30) if self.process else 0

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")[-4000:]

    @property
    def key(self) -> str:
        command = [runstone_bin(), "key", "--data", str(self.data)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def client_environment(self) -> dict[str, str]:
        """What both clients need to find this server and nothing else of the account."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("WANDB_", "RUNSTONE_"))}
        key = self.key
        environment |= {"RUNSTONE_BASE_URL": self.url, "RUNSTONE_API_KEY": key}
        environment |= {"WANDB_BASE_URL": self.url, "WANDB_API_KEY": key}
        environment["RUNSTONE_BIN"] = runstone_bin()
        return environment

    def request(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None):
        """(status, body bytes) of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def authorization(self) -> dict[str, str]:
        if not hasattr(self, "_authorization"):
            token = base64.b64encode(f"api:{self.key}".encode()).decode()
            self._authorization = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        return self._authorization

    def graphql(self, query: str, **variables: object) -> dict:
        body = json.dumps({"query": query, "variables": variables}).encode()
        status, answer = self.request("POST", "/graphql", body, self.authorization())
        assert status == 200, (status, answer)
        decoded = json.loads(answer)
        assert not decoded.get("errors"), decoded["errors"]
        return decoded["data"]

    def entity(self) -> str:
        return self.graphql("{ viewer { entity } }")["viewer"]["entity"]

    def run_facts(self, project: str, run: str) -> dict:
        """state, config, summary (parsed) and every history row of a run, by value."""
        query = """query Facts($entity: String!, $project: String!, $run: String!) {
          project(name: $project, entityName: $entity) { run(name: $run) {
            name displayName state config summaryMetrics historyLineCount
            history(minStep: 0, maxStep: 1000000000, samples: 1000000) } } }"""
        run_node = self.graphql(query, entity=self.entity(), project=project, run=run)["project"]["run"]
        assert run_node is not None, f"{project}/{run} is not on the server"
        return {
            "state": run_node["state"],
            "display_name": run_node["displayName"],
            "config": json.loads(run_node["config"]),
            "summary": json.loads(run_node["summaryMetrics"]),
            "rows": [json.loads(line) for line in run_node["history"]],
            "line_count": run_node["historyLineCount"],
        }
