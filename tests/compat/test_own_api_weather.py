"""runstone.Api before servers that refuse, are away, or work badly."""

from __future__ import annotations

import os
import time

import pytest
import runstone
from own_runs import finished
from runstone import errors
from runstone.api import HistoryScan
from support.fault_server import FaultServer

# --- servers in bad weather ------------------------------------------------------------------------------


def test_a_wrong_key_is_an_AuthenticationError_that_says_what_to_do(shared_server):
    api = runstone.Api({"base_url": shared_server.url}, api_key="local-" + "0" * 40)
    with pytest.raises(errors.AuthenticationError, match="runstone key"):
        api.run("a/b/c")
    with pytest.raises(errors.AuthenticationError):
        _ = api.viewer


def test_no_key_and_no_server_are_usage_errors(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith(("RUNSTONE_", "WANDB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with pytest.raises(errors.UsageError, match="RUNSTONE_BASE_URL"):
        runstone.Api()
    with pytest.raises(errors.UsageError, match="No API key configured for http://127.0.0.1:9"):
        runstone.Api({"base_url": "http://127.0.0.1:9"})
    for wrong in ("ftp://x", "host:80", "http://", "http://a b"):
        with pytest.raises(ValueError, match="address"):
            runstone.Api({"base_url": wrong}, api_key="k")
    with pytest.raises(ValueError, match="overrides"):
        runstone.Api({"nonsense": "x"}, api_key="k")
    for timeout in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="timeout"):
            runstone.Api({"base_url": "http://127.0.0.1:9"}, api_key="k", timeout=timeout)
    for wrong in ({"timeout": "5"}, {"api_key": 5}, {"overrides": []}):
        with pytest.raises(TypeError):
            runstone.Api(**wrong)


def test_an_absent_server_is_told_soon(shared_server):
    away = FaultServer(shared_server.port)
    away.close()
    api = runstone.Api({"base_url": away.url}, api_key="k", timeout=30)
    started = time.monotonic()
    with pytest.raises(errors.CommError, match="does the server run"):
        api.run("a/b/c")
    assert time.monotonic() - started < 10


@pytest.fixture
def weather(shared_server):
    """An Api behind a proxy that misbehaves, and the proxy."""
    proxy = FaultServer(shared_server.port)
    yield runstone.Api({"base_url": proxy.url}, api_key=shared_server.key, timeout=20), proxy
    proxy.close()


def test_a_server_that_asks_to_wait_is_waited_for(weather, start):
    path = finished(start("own-weather"), a=1)
    api, proxy = weather
    proxy.fault, proxy.faults_left = "429", 2  # Retry-After: 1
    started = time.monotonic()
    assert api.run(path).id
    assert time.monotonic() - started >= 2


def test_a_wait_beyond_the_timeout_is_not_begun(weather, shared_server, start):
    path = finished(start("own-weather"), a=1)
    proxy = weather[1]
    api = runstone.Api({"base_url": proxy.url}, api_key=shared_server.key, timeout=0.9)
    proxy.fault = "429"  # Retry-After: 1
    with pytest.raises(errors.CommError, match="asks to wait 1 s"):
        api.run(path)
    assert proxy.request_count == 1


def test_a_broken_server_is_asked_again_until_the_time_is_over(weather, shared_server, start):
    path = finished(start("own-weather"), a=1)
    api, proxy = weather
    proxy.fault, proxy.faults_left = "500", 3
    assert api.run(path).id
    proxy.fault, proxy.faults_left = "503", None
    short = runstone.Api({"base_url": proxy.url}, api_key=shared_server.key, timeout=1)
    with pytest.raises(errors.CommError, match="503.*timeout"):
        short.run(path)


def test_a_login_page_is_no_answer(weather):
    api, proxy = weather
    proxy.fault = "html"
    with pytest.raises(errors.CommError, match="no JSON"):
        api.run("a/b/c")
    assert proxy.request_count == 1  # it will not become JSON


def test_a_connection_that_breaks_is_made_again(weather, start):
    path = finished(start("own-weather"), a=1)
    api, proxy = weather
    for fault in ("drop", "reset", "half"):
        proxy.fault, proxy.faults_left = fault, 1
        assert api.run(path).id, fault


def test_a_server_that_says_nothing_ends_with_the_timeout(weather, shared_server):
    proxy = weather[1]
    api = runstone.Api({"base_url": proxy.url}, api_key=shared_server.key, timeout=0.5)
    proxy.fault = "hang"
    with pytest.raises(errors.CommError):
        api.run("a/b/c")


def test_a_scan_that_failed_goes_on_where_it_was(weather, start):
    run = start("own-weather")
    for i in range(20):
        run.log({"a": i})
    api, proxy = weather
    scan = api.run(finished(run)).scan_history(page_size=4)
    assert isinstance(scan, HistoryScan)
    rows = [next(scan)["a"] for _ in range(3)]
    proxy.fault, proxy.faults_left = "403", None
    with pytest.raises(errors.CommError, match="may not"):
        for row in scan:
            rows.append(row["a"])
    proxy.fault = None
    assert [row["a"] for row in scan] == list(range(20))


def test_a_download_that_breaks_leaves_nothing_behind(weather, shared_server, start, tmp_path):
    api, proxy = weather
    found = api.run(finished(start("own-weather"), a=1))
    (tmp_path / "big").write_bytes(os.urandom(2_000_000))
    found.upload_file(tmp_path / "big", root=tmp_path)
    file = found.file("big")
    proxy.matches = lambda method, path: path.startswith("/files/")
    proxy.fault, proxy.faults_left = "half", 1
    with file.download(root=tmp_path / "d"):
        pass
    assert (tmp_path / "d" / "big").read_bytes() == (tmp_path / "big").read_bytes()
    proxy.fault, proxy.faults_left = "half", None
    with pytest.raises(errors.CommError):
        file.download(root=tmp_path / "e")
    assert list((tmp_path / "e").iterdir()) == []
