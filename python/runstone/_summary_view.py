"""What the summary of a run at hand and that of a run on a server have in common: reading."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class KeysAsAttributes:
    """``summary.loss`` is ``summary["loss"]``, to read, to set and to delete."""

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        try:
            return self[key]
        except KeyError:
            raise AttributeError(f"the summary has no key {key!r}") from None

    def __setattr__(self, key: str, value: object) -> None:
        self[key] = value

    def __delattr__(self, key: str) -> None:
        del self[key]


class SummaryView(KeysAsAttributes):
    """A dict, or a dict inside it, with items and attributes. What it holds and how it is written is the subclass's
    to say: ``_read()``, ``_below()``, ``__setitem__`` and ``__delitem__``."""

    def _read(self) -> dict[str, Any]:
        raise NotImplementedError

    def _shown(self) -> dict[str, Any]:
        """What is listed; the rest is found by its key alone."""
        return self._read()

    def _below(self, key: str) -> SummaryView:
        """The view of a dict in this one."""
        raise NotImplementedError

    def _wrap(self, key: str, value: object) -> Any:
        return self._below(key) if isinstance(value, dict) and "_type" not in value else value

    def __getitem__(self, key: str) -> Any:
        return self._wrap(key, self._read()[key])

    def get(self, key: str, default: object = None) -> Any:
        """The value of a key.

        Args:
            key: a str.
            default: what to give if the key is missing.

        Returns:
            The value; of a dict an object that writes to the summary.
        """
        values = self._read()
        return self._wrap(key, values[key]) if key in values else default

    def keys(self) -> list[str]:
        """The keys; of a whole summary ``_step``, ``_runtime`` and ``_timestamp`` are among them."""
        return list(self._shown())

    def items(self) -> list[tuple[str, Any]]:
        """(key, value) of each key."""
        return [(key, self._wrap(key, value)) for key, value in self._shown().items()]

    def values(self) -> list[Any]:
        """The value of each key."""
        return [value for _, value in self.items()]

    def __contains__(self, key: object) -> bool:
        return key in self._read()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._shown())

    def __eq__(self, other: object) -> bool:
        return self._read() == plain(other)

    __hash__ = None

    def __repr__(self) -> str:
        return repr(self._shown())


def plain(value: object) -> object:
    """A view as the dict that it shows; all else as it is."""
    return value._read() if isinstance(value, SummaryView) else value
