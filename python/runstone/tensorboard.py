"""What a program writes for TensorBoard is logged, too: ``init(sync_tensorboard=True)``.

Writers of ``torch.utils.tensorboard``, ``tensorboardX``, ``tensorboard`` and ``tf.summary`` tell their log
directories; the core reads the event files there (scalars, images, histograms, texts) and logs each step as a
row, under its tags, with the step as ``global_step``.
"""

from __future__ import annotations

import os
import re
import socket
import weakref

from ._after_import import Patches
from ._terminal import warn

__all__ = ["patch", "unpatch"]

_FILE_WRITERS = ("tensorboard.summary.writer.event_file_writer", "tensorboardX.event_file_writer")
_TENSORFLOW = "tensorflow.python.ops.gen_summary_ops"

_patches = Patches()
_root = ""
_writers: weakref.WeakSet = weakref.WeakSet()
_runs: weakref.WeakSet = weakref.WeakSet()  # with sync_tensorboard


def patch(
    save: bool = True,
    tensorboard_x: bool | None = None,
    pytorch: bool | None = None,
    root_logdir: str = "",
) -> None:
    """Makes event file writers tell their log directories. ``init(sync_tensorboard=True)`` does it by itself;
    call it before, with a root, if there are several log directories.

    Args:
        save: accepted; event files are always kept with the run.
        tensorboard_x, pytorch: accepted; all writers are served.
        root_logdir: tags get their directory's path below it in front; by default below what the directories
            have in common, and nothing for a single one.

    Raises:
        ValueError: it was called before; see unpatch().

    Follows: ``wandb.tensorboard.patch`` of the stock client.
    """
    global _root
    if _patches.on:
        raise ValueError(
            "TensorBoard is patched already: call runstone.tensorboard.unpatch() first, or leave out "
            "sync_tensorboard=True, or call patch() once"
        )
    _patches.begin()
    _root = root_logdir or ""
    for name in _FILE_WRITERS:
        _patches.when_imported(name, _patch_file_writer)
    _patches.when_imported(_TENSORFLOW, _patch_tensorflow)


def unpatch() -> None:
    """Event file writers made from now on are not followed any more. Does nothing without a patch()."""
    _patches.undo()


def follow(run) -> None:
    """Directories that writers are made for from now on are read for this run."""
    if not _patches.on:
        patch()
    _runs.add(run)


def flush() -> None:
    """Event files have all that was written to them; before a run reads them for the last time."""
    import sys

    for writer in list(_writers):
        writer.flush()
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and hasattr(tensorflow, "summary"):
        tensorflow.summary.flush()


def _patch_file_writer(module) -> None:
    kind = module.EventFileWriter
    original = kind.__init__

    def __init__(self, logdir, *arguments, **options) -> None:
        _tell(os.fspath(logdir))
        original(self, logdir, *arguments, **options)
        _writers.add(self)

    _patches.replace(kind, "__init__", __init__)


def _patch_tensorflow(module) -> None:
    original = module.create_summary_file_writer

    def create_summary_file_writer(*arguments, **options):
        logdir = options.get("logdir", arguments[1] if len(arguments) > 1 else None)
        if hasattr(logdir, "numpy"):
            logdir = logdir.numpy().decode("utf8")
        if logdir:
            _tell(str(logdir))
        return original(*arguments, **options)

    _patches.replace(module, "create_summary_file_writer", create_summary_file_writer)


def _tell(logdir: str) -> None:
    if not _patches.on:
        return
    from ._module import current_run

    runs = [run for run in _runs if not run._finished]
    if not runs and (run := current_run()) is not None:
        runs = [run]  # patch() was called by hand
    root = _root_of(logdir)
    for run in runs:
        if run.disabled:
            continue
        if run not in _runs:
            _runs.add(run)
            run._on_finish.append(flush)
        try:
            run._sync_tensorboard(logdir, root)
        except Exception as error:  # the program's writer must work, whatever its run can do with it
            warn(f"What is written to {logdir} is not logged: {error}")


def _root_of(logdir: str) -> str:
    # A directory that the writer has named itself, after time and host, is no part of a tag.
    named = re.search(rf"-\d+_{re.escape(socket.gethostname())}", logdir)
    if named:
        return logdir[: named.end()]
    if not _root:
        return ""
    path, root = os.path.abspath(logdir), os.path.abspath(_root)
    if path == root or path.startswith(root.rstrip("/") + "/"):
        return root
    warn(f"The log directory {logdir} is not below root_logdir {_root}: its tags have no directory in front")
    return logdir
