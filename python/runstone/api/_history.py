"""All rows of a run, in the order of their steps."""

from __future__ import annotations

from collections.abc import Iterator

from ._frames import to_arrow, to_pandas


class HistoryScan:
    """The rows of a run, one dict each; see ``Run.scan_history``.

    Iterating again reads the server again. Rows are parsed by the core, without the interpreter's lock, and
    the next page is fetched while this one is worked on.
    """

    def __init__(self, start) -> None:
        self._start = start
        self._ready = start()  # wrong arguments and a run that is gone are told at once
        self._rows: Iterator[dict] | None = None

    def _scan(self):
        scan, self._ready = self._ready or self._start(), None
        return scan

    def __iter__(self) -> Iterator[dict]:
        scan = self._scan()
        while page := scan.next():
            yield from page

    def __next__(self) -> dict:
        if self._rows is None:
            self._rows = iter(self)
        return next(self._rows)

    def to_arrow(self):
        """All rows as a ``pyarrow.Table``: a column for each leaf path, null where a row has none.

        Columns are int64, double, bool or string; values of mixed types, and lists, become JSON text.
        Nested keys are joined by ``.``, a literal ``.`` or ``\\`` in a key is escaped by ``\\``.
        No Python object is made of a number. Needs the package pyarrow.
        """
        return to_arrow(self._scan().columns())

    def to_pandas(self):
        """All rows as a ``pandas.DataFrame`` with the columns of ``to_arrow()``; NaN where a row has none.

        Whole numbers with gaps, and bools with gaps, have pandas' nullable types. Needs the package pandas.
        """
        return to_pandas(self._scan().columns())
