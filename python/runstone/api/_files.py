"""Files of a run on a server."""

from __future__ import annotations

import os

from .. import _arguments
from ._lists import PageList


class File:
    """A file of a run: ``name``, ``size`` (bytes), ``url``, ``mimetype``, ``md5`` (base64), ``updated_at``."""

    def __init__(self, core) -> None:
        self._core = core

    name = property(lambda self: self._core.name, doc="Its path in the run, with ``/``.")
    size = property(lambda self: self._core.size, doc="In bytes.")
    url = property(lambda self: self._core.url, doc="Where its bytes are; may stop working after a while.")
    mimetype = property(lambda self: self._core.mimetype, doc="As the server says; empty if it does not.")
    md5 = property(lambda self: self._core.md5, doc="Of the content, in base64; empty if unknown.")
    updated_at = property(lambda self: self._core.updated_at, doc="RFC 3339, UTC.")
    id = property(lambda self: self._core.id, doc="The server's own name for it.")

    def download(self, root: str | os.PathLike = ".", replace: bool = False, exist_ok: bool = False):
        """Writes it to ``root/name``.

        Args:
            root: a folder; it and those in the file's name are made.
            replace: overwrites a file that is there.
            exist_ok: leaves a file that is there as it is.

        Returns:
            The local file, open for reading as text; its ``name`` is the path.

        Raises:
            ValueError: a file is there and neither flag is set; a name that leads out of ``root``.
            OSError: the disk refuses. CommError: the server.

        Follows: ``File.download``. The file appears whole or not at all.
        """
        return open(self._core.download(_arguments.path("root", root), bool(replace), bool(exist_ok)))

    def delete(self) -> None:
        """Deletes it on the server."""
        self._core.remove()

    def __repr__(self) -> str:
        return f"<File {self.name} ({self.mimetype}) {self.size} bytes>"


class Files(PageList):
    """Files of a run; see ``Run.files``."""

    def _make(self, core):
        return File(core)
