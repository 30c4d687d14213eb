"""An online run of the unmodified stock client: everything that it logged is on the server."""

from __future__ import annotations

import json
import math

import pytest
from client import ask, run_script

SETTINGS = "settings=wandb.Settings(x_disable_stats=True)"


def files_of(server, project: str, run: str) -> dict[str, int]:
    data = server.graphql(
        """query F($p: String!, $r: String!) { project(name: $p) { run(name: $r) {
             fileCount files(first: 1000) { edges { node { name sizeBytes } } } } } }""",
        p=project,
        r=run,
    )["project"]["run"]
    files = {edge["node"]["name"]: edge["node"]["sizeBytes"] for edge in data["files"]["edges"]}
    assert data["fileCount"] == len(files)
    return files


def console_of(server, project: str, run: str) -> list[str]:
    """The text of the console's lines, without times."""
    data = server.graphql(
        """query L($p: String!, $r: String!) { project(name: $p) { run(name: $r) {
             logLineCount logLines { edges { node { number level line timestamp } } } } } }""",
        p=project,
        r=run,
    )["project"]["run"]
    nodes = [edge["node"] for edge in data["logLines"]["edges"]]
    assert [node["number"] for node in nodes] == sorted(node["number"] for node in nodes)
    return [node["line"] for node in nodes]


def test_a_run_arrives_whole(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        f"""
        import wandb
        run = wandb.init(project="online", id="whole", name="a name", notes="some notes", group="g",
                         job_type="train", tags=["x", "y"], config={{"lr": 0.1, "net": {{"layers": 3}}}},
                         {SETTINGS})
        run.define_metric("epoch")
        run.define_metric("val/*", step_metric="epoch")
        run.define_metric("loss", summary="min")
        for i in range(100):
            run.log({{"loss": 1 / (i + 1), "epoch": i // 10, "val/acc": i / 100, "text": f"t{{i}}"}})
        run.summary["best"] = {{"acc": 0.99, "list": [1, 2.5, None, "x"]}}
        run.config["added"] = [1, 2]
        print("hello from the script")
        run.finish()
        """,
    )
    facts = shared_server.run_facts("online", "whole")
    assert facts["state"] == "finished"
    assert facts["display_name"] == "a name"
    assert facts["line_count"] == 100
    assert [row["_step"] for row in facts["rows"]] == list(range(100))
    assert [row["loss"] for row in facts["rows"]] == [1 / (i + 1) for i in range(100)]
    assert [row["text"] for row in facts["rows"]] == [f"t{i}" for i in range(100)]
    assert facts["config"]["lr"] == {"value": 0.1}
    assert facts["config"]["net"] == {"value": {"layers": 3}}
    assert facts["config"]["added"] == {"value": [1, 2]}
    defined = facts["config"]["_wandb"]["value"]["m"]
    assert {m.get("1") or m.get("2") for m in defined} >= {"loss", "epoch", "val/*"}
    assert facts["summary"]["loss"] == {"min": 0.01}
    assert facts["summary"]["best"] == {"acc": 0.99, "list": [1, 2.5, None, "x"]}
    assert facts["summary"]["val/acc"] == 0.99
    assert "hello from the script" in console_of(shared_server, "online", "whole")
    files = files_of(shared_server, "online", "whole")
    assert files.keys() >= {"wandb-metadata.json", "wandb-summary.json", "config.yaml", "requirements.txt"}
    assert all(size > 0 for size in files.values())
    node = shared_server.graphql(
        '{ project(name: "online") { run(name: "whole") { tags notes group jobType exitCode } } }'
    )["project"]["run"]
    assert (node["tags"], node["notes"]) == (["x", "y"], "some notes")
    assert (node["group"], node["jobType"], node["exitCode"]) == ("g", "train", 0)


@pytest.mark.parametrize(
    ("name", "ending", "code", "state"),
    [
        ("finish0", "run.finish()", 0, "finished"),
        ("finish3", "run.finish(exit_code=3)", 3, "failed"),
        ("raised", "raise RuntimeError('boom')", 1, "failed"),
        ("exited", "import sys; sys.exit(7)", 7, "failed"),
        ("left", "pass", 0, "finished"),
    ],
)
def test_the_end_of_a_run_is_told(shared_server, tmp_path, name, ending, code, state):
    script = f"""
        import wandb
        run = wandb.init(project="endings", id="{name}", {SETTINGS})
        run.log({{"a": 1}})
        {ending}
        """
    run_script(shared_server, tmp_path, script, check=False)
    node = shared_server.graphql(
        'query R($r: String!) { project(name: "endings") { run(name: $r) { state exitCode historyLineCount } } }',
        r=name,
    )["project"]["run"]
    assert node == {"state": state, "exitCode": code, "historyLineCount": 1}


def test_saved_files_come_back_byte_for_byte(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        f"""
        import os, pathlib, wandb
        run = wandb.init(project="files", id="f1", {SETTINGS})
        pathlib.Path("sub").mkdir()
        pathlib.Path("sub/with space é.bin").write_bytes(bytes(range(256)) * 4000)
        pathlib.Path("empty.txt").write_bytes(b"")
        run.save("sub/*", policy="now", base_path=os.getcwd())
        run.save("empty.txt", policy="end")
        run.log({{"a": 1}})
        run.finish()
        """,
    )
    name = "sub/with space é.bin"
    files = files_of(shared_server, "files", "f1")
    assert files[name] == 256 * 4000
    assert files["empty.txt"] == 0
    got = ask(
        shared_server,
        tmp_path,
        "[open(api.run('files/f1').file(name).download(root='down', replace=True).name, 'rb').read().hex()]",
        name=name,
    )
    assert bytes.fromhex(got[0]) == bytes(range(256)) * 4000
    listed = ask(shared_server, tmp_path, "sorted(f.name for f in api.run('files/f1').files())")
    assert listed == sorted(files)
    by_pattern = ask(shared_server, tmp_path, "[f.name for f in api.run('files/f1').files(pattern='%.bin')]")
    assert by_pattern == [name]


def test_values_of_every_kind_come_back(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        f"""
        import math, wandb
        run = wandb.init(project="values", id="v1", config={{"nan": math.nan, "big": 2**53 + 1}}, {SETTINGS})
        run.log({{"nan": math.nan, "inf": math.inf, "ninf": -math.inf, "big": 2**53 + 1, "tiny": 5e-324,
                  "neg": -0.0, "t": True, "s": "text \\n \\" é 😀", "none": None, "list": [1, [2.5, "x"]],
                  "nest": {{"a": {{"b": 1.5}}, "c.d": 2}}, "a/b": 3, "dot.ted": 4, "": 5, "emoji 🎉": 6,
                  'quo"te': 7, "new\\nline": 8, "back\\\\slash": 9}})
        run.log({{"nan": 1}})
        run.finish()
        """,
    )
    row = shared_server.run_facts("values", "v1")["rows"][0]
    assert math.isnan(row["nan"]) and row["inf"] == math.inf and row["ninf"] == -math.inf
    assert row["big"] == 2**53 + 1 and row["tiny"] == 5e-324 and row["t"] is True
    assert row["s"] == 'text \n " é 😀'
    assert row["list"] == [1, [2.5, "x"]]
    assert row["nest"] == {"a": {"b": 1.5}, "c.d": 2}
    assert (row["a/b"], row["dot.ted"], row["emoji 🎉"]) == (3, 4, 6)
    assert (row['quo"te'], row["new\nline"], row["back\\slash"]) == (7, 8, 9)
    history = ask(shared_server, tmp_path, "api.run('values/v1').history(pandas=False)")
    assert math.isnan(history[0]["nan"]) and history[1]["nan"] == 1


def test_twenty_thousand_keys_in_a_row(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        f"""
        import wandb
        run = wandb.init(project="values", id="wide", {SETTINGS})
        for step in range(3):
            run.log({{f"key/{{i}}": i + step / 4 for i in range(20_000)}})
        run.finish()
        """,
    )
    facts = shared_server.run_facts("values", "wide")
    assert len(facts["rows"]) == 3
    for step, row in enumerate(facts["rows"]):
        assert {k: v for k, v in row.items() if not k.startswith("_")} == {
            f"key/{i}": i + step / 4 for i in range(20_000)
        }
    assert len([k for k in facts["summary"] if k.startswith("key/")]) == 20_000


def test_a_wrong_key_is_refused_and_makes_nothing(shared_server, tmp_path):
    done = run_script(
        shared_server,
        tmp_path,
        """
        import wandb
        run = wandb.init(project="denied", id="d1", settings=wandb.Settings(init_timeout=30))
        run.log({"a": 1})
        run.finish()
        """,
        check=False,
        env={"WANDB_API_KEY": "local-" + "0" * 40},
    )
    assert done.returncode != 0
    assert "user is not logged in" in done.stdout + done.stderr or "401" in done.stdout + done.stderr
    assert shared_server.graphql('{ project(name: "denied") { id } }')["project"] is None


def test_login_verifies_the_key(shared_server, tmp_path):
    script = "import wandb\nassert wandb.login(verify=True)\n"
    run_script(shared_server, tmp_path, script)
    wrong = {"WANDB_API_KEY": "local-" + "0" * 40}
    done = run_script(shared_server, tmp_path, script, check=False, env=wrong)
    assert done.returncode != 0


@pytest.mark.parametrize("resume", ["allow", "must"])
def test_a_resumed_run_goes_on_where_it_was(shared_server, tmp_path, resume):
    first = f"""
        import wandb
        run = wandb.init(project="resumed", id="r-{resume}", config={{"a": 1}}, tags=["kept"], {SETTINGS})
        for i in range(5):
            run.log({{"loss": i}})
        run.finish()
        """
    second = f"""
        import wandb
        run = wandb.init(project="resumed", id="r-{resume}", resume="{resume}", config={{"b": 2}}, {SETTINGS})
        assert run.resumed and run.starting_step == 5, run.starting_step
        for i in range(5, 8):
            run.log({{"loss": i}})
        run.finish()
        """
    run_script(shared_server, tmp_path, first)
    run_script(shared_server, tmp_path, second)
    facts = shared_server.run_facts("resumed", f"r-{resume}")
    assert [(row["_step"], row["loss"]) for row in facts["rows"]] == [(i, i) for i in range(8)]
    assert facts["config"]["a"] == {"value": 1} and facts["config"]["b"] == {"value": 2}
    node = shared_server.graphql(
        'query T($r: String!) { project(name: "resumed") { run(name: $r) { tags } } }', r=f"r-{resume}"
    )
    assert node["project"]["run"]["tags"] == ["kept"]


def test_resume_must_and_never_are_kept(shared_server, tmp_path):
    missing = run_script(
        shared_server,
        tmp_path,
        'import wandb\nwandb.init(project="resumed", id="not-there", resume="must")\n',
        check=False,
    )
    assert missing.returncode != 0
    run_script(
        shared_server,
        tmp_path,
        f'import wandb\nwandb.init(project="resumed", id="there", {SETTINGS}).finish()\n',
    )
    existing = run_script(
        shared_server,
        tmp_path,
        'import wandb\nwandb.init(project="resumed", id="there", resume="never")\n',
        check=False,
    )
    assert existing.returncode != 0


def test_a_run_that_was_asked_to_stop_stops(shared_server, tmp_path):
    done = run_script(
        shared_server,
        tmp_path,
        """
        import time, wandb
        run = wandb.init(project="stopped", id="s1",
                         settings=wandb.Settings(x_disable_stats=True, x_file_stream_transmit_interval=0.2))
        run.log({"i": 0})
        api = wandb.Api()
        api.run("stopped/s1").stop()
        deadline = time.monotonic() + 60
        try:
            i = 0
            while time.monotonic() < deadline:
                i += 1
                run.log({"i": i})
                time.sleep(0.05)
        except KeyboardInterrupt:
            print("INTERRUPTED", flush=True)
            raise
        """,
        check=False,
    )
    assert "INTERRUPTED" in done.stdout, done.stdout + done.stderr
    data = shared_server.graphql('{ project(name: "stopped") { run(name: "s1") { state stopped } } }')
    assert data["project"]["run"]["state"] == "killed"


def test_ids_and_names_that_need_escapes(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        f"""
        import wandb
        run = wandb.init(project="pro-ject_1.x", id="Run_1.x-é", name="näme / with % things", {SETTINGS})
        run.log({{"a": 1}})
        run.finish()
        """,
    )
    facts = shared_server.run_facts("pro-ject_1.x", "Run_1.x-é")
    assert facts["display_name"] == "näme / with % things"
    assert facts["line_count"] == 1
    assert files_of(shared_server, "pro-ject_1.x", "Run_1.x-é")["config.yaml"] > 0


def test_upload_addresses_stand_for_themselves(shared_server):
    """No key goes with an upload, and an address allows one file and one method only."""
    shared_server.graphql('mutation { upsertBucket(input: {modelName: "signed", name: "s"}) { inserted } }')
    entity = shared_server.entity()
    made = shared_server.graphql(
        """mutation C($e: String!) { createRunFiles(input: {entityName: $e, projectName: "signed",
             runName: "s", files: ["b.txt", "a.txt", "b.txt"]}) { runID uploadHeaders files { name uploadUrl } } }""",
        e=entity,
    )["createRunFiles"]
    assert made["runID"]
    assert [file["name"] for file in made["files"]] == ["b.txt", "a.txt", "b.txt"]
    url = made["files"][1]["uploadUrl"]
    assert url.startswith(shared_server.url)
    path = url.removeprefix(shared_server.url)
    assert shared_server.request("PUT", path, b"content")[0] in (200, 201, 204)
    assert shared_server.request("GET", path)[0] in (401, 403)
    assert shared_server.request("PUT", path.replace("a.txt", "c.txt"), b"x")[0] in (401, 403)
    assert files_of(shared_server, "signed", "s") == {"a.txt": 7}
    assert json.dumps(made)
