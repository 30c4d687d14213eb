"""What a scenario does with artifacts, through any Python client. scenario_artifacts.cc is the same in C++."""

from __future__ import annotations

import fnmatch
import os
from pathlib import Path


def artifact(client, values, spec: dict):
    made = client.Artifact(
        spec["name"], spec["type"], description=spec.get("description"), metadata=spec.get("metadata")
    )
    for entry in spec["add"]:
        if "dir" in entry:
            made.add_dir(entry["dir"], name=entry.get("as"))
        elif "file" in entry:
            made.add_file(entry["file"], name=entry.get("as"))
        elif "reference" in entry:
            uri = entry["reference"].replace("{cwd}", os.getcwd())
            made.add_reference(uri, name=entry.get("as"), checksum=entry.get("checksum", True))
        elif "object" in entry:
            made.add(values.of(entry["object"]), entry["as"])
        else:
            raise ValueError(f"the scenario adds {entry}")
    return made


def named(client, values, what):
    """A draft that is described, or else the path that is meant."""
    return artifact(client, values, what) if isinstance(what, dict) else what


def wait_if_online(run, logged) -> None:
    if not run.offline:
        logged.wait()  # so that versions are numbered in the scenario's order


def log_artifact(client, run, values, command: dict) -> None:
    options = {k: v for k, v in command.items() if k != "artifact"}
    wait_if_online(run, run.log_artifact(named(client, values, command["artifact"]), **options))


def upsert_artifact(client, run, values, command: dict) -> None:
    options = {k: v for k, v in command.items() if k != "upsert_artifact"}
    run.upsert_artifact(named(client, values, command["upsert_artifact"]), **options)


def finish_artifact(client, run, values, command: dict) -> None:
    options = {k: v for k, v in command.items() if k != "finish_artifact"}
    wait_if_online(run, run.finish_artifact(named(client, values, command["finish_artifact"]), **options))


def use_artifact(client, run, values, command: dict) -> None:
    what = command["use_artifact"]
    options = {k: command[k] for k in ("type", "aliases") if k in command}
    used = run.use_artifact(named(client, values, what), **options)
    for name, text in command.get("read", {}).items():
        found = Path(used.download(), name).read_text()
        if found != text:
            raise ValueError(f"{what} has {found!r} in {name}, not {text!r}")
    if command.get("config"):
        run.config[command["config"]] = used


def link_artifact(client, run, values, command: dict) -> None:
    what = command["link_artifact"]
    source = artifact(client, values, what) if isinstance(what, dict) else run.use_artifact(what)
    run.link_artifact(source, command["to"], aliases=command.get("aliases"))


def log_model(client, run, values, command: dict) -> None:
    run.log_model(command["log_model"], **{k: command[k] for k in ("name", "aliases") if k in command})


def use_model(client, run, values, command: dict) -> None:
    found = Path(run.use_model(command["use_model"])).read_bytes()
    if found != Path(command["equals"]).read_bytes():
        raise ValueError(f"{command['use_model']} is not {command['equals']}")


def link_model(client, run, values, command: dict) -> None:
    options = {k: command[k] for k in ("name", "aliases") if k in command}
    run.link_model(command["link_model"], command["to"], **options)


def log_code(client, run, values, command: dict) -> None:
    """`include` are patterns of file names, `exclude` is a folder below the root."""
    options = {}
    if "include" in command:
        options["include_fn"] = lambda path: any(
            fnmatch.fnmatchcase(os.path.basename(path), pattern) for pattern in command["include"]
        )
    if "exclude" in command:
        options["exclude_fn"] = lambda path, root: os.path.relpath(path, root).startswith(
            command["exclude"] + "/"
        )
    logged = run.log_code(command["log_code"], name=command["name"], **options)
    if (logged is None) != command.get("none", False):
        raise ValueError(f"log_code gave {logged}")


ARTIFACT_COMMANDS = {
    "artifact": log_artifact,
    "upsert_artifact": upsert_artifact,
    "finish_artifact": finish_artifact,
    "use_artifact": use_artifact,
    "link_artifact": link_artifact,
    "log_model": log_model,
    "use_model": use_model,
    "link_model": link_model,
    "log_code": log_code,
}
