"""What single settings do. (Those of the network: tests/compat/test_own_settings.py; of the machine:
test_machine.py; of the console: test_console.py.)"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import runstone
from support import journal


def metadata_of(run) -> dict:
    run.finish()
    return json.loads(Path(run.dir, "wandb-metadata.json").read_text())


@pytest.fixture
def repository(tmp_path):
    """A git repository with one commit and two remotes, beside the working directory."""
    folder = tmp_path / "repository"
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (
        ["init", "-q"],
        ["remote", "add", "origin", "https://host/origin.git"],
        ["remote", "add", "fork", "https://host/fork.git"],
        [*author, "commit", "-q", "--allow-empty", "-m", "first"],
    ):
        folder.mkdir(exist_ok=True)
        subprocess.run(["git", *command], cwd=folder, env=environment, check=True, capture_output=True)
    head = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(head, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    return str(folder), commit


def test_git_root_is_where_the_repository_is_looked_for(repository):
    folder, commit = repository
    assert "git" not in metadata_of(runstone.init(mode="offline", settings={"git_root": "/"}))
    found = metadata_of(runstone.init(mode="offline", settings={"git_root": folder}))["git"]
    assert found == {"remote": "https://host/origin.git", "commit": commit}


@pytest.mark.parametrize(
    ("settings", "changed"),
    [
        ({"git_remote": "fork"}, {"remote": "https://host/fork.git"}),
        ({"git_remote_url": "https://other/x"}, {"remote": "https://other/x"}),
        ({"git_commit": "f" * 40}, {"commit": "f" * 40}),
    ],
    ids=str,
)
def test_git_facts_that_are_given_win(repository, settings, changed):
    folder, commit = repository
    run = runstone.init(mode="offline", settings={"git_root": folder, **settings})
    assert metadata_of(run)["git"] == {"remote": "https://host/origin.git", "commit": commit, **changed}


def test_disable_git_leaves_them_out_also_those_that_are_given(repository):
    settings = {"git_root": repository[0], "git_commit": "f" * 40, "disable_git": True}
    assert "git" not in metadata_of(runstone.init(mode="offline", settings=settings))


@pytest.mark.parametrize(
    ("settings", "linked"),
    [
        ({}, None),
        ({"allow_media_symlink": True}, "soft"),
        ({"allow_media_symlink": True, "symlink": False}, "hard"),
    ],
    ids=str,
)
def test_allow_media_symlink_links_the_file_of_a_medium(offline, tmp_path, settings, linked):
    film = tmp_path / "film.mp4"
    film.write_bytes(b"frames")
    run = offline(settings=settings)
    run.log({"film": runstone.Video(str(film))})
    run.log({"film": runstone.Video(str(film))})
    run.finish()
    first, second = [row["film"] for row in journal.rows(journal.find(run.sync_dir))]
    assert first["size"] == second["size"] == 6 and first["sha256"] == second["sha256"]
    for facts in (first, second):
        kept = Path(run.dir, facts["path"])
        assert kept.read_bytes() == b"frames"
        assert kept.is_symlink() is (linked == "soft")
        assert os.path.samefile(kept, film) is (linked is not None)


def test_x_start_time_is_when_the_run_began(offline):
    run = offline(settings={"x_start_time": 1_700_000_000.5})
    run.log({"a": 1})
    assert run.start_time == 1_700_000_000.5
    run.finish()
    (row,) = journal.rows(journal.find(run.sync_dir))
    assert row["_runtime"] == pytest.approx(row["_timestamp"] - 1_700_000_000.5, abs=1)


def test_x_journal_json_writes_values_as_texts(offline):
    for as_text in (True, False):
        run = offline(settings={"x_journal_json": as_text})
        run.log({"loss": 0.123456789})
        run.finish()
        data = Path(run.settings.sync_file).read_bytes()
        assert (b"0.123456789" in data.replace(b"wandb-summary", b"")) or not as_text
        history = data.split(b"loss", 2)[1][:40]
        assert (b"0.123456789" in history) is as_text


def test_console_chunk_max_seconds_begins_a_part_after_that_time(script, tmp_path):
    done = script(
        "import runstone, time\n"
        "settings = {'console_multipart': True, 'console_chunk_max_seconds': 1}\n"
        "run = runstone.init(mode='offline', settings=settings)\n"
        "print('first', flush=True)\ntime.sleep(2.5)\nprint('second', flush=True)\nprint(run.dir)\n"
    )
    assert done.returncode == 0, done.stderr
    parts = sorted(Path(done.stdout.split()[-1], "logs").iterdir())
    assert len(parts) >= 2 and "first" in parts[0].read_text() and "second" not in parts[0].read_text()


def test_the_folders_that_the_environment_names_are_used(script, tmp_path):
    """RUNSTONE_CONFIG_DIR has the settings file; artifact, cache and staging folders: test_artifacts.py."""
    (tmp_path / "configured").mkdir()
    (tmp_path / "configured" / "settings").write_text("[default]\nproject = of-the-file\n")
    code = "import runstone\nprint(runstone.init(mode='offline').project)"
    assert script(code, RUNSTONE_CONFIG_DIR=str(tmp_path / "configured")).stdout == "of-the-file\n"


def test_what_has_no_effect_takes_no_other_value():
    assert runstone.Settings(step_order="increasing").step_order == "increasing"
    with pytest.raises(ValueError, match="step_order.*increasing"):
        runstone.Settings(step_order="any")


def test_a_summary_is_read_without_waiting_however_short_summary_timeout_is(offline):
    run = offline(settings={"summary_timeout": 0})
    run.log({"a": 1})
    assert run.summary["a"] == 1


def test_finish_timeout_raises_only_where_it_is_asked_for():
    server = {"base_url": "http://127.0.0.1:9", "api_key": "local-" + "0" * 40, "finish_timeout": 0.1}
    run = runstone.init(settings={**server, "finish_timeout_raises": True})
    run.log({"a": 1})
    with pytest.raises(TimeoutError, match="1 of 1 rows are not on the server.*runstone sync"):
        run.finish()
    assert run._finished and runstone.run is None
    run = runstone.init(settings=server)
    run.log({"a": 1})
    run.finish()
