"""Properties of a run, its config and summary: the sentences of the reference that test_init.py and
test_metrics.py do not hold yet."""

from __future__ import annotations

import argparse
import copy
import math
import os
import pickle
import types

import numpy as np
import pytest
import runstone
import yaml
from runstone import errors
from support import journal


def stored_config(run) -> dict:
    """config.yaml of a finished run, without the product's own part."""
    with open(os.path.join(run.dir, "config.yaml"), encoding="utf-8") as file:
        tree = yaml.safe_load(file)
    tree.pop("_wandb", None)
    return tree


READ_ONLY = (
    "config config_static dir disabled entity group id job_type offline path project project_url resumed "
    "settings start_time starting_step step summary sweep_id sweep_url sync_dir url"
).split()


# --- properties ------------------------------------------------------------------------------------------


def test_PR1_types_and_values_of_a_disabled_run(tmp_path):
    before = os.listdir(".")
    run = runstone.init(mode="disabled", config={"lr": 1})
    assert run.disabled is True and run.offline is False and run.resumed is False
    assert run.name == f"dummy-{run.id}" and (run.entity, run.project) == ("dummy", "dummy")
    assert (run.url, run.project_url, run.sweep_url, run.sweep_id) == (None, None, None, None)
    assert run.tags == () and run.group == "" and run.step == 0 and run.starting_step == 0
    assert isinstance(run.dir, str) and not os.path.exists(run.dir) and os.listdir(".") == before
    run.finish()
    assert run.config.lr == 1 and run.name.startswith("dummy-")


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_PR1_what_is_read_only_cannot_be_set(mode):
    run = runstone.init(mode=mode)
    for name in READ_ONLY:
        with pytest.raises(AttributeError):
            setattr(run, name, 1)
    with pytest.raises(AttributeError, match="is not supported on Run object"):
        run.colour = "red"


def test_PR1_name_and_notes_are_text_and_tags_any_sequence_of_it(capfd, monkeypatch):
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    run = runstone.init(mode="offline")
    assert run.name is None and run.notes is None and run.tags == ()
    run.name, run.notes = "brave", "line 1\nline 2"
    assert (run.name, run.notes) == ("brave", "line 1\nline 2")
    for name in ("name", "notes"):
        with pytest.raises(TypeError, match=f"{name} must be a str"):
            setattr(run, name, 5)
    run.tags = "ab"  # a str is a sequence of its characters, as tuple() has it
    assert run.tags == ("a", "b")
    run.tags = ["x"]
    run.tags += ("y",)
    assert run.tags == ("x", "y")
    for wrong in ([5], ["x" * 65], ["fine", ""], [None]):
        run.tags = wrong
        assert run.tags == ("x", "y")
        assert "Invalid tag detected" in capfd.readouterr().err


def test_PR1_an_offline_run_has_no_address_and_says_so(capfd, monkeypatch):
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    run = runstone.init(mode="offline")
    for name in ("url", "project_url", "sweep_url"):
        assert getattr(run, name) is None
        assert "not available in offline run" in capfd.readouterr().err


def test_PR1_every_property_of_an_offline_run_is_the_same_after_finish():
    run = runstone.init(
        mode="offline", project="p", group="g", job_type="j", tags=["t"], notes="n", config={"a": 1}
    )
    run.name = "nm"
    types_of = {
        **dict.fromkeys("dir entity group id job_type path project sync_dir name notes".split(), str),
        **dict.fromkeys("disabled offline resumed".split(), bool),
        **dict.fromkeys("project_url sweep_id sweep_url url".split(), type(None)),
        "start_time": float,
        "starting_step": int,
        "tags": tuple,
    }
    before = {name: getattr(run, name) for name in types_of}
    assert {name: type(value) for name, value in before.items()} == types_of
    run.finish()
    assert {name: getattr(run, name) for name in types_of} == before
    assert run.config.a == run.config_static.a == 1 and run.settings.run_id == run.id
    assert os.path.isabs(run.dir) and os.path.dirname(run.dir) == run.sync_dir


def test_PR2_tags_of_a_wrong_form_are_told_in_a_sentence(capfd, monkeypatch):
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    run = runstone.init(mode="offline", tags=["a"])
    run.tags = [""]
    assert 'must be between 1 and 64 characters: "". Tags not updated.' in capfd.readouterr().err
    with pytest.raises(TypeError, match="tags must be a sequence of str, not int"):
        run.tags = 5
    assert run.tags == ("a",)


@pytest.mark.parametrize("name", ["name", "notes"])
def test_PR1_text_that_is_none_is_refused_by_its_place(name):
    run = runstone.init(mode="offline")
    with pytest.raises(UnicodeEncodeError):
        setattr(run, name, "a\ud800")
    assert getattr(run, name) is None


def test_PR3_config_static_is_a_snapshot_all_the_way_down():
    run = runstone.init(mode="offline", config={"lr": 1, "n": {"a": [1, {"b": 2}]}})
    static = run.config_static
    run.config["n"]["a"][1]["b"] = 3
    run.config["n"]["c"] = 4
    assert static["n"] == {"a": [1, {"b": 2}]} and static.n == static["n"]
    assert dict(static) == {"lr": 1, "n": {"a": [1, {"b": 2}]}}
    with pytest.raises(AttributeError):
        static.missing  # noqa: B018
    for write in (
        lambda: setattr(static, "lr", 1),
        lambda: static.__setitem__("lr", 1),
        lambda: delattr(static, "lr"),
        lambda: static.__delitem__("lr"),
    ):
        with pytest.raises(AttributeError, match="readonly"):
            write()


# --- config ----------------------------------------------------------------------------------------------


def test_C1_keys_that_start_with_an_underscore_are_not_shown():
    config = runstone.init(mode="offline", config={"lr": 1}).config
    config["_mine"] = 2
    assert config["_mine"] == 2 and config._mine == 2 and "_mine" in config
    assert list(config) == list(config.keys()) == ["lr"] and len(config) == 1
    assert dict(config) == dict(config.items()) == config.as_dict() == {"lr": 1}
    assert list(config.values()) == [1] and repr(config) == "{'lr': 1}"


def test_C1_what_was_changed_in_place_is_what_a_new_value_is_compared_with():
    run = runstone.init(mode="offline", config={"l": [1], "n": {"a": 1}})
    config = run.config
    config["l"].append(2)
    config["n"]["a"] = 2
    config["l"] = [1, 2]  # what it is, so no change
    config.update({"n": {"a": 2}})
    config.update(config)
    with pytest.raises(errors.ConfigError, match="Attempted to change value"):
        config["l"] = [1]
    assert config["l"] == [1, 2]
    run.finish()
    assert stored_config(run) == {"l": {"value": [1, 2]}, "n": {"value": {"a": 2}}}


def test_C1_copies_of_a_config_write_to_no_run(tmp_path):
    run = runstone.init(mode="offline", config={"lr": 1, "n": {"a": [1]}})
    assert copy.copy(run.config) is run.config
    own = copy.deepcopy(run.config)
    own["n"]["a"].append(2)
    own["lr"] = 5
    assert run.config.as_dict() == {"lr": 1, "n": {"a": [1]}}
    for static in (copy.deepcopy(run.config_static), pickle.loads(pickle.dumps(run.config_static))):
        assert static.lr == 1 and static["n"] == {"a": [1]} and repr(static) == "{'lr': 1, 'n': {'a': [1]}}"


def test_C1_nothing_is_deleted():
    config = runstone.init(mode="offline", config={"lr": 1}).config
    with pytest.raises(TypeError):
        del config["lr"]
    with pytest.raises(TypeError):
        del config.lr
    assert config.lr == 1


def test_C1_update_takes_every_form_and_equal_values_need_no_permission(tmp_path):
    config = runstone.init(mode="offline", config={"lr": 1}).config
    config.update(argparse.Namespace(a=1))
    config.update(types.SimpleNamespace(b=2))
    config.update(config)
    (tmp_path / "c.yaml").write_text("wandb_version: 1\nc: {value: 3, desc: what}\nd: [4]\n")
    config.update(str(tmp_path / "c.yaml"))
    config.update(tmp_path / "c.yaml")
    config.lr = 1.0  # equal as numbers are
    assert config.as_dict() == {"lr": 1, "a": 1, "b": 2, "c": 3, "d": [4]}
    for wrong in (5, [1], "no-such.yaml"):
        with pytest.raises((TypeError, errors.ConfigError)):
            config.update(wrong)
    (tmp_path / "v2.yaml").write_text("wandb_version: 2\nlr: {value: 9}\n")
    with pytest.raises(errors.ConfigError, match="wandb_version"):
        config.update(tmp_path / "v2.yaml", allow_val_change=True)
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(errors.ConfigError, match="mapping"):
        config.update(tmp_path / "list.yaml")
    (tmp_path / "broken.yaml").write_text("a: [1\n")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff\n")
    for unreadable in ("latin.yaml", "."):
        with pytest.raises(errors.ConfigError, match="cannot be"):
            config.update(tmp_path / unreadable)
    with pytest.raises(errors.ConfigError, match="broken.yaml cannot be used: not YAML"):
        config.update(tmp_path / "broken.yaml")
    assert config.lr == 1


def test_C1_a_locked_key_ignores_writes_with_a_warning(capfd, monkeypatch):
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    config = runstone.init(mode="offline", config={"lr": 1}).config
    config.update_locked({"lr": 2, "fresh": 3}, "sweep")
    for write in (
        lambda: setattr(config, "lr", 9),
        lambda: config.update({"lr": 9, "other": 1}, allow_val_change=True),
        lambda: config.setdefaults({"lr": 9}),
    ):
        write()
        assert config.lr == 2
    assert config.other == 1 and config.fresh == 3
    assert "was locked by 'sweep'" in capfd.readouterr().err


def test_C1_files_of_the_settings_and_of_a_sweep(tmp_path):
    (tmp_path / "config-defaults.yaml").write_text("a: {value: 1}\nb: {value: 1}\nc: {value: 1}\n")
    (tmp_path / "one.yaml").write_text("b: {value: 2}\nd: {value: 2}\n")
    (tmp_path / "two.yaml").write_text("d: {value: 3}\ne: {value: 3}\n")
    (tmp_path / "sweep.yaml").write_text("wandb_version: 1\nc: {value: 5}\nlr: {value: 6}\n")
    os.chdir(tmp_path)
    run = runstone.init(
        mode="offline",
        config={"b": 4, "lr": 4},
        settings={"config_paths": ["one.yaml", "two.yaml"], "sweep_param_path": "sweep.yaml"},
    )
    # Measured on the stock client: the files of config_paths win over init's own, too.
    assert run.config.as_dict() == {"a": 1, "b": 2, "c": 5, "d": 3, "e": 3, "lr": 6}
    run.config.update({"lr": 7}, allow_val_change=True)
    assert run.config.lr == 6  # what the sweep chose is locked
    run.finish()
    assert stored_config(run)["lr"] == {"value": 6}


def test_C1_a_file_that_is_missing_ends_init_and_leaves_no_run(monkeypatch):
    with pytest.raises(errors.ConfigError, match="doesn't exist"):
        runstone.init(mode="offline", settings={"sweep_param_path": "absent.yaml"})
    assert runstone.run is None
    monkeypatch.setenv("RUNSTONE_CONFIG_PATHS", "absent.yaml")
    runstone.teardown()  # the environment is read once, at the first init()
    with pytest.raises(errors.ConfigError, match="doesn't exist"):
        runstone.init(mode="offline")
    monkeypatch.delenv("RUNSTONE_CONFIG_PATHS")
    runstone.teardown()
    assert runstone.init(mode="offline") is runstone.run


def test_C1_after_finish_the_config_is_read_and_not_written():
    run = runstone.init(mode="offline", config={"lr": 1})
    run.finish()
    assert run.config.lr == 1 and run.config.as_dict() == {"lr": 1} and run.config_static.lr == 1
    for write in (
        lambda: setattr(run.config, "lr", 2),
        lambda: run.config.update({"lr": 1}),
        lambda: run.config.setdefaults({"a": 1}),
        lambda: run.config.update_locked({"a": 1}),
        lambda: run.config.persist(),
    ):
        with pytest.raises(errors.UsageError, match="is finished"):
            write()


def test_C2_media_are_refused_wherever_they_are():
    config = runstone.init(mode="offline").config
    image = runstone.Image(np.zeros((2, 2, 3), np.uint8))
    for value in (image, {"a": image}, [image], runstone.Histogram([1, 2])):
        with pytest.raises(TypeError, match="cannot be added to the run config"):
            config["k"] = value
        with pytest.raises(TypeError, match="cannot be added to the run config"):
            config.update({"fine": 1, "k": value})
    assert config.as_dict() == {}
    with pytest.raises(TypeError, match="cannot be added to the run config"):
        runstone.init(mode="offline", config={"k": image}, reinit="create_new")


def test_C3_changes_inside_of_nested_values_are_stored_at_the_end(capfd, monkeypatch):
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    run = runstone.init(mode="offline", config={"n": {"a": 1}, "l": [1], "bad": {"a": 1}, "odd": {"a": 1}})
    run.config["n"]["a"] = np.arange(3)
    run.config["l"].append({"b": math.nan})
    run.config["bad"]["a"] = runstone.Histogram([1, 2])
    run.config["odd"]["self"] = run.config["odd"]
    run.finish()  # what cannot be stored does not hurt the end
    stored = stored_config(run)
    assert stored["n"] == {"value": {"a": [0, 1, 2]}} and stored["l"] == {"value": [1, {"b": None}]}
    assert stored["bad"] == {"value": {"a": 1}} and stored["odd"] == {"value": {"a": 1}}
    told = capfd.readouterr().err
    assert "config['bad']" in told and "config['odd']" in told
    assert journal.exit_code(journal.find(run.sync_dir)) == 0


# --- summary ---------------------------------------------------------------------------------------------


def test_S2_nested_dicts_are_set_changed_and_deleted(offline):
    run = offline()
    summary = run.summary
    summary["u"] = {"v": 1, "w": {"x": 2}}
    summary["u"]["w"]["y"] = 3
    summary.u.z = 4
    assert summary["u"] == {"v": 1, "w": {"x": 2, "y": 3}, "z": 4}
    del summary["u"]["v"]
    del summary.u.w.x
    del summary["u"]["absent"]
    assert summary["u"] == {"w": {"y": 3}, "z": 4}
    assert sorted(summary["u"]) == ["w", "z"] and len(summary.u) == 2 and "w" in summary.u
    assert dict(summary["u"].items())["z"] == 4 and summary["u"].get("absent", 7) == 7
    summary.update({"u": {"only": 1}, "k": 2})
    assert summary["u"] == {"only": 1} and summary["k"] == 2
    with pytest.raises(TypeError, match="key must be a str"):
        summary[5] = 1
    with pytest.raises(KeyError):
        summary["u"]["absent"]
    assert not hasattr(summary.u, "absent")


def test_S2_media_lists_of_them_and_arrays_are_taken_at_any_depth(offline):
    run = offline()
    image = runstone.Image(np.zeros((2, 2, 3), np.uint8))
    run.summary["one"] = image
    run.summary["many"] = [image, image]
    run.summary["deep"] = {"image": image, "array": np.arange(3), "large": np.arange(100)}
    assert run.summary["one"]["_type"] == "image-file" and "summary" in run.summary["one"]["path"]
    assert run.summary["many"]["_type"] == "images/separated" and run.summary["many"]["count"] == 2
    assert run.summary["deep"]["image"]["_type"] == "image-file"
    assert run.summary["deep"]["array"] == [0, 1, 2]
    assert run.summary["deep"]["large"]["_type"] == "numpy.ndarray"
    with pytest.raises(TypeError):
        run.summary["bad"] = object()
    assert "bad" not in run.summary
    for path in (run.summary["one"]["path"], run.summary["deep"]["image"]["path"]):
        assert os.path.isfile(os.path.join(run.dir, path))


def test_S1_a_finished_runs_summary_reads_as_empty_with_a_warning(offline, capfd, monkeypatch):
    run = offline()
    run.log({"a": 1})
    run.summary["n"] = {"x": 1}
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    run.finish()
    capfd.readouterr()
    assert dict(run.summary) == {} and run.summary.get("a") is None and "n" not in run.summary
    assert "is finished" in capfd.readouterr().err
    for write in (
        lambda: run.summary.__setitem__("a", 2),
        lambda: run.summary.update({"a": 2}),
        lambda: run.summary.__delitem__("a"),
    ):
        with pytest.raises(errors.UsageError, match="is finished"):
            write()


def test_S1_a_value_set_by_hand_holds_until_its_key_is_logged_again(offline):
    run = offline()
    run.log({"acc": 0.5})
    run.summary["acc"] = 0.9
    run.log({"other": 1})
    assert run.summary["acc"] == 0.9
    run.log({"acc": 0.6})
    assert run.summary["acc"] == 0.6
    run.summary["best"] = -math.inf
    run.summary["none"] = None
    assert run.summary["best"] == -math.inf and "none" not in run.summary
