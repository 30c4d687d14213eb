"""Reports and workspaces: what the client's own objects and the wandb-workspaces package read and write."""

from __future__ import annotations

import json
import subprocess

import client
import pytest
from support.server import Server, runstone_bin

UPSERT = """mutation upsertView($id: ID, $entityName: String, $projectName: String, $type: String, $name: String,
    $displayName: String, $description: String, $spec: String) {
  upsertView(input: {id: $id, entityName: $entityName, projectName: $projectName, name: $name,
      displayName: $displayName, description: $description, type: $type, createdUsing: WANDB_SDK, spec: $spec}) {
    view { id type name displayName description project { id name entityName } spec updatedAt
      user { username } } inserted } }"""
DELETE = """mutation deleteView($id: ID!, $deleteDrafts: Boolean) {
  deleteView(input: {id: $id, deleteDrafts: $deleteDrafts}) { success pendingDrafts __typename } }"""
VIEW = "query View($id: ID!) { view(id: $id) { id name spec } }"
VIEWS = """query Views($entity: String!, $type: String, $name: String, $first: Int, $after: String) {
  project(name: "reports", entityName: $entity) {
    allViews(viewType: $type, viewName: $name, first: $first, after: $after) {
      edges { cursor node { id name displayName spec } } pageInfo { endCursor hasNextPage } } } }"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("reports") / "data").start()
    make = "mutation M($input: UpsertModelInput!) { upsertModel(input: $input) { inserted } }"
    server.graphql(make, input={"name": "reports", "entityName": server.entity()})
    yield server
    server.stop()


def upsert(server, **fields) -> dict:
    fields = {"entityName": server.entity(), "projectName": "reports"} | fields
    return server.graphql(UPSERT, **fields)["upsertView"]


def ask_raw(server, query: str, key: str | None = None, **variables) -> dict:
    """The whole answer, errors included."""
    import base64

    headers = dict(server.authorization())
    if key is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(f"api:{key}".encode()).decode()
    body = json.dumps({"query": query, "variables": variables}).encode()
    return json.loads(server.request("POST", "/graphql", body, headers)[1])


def test_reports_of_the_workspaces_package_are_saved_loaded_listed_and_deleted(server, tmp_path):
    script = """
        import json, sys
        import wandb
        import wandb_workspaces.reports.v2 as wr

        entity = wandb.Api().default_entity
        wandb.Api().create_project("by-package", entity)
        report = wr.Report(project="by-package", entity=entity, title="Größe & Form", description="what we found")
        report.blocks = [
            wr.H1("Title"),
            wr.P("Some text with ünïcödé"),
            wr.PanelGrid(panels=[wr.LinePlot(x="Step", y=["loss"])], runsets=[wr.Runset(entity, "by-package")]),
        ]
        report.save()
        first_id = report.id
        report.title = "Renamed"
        report.save()
        assert report.id == first_id, "saving again changes the same report"

        loaded = wr.Report.from_url(report.url)
        assert loaded.title == "Renamed"
        assert loaded.description == "what we found"
        assert [type(b).__name__ for b in loaded.blocks] == [type(b).__name__ for b in report.blocks]
        assert loaded.blocks[1].text == "Some text with ünïcödé"

        draft = wr.Report(project="by-package", entity=entity, title="Draft")
        draft.save(draft=True)
        copy = wr.Report(project="by-package", entity=entity, title="Copy", blocks=[wr.P("c")])
        copy.save()

        api = wandb.Api()
        listed = list(api.reports(f"{entity}/by-package"))
        assert [r.display_name for r in listed] == ["Copy", "Renamed"], [r.display_name for r in listed]
        beta = listed[1]
        assert beta.id == first_id
        assert beta.description == "what we found"
        assert beta.user["username"] == entity
        assert beta.created_at and beta.updated_at
        assert beta.spec["blocks"], "the document comes back parsed"
        assert f"/{entity}/by-package/reports/Renamed--" in beta.url
        one = list(api.reports(f"{entity}/by-package", name="Copy"))
        assert [r.display_name for r in one] == ["Copy"]
        paged = wandb.Api().reports(f"{entity}/by-package", per_page=1)
        assert [r.display_name for r in paged] == ["Copy", "Renamed"]

        assert report.get_share_url() is None
        assert copy.delete() is True
        fresh = wandb.Api()  # an Api object keeps the lists that it has read
        assert [r.display_name for r in fresh.reports(f"{entity}/by-package")] == ["Renamed"]
        try:
            list(api.reports(f"{entity}/no-such-project"))
        except ValueError as error:
            assert "does not exist" in str(error)
        else:
            raise AssertionError("a missing project is an error")
    """
    client.run_script(server, tmp_path, script)


def test_workspaces_of_the_package_are_saved_and_loaded(server, tmp_path):
    script = """
        import wandb
        import wandb_workspaces.workspaces as ws
        import wandb_workspaces.reports.v2 as wr

        entity = wandb.Api().default_entity
        workspace = ws.Workspace(
            name="My workspace", entity=entity, project="reports",
            sections=[ws.Section(name="Losses", panels=[wr.LinePlot(x="Step", y=["loss"])], is_open=True)],
        )
        workspace.save()
        loaded = ws.Workspace.from_url(workspace.url)
        assert loaded.name == "My workspace"
        assert [s.name for s in loaded.sections] == ["Losses"]
        loaded.name = "Renamed"
        loaded.save()
        assert ws.Workspace.from_url(workspace.url).name == "Renamed"
        loaded.save_as_new_view()
        assert loaded.url != workspace.url
        api = wandb.Api()
        assert [r for r in api.reports(f"{entity}/reports") if r.display_name == "Renamed"] == []
    """
    client.run_script(server, tmp_path, script)


def test_a_document_comes_back_byte_for_byte(server):
    spec = '{ "z": 1.0, "a": [1e3, 1, null, "\\u00e9é"],  "nested": {"k": {}} }'
    made = upsert(server, name="exact", type="runs", spec=spec)
    assert made["inserted"] is True
    assert made["view"]["spec"] == spec
    assert made["view"]["user"] == {"username": server.entity()}
    assert server.graphql(VIEW, id=made["view"]["id"])["view"]["spec"] == spec
    server.stop()
    server.start()
    assert server.graphql(VIEW, id=made["view"]["id"])["view"]["spec"] == spec
    unpadded = made["view"]["id"].rstrip("=")
    assert server.graphql(VIEW, id=unpadded)["view"]["spec"] == spec


def test_the_same_name_is_the_same_view_and_what_is_left_out_stays(server):
    made = upsert(server, name="again", displayName="First", description="d", spec='{"v":1}')
    again = upsert(server, name="again", spec='{"v":2}')
    assert again["inserted"] is False
    assert again["view"]["id"] == made["view"]["id"]
    assert again["view"]["displayName"] == "First"
    assert again["view"]["description"] == "d"
    assert again["view"]["spec"] == '{"v":2}'
    by_id = upsert(server, id=made["view"]["id"], displayName="Second")
    assert by_id["view"]["spec"] == '{"v":2}'
    assert by_id["view"]["displayName"] == "Second"


def test_pages_hold_while_views_are_added_and_types_are_apart(server):
    for number in range(5):
        upsert(server, name=f"page-{number}", type="paged", spec="{}")
    first = server.graphql(VIEWS, entity=server.entity(), type="paged", first=2)["project"]["allViews"]
    upsert(server, name="page-late", type="paged", spec="{}")
    after = first["pageInfo"]["endCursor"]
    rest = server.graphql(VIEWS, entity=server.entity(), type="paged", first=50, after=after)["project"][
        "allViews"
    ]
    names = [edge["node"]["name"] for edge in first["edges"] + rest["edges"]]
    assert names == [f"page-{number}" for number in reversed(range(5))]
    assert rest["pageInfo"]["hasNextPage"] is False
    assert server.graphql(VIEWS, entity=server.entity(), type="none")["project"]["allViews"]["edges"] == []


def test_bad_documents_get_an_error_that_says_what_is_wrong(server):
    good = {"entityName": server.entity(), "projectName": "reports", "name": "bad", "spec": "{}"}
    for change, said in [
        ({"spec": "no json"}, "spec"),
        ({"spec": "[1]"}, "spec"),
        ({"spec": json.dumps({"a": "x" * (17 << 20)})}, "16777216"),
        ({"name": "x" * 300}, "name"),
        ({"displayName": "x" * 2000}, "displayName"),
        ({"projectName": "gone"}, "gone"),
        ({"id": "bm9uc2Vuc2U="}, "no report or view"),
    ]:
        answer = ask_raw(server, UPSERT, **(good | change))
        assert said in answer["errors"][0]["message"], answer
        assert server.graphql(VIEWS, entity=server.entity(), name="bad")["project"]["allViews"]["edges"] == []
    assert server.graphql(VIEW, id="nonsense") == {"view": None}
    made = upsert(server, name="stays", spec="{}")["view"]
    answer = ask_raw(server, UPSERT, **(good | {"id": made["id"], "name": "stays", "projectName": "other"}))
    assert "stays in its project" in answer["errors"][0]["message"]


def test_a_stranger_cannot_tell_a_view_from_none(server):
    made = upsert(server, name="private", spec='{"secret":1}')["view"]
    stranger = subprocess.run(
        [runstone_bin(), "user", "add", "stranger", "--data", str(server.data)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()[-1]
    assert ask_raw(server, VIEW, key=stranger, id=made["id"])["data"] == {"view": None}
    gone = made["id"][:-4] + "OTk5"
    for query in (DELETE, UPSERT):
        there, missing = (
            ask_raw(server, query, key=stranger, id=which, spec="{}")["errors"][0]["message"]
            for which in (made["id"], gone)
        )
        assert there.replace(made["id"], gone) == missing
    fields = {"entityName": server.entity(), "name": "mine", "spec": "{}"}
    there, missing = (
        ask_raw(server, UPSERT, key=stranger, **fields, projectName=name)["errors"][0]["message"]
        for name in ("reports", "gone")
    )
    assert there.replace("reports", "gone") == missing
    assert server.graphql(DELETE, id=made["id"])["deleteView"]["success"] is True
    assert server.graphql(VIEW, id=made["id"]) == {"view": None}
    assert ask_raw(server, DELETE, id=made["id"])["errors"]


def test_share_links_are_refused_with_the_reason(server):
    create = """mutation createAccessToken($viewId: ID!, $projects: [ProjectSpecifier!]!) {
      createAccessToken(input: {viewId: $viewId, projects: $projects}) { accessToken { token type } } }"""
    made = upsert(server, name="shared", spec="{}")["view"]
    answer = ask_raw(server, create, viewId=made["id"], projects=[])
    assert "no share links" in answer["errors"][0]["message"]
    tokens = "query T($id: ID!) { view(id: $id) { accessTokens { token type revokedAt projects { name } } } }"
    assert server.graphql(tokens, id=made["id"]) == {"view": {"accessTokens": []}}
