"""Programs outside this tree find the installed SDK by find_package(runstone), build and record."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support import journal

HERE = Path(__file__).resolve().parent


def run_ok(command: list[str], **options) -> str:
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def programs(prefix, tmp_path_factory) -> Path:
    """tests/install/program, built as a user would: it knows nothing of this tree."""
    work = tmp_path_factory.mktemp("outside")
    shutil.copytree(HERE / "program", work / "program")
    run_ok(["cmake", "-S", str(work / "program"), "-B", str(work / "out"), f"-DCMAKE_PREFIX_PATH={prefix}"])
    run_ok(["cmake", "--build", str(work / "out")])
    return work / "out"


@pytest.mark.parametrize("program", ["outside", "outside_c"])
def test_a_ten_line_program_builds_from_the_install_prefix_and_records(
    program, programs, tmp_path, offline_environment
):
    environment = {**offline_environment, "RUNSTONE_SILENT": "true"}
    run_ok([str(programs / program)], cwd=tmp_path, env=environment)
    log = journal.find(tmp_path)
    assert [(row["_step"], row["i"]) for row in journal.rows(log)] == [(0, 0), (1, 1), (2, 2)]
    assert journal.exit_code(log) == 0
    assert (tmp_path / "runstone/latest-run/files/config.yaml").stat().st_size > 0
