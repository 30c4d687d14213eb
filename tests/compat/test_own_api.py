"""runstone.Api: what a script reads and changes on a real server. Checks PA2, PA3 and every member."""

from __future__ import annotations

import math
import os
import threading

import pytest
import runstone
from client import run_script
from own_runs import eventually, finished, present
from runstone import errors
from runstone.api import File, Project, Run, Sweep

# --- what a run is ---------------------------------------------------------------------------------------


def test_every_property_of_a_run(start, api, shared_server):
    run = start(
        "own-props", id="props-1", name="brave", notes="line 1\nline 2", tags=["a", "b"],
        group="g", job_type="train", config={"lr": 0.1, "net": {"layers": 3}, "nothing": None},
    )  # fmt: skip
    run.log({"loss": 0.5, "n": {"x": 1}})
    found = api.run(finished(run, loss=0.25))
    entity = shared_server.entity()
    assert isinstance(found, Run) and found.id == "props-1" and found.name == "brave"
    assert (found.entity, found.project) == (entity, "own-props")
    assert found.path == [entity, "own-props", "props-1"]
    assert found.url == f"{shared_server.url}/{entity}/own-props/runs/props-1"
    assert found.state == "finished" and sorted(found.tags) == ["a", "b"]
    assert found.notes == "line 1\nline 2" and found.group == "g" and found.job_type == "train"
    assert found.config == {"lr": 0.1, "net": {"layers": 3}, "nothing": None}
    assert "_wandb" in found.rawconfig and found.rawconfig["lr"] == 0.1
    assert found.summary["loss"] == 0.25 and found.summary.n.x == 1
    assert found.summary_metrics["loss"] == 0.25 and found.summary_metrics["_step"] == 1
    assert found.created_at.endswith("Z") and found.heartbeat_at >= found.created_at
    assert found.user.username == api.viewer.username
    assert found.sweep is None and found.sweep_name == "" and found.read_only is False
    assert found.metadata["host"] and found.lastHistoryStep == 1
    assert "props-1" in repr(found) and "iframe" in found.to_html()
    assert api.run(found.url).id == "props-1"


def test_paths_name_a_run_in_many_ways(start, shared_server):
    entity, project, name = finished(start("own-paths"), a=1).split("/")
    api = runstone.Api({"base_url": shared_server.url, "project": project}, api_key=shared_server.key)
    for path in (
        f"{entity}/{project}/{name}",
        f"/{entity}/{project}/runs/{name}/",
        f"{entity}/{project}:{name}",
        f"{project}/{name}",
        f"{project}:{name}",
        name,
        f" {name} ",
        f"{shared_server.url}/{entity}/{project}/runs/{name}?nw=1",
    ):
        assert api.run(path).id == name, path
    for path in ("", "a/b/c/d/e", "//", "a/b/c/d"):
        with pytest.raises(ValueError, match="Invalid path"):
            api.run(path)
    with pytest.raises(TypeError):
        api.run(7)
    without = runstone.Api({"base_url": shared_server.url}, api_key=shared_server.key)
    with pytest.raises(ValueError, match="missing project"):
        without.run(name)


def test_PA2_a_change_of_the_summary_persists(start, api):
    path = finished(start("own-change", config={"lr": 1}), loss=0.5)
    api.run(path).summary.update({"z": 1})
    found = api.run(path)
    assert found.summary["z"] == 1 and found.summary["loss"] == 0.5
    found.summary["n"] = {"v": 1}
    found.summary["n"]["w"] = 5
    found.summary.n["nan"] = math.nan
    assert found.summary["n"] == {"v": 1, "w": 5}  # seen here, not sent yet
    assert "n" not in api.run(path).summary
    found.summary["inf"] = math.inf
    del found.summary["z"]
    found.update()
    again = api.run(path).summary
    assert again["n"] == {"v": 1, "w": 5} and again["inf"] == math.inf and "z" not in again
    assert again["loss"] == 0.5 and len(again) == len(list(again)) == len(again.keys())
    assert again.get("absent", 3) == 3 and not hasattr(again, "absent")
    with pytest.raises(KeyError):
        again["absent"]


def test_a_change_keeps_what_others_have_set_meanwhile(start, api):
    path = finished(start("own-change", config={"lr": 1}, tags=["t"]), loss=0.5)
    first, second = api.run(path), api.run(path)
    assert first.config == {"lr": 1} and first.summary["loss"] == 0.5
    second.config["wd"] = 2
    second.notes = "theirs"
    second.summary["theirs"] = 1
    second.update()
    first.config["lr"] = 3
    first.name = "mine"
    first.summary.update({"mine": 2})
    first.update()
    found = api.run(path)
    assert found.config == {"lr": 3, "wd": 2} and found.notes == "theirs" and found.name == "mine"
    assert found.summary["theirs"] == 1 and found.summary["mine"] == 2 and found.tags == ["t"]
    assert "_wandb" in found.rawconfig


def test_name_tags_notes_group_and_config_are_changed(start, api):
    path = finished(start("own-change", tags=["old"], config={"lr": 1, "gone": 2}), loss=1)
    found = api.run(path)
    found.name, found.notes, found.group, found.job_type = "new", "said", "g2", "eval"
    found.description = "what it is"
    found.tags += ["best"]
    found.config["lr"] = 0.5
    del found.config["gone"]
    assert found.name == "new" and found.tags == ["old", "best"]
    assert api.run(path).name != "new"
    found.update()
    again = api.run(path)
    assert (again.name, again.notes, again.group, again.job_type) == ("new", "said", "g2", "eval")
    assert sorted(again.tags) == ["best", "old"] and again.config == {"lr": 0.5}
    assert again.description == "what it is" and again.state == "finished"
    again.tags = []
    again.notes = ""
    again.save()
    last = api.run(path)
    assert last.tags == [] and last.notes == "" and last.name == "new"
    last.name = "dropped"
    last.load(force=True)
    assert last.name == "new"
    with pytest.raises(TypeError):
        last.tags = "text"
    with pytest.raises(TypeError):
        last.name = 3


def test_a_run_is_deleted_also_while_it_is_read(start, api):
    run = start("own-delete")
    for i in range(50):
        run.log({"a": i})
    found = api.run(finished(run))
    scan = found.scan_history(page_size=5)
    rows = [next(scan) for _ in range(3)]
    assert [row["a"] for row in rows] == [0, 1, 2]
    found.delete()
    with pytest.raises(errors.NotFoundError, match="Could not find run"):
        for _ in scan:
            pass
    for call in (
        found.history,
        found.scan_history,
        found.files().__len__,
        lambda: found.load(force=True),
        lambda: found.summary.update({"x": 1}),
        lambda: found.wait_until_finished(timeout=1),
        lambda: api.run("/".join(found.path)),
    ):
        with pytest.raises(errors.CommError):
            call()


def test_a_run_is_asked_to_stop(shared_server, api, tmp_path):
    script = """
        import time, wandb
        settings = wandb.Settings(x_disable_stats=True, x_file_stream_transmit_interval=0.2)
        run = wandb.init(project="own-stop", id="stopper", settings=settings)
        while True:
            run.log({"a": 2})
            time.sleep(0.05)
    """
    writer = threading.Thread(target=lambda: run_script(shared_server, tmp_path, script, check=False))
    writer.start()
    path = f"{shared_server.entity()}/own-stop/stopper"
    found = eventually(lambda: present(api, path))
    found.stop()
    writer.join(60)
    assert not writer.is_alive()
    assert found.wait_until_finished(timeout=30) is True and found.state == "killed"


def test_states_are_set_where_the_server_allows_it(start, api):
    run = start("own-states")
    found = api.run(finished(run, a=1))
    with pytest.raises((errors.CommError, ValueError)):
        found.update_state("failed")
    with pytest.raises((errors.CommError, ValueError)):
        found.update_state("no such state")
    assert api.run("/".join(found.path)).state == "finished"


# --- files -----------------------------------------------------------------------------------------------


def test_PA3_a_downloaded_file_equals_the_saved_one(start, api, tmp_path):
    run = start("own-files")
    content = os.urandom(300_000)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "f").write_bytes(content)
    run.save(str(tmp_path / "in" / "f"), base_path=str(tmp_path / "in"), policy="now")
    found = api.run(finished(run, a=1))
    file = found.file("f")
    assert isinstance(file, File) and file.name == "f" and file.size == len(content)
    target = tmp_path / "dl"
    with file.download(root=target) as opened:
        assert opened.name == str(target / "f")
    assert (target / "f").read_bytes() == content
    with pytest.raises(ValueError, match="already exists"):
        file.download(root=target)
    (target / "f").write_text("changed")
    file.download(root=target, exist_ok=True).close()
    assert (target / "f").read_text() == "changed"
    file.download(root=target, replace=True).close()
    assert (target / "f").read_bytes() == content
    assert sorted(os.listdir(target)) == ["f"]  # nothing half-written stays


def test_files_are_listed_by_names_and_patterns_page_by_page(start, api, tmp_path):
    found = api.run(finished(start("own-files"), a=1))
    for i in range(7):
        (tmp_path / f"n{i}.json").write_text(f"{i}")
        uploaded = found.upload_file(tmp_path / f"n{i}.json", root=tmp_path)
        assert uploaded.name == f"n{i}.json" and uploaded.size == 1
    names = {file.name for file in found.files(per_page=2)}
    assert {f"n{i}.json" for i in range(7)} <= names and len(found.files(per_page=2)) == len(names)
    assert sorted(f.name for f in found.files(pattern="n%.json", per_page=3)) == [
        f"n{i}.json" for i in range(7)
    ]
    assert [f.name for f in found.files(names=["n3.json", "absent"])] == ["n3.json"]
    files = found.files(pattern="n_.json")
    assert files[6].download(root=tmp_path / "d", exist_ok=True).read() == "6"
    assert [f.name for f in files[1:3]] == ["n1.json", "n2.json"] and files[-1].name == "n6.json"
    with pytest.raises(ValueError, match="not by both"):
        found.files(names=["a"], pattern="b")
    with pytest.raises(errors.NotFoundError, match="absent"):
        found.file("absent")
    found.file("n0.json").delete()
    with pytest.raises(ValueError):
        found.file("n0.json")


def test_what_cannot_be_uploaded_is_told(start, api, tmp_path):
    found = api.run(finished(start("own-files"), a=1))
    (tmp_path / "up.txt").write_text("x")
    (tmp_path / "root").mkdir()
    with pytest.raises(ValueError, match="not below"):
        found.upload_file(tmp_path / "up.txt", root=tmp_path / "root")
    with pytest.raises(ValueError, match="no such file"):
        found.upload_file(tmp_path / "missing.txt", root=tmp_path)
    with pytest.raises(ValueError):
        found.upload_file(tmp_path, root=tmp_path)


def test_a_disk_that_refuses_a_download_is_an_OSError(start, api, tmp_path):
    found = api.run(finished(start("own-files"), a=1))
    (tmp_path / "t").write_text("x")
    found.upload_file(tmp_path / "t", root=tmp_path)
    (tmp_path / "wall").write_text("a file where a folder is needed")
    with pytest.raises(OSError, match="wall"):
        found.file("t").download(root=tmp_path / "wall")


# --- lists -----------------------------------------------------------------------------------------------


def test_runs_are_filtered_ordered_and_paged(start, api, shared_server):
    entity = shared_server.entity()
    for i in range(5):
        run = start("own-list", id=f"r{i}", config={"lr": i / 10}, tags=["even"] if i % 2 == 0 else ["odd"])
        run.log({"loss": 5 - i})
        run.finish()
    runs = api.runs(f"{entity}/own-list", order="-summary_metrics.loss", per_page=2)
    assert [run.id for run in runs] == ["r0", "r1", "r2", "r3", "r4"]
    assert len(runs) == 5 and runs[1].id == "r1" and runs[-1].id == "r4" and bool(runs)
    assert [run.id for run in runs] == ["r0", "r1", "r2", "r3", "r4"]  # read again without asking
    lazy = runs[3]
    assert lazy.config == {"lr": 0.3} and lazy.summary["loss"] == 2 and lazy.state == "finished"
    filters = {"$and": [{"config.lr": {"$gt": 0.05}}, {"tags": "even"}]}
    assert [run.id for run in api.runs("own-list", filters=filters)] == ["r2", "r4"]
    whole = api.runs("own-list", filters={"display_name": {"$ne": "x"}, "name": {"$in": ["r1"]}}, lazy=False)
    assert [run.config["lr"] for run in whole] == [0.1]
    empty = api.runs("own-list", filters={"config.lr": 77})
    assert list(empty) == [] and len(empty) == 0 and not empty
    with pytest.raises(IndexError):
        empty[0]
    with pytest.raises(errors.NotFoundError, match="Could not find project"):
        list(api.runs("own-no-such-project"))
    with pytest.raises(ValueError, match="per_page"):
        api.runs("own-list", per_page=0)
    with pytest.raises(TypeError, match="filters"):
        api.runs("own-list", filters=[1])
    with pytest.raises((errors.CommError, ValueError)):
        list(api.runs("own-list", filters={"config.lr": {"$nonsense": 1}}))


def test_projects_viewer_and_default_entity(start, api, shared_server):
    finished(start("own-project"), a=1)
    entity = shared_server.entity()
    assert api.default_entity == entity and api.viewer.entity == entity
    assert api.viewer.username and entity in api.viewer.teams
    projects = {project.name: project for project in api.projects(per_page=2)}
    project = projects["own-project"]
    assert isinstance(project, Project) and project.entity == entity
    assert project.url == f"{shared_server.url}/{entity}/own-project"
    assert [p.name for p in api.projects(entity)] == list(projects)
    assert api.project("own-project").id == project.id
    assert api.create_project("own-made").name == "own-made"
    assert api.create_project("own-made", entity).id == api.project("own-made").id
    with pytest.raises(errors.NotFoundError):
        api.project("own-absent")


def test_a_sweep_and_its_best_run(api, shared_server):
    entity = shared_server.entity()
    config = "method: grid\nmetric:\n  name: loss\n  goal: minimize\nparameters:\n  lr:\n    values: [1, 2]\n"
    made = shared_server.graphql(
        "mutation S($c: String) { upsertSweep(input: {config: $c, projectName: \"own-sweep\"}) { sweep { name } } }",
        c=config,
    )["upsertSweep"]["sweep"]["name"]  # fmt: skip
    upsert = "mutation U($input: UpsertBucketInput!) { upsertBucket(input: $input) { inserted } }"
    for name, loss in (("s0", 0.5), ("s1", 0.25), ("s2", 0.75)):
        shared_server.graphql(
            upsert,
            input={
                "modelName": "own-sweep", "name": name, "sweep": made, "summaryMetrics": f'{{"loss": {loss}}}'
            },
        )  # fmt: skip
    sweep = api.sweep(f"{entity}/own-sweep/{made}")
    assert isinstance(sweep, Sweep) and sweep.id == made and sweep.method == "grid"
    assert sweep.config["metric"]["name"] == "loss" and sweep.order == "+summary_metrics.loss"
    assert sweep.state.lower() in ("running", "pending") and sweep.expected_run_count == 2
    assert sorted(run.id for run in sweep.runs) == ["s0", "s1", "s2"]
    assert sweep.best_run().id == "s1" and sweep.best_run(order="-summary_metrics.loss").id == "s2"
    assert sweep.url == f"{shared_server.url}/{entity}/own-sweep/sweeps/{made}"
    assert api.run(f"{entity}/own-sweep/s1").sweep.id == made
    with pytest.raises(errors.NotFoundError):
        api.sweep(f"{entity}/own-sweep/absent")


def test_artifacts_of_runs_and_collections(start, api, tmp_path):
    (tmp_path / "data.txt").write_text("one")
    maker = start("own-artifacts")
    logged = []
    for text in ("one", "two", "three"):
        artifact = runstone.Artifact("ds", "dataset", metadata={"text": text})
        with artifact.new_file("data.txt") as file:
            file.write(text)
        logged.append(maker.log_artifact(artifact, aliases=[text]).wait())
    path = finished(maker)
    entity, project, _ = path.split("/")
    found = api.artifact(f"{entity}/{project}/ds:one")
    assert isinstance(found, runstone.Artifact) and found.name == "ds:v0" and found.type == "dataset"
    assert found.metadata == {"text": "one"} and found.digest == logged[0].digest
    with open(os.path.join(found.download(root=tmp_path / "dl"), "data.txt")) as file:
        assert file.read() == "one"
    assert api.artifact(f"{project}/ds").version == "v2"
    assert [one.version for one in api.artifacts("dataset", f"{project}/ds", per_page=2)] == [
        "v2",
        "v1",
        "v0",
    ]
    assert len(api.artifacts("dataset", f"{project}/ds")) == 3
    run = api.run(path)
    assert sorted(one.name for one in run.logged_artifacts(per_page=2)) == ["ds:v0", "ds:v1", "ds:v2"]
    assert len(run.logged_artifacts()) == 3 and list(run.used_artifacts()) == []
    assert run.use_artifact(found) is found
    assert [one.name for one in run.used_artifacts()] == ["ds:v0"]

    other = api.run(finished(start("own-artifacts"), a=1))
    assert other.log_artifact(found, aliases=["again"], tags=["seen"]) is found
    assert "again" in api.artifact(f"{project}/ds:v0").aliases
    assert api.artifact_exists(f"{project}/ds:v1") and not api.artifact_exists(f"{project}/ds:v9")
    assert api.artifact_exists(f"{project}/ds", type="dataset")
    assert not api.artifact_exists(f"{project}/ds", type="model")
    with pytest.raises(ValueError, match="type"):
        api.artifact(f"{project}/ds", type="model")
    for name in (f"{project}/absent", f"{project}/ds:v9", "own-no-such-project/ds"):
        with pytest.raises(errors.NotFoundError):
            api.artifact(name)
    with pytest.raises(errors.NotFoundError):
        list(api.artifacts("model", f"{project}/ds"))
    for name in ("", "a/b/c/d", f"{project}/ds:"):
        with pytest.raises(ValueError):
            api.artifact(name)
    draft = runstone.Artifact("ds", "dataset")
    for call in (run.use_artifact, run.log_artifact):
        with pytest.raises(ValueError, match="on the server"):
            call(draft)
        with pytest.raises(TypeError, match="Artifact"):
            call("ds:v0")
    elsewhere = api.run(finished(start("own-artifacts-2"), a=1))
    with pytest.raises(ValueError, match="different project"):
        elsewhere.log_artifact(found)
    run.delete(delete_artifacts=True)
    assert not api.artifact_exists(f"{project}/ds:v1")
