"""What alerts are sent to in tests: an HTTP server and a mail server on 127.0.0.1."""

from __future__ import annotations

import email
import email.policy
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from support.server import free_port

PATIENCE_SECS = 20


class Heard:
    """Things that came, in order; wait_for() blocks until there are so many."""

    def __init__(self) -> None:
        self.items: list = []
        self.changed = threading.Condition()

    def add(self, item) -> int:
        with self.changed:
            self.items.append(item)
            self.changed.notify_all()
            return len(self.items)

    def wait_for(self, count: int) -> list:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.items) >= count, PATIENCE_SECS), self.items
            return list(self.items)


class WebhookReceiver:
    """Answers with `statuses` in turn, the last one for ever; a redirect leads to /elsewhere."""

    def __init__(self, *statuses: int, port: int = 0) -> None:
        self.heard = Heard()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                count = receiver.heard.add((self.path, dict(self.headers), body))
                status = (statuses or (200,))[min(count, len(statuses) or 1) - 1]
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def __enter__(self) -> WebhookReceiver:
        return self

    def __exit__(self, *_) -> None:
        self.close()


class MailReceiver:
    def __init__(self) -> None:
        self.heard = Heard()
        self.port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server, session, envelope) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.heard.add((envelope.mail_from, envelope.rcpt_tos, message))
        return "250 OK"

    def __enter__(self) -> MailReceiver:
        self.controller.start()
        return self

    def __exit__(self, *_) -> None:
        self.controller.stop()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


def check_signature(secret: str, headers: dict, body: bytes) -> None:
    """As docs/format/alerts.md tells receivers to do it."""
    parts = dict(part.split("=", 1) for part in headers["X-Runstone-Signature"].split(","))
    signed = parts["t"].encode() + b"." + body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(expected, parts["v1"])
    assert abs(time.time() - int(parts["t"])) < 300


def body_of(heard_item) -> dict:
    return json.loads(heard_item[2])
