"""Lines for the user, as the core prints its own."""

from __future__ import annotations

import os
import sys


def _asks_for(what: str) -> bool:
    value = os.environ.get(f"RUNSTONE_{what}") or os.environ.get(f"WANDB_{what}") or ""
    return value.lower() in ("1", "y", "yes", "t", "true", "on")


def say(text: str) -> None:
    """A line on stderr, unless the environment asks for silence."""
    if not _asks_for("SILENT"):
        print(f"runstone: {text}", file=sys.stderr)


def warn(text: str) -> None:
    """A warning on stderr, unless the environment asks for silence."""
    say(f"WARNING {text}")


def note(text: str) -> None:
    """A line on stderr, unless the environment asks for silence or quiet."""
    if not _asks_for("QUIET"):
        say(text)
