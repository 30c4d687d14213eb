"""Enumerations of the module; apart, because the standard library's enum costs a millisecond."""

from __future__ import annotations

from enum import Enum


class AlertLevel(Enum):
    """How serious an alert is."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"
