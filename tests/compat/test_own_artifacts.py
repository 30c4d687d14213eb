"""Artifacts of our own client against the real server: logged, changed, downloaded, by the class itself and by
the stock client's public API."""

from __future__ import annotations

import json
import subprocess

import pytest
from client import ask, environment, run_script
from own_programs import PREAMBLE
from support.server import runstone_bin


def test_LA1_versions_grow_with_new_content_only(own, shared_server, tmp_path):
    own(
        """
run = runstone.init(project="own-la1", id="one")
a = make()
assert a.is_draft() and a.id is None and a.state == "PENDING"
assert run.log_artifact(a, aliases=["best"], tags=["t one"]) is a
a.wait()
assert a.version == "v0" and set(a.aliases) == {"best", "latest"} and a.tags == ["t one"]
assert a.state == "COMMITTED" and not a.is_draft() and a.name == "ds:v0" and a.id
run.log({"loss": 1})
same = make()
run.log_artifact(same, aliases=["again"]).wait()
assert same.id == a.id and same.version == "v0" and "again" in same.aliases
changed = make(files={"hello.txt": "changed\\n"})
run.log_artifact(changed).wait()
assert changed.version == "v1" and changed.aliases == ["latest"]
run.log_artifact(changed).wait()
assert changed.version == "v1"
assert "latest" not in run.use_artifact("ds:v0").aliases
old = run.log_artifact(make(), aliases=["back"]).wait()
assert old.version == "v0" and "back" in old.aliases
run.finish()
"""
    )
    stock = ask(
        shared_server,
        tmp_path,
        """[(a.version, sorted(a.aliases), a.digest, sorted(a.manifest.entries), a.logged_by().id)
            for a in api.artifacts("dataset", "own-la1/ds")]""".replace("\n", " "),
    )
    assert stock[-1] == [
        "v0",
        ["again", "back", "best", "latest"],
        "646850bf3b1463160ba8676bfb654546",
        ["hello.txt"],
        "one",
    ]
    assert [version[0] for version in stock] == ["v1", "v0"]


def test_LA1_a_server_that_takes_md5_only_is_given_md5(own):
    own(
        """
with runstone.init(project="own-xxh") as run:
    fast = make(files={"a": "hello\\n", "b/c": "2"}, digest_algorithm="XXH128")
    run.log_artifact(fast).wait()
    assert fast.digest_algorithm == "MD5" and fast.version == "v0"
    assert fast.get_entry("a").digest == "sZRqySSS0jR8YjW00mERhA==" and fast.get_entry("a").extra == {}
    same = make(files={"a": "hello\\n", "b/c": "2"})
    assert run.log_artifact(same).wait().version == "v0"
    fast.verify(fast.download())
"""
    )


def test_LA2_another_type_is_refused_at_once_and_what_the_server_refuses_at_wait(own):
    own(
        """
with runstone.init(project="own-la2") as run:
    run.log_artifact(make()).wait()
    raises(ValueError, lambda: run.log_artifact(make(type="model")), "already exists with type 'dataset'")
    version = run.use_artifact("ds")
    draft = version.new_draft()
    assert draft.is_draft() and draft.name == "ds"
    run.log({"x": 1})
    assert run.step == 1
with runstone.init(project="own-la2-other") as run:
    for other in (draft, version):
        raises(ValueError, lambda: run.log_artifact(other), "can't be moved")
    run.log_artifact(make(type="model")).wait()
"""
    )


def test_AR4_download_verify_checkout_and_single_files(own):
    own(
        """
run = runstone.init(project="own-ar4")
blob = bytes(range(256)) * 4096
a = make(files={"a.txt": "alpha", "sub/b.bin": blob, "sub/deep/empty": "", "Zoë ü.txt": "u"})
run.log_artifact(a).wait()
one = run.use_artifact("ds:v0")
root = one.download()
assert root == os.path.abspath("artifacts/ds:v0"), root
assert pathlib.Path(root, "sub/b.bin").read_bytes() == blob
assert pathlib.Path(root, "sub/deep/empty").read_bytes() == b""
assert pathlib.Path(root, "Zoë ü.txt").read_text() == "u"
one.verify()
stamp = os.stat(root + "/sub/b.bin").st_mtime_ns
write(root + "/foreign.txt")
write(root + "/a.txt", "alphA")
assert one.download() == root
assert os.stat(root + "/sub/b.bin").st_mtime_ns == stamp, "what is right is left alone"
assert pathlib.Path(root, "a.txt").read_text() == "alpha"
assert os.path.exists(root + "/foreign.txt"), "foreign files stay"
raises(ValueError, one.verify, "not a member")
os.remove(root + "/foreign.txt")
one.verify()
write(root + "/a.txt", "alphA")
raises(ValueError, one.verify, "Digest mismatch")
os.remove(root + "/a.txt")
raises(ValueError, one.verify, "a.txt")
write("out/foreign/x.txt")
assert one.checkout("out") == os.path.abspath("out")
assert not os.path.exists("out/foreign/x.txt")
one.verify("out")
assert one.checkout() == os.path.abspath("artifacts/ds")
assert one.download(root="part", path_prefix="sub/") == os.path.abspath("part")
found = sorted(str(p.relative_to("part")) for p in pathlib.Path("part").rglob("*") if p.is_file())
assert found == ["sub/b.bin", "sub/deep/empty"], found
raises(ValueError, one.file, "4 files")
entry = one.get_entry("sub/b.bin")
assert (entry.size, entry.ref, entry.birth_artifact_id) == (len(blob), None, one.id)
assert pathlib.Path(entry.download(root="alone")).read_bytes() == blob
assert pathlib.Path(entry.download()).is_file()
raises(KeyError, lambda: one.get_entry("none"))
raises(ValueError, entry.ref_target)
assert [f.name for f in one.files()] == ["Zoë ü.txt", "a.txt", "sub/b.bin", "sub/deep/empty"]
assert [f.size for f in one.files(names=["a.txt"])] == [5]
single = run.log_artifact(make("single", files={"only.txt": "o"})).wait()
assert pathlib.Path(single.file("s")).read_text() == "o"
skipped = one.download(root="skipped", skip_cache=True)
one.verify(skipped)
run.finish()
one.verify(one.download(root="after-finish"))
"""
    )


def test_AR4_the_cache_is_shared_checked_and_done_without(own, tmp_path):
    own(
        """
import hashlib, shutil, stat
run = runstone.init(project="own-cache")
blob = os.urandom(3_000_000)  # large enough to be known as checked
run.log_artifact(make(files={"b.bin": blob})).wait()
one = run.use_artifact("ds")
one.download(root="r1")
hexed = hashlib.md5(blob).hexdigest()
cached = pathlib.Path(os.environ["XDG_CACHE_HOME"], "runstone/artifacts/obj/md5", hexed[:2], hexed[2:])
assert cached.read_bytes() == blob
write("r1/b.bin", "edited")
assert cached.read_bytes() == blob, "what is downloaded is a copy"
cached.write_bytes(blob[:-1] + b"?")
one.verify(one.download(root="r2"))
assert cached.read_bytes() == blob, "a damaged file of the cache is replaced"
os.environ["RUNSTONE_CACHE_DIR"] = "/dev/full/cache"
one.verify(one.download(root="r3"))
os.environ["RUNSTONE_CACHE_DIR"] = ""
os.environ["WANDB_CACHE_DIR"] = os.path.abspath("other-cache")
one.verify(one.download(root="r4"))
assert pathlib.Path("other-cache/artifacts/obj/md5", hexed[:2], hexed[2:]).is_file()
os.environ["WANDB_ARTIFACT_DIR"] = os.path.abspath("elsewhere")
assert one.download() == os.path.abspath("elsewhere/ds:v0")
leftovers = [p for p in pathlib.Path(".").rglob("*") if ".runstone-" in p.name]
assert not leftovers, leftovers
run.finish()
"""
    )


def test_AR3_facts_of_a_version_and_what_save_changes(own, shared_server, tmp_path):
    own(
        """
from datetime import timedelta
run = runstone.init(project="own-facts", id="r")
assert run.log_artifact(make("early")).wait().history_step is None, "no row was logged yet"
run.log({"a": 1}); run.log({"a": 2})
a = make(description="d", metadata={"k": 1})
a.ttl = timedelta(days=3)
run.log_artifact(a, aliases=["one"]).wait()
assert (a.description, a.metadata, a.ttl) == ("d", {"k": 1}, timedelta(days=3))
assert a.size == 6 and a.file_count == 1 and a.digest == "646850bf3b1463160ba8676bfb654546"
assert a.commit_hash and a.created_at and a.updated_at and a.linked_at is None
assert not a.is_link and a.linked_artifacts == [] and a.source_artifact is a
assert a.source_name == "ds:v0" and a.source_version == "v0" and a.collection.name == "ds"
assert a.url.endswith("/own-facts/artifacts/dataset/ds/v0"), a.url
assert a.history_step == 1, a.history_step
a.description = "other"
a.metadata["more"] = [1, None]
a.aliases.append("two")
a.aliases.remove("one")
a.tags = ["x", "y z"]
a.ttl = None
a.save()
for seen in (a, run.use_artifact("ds:two")):
    assert (seen.description, seen.metadata) == ("other", {"k": 1, "more": [1, None]})
    assert set(seen.aliases) == {"latest", "two"} and seen.tags == ["x", "y z"] and seen.ttl is None
raises(ValueError, lambda: setattr(a, "aliases", ["a/b"]))
raises(ValueError, lambda: setattr(a, "tags", ["a,b"]))
raises(errors.ArtifactFinalizedError, lambda: a.add_file("script.py"))
a.tags.remove("x")
a.ttl = runstone.ArtifactTTL.INHERIT
a.save()
assert run.use_artifact("ds").tags == ["y z"]
run.finish()
a.description = "after the run"
a.save()
"""
    )
    stock = ask(
        shared_server,
        tmp_path,
        "(lambda a: [a.description, a.metadata, sorted(a.aliases), a.tags])(api.artifact('own-facts/ds:v0'))",
    )
    assert stock == ["after the run", {"k": 1, "more": [1, None]}, ["latest", "two"], ["y z"]]


def test_AR4_deletion_asks_for_aliases(own):
    own(
        """
run = runstone.init(project="own-delete")
run.log_artifact(make(), aliases=["keep"]).wait()
run.log_artifact(make(files={"x": "2"})).wait()
first = run.use_artifact("ds:v0")
raises(errors.CommError, first.delete)
first.delete(delete_aliases=True)
assert first.state == "DELETED"
raises(errors.CommError, lambda: run.use_artifact("ds:v0"))
run.finish()
"""
    )


def test_an_incremental_version_and_a_new_draft_hold_what_was_there(own):
    own(
        """
run = runstone.init(project="own-incremental")
run.log_artifact(make(files={"a": "1", "b": "2"})).wait()
more = make(files={"c": "3"}, incremental=True)
run.log_artifact(more).wait()
assert sorted(more.manifest.entries) == ["a", "b", "c"] and more.version == "v1"
draft = run.use_artifact("ds:v1").new_draft()
draft.remove("b")
with draft.new_file("d") as file:
    file.write("4")
run.log_artifact(draft).wait()
assert draft.version == "v2" and sorted(draft.manifest.entries) == ["a", "c", "d"]
draft.verify(draft.download())
run.finish()
"""
    )


def test_references_are_asked_downloaded_and_checked(own):
    own(
        """
import http.server, threading

class Files(http.server.BaseHTTPRequestHandler):
    content = {"/f.txt": ("text", '"e1"'), "/no-etag": ("plain", None)}
    def do_GET(self):
        found = self.content.get(self.path.split("?")[0])
        self.send_response(200 if found else 404)
        body = found[0].encode() if found else b""
        self.send_header("Content-Length", str(len(body)))
        if found and found[1]:
            self.send_header("ETag", found[1])
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

store = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
threading.Thread(target=store.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{store.server_port}"
local = write("local/near.txt", "near")
run = runstone.init(project="own-references")
a = runstone.Artifact("refs", "dataset")
(entry,) = a.add_reference(base + "/f.txt")
assert (entry.digest, entry.size, entry.extra, entry.path) == ("e1", 4, {"etag": '"e1"'}, "f.txt"), entry
(plain,) = a.add_reference(base + "/no-etag?x=1")
assert (plain.digest, plain.path) == (base + "/no-etag?x=1", "no-etag?x=1")
a.add_reference(base + "/f.txt", name="unchecked", checksum=False)
a.add_reference("file://" + os.path.abspath("local"), name="dir")
raises(errors.CommError, lambda: a.add_reference(base + "/none"))
run.log_artifact(a).wait()
one = run.use_artifact("refs")
root = one.download()
assert pathlib.Path(root, "f.txt").read_text() == "text"
assert pathlib.Path(root, "dir/near.txt").read_text() == "near"
assert one.get_entry("f.txt").ref_target() == base + "/f.txt"
one.verify(root)
b = runstone.Artifact("second", "dataset")
(of_other,) = b.add_reference(one.get_entry("dir/near.txt"), name="through")
assert of_other.ref.startswith("wandb-artifact://") and of_other.digest == one.get_entry("dir/near.txt").digest
c = make("bytes", files={"deep/x.bin": b"bytes"})
run.log_artifact(c).wait()
b.add_reference(c.get_entry("deep/x.bin"))
run.log_artifact(b).wait()
got = run.use_artifact("second").download()
assert pathlib.Path(got, "x.bin").read_bytes() == b"bytes" and pathlib.Path(got, "through").read_text() == "near"
Files.content["/f.txt"] = ("changed", '"e2"')
write("local/near.txt", "changed")
os.environ["RUNSTONE_CACHE_DIR"] = os.path.abspath("cold")
raises(ValueError, lambda: one.download(root="changed"), "Digest mismatch")
del Files.content["/f.txt"]
os.remove("local/near.txt")
raises(errors.CommError, lambda: one.download(root="gone"))
left = one.download(root="left", allow_missing_references=True)
assert os.path.exists(left + "/no-etag?x=1") and not os.path.exists(left + "/f.txt")
assert not os.path.exists(left + "/dir/near.txt")
run.finish()
"""
    )


def test_an_artifact_in_the_config_is_used(own, shared_server, tmp_path):
    own(
        """
with runstone.init(project="own-config", id="maker") as run:
    run.log_artifact(make()).wait()
run = runstone.init(project="own-config", id="user")
one = run.use_artifact("ds:v0")
run.config["ds"] = one
run.config.update({"draft": make("other", files={"y": "y"})})
raises(ValueError, lambda: run.config.update({"nested": {"a": one}}), "nested")
assert "nested" not in run.config
run.finish()
"""
    )
    facts = shared_server.run_facts("own-config", "user")
    stored = facts["config"]["ds"]["value"]
    assert (stored["_type"], stored["_version"], stored["version"]) == ("artifactVersion", "v0", "v0")
    assert stored["sequenceName"] == "ds" and stored["id"]
    assert facts["config"]["draft"]["value"]["version"] == "v0"
    used = ask(shared_server, tmp_path, "sorted(a.name for a in api.run('own-config/user').used_artifacts())")
    assert used == ["ds:v0", "other:v0"]


OFFLINE = """
run = runstone.init(project="own-sync", id="offline", mode="offline")
write("dir/a.txt", "alpha"); write("dir/sub/b.txt", "beta"); write("m.pt", "model")
a = runstone.Artifact("ds", "dataset", metadata={"k": 1})
a.add_dir("dir")
run.log_artifact(a, aliases=["best"], tags=["t"])
run.log_model("m.pt", name="net")
run.log_code(".", include_fn=lambda path: path.endswith("script.py"))
run.log({"x": 1})
run.finish()
answer(run.sync_dir)
"""


@pytest.mark.parametrize("by", ["runstone", "wandb"])
def test_LA1_an_offline_run_brings_its_artifacts_by_sync(own, server, tmp_path, by):
    done = run_script(server, tmp_path, PREAMBLE + OFFLINE)
    folder = json.loads(done.stdout.rsplit("ANSWER ", 1)[1])
    command = [runstone_bin(), "sync", folder]
    if by == "wandb":
        import sys

        command = [sys.executable, "-m", "wandb", "sync", folder]
    synced = subprocess.run(
        command, cwd=tmp_path, env=environment(server, tmp_path), capture_output=True, text=True, timeout=120
    )
    assert synced.returncode == 0, synced.stdout + synced.stderr
    read = ask(
        server,
        tmp_path,
        """(lambda r: {a.name: [a.type, sorted(a.aliases), a.metadata, sorted(a.manifest.entries)]
           for a in r.logged_artifacts()})(api.run("own-sync/offline"))""".replace("\n", " "),
    )
    assert read["ds:v0"] == ["dataset", ["best", "latest"], {"k": 1}, ["a.txt", "sub/b.txt"]]
    assert read["net:v0"] == ["model", ["latest"], {}, ["m.pt"]]
    code = [facts for name, facts in read.items() if name.startswith("source-own-sync-")]
    assert code == [["code", ["latest"], {}, ["script.py"]]]


def test_A18_each_small_member_once(own):
    own(
        """
write("m.pt", "model")
write("saved.txt", "saved")
with runstone.init(project="own-a18", id="first", group="g") as run:
    run.save("saved.txt", policy="now")
with runstone.init(project="own-a18", id="second", group="g") as run:
    run.alert(title="t", text="x")
    run.mark_preempting()
    assert run.status().sync_items_total == 0
    assert run.restore("saved.txt", "own-a18/first").read() == "saved"
    run.log_model("m.pt", name="net")
    part = run.upsert_artifact("m.pt", name="parts", type="dataset")
    whole = run.finish_artifact("saved.txt", name="parts", type="dataset").wait()
    assert sorted(whole.manifest.entries) == ["m.pt", "saved.txt"]
    assert run.link_model("m.pt", "own-registered", name="net2").is_link
    assert pathlib.Path(run.use_model("net2")).read_text() == "model"
"""
    )


def test_A13_A14_the_programs_source_is_an_artifact(own):
    own(
        """
write("code/lib/a.py", "a"); write("code/n.ipynb", "n"); write("code/cache/c.ipynb", "c"); write("code/work/x.txt")
os.chdir("code/work")
with runstone.init(project="own-code", id="r1") as run:
    all_sources = run.log_code("..").wait()
    assert sorted(all_sources.manifest.entries) == ["lib/a.py"]
    chosen = run.log_code(
        "../", name="notebooks", include_fn=lambda path: path.endswith(".ipynb"),
        exclude_fn=lambda path, root: os.path.relpath(path, root).startswith("cache/"),
    ).wait()
    assert sorted(chosen.manifest.entries) == ["n.ipynb"] and chosen.type == "code"
"""
    )


def test_members_of_the_module_use_the_global_run(own):
    own(
        """
run = runstone.init(project="own-module")
runstone.log_artifact(make()).wait()
assert runstone.use_artifact("ds").version == "v0"
write("m.pt")
runstone.log_model("m.pt", name="net")
a = make("auto", files={"z": "z"})
a.save()
a.wait()
run.finish()
b = make("alone", files={"z": "z"})
b.save(project="own-module")
assert b.version == "v0" and b.project == "own-module"
assert runstone.run is None
raises(errors.Error, lambda: runstone.use_artifact("ds"), "init()")
"""
    )
