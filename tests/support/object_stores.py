"""Real object stores in processes of their own, on free ports of 127.0.0.1, and small services that hand out
credentials for them."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from support.server import ROOT, free_port

sys.path.insert(0, str(ROOT / "tools"))

import client_environments  # noqa: E402
import object_stores  # noqa: E402

START_LIMIT_SECS = 60


def stock_python() -> Path:
    """The interpreter that has the stock client with the libraries of every store."""
    return client_environments.python_of(client_environments.WITH_CLOUDS)


class Store:
    """A process that answers HTTP on `port`."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def __enter__(self) -> Store:
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "store.log"
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                self.command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        deadline = time.monotonic() + START_LIMIT_SECS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, log.read_text()
            try:
                self.request("GET", "/")
                return self
            except OSError:
                time.sleep(0.05)
        self.__exit__()
        raise AssertionError(f"the store did not answer in {START_LIMIT_SECS} s:\n{log.read_text()}")

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict | None = None
    ) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            return connection.getresponse().read()
        finally:
            connection.close()


class GoogleStore(Store):
    """fake-gcs-server: Google's JSON API, generations included; it asks nobody who they are."""

    def command(self) -> list[str]:
        binary = object_stores.fake_gcs_server()
        own = ["-host", "127.0.0.1", "-port", str(self.port)]
        return [str(binary), "-scheme", "http", "-backend", "memory", *own, "-external-url", self.url]


class AzureStore(Store):
    """Azurite: Azure's blob API with its signatures, for the account that every emulator has."""

    account = "devstoreaccount1"
    key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

    def command(self) -> list[str]:
        own = ["--blobHost", "127.0.0.1", "--blobPort", str(self.port), "--location", str(self.folder)]
        quiet = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        return [*object_stores.azurite_blob(), *own, *quiet]

    @property
    def endpoint(self) -> str:
        return f"{self.url}/{self.account}"

    @property
    def connection_string(self) -> str:
        return (
            f"DefaultEndpointsProtocol=http;AccountName={self.account};AccountKey={self.key};"
            f"BlobEndpoint={self.endpoint};"
        )


class Service:
    """Answers by a function (method, path, headers, body) -> (status, headers, body); keeps what was asked."""

    def __init__(self, answer) -> None:
        self.asked: list[tuple[str, str, dict, bytes]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                service.asked.append((self.command, self.path, headers, body))
                status, more, content = answer(self.command, self.path, headers, body)
                if not isinstance(content, bytes):
                    content = json.dumps(content).encode()
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_HEAD = serve

            def log_message(self, *_) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"

    def __enter__(self) -> Service:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()
