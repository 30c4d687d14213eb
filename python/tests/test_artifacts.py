"""The class Artifact as a draft: content, digests, errors, what only a server knows."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
import runstone
from runstone import errors


@pytest.fixture(autouse=True)
def own_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("RUNSTONE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RUNSTONE_CACHE_DIR", str(tmp_path / "cache"))


def draft(**options) -> runstone.Artifact:
    return runstone.Artifact("ds", "dataset", **options)


# --- digests


def test_AR1_digests_are_those_of_the_format(hello, tree):
    assert draft().digest == "64e7c61456b10382e2f3b571ac24b659"
    one = draft(metadata={"k": 1})
    entry = one.add_file("hello.txt")
    assert (entry.path, entry.digest, entry.size) == ("hello.txt", "sZRqySSS0jR8YjW00mERhA==", 6)
    assert one.digest == "646850bf3b1463160ba8676bfb654546" and one.size == 6
    folder = draft()
    folder.add_dir(tree)
    assert folder.digest == "88826422d4caa571ae881921b657ae34"
    below = draft()
    below.add_dir(str(tree), name="pre")
    assert below.digest == "b0bd6833efa05926c7c812644fc105b1"
    made = draft()
    made.add_file(hello)
    with made.new_file("n/new.txt") as file:
        file.write("hello\n")
    assert made.digest == "c0b400589d77d683ce98792182c686f3"


def test_AR1_xxh128_digests_are_those_of_the_format(hello):
    fast = draft(digest_algorithm="XXH128")
    entry = fast.add_file(hello)
    assert entry.digest == "a7qGx+Bp9W1aELQ18cjknA==" and entry.extra == {"alg": "XXH128"}
    assert fast.digest == "38dded026b94fae8027878806fe98010" and fast.digest_algorithm == "XXH128"


def test_DF2_references_have_the_digests_of_the_format(hello, tree):
    by_address = draft()
    (entry,) = by_address.add_reference("s3://bucket/key", "k", checksum=False)
    assert (entry.digest, entry.ref) == ("s3://bucket/key", "s3://bucket/key")
    assert by_address.digest == "92d55337088b1f65dba360a0e78ecd55"
    local = draft()
    (entry,) = local.add_reference(f"file://{hello}")
    assert (entry.path, entry.digest, entry.size) == ("hello.txt", "sZRqySSS0jR8YjW00mERhA==", 6)
    assert local.digest == "646850bf3b1463160ba8676bfb654546", "the digest of the content itself"
    (entry,) = draft().add_reference(f"file://{hello}", checksum=False)
    assert entry.digest == base64.b64encode(hashlib.md5(hello.as_uri().encode()).digest()).decode()
    paths = [entry.path for entry in draft().add_reference(f"file://{tree}", name="pre")]
    assert paths == ["pre/a.txt", "pre/sub/b.txt"]
    (entry,) = draft().add_reference("http://127.0.0.1:9/f.txt?v=1", checksum=False)
    assert (entry.path, entry.digest) == ("f.txt?v=1", "http://127.0.0.1:9/f.txt?v=1")
    assert entry.size is None, "nobody has asked how large it is"


def test_DF2_digests_equal_those_of_the_stock_client(hello, tree, tmp_path, monkeypatch):
    import wandb

    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "stock"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "stock"))
    (tree / "sub" / "Zoë ü.bin").write_bytes(bytes(range(256)) * 5000)
    (tree / "empty").touch()
    for options in ({}, {"digest_algorithm": "XXH128"}):
        pair = [make("ds", "dataset", **options) for make in (wandb.Artifact, runstone.Artifact)]
        for artifact in pair:
            artifact.add_dir(str(tree), name="x")
            artifact.add_file(str(hello), name="x/../h".replace("x/../", ""))
            artifact.add_file(str(hello), name="tmp/n.tar.gz", is_tmp=True)
            artifact.add_reference(f"file://{tree}", name="refs")
            artifact.add_reference("http://127.0.0.1:9/a/b?c=d", checksum=False)
            artifact.add_reference("odd://thing", name="odd")
        stock, ours = pair
        assert ours.digest == stock.digest and ours.size == stock.size
        assert ours.manifest.to_manifest_json() == stock.manifest.to_manifest_json()


# --- errors


@pytest.mark.parametrize(
    "arguments, kind",
    [
        (("a b", "t"), ValueError),
        (("", "t"), ValueError),
        (("a/b", "t"), ValueError),
        (("a" * 129, "t"), ValueError),
        (("a", "job"), ValueError),
        (("a", "wandb-x"), ValueError),
        (("run-a", "run_table"), ValueError),
        (("source-a", "code"), ValueError),
        (("a", "t", None, {str(i): i for i in range(101)}), ValueError),
        (("a", "t", None, {"x": float("inf")}), ValueError),
        (("a", "t", None, "no json"), ValueError),
        (("a", "t", None, [1]), TypeError),
        (("a", "t", None, {"x": object()}), TypeError),
        (("a", "t", None, None, False, None, None, "CRC"), ValueError),
    ],
)
def test_AR2_an_artifact_that_cannot_be_is_refused(arguments, kind):
    with pytest.raises(kind):
        runstone.Artifact(*arguments)


def test_AR2_reserved_types_are_so_for_their_names_only():
    runstone.Artifact("a", "run_table")
    runstone.Artifact("a", "code")
    runstone.Artifact("a" * 128, "t")


def test_AR2_metadata_is_plain():
    import numpy

    artifact = draft(metadata={"x": float("nan"), "n": numpy.float32(0.5), "a": numpy.arange(40), "s": {1}})
    assert artifact.metadata == {"x": None, "n": 0.5, "a": list(range(40)), "s": [1]}
    assert draft(metadata='{"k": [1, null]}').metadata == {"k": [1, None]}
    artifact.metadata = {"only": 1}
    artifact.metadata["more"] = 2
    assert artifact.metadata == {"only": 1, "more": 2}
    with pytest.raises(ValueError, match="100"):
        artifact.metadata = {str(i): i for i in range(101)}
    assert artifact.metadata == {"only": 1, "more": 2}


def test_AR2_wrong_content_is_refused_and_the_draft_unharmed(hello, tree):
    artifact = draft()
    artifact.add_file(hello)
    before = artifact.digest
    refused = [
        (lambda: artifact.add_file("none"), ValueError, "not a file"),
        (lambda: artifact.add_file(tree), ValueError, "not a file"),
        (lambda: artifact.add_dir(hello), ValueError, "not a directory"),
        (lambda: artifact.add_file(hello, policy="odd"), ValueError, "policy"),
        (lambda: artifact.add_dir(tree, policy="odd"), ValueError, "policy"),
        (lambda: artifact.add_file(hello, name="/abs"), ValueError, "Invalid artifact path"),
        (lambda: artifact.add_file(hello, name="../up"), ValueError, "Invalid artifact path"),
        (lambda: artifact.add_file(hello, name="a/../b"), ValueError, "Invalid artifact path"),
        (lambda: artifact.add_file(hello, name="C:\\x"), ValueError, "Invalid artifact path"),
        (
            lambda: artifact.add_file(tree / "sub/b.txt", name="hello.txt"),
            ValueError,
            "add the same path twice",
        ),
        (lambda: artifact.add_reference("no-scheme"), ValueError, "URI"),
        (lambda: artifact.add_reference("file:///not/there"), ValueError, "valid file or directory"),
        (lambda: artifact.add_reference("odd://thing"), ValueError, "name is required"),
        (
            lambda: artifact.add_reference("wandb-artifact://00/a", "n"),
            errors.CommError,
            "No server is known",
        ),
        (lambda: artifact.add_reference(f"file://{tree}", max_objects=1), ValueError, "max_objects"),
        (lambda: artifact.remove("none"), FileNotFoundError, "No such file"),
        (lambda: artifact.new_file("hello.txt").__enter__(), ValueError, "already exists"),
        (lambda: artifact.new_file("n", mode="r").__enter__(), ValueError, "modes"),
        (lambda: artifact.new_file("").__enter__(), ValueError, "Invalid artifact path"),
    ]
    for call, kind, words in refused:
        with pytest.raises(kind, match=words):
            call()
        assert artifact.digest == before
    with pytest.raises(ValueError, match="Invalid artifact path"), artifact.new_file("../up") as file:
        file.write("x")
    assert artifact.digest == before


UNREADABLE = """
import os
import runstone
runstone.Artifact("loaded", "before")
if os.geteuid() == 0:  # root reads everything
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
artifact = runstone.Artifact("ds", "dataset")
for call in (lambda: artifact.add_file("in/closed"), lambda: artifact.add_dir("in"),
             lambda: artifact.add_dir("shut"), lambda: artifact.add_reference("file://" + os.path.abspath("in/closed"))):
    try:
        call()
    except PermissionError:
        pass
    else:
        raise AssertionError("no PermissionError")
artifact.add_file("open")
assert list(artifact.manifest.entries) == ["open"]
"""


def test_AR2_what_cannot_be_read_is_a_permission_error(hello):
    folder = Path(tempfile.mkdtemp())
    try:
        for name in ("in", "shut", "data"):
            (folder / name).mkdir()
        for name in ("in/closed", "open", "shut/x"):
            (folder / name).write_text("x")
        for path, mode in {"": 0o755, "data": 0o777, "in/closed": 0, "shut": 0}.items():
            (folder / path).chmod(mode)
        environment = {**os.environ, "RUNSTONE_DATA_DIR": str(folder / "data"), "HOME": str(folder / "data")}
        done = subprocess.run(
            [sys.executable, "-c", UNREADABLE], cwd=folder, env=environment, text=True, capture_output=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        (folder / "shut").chmod(0o755)
        shutil.rmtree(folder)


def test_AR2_after_finalize_nothing_changes(hello, tree):
    artifact = draft()
    artifact.add_file(hello)
    artifact.finalize()
    changes = {
        "add_file": (hello,),
        "add_dir": (tree,),
        "add_reference": (f"file://{hello}",),
        "add": (runstone.Html("<p>x</p>", inject=False), "page"),
        "__setitem__": ("page", runstone.Html("<p>x</p>", inject=False)),
        "remove": ("hello.txt",),
    }
    for name, arguments in changes.items():
        with pytest.raises(errors.ArtifactFinalizedError) as caught:
            getattr(artifact, name)(*arguments)
        assert caught.value.obj is artifact and caught.value.name == name.replace("__setitem__", "add")
    with pytest.raises(errors.ArtifactFinalizedError), artifact.new_file("x"):
        pass
    assert artifact.digest == "646850bf3b1463160ba8676bfb654546"


# --- a draft's members


NEEDS_A_SERVER = (
    "version aliases tags entity project qualified_name source_entity source_project source_name "
    "source_version source_qualified_name created_at updated_at commit_hash file_count url collection "
    "source_collection source_artifact linked_artifacts history_step linked_at"
).split()


def test_AR3_what_only_a_server_knows_is_refused_for_a_draft():
    artifact = draft(description="d", incremental=False)
    for name in NEEDS_A_SERVER:
        with pytest.raises(errors.ArtifactNotLoggedError) as caught:
            getattr(artifact, name)
        assert caught.value.obj is artifact, name
        assert not hasattr(artifact, name)
    for name, arguments in {
        "download": (),
        "checkout": (),
        "verify": (),
        "file": (),
        "files": (),
        "used_by": (),
        "logged_by": (),
        "get_entry": ("x",),
        "get_path": ("x",),
        "get": ("x",),
        "wait": (),
        "new_draft": (),
        "unlink": (),
        "delete": (),
    }.items():
        with pytest.raises(errors.ArtifactNotLoggedError):
            getattr(artifact, name)(*arguments)
    for name in ("aliases", "tags"):
        with pytest.raises(errors.ArtifactNotLoggedError):
            setattr(artifact, name, ["x"])


def test_AR3_what_a_draft_knows(hello):
    artifact = draft(description="d", metadata={"k": 1})
    assert (artifact.name, artifact.type, artifact.description) == ("ds", "dataset", "d")
    assert artifact.id is None and artifact.state == "PENDING" and artifact.is_link is False
    assert artifact.is_draft() and artifact.incremental is False and artifact.distributed_id is None
    assert artifact.size == 0 and len(artifact.manifest.entries) == 0
    artifact.description = "other"
    artifact.distributed_id = "job"
    assert (artifact.description, artifact.distributed_id) == ("other", "job")
    entry = artifact.add_file(hello, name="./x//h.txt")
    assert artifact.manifest.entries == {"x/h.txt": entry}
    assert artifact.get_added_local_path_name(str(hello)) == "x/h.txt"
    assert draft(incremental=True).incremental is True


def test_AR3_time_to_live():
    artifact = draft()
    with pytest.raises(errors.ArtifactNotLoggedError):
        artifact.ttl  # noqa: B018
    artifact.ttl = timedelta(days=2)
    assert artifact.ttl == timedelta(days=2)
    artifact.ttl = None
    assert artifact.ttl is None
    artifact.ttl = runstone.ArtifactTTL.INHERIT
    with pytest.raises(errors.ArtifactNotLoggedError):
        artifact.ttl  # noqa: B018
    for wrong in (timedelta(0), timedelta(seconds=-1)):
        with pytest.raises(ValueError, match="positive"):
            artifact.ttl = wrong
    with pytest.raises(TypeError):
        artifact.ttl = 5


# --- content


def test_a_mutable_file_is_copied_now_and_an_immutable_one_is_not(hello):
    artifact = draft()
    copied = artifact.add_file(hello)
    kept = artifact.add_file(hello, name="kept", policy="immutable")
    hello.write_text("changed")
    assert Path(copied.local_path).read_text() == "hello\n"
    assert kept.local_path == str(hello)


def test_the_same_path_again(hello, tree):
    artifact = draft()
    first = artifact.add_file(hello)
    artifact.add_file(hello)
    replaced = artifact.add_file(tree / "sub/b.txt", name="hello.txt", overwrite=True)
    assert artifact.manifest.entries["hello.txt"].digest == replaced.digest != first.digest
    with pytest.raises(ValueError, match="twice"):
        (tree / "hello.txt").write_text("third")
        artifact.add_dir(tree)
    artifact.add_dir(tree, merge=True)
    assert sorted(artifact.manifest.entries) == ["a.txt", "hello.txt", "sub/b.txt"]


def test_links_are_followed_but_not_in_circles(tree):
    (tree / "link.txt").symlink_to("a.txt")
    (tree / "dangling").symlink_to("nothing")
    (tree / "sub" / "up").symlink_to("..")
    artifact = draft()
    artifact.add_dir(tree)
    assert sorted(artifact.manifest.entries) == ["a.txt", "link.txt", "sub/b.txt"]


def test_entries_and_folders_are_removed(tree):
    artifact = draft()
    artifact.add_dir(tree)
    artifact.add_dir(tree, name="subway")
    artifact.remove("sub/")
    assert sorted(artifact.manifest.entries) == ["a.txt", "subway/a.txt", "subway/sub/b.txt"]
    artifact.remove(artifact.manifest.entries["a.txt"])
    artifact.remove(Path("subway"))
    assert len(artifact.manifest) == 0


def test_new_file_replaces_keeps_and_drops(tmp_path):
    artifact = draft()
    with artifact.new_file("sub/n.txt") as file:
        file.write("x")
    with artifact.new_file("sub/n.txt", mode="w", encoding="utf-16") as file:
        file.write("y")
    with artifact.new_file("raw", mode="wb") as file:
        file.write(b"\0\1")
    with pytest.raises(RuntimeError), artifact.new_file("half") as file:
        file.write("x")
        raise RuntimeError
    assert {path: entry.size for path, entry in artifact.manifest.entries.items()} == {
        "sub/n.txt": 4,
        "raw": 2,
    }


def test_is_tmp_names_a_file_by_its_content(hello):
    entry = draft().add_file(hello, name="dir/n.tar.gz", is_tmp=True)
    assert entry.path == "dir/" + hashlib.md5(b"hello\n").hexdigest()[:20] + ".tar.gz"


def test_copies_of_a_draft_that_is_never_logged_are_removed(hello, tmp_path):
    artifact = draft()
    artifact.add_file(hello)
    artifact.add_file(hello)
    staged = tmp_path / "data/artifacts/staging"
    assert len(list(staged.iterdir())) == 1
    del artifact
    assert list(staged.iterdir()) == []


def test_use_as_is_deprecated(capfd, monkeypatch):
    draft(use_as="x")
    assert capfd.readouterr().err == "", "silent is silent"
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    artifact = draft(use_as="x")
    assert "deprecated" in capfd.readouterr().err
    assert artifact.use_as is None
    assert "deprecated" in capfd.readouterr().err


def test_an_entry_says_what_it_refers_to(hello):
    artifact = draft()
    file = artifact.add_file(hello)
    (reference,) = artifact.add_reference("s3://b/k", name="r", checksum=False)
    assert reference.ref_target() == "s3://b/k"
    with pytest.raises(ValueError):
        file.ref_target()
    for call in (file.ref_url, file.download):
        with pytest.raises(errors.ArtifactNotLoggedError):
            call()
    assert file.parent_artifact() is artifact


def test_a_full_disk_while_copying_adds_nothing(hello, monkeypatch):
    """/dev/full stands for it: the data folder cannot be made below a device."""
    monkeypatch.setenv("RUNSTONE_DATA_DIR", "/dev/full/x")
    artifact = draft()
    with pytest.raises(OSError):
        artifact.add_file(hello)
    assert len(artifact.manifest) == 0
    monkeypatch.setenv("RUNSTONE_DATA_DIR", str(hello.parent / "data"))
    artifact.add_file(hello)
    assert stat.S_ISREG(os.stat(artifact.manifest.entries["hello.txt"].local_path).st_mode)
