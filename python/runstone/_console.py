"""Console capture: what Python code writes to stdout and stderr goes to the run's log, too."""

from __future__ import annotations

import sys
import weakref
from _thread import _local


class _Tee:
    """Stands in for a stream; every attribute but write() is the stream's own."""

    def __init__(self, stream, is_stderr: bool, capture: Capture) -> None:
        self._stream = stream
        self._is_stderr = is_stderr
        self._capture = capture

    def write(self, text: str) -> int:
        written = self._stream.write(text)
        self._capture.on_write(self._is_stderr, text)
        return written

    def writelines(self, lines) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str):
        return getattr(self._stream, name)

    def __iter__(self):
        return iter(self._stream)


class Capture:
    """One for the process: hands what is written to every run that listens."""

    def __init__(self) -> None:
        self._runs: weakref.WeakSet = weakref.WeakSet()
        self._tees: dict[str, _Tee] = {}
        self._thread = _local()

    def start(self, run) -> None:
        if not self._tees:
            for name in ("stdout", "stderr"):
                stream = getattr(sys, name)
                if stream is not None:
                    self._tees[name] = _Tee(stream, name == "stderr", self)
                    setattr(sys, name, self._tees[name])
        self._runs.add(run)

    def stop(self, run) -> None:
        self._runs.discard(run)
        if self._runs:
            return
        for name, tee in self._tees.items():
            # Somebody may have put a stream of theirs over ours; theirs goes on writing to ours,
            # which then only passes on.
            if getattr(sys, name) is tee:
                setattr(sys, name, tee._stream)
        self._tees = {}

    def on_write(self, is_stderr: bool, text: str) -> None:
        if getattr(self._thread, "busy", False) or not isinstance(text, str):
            return
        self._thread.busy = True  # a run that prints while it stores must not be stored again
        try:
            for run in list(self._runs):
                run._write_console(is_stderr, text.encode("utf-8", "replace").decode())
        finally:
            self._thread.busy = False


capture = Capture()
