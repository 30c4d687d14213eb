"""Every public name says what it takes, gives and raises: help() is the reference at hand."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap

import pytest
import runstone

# Made by the package, not by its users: their constructors need no Args.
NOT_CONSTRUCTED = {"Run", "Config", "ConfigStatic", "Summary", "SummarySubDict", "Metric", "RunStatus"}
NOT_CONSTRUCTED |= {"Files", "HistoryScan", "Runs", "Projects", "Artifacts"}


def public_classes_and_functions():
    """(qualified name, object), each once."""
    from runstone import _config, _messages, _summary, api

    todo = [(f"runstone.{name}", getattr(runstone, name)) for name in runstone.__all__ if name[0] != "_"]
    todo += [(f"runstone.{name}", getattr(runstone.errors, name)) for name in dir(runstone.errors)]
    todo += [("Config", _config.Config), ("ConfigStatic", _config.ConfigStatic)]
    todo += [("Summary", _summary.Summary), ("RunStatus", _messages.RunStatus)]
    todo += [(f"runstone.api.{name}", getattr(api, name)) for name in api.__all__]
    done = set()
    for name, thing in todo:
        yield from members(name, thing, done)


def members(name: str, thing: object, done: set):
    if id(thing) in done or not getattr(thing, "__module__", getattr(thing, "__name__", "")).startswith(
        "runstone"
    ):
        return
    done.add(id(thing))
    if inspect.ismodule(thing):
        for inner in getattr(thing, "__all__", [n for n in vars(thing) if n[0] != "_"]):
            yield from members(f"{name}.{inner}", getattr(thing, inner), done)
    elif inspect.isclass(thing):
        yield name, thing
        for base in reversed(thing.__mro__):
            if not base.__module__.startswith("runstone"):
                continue
            for inner, member in vars(base).items():
                if inner[0] != "_" and (
                    callable(member) or isinstance(member, (property, staticmethod, classmethod))
                ):
                    member = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
                    yield f"{name}.{inner}", member
    elif callable(thing):
        yield name, thing


def parameters(function) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls", "core")]


def body_of(function):
    """The statements of a function, without those of functions inside it."""
    try:
        tree = ast.parse(
            textwrap.dedent(inspect.getsource(inspect.unwrap(function, stop=inspect.isfunction)))
        )
    except (OSError, TypeError, SyntaxError):
        return []
    todo, found = list(tree.body[0].body) if isinstance(tree.body[0], ast.FunctionDef) else [], []
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        found.append(node)
        todo.extend(ast.iter_child_nodes(node))
    return found


def faults(name: str, thing: object) -> list[str]:
    text = inspect.getdoc(thing)
    if not text or re.fullmatch(
        r"\(self\).*", text.strip()
    ):  # the core writes a signature where there is none
        return ["has no docstring"]
    if text.startswith("Not available yet"):
        return []
    if isinstance(thing, property):
        return []
    out = []
    if inspect.isclass(thing):
        own = thing.__init__ if "__init__" in vars(thing) else None
        is_error = issubclass(thing, BaseException)
        if own and parameters(own) and not is_error and thing.__name__ not in NOT_CONSTRUCTED:
            whole = text + (inspect.getdoc(own) or "")
            if "Args:" not in whole and "Attributes" not in whole:
                out.append(f"takes {parameters(own)} and has no Args:")
        return out
    if parameters(thing):
        if "Args:" not in text:
            out.append(f"takes {parameters(thing)} and has no Args:")
        gives = [
            n
            for n in body_of(thing)
            if isinstance(n, ast.Return)
            and n.value is not None
            and not (isinstance(n.value, ast.Constant) and n.value.value is None)
        ]
        if gives and "Returns:" not in text:
            out.append("gives something and has no Returns:")
    if any(isinstance(n, ast.Raise) for n in body_of(thing)) and "Raises" not in text and "rror" not in text:
        out.append("raises and has no Raises:")
    return out


@pytest.mark.parametrize(
    "name, thing", list(public_classes_and_functions()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_the_docstring_is_whole(name, thing):
    assert not faults(name, thing)
