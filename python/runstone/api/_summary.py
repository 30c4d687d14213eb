"""The summary of a run on a server."""

from __future__ import annotations

from collections.abc import Iterator

from .. import _arguments


class SummarySubDict:
    """A dict inside the summary; writing to it is writing to the summary."""

    def __init__(self, root: Summary, path: tuple[str, ...]) -> None:
        object.__setattr__(self, "_root", root)
        object.__setattr__(self, "_path", path)

    def _read(self) -> dict:
        value = self._root._all()
        for label in self._path:
            value = value.get(label) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else {}

    def _wrap(self, key: str, value: object) -> object:
        if isinstance(value, dict) and "_type" not in value:
            return SummarySubDict(self._root, (*self._path, key))
        return value

    def __getitem__(self, key: str) -> object:
        return self._wrap(key, self._read()[key])

    def __getattr__(self, key: str) -> object:
        if key.startswith("__"):
            raise AttributeError(key)
        try:
            return self[key]
        except KeyError:
            raise AttributeError(f"the summary has no key {key!r}") from None

    def __setitem__(self, key: str, value: object) -> None:
        self._root._set((*self._path, _arguments.text("a key of the summary", key)), value)

    __setattr__ = __setitem__

    def __delitem__(self, key: str) -> None:
        self._root._set((*self._path, key), None)

    __delattr__ = __delitem__

    def get(self, key: str, default: object = None) -> object:
        """The value of a key.

        Args:
            key: a str.
            default: what to give if the key is missing.

        Returns:
            The value; of a dict an object that writes to the summary.
        """
        values = self._read()
        return self._wrap(key, values[key]) if key in values else default

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

    def keys(self) -> list[str]:
        """The keys."""
        return list(self._read())

    def values(self) -> list[object]:
        """The value of each key."""
        return [value for _, value in self.items()]

    def items(self) -> list[tuple[str, object]]:
        """(key, value) of each key."""
        return [(key, self._wrap(key, value)) for key, value in self._read().items()]

    def __contains__(self, key: object) -> bool:
        return key in self._read()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._read())

    def __eq__(self, other: object) -> bool:
        return self._read() == _plain(other)

    __hash__ = None

    def __repr__(self) -> str:
        return repr(self._read())


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
        self._core.set(list(path), _plain(value))
        self._forget()

    def _send(self) -> None:
        self._core.update()
        self._forget()

    def _forget(self) -> None:
        """What is read next is asked of the core anew."""
        object.__setattr__(self, "_values", None)


def _plain(value: object) -> object:
    return value._read() if isinstance(value, SummarySubDict) else value
