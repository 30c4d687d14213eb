"""run.summary: dict-like, with attribute access, nested dicts included."""

from __future__ import annotations

from ._convert import media_list, media_of
from ._terminal import warn
from .errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class SummarySubDict:
    """A dict inside the summary, with items and attributes; writing to it is writing to the summary."""

    def __init__(self, core, path: tuple[str, ...]) -> None:
        object.__setattr__(self, "_core", core)
        object.__setattr__(self, "_path", path)

    def _read(self) -> dict[str, Any]:
        if self._core._finished:
            warn(
                f"Run ({self._core.id}) is finished: its summary reads as empty. Read it by runstone.Api().run()"
            )
            return {}
        value = self._core._summary_get(self._path) if self._path else self._core._summary_all()
        return value if isinstance(value, dict) else {}

    def _wrap(self, key: str, value: object) -> Any:
        if isinstance(value, dict) and "_type" not in value:
            return SummarySubDict(self._core, (*self._path, key))
        return value

    def __getitem__(self, key: str) -> Any:
        values = self._read()
        return self._wrap(key, values[key])

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        try:
            return self[key]
        except KeyError:
            raise AttributeError(f"the summary has no key {key!r}") from None

    def __setitem__(self, key: str, value: object) -> None:
        if not isinstance(key, str):
            raise TypeError(f"a summary key must be a str, not {type(key).__name__}")
        self._core._summary_set((*self._path, key), _stored(self._core, key, value))

    def __setattr__(self, key: str, value: object) -> None:
        self[key] = value

    def __delitem__(self, key: str) -> None:
        self._core._summary_erase((*self._path, key))

    __delattr__ = __delitem__

    def update(self, d: dict[str, Any]) -> None:
        """Sets several keys.

        Args:
            d: a dict of numbers, text, lists, arrays, dicts, media. Arrays of more than 32 elements become a
                description (min, max, mean, var, percentiles); None and NaN leave the key without a value.

        Raises:
            TypeError, ValueError: a value that cannot be stored. UsageError: the run is finished.
        """
        if self._core._finished:
            raise UsageError(
                f"Run ({self._core.id}) is finished. The call to `summary.update` will be ignored."
            )
        if not (hasattr(d, "keys") or isinstance(d, (list, tuple))):
            raise TypeError(f"summary.update() needs a dict, not {type(d).__name__}")
        for key, value in dict(d).items():
            self[key] = value

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
        """The keys, ``_step``, ``_runtime`` and ``_timestamp`` among them."""
        return [key for key in self._read() if key != "_wandb"]

    def items(self) -> list[tuple[str, Any]]:
        """(key, value) of each key."""
        return [(key, self._wrap(key, value)) for key, value in self._read().items() if key != "_wandb"]

    def values(self) -> list[Any]:
        """The value of each key."""
        return [value for _, value in self.items()]

    def __contains__(self, key: object) -> bool:
        return key in self._read()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SummarySubDict):
            other = other._read()
        return self._read() == other

    __hash__ = None

    def __repr__(self) -> str:
        return repr({key: value for key, value in self._read().items() if key != "_wandb"})


class Summary(SummarySubDict):
    """Each metric's last value or aggregates, and what was set by hand.

    ``run.summary["best"] = 0.9`` keeps that value until the key is logged again. Reading shows every
    row written so far; what waits in the open row is not in it yet. ``run.summary["n"]["x"] = 1`` writes
    inside of a nested dict. A missing item is a KeyError, a missing attribute an AttributeError.

    Follows: the attribute ``summary`` of the class ``Run`` that the stock client documents.
    """

    def __init__(self, core) -> None:
        super().__init__(core, ())

    def _asdict(self) -> dict[str, Any]:
        return self._read()


def _stored(core, key: str, value: object) -> object:
    """The value with each medium in it, and each list of them, replaced by what names its file."""
    if isinstance(value, SummarySubDict):
        return value._read()
    media = media_of(value)
    if media is not None:
        return core._bind_media(media, key, "summary")
    if isinstance(value, (list, tuple)) and value:
        media = media_list(value)
        return value if media is None else core._bind_media_list(media, key, "summary")
    if isinstance(value, dict):
        return {label: _stored(core, str(label), item) for label, item in value.items()}
    return value
