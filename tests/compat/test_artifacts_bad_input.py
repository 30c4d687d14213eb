"""What no client should send of an artifact, and what may happen on the way: a clear error, nothing half
done, and the next try works. By plain requests, since the stock client does not do these things."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import socket
import threading
import urllib.parse

import pytest
from client import ask, mutation, refused, run_script

PROJECT = "bad-artifacts"
MIB = 1 << 20


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content).digest()).decode()


class Version:
    """One artifact version that is being written, step by step."""

    def __init__(self, server, name: str, project: str = PROJECT) -> None:
        self.server = server
        self.names = {"entityName": server.entity(), "projectName": project}
        self.id = self.mutate(
            "createArtifact",
            "artifact { id }",
            **self.names,
            artifactTypeName="dataset",
            artifactCollectionName=name,
            digest=hashlib.md5(name.encode()).hexdigest(),
            digestAlgorithm="MANIFEST_MD5",
        )["artifact"]["id"]

    def mutate(self, field: str, selection: str, **fields: object) -> dict:
        return self.server.graphql(mutation(field, selection), input=fields)[field]

    def commit_is_refused(self) -> str:
        """The message with which."""
        return refused(self.server, mutation("commitArtifact"), input={"artifactID": self.id})

    def send_manifest(self, contents: dict[str, dict]) -> tuple[int, bytes]:
        text = json.dumps(
            {
                "version": 1,
                "storagePolicy": "wandb-storage-policy-v1",
                "storagePolicyConfig": {"storageLayout": "V2"},
                "contents": contents,
            }
        ).encode()
        made = self.mutate(
            "createArtifactManifest",
            "artifactManifest { id file { uploadUrl } }",
            **self.names,
            name="wandb_manifest.json",
            digest=md5(text),
            artifactID=self.id,
            includeUpload=True,
        )
        return self.put(made["artifactManifest"]["file"]["uploadUrl"], text)

    def file_address(self, name: str, content: bytes) -> str:
        wanted = [{"artifactID": self.id, "name": name, "md5": md5(content)}]
        made = self.mutate(
            "createArtifactFiles", "files { edges { node { uploadUrl } } }", artifactFiles=wanted
        )
        return made["files"]["edges"][0]["node"]["uploadUrl"]

    def put(self, url: str, content: bytes) -> tuple[int, bytes]:
        address = urllib.parse.urlsplit(url)
        return self.server.request("PUT", f"{address.path}?{address.query}", content)

    def commit(self) -> None:
        self.mutate("commitArtifact", "artifact { id }", artifactID=self.id)

    def state(self) -> str:
        return self.server.graphql("query A($id: ID!) { artifact(id: $id) { state } }", id=self.id)[
            "artifact"
        ]["state"]


@pytest.mark.parametrize(
    "name",
    ["../up.txt", "/abs.txt", "a/../../up.txt", "a/./b.txt", "a//b.txt", "a\0b.txt", "", ".."],
    ids=repr,
)
def test_a_file_name_that_leads_elsewhere_is_refused(shared_server, name):
    version = Version(shared_server, f"names-{hashlib.md5(name.encode()).hexdigest()[:8]}")
    content = b"bytes of a bad name"
    assert version.send_manifest({name: {"digest": md5(content), "size": len(content)}})[0] == 200
    version.put(version.file_address("any", content), content)
    message = version.commit_is_refused()
    assert f'names a file "{name}"' in message, message
    assert version.state() == "PENDING"


def test_other_bytes_than_the_digest_says_are_refused_and_the_right_ones_taken(shared_server):
    version = Version(shared_server, "mismatch")
    right, wrong = b"the right bytes", b"the wrong bytes"
    assert version.send_manifest({"f.txt": {"digest": md5(right), "size": len(right)}})[0] == 200
    address = version.file_address("f.txt", right)
    status, answer = version.put(address, wrong)
    assert status == 400 and hashlib.md5(right).hexdigest().encode() in answer, (status, answer)
    assert "f.txt" in version.commit_is_refused()
    assert version.state() == "PENDING"
    assert version.put(address, right)[0] == 200
    version.commit()
    assert version.state() == "COMMITTED"


def test_an_upload_that_is_cut_in_half_leaves_nothing_and_the_next_one_works(shared_server):
    version = Version(shared_server, "half")
    content = b"0123456789" * 100_000
    assert version.send_manifest({"f.bin": {"digest": md5(content), "size": len(content)}})[0] == 200
    url = version.file_address("f.bin", content)
    address = urllib.parse.urlsplit(url)
    with socket.create_connection(("127.0.0.1", shared_server.port), timeout=10) as connection:
        head = f"PUT {address.path}?{address.query} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n"
        connection.sendall(head.encode() + content[: len(content) // 2])
        connection.shutdown(socket.SHUT_WR)
        # No answer, or one that is no success.
        answer = connection.recv(4096)
        assert not answer.startswith(b"HTTP/1.1 2"), answer
    assert "f.bin" in version.commit_is_refused()
    entity, digest = shared_server.entity(), hashlib.md5(content).hexdigest()
    path = f"/artifacts/{entity}/{digest}"
    assert shared_server.request("GET", path, None, shared_server.authorization())[0] == 404
    assert version.put(url, content)[0] == 200
    version.commit()
    assert shared_server.request("GET", path, None, shared_server.authorization()) == (200, content)


def test_two_writers_of_the_same_artifact_at_once_make_one_version(shared_server, tmp_path):
    script = """
        import wandb
        with wandb.init(project="bad-artifacts") as run:
            artifact = wandb.Artifact("twins", type="dataset")
            with artifact.new_file("f.txt") as file:
                file.write("the same " * 1000)
            run.log_artifact(artifact).wait()
        """
    failures = []

    def write(number: int) -> None:
        done = run_script(shared_server, tmp_path / str(number), script, check=False)
        if done.returncode != 0:
            failures.append(done.stdout + done.stderr)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    facts = """[[a.version, len(a.logged_by() is not None and a.files()), a.aliases]
        for a in api.artifacts("dataset", "bad-artifacts/twins")]"""
    assert ask(shared_server, tmp_path, facts) == [["v0", 1, ["latest"]]]


def test_a_version_deleted_during_a_download_is_read_to_its_end(shared_server):
    version = Version(shared_server, "deleted-meanwhile")
    content = bytes(range(256)) * (16 * MIB // 256)
    assert version.send_manifest({"f.bin": {"digest": md5(content), "size": len(content)}})[0] == 200
    assert version.put(version.file_address("f.bin", content), content)[0] == 200
    version.commit()
    path = f"/artifacts/{shared_server.entity()}/{hashlib.md5(content).hexdigest()}"
    connection = http.client.HTTPConnection("127.0.0.1", shared_server.port, timeout=30)
    connection.request("GET", path, None, shared_server.authorization())
    response = connection.getresponse()
    received = response.read(MIB)
    version.mutate("deleteArtifact", "artifact { id }", artifactID=version.id, deleteAliases=True)
    received += response.read()
    connection.close()
    assert received == content
    assert shared_server.request("GET", path, None, shared_server.authorization())[0] == 404


def test_a_million_aliases_are_refused_as_a_whole(shared_server):
    version = Version(shared_server, "many")
    assert version.send_manifest({})[0] == 200
    version.commit()
    aliases = [{"artifactCollectionName": "many", "alias": f"a{number}"} for number in range(1_000_000)]
    again = version.names | {"artifactTypeName": "dataset", "artifactCollectionName": "many"}
    again |= {"digest": "f" * 32, "digestAlgorithm": "MANIFEST_MD5", "aliases": aliases}
    assert "alias" in refused(shared_server, mutation("createArtifact"), input=again)
    # As many as a body of 64 MiB holds of these, which name their project, too.
    places = [version.names | alias for alias in aliases[:400_000]]
    added = {"artifactID": version.id, "aliases": places}
    assert "alias" in refused(shared_server, mutation("addAliases"), input=added)
    query = "query A($id: ID!) { artifact(id: $id) { aliases { alias } } }"
    found = shared_server.graphql(query, id=version.id)["artifact"]["aliases"]
    assert [alias["alias"] for alias in found] == ["v0"]


@pytest.mark.parametrize("field", ["entityName", "projectName", "artifactCollectionName", "artifactTypeName"])
def test_names_with_slashes_are_no_names(shared_server, field):
    fields = {
        "entityName": shared_server.entity(),
        "projectName": PROJECT,
        "artifactTypeName": "dataset",
        "artifactCollectionName": "named",
        "digest": "a" * 32,
        "digestAlgorithm": "MANIFEST_MD5",
    }
    for bad in ("a/b", "../x", "/"):
        message = refused(shared_server, mutation("createArtifact"), input=fields | {field: bad})
        assert bad in message, message
