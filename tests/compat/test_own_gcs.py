"""References to objects of Google Cloud Storage, against an emulator of it: entries beside the stock client's,
downloads, credentials of each kind, and what is said when something is wrong."""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.parse

import pytest
from client import run_script
from references import added_by_both
from support.object_stores import GoogleStore, Service

EMPTY = {}


def put(store: GoogleStore, bucket: str, name: str, body: bytes) -> dict:
    path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={urllib.parse.quote(name, safe='')}"
    return json.loads(store.request("POST", path, body, {"Content-Type": "application/octet-stream"}))


def make_bucket(store: GoogleStore, name: str) -> None:
    body = {"name": name, "versioning": {"enabled": True}}
    store.request(
        "POST", "/storage/v1/b?project=p", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with GoogleStore(tmp_path_factory.mktemp("gcs")) as store:
        make_bucket(store, "plain")
        for name, body in {
            "data/a.txt": b"alpha",
            "data/sub/b c+d é&<#.txt": b"beta",
            "data/empty": b"",
            "data/marker/": b"",
            "database.txt": b"not below data/",
            "one.bin": bytes(range(256)) * 100,
        }.items():
            put(store, "plain", name, body)
        yield store


def emulator(store) -> dict[str, str]:
    return {"STORAGE_EMULATOR_HOST": store.url, "GOOGLE_CLOUD_PROJECT": "p"}


def test_DF2_references_to_gcs_are_those_of_the_stock_client(store, shared_server, tmp_path):
    old = put(store, "plain", "dir/v.txt", b"first")["generation"]
    put(store, "plain", "dir/v.txt", b"second")
    questions = [
        ("gs://plain/one.bin", EMPTY),
        ("gs://plain/one.bin", {"name": "named/x.bin"}),
        ("gs://plain/one.bin", {"checksum": False}),
        ("gs://plain/data/a.txt", {"checksum": False, "name": "n"}),
        (f"gs://plain/dir/v.txt#{old}", EMPTY),
        (f"gs://plain/dir/v.txt#{old}", {"checksum": False, "name": "by-address"}),
        ("gs://plain/dir/v.txt", EMPTY),
        ("gs://plain/dir", EMPTY),
        ("gs://plain/data/", EMPTY),
        ("gs://plain/data/", {"name": "below"}),
    ]
    stock, own = added_by_both(shared_server, tmp_path, questions, emulator(store))
    assert stock.keys() == own.keys()
    for question, answer in stock.items():
        if "#" in question and "checksum" in question:
            # The stock client forgets the generation; ours downloads the one that was named.
            assert own[question][1]["by-address"].pop("extra") == {"versionID": int(old)}
        assert own[question] == answer, question
    entry = own[f"gs://plain/dir/v.txt#{old}{{}}"][1]["v.txt"]
    assert entry["extra"] == {"versionID": int(old)} and entry["size"] == len(b"first")
    assert sorted(own['gs://plain/data/{"name": "below"}'][1]) == [
        "below/a.txt",
        "below/empty",
        "below/sub/b c+d é&<#.txt",
    ]


def test_a_prefix_is_a_folder(store, shared_server, tmp_path):
    """The stock client takes every key that begins so, and then gives `database.txt` a reference to `data`."""
    run_script(
        shared_server,
        tmp_path,
        """
        import runstone
        artifact = runstone.Artifact("refs", "dataset")
        artifact.add_reference("gs://plain/data")
        assert sorted(artifact.manifest.entries) == ["a.txt", "empty", "sub/b c+d é&<#.txt"]
        # A whole bucket, which the stock client cannot add.
        whole = [entry.path for entry in artifact.add_reference("gs://plain", name="all")]
        assert "all/database.txt" in whole and "all/data/a.txt" in whole and "all/data/marker/" not in whole
        """,
        env=emulator(store),
    )


def test_more_objects_than_a_page_are_listed(store, shared_server, tmp_path):
    make_bucket(store, "many")
    for index in range(1003):
        put(store, "many", f"d/{index:04}", b"x")
    run_script(
        shared_server,
        tmp_path,
        """
        import runstone
        artifact = runstone.Artifact("refs", "dataset")
        assert len(artifact.add_reference("gs://many/d")) == 1003
        try:
            runstone.Artifact("x", "t").add_reference("gs://many/d", max_objects=1002)
        except ValueError as error:
            assert "max_objects" in str(error)
        else:
            raise AssertionError("max_objects was not minded")
        """,
        env=emulator(store),
    )


def test_objects_are_downloaded_and_checked(store, shared_server, tmp_path):
    put(store, "plain", "changing/c.txt", b"before")
    script = """
        import pathlib, runstone
        run = runstone.init(project="own-gcs")
        a = runstone.Artifact("refs", "dataset")
        a.add_reference("gs://plain/data/a.txt", name="d/a.txt")
        a.add_reference("gs://plain/one.bin")
        a.add_reference("gs://plain/changing/c.txt", name="c.txt")
        a.add_reference("gs://plain/changing/c.txt", name="unchecked.txt", checksum=False)
        run.log_artifact(a).wait()
        root = pathlib.Path(run.use_artifact("refs").download())
        assert (root / "d/a.txt").read_text() == "alpha" and (root / "c.txt").read_text() == "before"
        assert (root / "one.bin").read_bytes() == bytes(range(256)) * 100
        run.finish()
        """
    run_script(shared_server, tmp_path, script, env=emulator(store))
    put(store, "plain", "changing/c.txt", b"after")
    script = """
        import pathlib, runstone
        run = runstone.init(project="own-gcs")
        one = run.use_artifact("refs")
        assert pathlib.Path(one.get_entry("unchecked.txt").download(root="r")).read_text() == "after"
        {}
        run.finish()
        """
    changed = """
        assert pathlib.Path(one.get_entry("c.txt").download(root="r")).read_text() == "before", "its own generation"
        """
    cold = {**emulator(store), "RUNSTONE_CACHE_DIR": str(tmp_path / "cold")}
    run_script(shared_server, tmp_path, script.format(changed.strip()), env=cold)


def test_an_object_that_changed_is_refused(store, shared_server, tmp_path):
    make_bucket(store, "flat")
    store.request(
        "PATCH",
        "/storage/v1/b/flat",
        b'{"versioning":{"enabled":false}}',
        {"Content-Type": "application/json"},
    )
    put(store, "flat", "c.txt", b"before")
    script = """
        import runstone
        run = runstone.init(project="own-gcs")
        a = runstone.Artifact("flat", "dataset")
        a.add_reference("gs://flat/c.txt")
        run.log_artifact(a).wait()
        run.finish()
        """
    run_script(shared_server, tmp_path, script, env=emulator(store))
    put(store, "flat", "c.txt", b"after!")
    script = """
        import os, runstone
        run = runstone.init(project="own-gcs")
        one = run.use_artifact("flat")
        try:
            one.download(root="r")
        except ValueError as error:
            assert "Digest mismatch" in str(error), error
        else:
            raise AssertionError("a changed object must be refused")
        one.download(root="r", allow_missing_references=True)
        assert not os.path.exists("r/c.txt")
        run.finish()
        """
    run_script(shared_server, tmp_path, script, env=emulator(store))


# --- credentials --------------------------------------------------------------------------------------


@pytest.fixture
def front(store):
    """A front of the store that lets in who has the token `good`, and the service that gives it."""

    def answer(method, path, headers, body):
        if path == "/token" or path.startswith("/computeMetadata/v1/instance/service-accounts/default/token"):
            token = {"access_token": "good", "expires_in": 3600, "token_type": "Bearer"}
            return 200, {"Metadata-Flavor": "Google"}, token
        if headers.get("authorization") != "Bearer good":
            error = {
                "error": {"code": 401, "message": "Anonymous caller does not have storage.objects.get access"}
            }
            return 401, {}, error
        return 200, {}, store.request(method, path)

    with Service(answer) as front:
        yield front


ADD = """
import runstone
artifact = runstone.Artifact("refs", "dataset")
for number in range(3):
    (entry,) = artifact.add_reference("gs://plain/one.bin", name=str(number))
    assert entry.size == 25600
"""


def tokens_asked(front) -> list:
    return [asked for asked in front.asked if "token" in asked[1] and "/storage/" not in asked[1]]


def test_a_service_accounts_key_is_signed_with(front, shared_server, tmp_path):
    tmp_path.joinpath("key.pem").write_text("")
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "key.pem"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    key = {
        "type": "service_account",
        "client_email": "trainer@p.iam.gserviceaccount.com",
        "private_key_id": "k1",
        "private_key": tmp_path.joinpath("key.pem").read_text(),
        "token_uri": f"{front.url}/token",
    }
    (tmp_path / "key.json").write_text(json.dumps(key))
    env = {
        "API_ENDPOINT_OVERRIDE": front.url,
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json"),
    }
    run_script(shared_server, tmp_path, ADD, env=env)
    ((method, _, _, body),) = tokens_asked(front)  # once for all
    form = dict(urllib.parse.parse_qsl(body.decode()))
    assert method == "POST" and form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    head, claims, signature = form["assertion"].split(".")

    def decoded(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    assert json.loads(decoded(head)) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    facts = json.loads(decoded(claims))
    assert facts["iss"] == key["client_email"] and facts["aud"] == key["token_uri"]
    assert facts["exp"] - facts["iat"] == 3600 and "devstorage" in facts["scope"]
    (tmp_path / "signed").write_text(f"{head}.{claims}")
    (tmp_path / "signature").write_bytes(decoded(signature))
    subprocess.run(
        ["openssl", "pkey", "-in", "key.pem", "-pubout", "-out", "pub.pem"], cwd=tmp_path, check=True
    )
    subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", "pub.pem", "-signature", "signature", "signed"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )


def test_what_gcloud_wrote_is_used(front, shared_server, tmp_path):
    folder = tmp_path / ".config" / "gcloud"
    folder.mkdir(parents=True)
    person = {
        "type": "authorized_user",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
        "quota_project_id": "payer",
        "token_uri": f"{front.url}/token",
    }
    (folder / "application_default_credentials.json").write_text(json.dumps(person))
    run_script(shared_server, tmp_path, ADD, env={"API_ENDPOINT_OVERRIDE": front.url})
    ((_, _, _, body),) = tokens_asked(front)
    form = dict(urllib.parse.parse_qsl(body.decode()))
    assert form == {
        "grant_type": "refresh_token",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
    }
    assert all(
        headers["x-goog-user-project"] == "payer" for _, path, headers, _ in front.asked if "/o/" in path
    )


def test_the_machines_account_is_used(front, shared_server, tmp_path):
    port = front.host.rsplit(":", 1)[1]
    env = {"API_ENDPOINT_OVERRIDE": f"http://localhost:{port}", "GCE_METADATA_HOST": front.host}
    # The machine's own service is asked past the proxy, the store is not.
    env |= {"http_proxy": "http://127.0.0.1:9", "no_proxy": "localhost"}
    run_script(shared_server, tmp_path, ADD, env=env)
    ((_, _, headers, _),) = tokens_asked(front)
    assert headers["metadata-flavor"] == "Google"


@pytest.mark.parametrize(
    "files, extra, words",
    [
        (
            {},
            {"NO_GCE_CHECK": "true"},
            ["no credentials were found", "gcloud auth", "checksum=False", "Anonymous"],
        ),
        (
            {},
            {"GOOGLE_APPLICATION_CREDENTIALS": "none.json"},
            ["GOOGLE_APPLICATION_CREDENTIALS", "none.json"],
        ),
        (
            {"k.json": {"type": "external_account"}},
            {"GOOGLE_APPLICATION_CREDENTIALS": "k.json"},
            ["'external_account'", "not supported"],
        ),
        (
            {"k.json": {"type": "service_account", "private_key": "x"}},
            {"GOOGLE_APPLICATION_CREDENTIALS": "k.json"},
            ["k.json", "private_key"],
        ),
        ({"k.json": "no JSON object"}, {"GOOGLE_APPLICATION_CREDENTIALS": "k.json"}, ["k.json", "not JSON"]),
    ],
)
def test_wrong_credentials_are_named(front, shared_server, tmp_path, files, extra, words):
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    script = f"""
        import runstone
        try:
            runstone.Artifact("x", "t").add_reference("gs://plain/one.bin")
        except (runstone.errors.CommError, ValueError) as error:
            assert all(word in str(error) for word in {words!r}), error
        else:
            raise AssertionError("let in")
        """
    run_script(shared_server, tmp_path, script, env={"API_ENDPOINT_OVERRIDE": front.url, **extra})


def test_nothing_there_and_nobody_there_are_errors(store, shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        """
        import os
        import runstone
        from runstone import errors
        for uri in ("gs://plain/nothing", "gs://no-such-bucket/x", "gs://plain/one.bin#12345"):
            try:
                runstone.Artifact("x", "t").add_reference(uri)
            except errors.NotFoundError as error:
                assert uri.split("#")[0] in str(error) or "no-such-bucket" in str(error), error
            else:
                raise AssertionError(uri)
        os.environ["STORAGE_EMULATOR_HOST"] = "http://127.0.0.1:9"
        try:
            runstone.Artifact("x", "t").add_reference("gs://plain/one.bin")
        except errors.CommError as error:
            assert "checksum=False" in str(error), error
        else:
            raise AssertionError("nobody is there")
        (entry,) = runstone.Artifact("x", "t").add_reference("gs://plain/one.bin", checksum=False)
        assert entry.digest == entry.ref == "gs://plain/one.bin"
        """,
        env=emulator(store),
    )
