"""The summary of a run on a server."""

from __future__ import annotations

from .. import _arguments
from .._summary_view import SummaryView, plain


class SummarySubDict(SummaryView):
    """A dict inside the summary; writing to it is writing to the summary."""

    def __init__(self, root: Summary, path: tuple[str, ...]) -> None:
        object.__setattr__(self, "_root", root)
        object.__setattr__(self, "_path", path)

    def _read(self) -> dict:
        value = self._root._all()
        for label in self._path:
            value = value.get(label) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else {}

    def _below(self, key: str) -> SummarySubDict:
        return SummarySubDict(self._root, (*self._path, key))

    def __setitem__(self, key: str, value: object) -> None:
        self._root._set((*self._path, _arguments.text("a key of the summary", key)), value)

    def __delitem__(self, key: str) -> None:
        self._root._set((*self._path, key), None)

    def update(self, d: dict | None = None) -> None:
        """Sets keys, and sends every change of the summary to the server.

        Args:
            d: a dict; None sends what was changed before.

        Raises:
            TypeError: no dict, a key that is no str. CommError: the server does not answer, or refuses.
        """
        if not isinstance(d, (dict, SummarySubDict, type(None))):
            raise TypeError(f"update() takes a dict, not {type(d).__name__}")
        for key, value in (d or {}).items():
            self[key] = value
        self._root._send()


class Summary(SummarySubDict):
    """A run's summary on a server: dict-like, nested dicts included.

    What is set or deleted here is seen here at once and sent by ``update()``, also by ``Run.update()``: over
    what the server has by then, so that keys which others have set meanwhile stay. None and NaN remove a key.
    The writer of a run that is still running replaces the summary with its next rows.
    """

    def __init__(self, core) -> None:
        object.__setattr__(self, "_core", core)
        object.__setattr__(self, "_values", None)
        super().__init__(self, ())

    def _all(self) -> dict:
        if self._values is None:
            object.__setattr__(self, "_values", self._core.all())
        return self._values

    def _set(self, path: tuple[str, ...], value: object) -> None:
        """None erases."""
        self._core.set(list(path), plain(value))
        self._forget()

    def _send(self) -> None:
        self._core.update()
        self._forget()

    def _forget(self) -> None:
        """What is read next is asked of the core anew."""
        object.__setattr__(self, "_values", None)
