"""The C header: an installed program in C, every function through Python's ctypes, and what the header
promises against what the library has."""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import journal

ROOT = Path(__file__).resolve().parents[2]
C_FLAGS = ["-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror"]
CPP_FLAGS = ["-std=c++17", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-pedantic", "-Werror"]


@pytest.fixture(scope="module")
def pendulum(prefix, pkg_config, tmp_path_factory) -> Path:
    """examples/c/pendulum.c as its first lines say to build it, with every warning an error."""
    program = tmp_path_factory.mktemp("c") / "pendulum"
    source = str(ROOT / "examples" / "c" / "pendulum.c")
    command = ["gcc", *C_FLAGS, source, *pkg_config("--cflags", "--libs"), "-lm", f"-Wl,-rpath,{prefix}/lib"]
    done = subprocess.run([*command, "-o", str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return program


def test_the_c_example_builds_by_pkg_config_and_records(pendulum, tmp_path, offline_environment):
    done = subprocess.run(
        [str(pendulum), "200"], cwd=tmp_path, env=offline_environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "201 rows\n"
    log = journal.find(tmp_path)
    rows = journal.rows(log)
    swings = [row["pendulum/angle"] for row in rows if "pendulum/angle" in row]
    assert len(swings) == 200 and max(swings) > 0 and abs(swings[0] - 3) < 0.01
    energies = [row["pendulum/energy"] for row in rows if "pendulum/energy" in row]
    assert energies[-1] < energies[0]
    assert rows[-1]["angles"]["_type"] == "histogram" and sum(rows[-1]["angles"]["values"]) == 200
    picture = tmp_path / "runstone" / "latest-run" / "files" / rows[-1]["phase space"]["path"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    artifacts = [record.artifact for record in journal.records(log) if record.HasField("artifact")]
    assert [(one.name, one.type) for one in artifacts] == [("path", "dataset")]
    assert journal.exit_code(log) == 0


def test_the_c_example_refuses_a_wrong_argument(pendulum, tmp_path, offline_environment):
    done = subprocess.run([str(pendulum), "0"], cwd=tmp_path, env=offline_environment, capture_output=True)
    assert done.returncode == 2 and b"usage" in done.stderr


@pytest.mark.parametrize("compiler", ["gcc -x c", "g++ -x c++"])
def test_the_header_alone_compiles_without_a_warning(compiler, pkg_config, tmp_path):
    source = tmp_path / "alone.source"
    source.write_text("#include <runstone.h>\nint main(void) { return runstone_version() == 0; }\n")
    flags = C_FLAGS if compiler.startswith("gcc") else CPP_FLAGS
    command = [*compiler.split(), "-fsyntax-only", *flags, *pkg_config("--cflags"), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_pkg_config_knows_the_version(pkg_config):
    version = re.search(r"project\(runstone VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())
    assert pkg_config("--modversion") == [version.group(1)]


def declared_functions(prefix: Path) -> set[str]:
    text = (prefix / "include" / "runstone.h").read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"static inline .*?\n}\n", "", text, flags=re.DOTALL)
    return set(re.findall(r"\b(runstone_\w+)\([^;{}]*\);", text))


def test_the_library_exports_exactly_the_functions_of_the_header(prefix):
    library = str(prefix / "lib" / "librunstone.so")
    listing = subprocess.run(
        ["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True
    )
    exported = set(re.findall(r" T (runstone_\w+)$", listing.stdout, re.MULTILINE))
    declared = declared_functions(prefix)
    assert len(declared) > 35
    assert exported == declared


# --- through ctypes -----------------------------------------------------------------------------------
class Union(ctypes.Union):
    _fields_ = [("integer", ctypes.c_int64), ("number", ctypes.c_double), ("pointer", ctypes.c_void_p)]


class Field(ctypes.Structure):
    _fields_ = [
        ("key", ctypes.c_char_p),
        ("key_size", ctypes.c_size_t),
        ("kind", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
        ("value", Union),
        ("size", ctypes.c_size_t),
    ]


NULL, BOOL, INT, NUMBER, TEXT, JSON, MEDIA = range(7)


class Library:
    """The shared library as a Python program without an extension module would use it."""

    def __init__(self, path: Path) -> None:
        self.c = ctypes.CDLL(str(path))
        self.c.runstone_last_error.restype = ctypes.c_char_p
        self.kept: list[bytes] = []

    def field(self, key: str, value: object) -> Field:
        field = Field(key.encode(), len(key.encode()), NULL, 0, Union(), 0)
        if isinstance(value, bool | int):
            field.kind, field.value.integer = (BOOL if isinstance(value, bool) else INT), int(value)
        elif isinstance(value, float):
            field.kind, field.value.number = NUMBER, value
        elif isinstance(value, ctypes.c_void_p):
            field.kind, field.value.pointer = MEDIA, value.value
        elif value is not None:
            text = value if isinstance(value, str) else json.dumps(value)
            self.kept.append(text.encode())
            field.kind = TEXT if isinstance(value, str) else JSON
            field.value.pointer = ctypes.cast(ctypes.c_char_p(self.kept[-1]), ctypes.c_void_p).value
            field.size = len(self.kept[-1])
        return field

    def fields(self, values: dict) -> tuple:
        made = [self.field(key, value) for key, value in values.items()]
        return (Field * len(made))(*made), ctypes.c_size_t(len(made))

    def call(self, name: str, *arguments) -> None:
        status = getattr(self.c, name)(*arguments)
        assert status == 0, (name, status, self.c.runstone_last_error())

    def property(self, run, name: str) -> str | None:
        text, size = ctypes.c_char_p(), ctypes.c_size_t()
        self.call("runstone_run_property", run, name.encode(), ctypes.byref(text), ctypes.byref(size))
        value = None if text.value is None else text.value.decode()
        assert size.value == (0 if value is None else len(value.encode()))
        self.c.runstone_free(text)
        return value


PROGRAM = "import sys; sys.path[:0] = [{folder!r}]; import test_c; test_c.log_by_ctypes({library!r})"


def log_by_ctypes(path: str) -> None:
    library = Library(Path(path))
    run = ctypes.c_void_p()
    options = {"project": "by ctypes", "config": {"lr": 0.1}, "tags": ["a"], "id": "wörter"}
    library.call("runstone_init", *library.fields(options), ctypes.byref(run))
    assert library.property(run, "project") == "by ctypes"
    assert library.property(run, "id") == "wörter"
    assert library.property(run, "url") is None
    metric = library.fields({"summary": "min,max"})
    library.call("runstone_define_metric", run, b"loss", *metric)
    pixels, image = (ctypes.c_uint8 * 12)(*range(12)), ctypes.c_void_p()
    caption = library.fields({"caption": "twelve"})
    library.call("runstone_image", pixels, ctypes.c_size_t(12), 2, 2, 3, *caption, ctypes.byref(image))
    library.call("runstone_log", run, *library.fields({"loss": 0.5, "n": 1, "ok": True, "image": image}))
    library.call("runstone_log", run, *library.fields({"loss": 0.25, "val": {"acc": 0.9}, "none": None}))
    library.c.runstone_media_free(image)
    Path("saved.txt").write_text("kept")
    paths = ctypes.c_char_p()
    library.call("runstone_save", run, b"saved.txt", None, ctypes.c_size_t(0), ctypes.byref(paths))
    assert json.loads(paths.value) == [library.property(run, "dir") + "/saved.txt"]
    library.c.runstone_free(paths)
    alert = library.fields({"level": "WARN", "wait_duration": 300})
    library.call("runstone_alert", run, b"title", "grün".encode(), *alert)
    artifact = ctypes.c_void_p()
    library.call("runstone_artifact_new", b"ds", b"dataset", None, ctypes.c_size_t(0), ctypes.byref(artifact))
    library.call("runstone_artifact_add_bytes", artifact, b"f", b"hello\n", ctypes.c_size_t(6), None, 0)
    library.call("runstone_log_artifact", run, artifact, None, ctypes.c_size_t(0))
    assert json.loads(library.property(run, "summary"))["loss"] == {"min": 0.25, "max": 0.5}
    # A wrong handle, a run that is finished and one that is gone are answers, never crashes.
    assert library.c.runstone_log(artifact, None, ctypes.c_size_t(0)) == 17
    library.call("runstone_finish", run, 5, None)
    assert library.c.runstone_log(run, None, ctypes.c_size_t(0)) == 6
    assert b"is finished" in library.c.runstone_last_error()
    library.c.runstone_artifact_free(artifact)
    library.c.runstone_run_free(run)
    library.c.runstone_run_free(run)
    assert library.c.runstone_log(run, None, ctypes.c_size_t(0)) == 17


def test_every_part_is_usable_through_ctypes(prefix, tmp_path, offline_environment):
    program = PROGRAM.format(
        folder=str(Path(__file__).parent), library=str(prefix / "lib" / "librunstone.so")
    )
    environment = {**offline_environment, "PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    log = journal.find(tmp_path)
    first, second = journal.rows(log)
    assert (first["loss"], first["n"], first["ok"], first["image"]["caption"]) == (0.5, 1, True, "twelve")
    assert (second["loss"], second["val"], second["none"]) == (0.25, {"acc": 0.9}, None)
    kinds = {record.WhichOneof("record_type") for record in journal.records(log)}
    assert {"run", "history", "metric", "files", "alert", "artifact", "exit"} <= kinds
    alert = next(record.alert for record in journal.records(log) if record.HasField("alert"))
    assert (alert.title, alert.text, alert.level, alert.wait_duration) == ("title", "grün", "WARN", 300_000)
    assert journal.exit_code(log) == 5
