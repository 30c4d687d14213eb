"""What an offline run does with artifacts, models and code."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import runstone
from runstone import errors
from support import journal


@pytest.fixture(autouse=True)
def own_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("RUNSTONE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RUNSTONE_CACHE_DIR", str(tmp_path / "cache"))


def draft(**options) -> runstone.Artifact:
    return runstone.Artifact("ds", "dataset", **options)


def recorded(run) -> list:
    """The artifact records of a run's journal."""
    path = journal.find(Path(run.sync_dir))
    run.finish()
    return [r.artifact for r in journal.records(path) if r.WhichOneof("record_type") == "artifact"]


def test_LA1_an_artifact_is_recorded_whole(offline, hello):
    run = offline()
    artifact = draft(description="d", metadata={"k": 1})
    artifact.add_file(hello)
    artifact.ttl = timedelta(seconds=90)
    artifact.metadata["later"] = 2
    assert run.log_artifact(artifact, aliases=["best"], tags=["one tag", "one tag", "two"]) is artifact
    with pytest.raises(errors.ArtifactNotLoggedError):
        artifact.wait()
    with pytest.raises(errors.ArtifactFinalizedError):
        artifact.add_file(hello, name="late")
    (record,) = recorded(run)
    assert (record.name, record.type, record.description) == ("ds", "dataset", "d")
    assert record.metadata == '{"k":1,"later":2}' and record.ttl_duration_seconds == 90
    assert list(record.aliases) == ["best", "latest"] and list(record.tags) == ["one tag", "two"]
    assert record.digest == "646850bf3b1463160ba8676bfb654546" and record.finalize
    (entry,) = record.manifest.contents
    assert (entry.path, entry.size) == ("hello.txt", 6) and Path(entry.local_path).read_text() == "hello\n"


def test_LA2_wrong_input_is_refused_and_the_run_unharmed(offline, hello):
    run = offline()
    artifact = draft()
    for options in (
        {"aliases": ["a/b"]},
        {"aliases": "a:b"},
        {"aliases": [""]},
        {"tags": ["a,b"]},
        {"tags": ["-"[:0]]},
    ):
        with pytest.raises(ValueError):
            run.log_artifact(artifact, **options)
    assert not artifact._handle.is_final
    for options in ({"aliases": [3]}, {"tags": 3}, {"aliases": {"a": 1}.items()}):
        with pytest.raises(TypeError, match="aliases|tags"):
            run.log_artifact(artifact, **options)
    assert not artifact._handle.is_final
    for wrong in (3, None, {"a": 1}, ["hello.txt"]):
        with pytest.raises(TypeError):
            run.log_artifact(wrong)
    with pytest.raises(ValueError, match="file, directory or external reference"):
        run.log_artifact("no/such/path")
    with pytest.raises(ValueError, match="Invalid name"):
        run.log_artifact(hello, name="a b")
    run.log({"x": 1})
    assert run.step == 1 and recorded(run) == []


def test_LA3_path_forms_and_default_names(offline, hello, tree):
    run = offline(id="r1")
    assert run.log_artifact("hello.txt").name == "run-r1-hello.txt"
    assert run.log_artifact(tree).name == "run-r1-tree"
    assert run.log_artifact(f"{tree}/").name == "run-r1-tree"
    assert run.log_artifact(f"file://{hello}", name="ref", type="dataset").type == "dataset"
    assert run.log_artifact(f"file://{hello}").name == "run-r1-hello.txt"
    assert run.log_artifact(hello).name == "run-r1-hello.txt"
    made = run.log_artifact(draft(), name="ignored", type="ignored")
    assert (made.name, made.type) == ("ds", "dataset"), "an Artifact keeps its name and type"
    records = recorded(run)
    assert [(r.name, r.type) for r in records] == [
        ("run-r1-hello.txt", "unspecified"),
        ("run-r1-tree", "unspecified"),
        ("run-r1-tree", "unspecified"),
        ("ref", "dataset"),
        ("run-r1-hello.txt", "unspecified"),
        ("run-r1-hello.txt", "unspecified"),
        ("ds", "dataset"),
    ]
    assert [e.path for e in records[1].manifest.contents] == ["a.txt", "sub/b.txt"]
    assert records[3].manifest.contents[0].ref == f"file://{hello}"


def test_UA1_parts_of_one_version_are_recorded(offline, hello):
    run = offline(group="job7")
    assert run.upsert_artifact(hello, name="big", type="dataset").distributed_id == "job7"
    run.finish_artifact(hello, name="big", type="dataset", distributed_id="other", aliases=["whole"])
    first, last = recorded(run)
    assert (first.distributed_id, first.finalize) == ("job7", False)
    assert (last.distributed_id, last.finalize, list(last.aliases)) == ("other", True, ["whole", "latest"])


def test_UA2_a_writer_without_a_group_is_refused(offline, hello):
    run = offline()
    for method in (run.upsert_artifact, run.finish_artifact):
        with pytest.raises(TypeError, match="unless run is in a group or distributed_id is provided"):
            method(hello, name="big", type="dataset")
    assert recorded(run) == []


def test_UA3_nothing_can_be_used_offline(offline):
    run = offline()
    with pytest.raises(TypeError, match="offline"):
        run.use_artifact("ds:latest")
    with pytest.raises(RuntimeError, match="offline"):
        run.use_model("m:latest")
    with pytest.raises(NotImplementedError):
        run.link_artifact(draft(), "portfolio")
    with pytest.raises(NotImplementedError):
        run.link_model("hello.txt", "registered")
    with pytest.raises(AssertionError, match="only the name"):
        run.link_model("hello.txt", "entity/registered")
    with pytest.raises(AttributeError):
        run.log_artifact(draft()).aliases  # noqa: B018


def test_MO3_log_model_returns_none(offline, hello):
    run = offline(id="r1")
    assert run.log_model(hello, name="net.v-1_a", aliases=["prod"]) is None
    assert run.log_model(str(hello)) is None
    with pytest.raises(ValueError):
        run.log_model(hello, name="a b")
    first, second = recorded(run)
    assert (first.name, first.type, list(first.aliases)) == ("net.v-1_a", "model", ["prod", "latest"])
    assert second.name == "run-r1-hello.txt"


def code_of(run) -> list[str]:
    return [entry.path for record in recorded(run) for entry in record.manifest.contents]


@pytest.fixture
def sources(tmp_path, monkeypatch):
    for name in (
        "main.py",
        "lib/a.py",
        "lib/n.ipynb",
        "cache/c.ipynb",
        "requirements.txt",
        "Dockerfile.gpu",
        "x.txt",
    ):
        path = tmp_path / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "code/work").mkdir()
    monkeypatch.chdir(tmp_path / "code/work")
    return tmp_path / "code"


def test_LC1_functions_of_one_and_two_arguments_choose_the_files(offline, sources):
    run = offline()
    artifact = run.log_code(
        "../",
        include_fn=lambda path: path.endswith(".ipynb"),
        exclude_fn=lambda path, root: os.path.relpath(path, root).startswith("cache/"),
    )
    assert artifact.type == "code" and artifact.name.startswith("source-p-")
    assert run._config_all_with_private()["_wandb"]["code_path"] == artifact.name
    assert code_of(run) == ["lib/n.ipynb"]


def test_LC1_by_default_sources_are_taken_and_runs_are_not(offline, sources):
    run = offline(dir=str(sources))
    (sources / "wandb").mkdir(exist_ok=True)
    (sources / "wandb" / "no.py").write_text("")
    run.log_code(sources, name="my/code é")
    (record,) = recorded(run)
    assert record.name == "my_code___", "characters that names cannot have become _"
    assert [e.path for e in record.manifest.contents] == [
        "Dockerfile.gpu",
        "lib/a.py",
        "main.py",
        "requirements.txt",
    ]


@pytest.mark.parametrize(
    ("where", "program", "repository", "expected"),
    [
        (".", "sub/deep/t.py", True, "source-p-sub_deep_t.py"),
        ("sub", "deep/t.py", True, "source-p-sub_deep_t.py"),
        (".", "sub/deep/t.py", False, "source-p-sub_deep_t.py"),
        ("sub", "deep/t.py", False, "source-p-deep_t.py"),
        ("other", "../sub/deep/t.py", False, "source-p-t.py"),
    ],
)
def test_the_default_name_of_code_is_that_of_the_stock_client(tmp_path, where, program, repository, expected):
    """Measured there; in the last case it says `None`. The root changes nothing."""
    for folder in ("sub/deep", "other"):
        (tmp_path / folder).mkdir(parents=True)
    if repository:
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "sub/deep/t.py").write_text(
        "import os, runstone\nrun = runstone.init(project='p', mode='offline')\n"
        "here = os.path.dirname(os.path.abspath(__file__))\n"
        "print(*{run.log_code(root).name for root in ('..', here)})\n"
    )
    done = subprocess.run(
        [sys.executable, program], cwd=tmp_path / where, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.returncode) == (expected + "\n", 0), done.stderr


def test_LC1_no_file_gives_none_and_a_filter_may_raise(offline, sources):
    run = offline()
    assert run.log_code(sources, include_fn=lambda path: False) is None
    with pytest.raises(ZeroDivisionError):
        run.log_code(sources, include_fn=lambda path: 1 / 0)
    with pytest.raises(TypeError):
        run.log_code(sources, include_fn="*.py")
    assert run.log_code("nowhere") is None and run.log_code(sources / "main.py") is None
    assert code_of(run) == []


def test_D1_a_disabled_run_answers_every_member(tmp_path, hello, monkeypatch):
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    run = runstone.init(mode="disabled")
    nothing = run.log_artifact("no/such/path")
    assert nothing.wait() is nothing and nothing.version is nothing and nothing["x"] is nothing
    assert run.upsert_artifact("x") is None and run.finish_artifact("x") is None
    assert run.use_artifact("x") is None and run.link_artifact("x", "y") is None
    assert run.log_model("x") is None and run.use_model("x") is None and run.link_model("x", "y") is None
    assert run.log_code() is None
    run.finish()
    assert list(folder.iterdir()) == []


def test_an_artifact_in_the_config_of_an_offline_run_is_refused(hello, offline):
    with pytest.raises(TypeError, match="offline"):
        offline(config={"ds": draft(), "lr": 1})
    assert runstone.run is None
    with pytest.raises(ValueError, match="nested"):
        offline(config={"a": {"b": [draft()]}})
    run = offline(config={"lr": 1})
    with pytest.raises(TypeError, match="offline"):
        run.config["ds"] = draft()
    assert run.config.keys() == {"lr"}
    run.finish()
    assert runstone.init(mode="disabled", config={"ds": draft()}).config["ds"] == "ds"
