"""A cell of a table, as the core takes it, of whatever Python object it is."""

from __future__ import annotations

import sys

from ._base import Media

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._table import Table


class TableKey(str):
    """A key of a table's row: a value of its primary key, or of a column that is linked to one."""

    _table: Table
    _col_name: str


class TableIndex(int):
    """The number of a table's row. Put into another table, it links that row."""

    _table: Table

    def get_row(self) -> dict:
        """The row as a dict, by column."""
        table = self._table
        return dict(zip(table.columns, table._rows(int(self), 1)[0]))


def cell(value: object) -> object:
    """A value that is no number, str, bool, None, list, tuple or dict, as the core takes it: one of those, a
    core's media, or a tuple that begins with what it is. Called by the extension."""
    if isinstance(value, TableKey):
        return ("link", str(value), value._table._core_media, value._col_name)
    if isinstance(value, TableIndex):
        return ("link", int(value), value._table._core_media, "")
    if isinstance(value, Media):
        return value._media()
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.generic, numpy.ndarray)):
        return _numpy_cell(numpy, value)
    if _is_missing(value):
        return None
    if isinstance(value, (bool, int, float, str)) and not _is_enum(value):
        return next(kind(value) for kind in (bool, int, float, str) if isinstance(value, kind))
    if hasattr(value, "isoformat") and hasattr(value, "year"):
        return _moment(value)
    if isinstance(value, (set, frozenset)):
        return list(value)
    from .._convert import media_of

    media = media_of(value)
    return media if media is not None else ("foreign", type(value).__name__, _plain(value))


def _plain(value: object) -> object:
    """What is stored for an object of no type of the core's."""
    if _is_enum(value):
        return value.value
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    if type(value).__name__ == "Decimal":
        return float(value)
    if isinstance(value, (range, list, tuple)):
        return list(value)
    if hasattr(value, "keys") and hasattr(value, "__getitem__"):
        return {key: value[key] for key in value.keys()}
    return str(value)


def _is_enum(value: object) -> bool:
    enum = sys.modules.get("enum")
    return enum is not None and isinstance(value, enum.Enum)


def _is_missing(value: object) -> bool:
    """pandas' NaT and NA."""
    return type(value).__name__ in ("NaTType", "NAType")


def _moment(value) -> tuple:
    import datetime

    if not isinstance(value, datetime.datetime):
        days = (value - datetime.date(1970, 1, 1)).days
        return ("moment", days * 86_400_000_000, True, None)
    offset = value.utcoffset()
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc if offset is not None else None)
    since = value - epoch if offset is not None else value.replace(tzinfo=None) - epoch
    us = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return ("moment", us, False, None if offset is None else round(offset.total_seconds()))


def _numpy_cell(numpy, value) -> object:
    kind = value.dtype.kind
    if isinstance(value, numpy.ndarray) and value.ndim > 0:
        if kind not in "biuf" or value.dtype.itemsize > 8:
            return ("foreign", "ndarray", value.astype(str).tolist() if kind in "mMc" else value.tolist())
        little = numpy.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
        return ("array", little.shape, little.dtype.str, little.tobytes())
    if kind == "M":
        return None if numpy.isnat(value) else ("moment", *_moment64(numpy, value))
    if kind in "biuf":
        return value.item() if value.dtype.itemsize <= 8 else float(value)
    if kind == "U":
        return str(value)
    return ("foreign", type(value).__name__, str(value))


def _moment64(numpy, value) -> tuple:
    is_date = numpy.datetime_data(value.dtype)[0] in ("Y", "M", "W", "D")
    return int(value.astype("datetime64[us]").astype(numpy.int64)), is_date, None
