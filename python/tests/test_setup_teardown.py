"""setup() gives every later run its settings, teardown() finishes all runs."""

from __future__ import annotations

import pytest
import runstone
from support import journal


def test_setup_gives_its_settings_to_later_runs_and_init_is_stronger(tmp_path):
    runstone.setup(runstone.Settings(project="of setup", run_group="of setup", mode="offline"))
    with runstone.init(group="of init") as run:
        assert (run.project, run.group) == ("of setup", "of init")


def test_setup_takes_a_dict_and_refuses_an_unknown_name():
    runstone.setup({"mode": "disabled"})
    assert runstone.init().disabled
    with pytest.raises(ValueError, match="nope"):
        runstone.setup({"nope": 1})


def test_teardown_finishes_every_run_with_its_exit_code(offline):
    first = offline(id="one")
    second = offline(id="two", reinit="create_new")
    runstone.teardown(exit_code=3)
    for run in (first, second):
        with pytest.raises(runstone.UsageError, match="is finished"):
            run.log({"a": 1})
        assert journal.exit_code(journal.find(run.sync_dir)) == 3
    assert runstone.run is None
