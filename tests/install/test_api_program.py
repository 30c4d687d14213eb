"""runstone::Api of the installed SDK, in a C++17 program without exceptions, against a real server."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def test_PA1_PA2_PA3_a_cpp_program_reads_and_changes_what_it_logged(prefix, pkg_config, server, tmp_path):
    program = tmp_path / "api"
    flags = ["-std=c++17", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    source = str(HERE / "program" / "api.cc")
    command = ["g++", *flags, source, *pkg_config("--cflags", "--libs"), f"-Wl,-rpath,{prefix}/lib"]
    done = subprocess.run([*command, "-o", str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    environment = server.client_environment() | {"HOME": str(tmp_path), "RUNSTONE_SILENT": "true"}
    done = subprocess.run(
        [str(program)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "everything is as it was logged" in done.stdout
    assert os.listdir(tmp_path / "downloaded") == ["saved.txt"]
