"""Fixtures of the tests with PyTorch. They run in the environment of that name (tools/client_environments.py):
`.venv-clients/with-torch/bin/python -m pytest tests/pytorch`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

try:
    import runstone
except ImportError as problem:
    raise RuntimeError(
        f"the extension in python/runstone does not load in {sys.executable} (Python {sys.version.split()[0]}): "
        "build it with an interpreter of the same minor version, PYTHON=/usr/bin/python3 make build"
    ) from problem


@pytest.fixture(autouse=True)
def clean_process(tmp_path, monkeypatch):
    """No server, no key, no settings of the account; no run left over."""
    for name in list(os.environ):
        if name.startswith(("WANDB_", "RUNSTONE_")) and name != "RUNSTONE_BIN":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    yield
    runstone.teardown()


@pytest.fixture
def offline():
    """Starts an offline run beside those that are there."""

    def start(**arguments):
        return runstone.init(mode="offline", project="p", reinit="create_new", **arguments)

    return start


@pytest.fixture
def run(offline):
    return offline()
