"""The GraphQL documents that an installed stock client can send: out of its Go executable and out of
its Python modules. Run by the Python of a client's environment, it prints them as JSON.

It needs the standard library and that client, nothing else.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import wandb
from document_builder import Builder

PACKAGE = Path(wandb.__file__).parent
OPERATION = re.compile(r"^\s*(?:#graphql\s*)?(query|mutation)(?:\s+([A-Za-z_]\w*))?\s*[({]")
GO_OPERATION = re.compile(rb"(?:query|mutation) [A-Za-z]\w* ?[({]")


@dataclass(frozen=True)
class Document:
    name: str
    text: str
    source: str


def operation_name(text: str) -> str | None:
    match = OPERATION.match(text)
    return (match.group(2) or "(unnamed)") if match else None


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
    the fragments that it uses follow it at once. Clients before 0.17 have no Go part."""
    executable = PACKAGE / "bin" / "wandb-core"
    if not executable.exists():
        return
    data = executable.read_bytes()
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


def is_sent(path: Path) -> bool:
    """Copies of libraries and what needs other packages to be imported send no document of theirs."""
    return not {"vendor", "integration", "proto", "importers"} & set(path.relative_to(PACKAGE).parts)


def module_name(path: Path) -> str:
    return ".".join(("wandb", *path.relative_to(PACKAGE).with_suffix("").parts))


def python_documents() -> Iterator[Document]:
    for path in sorted(filter(is_sent, PACKAGE.rglob("*.py"))):
        source = path.read_text(errors="replace")
        if not re.search(r"\b(query|mutation)\b[^\n]*[({]", source):
            continue
        texts = texts_of(source, module_name(path))
        for text in texts:
            yield Document(operation_name(text), text, str(path.relative_to(PACKAGE)))


def texts_of(source: str, module: str) -> set[str]:
    """Every document of a module: what it gives to gql(), and its texts that begin like an operation.

    Of a text in which the module replaces words, only what comes out of that counts."""
    tree = ast.parse(source)
    constants = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and operation_name(node.value)
    }
    has_built = any(
        isinstance(n, (ast.JoinedStr, ast.BinOp)) or is_method(n, "format") for n in ast.walk(tree)
    )
    if not constants and not has_built:
        return set()
    try:
        names = vars(importlib.import_module(module))
    except ImportError:
        names = {}
    placeholders = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func).endswith("replace")
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and re.fullmatch(r"_?[A-Z]\w*_\w*", str(call.args[0].value))
    }
    built = {text for text in Builder(tree, names).documents() if operation_name(text)}
    # A text with such a word, with "%s" or with "{}" is the beginning of a document, not one.
    unfinished = re.compile("|".join([*map(re.escape, placeholders), "%s", r"\{\}", r"\{\w+\}", r"\{\{"]))
    fixed = {text for text in constants if not unfinished.search(text)}
    parts = {
        part.value
        for node in ast.walk(tree)
        if isinstance(node, (ast.JoinedStr, ast.BinOp))
        for part in ast.iter_child_nodes(node)
        if isinstance(part, ast.Constant)
    }
    whole = {text for text in built if not any(word in text for word in placeholders)}
    return whole | (fixed - parts)


def is_method(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name


def operations_in_sources() -> set[str]:
    """The names of all operations that stand in the sources, however they are put together: what
    all_documents() must find."""
    found = set()
    for path in filter(is_sent, PACKAGE.rglob("*.py")):
        for line in path.read_text(errors="replace").splitlines():
            if match := re.match(r"""^[\s\w=]*\(?[fr]?["'\s]*(?:query|mutation)\s+(\w+)\s*[({]""", line):
                found.add(match.group(1))
    return found


def all_documents() -> list[Document]:
    """Without what validation cannot tell apart: the same document in two places."""
    seen = {}
    for document in (*go_documents(), *python_documents()):
        seen.setdefault((document.name, " ".join(document.text.split())), document)
    return sorted(seen.values(), key=lambda d: (d.name, d.source, d.text))


if __name__ == "__main__":
    documents = [asdict(document) for document in all_documents()]
    json.dump({"documents": documents, "operations": sorted(operations_in_sources())}, sys.stdout)
