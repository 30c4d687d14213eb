"""Programs in C and C++ against a real server, read back by the stock client's public API."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from client import ask, environment

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release"


def run_program(server, folder: Path, *command: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment(server, folder), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr}\n{server.log()}"
    return done.stdout


@pytest.fixture(scope="module")
def pendulum(tmp_path_factory) -> str:
    """The example in C, linked with the library that was built."""
    program = str(tmp_path_factory.mktemp("c") / "pendulum")
    source = str(ROOT / "examples" / "c" / "pendulum.c")
    command = ["gcc", "-std=c11", source, f"-I{ROOT}/include", f"-L{BUILD}", f"-Wl,-rpath,{BUILD}"]
    subprocess.run([*command, "-lrunstone", "-lm", "-o", program], check=True)
    return program


def test_what_a_c_program_logs_is_on_the_server_when_it_ends(shared_server, pendulum, tmp_path):
    run_program(shared_server, tmp_path, pendulum, "300")
    read = ask(
        shared_server,
        tmp_path,
        """(lambda run: {
            "state": run.state,
            "config": dict(run.config),
            "tags": list(run.tags),
            "rows": [row["pendulum/angle"] for row in run.scan_history(keys=["pendulum/angle"])],
            "energy": dict(run.summary["pendulum/energy"]),
            "files": [f.name for f in run.files() if f.name.startswith("media/")],
            "artifacts": [(a.name, a.type, a.size) for a in run.logged_artifacts()],
        })(api.runs("pendulum")[0])""".replace("\n", " "),
    )
    assert read["state"] == "finished"
    assert read["config"] == {"friction": 0.15, "seconds": 0.01, "steps": 300}
    assert sorted(read["tags"]) == ["c", "simulation"]
    assert len(read["rows"]) == 300 and abs(read["rows"][0] - 3) < 0.01
    assert 0 < read["energy"]["min"] < read["energy"]["max"] < 25
    assert len(read["files"]) == 1 and read["files"][0].endswith(".png")
    assert read["artifacts"] == [["path:v0", "dataset", 8 * 300]]


def test_ranks_of_a_job_are_runs_of_one_group_on_the_server(shared_server, tmp_path):
    run_program(shared_server, tmp_path, str(BUILD / "examples/cpp/ranks_cpp"), "--start", "3")
    runs = ask(
        shared_server,
        tmp_path,
        "[(r.name, r.group, r.state, r.config['rank'], r.summary['darts']) for r in api.runs('ranks')]",
    )
    assert sorted((name, rank) for name, _, _, rank, _ in runs) == [
        ("rank 0", 0),
        ("rank 1", 1),
        ("rank 2", 2),
    ]
    assert len({group for _, group, *_ in runs}) == 1
    assert {(state, darts) for _, _, state, _, darts in runs} == {("finished", 500_000)}


def test_pictures_and_the_film_of_a_cpp_simulation_are_on_the_server(shared_server, tmp_path):
    run_program(shared_server, tmp_path, str(BUILD / "examples/cpp/gray_scott_cpp"), "80", "32")
    read = ask(
        shared_server,
        tmp_path,
        """(lambda run: {
            "state": run.state,
            "pictures": len([f for f in run.files() if f.name.startswith("media/images/v_")]),
            "film": dict(run.summary["film"]),
            "film bytes": open(run.file(run.summary["film"]["path"]).download(root="got").name, "rb").read(6).decode(),
        })(api.runs("gray-scott")[0])""".replace("\n", " "),
    )
    assert (read["state"], read["pictures"], read["film bytes"]) == ("finished", 40, "GIF89a")
    assert read["film"]["_type"] == "video-file"


def test_ranks_of_a_job_write_to_one_run_in_shared_mode(shared_server, tmp_path):
    program = str(BUILD / "examples/cpp/ranks_cpp")
    run_program(shared_server, tmp_path, program, "--start", "3", "--one-run")
    read = ask(
        shared_server,
        tmp_path,
        """(lambda run: {
            "state": run.state,
            "config": dict(run.config),
            "rows": [row for row in run.scan_history()],
        })(next(r for r in api.runs("ranks") if r.id.startswith("pi-")))""".replace("\n", " "),
    )
    assert read["state"] == "finished" and read["config"] == {"size": 3}
    for rank in range(3):
        darts = [
            row[f"rank {rank}/darts"] for row in read["rows"] if row.get(f"rank {rank}/darts") is not None
        ]
        assert darts == [10_000 * (i + 1) for i in range(50)], "each writer's rows keep their order"
    steps = [row["_step"] for row in read["rows"]]
    assert len(steps) == 150 and len(set(steps)) == 150
