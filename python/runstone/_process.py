"""How a process ends, and which exit code its runs get.

An uncaught exception is 1, Ctrl-C 255. All other ends leave their status to the core, which learns it
from libc when the process exits: 0 at the end of a script, n of sys.exit(n) or SystemExit(n).
"""

from __future__ import annotations

import atexit
import sys

_INTERRUPTED = 255
_FAILED = 1

_pending_code: int | None = None
_installed = False
_live_runs = None  # a function that gives the runs not finished yet; set by install()


def install(live_runs) -> None:
    """Hooks the end of the process, once; `live_runs()` gives the runs to finish then."""
    global _installed, _live_runs
    _live_runs = live_runs
    if _installed:
        return
    _installed = True
    previous = sys.excepthook

    def excepthook(kind, exception, traceback) -> None:
        global _pending_code
        _pending_code = _INTERRUPTED if issubclass(kind, KeyboardInterrupt) else _FAILED
        previous(kind, exception, traceback)

    sys.excepthook = excepthook
    atexit.register(_at_exit)


def pending_code() -> int | None:
    return _pending_code


def _at_exit() -> None:
    for run in _live_runs():
        if _pending_code is not None:
            run.finish(_pending_code)
            continue
        if not run.disabled:
            run._config._send_nested_changes()
        for undo in run._on_finish:
            undo()
        run._finish_at_exit()
