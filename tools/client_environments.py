"""Makes a virtual environment for each older stock client that the compatibility tests run, one for the
newest with the package that its sweep controller needs, one for the newest with encoders of media, one for the
newest with the libraries of object stores, and one for the newest beside PyTorch, TensorBoard and Gymnasium,
below .venv-clients/. Does nothing where one is there. The versions and all that they need are pinned in
tools/clients/<name>.txt; what a client of that time was used with, such as numpy 1 for 0.16, too.

PyTorch itself is the system's (Debian's python3-torch, for the CPU): what PyPI has for Linux brings
gigabytes of CUDA along.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "tools" / "clients"
FOLDER = ROOT / ".venv-clients"


WITH_SWEEPS = "with-sweeps"
WITH_MEDIA = "with-media"  # what the conformance suite gives the stock client: its encoders
WITH_CLOUDS = "with-clouds"  # the libraries by which it asks object stores, and a store of Google's kind
WITH_TORCH = "with-torch"
SYSTEM_PYTHON = "/usr/bin/python3"


class ClientEnvironmentError(Exception):
    """The environment of a client could not be made; the text says what to do."""


def versions() -> list[str]:
    """Of the older clients, newest first."""
    return sorted(
        (p.stem for p in PINS.glob("[0-9]*.txt")), key=lambda v: [*map(int, v.split("."))], reverse=True
    )


def python_of(name: str) -> Path:
    """The interpreter of an environment, which is made if it is not there."""
    pins = PINS / f"{name}.txt"
    place = FOLDER / name
    stamp = place / ".installed"
    want = hashlib.sha256(pins.read_bytes()).hexdigest()[:16]
    FOLDER.mkdir(exist_ok=True)
    # Two test processes may ask for the same one at once.
    with open(FOLDER / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (stamp.exists() and stamp.read_text() == want):
            make(name, place, pins)
            stamp.write_text(want)
    return place / "bin" / "python"


def make(name: str, place: Path, pins: Path) -> None:
    print(f"clients: installing {name} into {place.relative_to(ROOT)}", file=sys.stderr)
    python = place / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(pins)]
    create = [sys.executable, "-m", "venv", str(place)]
    if name == WITH_TORCH:
        create = [SYSTEM_PYTHON, "-m", "venv", "--system-site-packages", str(place)]
    for command in (create, install):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise ClientEnvironmentError(
                f"the client of {name} could not be installed, so the tests with it cannot run. On a machine "
                "without network, copy .venv-clients/ from one that has it, same path and Python.\n"
                f"{' '.join(command)}\n{done.stderr[-2000:]}"
            )


def main() -> int:
    try:
        with ThreadPoolExecutor(max_workers=2) as pool:
            list(pool.map(python_of, [*versions(), WITH_SWEEPS, WITH_MEDIA, WITH_CLOUDS, WITH_TORCH]))
    except ClientEnvironmentError as problem:
        print(f"clients: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
