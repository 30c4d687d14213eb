"""The core's columns as tables of other packages. They are imported when a table is asked for."""

from __future__ import annotations


def _package(name: str):
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"this needs the package {name}: pip install {name}") from error


def to_arrow(columns: list[tuple]):
    """A pyarrow.Table of [(name, type, values, validity)]."""
    pa = _package("pyarrow")
    np = _package("numpy")
    arrays = []
    for _, kind, values, validity in columns:
        missing = np.frombuffer(validity, np.uint8) == 0
        if kind == "text":
            arrays.append(pa.array(values, pa.string(), mask=missing))
        elif kind == "double":
            arrays.append(pa.array(np.frombuffer(values, np.float64), mask=missing, from_pandas=False))
        else:
            numbers = np.frombuffer(values, np.int64)
            arrays.append(pa.array(numbers.astype(bool) if kind == "bool" else numbers, mask=missing))
    return pa.table(arrays, names=[name for name, *_ in columns])


def to_pandas(columns: list[tuple]):
    """A pandas.DataFrame of the same."""
    pd = _package("pandas")
    np = _package("numpy")
    data = {}
    for name, kind, values, validity in columns:
        missing = np.frombuffer(validity, np.uint8) == 0
        if kind == "double":
            data[name] = np.frombuffer(values, np.float64).copy()
        elif kind == "text":
            data[name] = [None if gap else value for value, gap in zip(values, missing)]
        else:
            numbers = np.frombuffer(values, np.int64)
            plain, nullable = (bool, "boolean") if kind == "bool" else (np.int64, "Int64")
            column = pd.array(numbers.astype(plain), dtype=nullable if missing.any() else plain)
            if missing.any():
                column[missing] = pd.NA
            data[name] = column
    return pd.DataFrame(data)
