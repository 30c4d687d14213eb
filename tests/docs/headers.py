"""What the public C++ headers declare, read as text: {class: names of its public members}."""

from __future__ import annotations

import re
from pathlib import Path

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
_TYPE = re.compile(r"\b(class|struct|namespace|enum class)\s+(\w+)[^;{()]*\{")
_NAME = re.compile(r"(?<![\w:~.>])(\w+)\s*(?:\(|=[^=]|;|\{|,|$)")
_KEYWORDS = {"return", "if", "for", "while", "operator", "const", "default", "delete", "noexcept", "sizeof"}


def _body(text: str, start: int) -> str:
    """From behind an opening brace to the one that closes it."""
    depth = 1
    for i in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        if depth == 0:
            return text[start:i]
    raise ValueError("a brace is not closed")


def _public(kind: str, body: str) -> str:
    if kind != "class":
        return body
    parts = re.split(r"^\s*(public|private|protected):", body, flags=re.M)
    return "".join(parts[i + 1] for i in range(1, len(parts), 2) if parts[i] == "public")


def _flat(body: str) -> str:
    """Without what stands in braces: the bodies of functions, the members of inner types."""
    out, depth = [], 0
    for c in body:
        depth += c == "{"
        if depth == 0:
            out.append(c)
        if c == "}":
            depth -= 1
            out.append(";" if depth == 0 else "")
    return "".join(out)


def members(folder: Path) -> dict[str, set[str]]:
    """Types and functions of the namespace itself are under ""."""
    found: dict[str, set[str]] = {"": set()}
    for path in sorted(folder.glob("*.h")):
        text = _COMMENT.sub("", path.read_text())
        for match in _TYPE.finditer(text):
            kind, name = match[1], match[2]
            body = _body(text, match.end())
            if kind == "namespace":
                names = set(_NAME.findall(_flat(body))) - _KEYWORDS
                found[""] |= names
                found.setdefault(name, set()).update(names)
                found[""].add(name)
                continue
            found[""].add(name)
            names = set(_NAME.findall(body if kind == "enum class" else _flat(_public(kind, body))))
            found.setdefault(name, set()).update(names - _KEYWORDS)
    return found


def methods(folder: Path, name: str) -> set[str]:
    """The functions that a class declares as public."""
    for path in sorted(folder.glob("*.h")):
        text = _COMMENT.sub("", path.read_text())
        for match in _TYPE.finditer(text):
            if match[2] == name and match[1] in ("class", "struct"):
                body = _flat(_public(match[1], _body(text, match.end())))
                # A declaration ends in `;` and has its parameters before that; the first name counts.
                found = set()
                for declaration in body.split(";"):
                    call = re.search(r"(?<![\w:~.>])(\w+)\s*\(", declaration)
                    if call and "operator" not in declaration and "~" not in declaration:
                        found.add(call[1])
                return found - {name}
    raise KeyError(name)
