"""Writes the type stub of the extension: `make_stub.py EXTENSION STUB`. A step of the build, so that the stub
never tells of another extension than the one beside it.

The extension is loaded by its path, not through the package: neither needs the other to be whole.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

from nanobind.stubgen import ReplacePattern, StubGen

NAME = "runstone._core"
# A method descriptor of C (python/ext/bind_log.cc), which knows the names of its arguments only.
LOG = r"""
    \from collections.abc import Mapping
    \from typing import Any
    def log(self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
        \doc
"""


def with_elements(stub: str) -> str:
    """Signatures whose containers say that they hold anything: strict checkers want to know."""
    lines = []
    for line in stub.splitlines():
        if line.lstrip().startswith("def "):
            line = re.sub(r"\b(list|NDArray)\b(?!\[)", r"\1[Any]", line)
            line = re.sub(r"\bdict\b(?![\[(])", "dict[str, Any]", line)
            line = re.sub(r"\btuple\b(?!\[)", "tuple[Any, ...]", line)
        lines.append(line)
    return "\n".join(lines) + "\n"


def stub_of(extension: Path) -> str:
    spec = importlib.util.spec_from_file_location(NAME, extension)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lines = [line[4:] for line in LOG.splitlines()[1:]]
    log = ReplacePattern(re.compile(re.escape(f"{NAME}.Run.log")), [*lines, ""], 0)
    stub = StubGen(module=module, patterns=[log], include_private=True, quiet=True)
    stub.put(module)
    if log.matches != 1:
        raise RuntimeError(f"the extension has {log.matches} methods {NAME}.Run.log, not one")
    return "# Made by tools/make_stub.py from the extension. Do not edit.\n" + with_elements(stub.get())


def main() -> int:
    extension, target = map(Path, sys.argv[1:])
    target.write_text(stub_of(extension), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
