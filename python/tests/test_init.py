"""init(): its parameters, modes, environment; properties and end of the run that it gives."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import pytest
import runstone
from runstone import errors
from support import journal


def test_E1_the_classes_of_errors():
    assert issubclass(errors.CommError, errors.Error) and issubclass(
        errors.AuthenticationError, errors.CommError
    )
    assert issubclass(errors.UsageError, errors.Error) and issubclass(errors.ConfigError, errors.Error)
    assert issubclass(errors.ArtifactNotLoggedError, AttributeError)
    error = errors.Error("m", {"k": 1})
    assert str(error) == error.message == "m" and error.context == {"k": 1}
    assert errors.Error("m").context == {}


BAD_ARGUMENTS = [
    *[
        ({name: 5}, ValueError, name)
        for name in "entity project id name notes group job_type mode resume".split()
    ],
    ({"dir": 5}, ValueError, "dir must be a str or a Path, not int"),
    *[
        ({name: "maybe"}, ValueError, f"{name} must be a bool")
        for name in ("save_code", "force", "sync_tensorboard")
    ],
    ({"tensorboard": [1]}, ValueError, "must be a bool"),
    ({"project": "p" * 129}, errors.UsageError, "exceeded 128 characters"),
    *[({"project": f"a{c}b"}, errors.UsageError, "cannot contain characters") for c in "/\\#?%:"],
    ({"id": ""}, errors.UsageError, ""),
    *[({"id": id}, errors.UsageError, "whitespace") for id in (" a", "a ", "a\n")],
    *[({"id": f"a{c}b"}, errors.UsageError, "") for c in ":;,#?/'"],
    ({"tags": [""]}, ValueError, "Tags must be between 1 and 64"),
    ({"tags": ["x" * 65]}, ValueError, "Tags must be between 1 and 64"),
    ({"tags": [1]}, ValueError, ""),
    ({"tags": 5}, TypeError, "tags must be a sequence of str, not int"),
    ({"config": 5}, TypeError, "config must be a dict"),
    ({"config": [1]}, TypeError, "config must be a dict"),
    ({"config": "missing.yaml"}, errors.ConfigError, "doesn't exist"),
    ({"config": {1: 2}}, TypeError, "config key must be a str"),
    ({"mode": "sideways"}, ValueError, ""),
    ({"resume": "maybe"}, ValueError, ""),
    ({"reinit": "maybe"}, ValueError, ""),
    ({"settings": {"nope": 1}}, ValueError, "nope"),
    ({"config_exclude_keys": ["a"], "config_include_keys": ["b"]}, errors.UsageError, ""),
    ({"resume": "allow", "fork_from": "a?_step=1"}, ValueError, "mutually exclusive"),
    ({"resume_from": "a?_step=1", "fork_from": "b?_step=1"}, ValueError, "mutually exclusive"),
    *[
        ({name: moment}, ValueError, "Could not parse passed run moment")
        for name in ("resume_from", "fork_from")
        for moment in ("", "a", "a?_step=x", "a?loss=1", "a?_step=", "?_step=1", "a?_step=-1")
    ],
    ({"resume_from": "a?_step=1", "id": "b"}, ValueError, "names the run a"),
    ({"fork_from": "a?_step=1", "id": "a"}, ValueError, "id of its own"),
    ({"settings": {"x_stats_sampling_interval": 0.05}}, errors.UsageError, "0.1 seconds"),
    ({"mode": "online", "force": True}, errors.UsageError, "no server is known"),
    (
        {"mode": "online", "settings": {"base_url": "http://127.0.0.1:9"}},
        errors.UsageError,
        "No API key configured",
    ),
]


@pytest.mark.parametrize(("arguments", "kind", "words"), BAD_ARGUMENTS, ids=lambda v: str(v)[:40])
def test_I1_a_bad_argument_raises_and_E2_a_later_init_works(arguments, kind, words):
    with pytest.raises(kind, match=words or None):
        runstone.init(**{"mode": "offline", **arguments})
    assert runstone.run is None
    run = runstone.init(mode="offline", project="p")
    assert runstone.run is run


def test_I1_limits_count_characters_not_bytes():
    run = runstone.init(mode="offline", project="\u00fc" * 128, tags=["\u00fc" * 64])
    assert run.project == "\u00fc" * 128 and run.tags == ("\u00fc" * 64,)


def test_I1_what_the_table_allows_is_taken(tmp_path):
    cases = [
        {"id": "back\\slash%"},
        {"project": ""},
        {"tags": "ab"},
        {"tags": (tag for tag in "ab")},
        {"settings": 5},
        {"resume": False},
        {"save_code": "no"},
        {"force": 0},
        {"dir": bytes(tmp_path / "b")},
        {"group": "g" * 300, "job_type": "j" * 300},
    ]
    for arguments in cases:
        run = runstone.init(mode="offline", **arguments)
        assert all(
            getattr(run, name) == arguments[name] for name in ("id", "project", "group") if name in arguments
        )
        if "tags" in arguments:
            assert run.tags == ("a", "b")
        run.finish()


@pytest.mark.parametrize("variable", ["RUNSTONE_RESUME", "WANDB_RESUME"])
@pytest.mark.parametrize("said", ["must", "auto", "true"])
def test_resume_false_is_stronger_than_the_environment(monkeypatch, tmp_path, variable, said):
    monkeypatch.setenv(variable, said)
    # Nobody is there: a run that is to go on would ask in vain, and raise.
    monkeypatch.setenv("RUNSTONE_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("RUNSTONE_API_KEY", "local-" + "0" * 40)
    settings = runstone.Settings(init_timeout=0.2, finish_timeout=0.1)
    with pytest.raises(runstone.CommError, match="init_timeout"):
        runstone.init(id="r", settings=settings)
    run = runstone.init(id="r", resume=False, settings=settings)
    assert run.settings.resume is None and not run.resumed
    assert not (tmp_path / "runstone" / "wandb-resume.json").exists()
    run.finish()
    assert settings.resume is None  # the caller's own is as it was
    assert runstone.Settings(resume="must").resume == "must"
    run = runstone.init(id="r", resume=False, settings={"resume": "must", "finish_timeout": 0.1})
    assert run.settings.resume is None


@pytest.mark.parametrize(
    "arguments",
    [
        *[{"resume": policy, "id": "r"} for policy in ("allow", "must", "never", "auto", True)],
        {"resume_from": "r?_step=1"},
        {"fork_from": "r?_step=1"},
    ],
    ids=str,
)
def test_E2_going_on_from_a_stored_run_needs_the_server_and_leaves_nothing(monkeypatch, tmp_path, arguments):
    settings = runstone.Settings(base_url="http://127.0.0.1:9", api_key="local-" + "0" * 40, init_timeout=0.2)
    with pytest.raises(runstone.CommError, match="init_timeout"):
        runstone.init(settings=settings, **arguments)
    assert runstone.run is None and not (tmp_path / "runstone").exists()
    runstone.init(mode="offline").finish()


def test_an_unknown_keyword_is_a_type_error():
    with pytest.raises(TypeError):
        runstone.init(nope=1)


def test_I2_two_inits_of_one_id_get_two_directories():
    first = runstone.init(mode="offline", id="same")
    first.finish()
    second = runstone.init(mode="offline", id="same")
    assert first.sync_dir != second.sync_dir
    if Path(first.sync_dir).name[:27] == Path(second.sync_dir).name[:27]:
        assert second.sync_dir == first.sync_dir + "-1"


def test_I3_init_twice_returns_the_same_run():
    assert runstone.init(mode="offline") is runstone.init(mode="offline", project="other")


def test_I4_config_of_a_namespace():
    assert runstone.init(mode="offline", config=argparse.Namespace(bs=4)).config.bs == 4


def test_config_of_a_yaml_file(tmp_path):
    (tmp_path / "c.yaml").write_text("wandb_version: 1\nlr:\n  desc: rate\n  value: 0.1\nn: 3\n")
    config = runstone.init(mode="offline", config="c.yaml").config
    assert dict(config) == {"lr": 0.1, "n": 3}


def test_config_defaults_are_weaker_than_the_argument(tmp_path):
    (tmp_path / "config-defaults.yaml").write_text("lr:\n  value: 0.1\nold:\n  value: 1\n")
    assert dict(runstone.init(mode="offline", config={"lr": 0.2}).config) == {"lr": 0.2, "old": 1}


def test_V1_the_environment_sets_what_no_argument_does(monkeypatch, tmp_path):
    values = {
        "PROJECT": "proj",
        "ENTITY": "ent",
        "NAME": "nam",
        "NOTES": "note",
        "TAGS": "a,b c,d",
        "RUN_GROUP": "grp",
        "JOB_TYPE": "job",
        "RUN_ID": "rid",
        "DIR": str(tmp_path / "elsewhere"),
        "SWEEP_ID": "sw",
        "MODE": "offline",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    monkeypatch.setenv("RUNSTONE_PROJECT", "ours")  # ours wins over the stock name
    run = runstone.init()
    assert (run.project, run.entity, run.name, run.notes) == ("ours", "ent", "nam", "note")
    assert run.tags == ("a", "b c", "d")
    assert (run.group, run.job_type, run.id, run.sweep_id) == ("grp", "job", "rid", "sw")
    assert Path(run.dir).is_relative_to(tmp_path / "elsewhere")
    assert run.offline


def test_precedence_of_settings(monkeypatch):
    monkeypatch.setenv("RUNSTONE_PROJECT", "environment")
    monkeypatch.setenv("RUNSTONE_JOB_TYPE", "environment")
    monkeypatch.setenv("RUNSTONE_RUN_GROUP", "environment")
    monkeypatch.setenv("RUNSTONE_NOTES", "environment")
    runstone.setup(runstone.Settings(run_job_type="setup", run_group="setup", project="setup"))
    settings = runstone.Settings(run_group="settings", project="settings")
    run = runstone.init(mode="offline", settings=settings, project="argument")
    assert (run.project, run.group, run.job_type, run.notes) == (
        "argument",
        "settings",
        "setup",
        "environment",
    )
    assert settings.run_id is None, "the caller's Settings must not change"


def test_PR1_properties_of_an_offline_run():
    run = runstone.init(project="p", group="g", job_type="train", notes="n", id="x1", mode="offline")
    assert (run.group, run.job_type, run.notes, run.id, run.project) == ("g", "train", "n", "x1", "p")
    assert run.offline and not run.disabled and not run.resumed and run.path == "p/x1" and run.entity == ""
    assert run.url is None and run.project_url is None and run.sweep_url is None and run.sweep_id is None
    run.name = "new"
    run.tags += ("t",)
    assert run.name == "new" and run.tags == ("t",)
    assert (
        os.path.isdir(run.dir) and run.settings.mode == "offline" and abs(run.start_time - time.time()) < 60
    )
    assert run.starting_step == 0 and run.step == 0 and run.sync_dir == os.path.dirname(run.dir)


def test_PR1_facts_can_be_read_after_finish_and_not_written():
    run = runstone.init(project="p", id="x1", mode="offline")
    run.finish()
    assert run.id == "x1" and run.project == "p" and run.path == "p/x1"
    for write in (
        lambda: setattr(run, "name", "n"),
        lambda: setattr(run, "notes", "n"),
        lambda: setattr(run, "tags", ("n",)),
        lambda: run.config.update({"a": 1}),
        lambda: run.summary.update({"a": 1}),
        lambda: run.step,
    ):
        with pytest.raises(errors.UsageError):
            write()


def test_PR2_invalid_tags_leave_the_old_ones(capfd, monkeypatch):
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    run = runstone.init(mode="offline", tags=["a"])
    run.tags = [""]
    assert run.tags == ("a",)
    assert "Invalid tag" in capfd.readouterr().err


def test_PR3_config_static_is_readonly():
    run = runstone.init(mode="offline", config={"lr": 1})
    static = run.config_static
    run.config.update({"lr": 2}, allow_val_change=True)
    assert static.lr == 1 and static["lr"] == 1 and list(static.keys()) == ["lr"]
    with pytest.raises(AttributeError, match="readonly"):
        static.lr = 1


def test_PR4_settings_are_a_copy():
    run = runstone.init(mode="offline", project="p")
    run.settings.project = "z"
    assert run.project == "p"


def test_read_only_and_unknown_attributes_cannot_be_set():
    run = runstone.init(mode="offline")
    for name in ("id", "config", "nope"):
        with pytest.raises(AttributeError):
            setattr(run, name, 1)


def test_D1_a_disabled_run_takes_everything_and_leaves_nothing(tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    os.chdir(folder)
    run = runstone.init(mode="disabled", config={"a": 1})
    assert isinstance(run, runstone.Run) and run.disabled and not run.offline
    assert run.name == f"dummy-{run.id}" and run.entity == "dummy" and run.project == "dummy"
    assert run.url is None and run.tags == () and run.step == 0 and run.group == ""
    assert not os.path.exists(run.dir)
    run.log({"loss": 1, "n": {"x": 2}})
    assert run.summary["loss"] == 1 and run.summary.n.x == 2
    assert run.define_metric("x").name == "dummy"
    assert run.save("f") is False and run.display() is False and isinstance(run.to_html(), str)
    assert run.alert("title", "text") is None
    assert run.restore("f") is None
    for name in ("log_code", "mark_preempting", "unwatch", "status"):
        assert getattr(run, name)() is None
    assert run.watch(None, log="all") is None
    assert run.define_metric("").name == run.define_metric("a*b").name == "dummy"
    assert run.alert(1, 2, level="nope") is run.write_logs(5) is None
    nothing = run.log_artifact("a")
    assert nothing.wait().any[0]("thing").at_all is nothing
    with pytest.raises(errors.ConfigError):
        run.config.a = 2
    assert runstone.run is run
    run.finish()
    assert runstone.run is None
    run.log({"after": 1})
    assert run.summary["after"] == 1 and run.step == 0 and run.finish() is None
    with runstone.init(mode="disabled") as run:
        assert runstone.run is run
    assert runstone.run is None and not os.path.exists(run.dir)
    assert list(folder.iterdir()) == []


def test_D1_a_disabled_run_keeps_what_was_logged_as_it_is():
    run = runstone.init(mode="disabled")
    image, odd, data = runstone.Image(np.zeros((2, 2, 3), np.uint8)), object(), {"n": {"x": {"y": 1}}}
    run.log({"image": image, "odd": odd, "none": None, 5: "five", **data})
    assert run.summary["image"] is image and run.summary.odd is odd and run.summary["none"] is None
    assert run.summary.n.x.y == 1 and run.summary["n"]["x"] == {"y": 1} and run.summary[5] == "five"
    run.log({"n": {"z": 2}}, step=7, commit=False)  # as dict.update() does
    assert run.summary["n"] == {"z": 2} and run.step == 0 and data == {"n": {"x": {"y": 1}}}
    run.summary.n.z = 3
    run.summary["m"] = {"a": 1}
    del run.summary["absent"]
    assert run.summary["n"]["z"] == 3 and run.summary.m.a == 1 and "m" in run.summary.keys()
    assert not hasattr(run.summary, "missing")
    with pytest.raises(KeyError):
        run.summary["missing"]
    with pytest.raises(TypeError, match="must be passed a dictionary"):
        run.log(5)
    run.finish()
    runstone.init(mode="disabled")
    runstone.log({"a": odd})
    assert runstone.summary["a"] is odd


def test_F0_every_writing_member_raises_after_finish():
    run = runstone.init(mode="offline")
    run.finish()
    calls = {
        "log": ({"a": 1},),
        "define_metric": ("x",),
        **{
            name: ("x",)
            for name in (
                "save log_artifact use_artifact log_model use_model upsert_artifact finish_artifact log_code"
            ).split()
        },
        "link_artifact": ("x", "y"),
        "link_model": ("x", "y"),
        "alert": ("x", "y"),
        "mark_preempting": (),
        "status": (),
    }
    for name, arguments in calls.items():
        with pytest.raises(errors.UsageError, match="is finished"):
            getattr(run, name)(*arguments)
    run.finish()
    run.write_logs("ignored")


def test_FI1_finish_takes_an_exit_code_and_quiet():
    run = runstone.init(mode="offline")
    run.finish(exit_code=3, quiet=True)
    run.finish()
    assert journal.exit_code(journal.find(run.sync_dir)) == 3


def test_SE1_an_unknown_setting_is_a_value_error():
    with pytest.raises(ValueError):
        runstone.Settings(nope=1)
    with pytest.raises(ValueError):
        runstone.Settings(mode="sideways")
    with pytest.raises(ValueError):
        runstone.Settings(x_stats_sampling_interval="often")


def test_the_runs_files_are_written_offline_too():
    import json

    run = runstone.init(mode="offline", config={"lr": 0.2})
    run.log({"a": 1, "b": float("nan")})
    run.finish()
    files = Path(run.dir)
    summary = json.loads((files / "wandb-summary.json").read_text())
    assert summary["a"] == 1 and summary["_step"] == 0 and "runtime" in summary["_wandb"]
    metadata = json.loads((files / "wandb-metadata.json").read_text())
    assert metadata["python"].startswith("CPython") and metadata["startedAt"].endswith("Z")
    assert "numpy==" in (files / "requirements.txt").read_text()
    assert (Path("runstone") / "latest-run").resolve() == Path(run.sync_dir).resolve()
