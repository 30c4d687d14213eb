"""Drives a scenario through a Python client: `writer.py MODULE SCENARIO PROJECT`, MODULE being `wandb` or
`runstone`. Nothing here knows which of them it is. What is said on standard output is the run's console,
so this program says nothing of its own. `writer.cc` is the same program over the C++ SDK."""

from __future__ import annotations

import importlib
import json
import sys

from scenario_artifacts import ARTIFACT_COMMANDS
from scenario_tables import Values


def log(client, run, values, command: dict) -> None:
    options = {name: command[name] for name in ("step", "commit") if name in command}
    run.log(values.of(command["log"]), **options)


def define_metric(client, run, values, command: dict) -> None:
    options = {name: value for name, value in command.items() if name != "define_metric"}
    run.define_metric(command["define_metric"], **options)


def change_config(client, run, values, command: dict) -> None:
    run.config.update(command["config"], allow_val_change=command.get("allow_val_change"))


def set_summary(client, run, values, command: dict) -> None:
    for key, item in command["summary"].items():
        run.summary[key] = values.of(item)


def set_fact(client, run, values, command: dict) -> None:
    ((name, item),) = command.items()
    setattr(run, name, item)


def save(client, run, values, command: dict) -> None:
    run.save(command["save"], **{name: command[name] for name in ("base_path", "policy") if name in command})


def alert(client, run, values, command: dict) -> None:
    run.alert(**command["alert"])


def append(client, run, values, command: dict) -> None:
    with open(command["append"], "a", encoding="utf-8") as file:
        file.write(command["text"])


def print_line(client, run, values, command: dict) -> None:
    print(command["print"], flush=True)


def mark_preempting(client, run, values, command: dict) -> None:
    run.mark_preempting()


# The first key of a command names it; each takes the client, the run, its values and the whole command.
COMMANDS = {
    "log": log,
    "define_metric": define_metric,
    "config": change_config,
    "summary": set_summary,
    "name": set_fact,
    "notes": set_fact,
    "tags": set_fact,
    "save": save,
    "alert": alert,
    "print": print_line,
    "append": append,
    "mark_preempting": mark_preempting,
    **ARTIFACT_COMMANDS,
}


def main() -> None:
    module, path, project = sys.argv[1:4]
    client = importlib.import_module(module)
    with open(path, encoding="utf-8") as file:
        scenario = json.load(file)
    for spec in scenario["runs"]:
        run = client.init(project=spec.get("project", project), id=spec["id"], **spec.get("init", {}))
        values = Values(client)
        for command in spec["do"]:
            COMMANDS[next(iter(command))](client, run, values, command)
        run.finish(exit_code=spec.get("exit_code"))


if __name__ == "__main__":
    main()
