"""Run.save(): files of the program that become files of the run."""

from __future__ import annotations

import os

from . import _arguments
from .errors import UsageError

_POLICIES = ("live", "end", "now")


def save(
    self,
    glob_str: str | os.PathLike | bytes,
    base_path: str | os.PathLike | None = None,
    policy: str = "live",
    glob: bool = True,
) -> bool | list[str]:
    """Takes the files that match a pattern into the run.

    Each appears below ``run.dir`` at its path relative to base_path, as a symbolic link, else a hard link,
    else a copy; a matched folder is taken whole.

    Args:
        glob_str: a path or pattern (``*``, ``?``, ``[...]``, ``**`` for folders of any depth), relative to the working directory or absolute.
        base_path: what is left out of the path in the run. By default the working directory; for an
            absolute pattern the folder two levels up, so that one folder is kept.
        policy: ``live`` sends a file again whenever it changes, ``now`` once, ``end`` at finish().
        glob: False takes the path literally.

    Returns:
        The absolute paths below ``run.dir``, sorted; ``[]`` if nothing matches; False in a disabled run.

    Raises:
        ValueError: an unknown policy, a pattern that is not below base_path. TypeError: no path.
        UsageError: the run is finished.

    Follows: the method ``save`` of the class ``Run`` that the stock client documents.
    """
    if self.disabled:
        return False
    if self._finished:
        raise UsageError(f"Run ({self.id}) is finished. The call to `save` will be ignored.")
    pattern = _arguments.path("glob_str", glob_str)
    base = None if base_path is None else _arguments.path("base_path", base_path)
    if policy not in _POLICIES:
        raise ValueError(f'Only "live", "end" and "now" policies are currently supported, not {policy!r}')
    return self._save(pattern, base, policy, bool(glob))
