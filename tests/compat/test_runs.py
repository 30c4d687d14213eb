"""The life of a run with the stock client: resumed, rewound, forked, shared, stopped, lost, changed."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import time

import pytest
from client import ask, environment, run_script
from support.server import Server

SETTINGS = "settings=wandb.Settings(x_disable_stats=True, console='off')"
WAIT_LIMIT_SECS = 30
# A writer that posts at once, not each 15 s, for what depends on an answer to it.
EAGER = "settings=wandb.Settings(x_disable_stats=True, console='off', x_file_stream_transmit_interval=0.2)"


def run_node(server, project: str, run: str, fields: str = "state") -> dict | None:
    query = f"query R($p: String!, $r: String!) {{ project(name: $p) {{ run(name: $r) {{ {fields} }} }} }}"
    project_node = server.graphql(query, p=project, r=run)["project"]
    return project_node and project_node["run"]


def wait_for_state(server, project: str, run: str, state: str) -> None:
    deadline = time.monotonic() + WAIT_LIMIT_SECS
    found = None
    while time.monotonic() < deadline:
        node = run_node(server, project, run)
        found = node and node["state"]
        if found == state:
            return
        time.sleep(0.02)
    raise AssertionError(f"{project}/{run} is {found}, not {state}, after {WAIT_LIMIT_SECS} s")


def start_script(server, folder, script: str) -> subprocess.Popen:
    """A client that goes on by itself; it reads lines from the test and answers with lines."""
    env = environment(server, folder)
    path = folder / "live.py"
    path.write_text("import sys, wandb\ndef say(text): print(text, flush=True)\n" + script)
    return subprocess.Popen(
        [sys.executable, str(path)],
        cwd=folder,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def expect(process: subprocess.Popen, word: str) -> None:
    seen = []
    for line in process.stdout:
        seen.append(line)
        if line.strip() == word:
            return
    raise AssertionError(f"no {word!r}:\n" + "".join(seen))


def tell(process: subprocess.Popen, word: str = "go") -> None:
    process.stdin.write(word + "\n")
    process.stdin.flush()


def end(process: subprocess.Popen) -> int:
    process.stdin.close()
    output = process.stdout.read()
    code = process.wait(timeout=60)
    process.stdout.close()
    print(output)
    return code


def chart(server, run: str, key: str) -> tuple[list[float], list[float]]:
    """x and value of a line of a chart, as the pages read it."""
    entity = server.entity()
    body = json.dumps({"queries": [{"run": f"{entity}/{run}", "key": key, "points": 10_000}]}).encode()
    status, answer = server.request("POST", "/api/series", body, server.authorization())
    assert status == 200, answer
    (length,) = struct.unpack_from("<I", answer)
    series = json.loads(answer[4 : 4 + length])["series"][0]
    begin = 4 + length + series["offset"]
    count = series["points"]
    values = struct.unpack_from(f"<{2 * count}d", answer, begin)
    return list(values[:count]), list(values[count:])


def test_resume_allow_must_never_and_auto_keep_their_rules(shared_server, tmp_path):
    done = run_script(
        shared_server,
        tmp_path,
        f"""
        import wandb
        def init(**more):
            return wandb.init(project="resume", {SETTINGS}, **more)
        def refused(**more):
            try:
                init(**more)
            except wandb.errors.UsageError as error:
                return str(error)
            raise AssertionError("not refused")
        assert "absent" in refused(id="absent", resume="must")
        for resume, id in (("allow", "a"), ("never", "n")):
            run = init(id=id, resume=resume, config={{"first": 1}}, tags=["t"], notes="n")
            assert not run.resumed and run.starting_step == 0
            for i in range(5):
                run.log({{"loss": i}})
            run.summary["kept"] = "yes"
            run.finish()
        assert "n" in refused(id="n", resume="never")
        for resume in ("allow", "must"):
            run = init(id="a", resume=resume, config={{resume: 2}})
            assert run.resumed and run.config["first"] == 1 and run.summary["kept"] == "yes"
            assert run.starting_step in (5, 7), run.starting_step
            for i in range(2):
                run.log({{"loss": run.starting_step + i}})
            run.finish()
        first = init(resume="auto")
        first.log({{"loss": 0}})
        id = first.id
        first.finish(exit_code=1)
        second = init(resume="auto")
        assert second.id == id and second.resumed and second.starting_step == 1
        second.finish()
        print("DONE", id)
        """,
    )
    facts = shared_server.run_facts("resume", "a")
    assert [(row["_step"], row["loss"]) for row in facts["rows"]] == [(i, i) for i in range(9)]
    assert facts["line_count"] == 9
    assert {k: v["value"] for k, v in facts["config"].items() if k != "_wandb"} == {
        "first": 1,
        "allow": 2,
        "must": 2,
    }
    assert facts["summary"]["kept"] == "yes" and facts["state"] == "finished"
    assert run_node(shared_server, "resume", "absent") is None
    auto = re.search(r"^DONE (\w+)$", done.stdout, re.M).group(1)
    assert run_node(shared_server, "resume", auto, "state historyLineCount") == {
        "state": "finished",
        "historyLineCount": 1,
    }


LOG_TEN = f"""
import wandb
def log(run, first, last, scale=1):
    for i in range(first, last):
        run.log({{"loss": i * scale, **({{"late": i}} if i > 6 else {{}})}})
def init(**more):
    return wandb.init(project="branches", {SETTINGS}, **more)
"""


def test_a_rewound_run_has_its_history_up_to_the_step(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        LOG_TEN
        + """
run = init(id="rw", config={"kept": 1})
log(run, 0, 10)
run.finish()
run = init(resume_from="rw?_step=4")
assert run.id == "rw"
log(run, 5, 7, scale=100)
run.finish()
""",
    )
    facts = shared_server.run_facts("branches", "rw")
    assert [(row["_step"], row["loss"]) for row in facts["rows"]] == [
        *((i, i) for i in range(5)),
        (5, 500),
        (6, 600),
    ]
    assert facts["line_count"] == 7 and facts["state"] == "finished"
    assert facts["config"]["kept"] == {"value": 1}
    keys = run_node(shared_server, "branches", "rw", "historyKeys")["historyKeys"]
    assert keys["lastStep"] == 6 and "late" not in keys["keys"]
    assert chart(shared_server, "branches/rw", "loss") == ([0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 500, 600])


def test_the_summary_follows_the_rows_of_a_rewound_run_and_of_a_fork(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        LOG_TEN
        + """
run = init(id="summed", config={"lr": 1, "old": 2})
run.define_metric("acc", summary="max,mean")
for i in range(10):
    run.log({"acc": i, "last": i, **({"late": 1} if i > 6 else {})})
run.summary["by_hand"] = "kept"
run.finish()
run = init(id="branched", fork_from="summed?_step=3", config={"lr": 5})
run.log({"own": 1})
run.finish()
run = init(resume_from="summed?_step=4")
run.log({"own": 1})
run.finish()
""",
    )

    def summary_of(run: str) -> dict:
        summary = json.loads(run_node(shared_server, "branches", run, "summaryMetrics")["summaryMetrics"])
        return {key: value for key, value in summary.items() if not key.startswith("_")}

    assert summary_of("summed") == {"acc": {"max": 4, "mean": 2}, "last": 4, "own": 1, "by_hand": "kept"}
    assert summary_of("branched") == {"acc": {"max": 3, "mean": 1.5}, "last": 3, "own": 1, "by_hand": "kept"}
    config = shared_server.run_facts("branches", "branched")["config"]
    assert config["lr"] == {"value": 5} and config["old"] == {"value": 2}


def test_a_fork_resumed_before_its_first_row_goes_on_after_the_fork(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        LOG_TEN
        + """
run = init(id="trunk")
log(run, 0, 10)
run.finish()
init(id="twig", fork_from="trunk?_step=4").finish()
for value in (500, 600):
    run = init(id="twig", resume="must")
    assert run.resumed
    run.log({"loss": value})
    run.finish()
""",
    )
    facts = shared_server.run_facts("branches", "twig")
    assert [(row["_step"], row["loss"]) for row in facts["rows"]] == [
        *((i, i) for i in range(5)),
        (5, 500),
        (6, 600),
    ]
    assert run_node(shared_server, "branches", "trunk") is not None


def test_a_fork_shows_the_other_runs_history_wherever_history_is_read(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        LOG_TEN
        + """
run = init(id="parent")
log(run, 0, 10)
run.finish()
run = init(id="child", fork_from="parent?_step=4", config={"own": 1})
assert run.id == "child"
log(run, 5, 8, scale=100)
run.finish()
run = init(id="grandchild", fork_from="child?_step=6")
run.log({"loss": -1})
run.finish()
try:
    init(id="orphan", fork_from="nobody?_step=6")
except wandb.Error as error:
    assert "nobody" in str(error), error
else:
    raise AssertionError("forked from nothing")
# What becomes of the other run does not change its forks.
wandb.Api().run("branches/parent").delete()
""",
    )
    assert run_node(shared_server, "branches", "parent") is None
    assert run_node(shared_server, "branches", "orphan") is None
    child = [(i, i) for i in range(5)] + [(5, 500), (6, 600), (7, 700)]
    facts = shared_server.run_facts("branches", "child")
    assert [(row["_step"], row["loss"]) for row in facts["rows"]] == child
    assert facts["line_count"] == 3, "its writer counts its own lines"
    got = ask(
        shared_server,
        tmp_path,
        """[
            [[r["_step"], r["loss"]] for r in run.scan_history(keys=["loss", "_step"])],
            [[r["_step"], r["loss"]] for r in run.scan_history()],
            [[r["_step"], r["loss"]] for r in run.history(keys=["loss"], pandas=False)],
            [[r["_step"], r["loss"]] for r in run.history(pandas=False)],
            run.lastHistoryStep,
            [r["loss"] for r in api.run("branches/grandchild").scan_history(keys=["loss"])],
        ] if (run := api.run("branches/child")) else None""",
    )
    expected = [list(row) for row in child]
    assert got == [expected, expected, expected, expected, 7, [0, 1, 2, 3, 4, 500, 600, -1]]
    assert chart(shared_server, "branches/child", "loss") == tuple(list(column) for column in zip(*child))
    keys = run_node(shared_server, "branches", "child", "historyKeys")["historyKeys"]
    assert keys["keys"]["loss"]["typeCounts"] == [{"type": "number", "count": 8}]


def test_writers_of_a_shared_run_are_put_in_order(shared_server, tmp_path):
    writer = """
        import sys, wandb
        label, primary = sys.argv[1], sys.argv[1] == "a"
        run = wandb.init(project="shared", id="s1", config={"from_" + label: 1}, mode="shared",
                         settings=wandb.Settings(mode="shared", x_label=label, x_primary=primary,
                                                 x_update_finish_state=primary, x_disable_stats=True,
                                                 x_file_stream_transmit_interval=0.2))
        print("up", flush=True)
        if primary:
            sys.stdin.readline()
        for i in range(20):
            run.log({label: i})
        print("line of " + label)
        run.finish()
        """
    folder = tmp_path / "a"
    folder.mkdir()
    primary = start_script(
        shared_server, folder, "sys.argv.append('a')\n" + re.sub(r"^ {8}", "", writer, flags=re.M)
    )
    expect(primary, "up")
    run_script(
        shared_server,
        tmp_path / "b",
        "import sys; sys.argv.append('b')\n" + re.sub(r"^ {8}", "", writer, flags=re.M),
    )
    wait_for_state(shared_server, "shared", "s1", "running")
    tell(primary)
    assert end(primary) == 0
    facts = shared_server.run_facts("shared", "s1")
    assert [row["_step"] for row in facts["rows"]] == list(range(40))
    assert [row["a"] for row in facts["rows"] if "a" in row] == list(range(20))
    assert [row["b"] for row in facts["rows"] if "b" in row] == list(range(20))
    assert facts["state"] == "finished"
    assert (facts["summary"]["a"], facts["summary"]["b"], facts["summary"]["_step"]) == (19, 19, 39)
    assert facts["config"]["from_a"] == facts["config"]["from_b"] == {"value": 1}
    lines = run_node(shared_server, "shared", "s1", "logLines { edges { node { line label } } }")["logLines"][
        "edges"
    ]
    said = [(edge["node"]["label"], edge["node"]["line"]) for edge in lines]
    assert ("a", "line of a") in said and ("b", "line of b") in said


def test_a_shared_writers_retry_is_known_after_a_restart(server):
    server.graphql('mutation { upsertBucket(input: {modelName: "shared", name: "r"}) { inserted } }')
    path = f"/files/{server.entity()}/shared/r/file_stream"
    line = json.dumps({"_step": 0, "loss": 1})
    body = json.dumps({"files": {"wandb-history.jsonl": {"offset": 0, "content": [line]}}}).encode()

    def send(writer: str) -> None:
        headers = server.authorization() | {
            "X-Wandb-Use-Async-Filestream": "true",
            "X-Wandb-Async-Client-Id": writer,
        }
        assert server.request("POST", path, body, headers)[0] == 200

    send("a")
    send("b")
    server.kill()
    server.start()
    send("a")
    send("b")
    assert [row["_step"] for row in server.run_facts("shared", "r")["rows"]] == [0, 1]


def test_every_state_of_a_run_can_be_reached(tmp_path):
    server = Server(tmp_path / "data").start("--crash-after", "2")
    try:
        live = start_script(
            server,
            tmp_path,
            f"""
project = "states"
def init(id):
    return wandb.init(project=project, id=id, {EAGER})
def step(word):
    say(word)
    sys.stdin.readline()
api = wandb.Api()
api.create_run(run_id="later", project=project).update_state("pending")
step("pending")
run = init("later")
step("running")
run.finish()
init("bad").finish(exit_code=1)
run = init("pre")
run.log({{"a": 1}})
run.mark_preempting()
step("preempting")
run.log({{"a": 2}})
run.finish(exit_code=1)
run = init("pre0")
run.mark_preempting()
run.finish()
run = init("quiet")
run.log({{"a": 1}})
step("quiet")
run.log({{"a": 2}})
step("back")
run.finish()
say("over")
""",
        )
        expect(live, "pending")
        wait_for_state(server, "states", "later", "pending")
        tell(live)
        expect(live, "running")
        wait_for_state(server, "states", "later", "running")
        tell(live)
        expect(live, "preempting")
        wait_for_state(server, "states", "pre", "preempting")
        tell(live)
        expect(live, "quiet")
        # Silence: the stock client's own sign of life comes each 30 s.
        wait_for_state(server, "states", "quiet", "crashed")
        assert run_node(server, "states", "later")["state"] == "finished"
        assert run_node(server, "states", "bad")["state"] == "failed"
        assert run_node(server, "states", "pre")["state"] == "preempted"
        assert run_node(server, "states", "pre0")["state"] == "finished"
        tell(live)
        expect(live, "back")
        # Back to running by itself, with the writer's next row.
        wait_for_state(server, "states", "quiet", "running")
        tell(live)
        expect(live, "over")
        assert end(live) == 0
        assert run_node(server, "states", "quiet")["state"] == "finished"
        # killed: test_online.py, test_a_run_that_was_asked_to_stop_stops, and below without a client.
        server.graphql('mutation { upsertBucket(input: {modelName: "states", name: "k"}) { inserted } }')
        run_id = run_node(server, "states", "k", "id")["id"]
        server.graphql("mutation S($id: ID!) { stopRun(input: {id: $id}) { success } }", id=run_id)
        path = f"/files/{server.entity()}/states/k/file_stream"
        _, answer = server.request("POST", path, b'{"complete":true,"exitcode":255}', server.authorization())
        assert json.loads(answer)["stopped"] is True
        assert run_node(server, "states", "k")["state"] == "killed"
    finally:
        server.kill()


def test_names_groups_tags_and_notes_are_set_and_changed(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        f"""
        import wandb
        run = wandb.init(project="fields", id="f1", group="g", job_type="j", tags=["b", "a"], notes="first",
                         config={{"lr": 0.1}}, {SETTINGS})
        assert run.name.count("-") == 2, run.name
        run.tags += ("c",)
        run.log({{"acc": 0.5}})
        run.finish()
        api = wandb.Api()
        r = api.run("fields/f1")
        assert (r.group, r.job_type, r.notes, sorted(r.tags)) == ("g", "j", "first", ["a", "b", "c"])
        r.name = "a new name"
        r.notes = "second"
        r.tags = ["x"]
        r.group = "h"
        r.job_type = "eval"
        r.config["lr"] = 0.2
        r.config["added"] = {{"deep": [1, 2]}}
        r.update()
        r.summary["acc"] = 0.75
        r.summary.update()
        again = wandb.Api().run("fields/f1")
        assert (again.name, again.notes, again.tags, again.group, again.job_type) == (
            "a new name", "second", ["x"], "h", "eval")
        assert again.config == {{"lr": 0.2, "added": {{"deep": [1, 2]}}}}, again.config
        assert again.summary["acc"] == 0.75 and again.state == "finished"
        assert again.metadata["program"].endswith("script.py")
        again.tags = []
        again.update()
        assert wandb.Api().run("fields/f1").tags == []
        try:
            again.update_state("pending")
        except Exception as error:
            assert "finished" in str(error), error
        else:
            raise AssertionError("a finished run became pending")
        failed = wandb.init(project="fields", id="f2", {SETTINGS})
        failed.finish(exit_code=2)
        r = wandb.Api().run("fields/f2")
        assert r.update_state("pending") and wandb.Api().run("fields/f2").state == "pending"
        """,
    )
    name = run_node(shared_server, "fields", "f2", "displayName")["displayName"]
    assert re.fullmatch(r"[a-z]+-[a-z]+-\d+", name)


def test_a_deleted_run_is_gone_for_its_writer_too(shared_server, tmp_path):
    live = start_script(
        shared_server,
        tmp_path,
        f"""
run = wandb.init(project="deleted", id="d1", {EAGER})
run.log({{"a": 1}})
# The client sends what it knows of the machine a while after init, and that makes the run.
import time
api = wandb.Api()
while "e" not in api.run("deleted/d1").rawconfig.get("_wandb", {{}}):
    time.sleep(0.1)
    api.flush()
api.run("deleted/d1").delete()
for i in range(5):
    run.log({{"a": i}})
run.finish()
say("finished")
""",
    )
    expect(live, "finished")
    assert end(live) == 0
    assert run_node(shared_server, "deleted", "d1") is None
    path = f"/files/{shared_server.entity()}/deleted/d1/file_stream"
    assert shared_server.request("POST", path, b"{}", shared_server.authorization())[0] == 404
    # The name is free again, and what it had is not there.
    run_script(
        shared_server,
        tmp_path,
        f'import wandb\nrun = wandb.init(project="deleted", id="d1", {SETTINGS})\nrun.log({{"b": 1}})\nrun.finish()\n',
    )
    assert [row["b"] for row in shared_server.run_facts("deleted", "d1")["rows"]] == [1]


@pytest.mark.parametrize(
    ("mutation", "word"),
    [
        (
            'rewindRun(input: {runName: "no", projectName: "p", metricName: "_step", metricValue: 1}) { rewoundRun { id } }',
            "no",
        ),
        (
            'rewindRun(input: {runName: "is", projectName: "bad", metricName: "loss", metricValue: 1}) { rewoundRun { id } }',
            "loss",
        ),
        ('updateRunState(input: {id: "UnVuOjk5OTk5", state: "failed"}) { success }', "run"),
        ('upsertBucket(input: {modelName: "bad", name: "a/b"}) { inserted }', "a/b"),
        ('upsertBucket(input: {modelName: "bad", name: ".."}) { inserted }', ".."),
        ('upsertBucket(input: {modelName: "bad", name: "is", config: "[1]"}) { inserted }', "config"),
        ('upsertBucket(input: {modelName: "bad", name: "is", state: "sleeping"}) { inserted }', "sleeping"),
        ('deleteRun(input: {id: "nonsense"}) { clientMutationId }', "run"),
    ],
)
def test_a_mutation_that_cannot_be_says_why(shared_server, mutation, word):
    shared_server.graphql('mutation { upsertBucket(input: {modelName: "bad", name: "is"}) { inserted } }')
    body = json.dumps({"query": f"mutation {{ {mutation} }}"}).encode()
    status, answer = shared_server.request("POST", "/graphql", body, shared_server.authorization())
    errors = json.loads(answer)["errors"]
    assert status == 200 and word in errors[0]["message"], errors
