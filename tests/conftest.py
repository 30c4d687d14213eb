"""Fixtures of the tests that cross folders."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

# A shell's background job ignores Ctrl-C, and so would every process that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

from support.server import Server  # noqa: E402


@pytest.fixture
def server(tmp_path):
    """A server of the test's own."""
    server = Server(tmp_path / "data").start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory):
    """One server for tests that use projects of their own."""
    server = Server(tmp_path_factory.mktemp("shared") / "data").start()
    yield server
    server.kill()
