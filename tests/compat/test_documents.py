"""Every GraphQL document that a stock client can send fits the schema that the server serves."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from support.clients import interpreters

HERE = Path(__file__).resolve().parent

# A document that is refused, and why a user can live with it. None is: what this server does not do
# has its types, and answers null, an empty list or an error that says so (schemas/other.graphql).
EXCUSED: dict[str, str] = {}


@pytest.fixture(scope="module")
def documents() -> dict[str, dict]:
    """What stock_documents.py finds in each client: {version: {"documents", "operations"}}."""
    started = {
        version: subprocess.Popen(
            [str(python), str(HERE / "stock_documents.py")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for version, python in interpreters().items()
    }
    found = {}
    for version, process in started.items():
        output, problems = process.communicate(timeout=120)
        assert process.returncode == 0, f"wandb {version}: {problems[-2000:]}"
        found[version] = json.loads(output)
    return found


def problems_of(server, text: str) -> list[str]:
    """What is wrong with a document. It is never run: validation comes before the choice of the
    operation, and there is none of this name."""
    body = json.dumps({"query": text, "operationName": "NoSuchOperation"}).encode()
    status, answer = server.request("POST", "/graphql", body, server.authorization())
    assert status == 200, (status, answer)
    messages = [error["message"] for error in json.loads(answer)["errors"]]
    return [m for m in messages if m != 'Unknown operation named "NoSuchOperation".']


def test_every_document_of_every_stock_client_is_valid(shared_server, documents):
    failures, excused, total = [], set(), 0
    for version, found in documents.items():
        for document in found["documents"]:
            total += 1
            problems = problems_of(shared_server, document["text"])
            if problems and document["name"] in EXCUSED:
                excused.add(document["name"])
            elif problems:
                where = f"{version}, {document['source']}"
                failures.append(f"{document['name']} ({where}): {'; '.join(problems[:5])}")
    print(f"{total} documents, {len(failures)} of them refused:")
    assert not failures, "\n".join(failures)
    assert excused == set(EXCUSED), "excused, but valid: take it off the list"


def test_no_operation_in_a_clients_sources_was_missed(documents):
    """However a client puts its documents together: each operation's name is among those found."""
    for version, found in documents.items():
        names = {document["name"] for document in found["documents"]}
        assert len(names) > 100, version
        assert not set(found["operations"]) - names, version


def test_a_document_that_does_not_fit_is_seen(shared_server):
    """The check above can fail."""
    assert problems_of(shared_server, "query X { viewer { nothing } }") == [
        'Cannot query field "nothing" on type "User".'
    ]


def test_introspection_gives_the_whole_schema_to_graphql_js(shared_server, tmp_path):
    """The reference implementation builds from our introspection what it builds from schemas/."""
    script = HERE / "compare_introspection.mjs"
    query = subprocess.run(["node", str(script), "query"], check=True, capture_output=True, text=True).stdout
    body = json.dumps({"query": query}).encode()
    status, answer = shared_server.request("POST", "/graphql", body, shared_server.authorization())
    assert status == 200, answer
    (tmp_path / "introspection.json").write_bytes(answer)
    done = subprocess.run(
        ["node", str(script), "compare", str(tmp_path / "introspection.json")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_documents_past_the_limits_are_refused_by_name(shared_server):
    wide = "{" + " ".join(f"a{i}: serverInfo {{ cliVersionInfo }}" for i in range(1200)) + "}"
    assert problems_of(shared_server, wide) == [
        "Document has more than the 1000 aliases allowed. Ask for a list, or in several requests."
    ]
    body = json.dumps({"query": "query Q($n: Int) { models(first: $n) { edges { cursor } } }"})
    asked = json.loads(body) | {"variables": {"n": 1_000_000}}
    status, answer = shared_server.request(
        "POST", "/graphql", json.dumps(asked).encode(), shared_server.authorization()
    )
    error = json.loads(answer)["errors"][0]
    assert status == 200
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == (
        'Argument "first" of field "models" is 1000000; a page has 0 to 10000 elements.'
    )
