"""One version by each form of its name."""

import os

import wandb

entity = os.environ["ENTITY"]
with wandb.init(project="A17", id="writer") as run:
    artifact = wandb.Artifact("ds", "dataset")
    artifact.add_file("hello.txt")
    run.log_artifact(artifact, aliases=["best"]).wait()
with wandb.init(project="A17", id="reader") as run:
    found = [
        run.use_artifact(name)
        for name in ("ds:best", "ds:v0", f"{entity}/A17/ds:best", f"{entity}/A17/ds:v0", "ds")
    ]
    assert {version.id for version in found} == {artifact.id}
    assert open(os.path.join(found[0].download(), "hello.txt")).read() == "hello\n"
