"""How a process ends, and which exit code its runs get.

An uncaught exception is 1, Ctrl-C 255. All other ends leave their status to the core, which learns it
from libc when the process exits: 0 at the end of a script, n of sys.exit(n) or SystemExit(n).
"""

from __future__ import annotations

import atexit
import os
import sys
from _thread import get_ident

_INTERRUPTED = 255
_FAILED = 1

_pending_code: int | None = None
_installed = False
_main_thread = 0  # its identifier, once a run was made
_live_runs = None  # a function that gives the runs not finished yet; set by install()


_stop_functions: dict[str, object] = {}  # by the key under which the core names a run


def expect_stop(stop_fn) -> str:
    """The key under which the core tells that somebody asked a run to stop."""
    key = str(len(_stop_functions))
    _stop_functions[key] = stop_fn
    return key


def on_stop(key: str) -> None:
    """Somebody pressed stop: what the setting stop_fn says, else Ctrl-C for the program. On a thread of the
    core."""
    stop_fn = _stop_functions.get(key)
    if stop_fn is not None:
        stop_fn()
        return
    import signal

    print("runstone: The run was asked to stop: interrupting the program", file=sys.stderr)
    signal.pthread_kill(_main_thread, signal.SIGINT)


def attach(token: str, creator: int):
    """A run that was passed to this process (pickled); see Run.__reduce__."""
    if os.getpid() == creator:
        raise RuntimeError(
            "A run cannot be unpickled in the process that made it: use the object itself there; copies are "
            "for other processes"
        )
    from ._module import adopt
    from ._run import Run

    run = Run._attached(token)
    adopt(run)
    multiprocessing = sys.modules.get("multiprocessing.util")
    if multiprocessing is not None:  # its processes end without atexit
        multiprocessing.Finalize(None, run.finish, exitpriority=0)
    return run


def install(live_runs) -> None:
    """Hooks the end of the process, once; `live_runs()` gives the runs to finish then."""
    global _installed, _live_runs, _main_thread
    _live_runs = live_runs
    if _installed:
        return
    _installed = True
    # Asked now: `threading` takes the thread that imports it first for the main one, and on_stop() runs on
    # another. Where it is not imported there is no other thread of Python's yet.
    threading = sys.modules.get("threading")
    _main_thread = get_ident() if threading is None else threading.main_thread().ident
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
