"""Drives a scenario through a Python client: `writer.py MODULE SCENARIO PROJECT`, MODULE being `wandb` or
`runstone`. Nothing here knows which of them it is. What is said on standard output is the run's console,
so this program says nothing of its own. `writer.cc` is the same program over the C++ SDK."""

from __future__ import annotations

import importlib
import json
import os
import sys

import numpy as np


def pixels(spec: dict, *shape: int) -> np.ndarray:
    """The pattern that the scenario means: the same bytes in every language."""
    count = int(np.prod(shape))
    if "flat" in spec:
        return np.full(shape, spec["flat"], np.uint8)
    seed = spec.get("seed", 0)
    return ((np.arange(count) * 37 + 11 + seed * 101) % 256).astype(np.uint8).reshape(shape)


def film(frames: int, height: int, width: int) -> np.ndarray:
    """Frames, height, width, 3, in pure red, green and blue: few colours, which a GIF keeps as they are."""
    place = np.arange(frames * height * width) % 3
    return (np.eye(3, dtype=np.uint8) * 255)[place].reshape(frames, height, width, 3)


def samples(count: int) -> np.ndarray:
    return ((np.arange(count) * 7) % 200 - 100) / 128.0


def image(client, spec: dict):
    options = {name: spec[name] for name in ("caption", "grouping", "file_type") if name in spec}
    if "boxes" in spec:
        options["boxes"] = {name: with_int_labels(layer) for name, layer in spec["boxes"].items()}
    if "masks" in spec:
        options["masks"] = {
            name: {
                "mask_data": (
                    np.arange(layer["height"] * layer["width"]).reshape(layer["height"], layer["width"])
                    % layer["classes"]
                ),
                "class_labels": {int(key): label for key, label in layer["class_labels"].items()},
            }
            for name, layer in spec["masks"].items()
        }
    if "path" in spec:
        return client.Image(spec["path"], **options)
    shape = (spec["height"], spec["width"])
    return client.Image(
        pixels(spec, *shape, *([spec["channels"]] if spec["channels"] > 1 else [])), **options
    )


def with_int_labels(layer: dict) -> dict:
    if "class_labels" not in layer:
        return layer
    return {**layer, "class_labels": {int(key): label for key, label in layer["class_labels"].items()}}


def audio(client, spec: dict):
    if "path" in spec:
        return client.Audio(spec["path"], caption=spec.get("caption"))
    return client.Audio(samples(spec["samples"]), sample_rate=spec["rate"], caption=spec.get("caption"))


def video(client, spec: dict):
    if "path" in spec:
        return client.Video(spec["path"], caption=spec.get("caption"), format=spec["path"].rsplit(".", 1)[1])
    frames = film(spec["frames"], spec["height"], spec["width"]).transpose(0, 3, 1, 2)
    return client.Video(frames, fps=spec["fps"], format=spec["format"], caption=spec.get("caption"))


def histogram(client, spec: dict):
    if "counts" in spec:
        return client.Histogram(np_histogram=(spec["counts"], spec["edges"]))
    values = spec.get("values")
    if values is None:
        ramp = np.arange(spec["ramp"])
        values = (ramp * ramp % 97) / 4.0
    return client.Histogram(values, num_bins=spec.get("num_bins", 64))


def html(client, spec: dict):
    return client.Html(spec["path"] if "path" in spec else spec["text"], inject=spec.get("inject", True))


def object3d(client, spec: dict):
    if "scene" in spec:
        scene = {k: np.array(v) if k != "type" else v for k, v in spec["scene"].items()}
        return client.Object3D(scene)
    if "points" in spec:
        return client.Object3D(np.array(spec["points"], float))
    return client.Object3D(spec["path"], caption=spec.get("caption"))


def molecule(client, spec: dict):
    return client.Molecule(spec["path"], caption=spec.get("caption"))


def plotly(client, spec: dict):
    import plotly.io

    return client.Plotly(plotly.io.from_json(spec["json"]))


MEDIA = {
    "image": image,
    "audio": audio,
    "video": video,
    "histogram": histogram,
    "html": html,
    "object3d": object3d,
    "molecule": molecule,
    "plotly": plotly,
}


def value(client, spec):
    """A value of the scenario as this language has it."""
    if isinstance(spec, dict):
        if "$media" in spec:
            return MEDIA[spec["$media"]](client, spec)
        return {key: value(client, item) for key, item in spec.items()}
    if isinstance(spec, list):
        return [value(client, item) for item in spec]
    return spec


def artifact(client, spec: dict):
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
        else:
            raise ValueError(f"the scenario adds {entry}")
    return made


def log_artifact(client, run, command: dict) -> None:
    what, options = command["artifact"], {k: v for k, v in command.items() if k != "artifact"}
    logged = run.log_artifact(artifact(client, what) if isinstance(what, dict) else what, **options)
    if not run.offline:
        logged.wait()  # so that versions are numbered in the scenario's order


def set_summary(client, run, command: dict) -> None:
    for key, item in command["summary"].items():
        run.summary[key] = value(client, item)


def set_fact(client, run, command: dict) -> None:
    ((name, item),) = command.items()
    setattr(run, name, item)


def print_line(client, run, command: dict) -> None:
    print(command["print"], flush=True)


# Each takes the client, the run and the whole command; its first key names it.
COMMANDS = {
    "log": lambda client, run, c: run.log(
        value(client, c["log"]), **{k: c[k] for k in ("step", "commit") if k in c}
    ),
    "define_metric": lambda client, run, c: run.define_metric(
        c["define_metric"], **{k: v for k, v in c.items() if k != "define_metric"}
    ),
    "config": lambda client, run, c: run.config.update(
        c["config"], allow_val_change=c.get("allow_val_change")
    ),
    "summary": set_summary,
    "name": set_fact,
    "notes": set_fact,
    "tags": set_fact,
    "save": lambda client, run, c: run.save(
        c["save"], **{k: c[k] for k in ("base_path", "policy") if k in c}
    ),
    "alert": lambda client, run, c: run.alert(**c["alert"]),
    "print": print_line,
    "artifact": log_artifact,
    "log_model": lambda client, run, c: run.log_model(
        c["log_model"], **{k: c[k] for k in ("name", "aliases") if k in c}
    ),
}


def main() -> None:
    module, path, project = sys.argv[1:4]
    client = importlib.import_module(module)
    with open(path, encoding="utf-8") as file:
        scenario = json.load(file)
    for spec in scenario["runs"]:
        run = client.init(project=project, id=spec["id"], **spec.get("init", {}))
        for command in spec["do"]:
            COMMANDS[next(iter(command))](client, run, command)
        run.finish(exit_code=spec.get("exit_code"))


if __name__ == "__main__":
    main()
