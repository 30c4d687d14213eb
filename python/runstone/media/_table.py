"""Table, and JoinedTable of two of them.

The cells of a table are in the core, column by column; here are Python's ways to fill and read it. Objects
that are more than a number or text (media, dates, arrays, lists) are kept beside, so that reading gives back
what was put in.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator

from .. import _arguments, _core, _terminal
from ..errors import Error
from ._base import Media, need
from ._table_cells import TableIndex, TableKey
from ._table_columns import (
    column_cells,
    is_array,
    is_dataframe,
    number_cells,
    per_column,
    plain_name,
    type_json,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    Method = TypeVar("Method", bound=Callable[..., Any])

_CHUNK_ROWS = 65536  # columns of a data frame are handed over in pieces: little is there twice


class _Frozen(list):
    """A list for reading. What a Table holds is changed by its methods, which check the types."""

    __slots__ = ()

    def _refuse(self, *_arguments, **_options):
        raise TypeError(
            "a Table's rows and columns are changed by add_data(), add_column() and cast(), not in this list"
        )

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = pop = remove = clear = sort = reverse = _refuse


def _index(table: Table, row: int) -> TableIndex:
    index = TableIndex(row)
    index._table = table
    return index


def _mutates(method: Method) -> Method:
    """Tells once when a table changes that was logged for good."""

    @functools.wraps(method)
    def wrapper(self, *arguments, **options):
        result = method(self, *arguments, **options)
        if self._core_media.take_change_warning():
            _terminal.warn(
                "You are mutating a Table with log_mode='IMMUTABLE' that has been logged already. "
                "Subsequent log() calls will have no effect. Set log_mode='MUTABLE' to enable "
                "re-logging after mutations"
            )
        return result

    return wrapper


class Table(Media):
    """Rows and columns of numbers, text, dates, lists, arrays and media.

    Logging it stores the first MAX_ROWS rows, media as the name of their class, in a file of the run, and
    up to MAX_ARTIFACT_ROWS rows with everything in them in the artifact ``run-<run id>-<key>``.

    Args:
        columns: names, a list of str or int; ``["Input", "Output", "Expected"]`` by default.
        data: a list of rows, a 2-D array, or a pandas DataFrame (whose columns count).
        rows: the old name of data.
        dataframe: a pandas DataFrame; data and columns are ignored.
        dtype: what columns may hold: a Python type (``int``, ``str``, ``bool``, ``list``, ``datetime``), a
            media class, or a list of one each. By default a column takes what its first value is.
        optional: whether None is allowed; one bool or a list of one each.
        allow_mixed_types: True checks nothing.
        log_mode: ``IMMUTABLE``: logged once, later logs show that state. ``MUTABLE``: logged anew after a
            change. ``INCREMENTAL``: each log stores the rows that are new.

    Raises:
        AssertionError: columns that are no list of str or int, an unknown log_mode. ValueError: a row of
        another length. TypeError: a value of another type than its column's.

    Follows: the class of that name of the stock client.
    """

    MAX_ROWS = 10_000
    MAX_ARTIFACT_ROWS = 200_000

    def __init__(
        self,
        columns: list | None = None,
        data=None,
        rows: list | None = None,
        dataframe=None,
        dtype=None,
        optional: bool | list[bool] = True,
        allow_mixed_types: bool = False,
        log_mode: str = "IMMUTABLE",
    ) -> None:
        if dataframe is None and is_dataframe(data):
            dataframe = data
        if dataframe is not None:
            assert is_dataframe(dataframe), "dataframe argument expects a `pandas.DataFrame` object"
            columns = [
                column if isinstance(column, str) else plain_name(column) for column in dataframe.columns
            ]
        if columns is None:
            columns = ["Input", "Output", "Expected"]
        assert isinstance(columns, list), "columns argument expects a `list` object"
        assert all(type(column) in (str, int) for column in columns), (
            "columns argument expects list of strings or ints"
        )
        types = [] if dtype is None else [type_json(one) for one in per_column("dtype", dtype, columns)]
        may_be_none = [bool(one) for one in per_column("optional", optional, columns)]
        mode = _arguments.text("log_mode", log_mode, AssertionError)
        for column in columns:
            _arguments.text("a column's name", str(column))
        self._core_media = _core.Table(columns, types, may_be_none, bool(allow_mixed_types), mode)
        self._objects: list[dict] = [{} for _ in columns]
        if dataframe is not None:
            self._add_dataframe(dataframe)
        elif data is None and rows is None:
            return
        elif is_array(data):
            self._add_array(data)
        else:
            data = rows if data is None else data
            assert isinstance(data, (list, tuple)), "data argument expects a `list` object"
            self._core_media.add_rows(data, self._objects)

    def _media(self):
        self._core_media.set_limits(self.MAX_ROWS, self.MAX_ARTIFACT_ROWS)
        return self._core_media

    def _add_dataframe(self, frame) -> None:
        for start in range(0, len(frame), _CHUNK_ROWS):
            piece = frame.iloc[start : start + _CHUNK_ROWS]
            columns = [column_cells(piece.iloc[:, i]) for i in range(piece.shape[1])]
            self._core_media.add_columns(columns, self._objects)

    def _add_array(self, array) -> None:
        if array.ndim == 2 and array.dtype.kind in "iuf" and array.shape[1] == len(self._objects):
            for start in range(0, len(array), _CHUNK_ROWS):
                piece = array[start : start + _CHUNK_ROWS]
                columns = [number_cells(piece[:, i]) for i in range(piece.shape[1])]
                self._core_media.add_columns(columns, self._objects)
            return
        if array.ndim < 2:
            raise ValueError(f"a Table of an array needs rows x columns, not an array of shape {array.shape}")
        self._core_media.add_rows((list(row) for row in array), self._objects)

    # --- reading
    @property
    def log_mode(self) -> str:
        """IMMUTABLE, MUTABLE or INCREMENTAL."""
        return self._core_media.log_mode

    @property
    def columns(self) -> list:
        """The columns' names; for reading."""
        return _Frozen(self._core_media.columns)

    @property
    def data(self) -> list[list]:
        """All rows, lists of cells; for reading (each access makes them anew)."""
        return _Frozen(_Frozen(row) for row in self._rows(0, len(self)))

    def __len__(self) -> int:
        return self._core_media.row_count

    def __bool__(self) -> bool:
        return True  # a table without rows is a table: ``table or Table()`` keeps it

    def _rows(self, first: int, count: int) -> list[list]:
        rows = self._core_media.rows(self._objects, first, count)
        for i, wrap in self._key_columns():
            for row in rows:
                row[i] = wrap(row[i])
        return rows

    def _key_columns(self) -> list[tuple[int, Callable]]:
        """Columns whose cells are keys, each with what makes one of a plain value."""
        wraps = []
        for i, name in enumerate(self._core_media.columns):
            wrap = self._key_of(name)
            if wrap is not None:
                wraps.append((i, wrap))
        return wraps

    def _key_of(self, name) -> Callable | None:
        json, linked, column = self._core_media.column_type(name)
        kind = json["wb_type"]
        if kind not in ("primaryKey", "foreignKey", "foreignIndex"):
            return None
        table = self if kind == "primaryKey" else self._linked.get(name) or Table._of_core(linked)

        def wrap(value):
            if kind == "foreignIndex":
                return _index(table, value)
            key = TableKey(value)
            key._table, key._col_name = table, column or str(name)
            return key

        return wrap

    @property
    def _linked(self) -> dict:
        """The Python tables that columns link to, by column."""
        return self.__dict__.setdefault("_linked_tables", {})

    @classmethod
    def _of_core(cls, core) -> Table:
        """A table for reading what another language, or another table's link, holds."""
        table = cls.__new__(cls)
        table._core_media = core
        table._objects = [{} for _ in core.columns]
        return table

    def get_column(self, name, convert_to: str | None = None):
        """A column's values.

        Args:
            name: the column, a str or int.
            convert_to: None for a list, ``"numpy"`` for an array (of images: their pixels).

        Returns:
            A list of the cells, [rows], or an array of rows x the cells' shape.

        Raises:
            AssertionError: no such column, another convert_to.
        """
        assert name in self._core_media.columns, f"the table has no column {name!r}"
        assert convert_to in (None, "numpy"), f"convert_to must be None or 'numpy', not {convert_to!r}"
        at = self._core_media.columns.index(name)
        values = self._core_media.column(name, self._objects[at])
        wrap = self._key_of(name)
        if wrap is not None:
            values = [wrap(value) for value in values]
        if convert_to is None:
            return values
        numpy = need("numpy", "get_column(convert_to='numpy')")
        return numpy.array([v.to_data_array() if isinstance(v, Media) else v for v in values])

    def get_dataframe(self):
        """The table as a pandas DataFrame.

        Returns:
            A DataFrame of the same columns.

        Raises:
            Error: pandas is not installed.
        """
        pandas = need("pandas", "get_dataframe()")
        names = self._core_media.columns
        return pandas.DataFrame({name: self.get_column(name) for name in names}, columns=names)

    def get_index(self) -> list[TableIndex]:
        """The rows' numbers; put into another table, they link its rows to these."""
        return [_index(self, row) for row in range(len(self))]

    def index_ref(self, index: int) -> TableIndex:
        """One row's number, as get_index() has it.

        Args:
            index: from 0.

        Returns:
            A TableIndex, which links the row when it is put into another table.

        Raises:
            AssertionError: no such row.
        """
        assert index < len(self), f"the table has {len(self)} rows, none of the index {index}"
        return _index(self, index)

    def iterrows(self) -> Iterator[tuple[TableIndex, list]]:
        """Yields (number, cells) of each row."""
        for start in range(0, len(self), _CHUNK_ROWS):
            for i, row in enumerate(self._rows(start, _CHUNK_ROWS)):
                yield _index(self, start + i), row

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and self._core_media == other._core_media

    __hash__ = None

    # --- writing
    @_mutates
    def add_data(self, *data) -> None:
        """Adds a row.

        Args:
            data: one value a column: None, numbers, text, bools, dates, lists, dicts, arrays, media.

        Raises:
            ValueError: another number of values. TypeError: a value that its column does not take.
        """
        self._core_media.add_rows([data], self._objects)

    def add_row(self, *row) -> None:
        """Deprecated: add_data().

        Args:
            row: one value a column.
        """
        _terminal.warn("add_row is deprecated, use add_data")
        self.add_data(*row)

    @_mutates
    def add_column(self, name: str, data, optional: bool = False) -> None:
        """Adds a column of as many values as there are rows.

        Args:
            name: a new name.
            data: a list or an array, [rows]; the first column makes the rows.
            optional: whether None is allowed.

        Raises:
            AssertionError: a name that is taken, another length. TypeError: values of several types.
            Error: an INCREMENTAL table.
        """
        self._core_media.check_not_incremental("add_column")
        _arguments.text("a column's name", name, AssertionError)
        assert name not in self._core_media.columns, f"no new column name: {name!r}"
        assert isinstance(data, list) or is_array(data), "a column is a list or an array"
        assert isinstance(optional, bool), "optional must be a bool"
        objects: dict = {}
        if is_array(data) and data.ndim == 1 and data.dtype.kind == "f":
            numpy = sys.modules["numpy"]
            numbers = numpy.ascontiguousarray(data, dtype=numpy.float64)
            self._core_media.add_number_column(name, numbers, optional)
        else:
            self._core_media.add_column(name, data, optional, objects)
        self._objects.append(objects)

    def add_computed_columns(self, fn: Callable[[int, dict], dict]) -> None:
        """Adds columns that are made of each row.

        Args:
            fn: called with (index, row as a dict by column), gives a dict of the new columns' values.

        Raises:
            AssertionError: fn gave no dict. Error: an INCREMENTAL table.
        """
        self._core_media.check_not_incremental("add_computed_columns")
        names = self._core_media.columns
        made: dict[str, list] = {}
        for index, row in self.iterrows():
            new = fn(index, dict(zip(names, row)))
            assert isinstance(new, dict), "fn must give a dict of new columns"
            for key, value in new.items():
                made.setdefault(key, []).append(value)
        for key, values in made.items():
            self.add_column(key, values)

    @_mutates
    def cast(self, col_name, dtype, optional: bool = False) -> dict:
        """Makes a column be of a type.

        Args:
            col_name: the column.
            dtype: as the constructor's dtype.
            optional: whether None is allowed.

        Returns:
            The type as tables in artifacts write it: ``{"wb_type": "number"}``.

        Raises:
            TypeError: a value is of another type. AssertionError: no such column, or it is a key.
        """
        assert col_name in self._core_media.columns, f"the table has no column {col_name!r}"
        if dtype is None:
            raise TypeError("cast() needs a type: int, str, bool, list, datetime, a media class")
        self._core_media.cast(col_name, type_json(dtype), bool(optional))
        return self._core_media.column_type(col_name)[0]

    @_mutates
    def set_pk(self, col_name) -> None:
        """Makes a column of str the one that names the rows.

        Args:
            col_name: the column.

        Raises:
            TypeError: a value is no str. AssertionError: no such column, or another one is the key.
        """
        assert col_name in self._core_media.columns, f"the table has no column {col_name!r}"
        self._core_media.set_pk(col_name)

    @_mutates
    def set_fk(self, col_name, table: Table, table_col: str) -> None:
        """Says that a column's values are those of another table's column.

        Args:
            col_name: the column, of str.
            table: another Table.
            table_col: its column.

        Raises:
            TypeError: a value is no str. AssertionError: no such column or table.
        """
        assert col_name in self._core_media.columns, f"the table has no column {col_name!r}"
        assert isinstance(table, Table), "set_fk() links to a Table"
        _arguments.text("table_col", table_col)
        self._core_media.set_fk(col_name, table._core_media, table_col)
        self._linked[col_name] = table


class JoinedTable(Media):
    """Two tables of an artifact, shown as one.

    Args:
        table1, table2: a Table, the path of one in the artifact (ending in ``.table.json``), or its entry.
        join_key: the column whose values are equal, or a list of one of each table.

    Raises:
        ValueError: anything else.
    """

    def __init__(self, table1, table2, join_key: str | list[str]) -> None:
        if not isinstance(join_key, str) and not (isinstance(join_key, list) and len(join_key) == 2):
            raise ValueError("JoinedTable join_key should be a string or a list of two strings")
        self._table1, self._table2, self._join_key = table1, table2, join_key
        parts = [self._part(table1, "table1"), self._part(table2, "table2")]
        keys = [join_key] if isinstance(join_key, str) else join_key
        self._core_media = _core.joined_table(*parts, _arguments.names("join_key", keys))

    @staticmethod
    def _part(table, name: str):
        if isinstance(table, Table):
            return table._media()
        path = table if isinstance(table, str) else getattr(table, "path", "")
        if not str(path).endswith(".table.json"):
            raise ValueError(f"JoinedTable {name} should be a Table or the path of one in an artifact")
        return str(path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JoinedTable) and (
            (self._join_key, self._table1, self._table2) == (other._join_key, other._table1, other._table2)
        )

    __hash__ = None


def check_table(value: object, what: str) -> Table:
    """The table, or Error: for charts."""
    if not isinstance(value, Table):
        raise Error(f"Expected `{what}` to be `runstone.Table` type, instead got {type(value).__name__}")
    return value
