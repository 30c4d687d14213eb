"""What the walk of test_strangers.py goes through: a team's project with one of everything, made anew for
each mutation, and the names of the same things where there are none."""

from __future__ import annotations

import base64
import itertools
import json
import urllib.parse

from client import mutation

TEAM, ORGANIZATION = "guarded-team", "guarded-org"
NUMBERS = itertools.count(1)
NO_SUCH_NUMBER = 99_999_999
TINY_SWEEP = "method: random\nparameters: {lr: {min: 0.0, max: 1.0}}\nmetric: {name: loss}\n"
MD5_OF_NOTHING = "1B2M2Y8AsgTpgAmY7PhCfg=="


class Client:
    """One user's requests."""

    def __init__(self, server, key: str | None, *, admin: bool = False) -> None:
        self.server = server
        self.headers = {"Content-Type": "application/json"}
        if admin:
            self.headers["Use-Admin-Privileges"] = "true"
        if key:
            self.headers["Authorization"] = "Basic " + base64.b64encode(f"api:{key}".encode()).decode()

    def send(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        data = json.dumps(body).encode() if body is not None else None
        status, answer = self.server.request(method, path, data, self.headers)
        return status, answer.decode(errors="replace")

    def ask(self, query: str, **variables: object) -> tuple[int, str]:
        return self.send("POST", "/graphql", {"query": query, "variables": variables})

    def data(self, query: str, **variables: object) -> dict:
        status, answer = self.ask(query, **variables)
        decoded = json.loads(answer)
        assert status == 200 and not decoded.get("errors"), (status, answer)
        return decoded["data"]

    def mutate(self, field: str, selection: str, **fields: object) -> dict:
        return self.data(mutation(field, selection), input=fields)[field]


def elsewhere(identifier: str, number: int) -> str:
    """The id of the same type that nothing has."""
    text = base64.b64decode(identifier + "=" * (-len(identifier) % 4)).decode()
    kind = text[: text.index(":")]
    coded = base64.b64encode(f"{kind}:{number}".encode()).decode()
    return coded if identifier.endswith("=") or len(identifier) % 4 == 0 else coded.rstrip("=")


def make_world(people) -> dict[str, str]:
    """A project of TEAM with a run, a file, a sweep, an agent, an alert, a target, a view and artifacts."""
    owner, number = people.owner, next(NUMBERS)
    names = {"entityName": TEAM, "projectName": f"guarded-{number}"}
    world = {
        "owner": "guard_owner",
        "entity": TEAM,
        "project": names["projectName"],
        "run": "guardedrun",
        "organization": ORGANIZATION,
    }
    bucket = owner.mutate(
        "upsertBucket",
        "bucket { id project { id internalId } }",
        entityName=TEAM,
        modelName=world["project"],
        name=world["run"],
        config='{"lr": {"value": 1}}',
    )["bucket"]
    world |= {"run_id": bucket["id"], "project_id": bucket["project"]["id"]}
    made = owner.mutate(
        "createRunFiles", "files { uploadUrl }", **names, runName=world["run"], files=["guarded.txt"]
    )
    address = urllib.parse.urlsplit(made["files"][0]["uploadUrl"])
    status, _ = owner.server.request("PUT", f"{address.path}?{address.query}", b"secret")
    assert status == 200
    find_file = """query F($p: String!, $e: String!, $r: String!) { project(name: $p, entityName: $e) {
        run(name: $r) { files { edges { node { id } } } } } }"""
    found = owner.data(find_file, p=world["project"], e=TEAM, r=world["run"])["project"]["run"]["files"]
    world["file_id"] = found["edges"][0]["node"]["id"]
    sweep = owner.mutate("upsertSweep", "sweep { id name }", **names, config=TINY_SWEEP)["sweep"]
    world |= {"sweep_id": sweep["id"], "sweep": sweep["name"]}
    world["agent_id"] = owner.mutate("createAgent", "agent { id }", host="h", sweep=sweep["name"], **names)[
        "agent"
    ]["id"]
    target = people.admin.mutate(
        "createAlertTarget",
        "target { id }",
        kind="WEBHOOK",
        entityName=TEAM,
        name=f"hook-{number}",
        url="http://127.0.0.1:9/hook",
        allowPrivate=True,
    )
    world["target_id"] = target["target"]["id"]
    owner.mutate("notifyScriptableRunAlert", "success", **names, runName=world["run"], title="t", text="x")
    view = owner.mutate(
        "upsertView",
        "view { id }",
        **names,
        type="project-view",
        name=f"view-{number}",
        displayName="v",
        spec="{}",
    )
    world["view_id"] = view["view"]["id"]
    artifact = owner.mutate(
        "createArtifact",
        "artifact { id artifactSequence { id } }",
        **names,
        runName=world["run"],
        artifactTypeName="dataset",
        artifactCollectionName="guardeddata",
        digest="d" * 32,
        digestAlgorithm="MANIFEST_MD5",
        clientID=f"client-{number}",
        sequenceClientID=f"sequence-{number}",
    )["artifact"]
    world |= {"artifact_id": artifact["id"], "sequence_id": artifact["artifactSequence"]["id"]}
    world |= {"collection": "guardeddata", "client_id": f"client-{number}"}
    manifest = owner.mutate(
        "createArtifactManifest",
        "artifactManifest { id }",
        **names,
        name="wandb_manifest.json",
        digest=MD5_OF_NOTHING,
        artifactID=world["artifact_id"],
    )
    world["manifest_id"] = manifest["artifactManifest"]["id"]
    portfolio = owner.mutate(
        "createArtifactPortfolio",
        "artifactCollection { id }",
        **names,
        artifactTypeName="dataset",
        name="guardedfolio",
    )
    world |= {"portfolio_id": portfolio["artifactCollection"]["id"], "portfolio": "guardedfolio"}
    world |= {
        "member_id": people.member_id,
        "team_id": owner.data("query E($n: String!) { entity(name: $n) { id } }", n=TEAM)["entity"]["id"],
    }
    return world


def nowhere(world: dict[str, str], *, entity: bool) -> dict[str, str]:
    """The same names and ids of things that are not there; `entity`: in a team that is not there either."""
    missing = {}
    for number, (name, value) in enumerate(world.items(), NO_SUCH_NUMBER):
        if name == "file_id":
            missing[name] = base64.b64encode(f"File:{number}:guarded.txt".encode()).decode()
        elif name.endswith("_id") and name != "client_id":
            missing[name] = elsewhere(value, number)
        else:
            missing[name] = value.replace("guarded", "missing").replace("client", "nobody")
    missing["sweep"] = "zzzzzzzz"
    missing["owner"] = "no_such_user"
    if not entity:
        missing["entity"] = world["entity"]
    return missing


def without_names(answer: str, world: dict[str, str]) -> str:
    for name, value in sorted(world.items(), key=lambda item: -len(item[1])):
        answer = answer.replace(value, f"<{name}>")
    return answer
