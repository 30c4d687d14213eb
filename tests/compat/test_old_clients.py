"""One flow under every client version that Runstone promises: init, log, config, file, artifact,
finish, resume, Api. Each version in its own environment (tools/client_environments.py), two at a time.
"""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from client import environment
from support.clients import NEWEST, client_environments, interpreters

FLOW = Path(__file__).resolve().parent / "old_client_flow.py"
VERSIONS = [NEWEST, *client_environments.versions()]
FLOW_LIMIT_SECS = 150


def run_flow(server, folder: Path, python: Path, version: str) -> dict:
    env = environment(server, folder)
    del env["PYTHONPATH"]  # our own package is for the newest Python environment only
    project = f"flow-{version.replace('.', '-')}"
    done = subprocess.run(
        [str(python), str(FLOW), project, "flow1"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=FLOW_LIMIT_SECS,
    )
    said = f"wandb {version}: {done.returncode}\n{done.stdout}\n{done.stderr[-6000:]}\n{server.log()}"
    answers = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    assert done.returncode == 0 and len(answers) == 1, said
    return json.loads(answers[0][len("ANSWER ") :]) | {"facts": server.run_facts(project, "flow1")}


@pytest.fixture(scope="module")
def flows(shared_server, tmp_path_factory) -> dict[str, Future]:
    pool = ThreadPoolExecutor(max_workers=2)
    started = {
        version: pool.submit(run_flow, shared_server, tmp_path_factory.mktemp(version), python, version)
        for version, python in interpreters().items()
    }
    yield started
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_basic_flow_of_a_client_version(flows, version):
    seen = flows[version].result()
    assert seen["version"] == version
    assert seen["resume"] == {
        "resumed": True,
        "lr": 0.5,
        "artifact": "one\ntwo\n",
        "version": "v0",
    }
    api = seen["api"]
    assert (api["name"], api["state"], api["tags"]) == ("first light", "finished", ["old"])
    assert api["config"] == {"lr": 0.5, "net": {"width": 3}, "more": 1}
    assert api["best"] == 0.05
    assert api["steps"] == list(range(25))
    assert api["sampled"] == 10
    assert {"notes.txt", "config.yaml", "wandb-summary.json", "wandb-metadata.json"} <= set(api["files"])
    assert api["notes"] == "a file of the run\n"
    assert api["logged"] == ["words:v0"]
    assert api["used"] == ["words:v0"]
    assert api["aliases"] == ["best", "latest"]
    assert api["metadata"] == {"rows": 2}
    assert api["runs"] == ["flow1"]
    # What the server holds, whoever asks.
    facts = seen["facts"]
    assert [row["loss"] for row in facts["rows"]] == [1 / (i + 1) for i in range(25)]
    assert [row["nested"]["a"] for row in facts["rows"]] == list(range(25))
    assert facts["state"] == "finished"
