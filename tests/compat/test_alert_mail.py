"""Alerts by mail as mail servers want it: by STARTTLS or TLS, with a login, and never in the clear."""

from __future__ import annotations

import ssl
import subprocess
import time
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from alert_receivers import PATIENCE_SECS, MailReceiver
from support.server import Server
from test_alerts import alert_command, alerts_of, make_run, notify

USER, PASSWORD = "alerts@example.org", "correct horse battery"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """Of 127.0.0.1, signed by itself: trusted by whoever is told to."""
    file = tmp_path_factory.mktemp("certificate") / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(file) + ".key", "-out", str(file)],
        check=True, capture_output=True,
    )  # fmt: skip
    return file


class SecureMail(MailReceiver):
    """Offers STARTTLS, or speaks TLS from the start; takes one login."""

    def __init__(self, certificate: Path | None, *, implicit: bool = False, answers: tuple = ()) -> None:
        super().__init__()
        self.logins: list = []
        self.answers = list(answers)  # to RCPT, before the mails that it takes
        self.scheme = "smtps" if implicit else "smtp"
        options = {"authenticator": self.check, "auth_required": True, "auth_require_tls": not implicit}
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate, str(certificate) + ".key")
            options["ssl_context" if implicit else "tls_context"] = context
        else:
            options["auth_require_tls"] = False  # it would take a password in the clear
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)

    def check(self, server, session, envelope, mechanism, data) -> AuthResult:
        self.logins.append((data.login.decode(), data.password.decode()))
        right = self.logins[-1] == (USER, PASSWORD)
        return AuthResult(success=right, handled=right)  # what is not handled is answered 535

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"


@pytest.fixture
def server(tmp_path, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = Server(tmp_path / "data").start()
    yield server
    server.stop()


def send(server, mail: SecureMail, password: str = PASSWORD, *, login: bool = True) -> None:
    options = ("--username", USER, "--secret-from-stdin") if login else ()
    addresses = ("--from", "runstone@example.org", "--to", "a@example.org")
    alert_command(
        server, "add-mail", "post", mail.url, "--allow-private", *options, *addresses, stdin=password + "\n"
    )
    make_run(server, "mail", "r")
    notify(server, "mail", "r", "loss is NaN")


def delivery_with(server, word: str) -> dict:
    """The one delivery, once its error says so."""
    deadline = time.monotonic() + PATIENCE_SECS
    while True:
        [delivery] = alerts_of(server, "mail", "r")[0]["deliveries"]
        if word in (delivery["lastError"] or ""):
            return delivery
        assert time.monotonic() < deadline, delivery
        time.sleep(0.02)


@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "TLS"])
def test_a_login_goes_over_tls_and_the_mail_arrives(server, certificate, implicit):
    with SecureMail(certificate, implicit=implicit) as mail:
        send(server, mail)
        [(sender, recipients, message)] = mail.heard.wait_for(1)
    assert mail.logins == [(USER, PASSWORD)]
    assert (sender, recipients) == ("runstone@example.org", ["a@example.org"])
    assert "loss is NaN" in message["subject"]


def test_a_wrong_password_is_told_and_not_tried_for_ever(server, certificate):
    with SecureMail(certificate) as mail:
        send(server, mail, "wrong")
        delivery = delivery_with(server, "535")
    assert delivery["state"] == "FAILED" and delivery["attempts"] == 1
    assert not mail.heard.items and "wrong" not in delivery["lastError"]


def test_a_password_is_never_sent_in_the_clear(server):
    with SecureMail(None) as mail:
        send(server, mail)
        delivery = delivery_with(server, "STARTTLS")
    assert mail.logins == [] and not mail.heard.items
    assert delivery["state"] in ("QUEUED", "FAILED")


def test_a_server_whose_certificate_is_not_trusted_gets_nothing(tmp_path, certificate, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    server = Server(tmp_path / "data").start()
    try:
        with SecureMail(certificate) as mail:
            send(server, mail)
            delivery_with(server, "certificate")
        assert mail.logins == [] and not mail.heard.items
    finally:
        server.stop()


def test_a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(server, certificate):
    with SecureMail(certificate, answers=("451 try again later",)) as mail:
        send(server, mail)
        mail.heard.wait_for(1)
        alert_command(server, "add-mail", "other", mail.url, "--allow-private", "--username", USER,
                      "--secret-from-stdin", "--from", "r@example.org", "--to", "gone@example.org",
                      stdin=PASSWORD + "\n")  # fmt: skip
        mail.answers = ["550 no such mailbox"] * 2  # of both targets, whichever comes first
        notify(server, "mail", "r", "second")
        deadline = time.monotonic() + PATIENCE_SECS
        while True:
            [second] = [one for one in alerts_of(server, "mail", "r") if one["title"] == "second"]
            states = {one["targetName"]: (one["state"], one["attempts"]) for one in second["deliveries"]}
            if len(states) == 2 and all(state == "FAILED" for state, _ in states.values()):
                break
            assert time.monotonic() < deadline, second
            time.sleep(0.02)
    assert states == {"post": ("FAILED", 1), "other": ("FAILED", 1)}
    assert all("550" in one["lastError"] for one in second["deliveries"])
    [first] = [one for one in alerts_of(server, "mail", "r") if one["title"] == "loss is NaN"]
    assert [(one["state"], one["attempts"]) for one in first["deliveries"]] == [("DELIVERED", 2)]
