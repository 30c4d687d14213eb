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


def test_a_program_uses_every_member_of_run_without_exceptions(programs, tmp_path, offline_environment):
    run_ok([str(programs / "every_member")], cwd=tmp_path, env=offline_environment)
    log = journal.find(tmp_path / "runstone")
    rows = journal.rows(log)
    assert len(rows) == len({row["_step"] for row in rows}) > 8
    assert rows[0]["loss"] == 0.5 and rows[0]["ok"] is True and rows[0]["none"] is None
    types = {
        value["_type"]
        for row in rows
        for value in row.values()
        if isinstance(value, dict) and "_type" in value
    }
    assert {"image-file", "images/separated", "histogram", "video-file", "audio-file", "html-file"} <= types
    assert {"object3D-file", "molecule-file", "plotly-file"} <= types
    assert any("of a child" in row for row in rows)
    assert journal.exit_code(log) == 0
