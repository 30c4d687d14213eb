"""Media objects in artifacts: ``Artifact.add(obj, name)`` and ``Artifact.get(name)``.

Writing them is the core's; reading makes Python's objects of the entries' JSON and files.
"""

from __future__ import annotations

import datetime
import json

from . import _arguments, _terminal
from ._artifact_manifest import ArtifactManifestEntry
from .media._base import Media, need

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def add(artifact, obj, name: str, overwrite: bool):
    """Writes the object's JSON and files into the artifact. TypeError for what is no media object."""
    if not isinstance(obj, Media):
        raise TypeError(
            f"Found an object of the type {type(obj).__name__}, expected a Table, Image, Audio, Video, Html, "
            "Object3D, Molecule, Classes or JoinedTable"
        )
    fields = artifact._handle.add_object(
        obj._media(), _arguments.path("name", name), bool(overwrite), _refuses_long_tables(), _terminal.warn
    )
    return ArtifactManifestEntry(fields, artifact)


def _refuses_long_tables() -> bool:
    from ._module import current_run

    run = current_run()
    settings = run._settings() if run is not None else None
    return settings is not None and bool(
        settings.get("table_raise_on_max_row_limit_exceeded") or settings.get("strict")
    )


def get(artifact, name: str):
    """The object that was added under this name, or None."""
    _arguments.text("name", name)
    place = artifact._handle.find_object(name)
    if place is None:
        return None
    other, path = place
    source = artifact if other is None else type(artifact)._of(other)
    stored = _json(source, path)
    read = _READERS.get(stored.get("_type"))
    if read is None:
        raise ValueError(
            f"{path!r} of artifact {source.name} is of the type {stored.get('_type')!r}, which is not read"
        )
    source._handle.bring_object_files(list(_paths(stored)))  # at once, not one by one
    return read(source, stored)


def _json(artifact, path: str) -> dict:
    with open(_file(artifact, path), encoding="utf-8") as file:
        return json.load(file)


def _file(artifact, path: str) -> str:
    """On this machine; or an address: the object names it, and fetches nothing."""
    return artifact._handle.object_file(path)


def _paths(stored) -> Iterator[str]:
    """Of the entries that an object's JSON names."""
    if isinstance(stored, list):
        for one in stored:
            yield from _paths(one)
    elif isinstance(stored, dict):
        for key, one in stored.items():
            if key == "path" and isinstance(one, str):
                yield one
            else:
                yield from _paths(one)


# --- one reader for each `_type`


def _image(artifact, stored: dict):
    from .media import Classes, Image

    classes = stored.get("classes")
    if classes is not None:
        classes = Classes(_json(artifact, classes["path"])["class_set"])
    boxes = {layer: {"box_data": boxes} for layer, boxes in (stored.get("boxes") or {}).items()}
    masks = {
        layer: {"path": _file(artifact, mask["path"])} for layer, mask in (stored.get("masks") or {}).items()
    }
    return Image(
        _file(artifact, stored["path"]),
        caption=stored.get("caption"),
        grouping=stored.get("grouping"),
        classes=classes,
        boxes=boxes or None,
        masks=masks or None,
    )


def _captioned(kind: str):
    def read(artifact, stored: dict):
        from . import media

        return getattr(media, kind)(_file(artifact, stored["path"]), caption=stored.get("caption"))

    return read


def _html(artifact, stored: dict):
    from .media import Html

    return Html(_file(artifact, stored["path"]), inject=False)


def _classes(artifact, stored: dict):
    from .media import Classes

    return Classes(stored["class_set"])


def _joined_table(artifact, stored: dict):
    from .media import JoinedTable

    parts = [get(artifact, stored[part]) or stored[part] for part in ("table1", "table2")]
    return JoinedTable(*parts, stored["join_key"])


def _histogram(artifact, stored: dict):
    from .media import Histogram

    return Histogram(np_histogram=(stored["values"], stored["bins"]))


def _table(artifact, stored: dict):
    from .media import Table

    types = (stored.get("column_types") or {}).get("params", {}).get("type_map", {})
    columns = stored["columns"]
    reads = [_column_reader(artifact, types.get(str(column), {})) for column in columns]
    rows = _rows_of_increments(artifact) if stored.get("log_mode") == "INCREMENTAL" else stored["data"]
    data = [[read(cell, i) for read, cell in zip(reads, row)] for i, row in enumerate(rows)]
    table = Table(
        columns=columns,
        data=data,
        dtype=[_dtype(types.get(str(column))) for column in columns] if types else None,
        optional=not types,
        log_mode=stored.get("log_mode", "IMMUTABLE"),
    )
    for column in columns:
        kind = types.get(str(column), {})
        if kind.get("wb_type") == "primaryKey":
            table.set_pk(column)
        elif kind.get("wb_type") == "foreignKey":
            linked = get(artifact, kind["params"]["table"])
            table.set_fk(column, linked, kind["params"]["col_name"])
    return table


def _rows_of_increments(artifact) -> list:
    """All increments' rows, by their number and time: `<number>-<ms>.<key>.table.json`."""

    def order(path: str) -> tuple[int, int]:
        number, _, time = path.split(".", 1)[0].partition("-")
        return (int(number) if number.isdigit() else 0, int(time) if time.isdigit() else 0)

    paths = [path for path in artifact.manifest.entries if path.endswith(".table.json")]
    return [row for path in sorted(paths, key=order) for row in _json(artifact, path)["data"]]


def _allowed(kind: dict) -> list[dict]:
    return kind["params"]["allowed_types"] if kind.get("wb_type") == "union" else [kind]


def _column_reader(artifact, kind: dict):
    """What makes a Python value of a stored cell: called with (cell, row number)."""
    for one in _allowed(kind):
        name = one.get("wb_type")
        if name == "timestamp":
            return lambda cell, _: _moment(cell)
        if name == "ndarray" and one["params"].get("serialization_path"):
            numpy = need("numpy", "a table with arrays")
            place = one["params"]["serialization_path"]
            with numpy.load(_file(artifact, place["path"])) as arrays:
                stacked = arrays[place["key"]]
            return lambda _, row: stacked[row]
        if name == "foreignIndex":
            linked = get(artifact, one["params"]["table"])
            return lambda cell, _: linked.index_ref(cell)
    return lambda cell, _: _cell(artifact, cell)


def _moment(cell):
    if not isinstance(cell, (int, float)):
        return cell
    return datetime.datetime.fromtimestamp(cell / 1000, tz=datetime.timezone.utc)


def _cell(artifact, cell):
    if isinstance(cell, dict):
        read = {**_READERS, "histogram": _histogram}.get(cell.get("_type"))
        return read(artifact, cell) if read else {key: _cell(artifact, one) for key, one in cell.items()}
    return [_cell(artifact, one) for one in cell] if isinstance(cell, list) else cell


_BY_VALUE = ("foreignKey", "foreignIndex", "primaryKey", "pythonObject", "table", "invalid", "classesId")


def _dtype(kind: dict | None) -> dict | None:
    """The column's type as it can be declared; None where only the values tell it."""
    if kind is None or any(name in json.dumps(kind) for name in _BY_VALUE):
        return {
            "wb_type": "union",
            "params": {"allowed_types": [{"wb_type": "none"}, {"wb_type": "unknown"}]},
        }
    return kind


_READERS = {
    "table": _table,
    "image-file": _image,
    "audio-file": _captioned("Audio"),
    "video-file": _captioned("Video"),
    "object3D-file": _captioned("Object3D"),
    "molecule-file": _captioned("Molecule"),
    "html-file": _html,
    "classes": _classes,
    "joined-table": _joined_table,
}
