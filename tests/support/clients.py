"""The stock clients of several versions, each with the Python of its own environment."""

from __future__ import annotations

import sys
from pathlib import Path

from support.server import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import client_environments  # noqa: E402

NEWEST = "0.31.0"  # the one in .venv, see tools/requirements-dev.txt


def interpreters() -> dict[str, Path]:
    """{version: its Python}, newest first. The older ones are installed if they are not there."""
    older = {version: client_environments.python_of(version) for version in client_environments.versions()}
    return {NEWEST: Path(sys.executable), **older}
