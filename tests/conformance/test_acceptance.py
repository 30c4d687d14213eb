"""A19: the acceptance programs, unchanged but for the name that they import, by the stock client and by
ours, online and offline, against our server. Each exits with 0 and leaves what it promises, and both
clients leave the same."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from compare import Allowed, Table, differences
from contents import Contents
from support.server import Server, runstone_bin
from writers import LIMIT_SECS, environment, stock_python, torch_python

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "acceptance"
TABLE = HERE / "differences.toml"
WITH_TORCH = {"A18"}  # both clients run these beside PyTorch
MESH = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"


def glb() -> bytes:
    """A binary glTF of one empty scene."""
    text = b'{"asset":{"version":"2.0"},"scenes":[{}],"scene":0}'
    text += b" " * (-len(text) % 4)
    chunk = struct.pack("<II", len(text), 0x4E4F534A) + text
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunk)) + chunk


def make_files(folder: Path) -> None:
    """The small data that the programs work on."""
    texts = {
        "hello.txt": "hello\n",
        "mesh.obj": MESH,
        "mesh.gltf": json.dumps({"asset": {"version": "2.0"}}),
        "these/are/f/one.txt": "1",
        "these/are/f/two.txt": "2",
        "u/n/run1/log.txt": "log",
        "files/a/saveme.txt": "a",
        "files/b/saveme.txt": "b",
        "module.py": "x = 1\n",
        "package/inner.py": "y = 2\n",
        "cache/generated.py": "z = 3\n",
        "notes.ipynb": "{}",
        "requirements.txt": "numpy\n",
        "readme.md": "not code",
        "scripts/other.py": "w = 4\n",
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "mesh.glb").write_bytes(glb())


class World:
    """One client in one mode, with a server of its own for all programs."""

    def __init__(self, module: str, mode: str, folder: Path) -> None:
        self.module, self.mode = module, mode
        self.folder = folder
        self.server = Server(folder / f"{module}-{mode}").start()

    def run(self, name: str) -> subprocess.CompletedProcess:
        """Runs a program in an empty folder of the same path for both clients, then syncs."""
        place = self.folder / "work"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        make_files(place)
        work = place / "scripts" if name == "A14" else place  # whose root is the folder above
        shutil.copy(PROGRAMS / f"{name}.py", work / "program.py")
        env = environment(self.server, place)
        if self.module != "wandb":  # the name that the program imports, and nothing else, is another
            names = self.folder / "names"
            names.mkdir(exist_ok=True)
            (names / "wandb.py").write_text(
                f"import sys\n\nsys.modules[__name__] = __import__({self.module!r})\n"
            )
            env["PYTHONPATH"] = f"{names}{os.pathsep}{env['PYTHONPATH']}"
        env |= {"ENTITY": self.server.entity(), "WANDB_MODE": self.mode, "WANDB_NAME": "as the server has it"}
        python = str(self._python(name))
        done = self._call([python, "program.py"], work, env)
        if self.mode == "offline" and done.returncode == 0:
            synced = self._call([*self._sync(), *self._runs(place)], place, env)
            assert synced.returncode == 0, synced.stdout + synced.stderr
        return done

    def _python(self, name: str) -> Path:
        if name in WITH_TORCH:
            return torch_python()
        return stock_python() if self.module == "wandb" else Path(sys.executable)

    def contents(self, project: str) -> dict:
        node = self.server.graphql(
            "query R($p: String!, $e: String!) { project(name: $p, entityName: $e) {"
            " runs(first: 100) { edges { node { name } } } } }",
            p=project,
            e=self.server.entity(),
        )["project"]
        runs = [edge["node"]["name"] for edge in node["runs"]["edges"]]
        return Contents(self.server).add(project, runs).trees()[project]

    def _sync(self) -> list[str]:
        if self.module == "wandb":
            return [str(stock_python()), "-m", "wandb", "sync"]
        return [runstone_bin(), "sync"]

    def _runs(self, place: Path) -> list[str]:
        # A program may have changed its folder before init().
        found = {path.parent for path in place.rglob("run-*.wandb") if "latest-run" not in path.parts}
        return [str(path) for path in sorted(found, key=lambda path: path.name)]

    def _call(self, command: list[str], place: Path, env: dict) -> subprocess.CompletedProcess:
        return subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, timeout=LIMIT_SECS)


@pytest.fixture(scope="session")
def worlds(tmp_path_factory):
    place = tmp_path_factory.mktemp("acceptance")
    made: dict[tuple[str, str], World] = {}

    def world(module: str, mode: str) -> World:
        if (module, mode) not in made:
            made[module, mode] = World(module, mode, place)
        return made[module, mode]

    yield world
    for one in made.values():
        one.server.kill()


# --- what each program leaves ---------------------------------------------------------------------------


def rows(run: dict) -> list[dict]:
    return [
        {key: value for key, value in run["rows"][step].items() if not key.startswith("_")}
        for step in sorted(run["rows"], key=int)
    ]


def check_A1(runs, artifacts):
    assert rows(runs["a"]) == [{"accuracy": 0.9, "loss": 0.1}]
    assert runs["a"]["state"] == "finished" and runs["a"]["exitCode"] == 0


def check_A2(runs, artifacts):
    (row,) = rows(runs["a"])
    assert {key.rsplit("/", 1)[0] for key in row} == {"train", "validate"} and len(row) == 4


def check_A3(runs, artifacts):
    assert rows(runs["a"]) == [{"epoch": 39, "train-loss": 0.5}, {"epoch": 40, "train-loss": 0.5}]
    assert runs["a"]["keys"]["epoch"] == [["number", 2]]


def check_A4(runs, artifacts):
    want = [{"accuracy": 0.8, "loss": 0.3}, {"accuracy": 0.9, "loss": 0.2}]
    assert rows(runs["plain"]) == rows(runs["commit"]) == rows(runs["step"]) == want


def check_A5(runs, artifacts):
    assert rows(runs["a"]) == [{"loss": 0.2, "accuracy": 0.8}]


def check_A6(runs, artifacts):
    value = rows(runs["a"])[0]["gradients"]
    assert value["_type"] == "histogram" and len(value["values"]) == 64 and len(value["bins"]) == 65
    assert sum(value["values"]) == 10_000


def check_pictures(runs, artifacts):
    value = rows(runs["a"])[0]["examples"]
    assert (value["_type"], value["count"], value["format"]) == ("images/separated", 3, "png")
    assert (value["width"], value["height"]) == (100, 100)
    assert value["captions"] == [f"random field {i}" for i in range(3)]
    assert all(name in runs["a"]["files"] for name in value["filenames"])


check_A7 = check_A8 = check_pictures


def check_A9(runs, artifacts):
    value = rows(runs["a"])[0]["video"]
    assert (value["_type"], value["width"], value["height"]) == ("video-file", 100, 100)
    assert value["path"].endswith(".gif") and value["path"] in runs["a"]["files"]


def check_A10(runs, artifacts):
    value = rows(runs["a"])[0]["chart"]
    assert value["_type"] in ("plotly-file", "image-file") and value["path"] in runs["a"]["files"]


def check_A11(runs, artifacts):
    (row,) = rows(runs["a"])
    assert set(row) == {"pr_table"} and row["pr_table"]["_type"] == "table-file"
    chart = runs["a"]["private config"]["visualize"]["pr"]
    assert chart["panel_config"]["panelDefId"] == "wandb/area-under-curve/v0"
    assert runs["a"]["files"][row["pr_table"]["path"]]["json"]["columns"] == ["class", "precision", "recall"]
    assert artifacts["run-a-pr_table"]["type"] == "run_table"


def check_A12(runs, artifacts):
    value = rows(runs["a"])[0]["meshes"]
    assert (value["_type"], value["count"]) == ("object3D", 3)
    assert [name.rsplit(".", 1)[1] for name in value["filenames"]] == ["obj", "gltf", "glb"]


def code_files(artifacts) -> set[str]:
    ((name, collection),) = artifacts.items()
    assert collection["type"] == "code" and name.startswith("source-")
    return set(collection["versions"]["v0"]["manifest"]["contents"])


def check_A13(runs, artifacts):
    assert code_files(artifacts) == {
        "program.py",
        "module.py",
        "package/inner.py",
        "cache/generated.py",
        "scripts/other.py",
        "requirements.txt",
    }
    assert runs["a"]["private config"]["code_path"].startswith("source-A13-")


def check_A14(runs, artifacts):
    assert code_files(artifacts) == {
        "module.py",
        "package/inner.py",
        "notes.ipynb",
        "scripts/other.py",
        "scripts/program.py",
    }


def check_A15(runs, artifacts):
    saved = {name for name in runs["a"]["files"] if name.endswith(".txt") and name != "requirements.txt"}
    assert saved == {
        "these/are/f/one.txt",
        "these/are/f/two.txt",
        "are/f/one.txt",
        "are/f/two.txt",
        "run1/log.txt",
        "n/run1/log.txt",
        "files/a/saveme.txt",
        "files/b/saveme.txt",
    }
    assert runs["a"]["files"]["files/b/saveme.txt"] == {"text": "b"}


def check_A16(runs, artifacts):
    run = runs["a"]
    assert len(rows(run)) == 10
    assert run["summary"]["validation_loss"] == {"min": 0}
    assert run["summary"]["acc"]["max"] == run["summary"]["acc"]["last"] == 0.9
    assert abs(run["summary"]["acc"]["mean"] - 0.45) < 1e-12
    assert run["metrics"]["validation_loss"]["step_metric"] == "custom_step"
    assert run["metrics"]["train/*"]["glob"] and run["metrics"]["train/*"]["step_metric"] == "train/step"


def check_A17(runs, artifacts):
    assert runs["reader"]["used"] == ["ds:v0"] and runs["writer"]["logged"] == ["ds:v0"]
    assert artifacts["ds"]["versions"]["v0"]["digest"] == "646850bf3b1463160ba8676bfb654546"


def check_A18(runs, artifacts):
    assert [alert["title"] for alert in runs["a"]["alerts"]] == ["Low accuracy"]
    assert runs["a"]["state"] == "finished"
    watched, after = rows(runs["a"])
    names = {f"{kind}/{name}" for kind in ("gradients", "parameters") for name in ("weight", "bias")}
    assert set(watched) == {"loss", *names} and after == {"loss": 2}
    gradient = watched["gradients/weight"]
    assert gradient["_type"] == "histogram" and (len(gradient["values"]), len(gradient["bins"])) == (64, 65)
    assert sum(gradient["values"]) == 8 and (gradient["bins"][0], gradient["bins"][-1]) == (0, 3)
    assert watched["parameters/weight"]["values"] == [8], "all values are equal: one bin"
    assert artifacts["net"]["type"] == "model" and "net:v0" in runs["b"]["used"]
    assert set(artifacts["parts"]["versions"]["v0"]["manifest"]["contents"]) == {"hello.txt", "model.txt"}


def run_and_check(world: World, name: str) -> dict:
    done = world.run(name)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    found = world.contents(name)
    globals()[f"check_{name}"](found["runs"], found["artifacts"])
    return found


# The program's path in the name of its code: ours from the root that is walked, the stock client's from the
# working directory, so that two programs of one project may share a name.
OF_PROGRAMS = {
    "A14": [
        Allowed(["runs", "a", "private config", "code_path"], "name of the code"),
        Allowed(["runs", "a", "logged", "0"], "name of the code"),
        Allowed(["artifacts", "source-A14-*"], "name of the code"),
    ]
}


def by_both(worlds, name: str, mode: str) -> None:
    """A19: both clients run the program, and leave the same."""
    ours = run_and_check(worlds("runstone", mode), name)
    stock = run_and_check(worlds("wandb", mode), name)
    table = Table.read(TABLE)
    table.entries += OF_PROGRAMS.get(name, [])
    left = table.not_allowed(differences(stock, ours), f"python, {mode}")
    assert not left, f"{len(left)} differences:\n" + "\n".join(map(str, left))


in_both_modes = pytest.mark.parametrize("mode", ["online", "offline"])


@in_both_modes
def test_A19_A1_one_row_in_a_with_block(mode, worlds):
    by_both(worlds, "A1", mode)


@in_both_modes
def test_A19_A2_two_sections_in_one_call(mode, worlds):
    by_both(worlds, "A2", mode)


@in_both_modes
def test_A19_A3_a_metric_as_x_axis(mode, worlds):
    by_both(worlds, "A3", mode)


@in_both_modes
def test_A19_A4_two_rows_three_ways(mode, worlds):
    by_both(worlds, "A4", mode)


@in_both_modes
def test_A19_A5_one_row_by_two_calls(mode, worlds):
    by_both(worlds, "A5", mode)


@in_both_modes
def test_A19_A6_a_histogram_of_64_bins(mode, worlds):
    by_both(worlds, "A6", mode)


@in_both_modes
def test_A19_A7_pictures_of_integers_with_captions(mode, worlds):
    by_both(worlds, "A7", mode)


@in_both_modes
def test_A19_A8_pictures_by_way_of_PIL(mode, worlds):
    by_both(worlds, "A8", mode)


@in_both_modes
def test_A9_a_film_without_a_format_is_a_gif(mode, worlds):
    run_and_check(worlds("runstone", mode), "A9")
    # run-api 14: the stock client wants a format, ours makes a gif.
    refused = worlds("wandb", mode).run("A9")
    assert refused.returncode == 1 and "format" in refused.stderr


@in_both_modes
def test_A19_A10_a_figure_of_matplotlib(mode, worlds):
    by_both(worlds, "A10", mode)


@in_both_modes
def test_A19_A11_a_precision_recall_curve(mode, worlds):
    by_both(worlds, "A11", mode)


@in_both_modes
def test_A19_A12_meshes_from_open_files(mode, worlds):
    by_both(worlds, "A12", mode)


@in_both_modes
def test_A19_A13_the_code_of_the_program(mode, worlds):
    by_both(worlds, "A13", mode)


@in_both_modes
def test_A19_A14_code_filtered_by_functions_of_one_and_two_parameters(mode, worlds):
    by_both(worlds, "A14", mode)


@in_both_modes
def test_A19_A15_saved_files_at_their_places(mode, worlds):
    by_both(worlds, "A15", mode)


@in_both_modes
def test_A19_A16_metrics_with_an_axis_and_a_summary(mode, worlds):
    by_both(worlds, "A16", mode)


def test_A17_one_version_by_every_form_of_its_name(worlds):
    by_both(worlds, "A17", "online")


def test_A18_what_else_a_run_can_do(worlds):
    by_both(worlds, "A18", "online")


def test_every_program_has_a_check_and_a_test():
    programs = {path.stem for path in PROGRAMS.glob("A*.py")}
    assert programs == {f"A{i}" for i in range(1, 19)}
    assert {name.removeprefix("check_") for name in globals() if name.startswith("check_A")} == programs
    tested = {part for name in globals() if name.startswith("test_") for part in name.split("_")}
    assert programs <= tested
