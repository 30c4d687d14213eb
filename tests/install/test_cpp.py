"""The public C++ headers: each compiles alone as C++17 without exceptions and RTTI, by every compiler that
is here, and the library has everything that they declare."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import public_headers

ROOT = Path(__file__).resolve().parents[2]
HEADERS = sorted(path.name for path in (ROOT / "include" / "runstone").glob("*.h"))
COMPILERS = ["g++", *filter(shutil.which, ["clang++", *(f"clang++-{version}" for version in range(13, 22))])]
FLAGS = ["-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Werror", "-pedantic"]


def compile_ok(compiler: str, standard: str, source: Path, *options: str) -> None:
    command = [compiler, f"-std={standard}", *FLAGS, str(source), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("header", HEADERS)
def test_each_header_compiles_alone(header, compiler, pkg_config, tmp_path):
    source = tmp_path / "alone.cc"
    source.write_text(f"#include <runstone/{header}>\n#include <runstone/{header}>\n")
    compile_ok(compiler, "c++17", source, "-fsyntax-only", *pkg_config("--cflags"))


@pytest.mark.parametrize("standard", ["c++17", "c++20", "c++2b"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_program_that_uses_every_member_compiles(standard, compiler, pkg_config):
    source = ROOT / "tests" / "install" / "program" / "every_member.cc"
    compile_ok(compiler, standard, source, "-fsyntax-only", *pkg_config("--cflags"))


def address_of(function: public_headers.Function, number: int) -> str:
    """Lines that take the function's address, by its whole signature."""
    if not function.in_class:
        kind = f"{function.returns} (*)({function.arguments})"
        return f"namespace {function.scope} {{ void take_{number}() {{ take<{kind}>(&{function.name}); }} }}"
    owner = f"::{function.scope}"
    pointer = "*" if function.is_static else f"{owner}::*"
    kind = f"{function.returns} ({pointer})({function.arguments}) {function.qualifiers}"
    # Derived, so that the types which the class declares are known by their names.
    namespace, name = function.scope.rsplit("::", 1)
    return (
        f"namespace {namespace} {{ struct Of{name}{number} : {owner} "
        f"{{ static void take_it() {{ take<{kind}>(&{owner}::{function.name}); }} }};\n"
        f"void take_{number}() {{ Of{name}{number}::take_it(); }} }}"
    )


def test_everything_that_the_headers_declare_is_in_the_library(prefix, pkg_config, tmp_path):
    functions = []
    for header in HEADERS:
        functions += public_headers.functions((prefix / "include" / "runstone" / header).read_text())
    plain = [function for function in functions if not function.is_special]
    assert len(plain) > 130, "the headers are written otherwise now: look at public_headers.py"
    lines = [f"#include <runstone/{header}>" for header in HEADERS]
    lines.append('template <typename F> void take(F f) { asm volatile("" : : "m"(f) : "memory"); }')
    lines += [address_of(function, number) for number, function in enumerate(plain)]
    calls = [
        f"{f.scope if not f.in_class else f.scope.rsplit('::', 1)[0]}::take_{n}();"
        for n, f in enumerate(plain)
    ]
    lines.append(f"int main() {{ {' '.join(calls)} }}")
    source = tmp_path / "addresses.cc"
    source.write_text("\n".join(lines))
    linking = [
        *pkg_config("--cflags", "--libs"),
        f"-Wl,-rpath,{prefix}/lib",
        "-o",
        str(tmp_path / "addresses"),
    ]
    compile_ok("g++", "c++17", source, *linking)
    subprocess.run([str(tmp_path / "addresses")], check=True)
    # Constructors and operators have no address; their symbols are there all the same.
    listing = subprocess.run(
        ["nm", "-DC", "--defined-only", str(prefix / "lib" / "librunstone.so")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    special = {f"{f.scope}::{f.name}(" for f in functions if f.is_special}
    assert len(special) >= 8
    assert {name for name in special if name not in listing} == set()


def test_the_library_exports_nothing_of_its_dependencies(prefix):
    listing = subprocess.run(
        ["nm", "-DC", "--defined-only", str(prefix / "lib" / "librunstone.so")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = [line.split(" ", 2)[2] for line in listing.splitlines()]
    assert len(names) > 150
    ours = ("runstone::", "runstone_", "operator", "bool runstone::")
    assert [name for name in names if not name.startswith(ours)] == []
