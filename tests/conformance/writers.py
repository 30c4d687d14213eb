"""The roads from a scenario to a server: each writer, online and offline with a sync, its own and the
other's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from contents import Contents
from inputs import make_inputs
from support.server import ROOT, Server, runstone_bin

sys.path.insert(0, str(ROOT / "tools"))

import client_environments  # noqa: E402

HERE = Path(__file__).resolve().parent
SCENARIO = HERE / "scenario.json"
PROJECT = "conformance"
ONLINE_PROJECTS = ["conformance-online", "conformance-links", "model-registry"]  # of what asks the server
LIMIT_SECS = 240


@dataclass(frozen=True)
class Road:
    writer: str  # stock, python, cpp
    sync: str = ""  # "" online; stock: `wandb sync`; ours: `runstone sync`

    @property
    def name(self) -> str:
        return f"{self.writer}, " + (f"offline, {self.sync} sync" if self.sync else "online")


REFERENCE = Road("stock")
ROADS = [
    Road("python"),
    Road("cpp"),
    Road("python", "ours"),
    Road("cpp", "ours"),
    Road("stock", "stock"),
    Road("stock", "ours"),
    Road("python", "stock"),
    Road("cpp", "stock"),
]


def stock_python() -> Path:
    """The interpreter of the stock client's own environment, which has the encoders it needs."""
    return client_environments.python_of(client_environments.WITH_MEDIA)


def torch_python() -> Path:
    """The interpreter of the environment in which either client runs beside PyTorch."""
    return client_environments.python_of(client_environments.WITH_TORCH)


def cpp_writer() -> Path:
    """Of the build that the executable under test is of, else of the release build."""
    builds = [*Path(runstone_bin()).resolve().parents[2:3], ROOT / "build" / "release"]
    programs = [build / "tests" / "conformance" / "conformance_writer" for build in builds]
    found = [program for program in programs if program.exists()]
    assert found, f"{programs[-1]} is not there: build first (make build)"
    return found[0]


def writer_command(writer: str, scenario: Path) -> list[str]:
    script = str(HERE / "writer.py")
    return {
        "stock": [str(stock_python()), script, "wandb", str(scenario), PROJECT],
        "python": [sys.executable, script, "runstone", str(scenario), PROJECT],
        "cpp": [str(cpp_writer()), str(scenario), PROJECT],
    }[writer]


def environment(server: Server, folder: Path) -> dict[str, str]:
    """The server's address and key, and nothing of the account that runs the tests."""
    return server.client_environment() | {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_DATA_HOME": str(folder / "data-home"),
        "NETRC": str(folder / "netrc"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT / "python"),
        "WANDB_X_DISABLE_STATS": "true",
        # The stock client else does what the account says; ours asks nobody.
        "WANDB_SAVE_CODE": "false",
        # The stock client looks for a repository around the working directory, ours around the program.
        "WANDB_DISABLE_GIT": "true",
        "TZ": "UTC",
    }


def run(command: list[str], folder: Path, env: dict[str, str], server: Server) -> None:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=LIMIT_SECS)
    assert done.returncode == 0, (
        f"{command} ended with {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-6000:]}\n{server.log()}"
    )


def sync(road: Road, folder: Path, env: dict[str, str], server: Server, scenario: dict) -> None:
    home = folder / ("wandb" if road.writer == "stock" else "runstone")
    runs = sorted(path for path in home.glob("offline-run-*") if path.is_dir() and not path.is_symlink())
    assert len(runs) == len(scenario["runs"]), f"{road.name} left {runs} in {home}"
    tool = [runstone_bin()] if road.sync == "ours" else [str(stock_python()), "-m", "wandb"]
    # `wandb sync` sends several runs at once: those that make one version together go one by one.
    in_order = [spec["id"] for spec in scenario["runs"] if "sync after" in spec]
    last = {path for path in runs for run_id in in_order if path.name.endswith(f"-{run_id}")}
    run([*tool, "sync", *(str(path) for path in runs if path not in last)], folder, env, server)
    for run_id in in_order:
        run(
            [*tool, "sync", *(str(path) for path in last if path.name.endswith(f"-{run_id}"))],
            folder,
            env,
            server,
        )


def travel(road: Road, folder: Path) -> dict[str, dict]:
    """Writes the scenario by this road to a server of its own; what each project of the server then holds.

    Every road works in a folder of the same path, so that what names a file's place is the same, too."""
    scenario = json.loads(SCENARIO.read_text())
    if road.sync:  # what asks the server while it runs is for the roads that have one then
        scenario["runs"] = [spec for spec in scenario["runs"] if not spec.get("online")]
    place = folder / "work"
    place.mkdir(parents=True)
    make_inputs(scenario["inputs"], place)
    written = folder / f"{road.name}.json"
    written.write_text(json.dumps(scenario))
    server = Server(folder / road.name).start()
    try:
        env = environment(server, place)
        written_under = {**env, "WANDB_MODE": "offline", "RUNSTONE_MODE": "offline"} if road.sync else env
        run(writer_command(road.writer, written), place, written_under, server)
        if road.sync:
            sync(road, place, env, server, scenario)
        contents = Contents(server)
        for project in [PROJECT, *([] if road.sync else ONLINE_PROJECTS)]:
            runs = [spec["id"] for spec in scenario["runs"] if spec.get("project", PROJECT) == project]
            contents.add(project, list(dict.fromkeys(runs)))
        return contents.trees()
    finally:
        server.kill()
        if "CONFORMANCE_KEEP" in os.environ:
            shutil.copytree(place, os.environ["CONFORMANCE_KEEP"] + "/" + road.name, symlinks=True)
        shutil.rmtree(place)
