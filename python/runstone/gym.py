"""Films of environments are logged, too: ``init(monitor_gym=True)``.

What ``RecordVideo`` of Gymnasium (or of the older ``gym``) writes while a run with it is active is a row of that
run with the film as ``videos``; a file named as ``gym``'s old monitor did (``...video.0...``) has the key
``video.0``. Follows: ``wandb.gym`` of the stock client.
"""

from __future__ import annotations

import os
import re
import sys
import weakref

from ._after_import import Patches
from ._terminal import warn

__all__ = ["monitor", "unpatch"]

_LIBRARIES = ("gymnasium", "gym")

_patches = Patches()
_runs: weakref.WeakSet = weakref.WeakSet()  # with monitor_gym


def monitor() -> None:
    """Makes the recorders of Gymnasium and gym tell of their films. ``init(monitor_gym=True)`` does it by itself;
    called by hand, the global run of the time gets them. Nothing is imported that the program does not import.

    Follows: ``wandb.gym.monitor`` of the stock client.
    """
    if _patches.on:
        return
    _patches.begin()
    if not any(_is_installed(name) for name in _LIBRARIES):
        warn("monitor_gym: there is neither gymnasium nor gym here: pip install gymnasium")
    for name in _LIBRARIES:
        _patches.when_imported(f"{name}.wrappers", _patch_wrappers)
    _patches.when_imported("gymnasium.wrappers.vector", _patch_vector_wrappers)


def unpatch() -> None:
    """Recorders are as they were. Does nothing without a monitor()."""
    _patches.undo()


def follow(run) -> None:
    """Films that are finished from now on are rows of this run."""
    monitor()
    _runs.add(run)


def _is_installed(name: str) -> bool:
    from importlib.util import find_spec

    return name in sys.modules or find_spec(name) is not None


def _patch_wrappers(module) -> None:
    """`gymnasium.wrappers` or `gym.wrappers`. Up to Gymnasium 0.29 the wrapper has a recorder that writes."""
    recorders = sys.modules.get(f"{module.__name__}.monitoring.video_recorder")
    if _is_recording(getattr(module, "RecordVideo", None)):
        _patch_record_video(module.RecordVideo)
    elif hasattr(getattr(recorders, "VideoRecorder", None), "close"):
        _patch_video_recorder(recorders.VideoRecorder)
    else:
        library = sys.modules[module.__name__.partition(".")[0]]
        version = getattr(library, "__version__", "of no version")
        warn(
            f"monitor_gym: {library.__name__} {version} has no recorder that is known here: films are not logged"
        )


def _patch_vector_wrappers(module) -> None:
    if _is_recording(getattr(module, "RecordVideo", None)):
        _patch_record_video(module.RecordVideo)


def _is_recording(kind) -> bool:
    return hasattr(kind, "start_recording") and hasattr(kind, "stop_recording")


def _patch_record_video(kind) -> None:
    """A wrapper that writes a film for each of its recordings."""
    start, stop = kind.start_recording, kind.stop_recording
    names: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # of recordings that go on

    def start_recording(self, video_name, *arguments, **options):
        result = start(self, video_name, *arguments, **options)  # may stop another one
        names[self] = video_name
        return result

    def stop_recording(self, *arguments, **options):
        result = stop(self, *arguments, **options)
        name = names.pop(self, None)
        if name is not None:
            _log_film(os.path.join(self.video_folder, f"{name}.mp4"))
        return result

    _patches.replace(kind, "start_recording", start_recording)
    _patches.replace(kind, "stop_recording", stop_recording)


def _patch_video_recorder(kind) -> None:
    """A recorder of one film, which it writes when it is closed."""
    close = kind.close

    def closed(self, *arguments, **options):
        result = close(self, *arguments, **options)
        path = getattr(self, "path", None)
        # Closed once more by __del__, when no weak reference leads to it any more.
        if getattr(self, "enabled", True) and path and not getattr(self, "_runstone_logged", False):
            self._runstone_logged = True
            _log_film(path)
        return result

    _patches.replace(kind, "close", closed)


def _log_film(path: str) -> None:
    if sys.is_finalizing():  # the runs are finished, and nothing can be imported any more
        return
    if not os.path.isfile(path) or os.path.getsize(path) == 0:  # of an episode without a frame
        return
    from ._module import current_run
    from .media import Video

    runs = [run for run in _runs if not run._finished]
    if not runs and (run := current_run()) is not None:
        runs = [run]
    named = re.match(r".+(video\.\d+).+", path)
    for run in runs:
        try:
            run.log({named.group(1) if named else "videos": Video(path)})
        except Exception as error:  # the program's environment must work, whatever its run can do with it
            warn(f"The film {path} is not logged: {error}")
