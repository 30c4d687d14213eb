"""Runs of our own package that go on from stored ones. The same program under the stock client leaves the same
on the same server."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time

from client import ROOT, environment
from resumed_runs import PRELUDE, both_clients, node, ours, same_for_both
from support.server import free_port


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
        "PYTHONPATH": str(ROOT / "python"),
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
        "PYTHONPATH": str(ROOT / "python"),
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
