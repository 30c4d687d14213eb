"""Memory of a process that logs 10 M points while its server is down: `python_outage.py`.

Prints {"growth_mb": peak resident memory above Python's own, "second_half_mb": growth after half the
points, "points": n}. The address is a loopback port that nobody listens on.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile

ROWS = 1_000_000
KEYS = 10


STATUS = "/proc/self/status"


def peak_mb(status: str) -> float:
    """Of one program alone: ru_maxrss would begin with the peak of the process that started it."""
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def own_peak_mb() -> float:
    with open(STATUS) as file:
        return peak_mb(file.read())


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def bare_python_mb() -> float:
    command = [sys.executable, "-c", f"print(open({STATUS!r}).read())"]
    return peak_mb(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    os.environ["RUNSTONE_BASE_URL"] = f"http://127.0.0.1:{unused_port()}"
    os.environ["RUNSTONE_API_KEY"] = "local-" + "0" * 40
    import runstone

    with tempfile.TemporaryDirectory() as folder:
        settings = runstone.Settings(silent=True, console="off", finish_timeout=1)
        run = runstone.init(project="bench", dir=folder, settings=settings)
        names = [f"key_{i}" for i in range(KEYS)]
        half = 0.0
        for i in range(ROWS):
            run.log({name: i + 0.5 for name in names})
            if i == ROWS // 2:
                half = own_peak_mb()
        peak = own_peak_mb()
        run.finish()
    growth = peak - bare_python_mb()
    print(json.dumps({"growth_mb": growth, "second_half_mb": peak - half, "points": ROWS * KEYS}))


if __name__ == "__main__":
    main()
