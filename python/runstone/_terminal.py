"""Lines for the user, as the core prints its own."""

from __future__ import annotations

import os
import sys


def say(text: str) -> None:
    """A line on stderr, unless the environment asks for silence."""
    silent = os.environ.get("RUNSTONE_SILENT") or os.environ.get("WANDB_SILENT") or ""
    if silent.lower() not in ("1", "y", "yes", "t", "true", "on"):
        print(f"runstone: {text}", file=sys.stderr)


def warn(text: str) -> None:
    """A warning on stderr, unless the environment asks for silence."""
    say(f"WARNING {text}")
