"""POST /graphql as any client of the API sees it."""

from __future__ import annotations

import json

import pytest


def post(server, body: bytes | str | dict, headers: dict | None = None):
    if isinstance(body, dict):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    status, answer = server.request(
        "POST", "/graphql", body, server.authorization() if headers is None else headers
    )
    return status, json.loads(answer)


def test_without_a_valid_key_nothing_is_answered(shared_server):
    wrong = {"Authorization": "Basic YXBpOmxvY2FsLTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="}
    for headers in ({}, wrong, {"Authorization": "Bearer x"}, {"Authorization": "Basic ???"}):
        status, answer = post(shared_server, {"query": "{ viewer { id } }"}, headers)
        assert status == 401
        assert answer["errors"][0]["message"] == "user is not logged in"
        assert answer["data"] == {"viewer": None}


def test_broken_bodies_are_400_with_a_reason(shared_server):
    for body in (
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"query": 1}',
        b'{"query": "{a}", "variables": []}',
    ):
        status, answer = post(shared_server, body)
        assert status == 400, body
        assert "POST /graphql" in answer["errors"][0]["message"]
    status, _ = post(shared_server, b"[" * 100_000)
    assert status == 400


def test_a_document_nested_ten_thousand_deep_is_an_error_that_names_the_limit(shared_server):
    for text in ("{a " * 10_000, "{ f(a: " + "[" * 10_000, "{ f(a: " + "{a:" * 10_000):
        status, answer = post(shared_server, {"query": text})
        assert status == 200
        assert "nested deeper than the 64 levels allowed" in answer["errors"][0]["message"]
    assert post(shared_server, {"query": "{ viewer { id } }"})[0] == 200


NESTED = "{ runs { edges { node { project " * 5 + "{ id }" + " } } } }" * 5
TOO_MUCH = {
    "{ "
    + " ".join(f"a{i}: viewer {{ id }}" for i in range(1001))
    + " }": "more than the 1000 aliases allowed",
    "{ viewer { id } }" + " " * 1_100_000: "longer than the 1048576 bytes allowed",
    '{ project(name: "p") { runs(first: 1000000000) { edges { cursor } } } }': "a page has 0 to 10000 elements",
    '{ project(name: "p") { runs(first: -1) { edges { cursor } } } }': "a page has 0 to 10000 elements",
    "{ models(first: -5) { edges { cursor } } }": "a page has 0 to 10000 elements",
    '{ project(name: "p") ' + NESTED + " }": "more than the 20000000 fields allowed",
}


@pytest.mark.parametrize("query", TOO_MUCH, ids=["aliases", "bytes", "page", "negative", "models", "fields"])
def test_what_is_too_much_for_one_request_is_refused_with_its_limit(shared_server, query):
    status, answer = post(shared_server, {"query": query})
    assert status == 200 and answer.get("data") is None
    assert TOO_MUCH[query] in answer["errors"][0]["message"]
    assert post(shared_server, {"query": "{ viewer { id } }"})[0] == 200


def test_an_unknown_field_is_named(shared_server):
    status, answer = post(shared_server, {"query": "{ viewer { nothing } }"})
    assert status == 200
    assert answer["errors"][0]["message"] == 'Cannot query field "nothing" on type "User".'
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "data" not in answer or answer["data"] is None


def test_an_empty_operation_name_is_none_and_undeclared_variables_are_ignored(shared_server):
    status, answer = post(
        shared_server,
        {"query": "query Q { viewer { username } }", "operationName": "", "variables": {"x": 1}},
    )
    assert (status, "errors" in answer) == (200, False)


def test_what_is_missing_or_somebody_elses_is_null(shared_server):
    data = shared_server.graphql(
        """{ a: project(name: "nowhere") { id }
             b: project(name: "p", entityName: "somebody-else") { id }
             c: entity(name: "somebody-else") { id }
             d: models(entityName: "somebody-else") { edges { node { id } } } }"""
    )
    assert data == {"a": None, "b": None, "c": None, "d": None}


def test_writing_to_somebody_elses_entity_is_denied(shared_server):
    query = 'mutation { upsertBucket(input: {entityName: "somebody-else", name: "r"}) { inserted } }'
    status, answer = post(shared_server, {"query": query})
    assert status == 200
    assert answer["data"] == {"upsertBucket": None}
    assert answer["errors"][0]["extensions"]["code"] in ("PERMISSION_DENIED", "NOT_FOUND")


def test_upsert_changes_only_what_is_given(shared_server):
    upsert = """mutation U($input: UpsertBucketInput!) { upsertBucket(input: $input) {
        inserted bucket { id name displayName notes tags group jobType config state historyLineCount } } }"""

    def send(**fields):
        return shared_server.graphql(upsert, input=fields)["upsertBucket"]

    first = send(
        modelName="upserts",
        name="u1",
        notes="n",
        tags=["a", "b"],
        groupName="g",
        config='{"lr":{"value":0.1}}',
    )
    assert first["inserted"] is True
    bucket = first["bucket"]
    assert (bucket["notes"], bucket["tags"], bucket["group"]) == ("n", ["a", "b"], "g")
    assert bucket["displayName"] and bucket["historyLineCount"] == 0
    second = send(id=bucket["id"], tags=[], displayName="other")
    assert second["inserted"] is False
    changed = second["bucket"]
    assert changed["tags"] == [] and changed["displayName"] == "other"
    assert (changed["notes"], json.loads(changed["config"])) == ("n", {"lr": {"value": 0.1}})
    again = send(modelName="upserts", name="u1")
    assert again["inserted"] is False and again["bucket"]["id"] == bucket["id"]


def test_an_upsert_by_an_unknown_id_is_an_error(shared_server):
    query = 'mutation { upsertBucket(input: {id: "UnVuOjk5OTk5", notes: "x"}) { inserted } }'
    _, answer = post(shared_server, {"query": query})
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


def test_a_deleted_run_is_gone(shared_server):
    made = shared_server.graphql(
        'mutation { upsertBucket(input: {modelName: "deletes", name: "d1"}) { bucket { id } } }'
    )
    run = made["upsertBucket"]["bucket"]["id"]
    shared_server.graphql("mutation D($id: ID!) { deleteRun(input: {id: $id}) { clientMutationId } }", id=run)
    data = shared_server.graphql('{ project(name: "deletes") { runCount run(name: "d1") { id } } }')
    assert data["project"] == {"runCount": 0, "run": None}


def test_the_schema_describes_itself(shared_server):
    data = shared_server.graphql(
        '{ __schema { queryType { name } } __type(name: "Run") { fields { name } } }'
    )
    assert data["__schema"]["queryType"]["name"] == "Query"
    assert {"name": "historyKeys"} in data["__type"]["fields"]
