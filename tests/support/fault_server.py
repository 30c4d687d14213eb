"""A proxy in front of a real server that misbehaves on command: what a client sees in bad weather."""

from __future__ import annotations

import http.client
import socket
import ssl
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PASSED_ON = ("authorization", "content-type")  # of a request's headers
_HTML = b"<html><body>Please sign in to this network</body></html>"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        owner: FaultServer = self.server.owner
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        owner.seen.append((self.command, self.path, body))
        if self.path.startswith("http://"):  # it is a client's proxy, too
            self.path = "/" + self.path.split("/", 3)[3]
        fault = owner.fault_of(self.command, self.path)
        if fault == "hang":
            owner.closing.wait()
            self.close_connection = True
            return
        if fault == "drop":
            self.close_connection = True
            return
        if fault == "html":
            self._answer(200, _HTML, {"Content-Type": "text/html"})
        elif fault == "half":
            self._pass_on(owner.target_port, body, half=True)
        elif fault == "reset":
            self._reset()
        elif fault in ("429", "429 bare"):
            headers = {"Retry-After": "1"} if fault == "429" else {}
            self._answer(429, b'{"error":"slow down"}', headers)
        elif fault:
            self._answer(int(fault), b'{"errors":[{"message":"injected"}]}', {})
        else:
            self._pass_on(owner.target_port, body)

    do_GET = do_POST = do_PUT = _serve

    def do_CONNECT(self) -> None:
        self.server.owner.seen.append((self.command, self.path, b""))
        self._answer(502, b"no way through here", {})

    def _reset(self) -> None:
        """Ends the connection by a reset, as a machine does that lost its memory of it."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def _pass_on(self, port: int, body: bytes, half: bool = False) -> None:
        headers = {k: v for k, v in self.headers.items() if k.lower() in _PASSED_ON}
        # An upload address is signed for the address that was asked; both lead to the same server.
        headers["Host"] = self.headers.get("Host", "")
        headers["X-Forwarded-Proto"] = self.server.owner.scheme
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            content = response.read()
            kind = {"Content-Type": response.getheader("Content-Type", "")}
            self._answer(response.status, content, kind, half=half)
        except OSError:  # the server is away: so is what stands before it
            self.close_connection = True
        finally:
            connection.close()

    def _answer(self, status: int, body: bytes, headers: dict[str, str], half: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if half else body)
        self.close_connection = self.close_connection or half

    def log_message(self, *_: object) -> None:
        pass


class FaultServer:
    """Passes requests on to the server at `target_port`, or does to them what `fault` says: a status
    ("500", "401", "429" with Retry-After, "429 bare" without), "html", "hang", "drop" (closes without a
    byte), "reset", "half" (the server does it, half of its answer comes), None.

    A fault meets the requests whose method and path `matches` takes. `seen` has each request as it came:
    method, path (as a client's proxy the whole address), body. With `certificate` (a file of certificate and
    key) it speaks TLS."""

    def __init__(self, target_port: int, certificate: str | None = None) -> None:
        self.target_port = target_port
        self.fault: str | None = None
        self.matches = lambda method, path: True
        self.faults_left: int | None = None  # so many requests, then the fault heals; None: it stays
        self.request_count = 0
        self.seen: list[tuple[str, str, bytes]] = []
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.owner = self
        self.scheme = "http" if certificate is None else "https"
        if certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._server.server_address[1]}"

    def fault_of(self, method: str, path: str) -> str | None:
        with self._lock:
            self.request_count += 1
            if not self.matches(method, path):
                return None
            if self.fault and self.faults_left is not None:
                if self.faults_left == 0:
                    self.fault = None
                else:
                    self.faults_left -= 1
            return self.fault

    def close(self) -> None:
        """From now on nobody listens here; connections end. A second call changes nothing."""
        if self.closing.is_set():
            return
        self.fault = "drop"
        self.closing.set()
        self._server.shutdown()
        self._server.socket.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
