"""Finds the GraphQL documents that a Python module puts together when it runs, without running it.

A function is followed statement by statement, but only what makes text is carried out: constants,
names, concatenation, `%`, f-strings, `.format`, `.replace`. Where a document depends on a condition
(a client looks what its server knows), it is built for both answers.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import types
from collections.abc import Iterator
from pathlib import Path

CALLS_OF_A_DOCUMENT = {"gql", "gql_compat"}
TEXT_METHODS = {"replace", "format", "join", "strip", "lstrip", "rstrip", "lower", "upper"}


class UnknownError(Exception):
    """A value that only the running client has."""


class Choices:
    """How conditions are answered in one walk: by default the same way, some the other way."""

    def __init__(self, default: bool, other_way: frozenset[str] = frozenset()) -> None:
        self.default = default
        self.other_way = other_way
        self.met: set[str] = set()

    def __call__(self, test: ast.expr) -> bool:
        text = ast.unparse(test)
        self.met.add(text)
        return self.default ^ (text in self.other_way)


class Builder:
    def __init__(self, tree: ast.Module, names: dict[str, object]) -> None:
        self.names = dict(names)
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
        self.blocks = [node for node in ast.walk(tree) if isinstance(node, kinds)]
        self.functions = {node.name: node for node in self.blocks if isinstance(node, kinds[:2])}

    def documents(self) -> Iterator[str]:
        for block in self.blocks:
            if any(is_document_call(node) or is_filled_text(node) for node in ast.walk(block)):
                yield from self.variants(block)

    def take_import(self, statement: ast.ImportFrom) -> None:
        """Clients import inside functions to avoid cycles."""
        try:
            module = importlib.import_module(statement.module)
        except ImportError:
            return
        for alias in statement.names:
            if hasattr(module, alias.name):
                self.names.setdefault(alias.asname or alias.name, getattr(module, alias.name))

    def function(self, path: str) -> tuple[Builder, ast.FunctionDef] | None:
        """A function of the module, or one that it imports, with the module that it belongs to."""
        first, *rest = path.split(".")
        if path.rpartition(".")[2] in self.functions:
            return self, copy.deepcopy(self.functions[path.rpartition(".")[2]])
        imported = self.names.get(first)
        try:
            for name in rest:
                imported = getattr(imported, name, None)
        except ImportError:  # a module that is loaded at its first use, and needs what is not here
            return None
        imported = inspect.unwrap(getattr(imported, "__func__", imported)) if callable(imported) else None
        if not isinstance(imported, types.FunctionType) or not imported.__module__.startswith("wandb"):
            return None
        tree = ast.parse(Path(imported.__code__.co_filename).read_text())
        builder = Builder(tree, imported.__globals__)
        return builder, builder.functions[imported.__name__]

    def variants(self, block: ast.AST) -> Iterator[str]:
        """The block with every condition true, with every one false, and with each single one the
        other way round."""
        for default in (True, False):
            plain = Choices(default)
            yield from Walk(self, plain).documents_of(block)
            for test in sorted(plain.met):
                yield from Walk(self, Choices(default, frozenset([test]))).documents_of(block)


def is_document_call(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not node.args:
        return False
    return isinstance(node.func, ast.Name) and node.func.id in CALLS_OF_A_DOCUMENT


def is_filled_text(node: ast.AST) -> bool:
    """An f-string or a str.format: newer clients have no gql(), they send such a text as it is."""
    if isinstance(node, ast.JoinedStr):
        return True
    is_format = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return is_format and node.func.attr == "format" and isinstance(node.func.value, ast.Constant)


def assigned_names(node: ast.AST) -> set[str]:
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    # A function inside the function that changes an outer text.
    return found | {name for n in ast.walk(node) if isinstance(n, ast.Nonlocal) for name in n.names}


class Walk:
    """One pass over a block with one set of choices."""

    def __init__(self, builder: Builder, choices: Choices, depth: int = 0) -> None:
        self.builder = builder
        self.choices = choices
        self.depth = depth
        self.local: dict[str, object] = {}
        self.inner: dict[str, ast.FunctionDef] = {}
        self.found: list[str] = []
        self.returned: list[object] = []

    def documents_of(self, block: ast.AST) -> list[str]:
        if isinstance(block, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.take_parameters(block)
        self.run(block.body)
        return self.found

    def take_parameters(self, function: ast.FunctionDef) -> None:
        arguments = function.args
        for argument, default in zip(reversed(arguments.args), reversed(arguments.defaults)):
            if isinstance(default, ast.Constant):
                self.local[argument.arg] = default.value
        fragments = {
            text.split()[1]: text
            for text in self.builder.names.values()
            if isinstance(text, str) and text.lstrip().startswith("fragment ")
        }
        # Functions that take a fragment and its name: the choice is between all that there are.
        parameters = {argument.arg for argument in [*arguments.args, *arguments.kwonlyargs]}
        if {"fragment", "fragment_name"} <= parameters and fragments:
            for name, text in sorted(fragments.items()):
                if self.choices(ast.Name(f"fragment_is_{name}")):
                    self.local["fragment"], self.local["fragment_name"] = text, name

    def run(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self.step(statement)

    def step(self, statement: ast.stmt) -> None:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.inner[statement.name] = statement
            return
        if isinstance(statement, ast.ClassDef):
            return
        if isinstance(statement, ast.ImportFrom) and statement.module and statement.level == 0:
            self.builder.take_import(statement)
            return
        if isinstance(statement, ast.If):
            self.branch(statement)
            return
        bodies = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
        if any(bodies):
            for handler in getattr(statement, "handlers", []):
                bodies.append(handler.body)
            for body in bodies:
                self.run(body)
            return
        self.look_for_documents(statement)
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                self.assign(target, statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value:
            self.assign(statement.target, statement.value)
        elif isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add):
            self.assign(statement.target, ast.BinOp(as_load(statement.target), ast.Add(), statement.value))
        elif isinstance(statement, ast.Return) and statement.value is not None:
            self.keep(statement.value)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            self.call_inner(statement.value)

    def branch(self, statement: ast.If) -> None:
        """A condition counts only where it decides about a text that is known; else both ways are
        taken, so that no document in them is missed."""
        changed = assigned_names(statement)
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in self.inner:
                changed |= assigned_names(self.inner[node.func.id])
        returns = self.depth > 0 and any(isinstance(node, ast.Return) for node in ast.walk(statement))
        if (
            returns
            or any(isinstance(self.local.get(name), str) for name in changed)
            or any(
                isinstance(node, ast.Constant) and isinstance(node.value, str) and "$" in node.value
                for node in ast.walk(statement)
            )
        ):
            self.run(statement.body if self.choices(statement.test) else statement.orelse)
        else:
            self.run(statement.body)
            self.run(statement.orelse)

    def keep(self, value: ast.expr) -> None:
        try:
            self.returned.append(self.value(value))
        except UnknownError:
            pass

    def assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, its in zip(target.elts, value.elts):
                self.assign(one, its)
        elif isinstance(target, (ast.Name, ast.Attribute)):
            name = ast.unparse(target)
            try:
                self.local[name] = self.value(value)
            except UnknownError:
                self.local.pop(name, None)

    def call_inner(self, call: ast.Call) -> None:
        """A function inside this one that changes this one's names."""
        function = self.inner.get(call.func.id) if isinstance(call.func, ast.Name) else None
        if function is None:
            return
        for parameter, argument in zip(function.args.args, call.args):
            self.assign(ast.Name(parameter.arg), argument)
        self.run(function.body)

    def look_for_documents(self, statement: ast.stmt) -> None:
        for node in ast.walk(statement):
            filled = is_filled_text(node)
            if not filled and not is_document_call(node):
                continue
            try:
                value = self.value(node if filled else node.args[0])
            except UnknownError:
                continue
            if isinstance(value, str):
                self.found.append(value)

    def value(self, node: ast.expr) -> object:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self.named(node)
        if isinstance(node, ast.IfExp):
            return self.value(node.body if self.choices(node.test) else node.orelse)
        if isinstance(node, ast.JoinedStr):
            return "".join(str(self.value(part)) for part in node.values)
        if isinstance(node, ast.FormattedValue):
            return self.value(node.value)
        if isinstance(node, (ast.Tuple, ast.List)):
            return tuple(self.value(element) for element in node.elts)
        if isinstance(node, ast.Dict) and all(node.keys):
            return {self.value(key): self.value(its) for key, its in zip(node.keys, node.values)}
        if isinstance(node, ast.Subscript):
            return self.carried_out(lambda: self.value(node.value)[self.value(node.slice)])
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
            left, right = self.value(node.left), self.value(node.right)
            return self.carried_out(lambda: left + right if isinstance(node.op, ast.Add) else left % right)
        if isinstance(node, ast.Call):
            return self.called(node)
        raise UnknownError

    def named(self, node: ast.expr) -> object:
        name = ast.unparse(node)
        if name in self.local:
            return self.local[name]
        if isinstance(node, ast.Name) and isinstance(self.builder.names.get(name), (str, dict, tuple, list)):
            return self.builder.names[name]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = self.builder.names.get(node.value.id)
            if isinstance(module, types.ModuleType) and isinstance(getattr(module, node.attr, None), str):
                return getattr(module, node.attr)
        raise UnknownError

    def called(self, node: ast.Call) -> object:
        if is_document_call(node):
            return self.value(node.args[0])
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in TEXT_METHODS and isinstance(node.func, ast.Attribute):
            text = self.value(node.func.value)
            arguments = [self.value(argument) for argument in node.args]
            named = {keyword.arg: self.value(keyword.value) for keyword in node.keywords if keyword.arg}
            if isinstance(text, str):
                return self.carried_out(lambda: getattr(text, name)(*arguments, **named))
        found = self.builder.function(ast.unparse(node.func)) if self.depth < 3 else None
        if found is None:
            raise UnknownError
        builder, function = found
        walk = Walk(builder, self.choices, self.depth + 1)
        walk.documents_of(function)
        texts = [value for value in walk.returned if isinstance(value, str)]
        if not texts:
            raise UnknownError
        return texts[0]

    def carried_out(self, work) -> object:
        try:
            return work()
        except (TypeError, ValueError, KeyError, IndexError) as problem:
            raise UnknownError from problem


def as_load(target: ast.expr) -> ast.expr:
    return ast.Name(target.id) if isinstance(target, ast.Name) else target
