"""Properties, config and summary of our online run, and what the server has of them. PR1, C3, S3."""

from __future__ import annotations

import json

import pytest
import runstone
from runstone import errors


@pytest.fixture
def api(shared_server):
    return runstone.Api({"base_url": shared_server.url}, api_key=shared_server.key)


def begin(server, folder, **options):
    settings = {"base_url": server.url, "api_key": server.key, "console": "off", "silent": True}
    return runstone.init(dir=folder, settings=settings | {"x_disable_stats": True}, **options)


def test_PR1_the_address_that_is_printed_can_be_opened(shared_server, tmp_path, capfd):
    settings = {
        "base_url": shared_server.url,
        "api_key": shared_server.key,
        "console": "off",
        "silent": False,
    }
    run = runstone.init(dir=tmp_path, settings=settings, project="own-pr", id="printed a=b+c d")
    url = run.url
    assert url.endswith("/printed%20a=b+c%20d")
    run.finish()
    assert capfd.readouterr().err.count(f"View the run at {url}\n") == 2  # at the start and at the end


def test_PR1_properties_of_an_online_run_and_after_finish(shared_server, tmp_path, api):
    run = begin(
        shared_server, tmp_path, project="own-pr", id="a=b+c d", group="g", job_type="train",
        notes="n", tags=["t"],
    )  # fmt: skip
    entity = shared_server.entity()
    quoted = f"{shared_server.url}/{entity}/own-pr/runs/a=b+c%20d"

    def check() -> None:
        assert (run.entity, run.project, run.id) == (entity, "own-pr", "a=b+c d")
        assert run.path == f"{entity}/own-pr/a=b+c d" and run.url == quoted
        assert run.project_url == f"{shared_server.url}/{entity}/own-pr"
        assert (run.offline, run.disabled, run.resumed) == (False, False, False)
        assert (run.group, run.job_type, run.notes) == ("g", "train", "n") and run.starting_step == 0
        assert run.sweep_id is None and run.sweep_url is None and isinstance(run.start_time, float)
        assert isinstance(run.name, str) and "-" in run.name  # the server's, of two words and a number
        assert run.settings.mode == "online" and run.dir.startswith(run.sync_dir)

    check()
    run.log({"a": 1})
    assert run.step == 1
    run.tags += ("late",)
    run.name = "renamed-by-hand"
    run.finish()
    check()
    assert run.tags == ("t", "late")
    with pytest.raises(errors.UsageError):
        _ = run.step
    found = api.run(run.url)
    assert found.name == "renamed-by-hand" and sorted(found.tags) == ["late", "t"]
    assert (found.group, found.job_type, found.notes) == ("g", "train", "n")


def test_C3_the_servers_config_is_what_the_run_had(shared_server, tmp_path, api):
    run = begin(shared_server, tmp_path, project="own-c3", config={"lr": 0.1, "n": {"a": 1}, "e": None})
    run.config.update({"lr": 0.2}, allow_val_change=True)
    run.config["n"]["b"] = [1, {"c": 2}]
    run.config.update_locked({"locked": True}, "sweep")
    run.log({"a": 1})
    run.finish()
    found = api.run(run.path)
    assert found.config == {"lr": 0.2, "n": {"a": 1, "b": [1, {"c": 2}]}, "e": None, "locked": True}
    stored = json.loads(
        shared_server.graphql(
            'query C($r: String!) { project(name: "own-c3") { run(name: $r) { config } } }', r=run.id
        )["project"]["run"]["config"]
    )
    own = stored.pop("_wandb")["value"]
    assert {"cli_version", "t"} <= own.keys()
    assert stored["lr"]["value"] == 0.2 and stored["n"] == {"value": {"a": 1, "b": [1, {"c": 2}]}}


def test_S3_the_servers_summary_is_that_of_the_file_and_of_the_run(shared_server, tmp_path, api):
    run = begin(shared_server, tmp_path, project="own-s3")
    run.define_metric("loss", summary="min,last")
    for i in range(5):
        run.log({"loss": 1 / (i + 1), "n": {"x": i}, "a.b": i, "text": f"row {i}"})
    run.summary["best"] = {"step": 4, "why": {"deep": [1, 2]}}
    run.summary["inf"] = float("inf")
    run.summary["n"]["by hand"] = "set"
    del run.summary["text"]
    last = {key: value for key, value in run.summary._asdict().items() if not key.startswith("_")}
    run.finish()
    found = api.run(run.path)
    with open(f"{run.dir}/wandb-summary.json", encoding="utf-8") as file:
        in_file = json.load(file)
    on_server = found.summary_metrics
    for values in (in_file, on_server):
        values.pop("_wandb", None)
        values.pop("_runtime", None)
    assert on_server == in_file
    assert {key: value for key, value in on_server.items() if not key.startswith("_")} == last
    assert on_server["loss"] == {"min": 0.2, "last": 0.2} and on_server["best"]["why"] == {"deep": [1, 2]}
    assert on_server["n"] == {"x": 4, "by hand": "set"} and "text" not in on_server
