"""What a disabled run has in the place of a summary: a dict of the process, with attribute access."""

from __future__ import annotations

from ._convert import mapping
from ._summary_view import KeysAsAttributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class DisabledSummary(KeysAsAttributes, dict):
    """Takes whatever it is given, as it is: nothing is stored or sent, so nothing is checked or converted.

    Dicts inside of it have attributes, too.
    """

    def __setitem__(self, key: str, value: Any) -> None:
        is_plain_dict = isinstance(value, dict) and not isinstance(value, DisabledSummary)
        super().__setitem__(key, _nested(value) if is_plain_dict else value)

    def __delitem__(self, key: str) -> None:
        self.pop(key, None)  # a missing key is no error, as of a summary

    def update(self, d: dict[str, Any]) -> None:
        """Sets several keys.

        Args:
            d: a dict.
        """
        for key, value in dict(d).items():
            self[key] = value

    def log(self, data: dict[str, Any], step: int | None = None, commit: bool | None = None) -> None:
        """What Run.log() does in a disabled run.

        Args:
            data: a dict, or any mapping.
            step, commit: no effect.

        Raises:
            InvalidDataError: data is no mapping.
        """
        self.update(mapping(data))


def _nested(value: dict) -> DisabledSummary:
    nested = DisabledSummary()
    nested.update(value)
    return nested
