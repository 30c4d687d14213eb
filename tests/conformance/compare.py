"""Where two trees of contents differ, and whether the table of differences allows it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import tomllib

ABSENT = "(absent)"


@dataclass
class Difference:
    path: tuple[str, ...]
    stock: object
    ours: object

    def __str__(self) -> str:
        return f"{' > '.join(self.path)}\n    stock {self._short(self.stock)}\n    other {self._short(self.ours)}"

    @staticmethod
    def _short(value: object) -> str:
        text = value if value is ABSENT else json.dumps(value, ensure_ascii=False, default=str)
        return text if len(text) <= 600 else text[:600] + "..."


def same(a: object, b: object) -> bool:
    """Equal as JSON numbers: NaN equals NaN, 1 equals 1.0, True does not equal 1."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b):
        return True
    return a == b


def differences(stock: object, ours: object, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Every leaf that is not the same, and every key and element that only one has."""
    if isinstance(stock, dict) and isinstance(ours, dict):
        for key in [*stock, *(key for key in ours if key not in stock)]:
            if key in stock and key in ours:
                yield from differences(stock[key], ours[key], (*path, key))
            else:
                yield Difference((*path, key), stock.get(key, ABSENT), ours.get(key, ABSENT))
    elif isinstance(stock, list) and isinstance(ours, list) and len(stock) == len(ours):
        for i, (a, b) in enumerate(zip(stock, ours, strict=True)):
            yield from differences(a, b, (*path, str(i)))
    elif not (type(stock) is type(ours) and isinstance(stock, (list, dict))) and same(stock, ours):
        return
    else:
        yield Difference(path, stock, ours)


def matches(pattern: list[str], path: tuple[str, ...]) -> bool:
    """Label by label, each a shell pattern; a last `**` stands for whatever follows, nothing included."""
    if pattern and pattern[-1] == "**":
        return len(path) >= len(pattern) - 1 and matches(pattern[:-1], path[: len(pattern) - 1])
    return len(pattern) == len(path) and all(map(fnmatchcase, path, pattern))


def obeys(rule: object, value: object) -> bool:
    """`rule` is "any", "absent", "present", "null" or {is = value}."""
    if rule == "any":
        return True
    if rule == "absent":
        return value is ABSENT
    if rule == "present":
        return value is not ABSENT
    if rule == "null":  # which TOML cannot say
        return value is None
    if isinstance(rule, dict) and set(rule) == {"is"}:
        return value is not ABSENT and same(rule["is"], value)
    raise ValueError(f"the table of differences has the rule {rule!r}")


@dataclass
class Allowed:
    """One entry of the table: a difference that is meant."""

    path: list[str]
    reason: str
    stock: object = "any"
    ours: object = "any"
    writers: list[str] = field(default_factory=lambda: ["*"])
    sometimes: bool = False  # what it allows is not always seen: whole seconds, say
    used: bool = False

    def allows(self, difference: Difference, writer: str) -> bool:
        return (
            any(fnmatchcase(writer, name) for name in self.writers)
            and matches(self.path, difference.path)
            and obeys(self.stock, difference.stock)
            and obeys(self.ours, difference.ours)
        )


class Table:
    def __init__(self, entries: list[Allowed]) -> None:
        self.entries = entries

    @staticmethod
    def read(path: Path) -> Table:
        return Table([Allowed(**entry) for entry in tomllib.loads(path.read_text())["difference"]])

    def not_allowed(self, found: Iterator[Difference], writer: str) -> list[Difference]:
        """Those that no entry allows; marks the entries that allowed one."""
        left = []
        for difference in found:
            allowing = [entry for entry in self.entries if entry.allows(difference, writer)]
            for entry in allowing:
                entry.used = True
            if not allowing:
                left.append(difference)
        return left

    def unused(self) -> list[Allowed]:
        return [entry for entry in self.entries if not entry.used and not entry.sometimes]
