"""Who is in a registry, with which role, and what that lets each of them do, with the stock client."""

from __future__ import annotations

import json
import urllib.parse

import pytest
from client import mutation, run_script
from strangers_world import Client, elsewhere, without_names
from test_registry import cli

FOREIGN, CREW, ORGANIZATION = "rm-foreign", "rm-crew", "rm-org"
PEOPLE = ("chief", "maker", "friend", "teamer", "insider", "outsider")


@pytest.fixture(scope="module")
def keys(shared_server):
    """API keys: an administrator and three members of the organization, one in a team of it, one outside."""
    found = {who: cli(shared_server, "user", "add", f"rm-{who}")[-1] for who in PEOPLE}
    cli(shared_server, "team", "add", FOREIGN, "--admin", "rm-maker")
    cli(shared_server, "team", "add", CREW, "--member", "rm-teamer")
    members = [word for who in ("maker", "friend", "insider") for word in ("--member", f"rm-{who}")]
    cli(shared_server, "org", "add", ORGANIZATION, "--team", CREW, "--admin", "rm-chief", *members)
    return found


START = """
import json, os, sys
import wandb
from wandb.apis.public.registries import Registry
keys = json.loads(os.environ["KEYS"])
api = {who: wandb.Api(api_key=key) for who, key in keys.items()}
ORG, LAB = "rm-org", "rm-maker"

def user(who):
    return api[who].viewer

def refused(call, *words):
    try:
        value = call()
    except Exception as problem:
        text, cause = str(problem), problem
        while (cause := cause.__cause__) is not None:
            text += " " + str(cause)
        assert all(word in text for word in words), text
        return text
    raise SystemExit(f"that should not work, and gave {value!r}")

def link(who, version="v0", collection="zoo", registry="secret"):
    return api[who].artifact(f"{LAB}/models/net:{version}").link(f"{ORG}/wandb-registry-{registry}/{collection}")

def members(registry):
    return {m.user.username[3:]: m.role for m in registry.user_members()}

def teams(registry):
    return {m.team.name: m.role for m in registry.team_members()}

def sees(who):
    return [r.name for r in api[who].registries(ORG)]
"""

MAKE = """
with wandb.init(entity=LAB, project="models", settings=wandb.Settings(console="off", x_disable_stats=True)) as run:
    for i in range(3):
        net = wandb.Artifact("net", type="model")
        with net.new_file("weights.txt") as file:
            file.write(f"weights {i}")
        run.log_artifact(net).wait()

made = api["maker"].create_registry("secret", organization=ORG, visibility="restricted")
assert made.visibility == "restricted" and api["maker"].registry("secret", ORG).visibility == "restricted"
assert members(made) == {"maker": "admin", "chief": "admin"} and teams(made) == {}
first = link("maker")
assert first.entity == ORG and first.version == "v0"
"""


def people_script(shared_server, tmp_path, keys, script: str, who: str = "maker"):
    env = {"WANDB_API_KEY": keys[who], "KEYS": json.dumps(keys)}
    return run_script(shared_server, tmp_path, START + script, env=env)


@pytest.fixture(scope="module")
def restricted(shared_server, tmp_path_factory, keys):
    """The registry "secret" that the maker made, with one link in it."""
    people_script(shared_server, tmp_path_factory.mktemp("secret"), keys, MAKE)


COMING_AND_GOING = """
registry = api["maker"].registry("secret", ORG)
assert sees("maker") == sees("chief") == ["secret"] and sees("friend") == sees("insider") == []

registry.add_members(user("friend"))
assert members(registry) == {"maker": "admin", "chief": "admin", "friend": "viewer"}
seen = api["friend"].registry("secret", ORG)
assert [c.name for c in seen.collections()] == ["zoo"] and [v.name for v in seen.versions()] == ["zoo:v0"]
version = api["friend"].artifact("rm-org/wandb-registry-secret/zoo:v0")
assert open(version.get_entry("weights.txt").download(root="of-a-viewer")).read() == "weights 0"
refused(lambda: seen.add_members(user("insider")), "may not administer")
seen.description = "mine"
refused(seen.save, "may not")
refused(seen.delete, "may not")

registry.update_member(user("friend"), "restricted_viewer")
version = api["friend"].artifact("rm-org/wandb-registry-secret/zoo:v0")
assert list(version.manifest.entries) == ["weights.txt"]
refused(lambda: version.get_entry("weights.txt").download(root="of-a-restricted-viewer", skip_cache=True))

registry.update_member(user("friend"), role="member")
assert members(registry)["friend"] == "member"
zoo = [c for c in api["friend"].registry("secret", ORG).collections()][0]
zoo.description = "what we have"
zoo.save()
assert [c.description for c in api["chief"].registry("secret", ORG).collections()] == ["what we have"]

registry.update_member(user("friend"), "admin")
seen.add_members(api["maker"].viewer.id, user("insider"))  # the maker is in already, and stays what he is
assert members(registry) == {"maker": "admin", "chief": "admin", "friend": "admin", "insider": "viewer"}
seen.remove_members(user("insider"))
assert sees("insider") == []
refused(lambda: seen.remove_members(user("insider")), "no role of its own")
registry.update_member(user("friend"), "viewer")
refused(lambda: seen.add_members(user("insider")), "may not administer")
registry.remove_members(user("friend"))
assert sees("friend") == [] and members(registry) == {"maker": "admin", "chief": "admin"}
refused(lambda: api["friend"].artifact("rm-org/wandb-registry-secret/zoo:v0"), "not found")

crew = api["teamer"].team("rm-crew")
registry.add_members(crew)
assert teams(registry) == {"rm-crew": "viewer"} and "teamer" not in members(registry)
assert sees("teamer") == ["secret"]
registry.update_member(crew, "member")
assert teams(registry) == {"rm-crew": "member"}
registry.remove_members(crew)
assert teams(registry) == {} and sees("teamer") == []

refused(lambda: registry.add_members(user("outsider")), "not in the organization")
refused(lambda: registry.add_members(api["maker"].team("rm-foreign")), "not in the organization")
refused(lambda: registry.update_member(user("insider"), "viewer"), "add him first")
refused(lambda: registry.update_member(user("chief"), "viewer"), "administrator of the organization")
refused(lambda: registry.update_member(user("maker"), "owner"), "restricted_viewer, viewer, member and admin")
"""


def test_members_of_a_restricted_registry_come_go_and_do_what_their_role_lets_them(
    shared_server, tmp_path, keys, restricted
):
    people_script(shared_server, tmp_path, keys, COMING_AND_GOING)


OPEN = """
registry = api["maker"].create_registry("forall", organization=ORG, visibility="organization")
everybody = {"chief": "admin", "maker": "admin", "friend": "member", "insider": "member", "teamer": "member"}
assert members(registry) == everybody and teams(registry) == {"rm-crew": "member"}
link("maker", registry="forall")
# A role of one's own counts instead of that in the organization, and what is removed comes back to it.
registry.update_member(user("insider"), "viewer")
assert members(registry) == everybody | {"insider": "viewer"}
zoo = [c for c in api["insider"].registry("forall", ORG).collections()][0]
zoo.description = "changed"
refused(zoo.save, "may not write")
registry.remove_members(user("insider"))
assert members(registry) == everybody
zoo.save()
refused(lambda: registry.remove_members(user("insider")), "restricted")
refused(lambda: api["friend"].registry("forall", ORG).delete(), "may not")

registry.visibility = "restricted"
registry.save()
assert "forall" not in sees("insider") and members(registry) == {"chief": "admin", "maker": "admin"}
registry.visibility = "organization"
registry.save()
assert "forall" in sees("insider") and members(registry) == everybody
registry.delete()
assert "forall" not in sees("chief")
refused(lambda: api["maker"].create_registry("odd", organization=ORG, visibility="public"), "Invalid visibility")
"""


def test_a_registry_of_the_organization_may_give_single_members_another_role(
    shared_server, tmp_path, keys, restricted
):
    people_script(shared_server, tmp_path, keys, OPEN)


IDS = """query W($e: String!, $p: String!) { project(name: $p, entityName: $e) { id
    artifactCollection(name: "zoo") { id ... on ArtifactPortfolio {
      artifacts { edges { node { id files { edges { node { directUrl } } } } } } } } } }"""
QUERIES = (
    'project(name: "{project}", entityName: "{entity}") { id name access members { username } }',
    'project(name: "{project}", entityName: "{entity}") { artifactCollection(name: "zoo") { id } }',
    'artifactCollection(id: "{collection_id}") { id name }',
    'artifact(id: "{artifact_id}") { id digest }',
    'entity(name: "{entity}") { project(name: "{project}") { id } }',
)
LISTS = (
    'models(entityName: "{entity}") { edges { node { name } } }',
    'entity(name: "{entity}") { projects { edges { node { name } } } }',
    'entity(name: "{entity}") { artifactCollections { totalCount edges { node { name } } } }',
    'entity(name: "{entity}") { artifactMemberships { totalCount edges { node { id } } } }',
)
CHANGES = {
    "createProjectMembers": {"projectId": "{project_id}", "userIds": ["{user_id}"]},
    "deleteModel": {"id": "{project_id}"},
    "renameProject": {"entityName": "{entity}", "oldProjectName": "{project}", "newProjectName": "x"},
    "linkArtifact": {
        "entityName": "{entity}",
        "projectName": "{project}",
        "artifactID": "{artifact_id}",
        "artifactPortfolioName": "zoo",
    },
    "updateArtifactPortfolio": {"artifactPortfolioID": "{collection_id}", "description": "changed"},
    "deleteArtifactPortfolio": {"artifactPortfolioID": "{collection_id}"},
    "unlinkArtifact": {"artifactID": "{artifact_id}", "artifactPortfolioID": "{collection_id}"},
    "upsertView": {"entityName": "{entity}", "projectName": "{project}", "type": "runs", "spec": "{}"},
}
MAKING = {
    "upsertModel": {"entityName": "{entity}", "name": "{project}", "access": "PRIVATE"},
    "upsertBucket": {"entityName": "{entity}", "modelName": "{project}", "name": "r"},
    "upsertSweep": {"entityName": "{entity}", "projectName": "{project}", "config": "method: random"},
}


def fill(text, world: dict[str, str]):
    if isinstance(text, list):
        return [fill(item, world) for item in text]
    for name, value in world.items():
        text = text.replace("{" + name + "}", value)
    return text


def test_who_is_not_in_a_restricted_registry_finds_it_by_no_road(shared_server, keys, restricted):
    maker, insider = (Client(shared_server, keys[who]) for who in ("maker", "insider"))
    world = {"entity": ORGANIZATION, "project": "wandb-registry-secret"}
    found = maker.data(IDS, e=world["entity"], p=world["project"])["project"]
    [edge] = found["artifactCollection"]["artifacts"]["edges"]
    world |= {"project_id": found["id"], "collection_id": found["artifactCollection"]["id"]}
    world |= {"artifact_id": edge["node"]["id"]}
    world |= {"user_id": insider.data("{ viewer { id } }")["viewer"]["id"]}
    [file] = edge["node"]["files"]["edges"]
    digest = urllib.parse.urlsplit(file["node"]["directUrl"]).path.split("/")[2]
    missing = world | {"project": "wandb-registry-never"}
    for number, name in enumerate(("project_id", "collection_id", "artifact_id"), 77_777_777):
        missing[name] = elsewhere(world[name], number)

    def ask(client: Client, query: str, names: dict[str, str]) -> tuple[int, str]:
        status, text = client.ask("{ " + fill(query, names) + " }")
        return status, without_names(text, names)

    for query in QUERIES:
        assert ask(insider, query, world) == ask(insider, query, missing), query
        assert ask(insider, query, world) != ask(maker, query, world), query
    for query in LISTS:
        assert "secret" not in ask(insider, query, world)[1] and "zoo" not in ask(insider, query, world)[1]
        assert ask(insider, query, world) != ask(maker, query, world), query

    def change(field: str, fields: dict, names: dict[str, str]) -> tuple[int, str]:
        given = {name: fill(value, names) for name, value in fields.items()}
        status, text = insider.ask(mutation(field), input=given)
        assert json.loads(text).get("errors"), (field, text)
        assert "Variable" not in text and "Cannot query" not in text, text
        shown = {"project": names["project"].removeprefix("wandb-registry-")}
        return status, without_names(text, names | shown)

    for field, fields in CHANGES.items():
        assert change(field, fields, world) == change(field, fields, missing), field
    # He may make things of other names there, so he learns that these names are taken, and no more.
    for field, fields in MAKING.items():
        assert "may not write in entity <entity>" in change(field, fields, world)[1], field
    again = maker.data(IDS, e=world["entity"], p=world["project"])["project"]
    assert again["artifactCollection"]["id"] == world["collection_id"]
    for path in (
        f"/artifacts/{ORGANIZATION}/{digest}",
        f"/artifactsV2/r/{ORGANIZATION}/wandb-registry-secret/zoo/{world['artifact_id']}/{digest}/weights.txt",
        f"/artifact-files/{digest}/weights.txt",
        f"/api/events?project={ORGANIZATION}/wandb-registry-secret",
    ):
        assert insider.send("GET", path)[0] in (401, 403, 404), path
