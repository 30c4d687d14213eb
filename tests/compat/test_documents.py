"""Every document of the stock client that this server promises to answer fits its schema."""

from __future__ import annotations

import json

from stock_documents import all_documents

# What creating, logging to, finishing and reading a run needs. The client has more documents, for
# things that this server does not have yet; the test lists them.
PROMISED = {
    "CreateProject",
    "CreateRunFiles",
    "DeleteRun",
    "GetDefaultEntity",
    "GetProject",
    "GetProjects",
    "GetViewer",
    "HistoryPage",
    "IsProjectReadOnly",
    "MarkRunFilesUploaded",
    "OrganizationCoreWeaveOrganizationID",
    "Project",
    "QueryRunInfo",
    "Run",
    "RunConsoleLogPage",
    "RunConsoleLogTail",
    "RunFiles",
    "RunFullHistory",
    "RunHistoryKeys",
    "RunParquetHistory",
    "RunResumeStatus",
    "RunSampledHistory",
    "RunState",
    "RunStoppedStatus",
    "Runs",
    "SampledHistoryPage",
    "SearchUsers",
    "ServerFeaturesQuery",
    "ServerInfo",
    "StopRun",
    "UpdateRunState",
    "UpsertBucket",
    "Viewer",
    "deleteFiles",
}


def problems_of(server, text: str) -> list[str]:
    """What is wrong with a document. It is never run: validation comes before the choice of the
    operation, and there is none of this name."""
    body = json.dumps({"query": text, "operationName": "NoSuchOperation"}).encode()
    status, answer = server.request("POST", "/graphql", body, server.authorization())
    assert status == 200, (status, answer)
    messages = [error["message"] for error in json.loads(answer)["errors"]]
    return [m for m in messages if m != 'Unknown operation named "NoSuchOperation".']


def test_promised_documents_of_the_stock_client_are_valid(shared_server):
    documents = all_documents()
    missing = PROMISED - {document.name for document in documents}
    assert not missing, f"not found in the client: {sorted(missing)}"
    failures, others = [], []
    for document in documents:
        problems = problems_of(shared_server, document.text)
        if problems:
            line = f"{document.name} ({document.source}): {'; '.join(problems[:3])}"
            (failures if document.name in PROMISED else others).append(line)
    print(f"{len(documents)} documents, {len(others)} of them not served yet:")
    print("\n".join(others))
    assert not failures, "\n".join(failures)


def test_a_document_that_does_not_fit_is_seen(shared_server):
    """The check above can fail."""
    assert problems_of(shared_server, "query X { viewer { nothing } }") == [
        'Cannot query field "nothing" on type "User".'
    ]
