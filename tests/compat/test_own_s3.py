"""References to objects of S3, against a real store: digests, versions, prefixes, downloads, beside the stock
client's."""

from __future__ import annotations

import json
import urllib.request

import pytest
from client import run_script
from moto.server import ThreadedMotoServer
from support.server import free_port

boto3 = pytest.importorskip("boto3")

REGION = "eu-west-1"
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'


@pytest.fixture(scope="module")
def store():
    """(environment, client) of an S3 server with two buckets, one of which keeps versions. It checks signatures."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    root = {"region_name": REGION, "aws_access_key_id": "root", "aws_secret_access_key": "root"}
    iam = boto3.client("iam", endpoint_url=address, **root)
    iam.create_user(UserName="trainer")
    iam.put_user_policy(UserName="trainer", PolicyName="all", PolicyDocument=POLICY)
    key = iam.create_access_key(UserName="trainer")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    from_now = urllib.request.Request(
        f"{address}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}
    )
    urllib.request.urlopen(from_now)
    s3 = boto3.client("s3", endpoint_url=address, region_name=REGION, **keys)
    for bucket in ("plain", "versioned"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    for key, body in {
        "data/a.txt": b"alpha",
        "data/sub/b c+d é&<.txt": b"beta",
        "data/empty": b"",
        "database.txt": b"not below data/",
        "one.bin": bytes(range(256)) * 100,
    }.items():
        s3.put_object(Bucket="plain", Key=key, Body=body)
    for body in (b"first", b"second"):
        s3.put_object(Bucket="versioned", Key="dir/v.txt", Body=body)
    environment = {name.upper(): value for name, value in keys.items()}
    environment |= {"AWS_REGION": REGION, "AWS_ENDPOINT_URL_S3": address, "AWS_S3_ENDPOINT_URL": address}
    yield environment | {"AWS_EC2_METADATA_DISABLED": "true"}, s3
    server.stop()


ENTRIES = """
import json
import {module} as client
facts = {{}}
for uri, options in [
    ("s3://plain/one.bin", {{}}),
    ("s3://plain/one.bin", {{"name": "named/x.bin"}}),
    ("s3://plain/one.bin", {{"checksum": False, "name": "n"}}),
    ("s3://versioned/dir/v.txt", {{}}),
    ("s3://versioned/dir/v.txt?versionId={version}", {{}}),
    ("s3://versioned/dir", {{}}),
    ("s3://plain/data/", {{"name": "below"}}),
]:
    artifact = client.Artifact("refs", "dataset")
    artifact.add_reference(uri, **options)
    contents = artifact.manifest.to_manifest_json()["contents"]
    facts[uri + json.dumps(options)] = [artifact.digest, contents]
print("\\nANSWER " + json.dumps(facts))
"""


def test_DF2_references_to_s3_are_those_of_the_stock_client(store, shared_server, tmp_path):
    environment, s3 = store
    versions = s3.list_object_versions(Bucket="versioned")["Versions"]
    old = next(v["VersionId"] for v in versions if not v["IsLatest"])
    answers = {}
    for module in ("wandb", "runstone"):
        script = ENTRIES.format(module=module, version=old)
        done = run_script(shared_server, tmp_path / module, script, env=environment)
        answers[module] = json.loads(done.stdout.rsplit("ANSWER ", 1)[1])
    for question, stock in answers["wandb"].items():
        if "versionId" not in question:
            assert answers["runstone"][question] == stock, question
    # The stock client takes the newest version, whichever was named.
    named = answers["runstone"][f"s3://versioned/dir/v.txt?versionId={old}{{}}"][1]["v.txt"]
    assert named["extra"]["versionID"] == old and named["size"] == len(b"first")
    below = answers["runstone"]['s3://plain/data/{"name": "below"}'][1]
    assert sorted(below) == ["below/a.txt", "below/sub/b c+d é&<.txt"]


def test_objects_are_downloaded_and_checked(store, shared_server, tmp_path):
    environment, s3 = store
    s3.put_object(Bucket="plain", Key="changing.txt", Body=b"before")
    script = """
        import os, pathlib, runstone
        from runstone import errors
        run = runstone.init(project="own-s3")
        a = runstone.Artifact("refs", "dataset")
        a.add_reference("s3://plain/data/", name="d")
        a.add_reference("s3://versioned/dir/v.txt", name="v")
        a.add_reference("s3://plain/changing.txt")
        run.log_artifact(a).wait()
        one = run.use_artifact("refs")
        root = pathlib.Path(one.download())
        assert (root / "d/a.txt").read_text() == "alpha"
        assert (root / "d/sub/b c+d é&<.txt").read_text() == "beta"
        assert (root / "v").read_text() == "second" and (root / "changing.txt").read_text() == "before"
        run.finish()
        try:
            runstone.Artifact("x", "t").add_reference("s3://plain/data/", max_objects=1)
        except ValueError as error:
            assert "max_objects" in str(error)
        else:
            raise AssertionError("max_objects was not minded")
        try:
            runstone.Artifact("x", "t").add_reference("s3://no-such-bucket/key")
        except errors.CommError:
            pass
        else:
            raise AssertionError("a bucket that is not there")
        """
    run_script(shared_server, tmp_path, script, env=environment)
    s3.put_object(Bucket="versioned", Key="dir/v.txt", Body=b"third")
    s3.put_object(Bucket="plain", Key="changing.txt", Body=b"after")
    script = """
        import pathlib, runstone
        run = runstone.init(project="own-s3")
        one = run.use_artifact("refs")
        assert pathlib.Path(one.get_entry("v").download(root="again")).read_text() == "second", "its own version"
        try:
            one.download(root="again")
        except ValueError as error:
            assert "Digest mismatch" in str(error)
        else:
            raise AssertionError("changed objects must be refused")
        root = one.download(root="rest", allow_missing_references=True)
        assert not pathlib.Path(root, "changing.txt").exists()
        run.finish()
        """
    run_script(
        shared_server, tmp_path, script, env={**environment, "RUNSTONE_CACHE_DIR": str(tmp_path / "cold")}
    )


def test_wrong_keys_are_a_comm_error(store, shared_server, tmp_path):
    environment, _ = store
    script = """
        import runstone
        from runstone import errors
        try:
            runstone.Artifact("x", "t").add_reference("s3://plain/one.bin")
        except errors.CommError as error:
            assert "keys" in str(error), error
        else:
            raise AssertionError("a wrong signature was taken")
        """
    run_script(shared_server, tmp_path, script, env={**environment, "AWS_SECRET_ACCESS_KEY": "wrong"})


def test_without_keys_an_object_is_tracked_by_its_address(shared_server, tmp_path):
    done = run_script(
        shared_server,
        tmp_path,
        """
        import runstone
        artifact = runstone.Artifact("refs", "dataset")
        (entry,) = artifact.add_reference("s3://bucket/key", name="k")
        assert entry.digest == "s3://bucket/key"
        assert artifact.digest == "92d55337088b1f65dba360a0e78ecd55"
        """,
    )
    assert "tracked by its address alone" in done.stderr
