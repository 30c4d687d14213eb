"""login(): a key for a server, kept for later."""

from __future__ import annotations

import sys

from . import _core
from ._terminal import say, warn
from .errors import UsageError

_UNSET = object()
_VERIFY_SECS = 20.0


def login(
    key: str | None = None,
    relogin: bool | None = None,
    host: str | None = None,
    force: bool | None = None,
    timeout: float | None = None,
    verify: bool = False,
    referrer: str | None = None,
    prompt: bool = True,
    anonymous: object = _UNSET,
) -> bool:
    """Keeps a key for a server's address: in this process, and in ``~/.config/runstone/keys.json`` (for its
    owner alone), which later processes read.

    A key goes only to the address that it was kept for. The key of a server on this machine and account is
    found by itself: no login is needed.

    Args:
        key: the key; by default the one that is known, else it is asked for at the terminal.
        relogin: ask, even if a key is known.
        host: the server's address, ``https://track.example.com``; it becomes where runs go, now and later.
            By default the server that ``init()`` would send to.
        force: accepted; there is no choice that it could forbid.
        timeout: seconds to wait for what is typed, and for the server with ``verify``.
        verify: ask the server whether it takes the key.
        referrer, anonymous: accepted, without effect.
        prompt: False: never ask; then False is the answer if no key is known.

    Returns:
        Whether a key is known now. False, with a line that says why, if no server is known, if runs are
        offline or disabled, or if a run is active already.

    Raises:
        ValueError: a key or an address that cannot be.
        UsageError: no key is known, and there is no terminal to ask at; a key without any address.
        AuthenticationError: the server refuses the key (``verify``); nothing is kept.
        CommError: the server does not answer (``verify``). OSError: the file cannot be written.

    Follows: ``login`` of the stock client, whose ``verify`` is True by default and whose keys are in netrc.
    """
    del force, referrer
    for name, value in (("key", key), ("host", host)):
        if not isinstance(value, (str, type(None))):
            raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if anonymous is not _UNSET:
        warn("login(anonymous=) is deprecated and has no effect")
    from ._module import current_run

    if current_run() is not None:
        warn("login() after init() has no effect: finish the run first")
        return False
    seconds = _VERIFY_SECS if timeout is None else float(timeout)
    known = _core.login(key or "", host or "", bool(relogin), bool(verify), seconds)
    if key or known["has_key"]:
        if known["stored_in"]:
            say(f"the key for {known['base_url']} is kept in {known['stored_in']}")
        return True
    if not known["base_url"]:
        say("no server is known, so there is nothing to log in to: give host=, or start `runstone server`")
        return False
    if known["is_offline"]:
        warn("login() has no effect while the mode is offline or disabled")
        return False
    if not prompt:
        return False
    typed = _ask(known["base_url"], timeout)
    if not typed:
        return False
    _core.login(typed, host or "", False, bool(verify), seconds)
    return True


def _ask(address: str, timeout: float | None) -> str:
    """What is typed at the terminal; empty if nothing was in time."""
    if not (sys.stdin is not None and sys.stdin.isatty()):
        raise UsageError(
            f"No API key configured for {address}, and there is no terminal to ask at: call login(key), or set "
            "RUNSTONE_API_KEY (`runstone key` on the server prints it)"
        )
    import getpass
    import threading

    typed: list[str] = []

    def ask() -> None:
        typed.append(getpass.getpass(f"API key for {address}: ").strip())

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(timeout)
    if not typed:
        say("no key was typed in time")
    return typed[0] if typed else ""
