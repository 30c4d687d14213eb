"""Every method and property of the objects that wandb.Api() gives: runs, files, projects, users, scans."""

from __future__ import annotations

import json

from client import ask, run_script

# A run of the stock client, with all that a run can have, and two small ones beside it.
LOGGED = """
import wandb
api = wandb.Api()
me = api.default_entity
with wandb.init(project="members", id="full", name="the full one", config={"lr": 0.5, "net": {"depth": 2}},
                tags=["x"], notes="noted", group="g", job_type="train") as run:
    for i in range(30):
        run.log({"loss": i / 4, "acc": i})
    print("hello console")
    with open("kept.txt", "w") as file:
        file.write("kept bytes")
    run.save("kept.txt", policy="now")
"""

RUN = (
    LOGGED
    + """
run = api.run("members/full")
assert (run.id, run.name, run.display_name) == ("full", "the full one", "the full one")
assert (run.entity, run.username, run.project) == (me, me, "members")
assert run.path == [me, "members", "full"] and run.url.endswith(f"/{me}/members/runs/full"), run.url
assert (run.state, run.tags, run.notes) == ("finished", ["x"], "noted")
assert (run.group, run.job_type, run.read_only) == ("g", "train", False)
assert run.user.username == me and run.created_at <= run.heartbeat_at
assert run.config == {"lr": 0.5, "net": {"depth": 2}}
assert run.rawconfig["lr"] == 0.5 and run.rawconfig["_wandb"]["cli_version"] == wandb.__version__
config = json.loads(run.json_config)
assert config["net"]["value"] == {"depth": 2} and "_wandb" in config
assert run.summary["acc"] == run.summary_metrics["acc"] == 29 and run.summary.get("none", 7) == 7
assert "loss" in run.summary.keys() and ("loss", 7.25) in run.summary.items()
assert any(key.startswith("system.") for key in run.system_metrics), run.system_metrics
assert run.lastHistoryStep == 29 and run.history_line_count == 30
assert run.history_keys["keys"]["loss"]["typeCounts"] == [{"type": "number", "count": 30}]
assert run.sweep is None and run.sweep_name is None
assert run.metadata["program"] and run.metadata["python"].startswith("CPython")
assert run.storage_id and run.storage_id != run.id

assert [line.content for line in run.console_logs()][0] == "hello console"
assert [line.number for line in run.console_logs(last=1)] != [0]
assert len(run.history(samples=10, pandas=False)) == 10
scan = run.scan_history(keys=["loss"], min_step=5, max_step=8)
assert scan.max_step == 7 and [row["loss"] for row in scan] == [1.25, 1.5, 1.75]
assert [row["loss"] for row in scan] == [1.25, 1.5, 1.75], "a scan is read a second time"
assert len(list(run.beta_scan_history(page_size=7))) == 30
assert list(run.used_artifacts()) == [] and list(run.logged_artifacts()) == []
run.wait_until_finished()

page = run.to_html(height=99, hidden=True)
assert f"{run.url}?jupyter=true" in page and "height:99px" in page and "display:none" in page
assert run.display() is False  # not in a notebook
assert run.snake_to_camel("job_type") == "jobType"

lazy = next(iter(api.runs("members", {"name": "full"}, lazy=True)))
assert "config" not in lazy._attrs
assert lazy.load_full_data()["summaryMetrics"]["acc"] == 29
assert lazy.config["lr"] == 0.5
assert api.run("members/full") is run  # kept by the client ...
api.flush()  # ... until now
other = api.run("members/full")
other.notes = "changed"
other.config["lr"] = 0.25
other.save()
assert run.notes == "noted" and run.load(force=True)["notes"] == "changed"
assert run.load_full_data(force=True) and run.config["lr"] == 0.25
assert run.rawconfig["_wandb"]["cli_version"] == wandb.__version__, "an update keeps what the client says of itself"

made = wandb.apis.public.Run.create(api, run_id="waiting", project="members", state="pending")
assert made.state == "pending" and made.update_state("failed") and made.state == "failed"
assert api.run("members/waiting").state == "failed" and made.update_state("pending")
live = api.create_run(project="members")
assert live.state == "running" and len(live.id) == 8
live.stop()
live.delete(delete_artifacts=True)
try:
    live.load(force=True)
except ValueError as problem:
    assert "Could not find run" in str(problem), problem
else:
    raise AssertionError("a deleted run was loaded")
assert isinstance(api.from_path("members"), wandb.apis.public.Project)
assert api.from_path(f"{me}/members").path == [me, "members"]
assert api.from_path(f"{me}/members/full").id == api.from_path(f"{me}/members/runs/full").id == "full"
assert api.user_agent == "W&B Public Client " + wandb.__version__
"""
)


def test_every_member_of_a_run_answers(shared_server, tmp_path):
    run_script(shared_server, tmp_path, "import json\n" + RUN)


FILES = """
import json, os, wandb
api = wandb.Api()
me = api.default_entity
run = api.create_run(run_id="files", project="members")
os.makedirs("sub/deep")
for name, text in {"a.txt": "aaa", "sub/deep/b.json": "{}", "c.bin": "c" * 3000}.items():
    with open(name, "w") as file:
        file.write(text)
    made = run.upload_file(name)
    assert (made.name, made.size) == (name, len(text)), made
inside = run.upload_file("deep/b.json" if os.path.exists("deep/b.json") else "sub/deep/b.json", root="sub")
assert inside.name == "deep/b.json"
assert [f.name for f in run.files()] == ["a.txt", "c.bin", "deep/b.json", "sub/deep/b.json"]
assert [f.name for f in run.files(pattern="%.json", per_page=1)] == ["deep/b.json", "sub/deep/b.json"]
assert [f.name for f in run.files(names=["c.bin"])] == ["c.bin"]
pages = run.files(per_page=3)
assert len(pages) == 4 and pages[3].name == "sub/deep/b.json" and not pages.more
file = run.file("c.bin")
assert file.mimetype == "application/octet-stream" and file.md5 and file.updated_at and file.id
assert file.url == file.direct_url == file.path_uri, "an address of its own, of no bucket"
with file.download(root="got") as got:
    assert got.read() == "c" * 3000
try:
    file.download(root="got")
except wandb.errors.CommError as problem:
    assert "already exists" in str(problem)
else:
    raise AssertionError("a file was written over")
assert file.download(root="got", exist_ok=True).read() == "c" * 3000
assert file.download(root="got", replace=True, api=wandb.Api()).read() == "c" * 3000
assert file.to_html() is None and file.display() is False and file.snake_to_camel("size_bytes") == "sizeBytes"
for one in run.files(pattern="%b.json"):
    one.delete()
assert [f.name for f in run.files()] == ["a.txt", "c.bin"]
assert run.metadata is None  # no such file, which the client takes for none
run.update_state("failed")
assert api.run("members/files").state == "failed", "an upload does not wake a run"
run.upload_file("a.txt")
assert api.run("members/files").state == "failed"
"""


def test_every_member_of_a_file_answers(shared_server, tmp_path):
    run_script(shared_server, tmp_path, FILES)


def write_rows(server, project: str, run: str, rows: list[dict], **fields: object) -> None:
    """A finished run of that history, over the wire."""
    upsert = "mutation U($input: UpsertBucketInput!) { upsertBucket(input: $input) { inserted } }"
    server.graphql(upsert, input={"modelName": project, "name": run, **fields})
    files = {"wandb-summary.json": {"offset": 0, "content": ["{}"]}}
    if rows:
        files["wandb-history.jsonl"] = {"offset": 0, "content": [json.dumps(row) for row in rows]}
        files["wandb-events.jsonl"] = {"offset": 0, "content": ['{"system.cpu":1,"_timestamp":1}']}
    body = json.dumps({"files": files, "complete": True, "exitcode": 0}).encode()
    path = f"/files/{server.entity()}/{project}/{run}/file_stream"
    status, answer = server.request("POST", path, body, server.authorization())
    assert status == 200, answer


RUNS = """
import wandb
api = wandb.Api()
me = api.default_entity
runs = api.runs("many-runs", order="+name", per_page=2)
assert len(runs) == 5 and runs.more and runs[0].id == "r0" and runs.cursor
assert [run.id for run in runs[1:4]] == ["r1", "r2", "r3"]
assert [run.id for run in runs] == [f"r{i}" for i in range(5)] and not runs.more
assert repr(runs) == f"<Runs {me}/many-runs>"
api.flush()
again = api.runs("many-runs", order="+name", per_page=3)
assert next(again).id == "r0"
again.upgrade_to_full()
assert all("config" in run._attrs for run in again) and again[4].config == {"n": 4}
api.flush()
whole = api.runs("many-runs", order="+name", lazy=False)
assert [run.config["n"] for run in whole] == list(range(5))

rows = runs.histories(samples=50)
assert [(row["run_id"], row["_step"]) for row in rows if "loss" in row] == [
    (f"r{i}", step) for i in range(4) for step in range(3)
], rows
picked = runs.histories(samples=50, keys=["loss"], x_axis="other")
assert picked[5] == {"other": 2, "loss": 1.5, "run_id": "r1"}, picked[5]
assert {row["system.cpu"] for row in runs.histories(stream="system")} == {1}
try:
    runs.histories(format="csv")
except wandb.errors.CommError as problem:
    assert "Invalid format" in str(problem)
else:
    raise AssertionError("an unknown format was taken")

first = api.run("many-runs/r1")
assert [set(row) for row in first.history(keys=["loss"], x_axis="other", pandas=False)] == [{"other", "loss"}] * 3
assert first.history(keys=["no such key"], pandas=False) == []
assert api.runs("many-runs", {"name": "none of them"}).histories() == []
assert len(api.runs("many-runs", {"name": "none of them"})) == 0
assert [run.id for run in api.runs("many-runs", {"name": "r4"}) if run.history(pandas=False)] == []
assert list(api.run("many-runs/r4").scan_history()) == [] and api.run("many-runs/r4").lastHistoryStep == -1
"""


def test_every_member_of_a_list_of_runs_answers(shared_server, tmp_path):
    for number in range(5):
        rows = [{"_step": step, "loss": number + step / 4, "other": step} for step in range(3)]
        fields = {"config": json.dumps({"n": {"value": number}})}
        write_rows(shared_server, "many-runs", f"r{number}", rows if number < 4 else [], **fields)
    run_script(shared_server, tmp_path, RUNS)


PROJECTS = """
import wandb
api = wandb.Api()
me = api.default_entity
for number in range(7):
    api.create_project(f"one-of-{number}", me)
pages = api.projects(me, per_page=3)
assert pages.length is None and pages.more
found = {project.name: project for project in pages}
assert not pages.more and {f"one-of-{number}" for number in range(7)} <= set(found)
assert len(found) == len(list(api.projects(me, per_page=200)))
assert repr(pages) == f"<Projects {me}>"
project = found["one-of-3"]
assert (project.entity, project.path) == (me, [me, "one-of-3"]) and project.is_benchmark is False
assert project.created_at.endswith("Z") and project.url.endswith(f"/{me}/one-of-3/workspace")
same = api.project("one-of-3")
assert same.id == project.id and same.owner.username == project.owner.username == me
assert f"{project.url}?jupyter=true" in project.to_html(hidden=True) and project.display() is False
assert project.snake_to_camel("created_at") == "createdAt"
assert list(project.artifacts_types()) == [] and list(project.collections()) == []
assert list(project.sweeps()) == []
for wrong in (lambda: api.project("never-made").id, lambda: api.project("never-made").owner,
              lambda: api.projects("nobody-at-all")[0], lambda: api.runs("nobody-at-all/x")[0]):
    try:
        wrong()
    except ValueError as problem:
        print(problem)
    else:
        raise AssertionError("what is not there was found")
try:
    api.create_project("bad/name", me)
except Exception as problem:
    assert "must not contain" in str(problem), problem
else:
    raise AssertionError("a name with a slash was taken")
"""


def test_every_member_of_a_project_answers(shared_server, tmp_path):
    run_script(shared_server, tmp_path, PROJECTS)


USERS = """
import wandb
from wandb.apis.public import Team, User
api = wandb.Api()
me = api.viewer
assert me.username == me.entity == api.default_entity and me.admin is True and me.id
assert me.user_api.viewer.username == me.username
assert api.user("no such user") is None and api.users("no such user") == []
assert me.to_html() is None and me.display() is False and me.snake_to_camel("a_b") == "aB"
friend = User.create(api, "friend.members@example.com")
assert friend.email == "friend.members@example.com"
assert [user.username for user in api.users("friend.members@example.com")] == [friend.username]
assert api.user(friend.username).email == friend.email and repr(friend) == f"<User {friend.email}>"
team = Team.create(api, "members-team")
assert team.name == "members-team" and team.to_html() is None and not team.display()
assert team.snake_to_camel("photo_url") == "photoUrl"
assert team.invite(friend.username) and not team.invite("no such user")
assert {member.username for member in team.load(force=True)["members"]} == {me.username, friend.username}
[member] = [member for member in team.members if member.username == friend.username]
assert member.team == "members-team" and member.account_type == "MEMBER", member
assert member.to_html() is None and not member.display() and member.snake_to_camel("account_type") == "accountType"
assert member.delete() and friend.username not in {m.username for m in team.load(True)["members"]}
assert not member.delete(), "a second time"
assert "members-team" in api.user(me.username).teams and me.api_keys
robot = team.create_service_account("nightly")
assert robot.name and robot.account_type == "SERVICE" and repr(robot) == f"<Member {robot.name} (SERVICE)>"
assert api.team("members-team").members
before = len(me.api_keys)
fresh = me.generate_api_key("for a test")
assert wandb.Api(api_key=fresh).viewer.username == me.username
assert len(me.api_keys) == before + 1
"""


def test_every_member_of_users_and_teams_answers(shared_server, tmp_path):
    run_script(shared_server, tmp_path, USERS)


def test_an_export_of_history_says_that_it_is_not_complete(shared_server, tmp_path):
    rows = [{"_step": step, "loss": step / 4} for step in range(10)]
    write_rows(shared_server, "listed-export", "r", rows)
    write_rows(shared_server, "listed-export", "empty", [])
    script = """
        import wandb
        from wandb.apis.public.runhistory import IncompleteRunHistoryError
        run = wandb.Api().run("listed-export/r")
        try:
            run.download_history_exports("exports")
        except IncompleteRunHistoryError:
            pass
        else:
            raise AssertionError("nothing was downloaded, and that was said to be all")
        done = run.download_history_exports("exports", require_complete_history=False)
        assert done.paths == [] and not done.errors and done.contains_live_data
        assert [row["loss"] for row in run.scan_history()] == [step / 4 for step in range(10)]
        assert [row["loss"] for row in run.scan_history(min_step=4, use_cache=False)][0] == 1
        empty = wandb.Api().run("listed-export/empty")
        assert empty.download_history_exports("exports").paths == []
    """
    run_script(shared_server, tmp_path, script)


LAUNCH = """
import json, wandb
from wandb import automations
from wandb.apis.public import RunQueue
api = wandb.Api()
me = api.default_entity
refused = {}
def attempt(name, call):
    try:
        call()
    except Exception as problem:
        refused[name] = str(problem)
attempt("Api.create_run_queue", lambda: api.create_run_queue("q", "local-process", me))
attempt("Api.upsert_run_queue", lambda: api.upsert_run_queue("q", {}, "kubernetes", me))
attempt("RunQueue.create", lambda: RunQueue.create("q", "local-process", me))
attempt("Api.create_custom_chart", lambda: api.create_custom_chart(me, "c", "C", "vega2", "private", {"a": 1}))
queue = api.run_queue(me, "q")
assert (queue.name, queue.entity) == ("q", me)
attempt("RunQueue.id", lambda: queue.id)
attempt("RunQueue.access", lambda: queue.access)
attempt("RunQueue.items", lambda: queue.items)
attempt("RunQueue.type", lambda: queue.type)
attempt("RunQueue.default_resource_config", lambda: queue.default_resource_config)
attempt("RunQueue.template_variables", lambda: queue.template_variables)
attempt("RunQueue.prioritization_mode", lambda: queue.prioritization_mode)
attempt("RunQueue.external_links", lambda: queue.external_links)
attempt("RunQueue.delete", queue.delete)
queued = api.queued_run(me, "members", "q", "1", project_queue="members")
assert (queued.entity, queued.project, queued.queue_name, queued.id) == (me, "members", "q", "1")
attempt("QueuedRun.state", lambda: queued.state)
attempt("QueuedRun.delete", queued.delete)
attempt("QueuedRun.wait_until_running", queued.wait_until_running)
attempt("QueuedRun.wait_until_finished", queued.wait_until_finished)

event = automations.OnRunMetric(scope=api.project("members"), filter=automations.RunEvent.metric("loss") < 1)
attempt("Api.create_automation", lambda: api.create_automation(event >> automations.DoNothing(), name="a"))
same = automations.Automation.model_construct(id="a", name="a", enabled=True, description="")
change = {"event": event, "action": automations.DoNothing(), "scope": api.project("members")}
attempt("Api.update_automation", lambda: api.update_automation(same, **change))
attempt("Api.delete_automation", lambda: api.delete_automation("a"))
attempt("Api.sync_tensorboard", lambda: api.sync_tensorboard("."))
attempt("Api.job", lambda: api.job(f"{me}/members/no-job:latest"))
assert api.list_jobs(me, "members") == []
print("\\nANSWER " + json.dumps(refused))
"""


def test_queues_charts_and_automations_are_refused_by_every_call_and_none_hangs(shared_server, tmp_path):
    shared_server.graphql('mutation { upsertModel(input: {name: "members"}) { inserted } }')
    done = run_script(shared_server, tmp_path, LAUNCH)
    [answer] = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    refused = json.loads(answer[len("ANSWER ") :])
    for name in ("Api.create_run_queue", "Api.upsert_run_queue", "RunQueue.create"):
        assert "no launch queues" in refused.pop(name), name
    assert "no presets of custom charts" in refused.pop("Api.create_custom_chart")
    assert "not found" in refused.pop("Api.job")
    for name in ("create_automation", "update_automation", "delete_automation"):
        assert "no automations" in refused.pop("Api." + name), name
    # Client 0.31.0 imports what it does not have.
    assert "wandb.sync" in refused.pop("Api.sync_tensorboard")
    # Of a queue that is not there the client knows no better than its own message.
    assert len(refused) == 13 and all(refused.values()), refused


JOB = """
import json, wandb
from wandb.sdk.data_types._dtypes import TypeRegistry
from wandb.sdk.artifacts._internal_artifact import InternalArtifact
api = wandb.Api()
me = api.default_entity
with wandb.init(project="jobs", id="maker") as run:
    job = InternalArtifact("a-job", "job")
    types = TypeRegistry.type_of({"lr": 0.5}).to_json()
    with job.new_file("wandb-job.json") as file:
        json.dump({"source_type": "image", "source": {"image": "alpine"}, "input_types": types,
                   "output_types": types, "runtime": "3.11"}, file)
    run.log_artifact(job).wait()
job = api.job(f"{me}/jobs/a-job:latest", path="fetched")
assert job.name == f"{me}/jobs/a-job:latest"
job.set_entrypoint(["python", "train.py"])
[listed] = api.list_jobs(me, "jobs")
assert listed["edges"][0]["node"]["artifactSequence"] == {"name": "a-job"}, listed
[version] = api.artifact_versions("job", f"{me}/jobs/a-job")
assert version.name == "a-job:v0"
collection = api.artifact_collection("job", f"{me}/jobs/a-job")
assert collection.project_id and collection.project_internal_id
assert collection.is_sequence() and collection.created_at <= (collection.updated_at or collection.created_at)
try:
    job.call({"lr": 0.1}, project="jobs", queue="default")
except Exception as problem:
    print("REFUSED", problem)
else:
    raise AssertionError("a job was put into a queue that is not there")
"""


def test_a_job_is_kept_as_the_artifact_that_it_is(shared_server, tmp_path):
    run_script(shared_server, tmp_path, JOB)


def test_a_team_without_a_name_of_ours_is_the_clients_own_error(shared_server, tmp_path):
    script = "(lambda f: f())(lambda: api.team('no-such-team'))"
    done = run_script(shared_server, tmp_path, f"import wandb\napi = wandb.Api()\n{script}", check=False)
    assert done.returncode != 0 and "members" in done.stderr
    assert ask(shared_server, tmp_path, "[i.name for i in api.slack_integrations()]") == []
