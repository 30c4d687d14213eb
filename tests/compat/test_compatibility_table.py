"""docs/compatibility.md is complete, and the tests that it names exist."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
from functools import cache

from stock_documents import all_documents
from support.server import ROOT
from wandb.apis import public

TABLE = ROOT / "docs" / "compatibility.md"
HERE = ROOT / "tests" / "compat"

# Asked by the client's own checks and by nothing that a user calls.
NOT_A_FEATURE = re.compile(r"Probe|Introspection$|^\(unnamed\)$")
REASONS = re.compile(
    r"refused|not offered|no effect|answers an error|there are none|^false|always|asks? nothing"
)


def rows() -> list[list[str]]:
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[0] != "operation or wandb.Api method"]


def words() -> set[str]:
    return set(re.findall(r"\w+", " ".join(row[0] for row in rows())))


@cache
def functions_in(path: str) -> set[str]:
    tree = ast.parse((HERE / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_operation_of_the_client_is_in_the_table():
    names = {document.name for document in all_documents()}
    missing = {name for name in names - words() if not NOT_A_FEATURE.search(name)}
    assert not missing, sorted(missing)


def test_every_public_method_of_the_api_is_in_the_table():
    members = {name for name, _ in inspect.getmembers(public.Api) if not name.startswith("_")}
    members = {name for name in members if callable(getattr(public.Api, name)) or is_property(name)}
    missing = members - words()
    assert not missing, sorted(missing)


def is_property(name: str) -> bool:
    return isinstance(inspect.getattr_static(public.Api, name), property)


def test_every_row_has_a_test_or_a_reason_and_the_tests_exist():
    files = {path.name for path in HERE.glob("test_*.py")}
    every = set().union(*map(functions_in, files))
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "src"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    wrong = []
    for row in rows():
        assert len(row) == 3, row
        what, answer, test = row
        named_files = re.findall(r"test_\w+\.py", test)
        named = re.findall(r"\btest_\w+\b(?!\.py)", test)
        in_cpp = re.findall(r"\w+_test(?:\.cc)?\b", test)
        wrong += [f"{what}: {name} is no file" for name in named_files if name not in files]
        wrong += [f"{what}: {name} is no test" for name in named if name not in every]
        wrong += [f"{what}: {name} is no file" for name in in_cpp if name.split(".")[0] + ".cc" not in listed]
        if not (named_files or named or in_cpp or REASONS.search(answer)):
            wrong.append(f"{what}: neither a test nor a reason")
    assert not wrong, "\n".join(wrong)
