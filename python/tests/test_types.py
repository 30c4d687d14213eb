"""What type checkers see: every public member with right types passes, wrong ones are found."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import runstone

HERE = Path(__file__).resolve().parent
PACKAGE = Path(runstone.__file__).parent


def checked(program: Path, tmp_path: Path) -> list[tuple[int, str]]:
    """(line, code) of each error that mypy finds in the program."""
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--show-error-codes"]
    command += ["--no-error-summary", "--cache-dir", str(tmp_path), str(program)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PACKAGE.parent)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    errors = []
    for line in done.stdout.splitlines():
        if found := re.fullmatch(r"(.*):(\d+): error: .*\[([a-z-]+)\]", line):
            assert Path(found[1]).name == program.name, line
            errors.append((int(found[2]), found[3]))
    return errors


def test_every_public_member_takes_the_right_types(tmp_path):
    assert checked(HERE / "typed_right.py", tmp_path) == []
    text = (HERE / "typed_right.py").read_text()
    names = [f"runstone.{name}" for name in runstone.__all__ if not name.startswith("_")]
    names += [f"run.{name}" for name in dir(runstone.Run) if not name.startswith("_")]
    missing = [name for name in names if not re.search(re.escape(name) + r"\b", text)]
    assert not missing, f"typed_right.py does not use {', '.join(missing)}"


def test_wrong_types_are_found(tmp_path):
    program = HERE / "typed_wrong.py"
    wanted = [
        (number, found[1])
        for number, line in enumerate(program.read_text().splitlines(), 1)
        if (found := re.search(r"# wrong: ([a-z-]+)$", line))
    ]
    assert len(wanted) > 10
    assert checked(program, tmp_path) == wanted


def test_the_package_ships_its_types(tmp_path):
    assert (PACKAGE / "py.typed").exists()
    made = tmp_path / "_core.pyi"
    generator = PACKAGE.parents[1] / "tools" / "make_stub.py"
    subprocess.run([sys.executable, str(generator), runstone._core.__file__, str(made)], check=True)
    assert (PACKAGE / "_core.pyi").read_text() == made.read_text(), (
        "build anew: it is not this extension's stub"
    )
