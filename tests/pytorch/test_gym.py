"""monitor_gym with the real Gymnasium: a film of each recorded episode is a row of the run."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import gymnasium
import imageio.v3 as imageio
import numpy as np
import pytest
import runstone
from gymnasium.wrappers import RecordVideo
from support import journal

FRAMES = 5  # of an episode: one of reset(), four of step()


class Room(gymnasium.Env):
    """Gets brighter with each step; no window system is needed to see it."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}
    observation_space = gymnasium.spaces.Discrete(8)
    action_space = gymnasium.spaces.Discrete(2)
    render_mode = "rgb_array"

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.time = 0
        return 0, {}

    def step(self, action):
        self.time += 1
        return 0, 1.0, self.time >= FRAMES - 1, False, {}

    def render(self):
        return np.full((32, 48, 3), 40 * self.time, np.uint8)


def play(env, episodes: int, run=None) -> None:
    for episode in range(episodes):
        env.reset()
        done = False
        while not done:
            done = env.step(0)[2]
        if run is not None:
            run.log({"episode": episode})
    env.close()


def films_of(run) -> list[dict]:
    """The rows with films, as they are in the journal; their files are checked."""
    run.finish()
    rows = journal.rows(journal.find(run.sync_dir))
    films = [row for row in rows if "videos" in row]
    for row in films:
        facts = row["videos"]
        data = Path(run.dir, facts["path"]).read_bytes()
        assert facts["_type"] == "video-file" and facts["path"].endswith(".mp4")
        assert facts["size"] == len(data) and facts["sha256"] == hashlib.sha256(data).hexdigest()
    return films


@pytest.fixture(autouse=True)
def as_it_was():
    yield
    runstone.gym.unpatch()


def test_each_recorded_episode_is_a_row_with_its_film(offline):
    run = offline(monitor_gym=True)
    play(RecordVideo(Room(), "films", episode_trigger=lambda episode: episode % 2 == 0), 3, run)
    films = films_of(run)
    assert [row["_step"] for row in films] == [1, 4]  # when the episode after it begins, and at close()
    pictures = imageio.imread(Path(run.dir, films[0]["videos"]["path"]))
    assert pictures.shape == (FRAMES, 32, 48, 3)
    assert [int(picture.mean()) for picture in pictures] == pytest.approx([0, 40, 80, 120, 160], abs=8)
    assert len(os.listdir("films")) == 2  # the program's own stay


def test_films_of_a_fixed_length_and_of_a_setting(offline):
    run = offline(settings={"monitor_gym": True})
    trigger = {"step_trigger": lambda step: step % 4 == 0, "video_length": 2}
    play(RecordVideo(Room(), "films", **trigger), 2)
    assert len(films_of(run)) == 2


def test_films_of_many_environments_at_once(offline):
    run = offline(monitor_gym=True)
    envs = gymnasium.vector.SyncVectorEnv([Room, Room], autoreset_mode="SameStep")
    env = gymnasium.wrappers.vector.RecordVideo(envs, "films", episode_trigger=lambda episode: episode == 0)
    env.reset()
    for _ in range(2 * FRAMES):
        env.step(np.zeros(2, int))
    env.close()
    assert len(films_of(run)) == 1


def test_only_runs_that_asked_have_films(offline):
    other, run = offline(), offline(monitor_gym=True)
    play(RecordVideo(Room(), "films"), 1)
    assert len(films_of(run)) == 1 and films_of(other) == []


def test_without_a_run_and_after_it_recording_works_as_ever(offline):
    run = offline(monitor_gym=True)
    env = RecordVideo(Room(), "films", name_prefix="late")
    env.reset()
    run.finish()
    env.close()
    runstone.gym.unpatch()
    play(RecordVideo(Room(), "films", name_prefix="free"), 1)
    assert sorted(os.listdir("films")) == ["free-episode-0.mp4", "late-episode-0.mp4"]
    assert films_of(run) == []


def test_a_film_that_cannot_be_logged_is_told_and_harms_nobody(offline, capfd, monkeypatch):
    run = offline(monitor_gym=True)
    monkeypatch.setattr(type(run), "log", lambda *_: (_ for _ in ()).throw(ValueError("of the test")))
    play(RecordVideo(Room(), "films"), 1)
    monkeypatch.undo()
    assert "rl-video-episode-0.mp4 is not logged: of the test" in capfd.readouterr().err
    assert films_of(run) == []


def test_gymnasium_is_imported_by_the_program_alone(tmp_path):
    program = textwrap.dedent(
        f"""
        import sys
        sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}
        import runstone
        run = runstone.init(mode="offline", monitor_gym=True)
        assert "gymnasium" not in sys.modules
        from test_gym import RecordVideo, Room, films_of, play
        play(RecordVideo(Room(), "films"), 1)
        assert len(films_of(run)) == 1
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
