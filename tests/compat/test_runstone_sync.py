"""`runstone sync` of directories that the stock client left: finished, killed, and still growing."""

from __future__ import annotations

import subprocess
import sys

from client import ask, check_synced_run, environment, offline_folder, run_script
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
    return done.stdout + done.stderr


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


LARGE_MANIFEST = """
    import os, sys
    import wandb
    import wandb.sdk.interface.interface as interface
    interface.MANIFEST_FILE_SIZE_THRESHOLD = 2  # not 100,000: the form is the same
    run = wandb.init(project="foreign", id="large", mode="offline", settings=wandb.Settings(x_disable_stats=True))
    os.makedirs("many", exist_ok=True)
    for i in range(150):
        open(f"many/{i}.txt", "w").write(f"file {i}")
    artifact = wandb.Artifact("many", "dataset")
    artifact.add_dir("many")
    artifact.add_reference("http://127.0.0.1:9/far", name="far", checksum=False)
    run.log_artifact(artifact)
    run.finish()
    """


def test_a_manifest_in_a_file_of_its_own_is_sent_with_its_files(shared_server, tmp_path):
    run_script(shared_server, tmp_path, LARGE_MANIFEST)
    (manifest,) = tmp_path.rglob("*.manifest_contents.jl.gz")
    kept = manifest.read_bytes()
    manifest.unlink()
    assert "Bring that file back" in sync(shared_server, tmp_path)
    manifest.write_bytes(kept[: len(kept) // 2])
    assert "was cut or changed" in sync(shared_server, tmp_path)
    manifest.write_bytes(kept)
    sync(shared_server, tmp_path)
    listed = ask(
        shared_server,
        tmp_path,
        "(lambda m: [len(m.entries), m.entries['7.txt'].size, m.entries['far'].ref])"
        "(api.artifact('foreign/many:v0').manifest)",
    )
    assert listed == [151, len("file 7"), "http://127.0.0.1:9/far"]
    assert "Nothing to send" in sync(shared_server, tmp_path)


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
