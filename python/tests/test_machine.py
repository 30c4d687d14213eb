"""What a run records of its machine: system metrics and metadata."""

from __future__ import annotations

import os
import textwrap
import time

import pytest
import runstone
from support import journal


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


def test_the_keys_of_a_labelled_writer_name_it(offline, tmp_path):
    run = offline(settings={"x_label": "node1", "x_stats_sampling_interval": 0.1})
    found = wait_for_stats(tmp_path / "runstone", 1)
    run.finish()
    assert {key.rsplit("/l:", 1)[1] for key in found[0]} == {"node1"}


def test_the_memory_and_threads_of_children_count(script, tmp_path):
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
    assert tree["proc.cpu.threads"] > alone["proc.cpu.threads"]


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
