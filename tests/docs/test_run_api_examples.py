"""Every example of docs/run-api.md runs and does what it asserts: Python ones each in a process of its
own, C++ ones compiled into one program as a user would, and each run in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.server import runstone_bin

from examples import cpp_program, examples_of, make_files, python_program

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "run-api.md"
LIMIT_SECS = 60
PYTHON, CPP = examples_of(PAGE, "python"), examples_of(PAGE, "cpp")


def build_directory() -> Path:
    """The build of the executable under test, if it holds the SDK, else the release build."""
    for build in (*Path(runstone_bin()).resolve().parents[2:3], ROOT / "build" / "release"):
        if (build / "librunstone.so").exists():
            return build
    raise AssertionError("librunstone.so is not there: build first (make build)")


def environment(example, folder: Path, request) -> dict[str, str]:
    if example.online:
        env = request.getfixturevalue("shared_server").client_environment()
    else:
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("RUNSTONE_", "WANDB_"))
        }
        env = {**kept, "RUNSTONE_MODE": "offline"}
    home = folder / "home"
    home.mkdir()
    return env | {
        "HOME": str(home),
        "PYTHONPATH": str(ROOT / "python"),
        "RUNSTONE_CACHE_DIR": str(home / "cache"),
        "RUNSTONE_DATA_DIR": str(home / "data"),
        "RUNSTONE_X_DISABLE_STATS": "true",
    }


def run(command: list[str], example, folder: Path, request) -> None:
    work = folder / "work"
    work.mkdir()
    make_files(work)
    env = environment(example, folder, request)
    done = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, timeout=LIMIT_SECS)
    assert done.returncode == 0, f"{example.name}\n{example.code}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("example", PYTHON, ids=lambda example: example.name)
def test_the_python_example_runs(example, tmp_path, request):
    script = tmp_path / "example.py"
    script.write_text(python_program(example))
    run([sys.executable, str(script)], example, tmp_path, request)


@pytest.fixture(scope="session")
def cpp_examples(tmp_path_factory) -> Path:
    """One program of all C++ examples, by the flags that the SDK promises to work with."""
    folder = tmp_path_factory.mktemp("cpp")
    source, program = folder / "examples.cc", folder / "examples"
    source.write_text(cpp_program(CPP))
    build = build_directory()
    flags = ["-std=c++17", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Werror"]
    flags += ["-Wno-unused-variable", "-I", str(ROOT / "include")]
    link = ["-L", str(build), "-lrunstone", f"-Wl,-rpath,{build}"]
    compiled = subprocess.run(
        ["c++", *flags, str(source), "-o", str(program), *link], capture_output=True, text=True, timeout=300
    )
    assert compiled.returncode == 0, compiled.stderr[-8000:]
    return program


@pytest.mark.parametrize("example", CPP, ids=lambda example: example.name)
def test_the_cpp_example_runs(example, cpp_examples, tmp_path, request):
    run([str(cpp_examples), str(CPP.index(example))], example, tmp_path, request)


def test_examples_are_found_in_both_languages():
    assert len(PYTHON) >= 10 and len(CPP) >= 10
    assert {example.online for example in (*PYTHON, *CPP)} == {True, False}


def test_every_heading_of_the_contents_is_there():
    text = PAGE.read_text()
    headings = {
        "".join(c for c in line.lstrip("#").strip().lower() if c.isalnum() or c in " -_").replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    import re

    linked = set(re.findall(r"\]\(#([^)]+)\)", text))
    assert linked and not linked - headings, linked - headings
