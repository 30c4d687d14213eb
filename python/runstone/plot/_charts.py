"""Charts of the columns of a table."""

from __future__ import annotations

from .. import _arguments, _core
from ..media._base import Media
from ..media._table import Table, check_table


class CustomChart(Media):
    """A table and how it is drawn; made by the functions of ``runstone.plot``.

    Args:
        core: the core's chart.
        table: the Table that it draws.
    """

    def __init__(self, core, table: Table | None = None) -> None:
        self._core_media = core
        self._table = table

    def _media(self):
        if self._table is not None:
            self._table._media()
        return self._core_media

    @property
    def table(self) -> Table:
        """The rows that it draws."""
        return self._table if self._table is not None else Table._of_core(self._core_media.table)

    @property
    def spec_name(self) -> str:
        """The name of its definition: ``wandb/line/v0``."""
        return self._core_media.spec_name

    @property
    def fields(self) -> dict:
        """What its definition draws, by the table's columns."""
        return self._core_media.fields

    @property
    def string_fields(self) -> dict:
        """Its titles."""
        return self._core_media.string_fields


def _chart(make, table: Table, *arguments) -> CustomChart:
    check_table(table, "data_table")
    return CustomChart(make(table._media(), *arguments), table)


def _column(name: str, value: object) -> str:
    """The name of a table's column, which may be an int."""
    is_number = hasattr(value, "__index__") and not isinstance(value, bool)
    return str(int(value)) if is_number else _arguments.text(name, value)


def title_text(value: object) -> str:
    """The text of what is shown; None is none."""
    return (
        "" if value is None else _arguments.text("a title", value if isinstance(value, str) else str(value))
    )


def plot_table(
    vega_spec_name: str,
    data_table: Table,
    fields: dict,
    string_fields: dict | None = None,
    split_table: bool = False,
) -> CustomChart:
    """A chart of a definition of your own.

    Args:
        vega_spec_name: the definition's name, as the pages know it.
        data_table: the rows.
        fields: the definition's names to the table's columns.
        string_fields: its titles.
        split_table: puts the table into the section "Custom Chart Tables".

    Returns:
        A CustomChart.

    Raises:
        Error: data_table is no Table.
    """
    check_table(data_table, "data_table")
    for name, value in (("fields", fields), ("string_fields", string_fields)):
        if not isinstance(value, (dict, type(None))):
            raise TypeError(f"{name} must be a dict, not {type(value).__name__}")
    spec = _arguments.text("vega_spec_name", vega_spec_name)
    return _chart(_core.plot_table, data_table, spec, fields or {}, string_fields or {}, bool(split_table))


def visualize(id: str, value: Table) -> CustomChart:
    """A table as the value of its own key, shown by a definition of your own.

    Args:
        id: the definition's name.
        value: the Table.

    Returns:
        A CustomChart.

    Raises:
        Error: value is no Table.
    """
    check_table(value, "value")
    return CustomChart(_core.plot_visualize(_arguments.text("id", id), value._media()), value)


def line(
    table: Table, x: str, y: str, stroke: str | None = None, title: str = "", split_table: bool = False
) -> CustomChart:
    """Lines of one column over another.

    Args:
        table: the rows.
        x, y: the columns.
        stroke: the column that tells lines apart.
        title: above the chart.
        split_table: puts the table into the section "Custom Chart Tables".

    Returns:
        A CustomChart.

    Raises:
        Error: table is no Table. A column that is not there is not noticed.
    """
    lines = None if stroke is None else _column("stroke", stroke)
    x, y, title = _column("x", x), _column("y", y), title_text(title)
    return _chart(_core.plot_line, table, x, y, lines, title, bool(split_table))


def scatter(table: Table, x: str, y: str, title: str = "", split_table: bool = False) -> CustomChart:
    """A point for each row.

    Args:
        table: the rows.
        x, y: the columns.
        title, split_table: as for line().

    Returns:
        A CustomChart.

    Raises:
        Error: table is no Table.
    """
    x, y, title = _column("x", x), _column("y", y), title_text(title)
    return _chart(_core.plot_scatter, table, x, y, title, bool(split_table))


def bar(table: Table, label: str, value: str, title: str = "", split_table: bool = False) -> CustomChart:
    """A bar for each row.

    Args:
        table: the rows.
        label: the column that names the bars.
        value: the column of their lengths.
        title, split_table: as for line().

    Returns:
        A CustomChart.

    Raises:
        Error: table is no Table.
    """
    names, values = _column("label", label), _column("value", value)
    return _chart(_core.plot_bar, table, names, values, title_text(title), bool(split_table))


def histogram(table: Table, value: str, title: str = "", split_table: bool = False) -> CustomChart:
    """How a column's values are distributed.

    Args:
        table: the rows.
        value: the column.
        title, split_table: as for line().

    Returns:
        A CustomChart.

    Raises:
        Error: table is no Table.
    """
    return _chart(_core.plot_histogram, table, _column("value", value), title_text(title), bool(split_table))


def line_series(
    xs, ys, keys=None, title: str = "", xname: str = "x", split_table: bool = False
) -> CustomChart:
    """Several lines.

    Args:
        xs: the x values: one sequence for all lines, or a sequence of one each.
        ys: a sequence of y values for each line.
        keys: the lines' names; ``line_0``, ``line_1``, ... by default.
        title, split_table: as for line().
        xname: the name of the x axis.

    Returns:
        A CustomChart of the columns step, lineKey, lineVal.

    Raises:
        ValueError: the numbers of sequences, or of keys, differ.
    """
    xs = _lists(_series("xs", xs))
    ys = [_lists(_series("each of ys", y)) for y in _series("ys", ys)]
    is_shared = not xs or not isinstance(xs[0], (list, tuple))
    lists = [xs] if is_shared else [list(x) for x in xs]
    names = [title_text(key) for key in _series("keys", keys)] if keys is not None else []
    if keys is not None and len(names) != len(ys):
        raise ValueError(f"Number of keys ({len(names)}) must match y-series ({len(ys)}).")
    if not is_shared and len(lists) != len(ys):
        raise ValueError(f"Number of x-series ({len(lists)}) must match y-series ({len(ys)}).")
    titles = title_text(title), _arguments.optional_text("xname", xname)
    return CustomChart(_core.plot_line_series(lists, ys, names, *titles, bool(split_table)))


def _series(name: str, values: object):
    """What can be iterated over: a list, a range, an array, a tensor. A str is refused but as keys."""
    if not hasattr(values, "__iter__") or getattr(values, "ndim", 1) == 0:
        raise TypeError(f"{name} must be a sequence, not {type(values).__name__}")
    return values


def _lists(values) -> list:
    """A sequence, array or tensor as lists of plain values."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    if hasattr(values, "tolist"):
        return values.tolist()
    return [
        value.tolist()
        if hasattr(value, "tolist")
        else list(value)
        if hasattr(value, "__len__") and not isinstance(value, (str, bytes))
        else value
        for value in values
    ]
