"""Every error that Runstone raises. All but those that are Python's own derive from Error."""

from __future__ import annotations


class Error(Exception):
    """Base of Runstone's errors. ``message`` is what str() shows, ``context`` further facts."""

    def __init__(self, message: str = "", context: dict | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.context = context or {}

    def __str__(self) -> str:
        return self.message


class CommError(Error):
    """The server cannot be reached, or refused. ``exc`` is the cause, if there was an exception."""

    def __init__(self, msg: str = "", exc: BaseException | None = None) -> None:
        super().__init__(msg)
        self.exc = exc


class AuthenticationError(CommError):
    """The server did not accept the key."""


class NotFoundError(CommError, ValueError):
    """What was asked for is not on the server, or the key may not see it.

    The reference names CommError for a run and ValueError for a project: this is both.
    """


class UsageError(Error):
    """The SDK was used wrongly: a finished run, a bad project or run id, no key."""


class UnsupportedError(UsageError):
    """A feature that is not available here."""


class ConfigError(Error):
    """A config value would change without permission, or a config file is missing or bad."""


class WaitTimeoutError(Error):
    """A wait with a limit did not end in time."""


class InvalidDataError(TypeError, ValueError):
    """What log() was given cannot be stored; nothing was, and no step was used.

    The reference names ValueError, the stock client raises TypeError: this is both.
    """


class InvalidModelError(TypeError, ValueError):
    """watch() was given what it cannot watch: no PyTorch module, or one of TorchScript.

    The reference names ValueError, the stock client raises TypeError: this is both.
    """


class ArtifactStatusError(AttributeError):
    """An artifact is not in the state that a call needs."""

    def __init__(self, message: str = "", name: str | None = None, obj: object = None) -> None:
        super().__init__(message)
        self.name = name
        self.obj = obj


class ArtifactNotLoggedError(ArtifactStatusError):
    """The call needs a logged artifact."""


class ArtifactFinalizedError(ArtifactStatusError):
    """The artifact can no longer be changed."""
