"""Whole columns on their way into a table, and their types."""

from __future__ import annotations

import sys

from ._base import Media
from ._classes import Classes


def per_column(name: str, value, columns: list) -> list:
    """One value for all columns, or a list of one each."""
    if not isinstance(value, list):
        return [value]
    assert len(value) == len(columns), (
        f"{name} is one for all columns or a list of one each, not {len(value)} for {len(columns)} columns"
    )
    return value


def plain_name(name) -> object:
    return name.item() if hasattr(name, "item") else name


def is_dataframe(value: object) -> bool:
    return type(value).__name__ == "DataFrame" and type(value).__module__.split(".")[0] == "pandas"


def is_array(value: object) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def number_cells(array):
    """A column of numbers as one of the two arrays that the core copies at once, or as a list."""
    numpy = sys.modules["numpy"]
    if array.dtype.kind == "f" and array.dtype.itemsize <= 8:
        return numpy.ascontiguousarray(array, dtype=numpy.float64)
    if array.dtype.kind in "iu" and array.dtype != numpy.uint64:
        return numpy.ascontiguousarray(array, dtype=numpy.int64)
    return array.tolist()


def column_cells(series):
    dtype = series.dtype
    if getattr(dtype, "kind", "") in "iuf" and type(dtype).__module__.split(".")[0] == "numpy":
        return number_cells(series.to_numpy())
    return list(series)


def type_json(dtype) -> dict | None:
    """A dtype as the core reads it: the form that tables in artifacts have."""
    if dtype is None or (isinstance(dtype, dict) and "wb_type" in dtype):
        return dtype
    if isinstance(dtype, type):
        return {"wb_type": _name_of_type(dtype)}
    if isinstance(dtype, list):
        types = [type_json(one) for one in dtype]
        if len(types) > 1:
            return {"wb_type": "union", "params": {"allowed_types": types}}
        return {"wb_type": "list", "params": {"element_type": types[0] if types else None}}
    if isinstance(dtype, dict):
        return {
            "wb_type": "typedDict",
            "params": {"type_map": {str(k): type_json(v) for k, v in dtype.items()}},
        }
    if isinstance(dtype, Classes):
        ids = [
            {"wb_type": "const", "params": {"val": one["id"], "is_set": False}} for one in dtype._class_set
        ]
        return {"wb_type": "union", "params": {"allowed_types": ids}}
    if isinstance(dtype, Media):
        return {"wb_type": _name_of_type(type(dtype))}
    is_set = isinstance(dtype, (set, frozenset))
    if not is_set and not isinstance(dtype, (bool, int, float, str)):
        raise TypeError(f"a column's type is a Python type (int, str, ...), not {type(dtype).__name__}")
    return {"wb_type": "const", "params": {"val": list(dtype) if is_set else dtype, "is_set": is_set}}


_MEDIA_TYPES = {
    "Image": "image-file",
    "Video": "video-file",
    "Audio": "audio-file",
    "Html": "html-file",
    "Object3D": "object3D-file",
    "Molecule": "molecule-file",
    "Table": "table",
    "JoinedTable": "joined-table",
}


def _name_of_type(kind: type) -> str:
    import datetime
    import numbers

    if issubclass(kind, Media):
        return _MEDIA_TYPES.get(kind.__name__, "any")
    numpy = sys.modules.get("numpy")
    if issubclass(kind, bool) or (numpy is not None and issubclass(kind, numpy.bool_)):
        return "boolean"
    if numpy is not None and issubclass(kind, numpy.datetime64):
        return "timestamp"
    if issubclass(kind, numbers.Number):
        return "number"
    for known, name in (
        (str, "string"),
        (datetime.date, "timestamp"),
        ((list, tuple, set, frozenset), "list"),
        (dict, "typedDict"),
        (type(None), "none"),
        (object, "any"),
    ):
        if kind is known or (known is not object and issubclass(kind, known)):
            return name
    raise TypeError(f"a column cannot be of the type {kind.__name__}; leave dtype out, or allow_mixed_types")
