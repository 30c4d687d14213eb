"""Versions that runs of our own client find by name, share, link and take for models."""

from __future__ import annotations

import subprocess

from client import ask
from support.server import runstone_bin


def test_A17_UA3_every_form_of_a_name_is_the_same_version_and_its_use_is_noted(own, shared_server, tmp_path):
    own(
        f"""
entity = {shared_server.entity()!r}
with runstone.init(project="own-use", id="maker") as run:
    run.log_artifact(make(), aliases=["best"]).wait()
run = runstone.init(project="own-use", id="user")
names = ["ds", "ds:best", "ds:v0", "own-use/ds:best", f"{{entity}}/own-use/ds:best", f"{{entity}}/own-use/ds:v0"]
found = [run.use_artifact(name) for name in names]
assert len({{a.id for a in found}}) == 1 and {{a.version for a in found}} == {{"v0"}}
one = found[0]
assert one.qualified_name == f"{{entity}}/own-use/ds:v0" == one.source_qualified_name
assert (one.entity, one.project, one.type) == (entity, "own-use", "dataset")
assert one.logged_by().id == "maker"
for wrong in ("none", "ds:none", "ds:v7", "other-project/ds", "a/b/c/d", "", "ds:a:b"):
    raises((errors.CommError, ValueError), lambda: run.use_artifact(wrong))
error = raises(errors.CommError, lambda: run.use_artifact("none:latest"), "not found")
assert isinstance(error, ValueError)
raises(ValueError, lambda: run.use_artifact("ds", type="model"), "does not match type")
raises(ValueError, lambda: run.use_artifact(3), "artifact name")
assert run.use_artifact("ds", type="dataset").id == one.id
draft = make("mine", files={{"m": "m"}})
assert run.use_artifact(draft, aliases=["first"]) is draft
assert draft.version == "v0" and "first" in draft.aliases
run.log({{"x": 1}})
run.finish()
assert [r.id for r in one.used_by()] == ["user"]
"""
    )
    used = ask(shared_server, tmp_path, "sorted(a.name for a in api.run('own-use/user').used_artifacts())")
    assert used == ["ds:v0", "mine:v0"]


def test_LK1_a_linked_version_is_found_where_it_was_linked(own, shared_server, tmp_path):
    own(
        f"""
entity = {shared_server.entity()!r}
runstone.init(project="own-portfolio").finish()
run = runstone.init(project="own-link")
a = make()
linked = run.link_artifact(a, f"{{entity}}/own-portfolio/best", aliases=["prod"])
assert linked.is_link and "prod" in linked.aliases and "latest" in linked.aliases, linked.aliases
assert a.version == "v0" and not a.is_link
assert linked.qualified_name == f"{{entity}}/own-portfolio/best:v0"
assert linked.source_qualified_name == f"{{entity}}/own-link/ds:v0"
assert linked.digest == a.digest and linked.id == a.id and linked.linked_at
found = run.use_artifact(f"{{entity}}/own-portfolio/best:latest")
assert found.is_link and found.digest == a.digest
assert [l.qualified_name for l in a.linked_artifacts] == [linked.qualified_name]
assert linked.linked_artifacts == [] and linked.source_artifact.name == "ds:v0"
raises(ValueError, lambda: setattr(linked, "ttl", None))
here = run.link_artifact(a, "here")
assert here.project == "own-link" and here.name == "here:v0"
again = a.link("own-portfolio/second", aliases=["x"])
assert again.is_link and "x" in again.aliases
found.verify(found.download(root="linked"))
again.unlink()
raises((errors.CommError, ValueError), lambda: run.use_artifact("own-portfolio/second"))
raises(ValueError, a.unlink, "not a linked artifact")
here.delete()
assert run.use_artifact("ds:v0").id == a.id, "the source stays"
raises(TypeError, lambda: run.link_artifact("ds", "x"))
raises(ValueError, lambda: run.link_artifact(a, "a/b/c/d"))
raises(ValueError, lambda: run.link_artifact(a, "x", aliases=["a/b"]))
run.finish()
"""
    )
    stock = ask(
        shared_server,
        tmp_path,
        "(lambda a: [a.is_link, a.source_name, 'prod' in a.aliases])(api.artifact('own-portfolio/best:latest'))",
    )
    assert stock == [True, "ds:v0", True]


def test_LK1_a_registry_of_the_organization_is_linked_to(own, shared_server, tmp_path):
    me = shared_server.entity()
    for arguments in (
        ("team", "add", "ownteam", "--member", me),
        ("org", "add", "ownorg", "--team", "ownteam"),
    ):
        command = [runstone_bin(), *arguments, "--data", str(shared_server.data)]
        subprocess.run(command, check=True, capture_output=True)
    ask(
        shared_server,
        tmp_path,
        "api.create_registry('ownmodels', organization='ownorg', visibility='organization').full_name",
    )
    own(
        """
run = runstone.init(project="own-registry", entity="ownteam")
a = make("net", "model")
linked = run.link_artifact(a, "wandb-registry-ownmodels/zoo", aliases=["prod"])
assert linked.is_link and linked.entity == "ownorg" and linked.project == "wandb-registry-ownmodels"
assert linked.name == "zoo:v0" and "prod" in linked.aliases
for name in ("wandb-registry-ownmodels/zoo:prod", "ownorg/wandb-registry-ownmodels/zoo"):
    assert run.use_artifact(name).source_name == "net:v0"
assert run.link_artifact(a, "ownorg/wandb-registry-ownmodels/second").name == "second:v0"
found = run.use_artifact("wandb-registry-ownmodels/zoo")
found.verify(found.download())
raises(ValueError, lambda: run.link_artifact(a, "nobody/wandb-registry-ownmodels/zoo"), "organization")
run.finish()
"""
    )


def test_MO1_a_model_goes_round(own, shared_server, tmp_path):
    own(
        f"""
entity = {shared_server.entity()!r}
run = runstone.init(project="own-models", id="m1")
blob = os.urandom(100_000)
write("m.pt", blob)
assert run.log_model("m.pt", name="net", aliases=["a1"]) is None
other = make("net2", "my-Model-type", files={{"w1": "1", "w2": "2"}})
run.log_artifact(other).wait()
run.finish()
run = runstone.init(project="own-models", id="m2")
path = run.use_model("net:latest")
assert os.path.basename(path) == "m.pt" and pathlib.Path(path).read_bytes() == blob
folder = run.use_model("net2")
assert sorted(os.listdir(folder)) == ["w1", "w2"]
linked = run.link_model("m.pt", "prod-net", name="net", aliases=["staging"])
assert linked.is_link and linked.qualified_name == f"{{entity}}/model-registry/prod-net:v0", linked.qualified_name
assert "staging" in linked.aliases and linked.source_name == "net:v0", "the same files are the same version"
kept = run.link_model("m.pt", "other-net", name="net2")
assert kept.type == "my-Model-type"
unnamed = run.link_model("m.pt", "third")
assert unnamed.source_name == "run-m2-m.pt:v0"
run.finish()
"""
    )


def test_MO2_what_is_no_model_is_an_assertion(own):
    own(
        """
run = runstone.init(project="own-no-models")
run.log_artifact(make("data", "dataset")).wait()
write("m.pt")
raises(AssertionError, lambda: run.use_model("data"), "model")
raises(AssertionError, lambda: run.link_model("m.pt", "a/b"), "registered model")
raises(AssertionError, lambda: run.link_model("m.pt", "reg", name="data"), "model")
raises(ValueError, lambda: run.link_model("m.pt", "reg", name="a b"))
raises(ValueError, lambda: run.log_model("m.pt", name="a b"))
raises(errors.CommError, lambda: run.use_model("none"))
run.log({"x": 1})
run.finish()
"""
    )


def test_UA1_three_runs_make_one_version(own, shared_server, tmp_path):
    own(
        """
for part in range(3):
    write(f"part{part}.bin", f"content {part}")
for part in range(2):
    with runstone.init(project="own-parts", group="g") as run:
        assert run.upsert_artifact(f"part{part}.bin", name="big", type="dataset", distributed_id="job7").state == "PENDING"
with runstone.init(project="own-parts") as run:
    whole = run.finish_artifact("part2.bin", name="big", type="dataset", distributed_id="job7").wait()
    assert whole.version == "v0", whole.version
    assert sorted(whole.manifest.entries) == ["part0.bin", "part1.bin", "part2.bin"]
    whole.verify(whole.download())
"""
    )
    assert ask(shared_server, tmp_path, "sorted(api.artifact('own-parts/big:latest').manifest.entries)") == [
        "part0.bin",
        "part1.bin",
        "part2.bin",
    ]
