"""A run in a notebook: its page in a frame."""

from __future__ import annotations

import sys


def in_jupyter() -> bool:
    """Whether this program is a notebook's kernel. Nothing is imported that the kernel has not."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and type(shell).__name__ not in (
        "TerminalInteractiveShell",
        "InteractiveShellEmbed",
    )


def display(self, height: int = 420, hidden: bool = False) -> bool:
    """Shows the run's page in a notebook's output.

    Args:
        height: of the frame, in pixels.
        hidden: shows a button that opens the frame.

    Returns:
        Whether it was shown: False outside of notebooks, and if the run is silent or disabled.
    """
    if self.disabled or self._settings().get("silent") or not in_jupyter():
        return False
    from IPython.display import HTML, display

    display(HTML(self.to_html(height, hidden)))
    return True


def to_html(self, height: int = 420, hidden: bool = False) -> str:
    """The HTML of a frame with the run's page.

    Args:
        height: of the frame, in pixels.
        hidden: a button that opens the frame comes instead of it.

    Returns:
        The text; of a run without a page (offline), a line that names it.

    Raises:
        TypeError: a height that is no int.
    """
    if not hasattr(height, "__index__"):
        raise TypeError(f"height must be an int, not {type(height).__name__}")
    return self._to_html(int(height), bool(hidden))


def mime_bundle(self, include=None, exclude=None) -> dict[str, str]:
    """What a notebook shows for a run that is the last value of a cell."""
    return {"text/html": self.to_html(hidden=True), "text/plain": repr(self)}
