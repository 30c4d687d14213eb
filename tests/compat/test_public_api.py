"""The stock client's public API reads and changes what the server holds."""

from __future__ import annotations

import json

import pytest
from client import ask

PROJECT = "api"


def body(run: int, rows: int) -> bytes:
    lines = [
        json.dumps(
            {"_step": i, "_runtime": i / 10, "_timestamp": 1.7e9 + i, "loss": run + i / rows, "acc": i}
        )
        for i in range(rows)
    ]
    stream = {
        "files": {
            "wandb-history.jsonl": {"offset": 0, "content": lines},
            "wandb-summary.json": {"offset": 0, "content": [lines[-1]]},
            "wandb-events.jsonl": {
                "offset": 0,
                "content": ['{"system.cpu":1.5,"_runtime":1,"_timestamp":1.7e9}'],
            },
            "output.log": {
                "offset": 0,
                "content": [f"2026-11-23T13:26:40.096407 line {i}" for i in range(25)],
            },
        },
        "complete": True,
        "exitcode": 0,
    }
    return json.dumps(stream).encode()


@pytest.fixture(scope="module")
def filled(shared_server):
    """A project with ten finished runs r0..r9, written over the wire."""
    entity = shared_server.entity()
    for i in range(10):
        config = json.dumps({"lr": {"value": i / 10}, "kind": {"value": "even" if i % 2 == 0 else "odd"}})
        shared_server.graphql(
            """mutation U($input: UpsertBucketInput!) { upsertBucket(input: $input) { inserted } }""",
            input={
                "modelName": PROJECT,
                "name": f"r{i}",
                "displayName": f"run {i}",
                "config": config,
                "tags": ["all", f"t{i % 3}"],
                "groupName": f"g{i % 2}",
                "jobType": "train",
            },
        )
        path = f"/files/{entity}/{PROJECT}/r{i}/file_stream"
        status, answer = shared_server.request("POST", path, body(i, 1000), shared_server.authorization())
        assert status == 200, answer
    return shared_server


def names(server, tmp_path, arguments: str) -> list[str]:
    return ask(server, tmp_path, f"[r.name for r in api.runs('{PROJECT}'{arguments})]")


def test_projects(filled, tmp_path):
    entity = filled.entity()
    assert PROJECT in ask(filled, tmp_path, "[p.name for p in api.projects()]")
    assert ask(filled, tmp_path, f"api.project('{PROJECT}', '{entity}').name") == PROJECT
    assert ask(filled, tmp_path, "api.viewer.username") == entity
    assert ask(filled, tmp_path, "api.default_entity") == entity


def test_a_missing_run_is_the_clients_own_error(filled, tmp_path):
    script = "(lambda f: f())(lambda: api.run('api/not-there').name)"
    with pytest.raises(AssertionError, match="Could not find run"):
        ask(filled, tmp_path, script)


def test_runs_are_filtered_ordered_and_paged(filled, tmp_path):
    by_time = [f"run {i}" for i in range(10)]
    assert names(filled, tmp_path, "") == by_time
    assert names(filled, tmp_path, ", order='-created_at'") == by_time[::-1]
    assert names(filled, tmp_path, ", order='-summary_metrics.loss', per_page=3") == by_time[::-1]
    assert names(filled, tmp_path, ", filters={'config.kind': 'odd'}, per_page=2") == by_time[1::2]
    assert names(filled, tmp_path, ", filters={'config.lr': {'$gt': 0.65}}") == by_time[7:]
    assert names(filled, tmp_path, ", filters={'tags': 't1'}") == ["run 1", "run 4", "run 7"]
    assert names(filled, tmp_path, ", filters={'display_name': {'$regex': '^run [12]$'}}") == [
        "run 1",
        "run 2",
    ]
    both = ", filters={'$and': [{'group': 'g0'}, {'summary_metrics.loss': {'$lt': 4}}]}"
    assert names(filled, tmp_path, both) == ["run 0", "run 2"]
    assert names(filled, tmp_path, ", filters={'state': 'running'}") == []
    assert ask(filled, tmp_path, f"len(api.runs('{PROJECT}', filters={{'group': 'g1'}}))") == 5


def test_a_run_as_the_client_sees_it(filled, tmp_path):
    facts = ask(
        filled,
        tmp_path,
        """(lambda r: [r.id, r.name, r.state, r.config, dict(r.summary), r.tags, r.group, r.job_type,
                       r.lastHistoryStep, r.user.username, r.read_only if hasattr(r, 'read_only') else None,
                       r.path, r.system_metrics])(api.run('api/r3'))""",
    )
    assert facts[:4] == ["r3", "run 3", "finished", {"lr": 0.3, "kind": "odd"}]
    assert facts[4]["acc"] == 999 and facts[4]["loss"] == 3 + 999 / 1000
    assert facts[5:9] == [["all", "t0"], "g1", "train", 999]
    assert facts[9] == filled.entity()
    assert facts[11] == [filled.entity(), PROJECT, "r3"]
    assert facts[12]["system.cpu"] == 1.5


def test_history_in_every_way_the_client_reads_it(filled, tmp_path):
    rows = ask(filled, tmp_path, "api.run('api/r2').history(samples=2000, pandas=False)")
    assert [row["acc"] for row in rows] == list(range(1000))
    some = ask(filled, tmp_path, "api.run('api/r2').history(samples=100, pandas=False)")
    assert len(some) <= 101 and some[0]["_step"] == 0 and some[-1]["_step"] == 999
    keyed = ask(filled, tmp_path, "api.run('api/r2').history(keys=['loss'], samples=50, pandas=False)")
    assert 2 <= len(keyed) <= 51 and keyed[0].keys() == {"_step", "loss"}
    scanned = ask(filled, tmp_path, "list(api.run('api/r2').scan_history(page_size=300))")
    assert [row["_step"] for row in scanned] == list(range(1000))
    part = ask(
        filled, tmp_path, "list(api.run('api/r2').scan_history(keys=['acc'], min_step=10, max_step=20))"
    )
    assert [row["acc"] for row in part] == list(range(10, 20))
    system = ask(filled, tmp_path, "api.run('api/r2').history(stream='system', pandas=False)")
    assert [row["system.cpu"] for row in system] == [1.5]


def test_the_console_page_by_page(filled, tmp_path):
    query = """query C($after: String) { project(name: "api") { run(name: "r1") { logLineCount
        logLines(first: 10, after: $after) { edges { node { number line } } pageInfo { endCursor hasNextPage } } } } }"""
    seen, after = [], None
    while True:
        run = filled.graphql(query, after=after)["project"]["run"]
        assert run["logLineCount"] == 25
        seen += [edge["node"]["line"] for edge in run["logLines"]["edges"]]
        if not run["logLines"]["pageInfo"]["hasNextPage"]:
            break
        after = run["logLines"]["pageInfo"]["endCursor"]
    assert seen == [f"line {i}" for i in range(25)]
    tail = filled.graphql(
        '{ project(name: "api") { run(name: "r1") { logLines(last: 2) { edges { node { line timestamp } } } } } }'
    )["project"]["run"]["logLines"]["edges"]
    assert tail[1]["node"] == {"line": "line 24", "timestamp": "2026-11-23T13:26:40.096407"}


def test_a_run_is_changed(filled, tmp_path):
    ask(
        filled,
        tmp_path,
        """(lambda r: [setattr(r, 'display_name', 'renamed') if False else None, r.config.update({'new': 1}),
                       r.tags.append('added'), setattr(r, 'notes', 'noted'), r.update()])(api.run('api/r9')) and 1""",
    )
    run = filled.graphql(
        '{ project(name: "api") { run(name: "r9") { config tags notes state summaryMetrics } } }'
    )
    run = run["project"]["run"]
    config = json.loads(run["config"])
    assert config["new"]["value"] == 1 and config["lr"]["value"] == 0.9
    assert run["tags"] == ["all", "t0", "added"]
    assert (run["notes"], run["state"]) == ("noted", "finished")
    assert json.loads(run["summaryMetrics"])["acc"] == 999


def test_a_file_is_uploaded_and_deleted_by_the_api(filled, tmp_path):
    (tmp_path / "extra.txt").write_text("extra")
    ask(filled, tmp_path, "api.run('api/r8').upload_file('extra.txt') and 1")
    assert ask(filled, tmp_path, "[f.name for f in api.run('api/r8').files()]") == ["extra.txt"]
    ask(filled, tmp_path, "[f.delete() for f in api.run('api/r8').files()] and 1")
    assert ask(filled, tmp_path, "[f.name for f in api.run('api/r8').files()]") == []


def test_runs_and_projects_are_made_and_deleted(filled, tmp_path):
    made = ask(filled, tmp_path, "api.create_run(run_id='made', project='api-made').path[1:]")
    assert made == ["api-made", "made"]
    ask(filled, tmp_path, f"api.create_project('api-empty', '{filled.entity()}') and 1")
    assert filled.graphql('{ project(name: "api-empty") { runCount } }')["project"] == {"runCount": 0}
    ask(filled, tmp_path, "api.run('api-made/made').delete()")
    assert filled.graphql('{ project(name: "api-made") { runCount } }')["project"] == {"runCount": 0}
