"""The media that a scenario describes, through any Python client. Patterns of pixels and samples are those of
scenario_media.cc, byte by byte."""

from __future__ import annotations

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
