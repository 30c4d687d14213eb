"""Artifacts of our own client when things go wrong: processes die, files vanish, servers go away, disks fill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from client import ask, environment, run_script
from support.server import runstone_bin

FILES = 400
MANY = f"""
import json, os, pathlib, sys, time
import runstone
for i in range({FILES}):
    path = pathlib.Path("in", str(i % 10), f"{{i}}.bin")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(str(i).encode() * 2000)
"""


def stored_objects(server) -> int:
    """Files that the server's object store holds."""
    return sum(1 for path in (server.data / "objects").rglob("*") if path.is_file())


def test_killed_while_files_are_sent_the_rest_goes_by_sync(server, tmp_path):
    script = (
        MANY
        + """
run = runstone.init(project="faults", id="killed")
artifact = runstone.Artifact("many", "dataset")
artifact.add_dir("in")
run.log({"x": 1})
run.log_artifact(artifact)
print("DIR " + run.sync_dir, flush=True)
time.sleep(600)
"""
    )
    path = tmp_path / "script.py"
    path.write_text(script)
    before = stored_objects(server)
    process = subprocess.Popen(
        [sys.executable, str(path)],
        cwd=tmp_path,
        env=environment(server, tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        line = ""
        while not line.startswith("DIR "):
            line = process.stdout.readline()
            assert line, "the program ended"
        folder = line.removeprefix("DIR ").strip()
        deadline = time.monotonic() + 60
        while stored_objects(server) == before and time.monotonic() < deadline:
            time.sleep(0.002)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert stored_objects(server) > before, "nothing was sent before the process was killed"
    done = subprocess.run(
        [runstone_bin(), "sync", folder],
        env=environment(server, tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    script = """
        import pathlib, runstone
        run = runstone.init(project="faults")
        one = run.use_artifact("many:v0")
        root = one.download()
        one.verify()
        files = [p for p in pathlib.Path(root).rglob("*") if p.is_file()]
        assert len(files) == %d, len(files)
        run.finish()
        """
    run_script(server, tmp_path, script % FILES)
    versions = ask(server, tmp_path, "[a.version for a in api.artifacts('dataset', 'faults/many')]")
    assert versions == ["v0"]


def test_a_server_that_goes_away_gets_the_artifact_when_it_is_back(server, tmp_path):
    path = tmp_path / "script.py"
    path.write_text(
        MANY
        + """
run = runstone.init(project="faults", id="away")
print("STARTED", flush=True)
sys.stdin.readline()
artifact = runstone.Artifact("many", "dataset")
artifact.add_dir("in")
run.log_artifact(artifact)
try:
    artifact.wait(timeout=0.3)
except runstone.errors.WaitTimeoutError:
    print("TIMEOUT", flush=True)
artifact.wait(timeout=60)
assert artifact.version == "v0"
run.finish()
"""
    )
    process = subprocess.Popen(
        [sys.executable, str(path)],
        cwd=tmp_path,
        env=environment(server, tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "STARTED" in process.stdout.readline()
    server.kill()
    process.stdin.write("\n")
    process.stdin.flush()
    assert "TIMEOUT" in process.stdout.readline()
    server.start()
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err


def test_a_file_that_vanishes_costs_its_artifact_only(shared_server, tmp_path):
    done = run_script(
        shared_server,
        tmp_path,
        """
        import os, pathlib, runstone
        run = runstone.init(project="faults", id="vanished")
        pathlib.Path("here.txt").write_text("content that no server has")
        a = runstone.Artifact("gone", "dataset")
        a.add_file("here.txt", policy="immutable")
        os.remove("here.txt")
        run.log_artifact(a)
        try:
            a.wait()
        except ValueError as error:
            assert "here.txt" in str(error), error
        else:
            raise AssertionError("it was sent")
        b = runstone.Artifact("fine", "dataset")
        with b.new_file("x") as file:
            file.write("x")
        run.log_artifact(b).wait()
        assert b.version == "v0"
        run.log({"x": 1})
        run.finish()
        """,
    )
    assert "gone" in done.stderr, "told at finish"


def test_two_processes_download_into_one_cache_and_one_folder(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        MANY
        + """
run = runstone.init(project="faults-two", id="maker")
artifact = runstone.Artifact("many", "dataset")
artifact.add_dir("in")
with artifact.new_file("large.bin", "wb") as file:
    file.write(os.urandom(20_000_000))
run.log_artifact(artifact).wait()
run.finish()
""",
    )
    script = tmp_path / "download.py"
    script.write_text(
        """
import sys, runstone
run = runstone.init(project="faults-two", settings={"console": "off"})
one = run.use_artifact("many")
one.download(root="shared")
if "verify" in sys.argv:
    one.verify("shared")
run.finish()
"""
    )
    env = environment(shared_server, tmp_path) | {"RUNSTONE_CACHE_DIR": str(tmp_path / "one-cache")}
    both = [
        subprocess.Popen(
            [sys.executable, str(script)], cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in both:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    subprocess.run([sys.executable, str(script), "verify"], cwd=tmp_path, env=env, check=True)
    left = [p.name for p in (tmp_path / "shared").rglob("*") if p.is_file() and ".runstone-" in p.name]
    assert left == [] and list((tmp_path / "one-cache/artifacts/tmp").iterdir()) == []


def test_ctrl_c_ends_a_wait(server, tmp_path):
    """The server is stopped: only the signal can end the wait."""
    path = tmp_path / "script.py"
    path.write_text(
        """
import os, sys, runstone
run = runstone.init(project="faults", id="interrupted")
print("STARTED", flush=True)
sys.stdin.readline()
artifact = runstone.Artifact("a", "dataset")
with artifact.new_file("x") as file:
    file.write("x")
run.log_artifact(artifact)
try:
    print("WAITING", flush=True)
    artifact.wait()
except KeyboardInterrupt:
    print("INTERRUPTED", flush=True)
os._exit(0)
"""
    )
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, str(path)],
        cwd=tmp_path,
        env=environment(server, tmp_path),
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
    )
    assert "STARTED" in process.stdout.readline()
    os.kill(server.pid, signal.SIGSTOP)
    try:
        process.stdin.write("\n")
        process.stdin.flush()
        assert "WAITING" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    assert "INTERRUPTED" in out, out + err


def test_a_cache_without_room_is_done_without(shared_server, tmp_path):
    """A file system of 1 MB for the cache, in a mount namespace of its own."""
    run_script(
        shared_server,
        tmp_path,
        """
        import os, runstone
        run = runstone.init(project="faults-full", id="maker")
        artifact = runstone.Artifact("large", "dataset")
        with artifact.new_file("large.bin", "wb") as file:
            file.write(os.urandom(5_000_000))
        run.log_artifact(artifact).wait()
        run.finish()
        """,
    )
    script = tmp_path / "download.py"
    script.write_text(
        """
import os, runstone
run = runstone.init(project="faults-full", settings={"console": "off"})
one = run.use_artifact("large")
one.verify(one.download(root="got"))
os.environ["RUNSTONE_DATA_DIR"] = os.environ["RUNSTONE_CACHE_DIR"] + "/data"
try:
    runstone.Artifact("x", "t").add_file("got/large.bin")
except OSError as error:
    assert error.errno == 28, error
else:
    raise AssertionError("a copy fitted")
run.log({"x": 1})
run.finish()
"""
    )
    small = tmp_path / "small"
    small.mkdir()
    env = environment(shared_server, tmp_path) | {"RUNSTONE_CACHE_DIR": str(small)}
    shell = f'mount -t tmpfs -o size=1m small "{small}" && exec "{sys.executable}" "{script}"'
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", shell],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the artifact cache cannot be written" in done.stderr
