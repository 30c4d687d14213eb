"""The filter language and the orders of wandb.Api().runs(): every operator over every kind of field."""

from __future__ import annotations

import json
import math
import re

import pytest
from client import ask, run_script

PROJECT = "filters"
UPSERT = "mutation U($input: UpsertBucketInput!) { upsertBucket(input: $input) { bucket { id } } }"
NAN, INF = math.nan, math.inf

# The summary of each run; "score" is there, null, NaN, infinite, of another kind, or missing.
SCORES = {
    "a": {"score": 1},
    "b": {"score": 2.5},
    "c": {"score": NAN},
    "d": {"score": INF},
    "e": {"score": -INF},
    "f": {"score": None},
    "g": {"score": "2.5"},
    "h": {"score": True},
    "i": {},
    "j": {"score": [1, 7]},
    "k": {"score": {"best": 3, "epoch": 4}},
    "l": {"score": -4},
}


@pytest.fixture(scope="module")
def filled(shared_server):
    for number, (name, summary) in enumerate(SCORES.items()):
        config = {
            "lr": {"value": 10.0**-number},
            "opt.name": {"value": ["adam", "sgd"][number % 2]},
            "model": {"value": {"layers": {"first.size": number}, "tags": [name, "all"]}},
        }
        fields = {
            "modelName": PROJECT,
            "name": name,
            "displayName": f"Run {name.upper()}",
            "config": json.dumps(config),
            "summaryMetrics": json.dumps(summary),
            "tags": ["even"] if number % 2 == 0 else ["odd", "t.1"],
            "jobType": "train" if number < 6 else "eval",
            "state": "finished" if number % 3 else "failed",
        }
        if number < 4:
            fields["groupName"] = "early"
        shared_server.graphql(UPSERT, input=fields)
    return shared_server


ALL = "".join(SCORES)
SCORE = "summary_metrics.score"

# What Mongo's rules give: null is equal to missing, kinds do not compare, a list has its elements,
# and negations pass what has no value.
CASES = [
    ({SCORE: 1}, "aj"),
    ({SCORE: {"$eq": 2.5}}, "b"),
    ({SCORE: "2.5"}, "g"),
    ({SCORE: True}, "h"),
    ({SCORE: None}, "fi"),
    ({SCORE: {"$eq": None}}, "fi"),
    ({SCORE: NAN}, "c"),
    ({SCORE: INF}, "d"),
    ({SCORE: -INF}, "e"),
    ({SCORE: {"best": 3, "epoch": 4}}, "k"),
    ({SCORE + ".best": {"$gt": 2}}, "k"),
    ({SCORE: {"$ne": 1}}, "bcdefghikl"),
    ({SCORE: {"$ne": None}}, "abcdeghjkl"),
    ({SCORE: {"$ne": NAN}}, "abdefghijkl"),
    ({SCORE: {"$gt": 1}}, "bdj"),
    ({SCORE: {"$gte": 1}}, "abdj"),
    ({SCORE: {"$lt": 1}}, "el"),
    ({SCORE: {"$lte": 1}}, "aejl"),
    ({SCORE: {"$gt": -INF, "$lt": INF}}, "abjl"),
    ({SCORE: {"$gte": INF}}, "d"),
    ({SCORE: {"$gt": NAN}}, ""),
    ({SCORE: {"$gt": "2"}}, "g"),
    ({SCORE: {"$in": [1, "2.5", None]}}, "afgij"),
    ({SCORE: {"$in": []}}, ""),
    ({SCORE: {"$nin": [1, NAN, None]}}, "bdeghkl"),
    ({SCORE: {"$exists": True}}, "abcdefghjkl"),
    ({SCORE: {"$exists": False}}, "i"),
    ({SCORE: {"$not": {"$gt": 0}}}, "cefghikl"),
    ({SCORE: {"$regex": r"^\d\.\d$"}}, "g"),
    ({"$nor": [{SCORE: {"$exists": False}}, {SCORE: {"$lt": 0}}]}, "abcdfghjk"),
    ({"$or": [{SCORE: 1}, {"$and": [{"group": "early"}, {SCORE: {"$gt": 2}}]}]}, "abdj"),
    ({"$not": {"$or": [{"group": "early"}, {"jobType": "eval"}]}}, "ef"),
    ({"$and": []}, ALL),
    ({"$or": []}, ""),
    ({}, ALL),
    ({"config.lr": {"$lt": 1e-9}}, "kl"),
    ({"config.lr.value": {"$gte": 0.01}}, "abc"),
    ({"config.opt.name": "sgd"}, "bdfhjl"),
    ({"config.opt.name.value": {"$ne": "sgd"}}, "acegik"),
    ({"config.model.layers.first.size": {"$in": [2, 3]}}, "cd"),
    ({"config.model.value.layers.first.size": 4}, "e"),
    ({"config.model.layers": {"first.size": 5}}, "f"),
    ({"config.model.tags": "g"}, "g"),
    ({"config.model.tags": {"$nin": ["all"]}}, ""),
    ({"config.never": {"$exists": False}}, ALL),
    ({"config.never": 1}, ""),
    ({"tags": "even"}, "acegik"),
    ({"tags": {"$in": ["t.1", "none"]}}, "bdfhjl"),
    ({"tags": {"$nin": ["even"]}}, "bdfhjl"),
    ({"tags": {"$regex": "^t"}}, "bdfhjl"),
    ({"state": "failed"}, "adgj"),
    ({"state": {"$ne": "failed"}}, "bcefhikl"),
    ({"state": {"$in": ["running", "crashed"]}}, ""),
    ({"group": "early"}, "abcd"),
    ({"group": None}, "efghijkl"),
    ({"group": {"$exists": True}}, "abcd"),
    ({"jobType": "eval"}, "ghijkl"),
    ({"job_type": {"$not": {"$eq": "eval"}}}, "abcdef"),
    ({"display_name": "Run C"}, "c"),
    ({"displayName": {"$regex": "run [ab]$", "$options": "i"}}, "ab"),
    ({"name": {"$in": ["a", "z"]}}, "a"),
    ({"sweep": None}, ALL),
    ({"sweep": {"$exists": True}}, ""),
    ({"createdAt": {"$gt": "2020-01-01T00:00:00Z", "$lt": "2120-01-01"}}, ALL),
    ({"created_at": {"$lte": "2020-01-01"}}, ""),
    ({"heartbeat_at": {"$gt": 1577836800}}, ALL),
]

# The order of the runs by their scores: numbers, then texts, booleans and the rest, NaN, no value.
UP = "elab" + "d" + "g" + "h" + "jk" + "c"
ORDERS = [
    (SCORE, UP + "fi"),
    ("+" + SCORE, UP + "fi"),
    ("-" + SCORE, "kjhgdbale" + "c" + "if"),
    ("+config.lr", ALL[::-1]),
    ("-config.model.layers.first.size", ALL[::-1]),
    ("-config.model.value.layers.first.size", ALL[::-1]),
    ("+config.opt.name,-name", "kigeca" + "ljhfdb"),
    ("-group,+display_name", "abcd" + ALL[4:]),
    ("+state,-created_at", "jgda" + "lkihfecb"),
    ("+summary_metrics.never", ALL),
    ("", ALL),
]


def test_every_operator_over_every_kind_of_field(filled, tmp_path):
    me = filled.entity()
    cases = [*CASES, ({"user": me}, ALL), ({"username": {"$ne": me}}, ""), ({"user.name": me}, ALL)]
    found = ask(
        filled,
        tmp_path,
        "[[''.join(r.id for r in rs), len(rs)]"
        " for rs in (api.runs(project, filters=f, per_page=5) for f in filters)]",
        filters=[filters for filters, _ in cases],
        project=PROJECT,
    )
    wrong = [
        (filters, wanted, got)
        for (filters, wanted), got in zip(cases, found, strict=True)
        if got != [wanted, len(wanted)]
    ]
    assert not wrong


def test_every_order_and_every_size_of_page(filled, tmp_path):
    sizes = [1, 5, 12, 1000]
    found = ask(
        filled,
        tmp_path,
        "[[''.join(r.id for r in api.runs(project, order=o, per_page=n)) for n in sizes] for o in orders]",
        orders=[order for order, _ in ORDERS],
        sizes=sizes,
        project=PROJECT,
    )
    for (order, wanted), got in zip(ORDERS, found, strict=True):
        assert got == [wanted] * len(sizes), order


BAD = {
    '{"score": 1}': 'no field "score"',
    '{"config": 1}': 'no field "config"',
    '{"config.": 1}': 'no field "config."',
    '{"": 1}': 'no field ""',
    '{"name": {"$near": 1}}': "unknown operator $near",
    '{"$where": "1"}': "unknown operator $where",
    '{"name": {"$in": "a"}}': "$in needs a list",
    '{"$or": {"name": "a"}}': "$or needs a list",
    '{"name": {"$exists": "yes"}}': "$exists needs true or false",
    '{"name": {"$regex": "("}}': "$regex: missing )",
    '{"name": {"$regex": 5}}': "$regex needs a text",
    '{"name": {"$regex": "a", "$options": "xq"}}': "$options of $regex",
    '{"config.lr": {"$gt": 1, "b": 2}}': "operators beside other keys",
    '{"createdAt": {"$gt": "tomorrow"}}': "needs a time such as",
    '[{"name": "a"}]': "must be an object",
    '"name"': "must be an object",
}


def test_a_bad_filter_reaches_the_user_as_what_is_wrong(filled, tmp_path):
    script = f"""
        import json, wandb
        api = wandb.Api()
        seen = []
        for text in json.loads({json.dumps(json.dumps(list(BAD)))}):
            api.flush()
            runs = api.runs("{PROJECT}")
            runs.variables["filters"] = text
            try:
                runs[0]
                seen.append("")
            except Exception as problem:
                seen.append(str(problem))
        print("\\nANSWER " + json.dumps(seen))
    """
    done = run_script(filled, tmp_path, script)
    [answer] = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    found = json.loads(answer[len("ANSWER ") :])
    for (text, wanted), message in zip(BAD.items(), found, strict=True):
        assert wanted in message and "filter" in message, (text, message)
        assert len(re.sub(r"\s+", " ", message)) < 800, "an error is to be read"


COMING_AND_GOING = """
import wandb
api = wandb.Api()
names = [f"s{number:02}" for number in range(20)]
for project, order, descends in (
    ("go-1", "+summary_metrics.v", False), ("go-2", "-summary_metrics.v", True),
    ("go-3", "+created_at", False), ("go-4", "-name", True),
):
    def make(name, value):
        run = api.create_run(run_id=name, project=project)
        run.summary.update({"v": value})
    for number, name in enumerate(names):
        make(name, number)
    ahead = sorted(names, reverse=descends)
    runs, seen = api.runs(project, order=order, per_page=4), []
    for run in runs:
        seen.append(run.id)
        if run.id in ahead:
            ahead.remove(run.id)
        if len(seen) in (4, 8, 12):
            # Between two pages the run under the cursor goes, and one that is ahead; one comes behind.
            run.delete()
            api.run(f"{project}/{ahead.pop()}").delete()
            make(f"{'z' if descends else 'a'}{len(seen)}", 99 if descends else -99)
    gone = sorted(names, reverse=descends)[-3:]
    kept = [name for name in seen if name in names]
    assert kept == [name for name in sorted(names, reverse=descends) if name not in gone], (order, seen)
    assert len(seen) == len(set(seen)), (order, seen)
    assert len(runs) == 17, "the count is that of the last page read"
"""


def test_pages_hold_while_runs_come_and_go_between_them(shared_server, tmp_path):
    run_script(shared_server, tmp_path, COMING_AND_GOING)
