"""The GraphQL documents that the installed stock client can send: out of its Python modules and out
of its Go executable."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import wandb

PACKAGE = Path(wandb.__file__).parent
OPERATION = re.compile(r"^\s*(?:#graphql\s*)?(query|mutation)\s+([A-Za-z_]\w*)\s*[({]")
GO_OPERATION = re.compile(rb"(?:query|mutation) [A-Za-z]\w* ?[({]")


@dataclass(frozen=True)
class Document:
    name: str
    text: str
    source: str


def operation_name(text: str) -> str | None:
    match = OPERATION.match(text)
    return match.group(2) if match else None


def balanced_end(text: str, start: int) -> int:
    """One past the brace that closes the first one at or after `start`."""
    depth = 0
    for at in range(text.index("{", start), len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return at + 1
    raise ValueError("no closing brace")


def go_documents() -> Iterator[Document]:
    """Go keeps strings side by side without a separator, so a document's end is found by its braces;
    the fragments that it uses follow it at once."""
    data = (PACKAGE / "bin" / "wandb-core").read_bytes()
    for match in GO_OPERATION.finditer(data):
        text = data[match.start() : match.start() + 20_000].decode("utf-8", "replace")
        name = operation_name(text)
        try:
            body = text.index("{", text.index(")") if "(" in text[: text.index("{")] else 0)
            end = balanced_end(text, body)
            while follows := re.match(r"\s*fragment \w+ on \w+ \{", text[end:]):
                end = balanced_end(text, end + follows.start())
        except ValueError:
            continue
        if name:
            yield Document(name, text[:end].strip(), "wandb-core")


def python_documents() -> Iterator[Document]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "vendor" in path.parts or "integration" in path.parts:
            continue
        source = path.read_text(errors="replace")
        if not re.search(r"(query|mutation)\s+[A-Za-z_]\w*\s*[({]", source):
            continue
        where = str(path.relative_to(PACKAGE))
        for text in texts_of(source, module_name(path)):
            if name := operation_name(text):
                yield Document(name, text, where)


def module_name(path: Path) -> str:
    return ".".join(("wandb", *path.relative_to(PACKAGE).with_suffix("").parts))


def texts_of(source: str, module: str) -> Iterator[str]:
    """Every text of a module that begins like an operation. Texts that are put together when the
    program runs (f-strings, str.format) are put together here in the same way, from the module's
    constants; where they take a fragment as a parameter, with each one the module has."""
    inside: set[ast.AST] = set()
    for node in ast.walk(ast.parse(source)):
        if node in inside:
            continue
        if isinstance(node, ast.JoinedStr) or is_format(node):
            inside.update(ast.walk(node))
            yield from evaluated(node, module)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def is_format(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "format"
        and isinstance(node.func.value, ast.Constant)
    )


def evaluated(node: ast.AST, module: str) -> Iterator[str]:
    if "query " not in ast.unparse(node) and "mutation " not in ast.unparse(node):
        return
    names = vars(importlib.import_module(module))
    fragments = [
        (text, re.match(r"fragment (\w+) ", text).group(1))
        for text in names.values()
        if isinstance(text, str) and text.startswith("fragment ")
    ] or [("", "")]
    code = compile(ast.fix_missing_locations(ast.Expression(node)), module, "eval")
    for fragment, fragment_name in fragments:
        free = {"fragment": fragment, "fragment_name": fragment_name}
        free |= {"node": "history", "delete_artifacts": True}
        try:
            yield eval(code, {**names, **free})  # the client's own text, and nothing else
        except NameError:
            return


def all_documents() -> list[Document]:
    return sorted({*go_documents(), *python_documents()}, key=lambda d: (d.name, d.source, d.text))
