"""What a run records of its machine: system metrics and metadata."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
import runstone
from google.protobuf import json_format
from support import journal
from wandb.proto import wandb_internal_pb2 as pb


def stats(folder) -> list[dict[str, float]]:
    """The records of system metrics, oldest first."""
    found = [record.stats for record in journal.records(journal.find(folder)) if record.HasField("stats")]
    return [{item.key: float(item.value_json) for item in record.item} for record in found]


def wait_for_stats(folder, count: int) -> list[dict[str, float]]:
    deadline = time.monotonic() + 30
    while len(found := stats(folder)) < count:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


KEYS = {
    "memory_percent",
    "proc.memory.availableMB",
    "proc.memory.rssMB",
    "proc.memory.percent",
    "proc.cpu.threads",
    "disk./.usagePercent",
    "disk./.usageGB",
    "network.sent",
    "network.recv",
    "network.tcpRetransmits",
}


def test_system_metrics_are_recorded_at_once_and_then_at_the_interval(offline, tmp_path):
    run = offline(settings={"x_stats_sampling_interval": 0.1})
    found = wait_for_stats(tmp_path / "runstone", 3)
    run.finish()
    assert set(found[0]) >= KEYS
    assert "cpu" not in found[0]  # a share of time needs two moments
    assert set(found[1]) >= KEYS | {"cpu", "cpu.0.cpu_percent"}
    assert found[1]["proc.memory.rssMB"] > 10
    assert 0 < found[1]["memory_percent"] < 100


def test_the_cores_and_devices_of_a_sample_are_those_of_the_machine(offline, tmp_path):
    run = offline(settings={"x_stats_sampling_interval": 0.1, "x_stats_disk_paths": ["/", str(tmp_path)]})
    found = wait_for_stats(tmp_path / "runstone", 2)
    run.finish()
    cores = {key for key in found[1] if key.endswith(".cpu_percent")}
    assert len(cores) == os.cpu_count()
    assert f"disk.{tmp_path}.usageGB" in found[1]


@pytest.mark.parametrize("setting", ["x_disable_stats", "x_disable_machine_info"])
def test_no_system_metrics_where_they_are_switched_off(offline, tmp_path, setting):
    run = offline(settings={setting: True, "x_stats_sampling_interval": 0.1})
    threads = set(os.listdir("/proc/self/task"))
    run.log({"a": 1})
    run.finish()
    assert stats(tmp_path / "runstone") == []
    assert threads >= set(os.listdir("/proc/self/task"))


def test_an_interval_below_a_tenth_of_a_second_is_refused(offline):
    with pytest.raises(runstone.UsageError, match="at least 0.1"):
        offline(settings={"x_stats_sampling_interval": 0.05})


@pytest.mark.parametrize(
    "wrong",
    [{"console_chunk_max_bytes": -1}, {"x_stats_gpu_device_ids": "0"}, {"x_stats_gpu_device_ids": [-1]}],
)
def test_settings_that_make_no_sense_are_refused(offline, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        offline(settings=wrong)


def test_the_keys_of_a_labelled_writer_name_it(offline, tmp_path):
    run = offline(settings={"x_label": "node1", "x_stats_sampling_interval": 0.1})
    found = wait_for_stats(tmp_path / "runstone", 1)
    run.finish()
    assert {key.rsplit("/l:", 1)[1] for key in found[0]} == {"node1"}


def test_the_memory_of_children_counts(script, tmp_path):
    done = script(
        textwrap.dedent("""
        import os, signal, subprocess, sys, time
        import runstone
        child = subprocess.Popen(
            [sys.executable, "-c",
             "import sys; held = bytearray(b'x') * (300 << 20); print('held', flush=True); sys.stdin.read()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        child.stdout.readline()
        def one(project, settings):
            run = runstone.init(project=project, mode="offline", dir=project,
                                settings={"x_stats_sampling_interval": 0.1, **settings})
            path = run.sync_dir + f"/run-{run.id}.wandb"
            while b"proc.memory.rssMB" not in open(path, "rb").read():
                time.sleep(0.01)
            run.finish()
        os.mkdir("tree"); os.mkdir("alone")
        one("tree", {})
        one("alone", {"x_stats_track_process_tree": False})
        child.communicate()
        """)
    )
    assert done.returncode == 0, done.stderr
    tree, alone = stats(tmp_path / "tree")[0], stats(tmp_path / "alone")[0]
    assert tree["proc.memory.rssMB"] > alone["proc.memory.rssMB"] + 250


def test_a_forked_child_samples_nothing_and_the_parent_goes_on(offline, tmp_path):
    run = offline(settings={"x_stats_sampling_interval": 0.1})
    wait_for_stats(tmp_path / "runstone", 1)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            run.log({"child": 1})
            code = len(os.listdir("/proc/self/task")) - 1
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    before = len(stats(tmp_path / "runstone"))
    wait_for_stats(tmp_path / "runstone", before + 2)
    run.finish()
    assert stats(tmp_path / "runstone")


def test_runs_of_one_process_sample_for_themselves(tmp_path):
    first = runstone.init(
        project="p", mode="offline", dir=tmp_path / "a", settings={"x_stats_sampling_interval": 0.1}
    )
    second = runstone.init(
        project="p",
        mode="offline",
        dir=tmp_path / "b",
        reinit="create_new",
        settings={"x_disable_stats": True},
    )
    third = runstone.init(
        project="p",
        mode="offline",
        dir=tmp_path / "c",
        reinit="create_new",
        settings={"x_stats_sampling_interval": 0.2},
    )
    wait_for_stats(tmp_path / "a", 3)
    wait_for_stats(tmp_path / "c", 2)
    for run in (first, second, third):
        run.finish()
    assert stats(tmp_path / "b") == []


# --- metadata ---------------------------------------------------------------------------------------


def environment(folder) -> dict:
    """The environment records of a run's log, merged as a reader merges them, as JSON."""
    merged = pb.EnvironmentRecord()
    for record in journal.records(journal.find(folder)):
        if record.HasField("environment"):
            merged.MergeFrom(record.environment)
    return json_format.MessageToDict(merged, preserving_proto_field_name=True)


def announced(folder) -> set[str]:
    """Names of the files that the run's log tells of."""
    return {file.path for record in journal.records(journal.find(folder)) for file in record.files.files}


def git(folder, *arguments: str) -> str:
    command = ["git", "-c", "user.name=n", "-c", "user.email=e@x", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A repository with a committed training script; the tests run in its folder."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "train.py").write_text(TRAIN)
    (tmp_path / "f.txt").write_text("a\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "sub/train.py", "f.txt")
    git(tmp_path, "commit", "-qm", "first")
    git(tmp_path, "remote", "add", "origin", "https://user:secret@example.com/x/y.git")
    return tmp_path


TRAIN = """
import json, sys
import runstone
run = runstone.init(project="p", mode="offline", dir=sys.argv[1], **json.loads(sys.argv[2]))
run.log({"a": 1})
run.finish()
print(run.dir)
"""


def train(
    repository, *, cwd: str = ".", out: str = "out", init: dict | None = None, **variables: str
) -> Path:
    """Runs sub/train.py; gives the run's folder of files."""
    (repository / out).mkdir(exist_ok=True)
    script = os.path.relpath(repository / "sub" / "train.py", repository / cwd)
    done = subprocess.run(
        [sys.executable, script, str(repository / out), json.dumps(init or {})],
        cwd=repository / cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip().splitlines()[-1])


def test_metadata_has_program_machine_and_repository(repository):
    files = train(
        repository,
        cwd="sub",
        SLURM_JOB_ID="12",
        WANDB_DOCKER="image:1",
        WANDB_USER_EMAIL="q@r",
        init={"settings": {"host": "h", "username": "u"}},
    )
    facts = json.loads((files / "wandb-metadata.json").read_text())
    assert facts["program"] == str(repository / "sub" / "train.py")
    assert (facts["codePath"], facts["codePathLocal"]) == ("sub/train.py", "train.py")
    assert facts["root"] == str(repository / "sub")
    assert facts["python"].startswith("CPython 3.") and facts["os"].startswith("Linux-")
    assert facts["args"][0] == str(repository / "out")
    assert (facts["host"], facts["username"], facts["email"], facts["docker"]) == ("h", "u", "q@r", "image:1")
    assert facts["slurm"] == {"job_id": "12"}
    assert facts["git"] == {
        "remote": "https://example.com/x/y.git",  # what was before the @ is a secret
        "commit": git(repository, "rev-parse", "HEAD"),
    }
    assert facts["executable"] == sys.executable
    assert 1 <= facts["cpu_count"] <= facts["cpu_count_logical"] == os.cpu_count()
    assert facts["cpu"]["model"]
    disk = os.statvfs("/")
    assert facts["disk"]["/"]["total"] == str(disk.f_blocks * disk.f_frsize)
    assert int(facts["memory"]["total"]) == psutil.virtual_memory().total
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", facts["startedAt"])
    assert len(facts["writerId"]) == 36
    assert "wandb-metadata.json" in announced(repository / "out")
    recorded = environment(repository / "out")
    assert recorded["git"]["commit"] == facts["git"]["commit"]
    assert (recorded["code_path"], recorded["writer_id"]) == ("sub/train.py", facts["writerId"])
    assert recorded["memory"]["total"] == facts["memory"]["total"]


def test_settings_name_another_commit_remote_and_root(repository):
    files = train(repository, WANDB_GIT_COMMIT="abc", WANDB_GIT_REMOTE_URL="ssh://other/z")
    assert json.loads((files / "wandb-metadata.json").read_text())["git"] == {
        "remote": "ssh://other/z",
        "commit": "abc",
    }
    git(repository, "remote", "add", "second", "git@example.com:second.git")
    files = train(repository, out="named", init={"settings": {"git_remote": "second"}})
    assert (
        json.loads((files / "wandb-metadata.json").read_text())["git"]["remote"]
        == "git@example.com:second.git"
    )


def test_disable_git_keeps_everything_of_the_repository_out(repository):
    (repository / "f.txt").write_text("changed\n")
    files = train(repository, init={"settings": {"disable_git": True}})
    facts = json.loads((files / "wandb-metadata.json").read_text())
    assert "git" not in facts
    assert facts["codePath"] == "sub/train.py"  # from the working directory
    assert not (files / "diff.patch").exists()


def test_uncommitted_and_unpushed_changes_are_patches(repository):
    git(repository, "clone", "-q", ".", "clone")
    clone = repository / "clone"
    upstream = git(clone, "rev-parse", "HEAD")
    (clone / "f.txt").write_text("committed\n")
    git(clone, "commit", "-qam", "mine")
    (clone / "f.txt").write_text("not committed\n")
    files = train(clone)
    patches = {name: (files / name).read_text() for name in ("diff.patch", f"diff_{upstream}.patch")}
    assert "-committed\n+not committed\n" in patches["diff.patch"]
    assert "-a\n+not committed\n" in patches[f"diff_{upstream}.patch"]
    assert set(patches) <= announced(clone / "out")


def test_no_changes_no_patch(repository):
    assert not (train(repository) / "diff.patch").exists()
    assert not any("patch" in name for name in announced(repository / "out"))


@pytest.mark.parametrize("setting", ["x_disable_meta", "x_disable_machine_info"])
def test_metadata_is_not_collected_where_it_is_switched_off(repository, setting):
    files = train(repository, init={"settings": {setting: True}})
    assert not (files / "wandb-metadata.json").exists()
    assert environment(repository / "out") == {}
    assert (files / "requirements.txt").exists()


def test_a_writer_that_is_not_the_primary_keeps_no_such_files(repository):
    (repository / "f.txt").write_text("changed\n")
    files = train(repository, init={"save_code": True, "settings": {"x_primary": False, "x_label": "n1"}})
    kept = {str(path.relative_to(files)) for path in files.rglob("*") if path.is_file()}
    assert not kept & {"wandb-metadata.json", "requirements.txt", "diff.patch", "code/sub/train.py"}
    assert environment(repository / "out")["git"]["commit"]


def test_a_git_that_hangs_holds_up_neither_init_nor_finish_for_long(repository, tmp_path):
    (repository / "f.txt").write_text("changed\n")
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexec sleep 600\n")
    fake.chmod(0o755)
    started = time.monotonic()
    files = train(repository, PATH=f"{fake.parent}:{os.environ['PATH']}", RUNSTONE_SILENT="false")
    assert time.monotonic() - started < 25
    assert json.loads((files / "wandb-metadata.json").read_text())["git"]["commit"]


def test_requirements_are_the_installed_packages(offline, tmp_path):
    run = offline()
    run.finish()
    lines = (Path(run.dir) / "requirements.txt").read_text().splitlines()
    assert f"psutil=={psutil.__version__}" in lines
    again = offline(settings={"x_save_requirements": False})
    again.finish()
    assert not (Path(again.dir) / "requirements.txt").exists()


# --- code -------------------------------------------------------------------------------------------


def config_code_path(folder) -> str | None:
    """`_wandb.code_path` as the run's log has it."""
    found = None
    for record in journal.records(journal.find(folder)):
        for part in (record.run.config, record.config):
            for item in part.update:
                if (item.key or item.nested_key[0]) != "_wandb":
                    continue
                value = json.loads(item.value_json)
                if list(item.nested_key) == ["_wandb", "code_path"]:
                    found = value
                elif isinstance(value, dict):
                    found = value.get("code_path", found)
    return found


def test_save_code_keeps_the_main_script(repository):
    files = train(repository, cwd="sub", init={"save_code": True})
    assert (files / "code" / "sub" / "train.py").read_text() == TRAIN
    assert "code/sub/train.py" in announced(repository / "out")
    assert config_code_path(repository / "out") == "code/sub/train.py"


@pytest.mark.parametrize(
    ("init", "variables", "saved"),
    [
        ({}, {}, False),
        ({}, {"WANDB_SAVE_CODE": "true"}, True),
        ({"settings": {"save_code": True}}, {}, True),
        ({"save_code": False}, {"WANDB_SAVE_CODE": "true"}, False),
        ({"save_code": True}, {"WANDB_DISABLE_CODE": "true"}, False),
        ({"save_code": True, "settings": {"disable_code": True}}, {}, False),
    ],
)
def test_who_decides_whether_code_is_saved(repository, init, variables, saved):
    (repository / "f.txt").write_text("changed\n")
    files = train(repository, init=init, **variables)
    assert (files / "code" / "sub" / "train.py").exists() is saved
    assert (config_code_path(repository / "out") is not None) is saved
    disabled = "WANDB_DISABLE_CODE" in variables or init.get("settings", {}).get("disable_code")
    assert (files / "diff.patch").exists() is not bool(disabled)


def test_code_dir_is_saved_as_an_artifact(repository):
    (repository / "lib").mkdir()
    (repository / "lib" / "model.py").write_text("x = 1\n")
    (repository / "lib" / "notes.txt").write_text("no code\n")
    train(repository, init={"save_code": True, "settings": {"code_dir": "lib"}})
    artifacts = [
        r.artifact for r in journal.records(journal.find(repository / "out")) if r.HasField("artifact")
    ]
    assert [(a.type, [entry.path for entry in a.manifest.contents]) for a in artifacts] == [
        ("code", ["model.py"])
    ]
    assert config_code_path(repository / "out") == artifacts[0].name


def test_a_script_outside_of_the_working_directory_is_not_saved(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "train.py").write_text(TRAIN)
    files = train(tmp_path, cwd="elsewhere", init={"save_code": True})
    assert not (files / "code").exists()
    facts = json.loads((files / "wandb-metadata.json").read_text())
    assert "codePath" not in facts


def test_a_script_that_is_gone_is_told_and_costs_only_itself(repository):
    (repository / "sub" / "train.py").write_text("import os; os.unlink(__file__)\n" + TRAIN)
    files = train(repository, init={"save_code": True})
    assert not (files / "code").exists()
    assert (files / "wandb-metadata.json").exists()


NOTEBOOK = """
import json, os, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()  # what a notebook's kernel is made of; no terminal's
shell.run_cell("import runstone", store_history=True)
shell.run_cell("run = runstone.init(project='p', mode='offline', save_code=True)", store_history=True)
shell.run_cell("x = 1 + 1\\nx", store_history=True)
shell.run_cell("print('printed in a cell')", store_history=True)
shell.run_cell("run.finish()", store_history=True)
print(shell.user_ns["run"].dir)
"""


def test_a_notebooks_cells_and_file_are_saved(script, tmp_path):
    (tmp_path / "book.ipynb").write_text('{"cells": []}')
    done = script(
        NOTEBOOK, JPY_SESSION_NAME=str(tmp_path / "book.ipynb"), IPYTHONDIR=str(tmp_path / "ipython")
    )
    assert done.returncode == 0, done.stderr
    files = Path(done.stdout.splitlines()[-1])
    history = json.loads((files / "code" / "_session_history.ipynb").read_text())
    assert history["nbformat"] == 4
    sources = [cell["source"] for cell in history["cells"]]
    assert sources[:3] == [
        "import runstone",
        "run = runstone.init(project='p', mode='offline', save_code=True)",
        "x = 1 + 1\nx",
    ]
    assert history["cells"][2]["outputs"][0]["text"] == "2"
    assert (files / "code" / "book.ipynb").read_text() == '{"cells": []}'
    assert {"code/_session_history.ipynb", "code/book.ipynb"} <= announced(tmp_path / "runstone")
    assert config_code_path(tmp_path / "runstone") == "code/book.ipynb"
    facts = json.loads((files / "wandb-metadata.json").read_text())
    assert facts["program"] == str(tmp_path / "book.ipynb")
    assert "printed in a cell" in (files / "output.log").read_text()
