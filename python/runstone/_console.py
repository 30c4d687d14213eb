"""Console capture: what Python code writes to stdout and stderr goes to the run's log, too.

The streams stay the objects that they are, so that whoever holds one (a logging handler, a progress bar)
is seen as well; only their ``write`` is ours while a run listens.
"""

from __future__ import annotations

import sys
import weakref
from _thread import _local

from ._notebook import in_jupyter


class _Hook:
    """A stream with our ``write`` on it."""

    def __init__(self, capture: Capture, name: str, stream) -> None:
        self.stream = stream
        self._capture = capture
        self._is_stderr = name == "stderr"
        self.put_on()

    def put_on(self) -> None:
        """Our ``write`` over the one that is there. AttributeError for a stream that takes no attributes."""
        original = self.stream.write
        capture, is_stderr, thread = self._capture, self._is_stderr, self._capture.thread

        def write(text, *rest):
            if getattr(thread, "inside", False):  # we are below ourselves: once is enough
                return original(text, *rest)
            thread.inside = True
            try:
                written = original(text, *rest)
            finally:
                thread.inside = False
            capture.on_write(is_stderr, text)
            return written

        self.stream.write = write
        self.write = write

    def renew(self) -> None:
        """Puts it on again if somebody who had replaced ``write`` before us has put the old one back."""
        if self.stream.__dict__.get("write") is not self.write:
            self.put_on()

    def undo(self) -> None:
        # Somebody may have put a function of theirs over ours: theirs goes on calling ours, which
        # then only passes on.
        if self.stream.__dict__.get("write") is self.write:
            del self.stream.write


class _Stand:
    """In place of a stream that takes no attributes; all but what writes is the stream's own."""

    def __init__(self, capture: Capture, name: str, stream) -> None:
        self.stream = stream
        self._capture = capture
        self._name = name
        setattr(sys, name, self)

    def write(self, text) -> int:
        written = self.stream.write(text)
        self._capture.on_write(self._name == "stderr", text)
        return written

    def writelines(self, lines) -> None:
        for line in lines:
            self.write(line)

    def renew(self) -> None:
        if getattr(sys, self._name) is self.stream:
            setattr(sys, self._name, self)

    def __getattr__(self, name: str):
        return getattr(self.stream, name)

    def undo(self) -> None:
        if getattr(sys, self._name) is self:
            setattr(sys, self._name, self.stream)


class Capture:
    """One for the process: hands what is written to every run that listens."""

    def __init__(self) -> None:
        self._runs: weakref.WeakSet = weakref.WeakSet()
        self._hooks: list = []
        self._shell = None  # the notebook's, or IPython's in a terminal
        self.thread = _local()

    def start(self, run) -> None:
        if not self._hooks:
            for name in ("stdout", "stderr"):
                stream = getattr(sys, name)
                if stream is None:
                    continue
                try:
                    self._hooks.append(_Hook(self, name, stream))
                except AttributeError:
                    self._hooks.append(_Stand(self, name, stream))
            self._follow_cells()
        self._runs.add(run)

    def stop(self, run) -> None:
        self._runs.discard(run)
        if self._runs:
            return
        for hook in self._hooks:
            hook.undo()
        self._hooks = []
        if self._shell is not None:
            self._shell.events.unregister("pre_run_cell", self._renew)
            self._shell = None

    def _follow_cells(self) -> None:
        """IPython puts a ``write`` of its own on the streams while a cell runs, and then the old one back."""
        ipython = sys.modules.get("IPython")
        self._shell = ipython.get_ipython() if ipython is not None else None
        if self._shell is not None:
            self._shell.events.register("pre_run_cell", self._renew)

    def _renew(self, *_: object) -> None:
        for hook in self._hooks:
            hook.renew()

    def on_write(self, is_stderr: bool, text: object) -> None:
        if not isinstance(text, str) or getattr(self.thread, "busy", False):
            return
        self.thread.busy = True  # a run that prints while it stores must not be stored again
        try:
            for run in list(self._runs):
                run._write_console(is_stderr, text.encode("utf-8", "replace").decode())
        finally:
            self.thread.busy = False


capture = Capture()


def start(run) -> None:
    """Captures for a run as its setting ``console`` says; undone when it finishes.

    ``redirect`` is the core's: it sees file descriptors. A notebook's cells print to its kernel, which no
    descriptor sees, so there it is a wrap, too.
    """
    console = run._settings().get("console")
    if console in ("off", None):
        return
    if console == "redirect" and not in_jupyter():
        run._on_finish.append(flush)
        return
    capture.start(run)
    run._on_finish.append(lambda: capture.stop(run))


def flush() -> None:
    """Hands what Python still holds of its streams to the descriptors below."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            continue  # no stream, a closed one, or nobody reads it: nothing that could be captured
