"""Whole projects: renamed and deleted with all that is in them."""

from __future__ import annotations

import hashlib

from client import ask, refused, run_script

PROJECT_ID = "query P($n: String!) { project(name: $n) { id } }"
RENAME = """mutation R($entity: String!, $old: String!, $new: String!) {
  renameProject(input: {entityName: $entity, oldProjectName: $old, newProjectName: $new}) { project { id name } } }"""
DELETE = (
    "mutation D($id: String!, $all: Boolean) { deleteModel(input: {id: $id, deleteRuns: $all}) { success } }"
)
LOG_A_VERSION = """
import wandb
with wandb.init(project="PROJECT", id="writer") as run:
    run.log({"loss": 1})
    artifact = wandb.Artifact("numbers", type="dataset")
    with artifact.new_file("own.txt") as file:
        file.write("bytes of PROJECT")
    run.log_artifact(artifact).wait()
    run.link_artifact(artifact, "PROJECT/best")
"""


def project_id(server, name: str) -> str | None:
    node = server.graphql(PROJECT_ID, n=name)["project"]
    return node and node["id"]


def test_a_renamed_project_keeps_its_runs_and_versions(shared_server, tmp_path):
    server, entity = shared_server, shared_server.entity()
    run_script(server, tmp_path, LOG_A_VERSION.replace("PROJECT", "before-renaming"))
    before = project_id(server, "before-renaming")
    renamed = server.graphql(RENAME, entity=entity, old="before-renaming", new="after-renaming")[
        "renameProject"
    ]
    assert renamed["project"] == {"id": before, "name": "after-renaming"}
    assert project_id(server, "before-renaming") is None
    facts = server.run_facts("after-renaming", "writer")
    assert [row["loss"] for row in facts["rows"]] == [1]
    seen = ask(
        server,
        tmp_path,
        """[
            api.artifact("after-renaming/numbers:latest").qualified_name,
            [a.name for a in api.run("after-renaming/writer").logged_artifacts()],
            sorted(c.name for c in api.artifact_type("dataset", "after-renaming").collections()),
        ]""",
    )
    assert seen == [f"{entity}/after-renaming/numbers:latest", ["numbers:v0"], ["best", "numbers"]]
    # The writer goes on under the new name; the old name is free again.
    run_script(
        server,
        tmp_path,
        """
        import wandb
        with wandb.init(project="after-renaming", id="writer", resume="must") as run:
            run.log({"loss": 2})
        wandb.init(project="before-renaming", id="other").finish()
        """,
    )
    assert [row["loss"] for row in server.run_facts("after-renaming", "writer")["rows"]] == [1, 2]
    names = {"entity": entity, "old": "after-renaming"}
    assert "there is a project of that name" in refused(server, RENAME, **names, new="before-renaming")
    assert "must not contain" in refused(server, RENAME, **names, new="a/b")
    assert "a project a project" in refused(server, RENAME, **names, new="wandb-registry-x")
    assert "there is no project" in refused(server, RENAME, entity=entity, old="never-there", new="x")
    live = 'mutation U($n: String!) { upsertBucket(input: {modelName: $n, name: "live"}) { inserted } }'
    server.graphql(live, n="after-renaming")
    assert "run live is running" in refused(server, RENAME, **names, new="later-name")


def test_a_project_is_deleted_with_its_runs_versions_and_bytes(shared_server, tmp_path):
    server, entity = shared_server, shared_server.entity()
    run_script(server, tmp_path, LOG_A_VERSION.replace("PROJECT", "doomed"))
    digest = hashlib.md5(b"bytes of doomed").hexdigest()

    def fetch() -> int:
        return server.request("GET", f"/artifacts/{entity}/{digest}", None, server.authorization())[0]

    assert fetch() == 200
    identifier = project_id(server, "doomed")
    assert "the project has artifacts" in refused(server, DELETE, id=identifier, all=False)
    assert fetch() == 200
    assert server.graphql(DELETE, id=identifier, all=True)["deleteModel"]["success"]
    assert project_id(server, "doomed") is None
    assert fetch() == 404
    assert not ask(server, tmp_path, 'api.artifact_exists("doomed/numbers:v0")')
    # The name can be used anew, and nothing of the old project shows.
    run_script(server, tmp_path, "import wandb; wandb.init(project='doomed', id='writer').finish()")
    assert server.run_facts("doomed", "writer")["rows"] == []
