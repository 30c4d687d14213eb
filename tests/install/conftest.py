"""Where the build is that these tests look at, and where it was installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def build() -> Path:
    """The build directory of the executable under test; build/release unless RUNSTONE_BIN says another."""
    executable = os.environ.get("RUNSTONE_BIN")
    return Path(executable).resolve().parents[2] if executable else ROOT / "build" / "release"


@pytest.fixture(scope="session")
def prefix(build: Path, tmp_path_factory) -> Path:
    """The SDK, installed below a folder that is not the one it was configured for."""
    prefix = tmp_path_factory.mktemp("prefix")
    command = ["cmake", "--install", str(build), "--component", "sdk", "--prefix", str(prefix)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return prefix


@pytest.fixture(scope="session")
def pkg_config(prefix: Path):
    """What `pkg-config` says about the installed SDK, as arguments for a compiler."""

    def ask(*options: str) -> list[str]:
        environment = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
        command = ["pkg-config", *options, "runstone"]
        return subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True
        ).stdout.split()

    return ask


@pytest.fixture
def offline_environment() -> dict[str, str]:
    """Without a server or settings of the account, so that a program records and sends nothing."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("RUNSTONE_", "WANDB_"))}
    return {**kept, "RUNSTONE_MODE": "offline"}
