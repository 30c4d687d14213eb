"""The stock client in bad weather: what passes costs nothing, whatever it did to which request."""

from __future__ import annotations

import subprocess
import sys

import pytest
from client import environment
from support.fault_server import FaultServer
from test_runs import end, expect, tell

ROWS_BEFORE, ROWS_AFTER = 20, 30
FILE_BYTES = 300_000

# Impatient settings of the client's own: its defaults wait 2 s before the first retry.
SCRIPT = """
import hashlib, pathlib, sys, wandb
def say(text): print(text, flush=True)
run = wandb.init(project="weather", id=sys.argv[1], config={"lr": 0.5}, settings=wandb.Settings(
    x_disable_stats=True, x_file_stream_transmit_interval=0.2,
    x_file_stream_retry_wait_min_seconds=0.1, x_file_stream_retry_wait_max_seconds=1,
    x_file_stream_timeout_seconds=2,
    x_file_transfer_retry_wait_min_seconds=0.1, x_file_transfer_retry_wait_max_seconds=1,
    x_file_transfer_timeout_seconds=2,
    x_graphql_retry_wait_min_seconds=0.1, x_graphql_retry_wait_max_seconds=1,
    x_graphql_timeout_seconds=2))
for i in range(20):
    run.log({"loss": i, "nested": {"i": i}})
print("early line")
say("READY")
sys.stdin.readline()
for i in range(20, 50):
    run.log({"loss": i, "nested": {"i": i}})
print("late line")
pathlib.Path("big.bin").write_bytes(bytes(range(250)) * 1200)
run.save("big.bin", policy="now")
artifact = wandb.Artifact("weather-" + sys.argv[1], type="dataset")
artifact.add_file("big.bin")
run.log_artifact(artifact)
run.finish()
say("OVER")
"""

READ_BACK = """query W($p: String!, $r: String!) { project(name: $p) { run(name: $r) { state exitCode
  files(names: ["big.bin"]) { edges { node { sizeBytes directUrl } } }
  logLines { edges { node { line } } }
  outputArtifacts { edges { node { state fileCount size versionIndex } } } } } }"""


@pytest.fixture
def proxy(shared_server):
    proxy = FaultServer(shared_server.port)
    yield proxy
    proxy.close()


def start(server, folder, run_id: str, url: str) -> subprocess.Popen:
    (folder / "train.py").write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, "train.py", run_id],
        cwd=folder,
        env=environment(server, folder) | {"WANDB_BASE_URL": url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def check_whole(server, run_id: str) -> None:
    """Every row once and in order, the console, the file and the version, and how it ended."""
    facts = server.run_facts("weather", run_id)
    count = ROWS_BEFORE + ROWS_AFTER
    assert [(row["_step"], row["loss"], row["nested"]["i"]) for row in facts["rows"]] == [
        (i, i, i) for i in range(count)
    ]
    assert facts["line_count"] == count
    assert facts["summary"]["loss"] == count - 1 and facts["config"]["lr"] == {"value": 0.5}
    node = server.graphql(READ_BACK, p="weather", r=run_id)["project"]["run"]
    assert (node["state"], node["exitCode"]) == ("finished", 0)
    lines = [edge["node"]["line"] for edge in node["logLines"]["edges"]]
    assert lines.count("early line") == lines.count("late line") == 1, lines
    (file,) = [edge["node"] for edge in node["files"]["edges"]]
    assert file["sizeBytes"] == FILE_BYTES
    status, content = server.request("GET", "/" + file["directUrl"].split("/", 3)[3])
    assert status == 200 and content == bytes(range(250)) * 1200
    (version,) = [edge["node"] for edge in node["outputArtifacts"]["edges"]]
    assert version == {"state": "COMMITTED", "fileCount": 1, "size": FILE_BYTES, "versionIndex": 0}


# The client takes half an answer to its check of the key, or none at all, for a refused login.
KINDS = {fault: ("file_stream", "graphql", "PUT") for fault in ("500", "429", "429 bare", "reset")}
KINDS |= {"half": ("file_stream", "PUT"), "hang": ("file_stream", "PUT")}


@pytest.mark.parametrize("fault", KINDS)
def test_faults_of_every_kind_of_request_that_pass_cost_nothing(shared_server, proxy, tmp_path, fault):
    """Each kind of request meets the fault, twice if it is sent so often: rows, GraphQL, uploads."""
    run_id = "passes-" + fault.replace(" ", "-")
    live = start(shared_server, tmp_path, run_id, proxy.url)
    expect(live, "READY")
    left = dict.fromkeys(KINDS[fault], 2)

    def matches(method: str, path: str) -> bool:
        kind = "PUT" if method == "PUT" else path.split("?")[0].rsplit("/", 1)[-1]
        if left.get(kind, 0) == 0:
            return False
        left[kind] -= 1
        return True

    proxy.matches, proxy.fault = matches, fault
    tell(live)
    assert end(live) == 0
    assert all(count < 2 for count in left.values()), "the fault met each kind"
    check_whole(shared_server, run_id)


def test_a_server_killed_in_the_middle_of_a_run_loses_nothing(server, tmp_path):
    live = start(server, tmp_path, "killed", server.url)
    expect(live, "READY")
    server.kill()
    tell(live)
    server.start()
    assert end(live) == 0
    check_whole(server, "killed")
