"""A C++ program outside this tree finds the installed SDK by find_package(runstone), builds and records."""

from __future__ import annotations

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def test_ten_line_program_builds_from_the_install_prefix_and_records(build, offline_environment):
    done = subprocess.run(
        [str(HERE / "test_install.sh"), str(build)],
        env=offline_environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "install: passed" in done.stdout
