"""Where the build is that these tests look at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def build() -> Path:
    """The build directory of the executable under test; build/release unless RUNSTONE_BIN says another."""
    executable = os.environ.get("RUNSTONE_BIN")
    return Path(executable).resolve().parents[2] if executable else ROOT / "build" / "release"


@pytest.fixture
def offline_environment() -> dict[str, str]:
    """Without a server or settings of the account, so that a program records and sends nothing."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("RUNSTONE_", "WANDB_"))}
    return {**kept, "RUNSTONE_MODE": "offline"}
