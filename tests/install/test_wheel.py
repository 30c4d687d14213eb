"""The wheel: builds without the server's dependencies and without Node, links none of them, and records a
run in a virtual environment that has nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from support import journal

ROOT = Path(__file__).resolve().parents[2]
SERVER_PACKAGES = ["Boost", "SQLite3", "CLI11", "Arrow", "Parquet"]
SERVER_LIBRARIES = ("arrow", "parquet", "boost", "sqlite", "re2", "python3")
SCRIPT = """
import json, sys
import runstone
run = runstone.init(project="wheel", config={"lr": 0.1})
for i in range(100):
    run.log({"loss": 1 / (i + 1), "epoch": i // 10})
path = run.dir
run.finish()
print(json.dumps({"module": runstone.__file__, "dir": path, "loaded": sorted(sys.modules)}))
"""


def clean_environment() -> dict[str, str]:
    """Without a source tree, a server or settings of the account."""
    dropped = ("PYTHON", "RUNSTONE_", "WANDB_", "VIRTUAL_ENV")
    return {key: value for key, value in os.environ.items() if not key.startswith(dropped)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # Whoever starts Node leaves a trace and gets nothing.
    tools, trace = folder / "tools", folder / "node-was-started"
    tools.mkdir()
    for name in ("node", "npm", "npx"):
        (tools / name).write_text(f"#!/bin/sh\ntouch {trace}\nexit 1\n")
        (tools / name).chmod(0o755)
    environment = clean_environment()
    environment["PATH"] = f"{tools}:{environment['PATH']}"
    environment["CMAKE_BUILD_PARALLEL_LEVEL"] = "2"
    command = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index"]
    for package in SERVER_PACKAGES:
        command.append(f"--config-settings=cmake.define.CMAKE_DISABLE_FIND_PACKAGE_{package}=ON")
    done = subprocess.run(
        [*command, "--wheel-dir", str(folder), str(ROOT)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    assert not trace.exists(), "building the wheel started Node"
    wheels = list(folder.glob("runstone-*.whl"))
    assert len(wheels) == 1, wheels
    return wheels[0]


def test_the_wheel_holds_the_package_and_one_extension(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    extensions = [name for name in names if ".so" in name]
    assert len(extensions) == 1 and extensions[0].startswith("runstone/_core."), extensions
    for name in ("__init__.py", "py.typed", "_core.pyi"):
        assert names.count(f"runstone/{name}") == 1, name
    strange = [name for name in names if not name.startswith(("runstone/", "runstone-"))]
    assert not strange, strange
    assert not [name for name in names if name.endswith(".pyc")]


def test_the_wheel_names_its_dependencies(wheel):
    archive = zipfile.ZipFile(wheel)
    metadata = archive.read(next(n for n in archive.namelist() if n.endswith("METADATA"))).decode()
    needs = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:")]
    assert any("pyyaml" in line.lower() and "extra" not in line for line in needs), needs
    assert any("pyarrow==" in line and "extra ==" in line for line in needs), needs
    assert "License-Expression: Apache-2.0" in metadata


def test_the_extension_links_nothing_of_the_server(wheel, tmp_path):
    archive = zipfile.ZipFile(wheel)
    extension = archive.extract(next(n for n in archive.namelist() if ".so" in n), tmp_path)
    listing = subprocess.run(["readelf", "-d", extension], check=True, capture_output=True, text=True).stdout
    needed = [line.split("[")[1].rstrip("]") for line in listing.splitlines() if "(NEEDED)" in line]
    assert any(name.startswith("libc.so") for name in needed), needed
    assert not [name for name in needed if any(part in name for part in SERVER_LIBRARIES)], needed
    # What those libraries would pull in would be loaded, too.
    loaded = subprocess.run(["ldd", extension], check=True, capture_output=True, text=True).stdout
    assert "not found" not in loaded, loaded
    paths = [line.split()[0] for line in loaded.splitlines()]
    assert not [name for name in paths if any(part in name for part in SERVER_LIBRARIES)], loaded


def test_a_script_records_a_run_with_nothing_but_the_wheel(wheel, tmp_path):
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--no-deps"]
    done = subprocess.run([*install, str(wheel)], env=clean_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    work = tmp_path / "work"
    work.mkdir()
    (work / "train.py").write_text(SCRIPT)
    environment = {**clean_environment(), "RUNSTONE_MODE": "offline", "HOME": str(tmp_path)}
    done = subprocess.run(
        [str(python), "train.py"],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    facts = json.loads(done.stdout.splitlines()[-1])
    assert facts["module"].startswith(str(tmp_path)), facts["module"]
    assert not {"numpy", "wandb", "yaml"} & set(facts["loaded"])
    assert facts["dir"].startswith(str(work)), facts["dir"]
    rows = journal.rows(journal.find(work))
    assert [row["loss"] for row in rows] == [1 / (i + 1) for i in range(100)]
    assert [row["epoch"] for row in rows] == [i // 10 for i in range(100)]
    assert [row["_step"] for row in rows] == list(range(100))
