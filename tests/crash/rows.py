"""Rows that both the killed writer and the test can make: every kind of value, from the step alone."""

from __future__ import annotations

import math


def row(i: int) -> dict:
    values = {
        "loss": 1.0 / (i + 1),
        "count": i * 1_000_003,
        "nested": {"x": i + 0.5, "deep": {"y": -i}},
        "literal.dot": float(i),
        "text": f"row {i} \N{ROCKET}",
        "flag": i % 2 == 0,
    }
    if i % 3 == 0:
        values["nan"] = math.nan
    if i % 5 == 0:
        values["inf"] = -math.inf
        values["list"] = [i, [i + 1, None], "x"]
    if i % 7 == 0:
        values["none"] = None
        values["large"] = "x" * 40_000  # more than one block of the log
    return values


def same(a: object, b: object) -> bool:
    """Equal by value: NaN equals NaN, 1 equals 1.0, but True is not 1."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return a == b


def user_part(stored: dict) -> dict:
    """A stored row without the keys that the product adds."""
    return {key: value for key, value in stored.items() if not key.startswith("_")}
