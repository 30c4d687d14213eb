"""Arguments of odd types, for functions that must say which argument was wrong, and what it takes."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np

ODD = [
    None,
    3,
    -1,
    2**70,
    1.5,
    float("nan"),
    True,
    "",
    "\ud800",
    "a\0b",
    b"\xff",
    [],
    [1],
    {},
    {1: 2},
    object(),
    np.zeros(2),
    np.float32(1),
    len,
    Path("f.txt"),
    io.BytesIO(b"\xff"),
    {"a"},
]
# Words of the extension and of Python's own machinery, which tell who called nothing.
OF_THE_INSIDE = re.compile(
    r"incompatible function|std::|bad_cast|nanobind|_core\.|built-in operation|"
    r"has no attribute|not subscriptable|not iterable|not callable|has no len|unhashable|a setting cannot|unsupported operand"
)


def unclear_refusals(calls, state=lambda: None) -> tuple[list[str], int]:
    """Gives each argument of each call each odd thing.

    Args:
        calls: (name, function, its right arguments) of each.
        state: what a refused call must leave as it was.

    Returns:
        The refusals whose words are no help to the caller, and how many refusals there were.
    """
    unclear, refused = [], 0
    for name, call, right in calls:
        for argument in right:
            for odd in ODD:
                before = state()
                try:
                    call(**{**right, argument: odd})
                    continue
                except Exception as error:
                    refused += 1
                    words = str(error)
                    is_inside = isinstance(error, (RuntimeError, SystemError, AttributeError))
                    if is_inside or not words or OF_THE_INSIDE.search(words):
                        unclear.append(
                            f"{name}({argument}={odd!r:.40}): {type(error).__name__}: {words:.120}"
                        )
                assert state() == before, (name, argument, odd)
    return unclear, refused
