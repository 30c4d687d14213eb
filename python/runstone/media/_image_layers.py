"""Boxes and masks over a picture, and the names of their classes, as the core takes them."""

from __future__ import annotations

from .. import _arguments
from ._base import need, path_of, plain


def class_labels(classes: object) -> dict[str, str]:
    """``[{"id": 0, "name": "road"}]``, or a Classes, as names by id."""
    if classes is None:
        return {}
    entries = getattr(classes, "_class_set", classes)
    try:
        return {str(entry["id"]): str(entry["name"]) for entry in entries}
    except (TypeError, KeyError, IndexError):
        raise TypeError('classes must be a list of {"id": int, "name": str}') from None


def boxes_of(boxes: object, classes: dict[str, str]) -> dict:
    """Layers of boxes; the core checks what is in box_data."""
    if not boxes:
        return {}
    if not isinstance(boxes, dict):
        raise ValueError('Images "boxes" argument must be a dictionary')
    layers = {}
    for name, layer in boxes.items():
        if not isinstance(layer, dict) or not isinstance(layer.get("box_data"), (list, tuple)):
            raise TypeError(f"boxes.{name} needs a list box_data")
        rest = {key: part for key, part in layer.items() if key != "class_labels"}
        layers[str(name)] = {**rest, "box_data": [plain(box) for box in layer["box_data"]]}
        labels = _labels(f"boxes.{name}", layer, classes)
        if labels:
            layers[str(name)]["class_labels"] = labels
    return layers


def masks_of(masks: object, classes: dict[str, str]) -> dict:
    """Layers of masks: a uint8 array or the path of a PNG each."""
    if not masks:
        return {}
    if not isinstance(masks, dict):
        raise ValueError('Images "masks" argument must be a dictionary')
    layers = {}
    for name, layer in masks.items():
        if not isinstance(layer, dict) or ("mask_data" in layer) == ("path" in layer):
            raise TypeError(f"masks.{name} needs either mask_data, an array, or path, a PNG")
        ids = _class_ids(f"masks.{name}.mask_data", layer["mask_data"]) if "mask_data" in layer else None
        path = path_of(layer["path"]) if "path" in layer else None
        if ids is None and path is None:
            raise TypeError(f"masks.{name}.path must be a path, not {type(layer['path']).__name__}")
        labels = _labels(f"masks.{name}", layer, classes)
        layers[str(name)] = {"class_ids": ids, "path": path, "class_labels": labels}
    return layers


def _labels(where: str, layer: dict, classes: dict[str, str]) -> dict[str, str]:
    labels = layer.get("class_labels")
    if labels is None:
        return classes
    if not isinstance(labels, dict):
        raise TypeError(f"{where}.class_labels must be a dict of class id to name")
    named = {}
    for key, name in labels.items():
        if isinstance(key, bool) or not hasattr(key, "__index__"):
            raise TypeError(f"{where}.class_labels: a class id must be an int, not {key!r}")
        named[str(int(key))] = _arguments.text(f"{where}.class_labels[{key}]", name)
    return named


def _class_ids(where: str, data: object):
    """The uint8 array of H x W class ids; floats that are whole numbers are ids, too."""
    numpy = need("numpy", "a mask")
    if hasattr(data, "detach"):
        data = data.detach().cpu()
    ids = numpy.asarray(data)
    is_number = ids.dtype.kind in "buif"
    if ids.ndim != 2 or not is_number or ids.size == 0 or (ids.dtype.kind == "f" and (ids % 1 != 0).any()):
        raise TypeError(f"{where} must be a 2-D array of integers, the class of each pixel")
    low, high = ids.min(), ids.max()
    if low < 0 or high > 255:
        raise TypeError(f"{where} must hold class ids from 0 to 255, not {low if low < 0 else high}")
    return numpy.ascontiguousarray(ids.astype(numpy.uint8))
