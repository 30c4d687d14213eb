"""Programs that the pages and headers show are programs: they build as shown, and record."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from support import journal

ROOT = Path(__file__).resolve().parents[2]
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror"]


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


def record(source: Path, command: list[str], environment: dict[str, str]) -> list[dict]:
    """The rows of the program, built and run in its folder."""
    program = source.parent / "program"
    done = subprocess.run([*command, "-o", str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([str(program)], cwd=source.parent, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return journal.rows(journal.find(source.parent))


def test_the_cpp_program_of_the_readme(prefix, pkg_config, tmp_path, offline_environment):
    (program,) = [block for block in blocks("README.md", "cpp") if "int main" in block]
    source = tmp_path / "main.cc"
    source.write_text(program)
    command = ["g++", "-std=c++17", *WARNINGS, str(source), *pkg_config("--cflags", "--libs")]
    rows = record(source, [*command, f"-Wl,-rpath,{prefix}/lib"], offline_environment)
    assert len(rows) == 1000 and rows[0]["train/loss"] == 1


def test_the_cpp_program_of_the_reference_is_the_one_that_is_tested():
    assert (ROOT / "tests/install/program/main.cc").read_text() in blocks("docs/sdk.md", "cpp")


def test_the_c_program_of_the_header(prefix, pkg_config, tmp_path, offline_environment):
    comment = (ROOT / "include" / "runstone.h").read_text().split("*/")[0]
    body = re.search(r"^ \*\n((?: \* {3}.*\n)+)", comment, re.MULTILINE)[1]
    body = "\n".join(line[4:] for line in body.splitlines())
    source = tmp_path / "main.c"
    source.write_text(
        f"#include <runstone.h>\n#include <stdio.h>\nint main(void) {{\n{body}\n  return 0;\n}}\n"
    )
    command = ["gcc", "-std=c11", *WARNINGS, str(source), *pkg_config("--cflags", "--libs")]
    rows = record(source, [*command, f"-Wl,-rpath,{prefix}/lib"], offline_environment)
    assert [row["epoch"] for row in rows] == list(range(100))
