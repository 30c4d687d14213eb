"""Fixtures of the package's tests. Each test gets an empty folder and an environment of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2] / "tests"
sys.path.insert(0, str(TESTS))

# A shell's background job ignores Ctrl-C, and so would every process that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

import runstone  # noqa: E402


@pytest.fixture(autouse=True)
def clean_process(tmp_path, monkeypatch):
    """No server, no key, no settings of the account; no run left over."""
    for name in list(os.environ):
        if name.startswith(("WANDB_", "RUNSTONE_")) and name != "RUNSTONE_BIN":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RUNSTONE_SILENT", "true")
    monkeypatch.chdir(tmp_path)
    yield
    runstone.teardown()


@pytest.fixture
def offline(tmp_path):
    """Starts an offline run in the test's folder; finished by the test or by clean_process."""

    def start(**arguments):
        arguments.setdefault("mode", "offline")
        arguments.setdefault("project", "p")
        return runstone.init(**arguments)

    return start


@pytest.fixture
def script(tmp_path):
    """Runs a Python program in a process of its own; the answer has returncode, stdout and stderr."""

    def run(code: str, **environment: str) -> subprocess.CompletedProcess:
        path = tmp_path / "script.py"
        path.write_text(code)
        return subprocess.run(
            [sys.executable, str(path)],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


@pytest.fixture
def hello(tmp_path):
    path = tmp_path / "hello.txt"
    path.write_text("hello\n")
    return path


@pytest.fixture
def tree(tmp_path):
    for name, text in {"a.txt": "hello\n", "sub/b.txt": "world\n"}.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "tree"
