"""restore(): a file of a run, from the server back to this machine."""

from __future__ import annotations

import os

from . import _arguments, _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO


def restore(
    self,
    name: str,
    run_path: str | None = None,
    replace: bool = False,
    root: str | os.PathLike[str] | None = None,
) -> TextIO | None:
    """Brings a file of a run from the server, and opens it. Waits for the network.

        print(run.restore("model.txt", run_path="team/project/ab12cd34").read())

    Args:
        name: the file's name in the run.
        run_path: ``[[entity/]project/]id``; by default this run.
        replace: downloads it even if there is a file of that name already, which is returned otherwise.
        root: the folder that gets it; by default ``run.dir``.

    Returns:
        The file, opened for reading text; None in a disabled run.

    Raises:
        ValueError: there is no such file (``errors.NotFoundError``, a CommError, too), or its name leads out of
            the folder.
        CommError: the server does not answer, or refuses.
        UsageError: no server, or no key for it, is known.

    Follows: the method ``restore`` of the class ``Run`` that the stock client documents.
    """
    if self.disabled:
        return None
    return open(
        self._restore(
            _arguments.text("name", name),
            _arguments.optional_text("run_path", run_path),
            bool(replace),
            _arguments.optional_path("root", root),
        )
    )


def restore_without_run(
    name: str,
    run_path: str | None = None,
    replace: bool = False,
    root: str | os.PathLike[str] | None = None,
) -> TextIO:
    """restore() where no run is active: of the server that init() would send to.

    Args:
        name, replace: as of Run.restore().
        run_path: needed.
        root: the folder that gets it; by default the working directory.

    Returns:
        The file, opened for reading text.

    Raises:
        ValueError: no run_path, or no such file. CommError, UsageError: as Run.restore().
    """
    from ._module import setup_settings

    name, run_path = _arguments.text("name", name), _arguments.optional_text("run_path", run_path)
    folder = _arguments.optional_path("root", root)
    return open(_core.restore(name, run_path, bool(replace), folder, setup_settings()))
