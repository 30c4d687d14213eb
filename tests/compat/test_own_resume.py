"""Runs of our own package that go on from stored ones: resumed, rewound, forked; online, and offline with a
later sync. The same program under the stock client leaves the same on the same server."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time

import pytest
from client import environment, run_script
from support.server import free_port, runstone_bin

PRELUDE = """
import sys
import {client} as wandb
SETTINGS = dict(x_disable_stats=True)
def init(id=None, **more):
    settings = wandb.Settings(**SETTINGS, **more.pop("more_settings", {{}}))
    return wandb.init(project="{project}", id=id, settings=settings, **more)
def log(run, *values):
    for value in values:
        run.log({{"l": value}})
"""


def both_clients(server, tmp_path, project: str, script: str) -> None:
    """Runs the script under our package and under the stock client, each in a project of its own."""
    for client in ("runstone", "wandb"):
        folder = tmp_path / client
        run_script(server, folder, PRELUDE.format(client=client, project=f"{project}-{client}") + script)


def ours(server, tmp_path, project: str, script: str, **options) -> subprocess.CompletedProcess:
    return run_script(
        server, tmp_path, PRELUDE.format(client="runstone", project=project) + script, **options
    )


def node(server, project: str, run: str) -> dict:
    """All of a run that does not differ from one execution of a program to the next."""
    query = """query R($p: String!, $r: String!) { project(name: $p) { run(name: $r) {
      state displayName notes tags group jobType config summaryMetrics historyLineCount createdAt
      logLines(first: 1000) { edges { node { line } } }
      history(minStep: 0, maxStep: 100000, samples: 100000) } } }"""
    found = server.graphql(query, p=project, r=run)["project"]["run"]
    assert found is not None, f"{project}/{run} is not there"
    rows = [json.loads(line) for line in found["history"]]
    config = {key: entry["value"] for key, entry in json.loads(found["config"]).items()}
    own = config.pop("_wandb", {})
    summary = json.loads(found["summaryMetrics"])
    return {
        "state": found["state"],
        "name": found["displayName"],
        "notes": found["notes"],
        "tags": sorted(found["tags"]),
        "group": found["group"],
        "job_type": found["jobType"],
        "config": config,
        "kept": {
            key: own[key] for key in ("viz", "visualize", "mask/class_labels", "branch_point") if key in own
        },
        "lines": found["historyLineCount"],
        "rows": [{k: v for k, v in row.items() if k not in ("_runtime", "_timestamp")} for row in rows],
        "runtimes": [row["_runtime"] for row in rows],
        "summary": {k: v for k, v in summary.items() if not k.startswith("_")}
        | {"_step": summary.get("_step")},
        "console": [edge["node"]["line"] for edge in found["logLines"]["edges"]],
    }


def same_for_both(server, project: str, run: str, *, without: tuple[str, ...] = ()) -> dict:
    """What our package left of a run, found equal to what the stock client left of its."""
    skipped = {"runtimes", "name", *without}  # names are the server's, unless given
    facts = {client: node(server, f"{project}-{client}", run) for client in ("runstone", "wandb")}
    ours = {key: value for key, value in facts["runstone"].items() if key not in skipped}
    assert ours == {key: value for key, value in facts["wandb"].items() if key not in skipped}
    return facts["runstone"]


def test_R1_the_program_of_the_reference_gives_three_rows(shared_server, tmp_path):
    both_clients(
        shared_server,
        tmp_path,
        "r1",
        """
r = init("abc", resume="allow"); r.log({"l": 1}); r.log({"l": 2}); r.finish()
r = init("abc", resume="must"); assert r.resumed; r.log({"l": 3}); r.finish()
""",
    )
    facts = same_for_both(shared_server, "r1", "abc")
    assert facts["rows"] == [{"_step": 0, "l": 1}, {"_step": 1, "l": 2}, {"_step": 2, "l": 3}]
    assert facts["summary"]["l"] == 3 and facts["lines"] == 3 and facts["state"] == "finished"


def test_R2_each_cell_of_the_table_of_resume(shared_server, tmp_path):
    ours(
        shared_server,
        tmp_path,
        "r2",
        """
def refused(word, **arguments):
    try:
        init(**arguments)
    except wandb.UsageError as error:
        assert word in str(error) and arguments.get("id", "") in str(error), error
        assert wandb.run is None
        return
    raise AssertionError("not refused")
def start(id, resume, resumed, step, logged=1):
    run = init(id, resume=resume)
    assert (run.id, run.resumed, run.step, run.starting_step) == (id, resumed, step, step), (
        run.id, run.resumed, run.step, run.starting_step)
    assert run.settings.resumed is resumed and wandb.run is run
    log(run, *range(logged))
    run.finish()
# does not exist
refused("does not exist", id="absent", resume="must")
refused("does not exist", resume="must")                 # a random id
start("none", None, False, 0, logged=3)
start("allowed", "allow", False, 0, logged=3)
start("fresh", "never", False, 0, logged=3)
start("auto-new", "auto", False, 0, logged=3)
# exists
start("none", None, False, 0)
start("allowed", "allow", True, 3)
start("allowed", "must", True, 4)
start("allowed", "auto", True, 5)
start("allowed", True, True, 6)
start("none", False, False, 0)
refused("already exists", id="fresh", resume="never")
""",
    )
    assert [row["_step"] for row in node(shared_server, "r2", "allowed")["rows"]] == list(range(7))
    assert [row["l"] for row in node(shared_server, "r2", "fresh")["rows"]] == [0, 1, 2]


def test_R3_given_values_replace_and_missing_ones_are_taken_from_the_server(shared_server, tmp_path):
    both_clients(
        shared_server,
        tmp_path,
        "r3",
        """
run = init("c", config={"lr": 0.1, "old": 1}, tags=["one"], name="first name", notes="first notes",
           group="g", job_type="j")
log(run, 1)
run.summary["by hand"] = {"deep": 5}
run.finish()
run = init("c", resume="allow", config={"lr": 0.2})
assert dict(run.config) == {"lr": 0.2, "old": 1}, dict(run.config)
assert run.summary["l"] == 1 and run.summary["by hand"]["deep"] == 5
assert (run.name, run.notes, run.tags) == ("first name", "first notes", ("one",))
if wandb.__name__ == "runstone":  # the stock client knows them only after a second look
    assert (run.group, run.job_type) == ("g", "j")
log(run, 2)
run.finish()
run = init("c", resume="must", config={"more": [1]}, tags=["two"], name="second name", notes="second notes",
           group="h", job_type="k")
assert (run.name, run.notes, run.tags) == ("second name", "second notes", ("two",))
assert (run.group, run.job_type) == ("h", "k")
log(run, 3)
run.finish()
""",
    )
    facts = same_for_both(shared_server, "r3", "c")
    assert facts["config"] == {"lr": 0.2, "old": 1, "more": [1]}
    assert facts["summary"] == {"l": 3, "by hand": {"deep": 5}, "_step": 2}
    assert (facts["name"], facts["notes"], facts["tags"]) == ("second name", "second notes", ["two"])


def test_the_time_and_the_start_of_a_resumed_run_go_on(shared_server, tmp_path):
    ours(
        shared_server,
        tmp_path,
        "times",
        """
import time
run = init("t")
first = run.start_time
run.log({"l": 1})
time.sleep(1.2)
run.log({"l": 2})
run.finish()
run = init("t", resume="must")
assert run.start_time <= first + 1, (first, run.start_time)
run.log({"l": 3})
run.finish()
""",
    )
    runtimes = node(shared_server, "times", "t")["runtimes"]
    assert runtimes == sorted(runtimes) and 1.2 <= runtimes[2] < 8


def test_lines_of_the_console_charts_and_class_names_go_on(shared_server, tmp_path):
    both_clients(
        shared_server,
        tmp_path,
        "kept",
        """
print("written by the first")
run = init("k")
print("printed by the first")
log(run, 1)
run.finish()
run = init("k", resume="must")
print("printed by the second")
log(run, 2)
run.finish()
""",
    )
    facts = same_for_both(shared_server, "kept", "k", without=("console",))
    assert [line for line in facts["console"] if "printed by" in line] == [
        "printed by the first",
        "printed by the second",
    ]


def test_charts_and_class_labels_of_the_stored_config_are_kept(shared_server, tmp_path):
    ours(
        shared_server,
        tmp_path,
        "private",
        """
import json, urllib.request, base64, os
run = init("p", config={"a": 1})
log(run, 1)
run.finish()
kept = {"viz": {"v": {"id": "x"}}, "visualize": {"c": {"panel_type": "Vega2"}},
        "mask/class_labels": {"m": {"type": "mask/class_labels", "key": "m", "value": {"0": "cat"}}}}
config = {"a": {"value": 1}, "_wandb": {"value": {**kept, "t": {}, "gone": 1}}}
query = "mutation U($i: UpsertBucketInput!) { upsertBucket(input: $i) { inserted } }"
body = json.dumps({"query": query, "variables": {"i": {
    "name": "p", "modelName": "private", "config": json.dumps(config)}}}).encode()
token = base64.b64encode(f"api:{os.environ['RUNSTONE_API_KEY']}".encode()).decode()
request = urllib.request.Request(os.environ["RUNSTONE_BASE_URL"] + "/graphql", body, {
    "Content-Type": "application/json", "Authorization": f"Basic {token}"})
answer = json.load(urllib.request.urlopen(request))
assert not answer.get("errors"), answer
run = init("p", resume="must", config={"b": 2})
log(run, 2)
run.finish()
""",
    )
    facts = node(shared_server, "private", "p")
    assert sorted(facts["kept"]) == ["mask/class_labels", "visualize", "viz"]
    assert facts["config"] == {"a": 1, "b": 2}


def test_definitions_after_a_resume_rule_the_rows_to_come(shared_server, tmp_path):
    both_clients(
        shared_server,
        tmp_path,
        "defined",
        """
run = init("d")
run.define_metric("val/*", summary="max")
run.define_metric("l", summary="min")
run.log({"val/acc": 5, "l": 5, "plain": 1}); run.log({"val/acc": 7, "l": 3})
run.finish()
run = init("d", resume="must")
run.define_metric("val/*", summary="max")
run.define_metric("l", summary="min")
run.log({"val/acc": 6, "l": 4})
run.finish()
""",
    )
    facts = same_for_both(shared_server, "defined", "d")
    # "over all rows this process has written"
    assert facts["summary"]["val/acc"] == {"max": 6} and facts["summary"]["plain"] == 1


def test_auto_keeps_the_id_until_a_run_ends_well(shared_server, tmp_path):
    ours(
        shared_server,
        tmp_path,
        "auto",
        """
import json, pathlib
def kept():
    path = pathlib.Path("runstone/wandb-resume.json")
    return json.loads(path.read_text())["run_id"] if path.exists() else None
run = init(resume="auto"); first = run.id
assert kept() == first and not run.resumed
assert run.settings.resume_fname == str(pathlib.Path("runstone/wandb-resume.json").resolve())
log(run, 0)
run.finish(exit_code=1)
assert kept() == first                      # it failed: the next one goes on with it
run = init(resume="auto")
assert run.id == first and run.resumed and run.step == 1
run.finish()
assert kept() is None                       # it ended well
run = init("given", resume="auto"); run.finish(exit_code=3)
assert kept() == "given"
run = init("other", resume="auto")          # the id given wins, the kept one is told
assert run.id == "other" and kept() == "other"
run.finish(exit_code=1)
run = init(mode="offline")                  # without resume the file goes
assert kept() is None
run.finish()
pathlib.Path("runstone/wandb-resume.json").write_text("no json")
run = init(resume="auto")                   # ignored, and told
assert not run.resumed
run.finish()
""",
        env={"RUNSTONE_DIR": "."},
    )


def test_auto_forgets_the_id_at_a_normal_end_without_finish_and_keeps_it_at_a_bad_one(
    shared_server, tmp_path
):
    path = tmp_path / "runstone" / "wandb-resume.json"
    env = {"RUNSTONE_DIR": "."}
    failing = ours(
        shared_server, tmp_path, "auto", 'init(resume="auto"); raise SystemExit(3)', env=env, check=False
    )
    assert failing.returncode == 3
    id = json.loads(path.read_text())["run_id"]
    done = ours(shared_server, tmp_path, "auto", 'print("ID", init(resume="auto").id)', env=env)
    assert f"ID {id}" in done.stdout and not path.exists()


def test_a_differing_kept_id_is_told(shared_server, tmp_path):
    (tmp_path / "runstone").mkdir()
    (tmp_path / "runstone" / "wandb-resume.json").write_text('{"run_id": "kept-one"}')
    done = ours(
        shared_server,
        tmp_path,
        "auto",
        'init("given-one", resume="auto").finish()',
        env={"RUNSTONE_DIR": "."},
    )
    assert re.search(r"WARNING.*kept-one.*given-one", done.stderr), done.stderr


BRANCHES = """
run = init("base", config={"lr": 1, "old": 2}, tags=["t"], notes="n")
run.define_metric("acc", summary="max")
for i in range(10):
    run.log({"l": i, "acc": i, **({"late": 1} if i > 6 else {})})
run.finish()
"""


def test_resume_from_drops_what_is_behind_the_step(shared_server, tmp_path):
    both_clients(
        shared_server,
        tmp_path,
        "rewind",
        BRANCHES
        + """
run = init(resume_from="base?_step=4", config={"lr": 5})
assert run.id == "base"
log(run, 500, 600)
run.finish()
""",
    )
    facts = same_for_both(shared_server, "rewind", "base", without=("console",))
    assert [(row["_step"], row["l"]) for row in facts["rows"]] == [
        *((i, i) for i in range(5)),
        (5, 500),
        (6, 600),
    ]
    assert facts["lines"] == 7 and facts["config"] == {"lr": 5, "old": 2}
    assert facts["kept"]["branch_point"] == {"run_id": "base", "step": 4}
    assert facts["summary"] == {"l": 600, "acc": {"max": 4}, "_step": 6}


def test_fork_from_copies_and_leaves_the_other_run_as_it_is(shared_server, tmp_path):
    both_clients(
        shared_server,
        tmp_path,
        "fork",
        BRANCHES
        + """
run = init("twig", fork_from="base?_step=4", config={"lr": 5})
assert run.id == "twig"
log(run, 500)
run.finish()
""",
    )
    facts = same_for_both(shared_server, "fork", "twig", without=("console",))
    assert [(row["_step"], row["l"]) for row in facts["rows"]] == [*((i, i) for i in range(5)), (5, 500)]
    assert facts["config"] == {"lr": 5, "old": 2}
    assert facts["kept"]["branch_point"] == {"run_id": "base", "step": 4}
    assert facts["summary"] == {"l": 500, "acc": {"max": 4}, "_step": 5}
    base = same_for_both(shared_server, "fork", "base", without=("console",))
    assert base["lines"] == 10 and base["kept"] == {} and base["state"] == "finished"


def test_a_branch_knows_its_beginning_at_once(shared_server, tmp_path):
    ours(
        shared_server,
        tmp_path,
        "begin",
        BRANCHES
        + """
run = init("twig", fork_from="base?_step=4")
assert (run.step, run.starting_step, run.resumed) == (5, 5, False)
assert dict(run.config) == {"lr": 1, "old": 2}, dict(run.config)
assert run.summary["l"] == 4 and run.summary["acc"]["max"] == 4, dict(run.summary)
run.finish()
run = init(resume_from="base?_step=2")
assert (run.id, run.step, run.starting_step, run.resumed) == ("base", 3, 3, True)
assert run.tags == ("t",) and run.notes == "n" and run.summary["l"] == 2
run.log({"l": -1}, step=2)      # the past is over
run.log({"l": 30}, step=7)
run.finish()
""",
    )
    rows = node(shared_server, "begin", "base")["rows"]
    assert [(row["_step"], row["l"]) for row in rows] == [(0, 0), (1, 1), (2, 2), (7, 30)]


def test_an_unknown_run_cannot_be_rewound_or_forked_and_nothing_is_left(shared_server, tmp_path):
    ours(
        shared_server,
        tmp_path,
        "unknown",
        """
import os
for arguments in (dict(resume_from="nobody?_step=1"), dict(fork_from="nobody?_step=1", id="child")):
    try:
        init(**arguments)
    except wandb.CommError as error:
        assert "run not found" in str(error) and "nobody" in str(error), error
    else:
        raise AssertionError("not refused")
    assert wandb.run is None
assert not os.path.exists("runstone") or not [n for n in os.listdir("runstone") if n.startswith("run-")]
init("fine").finish()
""",
        env={"RUNSTONE_DIR": "."},
    )
    query = 'query { project(name: "unknown") { runs { edges { node { name } } } } }'
    runs = shared_server.graphql(query)["project"]["runs"]["edges"]
    assert [edge["node"]["name"] for edge in runs] == ["fine"]


def test_init_of_a_resumed_run_goes_on_asking_and_then_raises(tmp_path):
    script = """
import time, runstone
begin = time.monotonic()
try:
    runstone.init(id="a", settings=runstone.Settings(init_timeout=1.5), {arguments})
except runstone.CommError as error:
    print("RAISED", round(time.monotonic() - begin, 1), error)
"""
    env = {
        "RUNSTONE_BASE_URL": f"http://127.0.0.1:{free_port()}",
        "RUNSTONE_API_KEY": "k" * 40,
        "PYTHONPATH": str(environment_root() / "python"),
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", script.format(arguments='resume="allow"')],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    raised = re.search(r"RAISED ([\d.]+) (.*)", done.stdout)
    assert raised, (done.stdout, done.stderr)
    assert 0.5 <= float(raised[1]) <= 10 and "init_timeout" in raised[2]
    assert not list(tmp_path.glob("runstone/run-*"))


def test_a_server_that_comes_late_is_found_by_a_run_that_waits(server, tmp_path):
    ours(server, tmp_path, "late", 'run = init("l"); log(run, 1); run.finish()')
    env = environment(server, tmp_path)
    server.stop()
    code = PRELUDE.format(client="runstone", project="late") + (
        'print("asking", flush=True); run = init("l", resume="must"); log(run, 2); print(run.resumed); run.finish()'
    )
    waiting = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True
    )
    assert waiting.stdout.readline() == "asking\n"
    server.start()
    output, _ = waiting.communicate(timeout=60)
    assert waiting.returncode == 0 and output == "True\n"
    assert [row["l"] for row in node(server, "late", "l")["rows"]] == [1, 2]


def test_ctrl_c_ends_the_waiting_of_init(tmp_path):
    env = {
        "RUNSTONE_BASE_URL": f"http://127.0.0.1:{free_port()}",
        "RUNSTONE_API_KEY": "k" * 40,
        "PYTHONPATH": str(environment_root() / "python"),
        "HOME": str(tmp_path),
    }
    code = (
        "import runstone\n"
        "try:\n    print('asking', flush=True)\n    runstone.init(id='a', resume='must')\n"
        "except KeyboardInterrupt:\n    print('interrupted', runstone.run)\n"
    )
    waiting = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True
    )
    assert waiting.stdout.readline() == "asking\n"
    waiting.send_signal(signal.SIGINT)
    begin = time.monotonic()
    output, _ = waiting.communicate(timeout=60)
    assert output == "interrupted None\n" and time.monotonic() - begin < 20


def sync(server, folder, *arguments: str) -> str:
    done = subprocess.run(
        [runstone_bin(), "sync", *arguments],
        cwd=folder,
        env=environment(server, folder),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


OFFLINE = """
run = init("{id}", mode="offline", config={{"new": 2}}, {arguments})
assert (run.resumed, run.step) == (False, 0)
for i in range(3):
    run.log({{"l": 10 + i}})
print("said offline")
run.finish()
"""


@pytest.mark.parametrize(
    ("kind", "id", "arguments", "steps"),
    [
        ("resumed", "base", 'resume="allow"', 10),
        ("rewound", "base", 'resume_from="base?_step=4"', 5),
        ("forked", "twig", 'fork_from="base?_step=4"', 5),
    ],
)
def test_an_offline_run_goes_on_from_a_stored_one_when_it_is_synced(
    shared_server, tmp_path, kind, id, arguments, steps
):
    project = f"offline-{kind}"
    both_clients(shared_server, tmp_path, project, BRANCHES)
    for client in ("runstone", "wandb"):
        folder = tmp_path / client
        prelude = PRELUDE.format(client=client, project=f"{project}-{client}")
        run_script(
            shared_server,
            folder,
            prelude
            + OFFLINE.format(id=id, arguments=arguments).replace(
                "assert (run.resumed, run.step) == (False, 0)", ""
            ),
        )
    directory = next((tmp_path / "runstone").glob("*/offline-run-*"))
    sync(shared_server, tmp_path / "runstone", str(directory))
    stock = next((tmp_path / "wandb").glob("*/offline-run-*"))
    subprocess.run(
        [sys.executable, "-m", "wandb", "sync", str(stock)],
        cwd=tmp_path / "wandb",
        env=environment(shared_server, tmp_path / "wandb"),
        check=True,
        capture_output=True,
        timeout=120,
    )
    # The stock client's sync forgets the stored summary of a run that it resumes.
    lost = ("summary",) if kind == "resumed" else ()
    facts = same_for_both(shared_server, project, id, without=("console", *lost))
    assert facts["summary"]["acc"] == {"max": steps - 1}
    assert [(row["_step"], row["l"]) for row in facts["rows"]] == [
        *((i, i) for i in range(steps)),
        *((steps + i, 10 + i) for i in range(3)),
    ]
    assert facts["config"] == {"lr": 1, "old": 2, "new": 2} and facts["summary"]["l"] == 12
    assert facts["runtimes"] == sorted(facts["runtimes"]), facts["rows"]
    # Sent again, it changes nothing.
    sync(shared_server, tmp_path / "runstone", "--include-synced", str(directory))
    assert node(shared_server, f"{project}-runstone", id)["rows"] == facts["rows"]
    assert node(shared_server, f"{project}-runstone", id)["console"] == facts["console"]


def test_a_resumed_run_that_is_killed_is_completed_by_sync_without_doubles(shared_server, tmp_path):
    ours(shared_server, tmp_path, "killed", 'run = init("k"); log(run, 0, 1, 2); print("one"); run.finish()')
    killed = ours(
        shared_server,
        tmp_path,
        "killed",
        """
import os, signal
run = init("k", resume="must")
print("two")
log(run, 3, 4, 5)
os.kill(os.getpid(), signal.SIGKILL)
""",
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    directories = sorted((tmp_path / "runstone").glob("run-*-k*"))
    assert len(directories) == 2
    for _ in range(2):
        sync(shared_server, tmp_path, "--include-online", "--include-synced", str(directories[1]))
    facts = node(shared_server, "killed", "k")
    assert [(row["_step"], row["l"]) for row in facts["rows"]] == [(i, i) for i in range(6)]
    assert facts["lines"] == 6 and facts["state"] == "crashed" and facts["summary"]["l"] == 5
    assert [line for line in facts["console"] if line in ("one", "two")] == ["one", "two"]


def environment_root():
    from client import ROOT

    return ROOT
