"""What a script of any client version does, run by that version's own Python. Prints what it saw.

Only calls that all versions from 0.16 to the newest have; a name that moved is looked up.
"""

import json
import os
import sys

import wandb

PROJECT, RUN = sys.argv[1:]


def log_some():
    run = wandb.init(
        project=PROJECT, id=RUN, name="first light", config={"lr": 0.5, "net": {"width": 3}}, tags=["old"]
    )
    for i in range(20):
        run.log({"loss": 1 / (i + 1), "nested": {"a": i}})
    run.summary["best"] = 0.05
    with open("notes.txt", "w") as file:
        file.write("a file of the run\n")
    run.save("notes.txt", policy="now")
    artifact = wandb.Artifact("words", type="dataset", metadata={"rows": 2})
    with artifact.new_file("words.txt", mode="w") as file:
        file.write("one\ntwo\n")
    run.log_artifact(artifact, aliases=["best"])
    artifact.wait()
    entity = run.entity
    wandb.finish()
    return entity


def resume(entity):
    run = wandb.init(project=PROJECT, entity=entity, id=RUN, resume="must", config={"more": 1})
    seen = {"resumed": bool(run.resumed), "lr": run.config["lr"]}
    used = run.use_artifact("words:latest")
    folder = used.download(root="downloaded")
    with open(os.path.join(folder, "words.txt")) as file:
        seen["artifact"] = file.read()
    seen["version"] = used.version
    for i in range(20, 25):
        run.log({"loss": 1 / (i + 1), "nested": {"a": i}})
    wandb.finish()
    return seen


def look(entity):
    api = wandb.Api()
    run = api.run(f"{entity}/{PROJECT}/{RUN}")
    artifact = api.artifact(f"{entity}/{PROJECT}/words:best")
    run.file("notes.txt").download(root="notes", replace=True)
    with open("notes/notes.txt") as file:
        notes = file.read()
    return {
        "name": run.name,
        "state": run.state,
        "config": {k: v for k, v in run.config.items() if not k.startswith("_")},
        "tags": list(run.tags),
        "best": run.summary.get("best"),
        "steps": [row["_step"] for row in run.scan_history(keys=["_step", "loss"])],
        "sampled": len(run.history(samples=10, pandas=False)),
        "files": sorted(file.name for file in run.files()),
        "notes": notes,
        "logged": [a.name for a in run.logged_artifacts() if a.type == "dataset"],
        "used": [a.name for a in run.used_artifacts()],
        "aliases": sorted(artifact.aliases),
        "metadata": artifact.metadata,
        "runs": [r.id for r in api.runs(f"{entity}/{PROJECT}", filters={"config.lr": {"$gt": 0.1}})],
    }


seen_entity = log_some()
answer = {"version": wandb.__version__, "resume": resume(seen_entity), "api": look(seen_entity)}
sys.stdout.flush()
print("\nANSWER " + json.dumps(answer), flush=True)
