"""Collections, aliases, tags, links, lineage and registries, as the stock client uses them."""

import base64
import json
import re
import subprocess
import time

import pytest
from client import refused, run_script
from support.server import runstone_bin

LOG = """
import json, sys, wandb
from wandb import Api

def log(project, name, kind, versions=1, run_id=None, **more):
    with wandb.init(project=project, id=run_id, settings=wandb.Settings(console="off", x_disable_stats=True)) as run:
        for i in range(versions):
            art = wandb.Artifact(name, type=kind, **more)
            with art.new_file("a.txt") as f:
                f.write(f"{name} {i}")
            run.log_artifact(art).wait()
    return run
"""


def test_collections_are_listed_filtered_ordered_renamed_moved_and_deleted(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        LOG
        + """
log("reg_coll", "ds", "dataset", versions=3)
log("reg_coll", "other", "dataset")
log("reg_coll", "net", "model")
api = Api()
assert {"dataset", "model"} <= {t.name for t in api.artifact_types("reg_coll")}
assert api.artifact_type("dataset", "reg_coll").name == "dataset"
names = [c.name for c in api.artifact_collections("reg_coll", "dataset")]
assert sorted(names) == ["ds", "other"], names
kind = api.artifact_type("dataset", "reg_coll")
assert [c.name for c in kind.collections(order="-name", per_page=1)] == ["other", "ds"]
assert [c.name for c in kind.collections(filters={"name": {"$regex": "^d"}})] == ["ds"]
assert len(kind.collections()) == 2

found = api.artifacts("dataset", "reg_coll/ds")
assert len(found) == 3
assert [a.version for a in found] == ["v2", "v1", "v0"]
assert [a.version for a in api.artifacts("dataset", "reg_coll/ds", per_page=2)] == ["v2", "v1", "v0"]
assert api.artifact("reg_coll/ds").version == "v2"
assert api.artifact("reg_coll/ds:v1").aliases == []
assert api.artifact("reg_coll/ds:latest").version == "v2"
assert api.artifact_exists("reg_coll/ds:v0") and not api.artifact_exists("reg_coll/ds:v7")
assert api.artifact_collection_exists("ds", "dataset") is False  # in the default project
assert api.artifact_collection_exists("reg_coll/ds", "dataset")

ds = api.artifact_collection("dataset", "reg_coll/ds")
assert ds.is_sequence() and ds.aliases == ["latest"]
ds.description, ds.tags, ds.name = "numbers", ["one", "two words"], "renamed"
ds.save()
again = api.artifact_collection("dataset", "reg_coll/renamed")
assert again.description == "numbers" and sorted(again.tags) == ["one", "two words"]
again.tags = ["two words"]
again.type = "numbers"
again.save()
moved = api.artifact_collection("numbers", "reg_coll/renamed")
assert moved.tags == ["two words"]
assert api.artifact("reg_coll/renamed:v0").type == "numbers"

net = api.artifact_collection("model", "reg_coll/net")
net.delete()
assert not api.artifact_exists("reg_coll/net:v0")
try:
    api.artifact_collection("model", "reg_coll/net")
    raise SystemExit("still there")
except (ValueError, wandb.errors.CommError):
    pass
""",
    )


def test_a_version_keeps_its_aliases_tags_metadata_and_time_to_live(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        LOG
        + """
from datetime import timedelta
log("reg_version", "ds", "dataset", versions=2, metadata={"k": 1}, description="first")
api = Api()
v0, v1 = api.artifact("reg_version/ds:v0"), api.artifact("reg_version/ds:v1")
assert v1.aliases == ["latest"] and v0.aliases == [] and v0.metadata == {"k": 1}
v0.aliases.append("best")
v0.tags = ["prod", "two words"]
v0.metadata["k"] = [1, {"a": None}]
v0.description = "changed"
v0.ttl = timedelta(days=2)
v0.save()
again = api.artifact("reg_version/ds:best")
assert again.version == "v0" and sorted(again.tags) == ["prod", "two words"]
assert again.metadata == {"k": [1, {"a": None}]} and again.description == "changed"
assert again.ttl == timedelta(days=2)
# An alias moves, and is gone when it is taken away.
v1.aliases.append("best")
v1.save()
assert api.artifact("reg_version/ds:best").version == "v1"
assert api.artifact("reg_version/ds:v0").aliases == []
v1.aliases.remove("best")
v1.save()
assert not api.artifact_exists("reg_version/ds:best")
again.tags = ["prod"]
again.ttl = None
again.save()
last = api.artifact("reg_version/ds:v0")
assert last.tags == ["prod"] and last.ttl is None
assert [a.version for a in api.artifacts("dataset", "reg_version/ds", tags="prod")] == ["v0"]
# With an alias it is deleted only if that is said.
try:
    api.artifact("reg_version/ds:v1").delete()
    raise SystemExit("deleted with its alias")
except Exception as error:
    assert "alias" in str(error), error
api.artifact("reg_version/ds:v1").delete(delete_aliases=True)
assert not api.artifact_exists("reg_version/ds:v1")
""",
    )


def test_lineage_is_known_from_both_ends(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        LOG
        + """
maker = log("reg_lineage", "ds", "dataset", versions=2, run_id="maker")
with wandb.init(project="reg_lineage", id="user1", settings=wandb.Settings(console="off", x_disable_stats=True)) as run:
    run.use_artifact("ds:v0")
    run.use_artifact("ds:latest", use_as="training set")
api = Api()
v0 = api.artifact("reg_lineage/ds:v0")
assert v0.logged_by().id == "maker"
assert [r.id for r in v0.used_by()] == ["user1"]
run = api.run("reg_lineage/maker")
assert [a.name for a in run.logged_artifacts()] == ["ds:v0", "ds:v1"]
assert len(run.logged_artifacts(per_page=1)) == 2
assert list(run.used_artifacts()) == []
assert [a.name for a in api.run("reg_lineage/user1").used_artifacts(per_page=1)] == ["ds:v0", "ds:v1"]
""",
    )


def test_links_and_portfolios(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        LOG
        + """
log("reg_link", "net", "model", versions=2)
api = Api()
source = api.artifact("reg_link/net:v1")
link = source.link("reg_link/best models", aliases=["prod"])
assert link.is_link and link.version == "v0" and link.source_name == "net:v1"
assert sorted(link.aliases) == ["latest", "prod"], link.aliases
assert api.artifact("reg_link/best models:prod").source_version == "v1"
# The same version again keeps its place.
assert source.link("reg_link/best models").version == "v0"
assert api.artifact("reg_link/net:v0").link("reg_link/best models").version == "v1"
assert api.artifact("reg_link/best models:latest").source_version == "v0"
portfolio = api.artifact_collection("model", "reg_link/best models")
assert not portfolio.is_sequence() and sorted(portfolio.aliases) == ["latest", "prod"]
assert [a.version for a in api.artifacts("model", "reg_link/best models")] == ["v1", "v0"]
assert [a.qualified_name.split("/", 1)[1] for a in source.linked_artifacts] == ["reg_link/best models:v0"]

with wandb.init(project="reg_link", settings=wandb.Settings(console="off", x_disable_stats=True)) as run:
    new = wandb.Artifact("fresh", type="model")
    with new.new_file("m.txt") as f:
        f.write("m")
    run.link_artifact(new, "reg_link/fresh ones")
    with open("weights.bin", "w") as f:
        f.write("w")
    run.link_model("weights.bin", registered_model_name="registered", name="linked")
entity = source.entity
assert api.artifact("reg_link/fresh ones:v0").source_name == "fresh:v0"
assert api.artifact(f"{entity}/model-registry/registered:v0").source_name == "linked:v0"

prod = api.artifact("reg_link/best models:prod")
prod.unlink()
assert not api.artifact_exists("reg_link/best models:prod")
assert api.artifact_exists("reg_link/net:v1")
# Into a portfolio of another type, or into a sequence: no.
log("reg_link", "data", "dataset")
for target in ("reg_link/best models", "reg_link/net"):
    try:
        api.artifact("reg_link/data:v0").link(target)
        raise SystemExit("linked to " + target)
    except wandb.errors.CommError:
        pass
portfolio.name = "better models"
portfolio.description = "d"
portfolio.save()
assert api.artifact_collection("model", "reg_link/better models").description == "d"
portfolio.delete()
assert not api.artifact_exists("reg_link/better models:v1")
assert api.artifact_exists("reg_link/net:v0")
""",
    )


def cli(server, *arguments):
    done = subprocess.run(
        [runstone_bin(), *arguments, "--data", str(server.data)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip().splitlines()


def test_registries_of_an_organization(shared_server, tmp_path):
    me = shared_server.entity()
    cli(shared_server, "team", "add", "regteam", "--member", me)
    cli(shared_server, "org", "add", "regorg", "--team", "regteam")
    run_script(
        shared_server,
        tmp_path,
        LOG
        + """
import os
os.environ["WANDB_ENTITY"] = "regteam"
log("reg_reg", "net", "model", versions=2, metadata={"acc": 0.9})
log("reg_reg", "ds", "dataset")
api = Api()
registry = api.create_registry("models", organization="regorg", visibility="organization",
                               artifact_types=["model"], description="all of them")
assert registry.full_name == "wandb-registry-models" and registry.visibility == "organization"
assert not registry.allow_all_artifact_types and list(registry.artifact_types) == ["model"]
api.create_registry("any", organization="regorg", visibility="organization")
assert [r.name for r in api.registries("regorg")] == ["any", "models"]
assert [r.name for r in api.registries("regorg", filter={"name": "models"})] == ["models"]

link = api.artifact("regteam/reg_reg/net:v1").link("wandb-registry-models/zoo", aliases=["prod"])
assert link.is_link and link.entity == "regorg" and link.version == "v0"
try:
    api.artifact("regteam/reg_reg/ds:v0").link("wandb-registry-models/data")
    raise SystemExit("linked a type that the registry does not take")
except wandb.errors.CommError:
    pass
api.artifact("regteam/reg_reg/ds:v0").link("wandb-registry-any/data")
assert api.artifact("wandb-registry-models/zoo:prod").source_name == "net:v1"
core = api.artifact("regteam/reg_reg/net:v0").link("wandb-registry-model/first")
assert core.source_name == "net:v0" and [c.name for c in api.registry("model", "regorg").collections()] == ["first"]
api.registry("model", "regorg").delete()
try:
    api.artifact("regteam/reg_reg/net:v0").link("wandb-registry-other/first")
    raise SystemExit("linked into a registry that nobody made")
except wandb.errors.CommError as problem:
    assert "create_registry" in str(problem)

registry = api.registry("models", "regorg")
assert registry.description == "all of them"
assert [c.name for c in registry.collections()] == ["zoo"]
assert [a.source_name for a in registry.versions()] == ["net:v1"]
assert [c.name for c in api.registries("regorg").collections(order="-name")] == ["zoo", "data"]
assert [a.source_name for a in api.registries("regorg").versions(filter={"alias": "prod"})] == ["net:v1"]
assert [a.source_name for a in api.registries("regorg").versions(filter={"metadata.acc": {"$gt": 0.5}})] == ["net:v1"]
assert len(list(api.registries("regorg").collections(filter={"name": "zoo"}).versions(order="-created_at"))) == 1
registry.description = "fewer"
registry.artifact_types.append("weights")
registry.save()
registry = api.registry("models", "regorg")
assert registry.description == "fewer" and sorted(registry.artifact_types) == ["model", "weights"]
assert {m.user.username for m in registry.user_members()} and [m.team.name for m in registry.team_members()] == ["regteam"]
registry.name = "nets"
registry.save()
assert [r.name for r in api.registries("regorg")] == ["any", "nets"] and registry.full_name == "wandb-registry-nets"
assert api.artifact("wandb-registry-nets/zoo:prod").source_name == "net:v1"
registry.name = "any"
try:
    registry.save()
    raise SystemExit("renamed to a name that is taken")
except Exception as error:
    assert not isinstance(error, SystemExit)
registry = api.registry("nets", "regorg")
registry.name = "models"
registry.save()
api.registry("any", "regorg").delete()
assert [r.name for r in api.registries("regorg")] == ["models"]
""",
    )
    # Who is in none of its teams sees no registry, collection or version.
    key = cli(shared_server, "user", "add", "registry-stranger")[-1]
    token = base64.b64encode(f"api:{key}".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
    query = """{ organization(name: "regorg") { name }
      project(name: "wandb-registry-models", entityName: "regorg") { artifactCollection(name: "zoo") { id } } }"""
    status, body = shared_server.request("POST", "/graphql", json.dumps({"query": query}).encode(), headers)
    assert (status, json.loads(body)) == (200, {"data": {"organization": None, "project": None}})


def test_a_time_to_live_that_is_over_deletes_the_version(tmp_path, server):
    run_script(
        server,
        tmp_path,
        LOG
        + """
from datetime import timedelta
log("reg_ttl", "ds", "dataset", versions=2)
api = Api()
art = api.artifact("reg_ttl/ds:v0")
art.ttl = timedelta(seconds=1)
art.save()
""",
    )
    query = """query($e: String!) { project(name: "reg_ttl", entityName: $e) {
      artifactCollection(name: "ds") { artifacts { edges { version } } } } }"""

    def versions():
        # Looked for at the start, and once a minute.
        server.stop()
        server.start()
        found = server.graphql(query, e=server.entity())["project"]["artifactCollection"]["artifacts"][
            "edges"
        ]
        return [edge["version"] for edge in found]

    deadline = time.monotonic() + 15
    while (found := versions()) != ["v1"] and time.monotonic() < deadline:
        assert found == ["v1", "v0"]
    assert found == ["v1"]


@pytest.fixture(scope="module")
def logged(shared_server, tmp_path_factory):
    """The ids of a version, its sequence and a portfolio that it is linked to."""
    done = run_script(
        shared_server,
        tmp_path_factory.mktemp("logged"),
        LOG
        + """
log("reg_bad", "ds", "dataset")
art = Api().artifact("reg_bad/ds:v0")
link = art.link("reg_bad/shelf")
print("IDS", art.id, art.collection.id, link.collection.id)
""",
    )
    return [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("IDS")][0]


ADD = "mutation($input: AddAliasesInput!) { addAliases(input: $input) { success } }"


def test_bad_aliases_are_refused_with_a_reason(shared_server, logged):
    artifact, _, _ = logged
    place = {"entityName": shared_server.entity(), "projectName": "reg_bad", "artifactCollectionName": "ds"}
    for alias in ("a/b", "a:b", "v12", "", "x" * 129):
        message = refused(
            shared_server, ADD, input={"artifactID": artifact, "aliases": [{**place, "alias": alias}]}
        )
        assert "alias" in message, message
    many = [{**place, "alias": f"a{i}"} for i in range(20_000)]
    assert "at most" in refused(shared_server, ADD, input={"artifactID": artifact, "aliases": many})
    elsewhere = [{**place, "artifactCollectionName": "none", "alias": "a"}]
    assert "no artifact collection" in refused(
        shared_server, ADD, input={"artifactID": artifact, "aliases": elsewhere}
    )
    # None of them was half done.
    query = "query($id: ID!) { artifact(id: $id) { aliases { alias } } }"
    aliases = shared_server.graphql(query, id=artifact)["artifact"]["aliases"]
    assert {a["alias"] for a in aliases} == {"latest", "v0"}  # v0 is its place on the shelf


def test_bad_links_names_filters_and_cursors_are_refused_with_a_reason(shared_server, logged):
    artifact, sequence, portfolio = logged
    unlink = "mutation($input: UnlinkArtifactInput!) { unlinkArtifact(input: $input) { success } }"
    message = refused(shared_server, unlink, input={"artifactID": artifact, "artifactPortfolioID": sequence})
    assert "delete" in message
    shared_server.graphql(unlink, input={"artifactID": artifact, "artifactPortfolioID": portfolio})
    message = refused(shared_server, unlink, input={"artifactID": artifact, "artifactPortfolioID": portfolio})
    assert "not linked" in message
    rename = "mutation($input: UpdateArtifactSequenceInput!) { updateArtifactSequence(input: $input) { clientMutationId } }"
    for name in ("a/b", "..", "shelf"):
        refused(shared_server, rename, input={"artifactSequenceID": sequence, "name": name})
    update = "mutation($input: UpdateArtifactInput!) { updateArtifact(input: $input) { clientMutationId } }"
    assert "ttl" in refused(shared_server, update, input={"artifactID": artifact, "ttlDurationSeconds": -7})
    assert "JSON" in refused(shared_server, update, input={"artifactID": artifact, "metadata": "[1]"})
    listing = """query($e: String!, $f: JSONString, $o: String, $a: String) {
      project(name: "reg_bad", entityName: $e) { artifactCollections(filters: $f, order: $o, after: $a) { totalCount } } }"""
    me = shared_server.entity()
    assert "order" in refused(shared_server, listing, e=me, o="colour")
    assert "cursor" in refused(shared_server, listing, e=me, a="zzz")
    for bad in ('{"name": {"$regex": "("}}', '{"$where": 1}', '{"name": {"$in": 1}}', "[", '{"colour": 1}'):
        assert "filter" in refused(shared_server, listing, e=me, f=bad)


def test_another_users_version_and_collection_look_like_none(shared_server, logged):
    artifact, sequence, portfolio = logged
    key = cli(shared_server, "user", "add", "regthief")[-1]
    token = base64.b64encode(f"api:{key}".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}

    def answer(query, **variables):
        body = json.dumps({"query": query, "variables": variables}).encode()
        status, text = shared_server.request("POST", "/graphql", body, headers)
        assert status == 200
        return json.loads(text)

    def same(query, real, missing):
        found, absent = answer(query, id=real), answer(query, id=missing)
        assert found.get("data") == absent.get("data")
        messages = [[e["message"] for e in a.get("errors", [])] for a in (found, absent)]
        assert messages[0] == [m.replace(missing, real) for m in messages[1]]

    no_artifact = base64.b64encode(b"Artifact:999999").decode()
    no_collection = base64.b64encode(b"ArtifactCollection:999999").decode()
    same("query($id: ID!) { artifact(id: $id) { id digest } }", artifact, no_artifact)
    same("query($id: ID!) { artifactCollection(id: $id) { id name } }", sequence, no_collection)
    for change in (
        'updateArtifact(input: {artifactID: $id, description: "x"}) { artifact { id } }',
        "deleteArtifact(input: {artifactID: $id}) { artifact { id } }",
        "addAliases(input: {artifactID: $id, aliases: []}) { success }",
        'linkArtifact(input: {artifactID: $id, entityName: "regthief", projectName: "p",'
        ' artifactPortfolioName: "q"}) { versionIndex }',
    ):
        same("mutation($id: ID!) { " + change + " }", artifact, no_artifact)
    for change in (
        "deleteArtifactSequence(input: {artifactSequenceID: $id}) { clientMutationId }",
        'updateArtifactPortfolio(input: {artifactPortfolioID: $id, name: "x"}) { clientMutationId }',
        'moveArtifactSequence(input: {artifactSequenceID: $id, destinationArtifactTypeName: "x"})'
        " { clientMutationId }",
    ):
        for real in (sequence, portfolio):
            same("mutation($id: ID!) { " + change + " }", real, no_collection)


def test_a_page_costs_the_same_statements_however_long_it_is(shared_server, tmp_path):
    run_script(shared_server, tmp_path, LOG + 'log("reg_pages", "ds", "dataset", versions=20)')
    query = """query($e: String!, $n: Int) { project(name: "reg_pages", entityName: $e) {
      artifactCollections(first: $n) { edges { node { name tags { edges { node { name } } } project { name } } } }
      artifactCollection(name: "ds") { artifacts(first: $n) { totalCount edges { version node {
        id digest tags { name } artifactSequence { name project { entity { name } } } artifactType { name }
        aliases { alias artifactCollection { name project { name } } } } } } } } }"""

    def statements():
        text = shared_server.request("GET", "/api/metrics", headers=shared_server.authorization())[1].decode()
        return int(re.search(r"sql_statements_total (\d+)", text).group(1))

    def cost_once(count):
        before = statements()
        page = shared_server.graphql(query, e=shared_server.entity(), n=count)["project"][
            "artifactCollection"
        ]
        assert len(page["artifacts"]["edges"]) == count and page["artifacts"]["totalCount"] == 20
        return statements() - before

    def cost(count):  # the server's own background work counts, too, now and then
        return min(cost_once(count) for _ in range(5))

    assert cost(20) == cost(2) <= 40
