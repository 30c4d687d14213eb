"""What a run tells people and schedulers: alerts, preemption, how far delivery is."""

from __future__ import annotations

from .errors import UsageError


class RunStatus:
    """What has been delivered: rows written, rows that no server has acknowledged yet, and when the last
    acknowledgement came (a datetime in UTC, or None)."""

    __slots__ = ("sync_items_pending", "sync_items_total", "sync_time")

    def __init__(self, sync_items_total: int = 0, sync_items_pending: int = 0, sync_time=None) -> None:
        self.sync_items_total = sync_items_total
        self.sync_items_pending = sync_items_pending
        self.sync_time = sync_time

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RunStatus):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in sorted(self.__slots__))
        return f"RunStatus({fields})"


def refuse_finished(run, method: str) -> None:
    if run._finished and not run.disabled:
        raise UsageError(f"Run ({run.id}) is finished. The call to `{method}` will be ignored.")


def alert(self, title: str, text: str, level=None, wait_duration=None) -> None:
    """Sends a message to the people who follow the run.

    Args:
        title: shown up to 64 characters.
        text: the message.
        level: ``AlertLevel.INFO`` (default), ``WARN`` or ``ERROR``, or its name in capitals.
        wait_duration: seconds (a number or a timedelta) in which the server drops further alerts of this
            title; None or 0: 60.

    Raises:
        ValueError: another level, a negative wait. TypeError: title or text that is no str, a
        wait_duration that is no time. UsageError: the run is finished.

    Follows: the method ``alert`` of the class ``Run`` that the stock client documents.
    """
    refuse_finished(self, "alert")
    if self.disabled:
        return
    for name, value in (("title", title), ("text", text)):
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a str, not {type(value).__name__}")
        value.encode()  # lone surrogates are no text: UnicodeEncodeError says where they are
    level = "INFO" if level is None else getattr(level, "value", level)
    if level not in ("INFO", "WARN", "ERROR"):
        raise ValueError(f"level must be one of INFO, WARN and ERROR, not {level!r}")
    if wait_duration is None:
        wait_duration = 0
    seconds = getattr(wait_duration, "total_seconds", None)
    if seconds is not None:
        wait_duration = seconds()
    is_number = isinstance(wait_duration, (int, float)) or hasattr(wait_duration, "__index__")  # numpy's, too
    if isinstance(wait_duration, bool) or not is_number:
        kind = type(wait_duration).__name__
        raise TypeError(f"wait_duration must be an int, float, or datetime.timedelta, not {kind}")
    self._alert(title, text, level, float(wait_duration))


def mark_preempting(self) -> None:
    """Says that the machine is about to be taken away: unless the run then ends with exit code 0, its state
    is preempted. Sent at once.

        signal.signal(signal.SIGTERM, lambda *_: run.mark_preempting())

    Raises: UsageError: the run is finished.
    """
    refuse_finished(self, "mark_preempting")
    self._mark_preempting()


def status(self) -> RunStatus | None:
    """How far delivery is; all zero offline, None in a disabled run. UsageError once finished."""
    if self.disabled:
        return None
    refuse_finished(self, "status")
    total, pending, seconds = self._status()
    time = None
    if seconds is not None:
        from datetime import datetime, timezone

        time = datetime.fromtimestamp(seconds, timezone.utc)
    return RunStatus(total, pending, time)


def pin_config_keys(self, keys) -> None:
    """Shows config keys first on the run's page, replacing those pinned before.

    Args:
        keys: a sequence of str: exact names, in the order in which they are shown.

    Raises:
        UsageError: the run is finished.
    """
    refuse_finished(self, "pin_config_keys")
    self._pin_config_keys([str(key) for key in keys])
