"""What define_metric() gives."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Metric:
    """A defined metric, as it stood when define_metric() returned it. Read-only."""

    __slots__ = ("_fields",)

    def __init__(self, fields: dict[str, Any]) -> None:
        object.__setattr__(self, "_fields", fields)

    @property
    def name(self) -> str:
        """The metric's key, or a prefix with ``*``."""
        return self._fields["name"]

    @property
    def step_metric(self) -> str | None:
        """The metric that is its x axis."""
        return self._fields["step_metric"]

    @property
    def step_sync(self) -> bool | None:
        """Whether rows that lack step_metric get its last value."""
        return self._fields["step_sync"]

    @property
    def summary(self) -> tuple[str, ...] | None:
        """The operations that make its summary; None: the last value."""
        return self._fields["summary"]

    @property
    def hidden(self) -> bool | None:
        """Whether the pages leave it out."""
        return self._fields["hidden"]

    @property
    def goal(self) -> str | None:
        """``minimize`` or ``maximize``."""
        return self._fields["goal"]

    def __repr__(self) -> str:
        return f"Metric({self.name!r})"
