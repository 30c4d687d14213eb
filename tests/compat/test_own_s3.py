"""References to objects of S3, against a real store: digests, versions, prefixes, downloads, beside the stock
client's."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request

import pytest
from client import run_script
from moto.server import ThreadedMotoServer
from support.object_stores import Service
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


# --- credentials ------------------------------------------------------------------------------------

ADD = """
import runstone
artifact = runstone.Artifact("refs", "dataset")
for number in range(3):
    (entry,) = artifact.add_reference("s3://plain/one.bin", name=str(number))
    assert entry.size == 25600
"""


def without_keys(environment: dict) -> tuple[dict, dict]:
    """(where the store is, the keys), apart."""
    keys = {name: value for name, value in environment.items() if name.startswith("AWS_") and "KEY" in name}
    return {name: value for name, value in environment.items() if name not in keys}, keys


def as_service(keys: dict) -> dict:
    """As containers and instances hand them out."""
    return {
        "Code": "Success",
        "AccessKeyId": keys["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": keys["AWS_SECRET_ACCESS_KEY"],
        "Expiration": "2099-01-01T00:00:00Z",
    }


def test_a_profile_of_amazons_files_is_used(store, shared_server, tmp_path):
    where, keys = without_keys(store[0])
    endpoint = where.pop("AWS_ENDPOINT_URL_S3")
    del where["AWS_S3_ENDPOINT_URL"]
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(
        "[default]\naws_access_key_id = wrong\naws_secret_access_key = wrong\n"
        f"# of the team\n[ team ]\naws_access_key_id={keys['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {keys['AWS_SECRET_ACCESS_KEY']}\n"
    )
    (folder / "config").write_text(
        f"[profile team]\nregion = {where.pop('AWS_REGION')}\nservices = local\n"
        f"[services local]\ns3 =\n  endpoint_url = {endpoint}\n"
    )
    run_script(shared_server, tmp_path, ADD, env={**where, "AWS_PROFILE": "team"})
    missing = """
        import runstone
        try:
            runstone.Artifact("x", "t").add_reference("s3://plain/one.bin")
        except ValueError as error:
            assert "'absent'" in str(error) and "AWS_PROFILE" in str(error), error
        else:
            raise AssertionError("a profile that is not there")
        """
    run_script(shared_server, tmp_path, missing, env={**where, "AWS_PROFILE": "absent"})
    (folder / "config").write_text("[default]\nsso_session = corp\n")
    (folder / "credentials").unlink()
    other = missing.replace("'absent'", "sso_session").replace(
        "AWS_PROFILE", "aws configure export-credentials"
    )
    run_script(shared_server, tmp_path, other, env=where)


def test_a_containers_credentials_are_used(store, shared_server, tmp_path):
    where, keys = without_keys(store[0])

    def answer(method, path, headers, body):
        if path != "/v2/credentials/1" or headers.get("authorization") != "let me in":
            return 403, {}, {"message": "who are you"}
        return 200, {}, as_service(keys)

    with Service(answer) as service:
        (tmp_path / "token").write_text("let me in\n")
        env = {**where, "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{service.url}/v2/credentials/1"}
        file = {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token")}
        run_script(shared_server, tmp_path, ADD, env=env | file)
        assert len(service.asked) == 1, "once for all"
        refused = """
            import runstone
            try:
                runstone.Artifact("x", "t").add_reference("s3://plain/one.bin")
            except (runstone.errors.CommError, ValueError) as error:
                assert {word!r} in str(error), error
            else:
                raise AssertionError("let in")
            """
        run_script(shared_server, tmp_path, refused.format(word="who are you"), env=env)
        far = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/credentials"}
        run_script(shared_server, tmp_path, refused.format(word="neither https"), env=where | far)


def test_an_instances_role_is_used(store, shared_server, tmp_path):
    where, keys = without_keys(store[0])
    del where["AWS_EC2_METADATA_DISABLED"]
    roles = "/latest/meta-data/iam/security-credentials/"

    def answer(method, path, headers, body):
        if (method, path) == ("PUT", "/latest/api/token"):
            return 200, {}, f"for {headers['x-aws-ec2-metadata-token-ttl-seconds']} s".encode()
        if headers.get("x-aws-ec2-metadata-token") != "for 21600 s":
            return 401, {}, b""
        return 200, {}, b"trainer" if path == roles else as_service(keys)

    with Service(answer) as service:
        env = {**where, "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url, "http_proxy": "", "HTTP_PROXY": ""}
        run_script(shared_server, tmp_path, ADD, env=env)
        assert [path for _, path, _, _ in service.asked] == ["/latest/api/token", roles, roles + "trainer"]


def test_a_web_identity_is_used(store, shared_server, tmp_path):
    where, keys = without_keys(store[0])

    def answer(method, path, headers, body):
        form = dict(urllib.parse.parse_qsl(body.decode()))
        if form["WebIdentityToken"] != "token of the cluster":
            return 400, {}, b"<ErrorResponse><Error><Message>no such token</Message></Error></ErrorResponse>"
        assert (
            form["Action"] == "AssumeRoleWithWebIdentity" and form["RoleArn"] == "arn:aws:iam::1:role/trainer"
        )
        fields = "".join(
            f"<{name}>{value}</{name}>" for name, value in as_service(keys).items() if name != "Code"
        )
        return 200, {}, f"<R><Credentials>{fields}<SessionToken></SessionToken></Credentials></R>".encode()

    with Service(answer) as service:
        (tmp_path / "identity").write_text("token of the cluster")
        env = {
            **where,
            "AWS_ENDPOINT_URL_STS": service.url,
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "identity"),
            "AWS_ROLE_ARN": "arn:aws:iam::1:role/trainer",
        }
        run_script(shared_server, tmp_path, ADD, env=env)
        assert len(service.asked) == 1, "once for all"


def test_a_bucket_of_another_region_is_asked_there(store, shared_server, tmp_path):
    """A front that refuses as Amazon does what is signed for another region than the bucket's."""
    environment, _ = store

    def answer(method, path, headers, body):
        if f"/{REGION}/s3/" not in headers.get("authorization", ""):
            return 301, {"x-amz-bucket-region": REGION}, b"<Error><Code>PermanentRedirect</Code></Error>"
        return 200, {"ETag": '"e"', "Content-Type": "text/plain"}, b"x" * 25600

    with Service(answer) as service:
        env = {**environment, "AWS_REGION": "us-east-1"}
        env |= {"AWS_ENDPOINT_URL_S3": service.url, "AWS_S3_ENDPOINT_URL": service.url}
        run_script(shared_server, tmp_path, ADD, env=env)
        assert len(service.asked) == 4, "one redirection, then each at once"
        script = """
            import runstone
            run = runstone.init(project="own-s3")
            a = runstone.Artifact("elsewhere", "dataset")
            a.add_reference("s3://plain/one.bin", checksum=False)
            run.log_artifact(a).wait()
            root = run.use_artifact("elsewhere").download()
            assert open(root + "/one.bin", "rb").read() == b"x" * 25600
            run.finish()
            """
        run_script(shared_server, tmp_path, script, env=env)


def test_nothing_there_and_no_keys_are_errors(store, shared_server, tmp_path):
    where, _ = without_keys(store[0])
    run_script(
        shared_server,
        tmp_path,
        """
        import os
        import runstone
        from runstone import errors
        try:
            runstone.Artifact("x", "t").add_reference("s3://plain/nothing")
        except errors.NotFoundError as error:
            assert "there is no object 's3://plain/nothing" in str(error), error
        else:
            raise AssertionError("nothing is there")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            del os.environ[name]
        try:
            runstone.Artifact("x", "t").add_reference("s3://plain/one.bin")
        except errors.CommError as error:
            text = str(error)
            assert "no credentials were found" in text and "AWS_PROFILE" in text and "checksum=False" in text, text
        else:
            raise AssertionError("let in without keys")
        """,
        env=store[0],
    )


def test_without_a_checksum_nobody_is_asked(shared_server, tmp_path):
    """With every address of a store and of credentials one where nobody is."""
    nobody = "http://127.0.0.1:9"
    names = ["AWS_ENDPOINT_URL", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "STORAGE_EMULATOR_HOST", "http_proxy"]
    run_script(
        shared_server,
        tmp_path,
        """
        import runstone
        artifact = runstone.Artifact("refs", "dataset")
        (entry,) = artifact.add_reference("s3://bucket/key", name="k", checksum=False)
        assert entry.digest == "s3://bucket/key"
        assert artifact.digest == "92d55337088b1f65dba360a0e78ecd55"
        for uri in ("gs://b/k", "https://account.blob.core.windows.net/c/b.txt"):
            (entry,) = runstone.Artifact("x", "t").add_reference(uri, checksum=False)
            assert entry.digest == entry.ref == uri
        """,
        env=dict.fromkeys(names, nobody)
        | {"AWS_PROFILE": "absent", "GOOGLE_APPLICATION_CREDENTIALS": "absent"},
    )
