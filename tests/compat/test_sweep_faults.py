"""Sweeps whose agents are many, whose server dies, and whose runs are picked by a client's own process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from client import environment, run_script, wandb_command
from support.clients import client_environments
from test_sweeps import HURRY, make_sweep, send, sweep_facts

LIMIT_SECS = 90


def wait_until(there) -> None:
    deadline = time.monotonic() + LIMIT_SECS
    while not there():
        assert time.monotonic() < deadline, "that did not come to pass in time"
        time.sleep(0.1)


AGENT = """
def train():
    with wandb.init(settings=wandb.Settings(console="off", x_disable_stats=True)) as run:
        run.log({"loss": run.config["a"] * 10 + run.config["b"]})
wandb.agent(SWEEP, function=train, project="killed")
"""


def start_agent(server, folder: Path, sweep: str) -> subprocess.Popen:
    env = environment(server, folder)
    path = folder / "agent.py"
    path.write_text(HURRY + AGENT.replace("SWEEP", json.dumps(sweep)))
    with open(folder / "agent.log", "wb") as log:
        return subprocess.Popen([sys.executable, str(path)], cwd=folder, env=env, stdout=log, stderr=log)


def test_many_agents_run_each_point_of_a_grid_once_though_the_server_is_killed(server, tmp_path):
    yaml = "{method: grid, parameters: {a: {values: [0, 1, 2, 3]}, b: {values: [0, 1, 2]}}}"
    sweep = make_sweep(server, "killed", yaml)["name"]

    def finished() -> int:
        return sum(run["state"] == "finished" for run in sweep_facts(server, "killed", sweep)["runs"])

    agents = [start_agent(server, tmp_path / f"agent{i}", sweep) for i in range(3)]
    try:
        for enough in (2, 6):
            wait_until(lambda enough=enough: finished() >= enough)
            server.kill()
            server.start()
        codes = [agent.wait(timeout=LIMIT_SECS) for agent in agents]
    finally:
        for agent in agents:
            agent.kill()
    logs = "\n".join((tmp_path / f"agent{i}" / "agent.log").read_text()[-3000:] for i in range(3))
    assert codes == [0, 0, 0], logs
    facts = sweep_facts(server, "killed", sweep)
    assert facts["state"] == "FINISHED" and facts["runCount"] == 12, logs
    points = []
    for run in facts["runs"]:
        assert run["state"] == "finished", (run, logs)
        config = {key: item["value"] for key, item in json.loads(run["config"]).items() if key in "ab"}
        assert json.loads(run["summaryMetrics"])["loss"] == config["a"] * 10 + config["b"]
        points.append((config["a"], config["b"]))
    assert sorted(points) == [(a, b) for a in range(4) for b in range(3)], points


ENDLESS = """
import time
import wandb
with wandb.init(settings=wandb.Settings(x_file_stream_transmit_interval=0.3)) as run:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        run.log({"loss": 9.0})
        time.sleep(0.05)
"""


def test_hyperband_ends_a_program_that_an_agent_of_processes_runs(shared_server, tmp_path):
    (tmp_path / "train.py").write_text(ENDLESS)
    yaml = (
        f"{{program: train.py, command: [{sys.executable}, '${{program}}'], method: random, run_cap: 1, "
        "metric: {name: loss}, parameters: {x: {min: 0.0, max: 1.0}}, "
        "early_terminate: {type: hyperband, min_iter: 3, eta: 3}}"
    )
    sweep = make_sweep(shared_server, "hyperprocess", yaml)["name"]
    for i in range(3):
        send(shared_server, "hyperprocess", f"good{i}", sweep, [0.1 + i / 100] * 5)
    started = time.monotonic()
    agent = wandb_command(
        shared_server, tmp_path, "agent", f"{shared_server.entity()}/hyperprocess/{sweep}", check=False
    )
    assert time.monotonic() - started < 55, "the program ended by itself"
    said = agent.stdout + agent.stderr
    states = {run["name"]: run["state"] for run in sweep_facts(shared_server, "hyperprocess", sweep)["runs"]}
    [bad] = [name for name in states if not name.startswith("good")]
    assert states[bad] == "killed", (states, said)
    assert re.search(r"command: stop", said), said


CONTROLLER = """
import subprocess, sys, time, wandb
tuner = wandb.controller()
tuner.configure({"method": "random", "program": "train.py", "metric": {"name": "loss", "goal": "minimize"},
                 "parameters": {"x": {"min": 0.0, "max": 1.0}}, "controller": {"type": "local"},
                 "command": [sys.executable, "${program}"]})
sweep = tuner.create()
agent = subprocess.Popen([sys.executable, "-m", "wandb", "agent", "--count", "2", sweep])
deadline = time.monotonic() + 90
while agent.poll() is None and time.monotonic() < deadline:
    tuner.step()
    tuner.print_status()
    time.sleep(0.3)
assert agent.poll() == 0, agent.poll()
print("SWEEP " + sweep, flush=True)
"""


def test_a_controller_of_the_client_picks_the_runs_of_its_sweep(shared_server, tmp_path):
    """With the package `sweeps`, in which the client's controller keeps its searches."""
    python = client_environments.python_of(client_environments.WITH_SWEEPS)
    (tmp_path / "train.py").write_text(
        "import wandb\nwith wandb.init() as run:\n    run.log({'loss': run.config['x']})\n"
    )
    (tmp_path / "controller.py").write_text(textwrap.dedent(CONTROLLER))
    env = environment(shared_server, tmp_path) | {"WANDB_PROJECT": "local-controller", "WANDB_CONSOLE": "off"}
    env |= {"WANDB_ENTITY": shared_server.entity()}
    del env["PYTHONPATH"]  # our own package is for the newest Python environment only
    done = subprocess.run(
        [str(python), "-W", "ignore", "controller.py"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    said = done.stdout + done.stderr + shared_server.log()
    assert done.returncode == 0, said
    sweep = re.search(r"^SWEEP (\w+)$", done.stdout, re.MULTILINE).group(1)
    runs = sweep_facts(shared_server, "local-controller", sweep)["runs"]
    assert [run["state"] for run in runs[:2]] == ["finished", "finished"], (runs, said)
    for run in runs[:2]:
        picked = json.loads(run["config"])["x"]["value"]
        assert 0 <= picked <= 1 and json.loads(run["summaryMetrics"])["loss"] == picked


def test_a_controller_without_its_package_says_what_to_install(shared_server, tmp_path):
    script = """
        import wandb
        tuner = wandb.controller()
        tuner.configure({"method": "random", "parameters": {"x": {"values": [1]}},
                         "controller": {"type": "local"}})
        tuner.create()
        tuner.step()
    """
    done = run_script(shared_server, tmp_path, script, check=False, env={"WANDB_PROJECT": "no-package"})
    assert done.returncode != 0 and "wandb[sweeps]" in done.stderr, done.stderr
