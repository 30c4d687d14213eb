"""The installed SDK's ways to read from a server, in C++17 programs without exceptions, against a real one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run_program(name: str, prefix, pkg_config, server, tmp_path) -> str:
    """What a program of program/ prints, built as a user would."""
    program = tmp_path / name
    flags = ["-std=c++17", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    source = str(HERE / "program" / f"{name}.cc")
    command = ["g++", *flags, source, *pkg_config("--cflags", "--libs"), f"-Wl,-rpath,{prefix}/lib"]
    done = subprocess.run([*command, "-o", str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    environment = server.client_environment() | {"HOME": str(tmp_path), "RUNSTONE_SILENT": "true"}
    done = subprocess.run(
        [str(program)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_PA1_PA2_PA3_a_cpp_program_reads_and_changes_what_it_logged(prefix, pkg_config, server, tmp_path):
    printed = run_program("api", prefix, pkg_config, server, tmp_path)
    assert "everything is as it was logged" in printed
    assert os.listdir(tmp_path / "downloaded") == ["saved.txt"]


def test_a_cpp_program_takes_objects_out_of_artifacts(prefix, pkg_config, server, tmp_path):
    assert "everything is as it was put in" in run_program(
        "artifact_objects", prefix, pkg_config, server, tmp_path
    )
