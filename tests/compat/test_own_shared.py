"""Several processes of our own package that write to one run; stop, and the ends of runs, as a server sees them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from client import environment, run_script, runstone_sync
from test_runs import run_node

WRITER = """
import os, sys, time
import runstone as wandb
rank = int(sys.argv[1])
primary = rank == 0
settings = wandb.Settings(x_label=f"node{rank}", x_primary=primary, x_update_finish_state=primary,
                          x_stats_sampling_interval=0.2)
run = wandb.init(project="shared", id=sys.argv[2], mode="shared", config={f"of{rank}": rank}, settings=settings)
print(f"hello from {rank}")
for i in range(50):
    run.log({"x": i, f"by{rank}": i}, step=i + 100 if i % 2 else None)
"""


def start_writer(server, folder, rank: int, run: str, rest: str, env: dict | None = None) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER + rest, str(rank), run],
        cwd=folder,
        env=environment(server, folder) | (env or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_four_processes_write_to_one_run(shared_server, tmp_path):
    rest = """
try:
    run.step
except wandb.UsageError as error:
    assert "shared mode" in str(error)
else:
    raise AssertionError("a step in shared mode")
assert run.settings.mode == "shared" and run.settings.x_label == f"node{rank}" and not run.offline
time.sleep(0.5)   # some readings of the machine
sys.stdin.readline()
run.finish(exit_code=0 if primary else 3)
"""
    writers = [start_writer(shared_server, tmp_path, rank, "four", rest) for rank in range(4)]
    outputs = {}
    for rank in (3, 2, 1, 0):  # the primary one last: only it may end the run
        outputs[rank] = writers[rank].communicate("go\n", timeout=120)
        assert writers[rank].returncode == 0, outputs[rank]
        if rank != 0:
            assert run_node(shared_server, "shared", "four")["state"] == "running"
    for _, errors in outputs.values():
        assert errors.count("step= is ignored in shared mode") == 1 and "experimental" in errors
    facts = shared_server.run_facts("shared", "four")
    assert facts["state"] == "finished" and len(facts["rows"]) == 200
    assert [row["_step"] for row in facts["rows"]] == list(range(200))
    for rank in range(4):
        assert [row[f"by{rank}"] for row in facts["rows"] if f"by{rank}" in row] == list(range(50))
        assert facts["config"][f"of{rank}"] == {"value": rank}
        assert facts["summary"][f"by{rank}"] == 49
    node = run_node(
        shared_server,
        "shared",
        "four",
        "files(first: 100) { edges { node { name } } } events(samples: 1000) "
        "logLines(first: 1000) { edges { node { line label } } }",
    )
    names = {edge["node"]["name"] for edge in node["files"]["edges"]}
    assert {"config.yaml", "wandb-metadata.json", "output_node0.log", "output_node3.log"} <= names
    assert "output.log" not in names
    lines = [edge["node"]["line"] for edge in node["logLines"]["edges"]]
    for rank in range(4):
        assert sum(f"hello from {rank}" in line for line in lines) == 1, lines
    keys = {key for event in node["events"] for key in json.loads(event)}
    assert {f"system.memory_percent/l:node{rank}" for rank in range(4)} <= keys


def test_a_killed_writer_is_completed_by_sync_without_doubles(server, tmp_path):
    rest = """
print("READY", file=sys.__stdout__, flush=True)
for i in range(50, 2000):
    run.log({"x": i, f"by{rank}": i})
    time.sleep(0.0005)
os.kill(os.getpid(), 9)
"""
    writers = [start_writer(server, tmp_path / str(rank), rank, "killed", rest) for rank in range(2)]
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == -signal.SIGKILL
    for rank in range(2):
        directory = next((tmp_path / str(rank) / "runstone").glob("run-*-killed"))
        for _ in range(2):
            runstone_sync(
                server, tmp_path / str(rank), "--include-online", "--include-synced", str(directory)
            )
    facts = server.run_facts("shared", "killed")
    for rank in range(2):
        assert [row[f"by{rank}"] for row in facts["rows"] if f"by{rank}" in row] == list(range(2000))
    assert [row["_step"] for row in facts["rows"]] == list(range(4000))


def test_a_shared_run_without_a_server_is_recorded_and_sent_later(shared_server, tmp_path):
    env = {"RUNSTONE_BASE_URL": "", "WANDB_BASE_URL": "", "RUNSTONE_API_KEY": "", "WANDB_API_KEY": ""}
    for rank in range(2):
        folder = tmp_path / str(rank)
        folder.mkdir()
        writer = start_writer(shared_server, folder, rank, "later", "\nrun.finish()\n", env)
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors
        [directory] = (folder / "runstone").glob("offline-run-*-later")
        runstone_sync(shared_server, folder, str(directory))
    facts = shared_server.run_facts("shared", "later")
    assert [row["_step"] for row in facts["rows"]] == list(range(100))


STOPPED = """
import sys, time
import runstone
def stop():
    print("STOP", flush=True)
    stopped.append(1)
stopped = []
run = runstone.init(project="ends", id=sys.argv[1], settings=runstone.Settings(x_disable_stats=True{more}))
run.log({{"a": 1}})
print("RUNNING", file=sys.__stdout__, flush=True)
begin = time.monotonic()
while not stopped and time.monotonic() < begin + 60:
    run.log({{"a": 2}})
    time.sleep(0.05)
{after}
"""


@pytest.mark.parametrize(
    ("id", "more", "after", "returncode"),
    [
        ("interrupted", "", "", -signal.SIGINT),
        ("asked", ", stop_fn=stop", "run.finish(exit_code=1)", 0),
    ],
)
def test_X1_stop_interrupts_the_program_or_calls_stop_fn(
    shared_server, tmp_path, id, more, after, returncode
):
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED.format(more=more, after=after), id],
        cwd=tmp_path,
        env=environment(shared_server, tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "RUNNING\n"
    node = run_node(shared_server, "ends", id, "id")
    shared_server.graphql(
        "mutation S($i: StopRunInput!) { stopRun(input: $i) { success } }", i={"id": node["id"]}
    )
    output, errors = process.communicate(timeout=60)
    assert process.returncode == returncode, errors
    assert ("STOP" in output) is (id == "asked")
    assert run_node(shared_server, "ends", id)["state"] == "killed"


STOPPED_LATE = """
import os, signal, sys
import runstone
run = runstone.init(project="ends", id=sys.argv[1], settings=runstone.Settings(x_disable_stats=True))
run.log({"a": 1})
print("RUNNING", file=sys.__stdout__, flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


def test_a_stop_that_is_told_of_when_the_interpreter_has_ended_harms_nothing(shared_server, tmp_path):
    """Its run is delivered behind the end of Python: whoever asks for its lock then crashes."""
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED_LATE, "late"],
        cwd=tmp_path,
        env=environment(shared_server, tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "RUNNING\n"
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    node = run_node(shared_server, "ends", "late", "id")
    shared_server.graphql(
        "mutation S($i: StopRunInput!) { stopRun(input: $i) { success } }", i={"id": node["id"]}
    )
    process.send_signal(signal.SIGCONT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert shared_server.run_facts("ends", "late")["rows"][0]["a"] == 1


@pytest.mark.parametrize(
    ("id", "ending", "state"),
    [
        ("clean", "", "finished"),
        ("failed", "raise ValueError('x')", "failed"),
        ("code3", "run.finish(exit_code=3)", "failed"),
        ("exit0", "sys.exit(0)", "finished"),
        ("exit4", "sys.exit(4)", "failed"),
        ("preempted", "run.mark_preempting(); raise SystemExit(1)", "preempted"),
    ],
)
def test_X1_the_states_on_the_server(shared_server, tmp_path, id, ending, state):
    code = (
        f"import sys, runstone\nrun = runstone.init(project='ends', id='{id}')\nrun.log({{'a': 1}})\n{ending}"
    )
    run_script(shared_server, tmp_path, code, check=False)
    assert run_node(shared_server, "ends", id)["state"] == state


def test_properties_of_an_online_run(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        """
        import runstone
        run = runstone.init(project="p q", id="a=b+c d", entity=None, settings={"sweep_id": "s/1"})
        s = run.settings
        assert s.run_url == run.url and run.url.endswith("/p%20q/runs/a=b+c%20d"), run.url
        assert s.project_url == run.project_url and s.app_url and s.run_mode == "run" and s.mode == "online"
        assert s.sweep_url == run.sweep_url and s.sweep_url.startswith(run.project_url + "/sweeps/")
        assert not run.offline and not run.disabled and run.step == 0 and run.starting_step == 0
        """,
    )


def test_ignored_files_are_not_sent(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        """
        import pathlib, runstone
        run = runstone.init(project="ignored", id="i", settings={"ignore_globs": ["*.txt", "output.log"]})
        for name in ("a.txt", "b.bin"):
            pathlib.Path(name).write_text("x")
            run.save(name, policy="now")
        print("said")
        run.log({"a": 1})
        """,
    )
    node = run_node(shared_server, "ignored", "i", "files(first: 100) { edges { node { name } } }")
    names = {edge["node"]["name"] for edge in node["files"]["edges"]}
    assert "b.bin" in names and not names & {"a.txt", "output.log", "requirements.txt"}, names
