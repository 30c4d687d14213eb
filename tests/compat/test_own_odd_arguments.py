"""Our own client against the real server, asked in odd ways: things of wrong types, parts of versions that come
late, many threads at once."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import runstone
from support.odd_arguments import unclear_refusals


@pytest.fixture
def api(shared_server):
    return runstone.Api({"base_url": shared_server.url}, api_key=shared_server.key)


@pytest.fixture
def run(shared_server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNSTONE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RUNSTONE_CACHE_DIR", str(tmp_path / "cache"))
    settings = {"base_url": shared_server.url, "api_key": shared_server.key, "console": "off"}
    settings |= {"silent": True, "x_disable_stats": True}
    run = runstone.init(project="own-odd", reinit="create_new", settings=settings)
    yield run
    run.finish()


def made(name: str, **files: str) -> runstone.Artifact:
    artifact = runstone.Artifact(name, "dataset")
    for path, content in files.items():
        with artifact.new_file(path) as file:
            file.write(content)
    return artifact


def calls(api, path: str, artifact):
    """Name: what is called, with arguments that are right."""
    found = api.run(path)
    file = found.file("f.txt")
    yield "Api", runstone.Api, {"overrides": {"base_url": "http://127.0.0.1:9"}, "api_key": "k" * 40}
    yield "run", api.run, {"path": path}
    listed = {"path": "own-odd", "filters": None, "order": "+created_at", "per_page": 50, "lazy": True}
    yield "runs", lambda **k: list(api.runs(**k)), listed
    yield "a filter", lambda value: list(api.runs("own-odd", {"config.a": value})), {"value": 1}
    yield "projects", lambda **k: list(api.projects(**k)), {"entity": None, "per_page": 200}
    yield "project", api.project, {"name": "own-odd", "entity": None}
    yield "sweep", api.sweep, {"path": "own-odd/none"}
    yield "artifact", api.artifact, {"name": "own-odd/odd:v0", "type": None}
    versions = {"type_name": "dataset", "name": "own-odd/odd", "per_page": 50}
    yield "artifacts", lambda **k: list(api.artifacts(**k)), versions
    yield "artifact_exists", api.artifact_exists, {"name": "own-odd/odd:v0", "type": None}
    sample = {"samples": 5, "keys": None, "x_axis": "_step", "pandas": False, "stream": "default"}
    yield "history", found.history, sample
    scan = {"keys": None, "page_size": 1000, "min_step": 0, "max_step": None}
    yield "scan_history", lambda **k: list(found.scan_history(**k)), scan
    yield "files", lambda **k: list(found.files(**k)), {"names": None, "pattern": None, "per_page": 50}
    yield "file", found.file, {"name": "f.txt"}
    yield "download", file.download, {"root": "got", "replace": True, "exist_ok": False}
    yield "upload_file", found.upload_file, {"path": "f.txt", "root": "."}
    yield "summary.update", found.summary.update, {"d": {"z": 1}}
    yield "a key", lambda key: found.summary.__setitem__(key, 1), {"key": "k"}
    for name in ("name", "notes", "group", "tags"):
        yield name, lambda value, name=name: setattr(found, name, value), {"value": None}
    yield "log_artifact", found.log_artifact, {"artifact": artifact, "aliases": None, "tags": None}
    yield "logged_artifacts", lambda **k: list(found.logged_artifacts(**k)), {"per_page": 100}
    yield "used_artifacts", lambda **k: list(found.used_artifacts(**k)), {"per_page": 100}
    where = {"root": "got", "path_prefix": None, "skip_cache": None}
    yield "Artifact.download", artifact.download, where
    yield "Artifact.verify", artifact.verify, {"root": "got"}
    yield "Artifact.get", artifact.get, {"name": "f.txt"}
    yield "Artifact.get_entry", artifact.get_entry, {"name": "f.txt"}
    yield "Artifact.files", artifact.files, {"names": None, "per_page": 50}
    yield "Artifact.link", artifact.link, {"target_path": "a/b/c/d", "aliases": None}


def test_what_the_public_api_refuses_is_refused_in_words_for_the_caller(api, run, tmp_path):
    Path("f.txt").write_text("x")
    run.save("f.txt", policy="now")
    run.log({"x": 1})
    artifact = run.log_artifact(made("odd", **{"f.txt": "x"})).wait()
    run.finish()
    unclear, refused = unclear_refusals(calls(api, "/".join(run.path.split("/")[-2:]), artifact))
    assert refused > 200, refused
    assert unclear == [], "\n".join(unclear)


def test_a_list_whose_length_the_server_does_not_tell_is_counted(api, run):
    run.finish()
    projects = api.projects()
    assert "own-odd" in [project.name for project in list(projects)]
    assert len(api.projects(per_page=1)) == len(projects) == len(list(projects))


def test_UA1_a_part_that_comes_after_the_end_begins_the_next_version(run):
    shared = {"name": "parts", "type": "dataset", "distributed_id": "job"}
    for name in ("p0", "p1", "p2"):
        Path(name).write_text(name)
    run.upsert_artifact("p0", **shared)
    first = run.finish_artifact("p1", **shared).wait()
    late = run.upsert_artifact("p2", **shared)
    assert late.state == "PENDING"
    second = run.finish_artifact("p0", **shared).wait()
    assert (first.version, sorted(first.manifest.entries)) == ("v0", ["p0", "p1"])
    assert (second.version, sorted(second.manifest.entries)) == ("v1", ["p0", "p2"])


def test_ME1_LA1_many_threads_log_media_tables_and_artifacts_at_once(api, run):
    threads, rounds, failed = 4, 5, []

    def work(number: int) -> None:
        try:
            for i in range(rounds):
                pixels = np.full((8, 8), number * 20 + i, np.uint8)
                table = runstone.Table(columns=["a"], data=[[i]])
                run.log({f"image{number}": runstone.Image(pixels), f"table{number}": table})
                run.log_artifact(made(f"thread{number}", f=f"{number} {i}"))
        except Exception as error:
            failed.append(error)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    run.finish()
    assert failed == []
    found = api.run(run.path)
    rows = list(found.scan_history())
    assert [row["_step"] for row in rows] == list(range(threads * rounds))
    for number in range(threads):
        images = [row[f"image{number}"] for row in rows if f"image{number}" in row]
        assert len({image["sha256"] for image in images}) == rounds
        stored = {file.name: file.size for file in found.files(pattern=f"media/images/image{number}%")}
        assert stored == {image["path"]: image["size"] for image in images}
        versions = api.artifacts("dataset", f"own-odd/thread{number}")
        assert sorted(version.version for version in versions) == [f"v{i}" for i in range(rounds)]
