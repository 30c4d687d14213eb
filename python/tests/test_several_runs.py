"""Several runs in one process: reinit, which is the global one, which is finished."""

from __future__ import annotations

import pytest
import runstone
from runstone import errors
from support import journal


def test_P1_several_runs():
    first = runstone.init(mode="offline")
    third = runstone.init(mode="offline", reinit="create_new")
    assert runstone.run is first and third is not first
    runstone.log({"a": 1})
    assert first.summary["a"] == 1 and "a" not in third.summary
    third.log({"b": 1})
    fourth = runstone.init(mode="offline", reinit="finish_previous")
    for finished, row in ((first, {"a": 1}), (third, {"b": 1})):
        with pytest.raises(errors.UsageError):
            finished.log({"a": 1})
        path = journal.find(finished.sync_dir)
        assert journal.exit_code(path) == 0
        rows = [{k: v for k, v in logged.items() if k[0] != "_"} for logged in journal.rows(path)]
        assert rows == [row]  # two live runs never mix
    assert runstone.run is fourth


def test_P1_create_new_leaves_the_module_alone_also_where_no_run_is_active():
    run = runstone.init(mode="offline", reinit="create_new")
    assert runstone.run is None
    with pytest.raises(errors.Error, match="You must call"):
        runstone.log({"a": 1})
    assert runstone.init(mode="offline") is run  # the most recent one that is not finished


def test_P1_return_previous_gives_the_most_recent_unfinished_run():
    first = runstone.init(mode="offline")
    second, third = (runstone.init(mode="offline", reinit="create_new") for _ in range(2))
    assert runstone.init(mode="offline") is third
    third.finish()
    assert runstone.init(mode="offline", reinit="return_previous") is second
    second.finish()
    assert runstone.init(project="a/b", mode="sideways") is first  # all arguments are ignored


@pytest.mark.parametrize("source", ["argument", "settings", "setup", "environment"])
def test_P1_a_run_that_must_be_resumed_is_not_another_one(monkeypatch, source):
    if source == "environment":
        monkeypatch.setenv("RUNSTONE_RESUME", "must")
    if source == "setup":
        runstone.setup({"resume": "must"})
    active = runstone.init(mode="offline")
    settings = runstone.Settings(resume="must") if source == "settings" else None
    with pytest.raises(errors.Error, match="Cannot resume a run while another run is active"):
        runstone.init(mode="offline", settings=settings, resume="must" if source == "argument" else None)
    assert runstone.run is active
    active.log({"a": 1})


@pytest.mark.parametrize("source", ["settings", "setup", "environment"])
def test_P1_reinit_is_a_setting_as_others(monkeypatch, source):
    if source == "environment":
        monkeypatch.setenv("WANDB_REINIT", "create_new")
    if source == "setup":
        runstone.setup({"reinit": "create_new"})
    settings = {"reinit": "create_new"} if source == "settings" else None
    first = runstone.init(mode="offline", settings=settings)
    assert runstone.init(mode="offline", settings=settings) is not first
    assert runstone.init(mode="offline", settings=settings, reinit="finish_previous") is runstone.run
    assert first._finished
