"""References to blobs of Azure, against Azurite: entries beside the stock client's, signatures, downloads, and
what is said when something is wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import urllib.parse

import pytest
from client import run_script
from references import added_by_both, run_with
from support.object_stores import AzureStore, Service, stock_python

BASE = "https://devstoreaccount1.blob.core.windows.net"

# The stock client knows an account by its address, and the emulator has another one.
TO_THE_EMULATOR = """
import azure.identity
import azure.storage.blob
class Emulated(azure.storage.blob.BlobServiceClient):
    def __init__(self, account_url, credential):
        super().__init__({endpoint!r}, credential={key!r})
azure.storage.blob.BlobServiceClient = Emulated
azure.identity.DefaultAzureCredential = lambda: None
"""

FILL = """
import sys
from azure.storage.blob import BlobServiceClient
service = BlobServiceClient.from_connection_string({connection!r})
plain = service.create_container("plain")
for name, body in {{
    "data/a.txt": b"alpha",
    "data/sub/b c+d é&<.txt": b"beta",
    "data/empty": b"",
    "database.txt": b"not below data/",
    "one.bin": bytes(range(256)) * 100,
    "a b.txt": b"with a blank",
}}.items():
    plain.upload_blob(name, body)
stubs = service.create_container("stubs")
stubs.upload_blob("dir", b"", metadata={{"hdi_isfolder": "true"}})
stubs.upload_blob("dir/sub", b"", metadata={{"hdi_isfolder": "true"}})
stubs.upload_blob("dir/sub/x.txt", b"x")
public = service.create_container("public", public_access="container")
public.upload_blob("free.txt", b"for all")
changing = service.create_container("changing")
changing.upload_blob("c.txt", b"before")
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory, shared_server):
    with AzureStore(tmp_path_factory.mktemp("azure")) as store:
        folder = tmp_path_factory.mktemp("fill")
        run_with(stock_python(), shared_server, folder, FILL.format(connection=store.connection_string), {})
        yield store


def connected(store) -> dict[str, str]:
    return {"AZURE_STORAGE_CONNECTION_STRING": store.connection_string}


def test_DF2_references_to_azure_are_those_of_the_stock_client(store, shared_server, tmp_path):
    questions = [
        (f"{BASE}/plain/one.bin", {}),
        (f"{BASE}/plain/one.bin", {"name": "named/x.bin"}),
        (f"{BASE}/plain/data/a.txt", {"checksum": False}),
        (f"{BASE}/plain/data/a.txt?sv=2021&sig=secret", {"checksum": False, "name": "n"}),
        (f"{BASE}/plain/data/empty", {}),
        (f"{BASE}/plain/a b.txt", {}),
        (f"{BASE}/plain/data", {}),
        (f"{BASE}/plain/data", {"name": "below"}),
    ]
    patch = TO_THE_EMULATOR.format(endpoint=store.endpoint, key=store.key)
    stock, own = added_by_both(shared_server, tmp_path, questions, connected(store), patch)
    assert own == stock
    assert sorted(own[f'{BASE}/plain/data{{"name": "below"}}'][1]) == [
        "below/a.txt",
        "below/empty",
        "below/sub/b c+d é&<.txt",
    ]
    assert "secret" not in str(own.values())


def test_folders_encoded_names_and_containers(store, shared_server, tmp_path):
    run_script(
        shared_server,
        tmp_path,
        f"""
        import runstone
        def added(uri, **options):
            return {{e.path: e.ref for e in runstone.Artifact("x", "t").add_reference(uri, **options)}}
        # A stub of a folder is none of its blobs: the stock client's entry of it has the folder's path.
        assert added("{BASE}/stubs/dir") == {{"sub/x.txt": "{BASE}/stubs/dir/sub/x.txt"}}
        assert added("{BASE}/stubs/") == {{"dir/sub/x.txt": "{BASE}/stubs/dir/sub/x.txt"}}
        # As a browser and the portal write it.
        assert added("{BASE}/plain/a%20b.txt") == {{"a b.txt": "{BASE}/plain/a b.txt"}}
        try:
            added("{BASE}/plain/data", max_objects=2)
        except ValueError as error:
            assert "max_objects" in str(error)
        else:
            raise AssertionError("max_objects was not minded")
        """,
        env=connected(store),
    )


def signature(store, **more: str) -> str:
    """An account's shared access signature, by Microsoft's documentation."""
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    fields = {
        "sp": "rl",
        "ss": "b",
        "srt": "sco",
        "st": "",
        "se": end,
        "sip": "",
        "spr": "",
        "sv": "2020-12-06",
    }
    fields |= more
    order = ("sp", "ss", "srt", "st", "se", "sip", "spr", "sv")
    text = "\n".join([store.account, *(fields[name] for name in order), "", ""])
    signed = hmac.new(base64.b64decode(store.key), text.encode(), hashlib.sha256).digest()
    fields = {name: value for name, value in fields.items() if value}
    return urllib.parse.urlencode(fields | {"sig": base64.b64encode(signed).decode()})


ADD = """
import runstone
(entry,) = runstone.Artifact("x", "t").add_reference({uri!r})
assert entry.size == {size} and "?" not in entry.ref and "sig" not in entry.ref, entry
"""


def test_each_kind_of_credentials_lets_in(store, shared_server, tmp_path):
    where = {"AZURE_STORAGE_CONNECTION_STRING": f"AccountName={store.account};BlobEndpoint={store.endpoint}"}
    one = f"{BASE}/plain/one.bin"
    sas = signature(store)
    for number, (uri, env, size) in enumerate(
        [
            (one, connected(store), 25600),
            (one, {"AZURE_STORAGE_ACCOUNT": store.account, "AZURE_STORAGE_KEY": store.key, **where}, 25600),
            (
                one,
                {"AZURE_STORAGE_ACCOUNT": store.account, "AZURE_STORAGE_SAS_TOKEN": "?" + sas, **where},
                25600,
            ),
            (f"{one}?{sas}", where, 25600),
            (f"{BASE}/public/free.txt", where, 7),
        ]
    ):
        run_script(shared_server, tmp_path / str(number), ADD.format(uri=uri, size=size), env=env)


def test_a_token_of_microsoft_entra_lets_in(shared_server, tmp_path):
    """Of an application by its secret, of one in a cluster by its token, and of the machine."""

    def answer(method, path, headers, body):
        token = {"access_token": "good", "expires_in": "3600", "token_type": "Bearer"}
        if path == "/tenant/oauth2/v2.0/token":
            form = dict(urllib.parse.parse_qsl(body.decode()))
            proof = form.get("client_secret") or form.get("client_assertion")
            if (
                form["client_id"] != "app"
                or form["scope"] != "https://storage.azure.com/.default"
                or proof != "p"
            ):
                return (
                    401,
                    {},
                    {"error": "invalid_client", "error_description": "AADSTS7000215: wrong secret"},
                )
            return 200, {}, token
        if path.startswith("/metadata/identity/oauth2/token?") and headers.get("metadata") == "true":
            return 200, {}, token
        if headers.get("authorization") != "Bearer good":
            return 401, {}, b"<Error><Code>NoAuthenticationInformation</Code></Error>"
        return 200, {"ETag": '"0x1"'}, b"x" * 9

    application = {"AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_ID": "app"}
    (tmp_path / "federated").write_text("p")
    federated = {"AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "federated")}
    with Service(answer) as service:
        where = {
            "AZURE_STORAGE_CONNECTION_STRING": f"AccountName={AzureStore.account};BlobEndpoint={service.url}",
            "AZURE_AUTHORITY_HOST": service.url,
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": service.url,
        }
        script = ADD.format(uri=f"{BASE}/c/b", size=9)
        for env in ({**application, "AZURE_CLIENT_SECRET": "p"}, {**application, **federated}, {}):
            service.asked.clear()
            run_script(shared_server, tmp_path, script + script, env=where | env)
            assert sum("token" in path for _, path, _, _ in service.asked) == 1, "once for all"
        refused = f"""
            import runstone
            try:
                runstone.Artifact("x", "t").add_reference("{BASE}/c/b")
            except runstone.errors.CommError as error:
                assert "AADSTS7000215" in str(error) and "AZURE_CLIENT_ID" in str(error), error
            else:
                raise AssertionError("let in")
            """
        run_script(
            shared_server, tmp_path, refused, env={**where, **application, "AZURE_CLIENT_SECRET": "other"}
        )


@pytest.mark.parametrize(
    "uri, extra, words",
    [
        (
            "plain/one.bin",
            {},
            ["no credentials were found", "AZURE_STORAGE_CONNECTION_STRING", "checksum=False"],
        ),
        (
            "plain/one.bin",
            {"AZURE_STORAGE_ACCOUNT": "devstoreaccount1", "AZURE_STORAGE_KEY": "d3Jvbmc="},
            ["AZURE_STORAGE_KEY", "403"],
        ),
        (
            "plain/one.bin",
            {"AZURE_STORAGE_ACCOUNT": "devstoreaccount1", "AZURE_STORAGE_KEY": "not base64"},
            ["AZURE_STORAGE_KEY", "not base64"],
        ),
        ("plain/one.bin?sv=2020-12-06&sp=r&sig=d3Jvbmc%3D", {}, ["the address's signature", "403"]),
        ("public/nothing", {}, ["there is no object", "public/nothing"]),
        ("", {}, ["names no container"]),
    ],
)
def test_what_is_wrong_is_said(store, shared_server, tmp_path, uri, extra, words):
    where = {
        "AZURE_STORAGE_CONNECTION_STRING": f"AccountName={store.account};BlobEndpoint={store.endpoint}",
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9",
    }
    script = f"""
        import runstone
        try:
            runstone.Artifact("x", "t").add_reference("{BASE}/{uri}")
        except (runstone.errors.CommError, ValueError) as error:
            assert all(word in str(error) for word in {words!r}), error
            assert "sig=" not in str(error).split("; ")[0], error
        else:
            raise AssertionError("let in")
        """
    run_script(shared_server, tmp_path, script, env=where | extra)


def test_blobs_are_downloaded_and_checked(store, shared_server, tmp_path):
    script = f"""
        import pathlib, runstone
        run = runstone.init(project="own-azure")
        a = runstone.Artifact("refs", "dataset")
        a.add_reference("{BASE}/plain/data", name="d")
        a.add_reference("{BASE}/plain/one.bin")
        a.add_reference("{BASE}/changing/c.txt")
        run.log_artifact(a).wait()
        root = pathlib.Path(run.use_artifact("refs").download())
        assert (root / "d/a.txt").read_text() == "alpha" and (root / "d/empty").read_bytes() == b""
        assert (root / "d/sub/b c+d é&<.txt").read_text() == "beta"
        assert (root / "one.bin").read_bytes() == bytes(range(256)) * 100
        run.finish()
        """
    run_script(shared_server, tmp_path, script, env=connected(store))
    change = f"""
        from azure.storage.blob import BlobServiceClient
        service = BlobServiceClient.from_connection_string({store.connection_string!r})
        service.get_blob_client("changing", "c.txt").upload_blob(b"after!", overwrite=True)
        """
    run_with(stock_python(), shared_server, tmp_path, change, {})
    script = """
        import os, runstone
        run = runstone.init(project="own-azure")
        one = run.use_artifact("refs")
        try:
            one.download(root="r")
        except ValueError as error:
            assert "Digest mismatch" in str(error), error
        else:
            raise AssertionError("a changed blob must be refused")
        one.download(root="r", allow_missing_references=True)
        assert not os.path.exists("r/c.txt") and os.path.exists("r/one.bin")
        run.finish()
        """
    cold = {**connected(store), "RUNSTONE_CACHE_DIR": str(tmp_path / "cold")}
    run_script(shared_server, tmp_path, script, env=cold)
