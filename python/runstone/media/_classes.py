"""Classes: what the numbers in masks and boxes stand for."""

from __future__ import annotations

from .. import _arguments, _core
from ._base import Media


class Classes(Media):
    """Names of classes, for an Image or as an object of an artifact.

    Args:
        class_set: ``[{"id": 0, "name": "road"}, ...]``.
    """

    def __init__(self, class_set: list[dict]) -> None:
        for one in _arguments.sequence("class_set", class_set, 'dicts {"id": 0, "name": "road"}'):
            assert isinstance(one, dict) and "id" in one and "name" in one, "each class has an id and a name"
        self._class_set = [dict(one) for one in class_set]
        self._core_media = _core.classes(self._class_set)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Classes) and self._class_set == other._class_set

    __hash__ = None
