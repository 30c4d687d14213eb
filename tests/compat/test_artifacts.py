"""The road of artifact bytes: logged, waited for, downloaded, deleted by the stock client."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from client import offline_folder, run_script, wandb_command
from support.server import runstone_bin

PROJECT = "artifacts"


def answers(done) -> dict:
    lines = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    assert len(lines) == 1, done.stdout + done.stderr
    return json.loads(lines[0][len("ANSWER ") :])


LOG_AND_READ = """
    import json, os, pathlib
    import wandb
    api = wandb.Api()
    facts = {}
    pathlib.Path("dir/sub").mkdir(parents=True, exist_ok=True)
    pathlib.Path("dir/a.txt").write_text("alpha")
    pathlib.Path("dir/sub/b.bin").write_bytes(bytes(range(256)) * 1000)

    pathlib.Path("near.txt").write_text("near")

    run = wandb.init(project="artifacts", id="first")
    art = wandb.Artifact("ds", type="dataset", description="d", metadata={"k": 1})
    art.add_dir("dir")
    art.add_reference("file://" + os.path.abspath("near.txt"), name="near")
    art.add(wandb.Table(columns=["x"], data=[[1], [2]]), "table")
    run.log_artifact(art, aliases=["best"]).wait()
    facts["v0"] = [art.version, art.state, art.size, sorted(art.manifest.entries)]

    far = wandb.Artifact("far", type="dataset")
    far.add_reference("http://127.0.0.1:9/none.txt", name="far", checksum=False)
    run.log_artifact(far).wait()
    facts["far"] = [(f.name, f.url) for f in api.artifact("artifacts/far:v0").files()]

    same = wandb.Artifact("ds", type="dataset")
    same.add_dir("dir")
    same.add_reference("file://" + os.path.abspath("near.txt"), name="near")
    same.add(wandb.Table(columns=["x"], data=[[1], [2]]), "table")
    run.log_artifact(same, aliases=["again"]).wait()
    facts["same"] = [same.id == art.id, same.version]

    pathlib.Path("dir/a.txt").write_text("beta")
    more = wandb.Artifact("ds", type="dataset")
    more.add_dir("dir")
    run.log_artifact(more).wait()
    facts["v1"] = [more.version, sorted(more.aliases)]

    inc = wandb.Artifact("ds", type="dataset", incremental=True)
    with inc.new_file("new.txt") as f:
        f.write("new")
    run.log_artifact(inc).wait()
    facts["v2"] = [inc.version, sorted(inc.manifest.entries)]

    run.log({"t": wandb.Table(columns=["x"], data=[[1], [2]])})
    used = run.use_artifact("ds:best")
    facts["used"] = used.version
    run.finish()

    one = api.artifact("artifacts/ds:v0")
    folder = one.download(root="got")
    facts["a"] = pathlib.Path("got/a.txt").read_text()
    facts["b"] = pathlib.Path("got/sub/b.bin").read_bytes() == bytes(range(256)) * 1000
    facts["near"] = pathlib.Path("got/near").read_text()
    facts["files"] = sorted(f.name for f in one.files())
    facts["count"] = len(one.files())
    facts["entry"] = pathlib.Path(one.get_entry("sub/b.bin").download(root="alone")).stat().st_size
    facts["table"] = api.artifact("artifacts/ds:v0").get("table").data
    facts["aliases"] = sorted(api.artifact("artifacts/ds:best").aliases)
    facts["meta"] = [one.metadata, one.description, bool(one.commit_hash), one.file_count]
    facts["logged"] = sorted(a.name for a in api.run("artifacts/first").logged_artifacts())
    draft = api.artifact("artifacts/ds:v1").new_draft()
    draft.remove("a.txt")
    with wandb.init(project="artifacts", id="second") as run:
        run.log_artifact(draft).wait()
    facts["draft"] = [draft.version, sorted(draft.manifest.entries)]
    print("\\nANSWER " + json.dumps(facts))
"""


@pytest.fixture(scope="module")
def logged(shared_server, tmp_path_factory):
    return answers(run_script(shared_server, tmp_path_factory.mktemp("artifacts"), LOG_AND_READ))


def test_files_folders_references_and_tables_are_logged(logged):
    version, state, _, entries = logged["v0"]
    assert [version, state] == ["v0", "COMMITTED"]
    assert entries == ["a.txt", "near", "sub/b.bin", "table.table.json"]
    assert logged["v1"] == ["v1", ["latest"]]


def test_the_same_content_again_is_the_same_version_with_more_aliases(logged):
    assert logged["same"] == [True, "v0"]
    assert {"best", "again"} <= set(logged["aliases"])


def test_an_incremental_version_holds_the_files_of_its_base(logged):
    assert logged["v2"] == ["v2", ["a.txt", "new.txt", "sub/b.bin"]]


def test_a_draft_of_a_version_needs_no_bytes_sent_again(logged):
    assert logged["draft"] == ["v3", ["sub/b.bin"]]


def test_downloaded_bytes_are_those_that_were_logged(logged):
    assert logged["a"] == "alpha"
    assert logged["b"] is True
    assert logged["entry"] == 256_000
    assert logged["table"] == [[1], [2]]
    assert logged["used"] == "v0"


def test_references_of_a_version_are_listed_and_downloaded_from_where_they_point(logged):
    assert logged["files"] == ["a.txt", "near", "sub/b.bin", "table.table.json"]
    assert logged["count"] == 4
    assert logged["near"] == "near"
    assert logged["far"] == [["far", "http://127.0.0.1:9/none.txt"]]


def test_fields_of_a_version_are_kept(logged):
    assert logged["meta"] == [{"k": 1}, "d", True, 4]


def test_a_logged_table_is_an_artifact_of_its_run(logged):
    assert any(name.startswith("run-first-t:") for name in logged["logged"]), logged["logged"]


def test_writers_of_one_distributed_version_are_merged(shared_server, tmp_path):
    facts = answers(
        run_script(
            shared_server,
            tmp_path,
            """
            import json
            import wandb
            for i in range(3):
                with wandb.init(project="artifacts", group="g1", id=f"part{i}") as run:
                    art = wandb.Artifact("dist", type="dataset")
                    with art.new_file(f"part{i}.txt") as f:
                        f.write(str(i))
                    run.upsert_artifact(art, distributed_id="g1")
            with wandb.init(project="artifacts", group="g1", id="last") as run:
                art = wandb.Artifact("dist", type="dataset")
                with art.new_file("last.txt") as f:
                    f.write("last")
                run.finish_artifact(art, distributed_id="g1")
            found = wandb.Api().artifact("artifacts/dist:latest")
            print("\\nANSWER " + json.dumps([found.version, sorted(found.manifest.entries)]))
            """,
        )
    )
    assert facts == ["v0", ["last.txt", "part0.txt", "part1.txt", "part2.txt"]]


def test_an_offline_run_brings_its_artifacts_by_sync(shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        """
        import wandb
        with wandb.init(project="artifacts", mode="offline", id="off1") as run:
            art = wandb.Artifact("offline", type="dataset")
            with art.new_file("x.txt") as f:
                f.write("from offline")
            run.log_artifact(art)
        """,
    )
    wandb_command(shared_server, tmp_path, "sync", str(offline_folder(tmp_path)))
    facts = answers(
        run_script(
            shared_server,
            tmp_path,
            """
            import json, pathlib
            import wandb
            path = wandb.Api().artifact("artifacts/offline:latest").download(root="back")
            print("\\nANSWER " + json.dumps(pathlib.Path(path, "x.txt").read_text()))
            """,
        )
    )
    assert facts == "from offline"


def test_deletion_asks_for_aliases_and_frees_the_bytes_that_nobody_else_has(shared_server, tmp_path):
    facts = answers(
        run_script(
            shared_server,
            tmp_path,
            """
            import json
            import wandb
            api = wandb.Api()
            with wandb.init(project="artifacts", id="deleter") as run:
                for name, text in (("one", "shared-bytes"), ("two", "shared-bytes")):
                    art = wandb.Artifact(name, type="dataset")
                    with art.new_file("s.txt") as f:
                        f.write(text)
                    with art.new_file("own.txt") as f:
                        f.write("own-bytes-" + name)
                    run.log_artifact(art).wait()
            facts = {}
            one = api.artifact("artifacts/one:v0")
            try:
                one.delete()
            except Exception as error:
                facts["refused"] = str(error)
            one.delete(delete_aliases=True)
            try:
                api.artifact("artifacts/one:v0")
            except Exception as error:
                facts["gone"] = type(error).__name__
            facts["two"] = sorted(f.name for f in api.artifact("artifacts/two:v0").files())
            print("\\nANSWER " + json.dumps(facts))
            """,
        )
    )
    assert "alias" in facts["refused"]
    assert facts["gone"] == "CommError"
    assert facts["two"] == ["own.txt", "s.txt"]
    entity = shared_server.entity()

    def fetch(text: str) -> int:
        digest = hashlib.md5(text.encode()).hexdigest()
        path = f"/artifacts/{entity}/{digest}"
        return shared_server.request("GET", path, None, shared_server.authorization())[0]

    assert fetch("shared-bytes") == 200
    assert fetch("own-bytes-two") == 200
    assert fetch("own-bytes-one") == 404


CREATE = """mutation C($input: CreateArtifactInput!) {
  createArtifact(input: $input) { artifact { id state } } }"""
MANIFEST = """mutation M($input: CreateArtifactManifestInput!) {
  createArtifactManifest(input: $input) { artifactManifest { id file { uploadUrl } } } }"""
FILES = """mutation F($input: CreateArtifactFilesInput!) {
  createArtifactFiles(input: $input) { files { edges { node { uploadUrl } } } } }"""
COMMIT = """mutation K($input: CommitArtifactInput!) {
  commitArtifact(input: $input) { artifact { id state } } }"""


def create(server, name: str, digest: str) -> str:
    made = server.graphql(
        CREATE,
        input={
            "entityName": server.entity(),
            "projectName": PROJECT,
            "artifactTypeName": "dataset",
            "artifactCollectionName": name,
            "digest": digest,
            "enableDigestDeduplication": True,
            "aliases": [{"artifactCollectionName": name, "alias": "latest"}],
        },
    )["createArtifact"]["artifact"]
    assert made["state"] == "PENDING"
    return made["id"]


def b64(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def put_manifest(server, artifact: str, text: bytes) -> int:
    answer = server.graphql(
        MANIFEST,
        input={
            "artifactID": artifact,
            "name": "wandb_manifest.json",
            "digest": b64(text),
            "entityName": server.entity(),
            "projectName": PROJECT,
            "type": "FULL",
        },
    )
    url = answer["createArtifactManifest"]["artifactManifest"]["file"]["uploadUrl"]
    return server.request("PUT", path_of(url), text)[0]


def manifest(contents: dict) -> bytes:
    return json.dumps({"version": 1, "storagePolicyConfig": {}, "contents": contents}).encode()


def error_of(server, document: str, **variables) -> str:
    with pytest.raises(AssertionError) as caught:
        server.graphql(document, **variables)
    return str(caught.value)


def test_what_was_not_uploaded_is_named_and_the_version_stays_pending(shared_server):
    server = shared_server
    artifact = create(server, "halves", "d1")
    assert "no manifest yet" in error_of(server, COMMIT, input={"artifactID": artifact})
    entry = {"digest": b64(b"bytes"), "size": 5}
    assert put_manifest(server, artifact, manifest({"x.txt": entry})) == 200
    assert "x.txt" in error_of(server, COMMIT, input={"artifactID": artifact})
    spec = {"artifactID": artifact, "name": "x.txt", "md5": b64(b"bytes")}
    files = server.graphql(FILES, input={"artifactFiles": [spec]})
    url = files["createArtifactFiles"]["files"]["edges"][0]["node"]["uploadUrl"]
    status, answer = server.request("PUT", path_of(url), b"other")
    assert (status, b"MD5" in answer) == (400, True)
    assert server.request("PUT", path_of(url) + "x", b"bytes")[0] == 403
    assert server.request("PUT", path_of(url), b"bytes")[0] == 200
    files = server.graphql(FILES, input={"artifactFiles": [spec]})
    assert files["createArtifactFiles"]["files"]["edges"][0]["node"]["uploadUrl"] is None
    done = server.graphql(COMMIT, input={"artifactID": artifact})["commitArtifact"]["artifact"]
    again = server.graphql(COMMIT, input={"artifactID": artifact})["commitArtifact"]["artifact"]
    assert done == again == {"id": artifact, "state": "COMMITTED"}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"version":2,"contents":{}}',
        b'{"version":1}',
        manifest({"../up": {"digest": b64(b"x"), "size": 1}}),
        manifest({"/abs": {"digest": b64(b"x"), "size": 1}}),
        manifest({"x": {"digest": "short", "size": 1}}),
        manifest({"x": {"digest": b64(b"x"), "size": -1}}),
    ],
)
def test_a_malformed_manifest_is_refused_and_the_version_stays_pending(shared_server, text):
    artifact = create(shared_server, "malformed", hashlib.md5(text).hexdigest())
    assert put_manifest(shared_server, artifact, text) == 200
    assert "manifest" in error_of(shared_server, COMMIT, input={"artifactID": artifact})


def test_more_aliases_than_one_request_may_bring_are_refused(shared_server):
    aliases = [{"artifactCollectionName": "many", "alias": f"a{i}"} for i in range(1001)]
    said = error_of(
        shared_server,
        CREATE,
        input={
            "entityName": shared_server.entity(),
            "projectName": PROJECT,
            "artifactTypeName": "dataset",
            "artifactCollectionName": "many",
            "digest": "d",
            "aliases": aliases,
        },
    )
    assert "at most 1000 aliases" in said


def test_two_writers_with_the_same_artifact_at_once_make_one_version(shared_server, tmp_path):
    script = """
        import json
        import wandb
        with wandb.init(project="artifacts") as run:
            art = wandb.Artifact("twins", type="dataset")
            for i in range(50):
                with art.new_file(f"f{i}.txt") as f:
                    f.write(f"twin {i}")
            run.log_artifact(art).wait()
            print("\\nANSWER " + json.dumps({"version": art.version, "count": len(art.files())}))
    """
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda n: run_script(shared_server, tmp_path / n, script), ("a", "b")))
    assert [answers(done) for done in both] == [{"version": "v0", "count": 50}] * 2


def stranger(server) -> dict[str, str]:
    """The header of a user who is in no team."""
    done = subprocess.run(
        [runstone_bin(), "user", "add", "stranger", "--data", str(server.data)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    key = done.stdout.strip().splitlines()[-1]
    token = base64.b64encode(f"api:{key}".encode()).decode()
    return {"Authorization": f"Basic {token}", "Content-Type": "application/json"}


def commit_one(server, name: str, content: bytes) -> str:
    """A version of one file `x`, made without a client."""
    artifact = create(server, name, hashlib.md5(content).hexdigest())
    files = server.graphql(
        FILES, input={"artifactFiles": [{"artifactID": artifact, "name": "x", "md5": b64(content)}]}
    )
    url = files["createArtifactFiles"]["files"]["edges"][0]["node"]["uploadUrl"]
    if url:
        assert server.request("PUT", path_of(url), content)[0] == 200
    text = manifest({"x": {"digest": b64(content), "size": len(content)}})
    assert put_manifest(server, artifact, text) == 200
    server.graphql(COMMIT, input={"artifactID": artifact})
    return artifact


FIRST_FILE = """query U($id: ID!) {
  artifact(id: $id) { digest files(first: 1) { edges { node { name directUrl } } } } }"""


def test_another_teams_artifact_looks_like_one_that_is_not_there(shared_server):
    server = shared_server
    artifact = commit_one(server, "secret", b"secret-bytes")
    header = stranger(server)

    def ask(document: str, **variables) -> dict:
        body = json.dumps({"query": document, "variables": variables}).encode()
        return json.loads(server.request("POST", "/graphql", body, header)[1])

    absent = base64.b64encode(b"Artifact:999999").decode()
    assert ask(FIRST_FILE, id=artifact) == ask(FIRST_FILE, id=absent) == {"data": {"artifact": None}}
    errors = [ask(COMMIT, input={"artifactID": id})["errors"][0] for id in (artifact, absent)]
    assert errors[0]["message"].replace(artifact, "") == errors[1]["message"].replace(absent, "")
    digest = hashlib.md5(b"secret-bytes").hexdigest()
    entity = server.entity()
    for path in (
        f"/artifacts/{entity}/{digest}",
        f"/artifactsV2/default/{entity}/{PROJECT}/secret/{artifact}/{digest}/x",
    ):
        assert server.request("GET", path, None, server.authorization())[:2] == (200, b"secret-bytes")
        assert server.request("GET", path, None, header)[0] == 404
        assert server.request("GET", path)[0] == 401


def test_a_download_address_gives_ranges_and_needs_its_signature(shared_server):
    content = bytes(range(256)) * 40
    artifact = commit_one(shared_server, "ranged", content)
    node = shared_server.graphql(FIRST_FILE, id=artifact)["artifact"]["files"]["edges"][0]["node"]
    path = path_of(node["directUrl"])
    assert shared_server.request("GET", path) == (200, content)
    assert shared_server.request("GET", path, None, {"Range": "bytes=100-199"}) == (206, content[100:200])
    assert shared_server.request("GET", path.split("?")[0])[0] == 403


def test_the_artifacts_of_a_deleted_run_go_if_asked(shared_server, tmp_path):
    left = answers(
        run_script(
            shared_server,
            tmp_path,
            """
            import json
            import wandb
            with wandb.init(project="gone", id="g1") as run:
                art = wandb.Artifact("ofrun", type="dataset")
                with art.new_file("x.txt") as f:
                    f.write("goes with its run")
                run.log_artifact(art).wait()
            api = wandb.Api()
            api.run("gone/g1").delete(delete_artifacts=True)
            print("\\nANSWER " + json.dumps({"there": api.artifact_exists("gone/ofrun:v0")}))
            """,
        )
    )
    assert left == {"there": False}
