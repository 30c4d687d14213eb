"""login(): where a key is kept, to whom it goes, and what a script is told."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import textwrap
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import runstone

PACKAGE = Path(runstone.__file__).resolve().parents[1]


@pytest.fixture
def account(tmp_path):
    """The environment of an account that has nothing yet."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RUNSTONE_", "WANDB_", "NETRC"))}
    return kept | {"HOME": str(tmp_path), "PYTHONPATH": str(PACKAGE)}


def run(account: dict, script: str, check: bool = True) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=account, cwd=account["HOME"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


def key_that_goes_to(account: dict, address: str) -> str:
    """The key that a process of this account would send there; "" if none is known."""
    script = f"""
        import runstone
        try:
            print(runstone.Api({{"base_url": {address!r}}}).api_key)
        except runstone.UsageError:
            pass
    """
    return run(account, script).stdout.strip()


def test_a_key_is_kept_for_its_owner_and_its_address_alone(account, tmp_path):
    done = run(account, "import runstone; print(runstone.login('k-1', host='https://a.example/'))")
    assert done.stdout == "True\n" and "https://a.example" in done.stderr and "k-1" not in done.stderr
    path = tmp_path / ".config/runstone/keys.json"
    assert json.loads(path.read_text()) == {"keys": {"https://a.example": "k-1"}}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key_that_goes_to(account, "https://a.example") == "k-1"
    for other in ("http://a.example", "https://a.example:8443", "https://b.example"):
        assert key_that_goes_to(account, other) == "", other
    # Where runs go is kept, too: a later process asks that server.
    assert run(account, "import runstone; print(runstone.Api().settings['base_url'])").stdout == (
        "https://a.example\n"
    )
    run(account, "import runstone; runstone.login('k-2', host='https://a.example')")
    assert key_that_goes_to(account, "https://a.example") == "k-2"


def test_the_environment_is_weaker_than_a_login_of_the_process_and_stronger_than_a_kept_key(account):
    account = account | {"RUNSTONE_BASE_URL": "https://a.example", "RUNSTONE_API_KEY": "from-env"}
    script = """
        import runstone
        before = runstone.Api().api_key
        runstone.login("typed")
        print(before, runstone.Api().api_key)
    """
    assert run(account, script).stdout == "from-env typed\n"
    assert key_that_goes_to(account, "https://a.example") == "from-env"
    del account["RUNSTONE_API_KEY"]
    assert key_that_goes_to(account, "https://a.example") == "typed"


def test_the_stock_clients_netrc_is_read_last(account, tmp_path):
    (tmp_path / ".netrc").write_text("machine a.example\n  login user\n  password from-netrc\n")
    assert key_that_goes_to(account, "https://a.example") == "from-netrc"
    assert key_that_goes_to(account, "http://a.example") == ""
    run(account, "import runstone; runstone.login('own', host='https://a.example')")
    assert key_that_goes_to(account, "https://a.example") == "own"


def test_without_a_key_login_says_whether_one_is_known(account):
    script = "import runstone; print(runstone.login())"
    done = run(account, script)
    assert done.stdout == "False\n" and "no server is known" in done.stderr
    named = account | {"RUNSTONE_BASE_URL": "http://127.0.0.1:9"}
    done = run(named, script, check=False)
    assert done.returncode == 1 and "UsageError" in done.stderr and "runstone key" in done.stderr
    assert run(named, "import runstone; print(runstone.login(prompt=False))").stdout == "False\n"
    assert run(named | {"RUNSTONE_API_KEY": "k"}, script).stdout == "True\n"
    assert run(named | {"RUNSTONE_MODE": "offline"}, script).stdout == "False\n"
    assert not (Path(account["HOME"]) / ".config/runstone/keys.json").exists()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("login('two words', host='https://x')", "ValueError"),
        ("login('', host='x.example')", "ValueError"),
        ("login('k', host='https://user:password@x')", "ValueError"),
        ("login('k')", "UsageError"),
        ("login(5)", "TypeError"),
        ("login('k', host=b'https://x')", "TypeError"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(account, tmp_path, call, error):
    done = run(account, f"import runstone; runstone.{call}", check=False)
    assert done.returncode == 1 and error in done.stderr
    assert not (tmp_path / ".config").exists()


def test_a_broken_file_of_keys_is_told_and_not_overwritten(account, tmp_path):
    path = tmp_path / ".config/runstone/keys.json"
    path.parent.mkdir(parents=True)
    path.write_text("broken")
    done = run(account, "import runstone; runstone.login('k', host='https://x.example')", check=False)
    assert done.returncode == 1 and "keys.json" in done.stderr
    assert path.read_text() == "broken"


def test_login_during_a_run_has_no_effect(account):
    script = """
        import runstone
        runstone.init(mode="offline")
        print(runstone.login("k", host="https://x.example"))
    """
    done = run(account, script)
    assert "False" in done.stdout and "after init()" in done.stderr


class _Viewer(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        good = self.headers.get("Authorization") == "Basic YXBpOmdvb2Q="  # api:good
        body = b'{"data":{"viewer":{"username":"ada"}}}' if good else b'{"errors":[{"message":"no"}]}'
        self.send_response(200 if good else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_verify_keeps_only_a_key_that_the_server_takes(account, tmp_path):
    server = HTTPServer(("127.0.0.1", 0), _Viewer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        bad = f"import runstone; runstone.login('bad', host={host!r}, verify=True)"
        done = run(account, bad, check=False)
        assert done.returncode == 1 and "AuthenticationError" in done.stderr
        assert not (tmp_path / ".config").exists()
        run(account, f"import runstone; assert runstone.login('good', host={host!r}, verify=True)")
        assert key_that_goes_to(account, host) == "good"
    finally:
        server.shutdown()
    gone = f"import runstone; runstone.login('k', host={host!r}, verify=True, timeout=2)"
    server.server_close()
    done = run(account, gone, check=False)
    assert done.returncode == 1 and "CommError" in done.stderr
