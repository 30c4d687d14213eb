"""The smaller members of Run: save, alert, status, mark_preempting, display, finish."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import runstone
from support import journal


@pytest.fixture
def run(offline):
    return offline()


def records(run) -> list:
    return list(journal.records(journal.find(Path(run.sync_dir))))


def names(run, paths) -> list[str]:
    return [os.path.relpath(path, run.dir) for path in paths]


@pytest.fixture
def files(tmp_path):
    for name in ("these/are/f/a.txt", "these/are/f/b.txt", "files/1/saveme.txt", "files/2/saveme.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def test_SV1_files_appear_at_their_path_below_the_base(run, files):
    assert names(run, run.save("these/are/f/*")) == ["these/are/f/a.txt", "these/are/f/b.txt"]
    assert names(run, run.save("these/are/f/*", base_path="these")) == ["are/f/a.txt", "are/f/b.txt"]
    assert names(run, run.save(f"{files}/these/are/f/*.txt")) == ["f/a.txt", "f/b.txt"]
    assert names(run, run.save(files / "these/are/f/a.txt", base_path=files / "these")) == ["are/f/a.txt"]
    assert names(run, run.save(b"files/*/saveme.txt")) == ["files/1/saveme.txt", "files/2/saveme.txt"]
    assert Path(run.dir, "f/b.txt").read_text() == "these/are/f/b.txt"
    assert run.save("nothing/*") == []


@pytest.mark.parametrize(
    "arguments, kind, words",
    [
        (("files/*", None, "never"), ValueError, '"live", "end" and "now"'),
        (("these/*", "files"), ValueError, "may not walk above the base path"),
        (("files/*", None, None), ValueError, '"live", "end" and "now"'),
        (("files", "files"), ValueError, "base path"),
        (("these/*", None, 3), ValueError, '"live", "end" and "now"'),
        (("..",), ValueError, "may not walk above the base path"),
        (("",), ValueError, "a path or a pattern"),
        ((None,), TypeError, "glob_str must be a path .* not NoneType"),
        ((3,), TypeError, "not int"),
        (("files/*", 3), TypeError, "base_path must be a path .* not int"),
    ],
)
def test_SV2_wrong_input_is_refused(run, files, arguments, kind, words):
    with pytest.raises(kind, match=words):
        run.save(*arguments)


def test_SV1_no_base_path_is_the_working_directory(run, files):
    assert names(run, run.save("these/are/f/a.txt", base_path="")) == ["these/are/f/a.txt"]
    assert Path(run.dir, "these/are/f/a.txt").read_text() == "these/are/f/a.txt"


def test_SV1_files_inside_of_the_runs_folder_are_taken_like_others(run):
    Path(run.dir, "own.txt").write_text("own")
    assert names(run, run.save(os.path.join(run.dir, "own.txt"), base_path=run.dir)) == ["own.txt"]
    assert names(run, run.save(os.path.join(run.dir, "own.txt"))) == ["files/own.txt"]  # one folder is kept
    assert Path(run.dir, "files/own.txt").read_text() == "own"
    run.finish()
    assert {f.path for r in records(run) for f in r.files.files} >= {"own.txt", "files/own.txt"}


def test_SV1_a_folder_that_holds_the_run_is_left_out_with_a_warning(files, capfd):
    run = runstone.init(mode="offline", settings={"silent": False})
    taken = names(run, run.save("*"))
    assert {"files", "these"} <= set(taken) and "runstone" not in taken
    assert "it holds the run's own files" in capfd.readouterr().err


def test_SV2_what_is_no_file_is_left_out_with_a_warning(tmp_path, capfd):
    os.mkfifo(tmp_path / "pipe")  # to read it would wait for ever
    (tmp_path / "plain").write_text("x")
    run = runstone.init(mode="offline", settings={"silent": False})
    assert names(run, run.save("p*")) == ["plain"]
    assert "save() leaves out" in capfd.readouterr().err


def test_SV2_a_name_that_is_no_text_is_refused_and_nothing_is_placed(run, tmp_path):
    for name in (b"a.txt", b"b\xff.txt"):
        with open(os.path.join(os.fsencode(tmp_path), name), "w") as file:
            file.write("x")
    with pytest.raises(ValueError, match=r"rename '.*b\?.txt'"):
        run.save("*.txt")
    assert "a.txt" not in os.listdir(run.dir)
    with pytest.raises(ValueError):
        run.save("b\udcff.txt")
    assert names(run, run.save("a*")) == ["a.txt"]


def test_SV2_cloud_addresses_are_told_and_give_nothing(run):
    assert run.save("s3://bucket/x") == [] and run.save("gs://bucket/x") == []


def test_SV2_a_literal_path_may_hold_pattern_characters(run, tmp_path):
    (tmp_path / "my[1].txt").write_text("x")
    assert names(run, run.save("my[1].txt", glob=False)) == ["my[1].txt"]
    assert run.save("my[1].txt") == []


def test_SV3_appending_to_the_source_changes_the_stored_file(run, files):
    [path] = run.save("files/1/saveme.txt", policy="live")
    with open(files / "files/1/saveme.txt", "a") as source:
        source.write(" and more")
    assert Path(path).read_text() == "files/1/saveme.txt and more"


def test_AL1_an_alert_is_recorded(run):
    run.alert("Low accuracy", "acc 0.3", level=runstone.AlertLevel.WARN, wait_duration=300)
    run.alert("t", "x", level="ERROR", wait_duration=timedelta(minutes=2))
    run.alert("t", "x")
    run.alert("t", "x", wait_duration=np.int64(5))
    for wrong, kind in (
        ({"level": "warn"}, ValueError),
        ({"level": ""}, ValueError),
        ({"level": "\ud800"}, ValueError),
        ({"wait_duration": True}, TypeError),
        ({"wait_duration": [5]}, TypeError),
        ({"wait_duration": float("nan")}, ValueError),
        ({"text": "\ud800"}, UnicodeEncodeError),
        ({"level": 3}, ValueError),
        ({"wait_duration": "5"}, TypeError),
        ({"wait_duration": -5}, ValueError),
        ({"title": None}, TypeError),
        ({"text": 5}, TypeError),
    ):
        with pytest.raises(kind):
            run.alert(**{"title": "t", "text": "x", **wrong})
    run.finish()
    told = [(r.alert.level, r.alert.wait_duration) for r in records(run) if r.HasField("alert")]
    assert told == [("WARN", 300_000), ("ERROR", 120_000), ("INFO", 60_000), ("INFO", 5_000)]


def test_AL1_a_long_title_is_told_and_kept(tmp_path, capfd):
    run = runstone.init(mode="offline", settings={"silent": False})
    run.alert("t" * 65, "x")
    assert "up to 64 characters" in capfd.readouterr().err
    run.finish()
    assert [r.alert.title for r in records(run) if r.HasField("alert")] == ["t" * 65]


def test_ST1_the_status_of_an_offline_run_is_all_zero(run):
    run.log({"a": 1})
    status = run.status()
    assert (status.sync_items_total, status.sync_items_pending, status.sync_time) == (0, 0, None)


def test_MP1_preemption_is_recorded(run):
    run.mark_preempting()
    run.finish(1)
    assert sum(r.HasField("preempting") for r in records(run)) == 1


def test_DI1_outside_of_a_notebook_nothing_is_displayed(run):
    assert run.display(height=300) is False
    for height in ("300", 1.5, None):
        with pytest.raises(TypeError, match="height must be an int"):
            run.to_html(height)
    assert "not online" in run.to_html()


def test_FI1_the_exit_code_is_recorded_and_a_second_finish_does_nothing(run):
    assert run.finish(exit_code=3, quiet=True) is None
    assert run.finish(exit_code=0) is None
    assert [r.exit.exit_code for r in records(run) if r.HasField("exit")] == [3]


@pytest.mark.parametrize(
    ("code", "kind"),
    [("3", TypeError), (1.5, TypeError), ([1], TypeError), (2**40, ValueError), (-(2**40), ValueError)],
)
def test_FI1_an_exit_code_that_is_none_raises_and_the_run_goes_on(run, code, kind):
    with pytest.raises(kind, match="exit_code"):
        run.finish(exit_code=code)
    run.log({"a": 1})
    run.finish(np.int64(4))
    assert [r.exit.exit_code for r in records(run) if r.HasField("exit")] == [4]
    assert len(journal.rows(journal.find(run.sync_dir))) == 1


def test_pinned_keys_are_in_the_config(run):
    run.pin_config_keys(["lr", "a.b"])
    assert run._config_all_with_private()["_wandb"]["pinned_keys"] == ["lr", "a.b"]


FINISHED = {
    "log": ({"a": 1},),
    "save": ("*",),
    "define_metric": ("a",),
    "alert": ("t", "x"),
    "mark_preempting": (),
    "status": (),
    "log_artifact": ("a",),
    "use_artifact": ("a",),
    "link_artifact": ("a", "b"),
    "log_model": ("a",),
    "use_model": ("a",),
    "link_model": ("a", "b"),
    "upsert_artifact": ("a",),
    "finish_artifact": ("a",),
    "log_code": (),
}


@pytest.mark.parametrize("method", FINISHED)
def test_F0_after_finish_a_method_raises_usage_error(run, method):
    run.finish()
    with pytest.raises(runstone.UsageError, match=f"is finished. The call to `{method}` will be ignored"):
        getattr(run, method)(*FINISHED[method])


@pytest.mark.parametrize("method", FINISHED)
def test_F0_after_finish_no_argument_is_looked_at(run, method):
    run.finish()
    wrong = tuple(object() for _ in FINISHED[method])
    with pytest.raises(runstone.UsageError, match="is finished"):
        getattr(run, method)(*wrong)
    for change in (
        lambda: setattr(run, "tags", [""]),
        lambda: run.summary.update({}),
        lambda: run.config.update({}),
    ):
        with pytest.raises(runstone.UsageError, match="is finished"):
            change()


def test_F0_after_finish_nothing_can_be_set_and_facts_can_be_read(run):
    run.log({"a": 1})
    run.finish()
    for change in (
        lambda: setattr(run, "name", "n"),
        lambda: setattr(run, "notes", "n"),
        lambda: setattr(run, "tags", ("t",)),
        lambda: run.config.update({"a": 1}),
        lambda: run.summary.update({"a": 1}),
    ):
        with pytest.raises(runstone.UsageError):
            change()
    assert run.finish() is None and run.display() is False and run.write_logs("x") is None
    assert run.project == "p" and os.path.isdir(run.dir)


def test_D1_every_method_of_a_disabled_run_does_nothing(tmp_path):
    run = runstone.init(mode="disabled")
    assert run.save("*") is False and run.display() is False and isinstance(run.to_html(), str)
    for method, arguments in FINISHED.items():
        if method not in ("save", "define_metric", "log_artifact"):
            assert getattr(run, method)(*arguments) is None, method
    run.summary["nested"] = {"a": 1}
    run.write_logs("x")
    run.pin_config_keys(["a"])
    run.finish()
    assert list(tmp_path.iterdir()) == []
