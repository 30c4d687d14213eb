"""Html: a page in a frame of its own."""

from __future__ import annotations

import os

from .. import _arguments, _core
from ._base import Media, content_of, path_of


class Html(Media):
    """A page of HTML.

    Args:
        data: the path of an existing .html file, the text itself, or an open file.
        inject: adds a base target and a plain style sheet to the page's head.
        data_is_not_path: takes a str as text even if there is a file of that name.

    Raises:
        ValueError: data of another type.

    Follows: the class of that name of the stock client; the style sheet is in the page itself.
    """

    def __init__(self, data, inject: bool = True, data_is_not_path: bool = False) -> None:
        path = None if isinstance(data, str) and data_is_not_path else path_of(data)
        is_page = path is not None and path.endswith(".html") and os.path.isfile(path)
        if is_page and not data_is_not_path:
            self._core_media = _core.Media.html_file(path, bool(inject))
        elif isinstance(data, str):
            self._core_media = _core.Media.html(_arguments.text("data", data), bool(inject))
        elif hasattr(data, "read"):
            self._core_media = _core.Media.html(content_of(data).decode("utf-8"), bool(inject))
        else:
            raise ValueError(f"Html is made of a path, a str or an open file, not of {type(data).__name__}")
