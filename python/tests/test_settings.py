"""Settings: every field of the reference, where values come from, and what they do."""

from __future__ import annotations

import json
import os
import pickle
import stat
from pathlib import Path

import pytest
import runstone

# Section 8 of the reference: name and default. What depends on the machine is checked to be there only.
DEFAULTS = {
    "mode": "online",
    "console": "auto",
    "console_multipart": False,
    "silent": False,
    "quiet": False,
    "show_info": True,
    "show_warnings": True,
    "show_errors": True,
    "reinit": "default",
    "resume": None,
    "resumed": False,
    "fork_from": None,
    "resume_from": None,
    "init_timeout": 90.0,
    "finish_timeout": 60.0,
    "finish_timeout_raises": False,
    "summary_timeout": 60,
    "heartbeat_seconds": 30,
    "ignore_globs": (),
    "symlink": True,
    "save_code": None,
    "code_dir": None,
    "disable_git": False,
    "disable_code": False,
    "sync_tensorboard": None,
    "table_raise_on_max_row_limit_exceeded": False,
    "strict": None,
    "stop_fn": None,
    "stop_on_fatal_error": False,
    "capture_loggers": None,
    "allow_val_change": False,
    "allow_media_symlink": False,
    "max_end_of_run_history_metrics": 10,
    "max_end_of_run_summary_metrics": 10,
    "use_dot_wandb": None,
    "sweep_id": None,
    "x_disable_stats": False,
    "x_stats_sampling_interval": 15.0,
    "x_disable_meta": False,
    "x_disable_machine_info": False,
    "x_save_requirements": True,
    "x_label": None,
    "x_primary": True,
    "x_update_finish_state": True,
    "x_start_time": None,
    "x_transaction_log_flush_interval": 15.0,
    "x_journal_json": False,
    "step_order": "increasing",
}
UNSET = """project entity run_id run_name run_notes run_tags run_group run_job_type root_dir base_url api_key host
program username email docker""".split()
COMPUTED = """wandb_dir sync_dir sync_file files_dir log_dir log_user log_internal resume_fname run_url project_url
sweep_url run_mode timespec""".split()


def test_SE1_every_field_exists_with_its_default():
    settings = runstone.Settings()
    assert {name: getattr(settings, name) for name in DEFAULTS} == DEFAULTS
    for name in (*UNSET, *COMPUTED, "app_url"):
        assert getattr(settings, name) is None, name
    with pytest.raises(ValueError, match="nope"):
        runstone.Settings(nope=1)
    for name in COMPUTED:
        with pytest.raises(ValueError, match=name):
            runstone.Settings(**{name: "x"})


def test_SE1_computed_fields_of_a_run_are_where_its_files_are(tmp_path):
    run = runstone.init(mode="offline", id="c", settings=runstone.Settings(sweep_id="s1"))
    s = run.settings
    parent = tmp_path / "runstone"
    assert (s.root_dir, s.wandb_dir) == (str(tmp_path), str(parent))
    assert s.sync_dir == run.sync_dir and s.files_dir == run.dir and s.log_dir == run.sync_dir + "/logs"
    assert s.sync_file == f"{run.sync_dir}/run-c.wandb" and Path(s.sync_file).exists()
    assert s.log_user == s.log_dir + "/debug.log" and s.log_internal == s.log_dir + "/debug-internal.log"
    assert s.resume_fname == str(parent / "wandb-resume.json")
    assert (s.run_mode, s.mode) == ("offline-run", "offline") and s.timespec in run.sync_dir
    assert (s.run_url, s.project_url, s.sweep_url) == (None, None, None)


def test_the_logs_are_there_and_linked(tmp_path):
    run = runstone.init(mode="offline", id="logged")
    run.log({"a": 1}, step=5)
    run.log({"a": 1}, step=3)  # a warning
    run.finish()
    for name, words in (("debug.log", "less than the current step"), ("debug-internal.log", "finished with")):
        link = tmp_path / "runstone" / name
        assert link.is_symlink() and words in link.read_text()
        assert link.resolve() == Path(run.sync_dir, "logs", name)


def test_no_links_without_the_setting_symlink(tmp_path):
    runstone.init(mode="offline", settings={"symlink": False}).finish()
    names = os.listdir(tmp_path / "runstone")
    assert len(names) == 1 and names[0].startswith("offline-run-")


@pytest.mark.parametrize(("use", "expected"), [(True, ".runstone"), (False, "runstone"), (None, ".runstone")])
def test_the_hidden_directory(tmp_path, use, expected):
    if use is not True:
        (tmp_path / ".runstone").mkdir()
    run = runstone.init(mode="offline", settings={"use_dot_wandb": use})
    assert Path(run.sync_dir).parent == tmp_path / expected


def test_a_directory_that_cannot_be_written_is_replaced_with_a_warning(tmp_path, capfd, monkeypatch):
    # Root may write everywhere but below a file.
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    run = runstone.init(mode="offline", dir=str(blocked))
    assert run.sync_dir.startswith(str(tmp_path / "runstone")) and stat.S_ISDIR(os.stat(run.dir).st_mode)
    run.log({"a": 1})
    run.finish()
    assert "not writable" in capfd.readouterr().err


@pytest.mark.parametrize("interval", [0, 0.09, -1])
def test_a_sampling_interval_below_a_tenth_is_wrong_use(interval):
    with pytest.raises(runstone.UsageError, match="0.1"):
        runstone.init(mode="offline", settings={"x_stats_sampling_interval": interval})
    assert runstone.run is None


def test_V1_the_environment_is_read_once_and_a_change_is_told(monkeypatch, capfd):
    monkeypatch.setenv("RUNSTONE_PROJECT", "first")
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    assert runstone.init(mode="offline").project == "first"
    runstone.finish()
    monkeypatch.setenv("RUNSTONE_PROJECT", "second")
    monkeypatch.setenv("RUNSTONE_ENTITY", "new")
    capfd.readouterr()
    run = runstone.init(mode="offline")
    told = capfd.readouterr().err
    assert run.project == "first" and run.entity == ""
    assert "RUNSTONE_PROJECT was changed" in told and "RUNSTONE_ENTITY was changed" in told
    runstone.finish()
    runstone.init(mode="offline").finish()
    assert "was changed" not in capfd.readouterr().err  # once is enough
    runstone.teardown()
    assert runstone.init(mode="offline").project == "second"


@pytest.mark.parametrize("yes", ["1", "y", "YES", "t", "True", "on"])
def test_V1_booleans_in_the_environment(monkeypatch, yes):
    monkeypatch.setenv("RUNSTONE_QUIET", yes)
    monkeypatch.setenv("WANDB_SYMLINK", {"1": "0", "y": "n", "YES": "NO"}.get(yes, "off"))
    settings = runstone.init(mode="offline").settings
    assert settings.quiet is True and settings.symlink is False


def test_V1_names_with_an_x_and_unknown_names(monkeypatch):
    monkeypatch.setenv("RUNSTONE_X_LABEL", "node7")
    monkeypatch.setenv("WANDB__DISABLE_META", "true")
    monkeypatch.setenv("RUNSTONE_NO_SUCH_THING", "1")
    settings = runstone.init(mode="offline").settings
    assert settings.x_label == "node7" and settings.x_disable_meta is True


def test_a_wrong_value_in_the_environment_names_its_variable(monkeypatch):
    monkeypatch.setenv("RUNSTONE_QUIET", "maybe")
    with pytest.raises(ValueError, match="RUNSTONE_QUIET"):
        runstone.init(mode="offline")
    monkeypatch.setenv("RUNSTONE_QUIET", "no")
    runstone.init(mode="offline").finish()


def test_the_settings_file_is_weaker_than_the_environment(monkeypatch, tmp_path):
    (tmp_path / "runstone").mkdir()
    (tmp_path / "runstone" / "settings").write_text("[default]\nproject = of-file\nentity = of-file\n")
    monkeypatch.setenv("RUNSTONE_ENTITY", "of-env")
    run = runstone.init(mode="offline")
    assert (run.project, run.entity) == ("of-file", "of-env")


@pytest.mark.parametrize("prefix", ["RUNSTONE", "WANDB"])
def test_V1_the_folder_of_the_settings_file_follows_its_variable(monkeypatch, tmp_path, prefix):
    (tmp_path / "of-env").mkdir()
    (tmp_path / "of-env" / "settings").write_text("[default]\nproject = of-file\n")
    monkeypatch.setenv(f"{prefix}_CONFIG_DIR", str(tmp_path / "of-env"))
    assert runstone.init(mode="offline").project == "of-file"


FACTS = {
    "HOST": ("host", "h"),
    "USERNAME": ("username", "u"),
    "USER_EMAIL": ("email", "e@x"),
    "PROGRAM": ("program", "prog.py"),
    "DOCKER": ("docker", "image"),
}
SETTINGS = {
    "BASE_URL": ("base_url", "http://b", "http://b"),
    "APP_URL": ("app_url", "http://a", "http://a"),
    "CONSOLE": ("console", "off", "off"),
    "IGNORE_GLOBS": ("ignore_globs", "*.a,b c", ("*.a", "b c")),
    "SAVE_CODE": ("save_code", "true", True),
    "DISABLE_CODE": ("disable_code", "1", True),
    "DISABLE_GIT": ("disable_git", "Yes", True),
    "INIT_TIMEOUT": ("init_timeout", "7", 7.0),
    "HTTP_TIMEOUT": ("http_timeout", "8", 8.0),
    "FILE_PUSHER_TIMEOUT": ("file_pusher_timeout", "9", 9.0),
    "CACHE_DIR": ("cache_dir", "c", "c"),
    "DATA_DIR": ("data_dir", "d", "d"),
    "ARTIFACT_DIR": ("artifact_dir", "r", "r"),
    "NOTEBOOK_NAME": ("notebook_name", "n.ipynb", "n.ipynb"),
    "X_LABEL": ("x_label", "l", "l"),
    "INSECURE_DISABLE_SSL": ("insecure_disable_ssl", "on", True),
    "SERVICE": ("service", "s", "s"),
    "RESUME": ("resume", "allow", "allow"),
    "QUIET": ("quiet", "T", True),
}


@pytest.mark.parametrize("prefix", ["RUNSTONE", "WANDB"])
def test_V1_every_variable_of_the_table_sets_its_setting(monkeypatch, prefix):
    for name, (_, value) in FACTS.items():
        monkeypatch.setenv(f"{prefix}_{name}", value)
    for name, (_, value, _) in SETTINGS.items():
        monkeypatch.setenv(f"{prefix}_{name}", value)
    git = {"GIT_COMMIT": "abc", "GIT_REMOTE_URL": "git@x:y.git"}
    for name, value in git.items():
        monkeypatch.setenv(f"{prefix}_{name}", value)
    run = runstone.init(mode="offline", project="p")
    settings = run.settings
    assert {n: getattr(settings, n) for n, _, _ in SETTINGS.values()} == {
        n: v for n, _, v in SETTINGS.values()
    }
    assert {n: getattr(settings, n) for n, _ in FACTS.values()} == {n: v for n, v in FACTS.values()}
    run.finish()
    metadata = json.loads(Path(run.dir, "wandb-metadata.json").read_text())
    assert {name: metadata[name] for name, _ in FACTS.values()} == dict(FACTS.values())
    assert "git" not in metadata or metadata["git"]["commit"] == "abc"  # disable_git is set
    assert not Path(run.dir, "output.log").exists()


def test_settings_go_to_another_process(offline):
    settings = runstone.Settings(project="p", run_tags=["a"], finish_timeout=3, stop_fn=os.getpid)
    there = pickle.loads(pickle.dumps(settings))
    assert there.to_dict() == settings.to_dict() and there.stop_fn is os.getpid
    run = offline(settings=settings)
    assert pickle.loads(pickle.dumps(run.settings)).sync_dir == run.sync_dir  # computed fields, too


def test_stop_fn_is_a_function_and_is_kept(offline):
    stopped = []
    settings = runstone.Settings(stop_fn=lambda: stopped.append(1))
    run = offline(settings=settings)
    run.settings.stop_fn()
    assert stopped == [1]
    with pytest.raises(ValueError, match="stop_fn"):
        runstone.Settings(stop_fn="no function")


@pytest.mark.parametrize(
    ("settings", "shown", "hidden"),
    [
        ({}, ["Run data is saved", "WARNING"], []),
        ({"quiet": True}, ["WARNING"], ["Run data is saved"]),
        ({"show_info": False}, ["WARNING"], ["Run data is saved"]),
        ({"show_warnings": False}, ["Run data is saved"], ["WARNING"]),
        ({"silent": True}, [], ["Run data is saved", "WARNING"]),
    ],
    ids=str,
)
def test_what_is_printed(monkeypatch, capfd, settings, shown, hidden):
    monkeypatch.delenv("RUNSTONE_SILENT")
    run = runstone.init(mode="offline", settings=settings)
    run.log({"a": 1}, step=5)
    run.log({"a": 1}, step=3)
    run.finish()
    text = capfd.readouterr().err
    assert all(word in text for word in shown) and not any(word in text for word in hidden), text


def test_FI1_the_end_shows_how_metrics_went_and_ended(monkeypatch, capfd):
    monkeypatch.delenv("RUNSTONE_SILENT")
    settings = {"max_end_of_run_history_metrics": 2, "max_end_of_run_summary_metrics": 3}
    run = runstone.init(mode="offline", settings=settings)
    for i in range(8):
        run.log({"acc": i, "loss": 7 - i, "word": "w", "z": {"in": i}})
    run.finish()
    text = capfd.readouterr().err
    assert "Run history:" in text and "acc  ▁▂▃▄▅▆▇█" in text and "loss █▇▆▅▄▃▂▁" in text
    assert "Run summary:" in text and "loss 0" in text and "... and 1 more" in text
    assert f"runstone sync {run.sync_dir}" in text


def test_bool_for_reinit_warns_once(monkeypatch, capfd, offline):
    monkeypatch.setattr(runstone._module, "_bool_warned", False)
    monkeypatch.delenv("RUNSTONE_SILENT")
    first = offline()
    assert offline(reinit=False) is first
    second = offline(reinit=True)
    assert second is not first and first._finished
    assert capfd.readouterr().err.count("with a bool is deprecated") == 1
