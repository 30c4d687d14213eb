"""wandb.Api() over a project of many runs: filters, orders, pages, scans, and what a page costs in SQL."""

from __future__ import annotations

import base64
import json
import random
import re
import urllib.parse

import pytest
from client import ask, refused, run_script

PROJECT = "many"
RUNS = 60
ROWS = 2500

UPSERT = "mutation U($input: UpsertBucketInput!) { upsertBucket(input: $input) { bucket { id } } }"
PAGE = """query Runs($project: String!, $entity: String!, $cursor: String, $perPage: Int = 50,
    $order: String, $filters: JSONString) {
  project(name: $project, entityName: $entity) {
    internalId runCount(filters: $filters) readOnly
    runs(filters: $filters, after: $cursor, first: $perPage, order: $order) {
      edges { node { projectId ...RunFragment } cursor }
      pageInfo { endCursor hasNextPage } } } }
  fragment RunFragment on Run { id tags name displayName sweepName state config group jobType commit
    readOnly createdAt heartbeatAt description notes systemMetrics summaryMetrics historyLineCount
    user { name username } historyKeys fileCount project { name entity { name } } }"""


def model_runs() -> list[dict]:
    """What is written, and what the filters are computed from in Python."""
    rng = random.Random(4)
    return [
        {
            "name": f"m{i:03}",
            "config": {
                "lr": rng.choice([0.1, 0.01, 0.001]),
                "depth": rng.randrange(1, 6),
                "net": {"kind": rng.choice(["conv", "mlp"]), "layers": [1, 2, i]},
                **({"seed": i} if i % 3 else {}),
            },
            "summary": {
                "acc": round(rng.random(), 4),
                **({"loss": i / 7} if i % 4 else {}),
                "odd": bool(i % 2),
            },
            "tags": [f"t{i % 4}", "all"],
            "group": f"g{i % 2}",
        }
        for i in range(RUNS)
    ]


MODEL = model_runs()


def statements(server) -> int:
    status, body = server.request("GET", "/api/metrics", b"", server.authorization())
    assert status == 200
    text = body if isinstance(body, str) else body.decode()
    return int(re.search(r"sql_statements_total (\d+)", text).group(1))


def write_run(server, project: str, run: dict, rows: list[dict]) -> None:
    config = json.dumps({key: {"value": value} for key, value in run["config"].items()})
    server.graphql(
        UPSERT,
        input={
            "modelName": project,
            "name": run["name"],
            "config": config,
            "tags": run["tags"],
            "groupName": run["group"],
        },
    )
    files = {
        "wandb-summary.json": {"offset": 0, "content": [json.dumps(run["summary"])]},
        "wandb-events.jsonl": {
            "offset": 0,
            "content": ['{"system.cpu":1.5,"_runtime":1,"_timestamp":1.7e9}'],
        },
    }
    if rows:
        files["wandb-history.jsonl"] = {"offset": 0, "content": [json.dumps(row) for row in rows]}
    body = json.dumps({"files": files, "complete": True, "exitcode": 0}).encode()
    path = f"/files/{server.entity()}/{project}/{run['name']}/file_stream"
    status, answer = server.request("POST", path, body, server.authorization())
    assert status == 200, answer


@pytest.fixture(scope="module")
def filled(shared_server):
    for i, run in enumerate(MODEL):
        rows = []
        if i == 0:
            rows = [
                {"_step": 2 * n, "_runtime": n / 10, "_timestamp": 1.7e9 + n, "x": n / 3, "y": n * n}
                | ({"rare": n} if n % 10 == 0 else {})
                for n in range(ROWS)
            ]
        write_run(shared_server, PROJECT, run, rows)
    return shared_server


def get(run: dict, path: str):
    """The value that a filter's path means, by the model; None if there is none."""
    head, _, rest = path.partition(".")
    if head not in ("config", "summary_metrics"):
        return run.get(path)
    value = run["config" if head == "config" else "summary"]
    for label in rest.removesuffix(".value").split("."):
        if not isinstance(value, dict) or label not in value:
            return None
        value = value[label]
    return value


FILTERS = [
    ({"config.lr": 0.01}, lambda r: r["config"]["lr"] == 0.01),
    ({"config.lr.value": {"$ne": 0.01}}, lambda r: r["config"]["lr"] != 0.01),
    (
        {"config.net.kind": {"$in": ["conv"]}, "config.depth": {"$gte": 3}},
        lambda r: r["config"]["net"]["kind"] == "conv" and r["config"]["depth"] >= 3,
    ),
    ({"config.net.layers": 17}, lambda r: 17 in r["config"]["net"]["layers"]),
    ({"config.seed": {"$exists": False}}, lambda r: "seed" not in r["config"]),
    ({"summary_metrics.loss": {"$gt": 2, "$lte": 6}}, lambda r: 2 < r["summary"].get("loss", -1) <= 6),
    ({"summaryMetrics.loss": None}, lambda r: "loss" not in r["summary"]),
    ({"summary_metrics.odd": True}, lambda r: r["summary"]["odd"]),
    ({"tags": "t1"}, lambda r: "t1" in r["tags"]),
    ({"tags": {"$nin": ["t1", "t2"]}}, lambda r: not {"t1", "t2"} & set(r["tags"])),
    (
        {"$or": [{"group": "g1"}, {"config.depth": 5}]},
        lambda r: r["group"] == "g1" or r["config"]["depth"] == 5,
    ),
    (
        {"$and": [{"name": {"$regex": "^m0[0-2]"}}, {"$not": {"config.depth": {"$lt": 3}}}]},
        lambda r: r["name"] < "m030" and r["config"]["depth"] >= 3,
    ),
    (
        {"state": {"$in": ["finished", "crashed"]}, "summary_metrics.acc": {"$lt": 0.5}},
        lambda r: r["summary"]["acc"] < 0.5,
    ),
    ({"created_at": {"$gt": "2020-01-01T00:00:00Z"}, "username": {"$exists": True}}, lambda r: True),
    ({"createdAt": {"$lt": "2020-01-01"}}, lambda r: False),
    ({"sweep": None, "jobType": None}, lambda r: True),
]

ORDERS = [
    "+created_at",
    "-created_at",
    "+config.lr.value",
    "-summary_metrics.acc",
    "+summary_metrics.loss",
    "-summary_metrics.loss",
    "+name",
    "-config.seed.value",
    "+group,-name",
]


def in_order(runs: list[dict], order: str) -> list[str]:
    keys = [(key[1:] if key[0] in "+-" else key, key[0] == "-") for key in order.split(",")]
    first_descends = keys[0][1]
    ordered = sorted(runs, key=MODEL.index, reverse=first_descends)
    for path, descends in reversed(keys):
        if path == "created_at":
            continue
        have = [r for r in ordered if get(r, path) is not None]
        have.sort(key=lambda r: get(r, path), reverse=descends)  # equals keep their order
        ordered = have + [r for r in ordered if get(r, path) is None]
    return [r["name"] for r in ordered]


def test_filters_and_orders_are_those_of_a_model(filled, tmp_path):
    asked = [[f, "+created_at", 50] for f, _ in FILTERS] + [[{}, order, 7] for order in ORDERS]
    answers = ask(
        filled,
        tmp_path,
        "[[[r.id for r in rs], len(rs)] for rs in"
        " (api.runs(project, filters=f, order=o, per_page=n) for f, o, n in asked)]",
        asked=asked,
        project=PROJECT,
    )
    for (filters, passes), (found, length) in zip(FILTERS, answers, strict=False):
        wanted = [r["name"] for r in MODEL if passes(r)]
        assert found == wanted, filters
        assert length == len(wanted), filters
    for order, (found, length) in zip(ORDERS, answers[len(FILTERS) :], strict=True):
        assert found == in_order(MODEL, order), order
        assert length == RUNS


def test_history_scans_and_samples(filled, tmp_path):
    run_script(
        filled,
        tmp_path,
        f"""
        import wandb
        run = wandb.Api().run("{PROJECT}/m000")
        rows = list(run.scan_history())
        assert len(rows) == {ROWS}, len(rows)
        assert [r["_step"] for r in rows] == [2 * n for n in range({ROWS})]
        assert rows[7]["x"] == 7 / 3 and rows[7]["y"] == 49
        some = list(run.scan_history(keys=["x", "_step"], page_size=300))
        assert len(some) == {ROWS} and some[9] == {{"x": 3.0, "_step": 18}}, some[9]
        rare = list(run.scan_history(keys=["rare"], min_step=100, max_step=1001))
        assert [r["rare"] for r in rare] == list(range(50, 501, 10)), rare
        sampled = run.history(samples=100, pandas=False)
        assert len(sampled) == 100 and sampled[-1]["_step"] == 2 * ({ROWS} - 1)
        keyed = run.history(samples=50, keys=["rare"], x_axis="y", pandas=False)
        assert len(keyed) == 50 and all(set(r) == {{"rare", "y"}} for r in keyed), keyed[0]
        assert run.lastHistoryStep == 2 * ({ROWS} - 1)
        assert len(run.history(stream="system", pandas=False)) == 1
        assert run.system_metrics["system.cpu"] == 1.5
        run.wait_until_finished()
        assert list(run.files()) == []
        """,
    )


def test_runs_are_changed_moved_and_deleted(filled, tmp_path):
    for i in range(3):
        spare = {"name": f"s{i}", "config": {"a": 1}, "summary": {"b": 1}, "tags": [], "group": "g"}
        write_run(filled, "spare", spare, [])
    run_script(
        filled,
        tmp_path,
        """
        import wandb
        api = wandb.Api()
        run = api.run("spare/s0")
        run.config["a"] = 2
        run.summary["b"] = 5
        run.tags = ["new"]
        run.notes = "seen"
        run.display_name = "other name"
        run.update()
        run.summary.update({"c": {"d": 7}})
        found = api.runs("spare", {"config.a": 2, "summary_metrics.b": 5, "tags": "new",
                                   "summary_metrics.c.d": 7, "notes": "seen"}, per_page=1)
        assert [r.id for r in found] == ["s0"], list(found)
        assert api.runs("spare", {"display_name": "other name"})[0].config["a"] == 2
        for run in api.runs("spare", {"name": {"$in": ["s1"]}}):
            run.delete()
        assert sorted(r.id for r in api.runs("spare")) == ["s0", "s2"]
        api.create_project("made", api.default_entity)
        assert "made" in [p.name for p in api.projects()]
        project = api.project("made", api.default_entity)
        assert project.owner.username == api.viewer.username and project.id
        made = api.create_run(run_id="fresh", project="made")
        assert api.run("made/fresh").id == "fresh"
        try:
            len(api.runs("not-there"))
            list(api.runs("not-there"))
            raise SystemExit("a project that is not there was listed")
        except ValueError as error:
            assert "Could not find project" in str(error), error
        """,
    )
    entity = filled.entity()
    look = "query P($n: String!, $e: String!) { project(name: $n, entityName: $e) { id runs { edges { node { id name } } } } }"

    def runs_of(project: str) -> dict[str, str]:
        answer = filled.graphql(look, n=project, e=entity)["project"]
        return {edge["node"]["name"]: edge["node"]["id"] for edge in answer["runs"]["edges"]}

    ids = list(runs_of("spare").values())
    move = "mutation M($input: MoveRunsInput!) { moveRuns(input: $input) { count } }"
    moved = filled.graphql(move, input={"ids": ids, "projectName": "moved"})
    assert moved["moveRuns"]["count"] == 2
    assert sorted(runs_of("moved")) == ["s0", "s2"]
    assert runs_of("spare") == {}
    delete = "mutation D($input: DeleteRunsInput!) { deleteRuns(input: $input) { count } }"
    assert filled.graphql(delete, input={"ids": ids})["deleteRuns"]["count"] == 2
    assert runs_of("moved") == {}
    gone = filled.graphql(look, n="moved", e=entity)["project"]["id"]
    drop = "mutation D($input: DeleteModelInput!) { deleteModel(input: $input) { success } }"
    assert filled.graphql(drop, input={"id": gone})["deleteModel"]["success"]
    assert filled.graphql(look, n="moved", e=entity)["project"] is None


def test_bad_requests_say_what_is_wrong(filled):
    entity = filled.entity()
    good = {"project": PROJECT, "entity": entity}

    def message(**more) -> str:
        return refused(filled, PAGE, **good, **more)

    deep: dict = {}
    for _ in range(100):
        deep = {"$not": deep}
    assert "nested too deeply" in message(filters=json.dumps(deep))
    assert "unknown operator $near" in message(filters='{"config.a": {"$near": 1}}')
    assert "$in needs a list" in message(filters='{"name": {"$in": 1}}')
    assert "$regex" in message(filters='{"name": {"$regex": "("}}')
    assert "filter" in message(filters="{")
    assert 'no field "loss"' in message(filters='{"loss": 1}')
    assert 'no field "colour"' in message(order="-colour")
    assert "-1" in message(perPage=-1)
    assert "10000" in message(perPage=2_000_000_000)
    page = filled.graphql(PAGE, **good, perPage=1, order="+summary_metrics.acc")["project"]["runs"]
    cursor = page["pageInfo"]["endCursor"]
    assert "another order" in message(order="-summary_metrics.acc", cursor=cursor)
    assert "no cursor" in message(cursor="nonsense")
    empty = filled.graphql(PAGE, **good, perPage=0)["project"]["runs"]
    assert empty["edges"] == []
    all_of_them = filled.graphql(PAGE, **good, perPage=10_000)["project"]["runs"]["edges"]
    assert len(all_of_them) == RUNS


def test_a_page_costs_the_same_statements_however_long_it_is(filled):
    good = {"project": PROJECT, "entity": filled.entity(), "order": "-summary_metrics.acc"}

    def cost_once(count: int) -> int:
        before = statements(filled)
        edges = filled.graphql(PAGE, **good, perPage=count)["project"]["runs"]["edges"]
        assert len(edges) == count
        return statements(filled) - before

    def cost(count: int) -> int:  # the server's own background work counts, too, now and then
        return min(cost_once(count) for _ in range(5))

    cost(1)  # the index is made
    costs = {count: cost(count) for count in (1, 10, RUNS)}
    assert len(set(costs.values())) == 1, costs
    assert costs[RUNS] <= 25, costs


def test_a_page_of_a_thousand_runs_and_of_a_thousand_files_costs_few_statements(shared_server):
    server, project = shared_server, "a-thousand"
    for number in range(1000):
        fields = {"modelName": project, "name": f"r{number}", "config": json.dumps({"n": {"value": number}})}
        server.graphql(UPSERT, input=fields)
    names = [f"f{number}.txt" for number in range(1000)]
    create = """mutation C($e: String!, $p: String!, $f: [String!]!) {
        createRunFiles(input: {entityName: $e, projectName: $p, runName: "r0", files: $f}) { files { uploadUrl } } }"""
    made = server.graphql(create, e=server.entity(), p=project, f=names)["createRunFiles"]["files"]
    for file in made:
        address = urllib.parse.urlsplit(file["uploadUrl"])
        assert server.request("PUT", f"{address.path}?{address.query}", b"x")[0] == 200
    files = """query F($p: String!, $n: Int) { project(name: $p) { run(name: "r0") {
        files(first: $n) { edges { node { id name sizeBytes directUrl updatedAt md5 } } } } } }"""

    def cost(ask) -> int:  # the server's own background work counts, too, now and then
        def once() -> int:
            before = statements(server)
            ask()
            return statements(server) - before

        return min(once() for _ in range(3))

    def runs(count: int) -> None:
        page = server.graphql(PAGE, project=project, entity=server.entity(), order="-config.n", perPage=count)
        assert len(page["project"]["runs"]["edges"]) == count

    def listed(count: int) -> None:
        page = server.graphql(files, p=project, n=count)["project"]["run"]["files"]
        assert len(page["edges"]) == count

    runs(1)  # the index is made
    assert cost(lambda: runs(1000)) == cost(lambda: runs(1)) <= 25
    assert cost(lambda: listed(1000)) == cost(lambda: listed(1)) <= 25


def test_anothers_project_looks_like_none(filled):
    look = 'query P { project(name: "x", entityName: "somebody-else") { runs { edges { cursor } } } }'
    assert filled.graphql(look)["project"] is None
    fake = base64.b64encode(b"Run:999999").decode()
    body = {
        "query": "mutation D($i: DeleteRunsInput!) { deleteRuns(input: $i) { count } }",
        "variables": {"i": {"ids": [fake]}},
    }
    status, answer = filled.request("POST", "/graphql", json.dumps(body).encode(), filled.authorization())
    assert "not there" in json.loads(answer)["errors"][0]["message"]
