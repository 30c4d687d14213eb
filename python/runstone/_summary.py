"""run.summary: dict-like, with attribute access, nested dicts included."""

from __future__ import annotations

from ._convert import media_list, media_of
from ._summary_view import SummaryView, plain
from ._terminal import warn
from .errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class SummarySubDict(SummaryView):
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

    def _shown(self) -> dict[str, Any]:
        return {key: value for key, value in self._read().items() if key != "_wandb"}

    def _below(self, key: str) -> SummarySubDict:
        return SummarySubDict(self._core, (*self._path, key))

    def __setitem__(self, key: str, value: object) -> None:
        if not isinstance(key, str):
            raise TypeError(f"a summary key must be a str, not {type(key).__name__}")
        self._core._summary_set((*self._path, key), _stored(self._core, key, value))

    def __delitem__(self, key: str) -> None:
        self._core._summary_erase((*self._path, key))

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
    if isinstance(value, SummaryView):
        return plain(value)
    media = media_of(value)
    if media is not None:
        return core._bind_media(media, key, "summary")
    if isinstance(value, (list, tuple)) and value:
        media = media_list(value)
        return value if media is None else core._bind_media_list(media, key, "summary")
    if isinstance(value, dict):
        return {label: _stored(core, str(label), item) for label, item in value.items()}
    return value
