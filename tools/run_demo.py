"""What `make run` does once everything is built: server, a real training, the page's address.

The server keeps running until Ctrl-C. Its data is the user's own (~/.runstone), so that scripts on the
same account find it without being told.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNSTONE = ROOT / "build" / "release" / "src" / "cli" / "runstone"
PORT = os.environ.get("RUNSTONE_PORT", "7867")
ADDRESS = f"http://127.0.0.1:{PORT}"
START_LIMIT_SECS = 20


def data_arguments() -> list[str]:
    folder = os.environ.get("RUNSTONE_DATA")
    return ["--data", folder] if folder else []


def wait_until_up(server: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_LIMIT_SECS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit(f"the server ended with {server.returncode}; what it said stands above")
        try:
            urllib.request.urlopen(f"{ADDRESS}/api/health", timeout=1).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
            continue
        try:  # was it ours that answered, or one that has the port already?
            server.wait(timeout=0.3)
        except subprocess.TimeoutExpired:
            return
    server.terminate()
    sys.exit(f"the server did not answer on {ADDRESS} within {START_LIMIT_SECS} s")


def output_of(*arguments: str) -> str:
    command = [str(RUNSTONE), *arguments, *data_arguments()]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> int:
    server = subprocess.Popen([str(RUNSTONE), "server", "--port", PORT, *data_arguments()])
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        wait_until_up(server)
        key = output_of("key")
        environment = {**os.environ, "RUNSTONE_BASE_URL": ADDRESS, "RUNSTONE_API_KEY": key}
        print("\nTraining a small network on handwritten digits ...", flush=True)
        example = [sys.executable, str(ROOT / "examples" / "python" / "digits.py")]
        subprocess.run(example, check=True, env=environment, cwd=ROOT / "build")
        print(f"\nSee it here (the link signs you in, once):\n\n    {output_of('signin')}")
        print("\nThe runs of the example are in the project digits.\n")
        print(f"The server runs on {ADDRESS} until you press Ctrl-C.", flush=True)
        return server.wait()
    except KeyboardInterrupt:
        print("\nStopping the server ...", flush=True)
        return server.wait()
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
