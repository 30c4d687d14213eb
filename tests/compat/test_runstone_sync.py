"""`runstone sync` of directories that the stock client left: finished, killed, and still growing."""

from __future__ import annotations

import subprocess
import sys

from client import check_synced_run, environment, offline_folder, run_script
from support.server import runstone_bin

SCRIPT = """
    import os, signal, sys
    import wandb
    run = wandb.init(project="foreign", id="{run}", mode="offline", config={{"lr": 0.5}},
                     settings=wandb.Settings(x_disable_stats=True))
    for i in range(200):
        run.log({{"loss": 1 / (i + 1), "nested": {{"a": i}}}})
    open("note.txt", "w").write("a file")
    run.save("note.txt")
    print("offline line")
    {end}
    """


def sync(server, folder, *arguments: str) -> str:
    command = [runstone_bin(), "sync", *arguments, str(offline_folder(folder))]
    done = subprocess.run(
        command, env=environment(server, folder), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check(server, run: str, state: str) -> None:
    check_synced_run(server, "foreign", run, state)


def test_a_finished_run_of_the_stock_client_is_sent_once(shared_server, tmp_path):
    run_script(shared_server, tmp_path, SCRIPT.format(run="done", end="run.finish()"))
    sync(shared_server, tmp_path)
    check(shared_server, "done", "finished")
    assert "Nothing to send" in sync(shared_server, tmp_path)
    sync(shared_server, tmp_path, "--include-synced")
    check(shared_server, "done", "finished")
    run = shared_server.graphql(
        """{ project(name: "foreign") { run(name: "done") { exitCode
             files { edges { node { name sizeBytes } } } logLines { edges { node { line } } } } } }"""
    )["project"]["run"]
    files = {edge["node"]["name"]: edge["node"]["sizeBytes"] for edge in run["files"]["edges"]}
    assert run["exitCode"] == 0
    assert files["note.txt"] == len("a file")
    assert "offline line" in [edge["node"]["line"] for edge in run["logLines"]["edges"]]


def test_a_failed_run_of_the_stock_client_is_failed(shared_server, tmp_path):
    run_script(shared_server, tmp_path, SCRIPT.format(run="failed", end="run.finish(exit_code=4)"))
    sync(shared_server, tmp_path)
    check(shared_server, "failed", "failed")


def test_a_growing_run_of_the_stock_client_is_followed_to_its_end(shared_server, tmp_path):
    """It takes no lock on its journal: that it is still open for writing is what tells."""
    path = tmp_path / "script.py"
    end = 'print("LOGGED", flush=True); sys.stdin.readline(); run.finish()'
    script = "\n".join(line[4:] for line in SCRIPT.format(run="growing", end=end).splitlines())
    path.write_text(script)
    env = environment(shared_server, tmp_path)
    pipe = subprocess.PIPE
    training = subprocess.Popen(
        [sys.executable, str(path)], cwd=tmp_path, env=env, stdin=pipe, stdout=pipe, text=True
    )
    try:
        while training.stdout.readline() != "LOGGED\n":
            assert training.poll() is None
        command = [runstone_bin(), "sync", str(offline_folder(tmp_path))]
        following = subprocess.Popen(command, env=env, stdout=pipe, text=True)
        assert "a process is writing it" in following.stdout.readline()
        training.communicate("go\n", timeout=60)
        following.communicate(timeout=60)
        assert following.returncode == 0
    finally:
        training.kill()
        training.wait()
    check(shared_server, "growing", "finished")
