"""What settings of the network do, on a real server behind a proxy that sees every request."""

from __future__ import annotations

import subprocess

import pytest
from client import run_script
from support.fault_server import FaultServer

PROJECT = "own-settings"
SCRIPT = """
import runstone
run = runstone.init(project="own-settings", id={id!r}, settings={{"finish_timeout": 20.0, **{settings!r}}})
{body}
run.finish()
"""


@pytest.fixture
def proxy(shared_server):
    proxy = FaultServer(shared_server.port)
    yield proxy
    proxy.close()


def train(server, folder, url: str, id: str, body: str = "run.log({'a': 1})", **settings) -> str:
    """Runs a script that sends to `url`; its stderr."""
    code = SCRIPT.format(id=id, settings=settings, body=body)
    return run_script(server, folder, code, env={"RUNSTONE_BASE_URL": url}).stderr


def state(server, id: str) -> str | None:
    query = "query Q($p: String!, $r: String!) { project(name: $p) { run(name: $r) { state } } }"
    project = server.graphql(query, p=PROJECT, r=id)["project"]
    return project["run"]["state"] if project and project["run"] else None


def test_http_proxy_is_what_requests_go_through(shared_server, proxy, tmp_path):
    train(shared_server, tmp_path, "http://tracker.test", "proxied", http_proxy=proxy.url)
    assert state(shared_server, "proxied") == "finished"
    addresses = [path for _, path, _ in proxy.seen]
    assert addresses and all(path.startswith("http://tracker.test/") for path in addresses)


def test_https_proxy_is_asked_for_a_way_to_the_server(shared_server, proxy, tmp_path):
    settings = {"https_proxy": proxy.url, "finish_timeout": 0.5}
    said = train(shared_server, tmp_path, "https://tracker.test", "tunnel", **settings)
    assert ("CONNECT", "tracker.test:443", b"") in proxy.seen
    assert "runstone sync" in said and state(shared_server, "tunnel") is None


@pytest.fixture
def certificate(tmp_path):
    """Of nobody that anyone trusts."""
    path = tmp_path / "self-signed.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -keyout {0} -out {0}.crt"
    subprocess.run(command.format(path).split(), check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + path.with_name(path.name + ".crt").read_bytes())
    return str(path)


@pytest.mark.parametrize("trusts_all", [True, False])
def test_insecure_disable_ssl_is_what_takes_any_certificate(shared_server, tmp_path, certificate, trusts_all):
    proxy = FaultServer(shared_server.port, certificate)
    id = f"tls-{trusts_all}"
    settings = {"insecure_disable_ssl": trusts_all, "finish_timeout": 20.0 if trusts_all else 0.5}
    said = train(shared_server, tmp_path, proxy.url, id, **settings)
    proxy.close()
    assert state(shared_server, id) == ("finished" if trusts_all else None)
    assert bool(proxy.seen) is trusts_all
    assert trusts_all or "certificate" in said.lower() or "SSL" in said


def test_heartbeat_seconds_is_how_often_a_silent_run_says_that_it_lives(shared_server, proxy, tmp_path):
    silence = "import time; run.log({'a': 1}); time.sleep(2)"
    for seconds, expected in ((0.2, range(3, 30)), (30, range(1))):
        proxy.seen.clear()
        off = {"x_disable_stats": True, "console": "off", "x_disable_meta": True}
        train(
            shared_server, tmp_path, proxy.url, f"beat-{seconds}", silence, heartbeat_seconds=seconds, **off
        )
        beats = [body for _, path, body in proxy.seen if path.endswith("file_stream") and body == b"{}"]
        assert len(beats) in expected, seconds


@pytest.mark.parametrize(
    ("setting", "method", "part"),
    [("http_timeout", "POST", "file_stream"), ("file_pusher_timeout", "PUT", "kept.txt")],
)
def test_how_long_a_request_may_take(shared_server, proxy, tmp_path, setting, method, part):
    """One request is never answered: it is given up after that time, and made again."""
    proxy.fault, proxy.faults_left = "hang", 1
    proxy.matches = lambda was, path: was == method and part in path
    body = "open('kept.txt', 'w').write('words'); run.save('kept.txt', policy='now'); run.log({'a': 1})"
    train(shared_server, tmp_path, proxy.url, setting.replace("_", "-"), body, **{setting: 0.5})
    assert state(shared_server, setting.replace("_", "-")) == "finished"
    assert len([1 for was, path, _ in proxy.seen if was == method and part in path]) >= 2


def test_ignore_globs_are_files_that_are_not_sent(shared_server, proxy, tmp_path):
    body = "[open(n, 'w').write('x') for n in ('a.txt', 'b.log')]; run.save('*.*', policy='now')"
    train(shared_server, tmp_path, proxy.url, "globs", body, ignore_globs=["*.log", "script.py"])
    sent = {path.partition("?")[0].rsplit("/", 1)[-1] for method, path, _ in proxy.seen if method == "PUT"}
    assert "a.txt" in sent and not {"b.log", "output.log", "script.py"} & sent
