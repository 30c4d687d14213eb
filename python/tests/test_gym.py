"""monitor_gym where Gymnasium is old, unknown or missing. (With the real one: tests/pytorch/test_gym.py.)"""

from __future__ import annotations

import gc
import sys
import textwrap

import pytest
import runstone
from support import journal

# The recorder as gym 0.26 and Gymnasium 0.29 have it: one film, written by close().
OLD_RECORDER = """
class VideoRecorder:
    def __init__(self, path, enabled=True, frames=1):
        self.path, self.enabled, self.frames, self._closed = path, enabled, frames, False

    def close(self):
        if not self.enabled or self._closed:
            return
        if self.frames:
            with open(self.path, "wb") as file:
                file.write(b"a film")
        self._closed = True

    def __del__(self):
        self.close()
"""


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Makes a package of that name that looks like gym to whoever imports it."""
    made = []

    def make(name: str, version: str, wrappers: str, recorder: str | None) -> None:
        root = tmp_path / "packages" / name
        files = {"__init__.py": f"__version__ = {version!r}\nfrom . import wrappers\n"}
        files["wrappers/__init__.py"] = wrappers
        if recorder is not None:
            files["wrappers/monitoring/__init__.py"] = ""
            files["wrappers/monitoring/video_recorder.py"] = recorder
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(textwrap.dedent(text))
        monkeypatch.syspath_prepend(str(tmp_path / "packages"))
        made.append(name)

    yield make
    runstone.gym.unpatch()
    for module in [m for m in sys.modules if m.partition(".")[0] in made]:
        del sys.modules[module]


def films(run) -> list[dict]:
    run.finish()
    rows = journal.rows(journal.find(run.sync_dir))
    return [{k: v["_type"] for k, v in row.items() if not k.startswith("_")} for row in rows]


@pytest.mark.parametrize("name", ["gym", "gymnasium"])
def test_the_recorder_of_older_versions(library, offline, name):
    library(name, "0.26.2", "from .monitoring.video_recorder import VideoRecorder", OLD_RECORDER)
    run = offline(monitor_gym=True)
    __import__(name)
    recorder = sys.modules[f"{name}.wrappers.monitoring.video_recorder"].VideoRecorder
    recorder("plain.mp4", enabled=False).close()
    recorder("empty.mp4", frames=0).close()
    film = recorder("plain.mp4")
    film.close()
    film.me = film  # as an environment and its recorder hold each other
    del film
    gc.collect()
    recorder("openaigym.video.3.17.video000001.mp4").close()
    assert films(run) == [{"videos": "video-file"}, {"video.3": "video-file"}]


def test_a_version_without_a_known_recorder_is_told(library, offline, capfd, monkeypatch):
    monkeypatch.delenv("RUNSTONE_SILENT")
    library("gymnasium", "9.0", "class RecordVideo: pass", None)
    run = offline(monitor_gym=True)
    __import__("gymnasium")
    assert "gymnasium 9.0 has no recorder that is known here" in capfd.readouterr().err
    run.log({"a": 1})
    assert len(journal.rows(journal.find(run.sync_dir))) == 1


def test_a_program_without_gym_is_told_and_records(offline, capfd, monkeypatch):
    monkeypatch.delenv("RUNSTONE_SILENT")
    run = offline(monitor_gym=True)
    assert "neither gymnasium nor gym" in capfd.readouterr().err
    run.log({"a": 1})
    run.finish()
    assert len(journal.rows(journal.find(run.sync_dir))) == 1
    runstone.gym.unpatch()


def test_a_disabled_run_has_no_films(library, offline):
    library("gym", "0.26.2", "from .monitoring.video_recorder import VideoRecorder", OLD_RECORDER)
    run = offline(mode="disabled", monitor_gym=True)
    import gym

    gym.wrappers.monitoring.video_recorder.VideoRecorder("plain.mp4").close()
    assert "videos" not in dict(run.summary)


def test_monitor_by_hand_serves_the_global_run(library, offline):
    library("gym", "0.26.2", "from .monitoring.video_recorder import VideoRecorder", OLD_RECORDER)
    runstone.gym.monitor()
    run = offline()
    import gym

    gym.wrappers.monitoring.video_recorder.VideoRecorder("plain.mp4").close()
    assert films(run) == [{"videos": "video-file"}]
