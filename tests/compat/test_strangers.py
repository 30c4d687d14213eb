"""What one may not see looks exactly like what is not there: a walk over every field of Query and Mutation
and every route that names something, as a stranger, as a viewer and as nobody. A new field without a row in
these tables fails the test."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from client import mutation
from strangers_world import MD5_OF_NOTHING, ORGANIZATION, TEAM, Client, make_world, nowhere, without_names
from test_accounts import command, last_line

PROJECT = {"entityName": "{entity}", "projectName": "{project}"}
RUN = PROJECT | {"runName": "{run}"}
COLLECTION = PROJECT | {"artifactCollectionName": "{collection}"}
ALIASES = [COLLECTION | {"alias": "best"}]

# Each mutation that names something: its input.
MUTATIONS: dict[str, dict] = {
    "createInvite": {"entityName": "{entity}", "username": "guard_guest"},
    "deleteInvite": {"entityName": "{entity}", "id": "{member_id}"},
    "createServiceAccount": {"entityName": "{entity}", "description": "robot"},
    "updateTeamMember": {"entityName": "{entity}", "id": "{member_id}", "role": "admin"},
    "notifyScriptableRunAlert": RUN | {"title": "a", "text": "b"},
    "createAlertTarget": {
        "kind": "WEBHOOK",
        "entityName": "{entity}",
        "name": "n",
        "url": "http://127.0.0.1:9/x",
    },
    "updateAlertTarget": {"id": "{target_id}", "name": "other"},
    "deleteAlertTarget": {"id": "{target_id}"},
    "testAlertTarget": {"id": "{target_id}"},
    "createGenericWebhookIntegration": {
        "entityName": "{entity}",
        "name": "n",
        "urlEndpoint": "http://127.0.0.1:9/x",
    },
    "createArtifact": RUN
    | {"artifactTypeName": "dataset", "artifactCollectionName": "{collection}", "digest": "e" * 32}
    | {"digestAlgorithm": "MANIFEST_MD5"},
    "createArtifactManifest": PROJECT
    | {"artifactID": "{artifact_id}", "name": "m", "digest": MD5_OF_NOTHING},
    "updateArtifactManifest": {"artifactManifestID": "{manifest_id}", "digest": MD5_OF_NOTHING},
    "createArtifactFiles": {
        "artifactFiles": [{"artifactID": "{artifact_id}", "name": "f", "md5": MD5_OF_NOTHING}]
    },
    "commitArtifact": {"artifactID": "{artifact_id}"},
    "deleteArtifact": {"artifactID": "{artifact_id}"},
    "updateArtifactSequence": {"artifactSequenceID": "{sequence_id}", "description": "changed"},
    "updateArtifactPortfolio": {"artifactPortfolioID": "{portfolio_id}", "description": "changed"},
    "deleteArtifactSequence": {"artifactSequenceID": "{sequence_id}"},
    "deleteArtifactPortfolio": {"artifactPortfolioID": "{portfolio_id}"},
    "moveArtifactSequence": {"artifactSequenceID": "{sequence_id}", "destinationArtifactTypeName": "model"},
    "createArtifactPortfolio": PROJECT | {"artifactTypeName": "dataset", "name": "fresh"},
    "createArtifactCollectionTagAssignments": COLLECTION | {"tags": [{"tagName": "t"}]},
    "deleteArtifactCollectionTagAssignments": COLLECTION | {"tags": [{"tagName": "t"}]},
    "addAliases": {"artifactID": "{artifact_id}", "aliases": ALIASES},
    "deleteAliases": {"artifactID": "{artifact_id}", "aliases": ALIASES},
    "updateArtifact": {"artifactID": "{artifact_id}", "description": "changed"},
    "linkArtifact": PROJECT | {"artifactID": "{artifact_id}", "artifactPortfolioName": "{portfolio}"},
    "unlinkArtifact": {"artifactID": "{artifact_id}", "artifactPortfolioID": "{portfolio_id}"},
    "createRunFiles": RUN | {"files": ["other.txt"]},
    "markRunFilesUploaded": RUN | {"files": ["guarded.txt"]},
    "deleteFiles": {"files": ["{file_id}"]},
    "useArtifact": RUN | {"artifactID": "{artifact_id}"},
    "upsertModel": {"entityName": "{entity}", "name": "{project}", "description": "changed"},
    "deleteModel": {"id": "{project_id}", "deleteRuns": True},
    "moveRuns": PROJECT | {"ids": ["{run_id}"]},
    "deleteRuns": {"ids": ["{run_id}"]},
    "createProjectMembers": {"projectId": "{project_id}", "userIds": ["{member_id}"]},
    "deleteProjectMembers": {"projectId": "{project_id}", "userIds": ["{member_id}"]},
    "updateProjectMember": {
        "projectId": "{project_id}",
        "userId": "{member_id}",
        "userProjectRole": "admin",
    },
    "updateProjectTeamMember": {
        "projectId": "{project_id}",
        "teamId": "{team_id}",
        "teamProjectRole": "admin",
    },
    "renameProject": {"entityName": "{entity}", "oldProjectName": "{project}", "newProjectName": "fresh"},
    "upsertBucket": {
        "entityName": "{entity}",
        "modelName": "{project}",
        "name": "{run}",
        "displayName": "changed",
    },
    "stopRun": {"id": "{run_id}"},
    "rewindRun": RUN | {"metricName": "_step", "metricValue": 0},
    "updateRunState": {"id": "{run_id}", "state": "failed"},
    "deleteRun": {"id": "{run_id}"},
    "upsertSweep": {"id": "{sweep_id}", "state": "FINISHED"},
    "deleteSweep": {"id": "{sweep_id}"},
    "createAgent": PROJECT | {"host": "h", "sweep": "{sweep}"},
    "agentHeartbeat": {"id": "{agent_id}"},
    "upsertView": {"id": "{view_id}", "displayName": "changed"},
    "deleteView": {"id": "{view_id}"},
}
# Those that name nothing of another's, with the reason.
NAMELESS = {
    "createTeam": "makes a team; that a name is taken is told, since a name has one owner",
    "createUser": "only of administrators of the server",
    "generateApiKey": "one's own",
    "deleteApiKey": "one's own keys: the table of test_accounts.py",
    "changePassword": "one's own",
    "retryAlertDelivery": "only of administrators of the server",
    "completeMultipartUploadArtifact": "refused to all: there are no parts",
    "updateAccessTokenProjects": "refused to all: there is no anonymous access",
    "revokeAccessToken": "refused to all: there is no anonymous access",
    "enqueueSweepRun": "refused to all: a feature that is not offered",
    "createCustomChart": "refused to all",
    "createArtifactType": "refused to all: a type is made with its first artifact",
    "createAccessToken": "refused to all: there is no anonymous access",
    "createAnonymousEntity": "refused to all",
    # Automations and launch are not part of this server.
    **dict.fromkeys(("createFilterTrigger", "updateFilterTrigger", "deleteTrigger"), "refused to all"),
    **dict.fromkeys(
        ("createRunQueue", "upsertRunQueue", "deleteRunQueues", "pushToRunQueue"), "refused to all"
    ),
    **dict.fromkeys(
        ("createDefaultResourceConfig", "pushToRunQueueByName", "popFromRunQueue"), "refused to all"
    ),
    **dict.fromkeys(("ackRunQueueItem", "failRunQueueItem", "updateRunQueueItemWarning"), "refused to all"),
    **dict.fromkeys(("deleteFromRunQueue", "createLaunchAgent", "updateLaunchAgent"), "refused to all"),
}

OF_PROJECT = (
    '(name: "{project}", entityName: "{entity}") { id name runCount run(name: "{run}") { id config } }'
)
QUERIES: dict[str, str] = {
    "organization": '(name: "{organization}") { id name }',
    "alerts": '(entityName: "{entity}", projectName: "{project}", runName: "{run}") { totalCount }',
    "alertTargets": '(entityName: "{entity}") { id name }',
    "artifact": '(id: "{artifact_id}") { id state }',
    "clientIDMapping": '(clientID: "{client_id}") { serverID }',
    "artifactCollection": '(id: "{sequence_id}") { id name }',
    "project": OF_PROJECT,
    "model": OF_PROJECT,
    "models": '(entityName: "{entity}") { edges { node { name } } }',
    "entity": '(name: "{entity}") { id name }',
    "users": '(query: "{owner}") { edges { node { id name } } }',
    "view": '(id: "{view_id}") { id displayName spec }',
}
NAMELESS_QUERIES = {
    "serverInfo": "the same for all",
    "viewer": "oneself",
    "alertDeliveries": "only of administrators of the server",
    "launchAgent": "null for all: launch is not part of this server",
}

ROUTES: list[tuple[str, str, object]] = [
    ("GET", "/files/{entity}/{project}/{run}/guarded.txt", None),
    ("PUT", "/files/{entity}/{project}/{run}/guarded.txt", "x"),
    ("POST", "/files/{entity}/{project}/{run}/file_stream", {"complete": True, "exitcode": 1}),
    ("GET", "/api/runs/{entity}/{project}/{run}/console?first=0&count=10", None),
    ("GET", "/api/runs/{entity}/{project}/{run}/keys", None),
    ("GET", "/api/events?run={entity}/{project}/{run}", None),
    ("GET", "/api/events?project={entity}/{project}", None),
    ("POST", "/api/series", {"queries": [{"run": "{entity}/{project}/{run}", "key": "loss"}]}),
    ("GET", "/artifacts/{entity}/" + "0" * 32, None),
    ("GET", "/artifactsV2/r/{entity}/{project}/{collection}/{artifact_id}/" + "0" * 32 + "/f", None),
    ("GET", "/artifact-files/" + "0" * 32 + "/f", None),
    ("PUT", "/artifact-uploads/{artifact_id}/" + "0" * 32, "x"),
]


def filled(template: object, world: dict[str, str]) -> object:
    if isinstance(template, str):
        for name, value in world.items():
            template = template.replace("{" + name + "}", value)
        return template
    if isinstance(template, dict):
        return {key: filled(value, world) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(item, world) for item in template]
    return template


@pytest.fixture(scope="module")
def people(shared_server):
    keys = {}
    for name in ("guard_owner", "guard_viewer", "guard_member", "guard_guest", "stranger_one"):
        keys[name] = last_line(command(shared_server, "user", "add", name))
    people = ("--admin", "guard_owner", "--viewer", "guard_viewer", "--member", "guard_member")
    command(shared_server, "team", "add", TEAM, *people)
    command(shared_server, "org", "add", ORGANIZATION, "--team", TEAM, "--admin", "guard_owner")
    owner = Client(shared_server, keys["guard_owner"])
    return SimpleNamespace(
        owner=owner,
        viewer=Client(shared_server, keys["guard_viewer"]),
        stranger=Client(shared_server, keys["stranger_one"]),
        nobody=Client(shared_server, None),
        admin=Client(shared_server, shared_server.key, admin=True),
        member_id=Client(shared_server, keys["guard_member"]).data("{ viewer { id } }")["viewer"]["id"],
    )


def fields_of(client: Client, type_name: str) -> set[str]:
    found = client.data(f'{{ __type(name: "{type_name}") {{ fields {{ name }} }} }}')
    return {field["name"] for field in found["__type"]["fields"]}


def document(field: str) -> str:
    of_a_target = field in ("deleteAlertTarget", "testAlertTarget")
    return mutation(field, kind="AlertTargetInput" if of_a_target else None)


def what_is_there(owner: Client, world: dict[str, str]) -> dict:
    """Everything of the project that a mutation could have changed, as its owner sees it."""
    query = """query S($p: String!, $e: String!) {
        project(name: $p, entityName: $e) { description
          runs { edges { node { name displayName state config stopped files { edges { node { name } } } } } }
          sweeps { edges { node { name state } } }
          allViews { edges { node { name displayName } } }
          artifactTypes { edges { node { name } } }
          artifactCollections { edges { node { name description } } } }
        entity(name: $e) { members { username role } }
        alertTargets(entityName: $e) { name }
        models(entityName: $e) { edges { node { name } } } }"""
    return owner.data(query, p=world["project"], e=world["entity"])


def test_the_tables_name_every_field(people):
    assert fields_of(people.owner, "Mutation") == MUTATIONS.keys() | NAMELESS.keys()
    assert fields_of(people.owner, "Query") == QUERIES.keys() | NAMELESS_QUERIES.keys()


@pytest.mark.parametrize("field", MUTATIONS)
def test_a_stranger_learns_and_changes_nothing_by_a_mutation(people, field):
    world = make_world(people)
    before = what_is_there(people.owner, world)

    def answer(client: Client, names: dict[str, str]) -> tuple[int, str]:
        status, text = client.ask(document(field), input=filled(MUTATIONS[field], names))
        return status, without_names(text, names)

    secret = answer(people.stranger, world)
    assert json.loads(secret[1]).get("errors"), secret
    assert "Variable" not in secret[1] and "Cannot query" not in secret[1], secret
    for entity in (True, False):
        assert answer(people.stranger, nowhere(world, entity=entity)) == secret, f"entity missing: {entity}"
    viewed = answer(people.viewer, world)
    assert json.loads(viewed[1]).get("errors"), viewed
    assert answer(people.nobody, world)[0] == 401
    assert what_is_there(people.owner, world) == before
    assert answer(people.owner, world) != secret, "it is refused for another reason than who asks"


@pytest.mark.parametrize("field", QUERIES)
def test_a_stranger_learns_nothing_by_a_query(people, field):
    world = make_world(people)

    def answer(client: Client, names: dict[str, str]) -> tuple[int, str]:
        status, text = client.ask("{ " + field + filled(QUERIES[field], names) + " }")
        return status, without_names(text, names)

    secret = answer(people.stranger, world)
    assert "Cannot query" not in secret[1] and "Unknown argument" not in secret[1], secret
    for entity in (True, False):
        assert answer(people.stranger, nowhere(world, entity=entity)) == secret, f"entity missing: {entity}"
    assert answer(people.nobody, world)[0] == 401
    assert answer(people.owner, world) != secret, "the owner sees no more than a stranger"


@pytest.mark.parametrize(
    ("method", "path", "body"), ROUTES, ids=[f"{m} {p.split('?')[0]}" for m, p, _ in ROUTES]
)
def test_a_stranger_learns_nothing_by_a_route(people, method, path, body):
    world = make_world(people)

    def answer(client: Client, names: dict[str, str]) -> tuple[int, str]:
        status, text = client.send(method, filled(path, names), filled(body, names))
        return status, without_names(text, names)

    secret = answer(people.stranger, world)
    for entity in (True, False):
        assert answer(people.stranger, nowhere(world, entity=entity)) == secret, f"entity missing: {entity}"
    assert secret[0] in (401, 403, 404) or (path == "/api/series" and secret[0] == 200), secret
    assert answer(people.nobody, world)[0] in (401, 403)
