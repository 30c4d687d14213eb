"""Runs of our own package that end in the test's own process, as runstone.Api sees them."""

from __future__ import annotations

import time

from runstone import errors


def finished(run, **last) -> str:
    """Ends a run; its path for the Api."""
    if last:
        run.log(last)
    run.finish()
    return run.path


def present(api, path):
    try:
        return api.run(path)
    except errors.NotFoundError:
        return None


def eventually(check, seconds: float = 30):
    """The first true answer of `check`, asked again until it gives one."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = check()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError("it did not become true")
