"""What all media classes share."""

from __future__ import annotations

import os

from .. import _arguments
from ..errors import Error


class Media:
    """Something to look at or listen to. Made once, it can be logged to any number of rows and runs."""

    _core_media = None  # a _core.Media

    def _media(self):
        """The core's object."""
        return self._core_media

    @property
    def caption(self) -> str | None:
        """The text shown with it."""
        return getattr(self, "_caption", None)

    def to_data_array(self) -> list:
        """Its content as numbers, where a class has such.

        Returns:
            Nested lists; of an Image its pixels.

        Raises:
            NotImplementedError: the class has none.
        """
        raise NotImplementedError(f"a {type(self).__name__} is no array of numbers")

    def __repr__(self) -> str:
        caption = f" {self.caption!r}" if self.caption else ""
        return f"<runstone.{type(self).__name__}{caption}>"


def need(module: str, for_what: str, package: str | None = None):
    """Imports a module, or raises Error that names the package to install."""
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Error(
            f"{for_what} needs the package {package or module}: pip install {package or module}"
        ) from error


def path_of(value: object) -> str | None:
    """The text of a str or path object; None for all else."""
    return _arguments.path("a path", value) if isinstance(value, (str, os.PathLike)) else None


def content_of(file) -> bytes:
    """All that an open file holds, from its start."""
    if hasattr(file, "seek"):
        file.seek(0)
    content = file.read()
    return content.encode("utf-8") if isinstance(content, str) else bytes(content)


def check_caption(caption: object) -> str | None:
    """The text of a caption; a number is its own text, as people pass a sample's class."""
    if caption is None:
        return None
    if hasattr(caption, "__float__") and getattr(caption, "ndim", 0) == 0:
        return str(plain(caption))
    return _arguments.text("caption", caption)


def plain(value: object) -> object:
    """Arrays, tensors, their scalars, tuples and what is in them as lists and numbers of Python."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items() if part is not None}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value
