"""Sweeps as the stock client makes, runs, controls and reads them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from base64 import b64encode

import pytest
from client import ROOT, ask, environment, run_script, wandb_command
from support.server import runstone_bin

# The agents' waits between two heartbeats are the client's own settings for its tests.
HURRY = """
import json, time
import wandb
import wandb.agents.pyagent as pyagent
pyagent.Agent.HEARTBEAT_SLEEP_SECONDS = 0.2
"""


def script(text: str) -> str:
    return HURRY + textwrap.dedent(text)


def answer_of(done) -> object:
    lines = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    assert len(lines) == 1, done.stdout + done.stderr
    return json.loads(lines[0][len("ANSWER ") :])


def make_sweep(server, project: str, config: str) -> dict:
    query = """mutation M($input: UpsertSweepInput!) { upsertSweep(input: $input) {
      sweep { id name } configValidationWarnings } }"""
    sweep = server.graphql(query, input={"projectName": project, "config": config})
    return sweep["upsertSweep"]["sweep"]


def sweep_facts(server, project: str, sweep: str) -> dict:
    query = """query Q($entity: String!, $project: String!, $sweep: String!) {
      project(name: $project, entityName: $entity) { sweep(sweepName: $sweep) {
        id state bestLoss runCount runCountExpected
        runs { edges { node { name state config summaryMetrics sweepName exitcode } } } } } }"""
    found = server.graphql(query, entity=server.entity(), project=project, sweep=sweep)
    facts = found["project"]["sweep"]
    facts["runs"] = [edge["node"] for edge in facts["runs"]["edges"]]
    return facts


def send(server, project: str, run: str, sweep: str, losses: list[float], exit_code: int | None = 0) -> None:
    """A run of a sweep that has logged these losses; still live if it has no exit code."""
    server.graphql(
        "mutation U($input: UpsertBucketInput!) { upsertBucket(input: $input) { inserted } }",
        input={"modelName": project, "name": run, "sweep": sweep},
    )
    lines = [json.dumps({"_step": i, "loss": loss}) for i, loss in enumerate(losses)]
    stream = {"files": {"wandb-history.jsonl": {"offset": 0, "content": lines}}}
    stream["files"]["wandb-summary.json"] = {"offset": 0, "content": lines[-1:]}
    if exit_code is not None:
        stream |= {"complete": True, "exitcode": exit_code}
    path = f"/files/{server.entity()}/{project}/{run}/file_stream"
    status, answer = server.request("POST", path, json.dumps(stream).encode(), server.authorization())
    assert status == 200, answer


def test_a_grid_runs_by_a_function_and_is_read_back_by_the_api(shared_server, tmp_path):
    done = run_script(
        shared_server,
        tmp_path,
        script("""
        config = {"method": "grid", "name": "first grid", "metric": {"name": "loss", "goal": "minimize"},
                  "parameters": {"lr": {"values": [0.1, 0.2]}, "net": {"parameters": {"depth": {"value": 3}}}}}
        sweep_id = wandb.sweep(config, project="grid")

        def train():
            with wandb.init() as run:
                assert run.sweep_id == sweep_id
                assert run.config["net"]["depth"] == 3
                run.log({"loss": run.config["lr"] * 10})

        wandb.agent(sweep_id, function=train, project="grid", count=2)
        api = wandb.Api()
        path = f"{api.default_entity}/grid/{sweep_id}"
        sweep = api.sweep(path)
        best = sweep.best_run()
        agents = sweep.agents()
        listed = [s.id for s in api.project("grid").sweeps()]
        run = sweep.runs[0]
        print("\\nANSWER " + json.dumps({
            "name": sweep.name, "state": sweep.state, "expected": sweep.expected_run_count,
            "best_lr": best.config["lr"], "best_loss": sweep._attrs["bestLoss"],
            "configs": sorted(r.config["lr"] for r in sweep.runs), "states": [r.state for r in sweep.runs],
            "listed": listed == [sweep_id], "run_sweep": run.sweep.id == sweep_id,
            "run_sweep_name": run.sweep_name == sweep_id, "method": sweep.config["method"],
            "agents": len(agents), "agent_runs": sorted(r.config["lr"] for r in agents[0].runs()),
            "same_agent": sweep.agent(agents[0]._attrs["name"]).host == agents[0].host,
            "order": sweep.order, "url": sweep.url,
        }), flush=True)
        """),
    )
    facts = answer_of(done)
    assert facts.pop("url").endswith(f"/{shared_server.entity()}/grid/sweeps/" + facts_sweep_id(done))
    assert facts == {
        "name": "first grid",
        "state": "FINISHED",
        "expected": 2,
        "best_lr": 0.1,
        "best_loss": 1.0,
        "configs": [0.1, 0.2],
        "states": ["finished", "finished"],
        "listed": True,
        "run_sweep": True,
        "run_sweep_name": True,
        "method": "grid",
        "agents": 1,
        "agent_runs": [0.1, 0.2],
        "same_agent": True,
        "order": "+summary_metrics.loss",
    }


def facts_sweep_id(done) -> str:
    return re.search(r"Create sweep with ID: (\w+)", done.stdout).group(1)


def test_two_agents_at_once_share_a_sweep_up_to_its_run_cap(shared_server, tmp_path):
    yaml = "{method: random, run_cap: 4, parameters: {x: {min: 0.0, max: 1.0}}}"
    sweep = make_sweep(shared_server, "two", yaml)["name"]
    text = script(f"""
        def train():
            with wandb.init() as run:
                run.log({{"x": run.config["x"]}})
        wandb.agent("{sweep}", function=train, project="two")
        """)
    agents = []
    for i in range(2):
        folder = tmp_path / str(i)
        env = environment(shared_server, folder)
        (folder / "agent.py").write_text(text)
        agents.append(
            subprocess.Popen(
                [sys.executable, "agent.py"],
                cwd=folder,
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    for agent in agents:
        output, _ = agent.communicate(timeout=90)
        assert agent.returncode == 0, output
    facts = sweep_facts(shared_server, "two", sweep)
    assert facts["state"] == "FINISHED"
    assert facts["runCount"] == facts["runCountExpected"] == 4
    assert len({run["config"] for run in facts["runs"]}) == 4
    assert [run["state"] for run in facts["runs"]] == ["finished"] * 4


def test_the_command_line_makes_changes_and_controls_a_sweep(shared_server, tmp_path):
    config = "program: train.py\nmethod: grid\nmetrik: x\nparameters:\n  a:\n    values: [1, 2]\n"
    (tmp_path / "sweep.yaml").write_text(config)
    made = wandb_command(shared_server, tmp_path, "sweep", "-p", "cli", "sweep.yaml")
    assert "'metrik' is not a known key" in made.stderr
    sweep = re.search(r"sweep with ID: (\w+)", made.stderr).group(1)
    path = f"{shared_server.entity()}/cli/{sweep}"
    assert sweep_facts(shared_server, "cli", sweep)["state"] == "PENDING"
    (tmp_path / "sweep.yaml").write_text(config.replace("[1, 2]", "[1, 2, 3]"))
    wandb_command(shared_server, tmp_path, "sweep", "-p", "cli", "--update", path, "sweep.yaml")
    assert sweep_facts(shared_server, "cli", sweep)["runCountExpected"] == 3
    for command, expected in (("--resume", "RUNNING"), ("--pause", "PAUSED"), ("--stop", "FINISHED")):
        wandb_command(shared_server, tmp_path, "sweep", command, path)
        assert sweep_facts(shared_server, "cli", sweep)["state"] == expected


def test_an_agent_of_processes_runs_the_program_and_exits_at_the_end(shared_server, tmp_path):
    (tmp_path / "train.py").write_text(
        "import wandb\nwith wandb.init() as run:\n    run.log({'loss': run.config['a']})\n"
    )
    command = f"[{sys.executable}, '${{program}}', '${{args}}']"
    yaml = f"{{program: train.py, command: {command}, method: grid, parameters: {{a: {{values: [1]}}}}}}"
    sweep = make_sweep(shared_server, "processes", yaml)["name"]
    path = f"{shared_server.entity()}/processes/{sweep}"
    agent = wandb_command(shared_server, tmp_path, "agent", path)
    assert "--a=1" in agent.stderr + agent.stdout
    facts = sweep_facts(shared_server, "processes", sweep)
    assert facts["state"] == "FINISHED"
    assert [(run["state"], run["exitcode"]) for run in facts["runs"]] == [("finished", 0)]


def test_hyperband_ends_a_bad_run_of_a_function_and_the_agent_goes_on(shared_server, tmp_path):
    yaml = (
        "{method: random, metric: {name: loss}, parameters: {x: {min: 0.0, max: 1.0}}, run_cap: 2, "
        "early_terminate: {type: hyperband, min_iter: 3, eta: 3}}"
    )
    sweep = make_sweep(shared_server, "hyper", yaml)["name"]
    for i in range(3):
        send(shared_server, "hyper", f"good{i}", sweep, [0.1 + i / 100] * 5)
    done = run_script(
        shared_server,
        tmp_path,
        script(f"""
        runs = []
        def train():
            settings = wandb.Settings(x_file_stream_transmit_interval=0.3)
            with wandb.init(settings=settings) as run:
                runs.append(run.id)
                if len(runs) == 2:
                    run.log({{"loss": 0.05}})
                    return
                deadline = time.monotonic() + 60
                while time.monotonic() < deadline:
                    run.log({{"loss": 9.0}})
                    time.sleep(0.05)
        wandb.agent("{sweep}", function=train, project="hyper", count=2)
        print("\\nANSWER " + json.dumps(runs), flush=True)
        """),
    )
    bad, good = answer_of(done)
    states = {run["name"]: run["state"] for run in sweep_facts(shared_server, "hyper", sweep)["runs"]}
    assert states[bad] == "killed"
    assert states[good] == "finished"


def test_a_canceled_sweep_ends_its_live_run_and_its_agent(shared_server, tmp_path):
    yaml = "{method: random, parameters: {x: {min: 0.0, max: 1.0}}}"
    sweep = make_sweep(shared_server, "cancel", yaml)
    done = run_script(
        shared_server,
        tmp_path,
        script(f"""
        from wandb.apis.public.sweeps import _set_sweep_state
        def train():
            with wandb.init() as run:
                _set_sweep_state(wandb.Api(), "{sweep["name"]}", "CANCELED", project="cancel",
                                 entity=run.entity)
                deadline = time.monotonic() + 60
                while time.monotonic() < deadline:
                    time.sleep(0.05)
        started = time.monotonic()
        wandb.agent("{sweep["name"]}", function=train, project="cancel")
        print("\\nANSWER " + json.dumps(time.monotonic() - started < 60), flush=True)
        """),
    )
    assert answer_of(done) is True
    facts = sweep_facts(shared_server, "cancel", sweep["name"])
    assert facts["state"] == "CANCELED"
    assert [run["state"] for run in facts["runs"]] == ["killed"]


def test_prior_runs_and_errors_and_warnings_of_a_config(shared_server, tmp_path):
    send(shared_server, "prior", "old1", "", [0.5])
    done = run_script(
        shared_server,
        tmp_path,
        script("""
        config = {"method": "bayes", "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}}
        sweep_id = wandb.sweep(config, project="prior", prior_runs=["old1"])
        api = wandb.Api()
        path = f"{api.default_entity}/prior"
        runs = [r.id for r in api.sweep(f"{path}/{sweep_id}").runs]
        errors = []
        for bad in (
            {"method": "bayes", "parameters": {"x": {"min": 0.0, "max": 1.0}}},
            {"method": "random", "parameters": {"x": {"min": 2.0, "max": 1.0}}},
            {"method": "random", "parameters": {"x": {"values": []}}},
            {"method": "random", "parameters": {"x": {"values": [1], "probabilities": [0.5]}}},
            {"method": "magic", "parameters": {"x": {"value": 1}}},
            {"method": "random", "parameters": {"x": {"distribution": "odd", "min": 1, "max": 2}}},
        ):
            try:
                wandb.sweep(bad, project="prior")
                errors.append("taken")
            except Exception as error:
                errors.append(str(error))
        try:
            api.sweep(f"{path}/nothing1")
            errors.append("found")
        except Exception as error:
            errors.append(str(error))
        print("\\nANSWER " + json.dumps({"runs": runs, "errors": errors}), flush=True)
        """),
    )
    facts = answer_of(done)
    assert facts["runs"] == ["old1"]
    expected = (
        "metric: is missing",
        "parameters.x: min 2",
        "parameters.x.values: is empty",
        "parameters.x.probabilities: their sum is 0.5",
        'method: unknown method "magic"',
        'parameters.x.distribution: unknown distribution "odd"',
        "Could not find sweep",
    )
    for error, part in zip(facts["errors"], expected, strict=True):
        assert part in error.replace('\\"', '"')


def test_an_agent_of_a_deleted_sweep_ends(shared_server, tmp_path):
    yaml = "{method: random, parameters: {x: {min: 0.0, max: 1.0}}}"
    sweep = make_sweep(shared_server, "sweep-deleted", yaml)
    query = json.dumps(
        {
            "query": "mutation D($id: ID!) { deleteSweep(input: {id: $id}) { success } }",
            "variables": {"id": sweep["id"]},
        }
    )
    token = shared_server.authorization()["Authorization"]
    done = run_script(
        shared_server,
        tmp_path,
        script(f"""
        import urllib.request
        def train():
            run = wandb.init()
            headers = {{"Authorization": "{token}", "Content-Type": "application/json"}}
            request = urllib.request.Request("{shared_server.url}/graphql", {query!r}.encode(), headers)
            assert b"true" in urllib.request.urlopen(request).read()
            run.finish()  # only now: no second run is handed out while this one lives
        wandb.agent("{sweep["name"]}", function=train, project="sweep-deleted")
        """),
    )
    assert "Sweep was deleted" in done.stderr
    project = ask(shared_server, tmp_path, "[r.sweep_name for r in api.runs('sweep-deleted')]")
    assert project == [sweep["name"]]  # the run stays


def test_what_is_not_there_is_a_404_for_a_heartbeat_and_null_for_a_look_up(shared_server):
    headers = shared_server.authorization()
    beat = "mutation H($id: ID!) { agentHeartbeat(input: {id: $id}) { commands } }"
    for agent in ("QWdlbnQ6OTk5OTk5", "nonsense", ""):
        body = json.dumps({"query": beat, "variables": {"id": agent}}).encode()
        status, answer = shared_server.request("POST", "/graphql", body, headers)
        assert status == 404 and b"no such agent" in answer
    make_sweep(shared_server, "empty", "{method: random, parameters: {x: {value: 1}}}")
    found = shared_server.graphql(
        """query Q($entity: String!) { project(name: "empty", entityName: $entity) {
          totalSweeps sweep(sweepName: "none") { id } sweeps(first: 1) { pageInfo { hasNextPage } } } }""",
        entity=shared_server.entity(),
    )["project"]
    assert found == {"totalSweeps": 1, "sweep": None, "sweeps": {"pageInfo": {"hasNextPage": False}}}


@pytest.mark.parametrize("part", ["sweep", "agent"])
def test_another_users_sweep_looks_like_none(shared_server, part):
    command = [
        runstone_bin(),
        "user",
        "add",
        f"mallory-{part}",
        "--data",
        str(shared_server.data),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stderr
    key = done.stdout.split()[-1]
    sweep = make_sweep(shared_server, "private", "{method: random, parameters: {x: {value: 1}}}")
    entity = shared_server.entity()
    agent = shared_server.graphql(
        """mutation C($sweep: String!, $entity: String!) { createAgent(input: {host: "h",
          projectName: "private", entityName: $entity, sweep: $sweep}) { agent { id } } }""",
        sweep=sweep["name"],
        entity=entity,
    )["createAgent"]["agent"]["id"]

    def post(query: str, **variables: object) -> tuple[int, dict]:
        headers = {
            "Authorization": "Basic " + b64encode(f"api:{key}".encode()).decode(),
            "Content-Type": "application/json",
        }
        body = json.dumps({"query": query, "variables": variables}).encode()
        status, answer = shared_server.request("POST", "/graphql", body, headers)
        return status, json.loads(answer)

    if part == "sweep":
        upsert = """mutation U($id: ID!) { upsertSweep(input: {id: $id, state: "CANCELED"}) {
          sweep { name } } }"""
        _, theirs = post(upsert, id=sweep["id"])
        _, nobodys = post(upsert, id="U3dlZXA6OTk5OTk5")
        message = theirs["errors"][0]["message"].replace(sweep["id"], "ID")
        assert message == nobodys["errors"][0]["message"].replace("U3dlZXA6OTk5OTk5", "ID")
        look = """query Q($entity: String!, $sweep: String!) {
          project(name: "private", entityName: $entity) { sweep(sweepName: $sweep) { id } } }"""
        assert post(look, entity=entity, sweep=sweep["name"])[1] == {"data": {"project": None}}
    else:
        beat = "mutation H($id: ID!) { agentHeartbeat(input: {id: $id}) { commands } }"
        status, answer = post(beat, id=agent)
        assert status == 404 and "no such agent" in answer["errors"][0]["message"]
    assert sweep_facts(shared_server, "private", sweep["name"])["state"] == "PENDING"
