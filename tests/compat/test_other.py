"""What Runstone does not do (automations, launch, presets of charts): the client's own calls say so,
without a traceback that leaves the user guessing."""

from __future__ import annotations

import json

from client import run_script

READ = """
    import json, wandb
    api = wandb.Api()
    api.create_project("other", api.default_entity)
    entity = api.default_entity
    seen = {
        "automations": [a.name for a in api.automations()],
        "of_entity": [a.name for a in api.automations(entity=entity)],
    }
    for name, call in {
        "automation": lambda: api.automation(name="none"),
        "jobs": lambda: api.list_jobs(entity, "other"),
    }.items():
        try:
            seen[name] = call()
        except Exception as problem:
            seen[name] = type(problem).__name__
    print("\\nANSWER " + json.dumps(seen))
"""

REFUSED = {
    "createFilterTrigger": (
        '{name: "a", enabled: true, scopeType: "PROJECT", scopeID: "x", triggeringEventType: "e",'
        ' eventFilter: "{}", triggeredActionType: "NO_OP"}',
        "trigger { id }",
        "no automations",
    ),
    "deleteTrigger": ('{triggerID: "x"}', "success", "no automations"),
    "createRunQueue": (
        '{entityName: "e", projectName: "p", queueName: "q", access: USER}',
        "success",
        "no launch queues",
    ),
    "pushToRunQueue": ('{queueID: "q", runSpec: "{}"}', "runQueueItemId", "no launch queues"),
    "createLaunchAgent": (
        '{entityName: "e", projectName: "p", runQueues: [], hostname: "h"}',
        "launchAgentId",
        "no launch queues",
    ),
    "createCustomChart": (
        '{entity: "e", name: "c", displayName: "C", type: "vega2", access: "PRIVATE", spec: "{}"}',
        "chart { id }",
        "no presets of custom charts",
    ),
    "createAnonymousEntity": ("{}", "apiKey { name }", "no anonymous access"),
    "enqueueSweepRun": ('{id: "x", config: "{}"}', "id", "computes its sweeps itself"),
    "createArtifactType": (
        '{entityName: "e", projectName: "p", name: "t"}',
        "artifactType { id }",
        "first artifact",
    ),
}


def test_what_is_not_here_reads_as_empty(shared_server, tmp_path):
    done = run_script(shared_server, tmp_path, READ)
    [answer] = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    seen = json.loads(answer[len("ANSWER ") :])
    assert seen.pop("automation") == "ValueError"  # the client's own: no automation of that name
    assert seen == {"automations": [], "of_entity": [], "jobs": []}
    queues = """query ProjectRunQueues($entity: String!, $projectName: String!) {
      project(entityName: $entity, name: $projectName) { runQueues { id } runQueue(name: "q") { id } } }"""
    asked = shared_server.graphql(queues, entity=shared_server.entity(), projectName="other")
    assert asked["project"] == {"runQueues": [], "runQueue": None}


def test_what_is_not_here_is_refused_with_the_reason(shared_server):
    for name, (arguments, fields, reason) in REFUSED.items():
        document = f"mutation M {{ {name}(input: {arguments}) {{ {fields} }} }}"
        body = json.dumps({"query": document}).encode()
        status, answer = shared_server.request("POST", "/graphql", body, shared_server.authorization())
        assert status == 200, (name, answer)
        [error] = json.loads(answer)["errors"]
        assert reason in error["message"], (name, error)
        assert error["extensions"]["code"] == "NOT_IMPLEMENTED", (name, error)
