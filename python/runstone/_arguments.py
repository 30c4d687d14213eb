"""Checks of what users pass, ahead of the core: an error names the argument, what it takes and what it got.

The core's own words for a wrong type are about C++ signatures, which say nothing to who wrote the call.
"""

from __future__ import annotations

import os


def kind_of(value: object) -> str:
    return type(value).__name__


def text(name: str, value: object, error: type[Exception] = TypeError) -> str:
    """A str that can be stored: ``error`` for another type, ValueError for half of a surrogate pair."""
    if not isinstance(value, str):
        raise error(f"{name} must be a str, not {kind_of(value)}")
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as wrong:
            raise ValueError(
                f"{name} must be text that UTF-8 can hold; {value[wrong.start]!r} at {wrong.start} is none"
            ) from None
    return value


def optional_text(name: str, value: object) -> str:
    """text(), or "" for None."""
    return "" if value is None else text(name, value)


def path(name: str, value: object) -> str:
    """The text of a str, bytes or path object."""
    if not isinstance(value, (str, bytes, os.PathLike)):
        raise TypeError(f"{name} must be a path (str, bytes or os.PathLike), not {kind_of(value)}")
    return text(name, os.fsdecode(value))


def optional_path(name: str, value: object) -> str:
    """path(), or "" for None."""
    return "" if value is None else path(name, value)


def integer(name: str, value: object, low: int, high: int) -> int:
    """An int of Python or numpy between two bounds, both of them allowed."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an int, not {kind_of(value)}")
    number = int(value)
    if not low <= number <= high:
        raise ValueError(f"{name} must be {low} to {high}, not {number}")
    return number


def count(name: str, value: object) -> int:
    """How many one request asks for; that it is at least 1 is the core's to say."""
    return integer(name, value, -(2**31), 2**31 - 1)


def sequence(name: str, value: object, of_what: str) -> list:
    """A list of what can be iterated over, but for text."""
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise TypeError(f"{name} must be a list of {of_what}, not {kind_of(value)}")
    return list(value)


def names(name: str, value: object) -> list[str]:
    """Aliases, tags: a list of str; one str is one name, None is none."""
    if value is None:
        return []
    if isinstance(value, str):
        return [text(name, value)]
    return [text(f"each of {name}", one) for one in sequence(name, value, "str")]
