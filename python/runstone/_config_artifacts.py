"""An Artifact as a value of the config: the run uses it, and the config says which version it was."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def take_artifacts(values: dict[str, Any]) -> dict[str, Any]:
    """Takes the Artifacts out of a config that no run has yet. ValueError for one inside another value."""
    module = sys.modules.get("runstone._artifact")
    if module is None:  # then there is none
        return {}
    _refuse_nested(values, module.Artifact)
    names = [key for key, value in values.items() if isinstance(value, module.Artifact)]
    return {key: values.pop(key) for key in names}


def _refuse_nested(values: dict[str, Any], kind: type) -> None:
    for value in values.values():
        if isinstance(value, (dict, list, tuple)) and _holds(value, kind):
            raise ValueError("an Artifact can be a value of the config itself, not nested in another")


def with_artifacts_used(run: Any, values: dict[str, Any]) -> dict[str, Any]:
    """An Artifact as a value is used by the run, and its place is taken by what names the version.

    ValueError for one inside another value: nothing was stored.
    """
    module = sys.modules.get("runstone._artifact")
    if module is None:  # then there is none
        return values
    _refuse_nested(values, module.Artifact)

    def stored(value: object) -> object:
        if not isinstance(value, module.Artifact):
            return value
        used = run.use_artifact(value)
        return value.name if used is None else used.json_encode()  # None: the run is disabled

    return {key: stored(value) for key, value in values.items()}


def _holds(value: Any, kind: type) -> bool:
    items = value.values() if isinstance(value, dict) else value
    return any(
        isinstance(item, kind) or isinstance(item, (dict, list, tuple)) and _holds(item, kind)
        for item in items
    )
