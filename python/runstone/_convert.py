"""Python objects that are no built-in type, to built-in ones that the core stores.

The extension calls these by name for whatever it does not know: numpy and torch values, dates, enums.
They answer with None, bool, int, float, str, list or dict, or raise. Nothing is imported that the
caller has not imported: an object's type tells where it comes from.
"""

from __future__ import annotations

import sys

from .errors import InvalidDataError

LIST_MAX = 32  # arrays of more elements become a histogram (log), a description (summary), text (config)
HISTOGRAM_BINS = 32


def label(key: object) -> str:
    """A key below the top level as text: 1 -> "1", (1, 2) -> "1,2"."""
    if isinstance(key, tuple):
        return ",".join(str(part) for part in key)
    return str(key)


def mapping(data: object) -> dict:
    """The dict of what was given to log(), or InvalidDataError."""
    from collections.abc import Mapping

    if not isinstance(data, Mapping):
        raise InvalidDataError(f"log() must be passed a dictionary, not {type(data).__name__}")
    return dict(data)


def log_value(value: object) -> object:
    """A value of a row."""
    if _is_named(value, "DataFrame") and type(value).__module__.split(".")[0] == "pandas":
        from .media import Table

        return Table(dataframe=value)._media()
    if isinstance(value, range):
        raise InvalidDataError("a range has no stored form; make a list of it")
    array = _as_array(value)
    if array is not None:
        if array.dtype.kind == "O" and any(media_of(one) is not None for one in array.flat):
            raise InvalidDataError("an array of media cannot be logged; log a list of them")
        return _small_array(array) if array.size <= LIST_MAX else _histogram(array)
    media = media_of(value)
    if media is not None:
        return media
    plain = _common(value)
    if plain is not _UNKNOWN:
        return plain
    if _is_enum(value):
        return value.value
    if isinstance(value, complex):
        return str(value).strip("()")
    if _is_named(value, "Decimal", "PurePath", "UUID", "Fraction", "_BaseAddress"):
        return str(value)
    if _is_named(value, "deque") or hasattr(value, "__next__") and not hasattr(value, "read"):
        return list(value)  # an iterator, but no open file
    if _is_named(value, "timedelta"):
        return _iso_duration(value)
    if _is_named(value, "Pattern"):
        return value.pattern
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return _fields(value)
    if callable(value):
        return _qualified_name(value) or str(value)
    raise InvalidDataError(
        f"a value of type {type(value).__name__} has no stored form; log numbers, text, lists, dicts, arrays or media"
    )


def log_item(value: object) -> object:
    """A value inside of a list of a row: where media have no place, unless the whole list is of them."""
    array = _as_array(value)
    if array is not None and array.size > LIST_MAX:
        counts, edges = _histogram(array).histogram_parts()
        return {"_type": "histogram", "values": counts, "bins": edges}
    plain = log_value(value)
    if type(plain).__name__ == "Media":
        raise InvalidDataError(
            f"a list that holds other values, too, cannot hold a {type(value).__name__}; log it under its own key"
        )
    return plain


def name_key(error: BaseException, key: str) -> None:
    """Adds to an error about a value of a row which key it has."""
    if isinstance(error, (UnicodeDecodeError, UnicodeEncodeError)):
        error.reason = f"{error.reason} (key {key!r} of log())"
    elif isinstance(error, InvalidDataError):
        error.args = (f"log() cannot store {key!r}: {error}",)


def summary_value(value: object) -> object:
    """A value set by hand in the summary."""
    array = _as_array(value)
    if array is not None and array.size > LIST_MAX:
        return _describe(array)
    return log_item(value)


def config_value(value: object) -> object:
    """A value of the config; what has no other form is kept as its text."""
    array = _as_array(value)
    if array is not None:
        return _small_array(array) if array.size <= LIST_MAX else str(array)
    plain = _common(value)
    if plain is not _UNKNOWN:
        return plain
    if _is_enum(value):
        return value.name
    if type(value).__module__.startswith("runstone."):  # media, tables, charts
        raise TypeError(
            f"a {type(value).__name__} cannot be added to the run config; log it, or set the summary"
        )
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, slice):
        return {"slice_start": value.start, "slice_step": value.step, "slice_stop": value.stop}
    return _qualified_name(value) or str(value)


def metadata_value(value: object) -> object:
    """A value of an artifact's metadata: what JSON can say, arrays whole."""
    array = _as_array(value)
    if array is not None:
        return array.tolist()
    plain = _common(value)
    if plain is not _UNKNOWN:
        return plain
    if _is_enum(value):
        return value.name
    raise TypeError(f"an artifact's metadata cannot hold {type(value).__name__}")


def plain_value(value: object) -> object:
    """A value of a setting, of a filter: what JSON can say."""
    if callable(value):
        raise ValueError(f"a function ({type(value).__name__}) is no value here")
    array = _as_array(value)
    if array is not None and array.dtype.kind in "biufU":
        return array.tolist()
    plain = _common(value)
    if plain is not _UNKNOWN:
        return plain
    if hasattr(value, "__fspath__"):
        return value.__fspath__()
    if _is_enum(value):
        return value.value
    raise ValueError(
        f"a {type(value).__name__} is no value here: pass a number, text, a list or a dict of such"
    )


_UNKNOWN = object()


def _common(value: object) -> object:
    """What all three kinds of values treat alike: subclasses of built-in types, sets, bytes, dates."""
    if isinstance(value, (bool, int, float, str)) and not _is_enum(value):
        base = next(kind for kind in (bool, int, float, str) if isinstance(value, kind))
        return base(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8")
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "keys") and hasattr(value, "__getitem__"):
        return {key: value[key] for key in value.keys()}
    return _UNKNOWN


def _fields(value) -> dict:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _qualified_name(value: object) -> str | None:
    """`module.name` of a function or class, numpy's functions included; None of all else."""
    if not callable(value):
        return None
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if not isinstance(name, str):
        return None
    module = getattr(value, "__module__", None) or type(value).__module__
    return f"{module}.{name}"


def _iso_duration(value) -> str:
    """A timedelta as ISO 8601 has it: P1DT5S, -PT0.5S."""
    sign, value = ("-", -value) if value.days < 0 else ("", value)
    seconds = (
        f"{value.seconds}.{value.microseconds:06}".rstrip("0").rstrip(".")
        if value.microseconds
        else f"{value.seconds}"
    )
    time = f"T{seconds}S" if value.seconds or value.microseconds or not value.days else ""
    return f"{sign}P{f'{value.days}D' if value.days else ''}{time}"


def _is_enum(value: object) -> bool:
    enum = sys.modules.get("enum")
    return enum is not None and isinstance(value, enum.Enum)


def _is_named(value: object, *names: str) -> bool:
    return any(kind.__name__ in names for kind in type(value).__mro__)


def media_of(value: object):
    """The core's media of a media object or of what is logged as one (figures, PIL images); else None."""
    make = getattr(type(value), "_media", None)
    if make is not None:
        return make(value)
    if any(name in sys.modules for name in ("PIL.Image", "plotly.basedatatypes", "matplotlib.figure")):
        from .media._plotly import media_of_figure

        pil = sys.modules.get("PIL.Image")
        if pil is not None and isinstance(value, pil.Image):
            from .media import Image

            return Image(value)._media()
        figure = media_of_figure(value)
        if figure is not None:
            return figure._media()
    return None


def media_list(values) -> list | None:
    """The core's media of a list of them; None if the list holds none.

    Raises InvalidDataError for a list of media and other values: such a list has no stored form.
    """
    media = [media_of(value) for value in values]
    if all(one is None for one in media):
        return None
    if any(one is None for one in media):
        odd = next(value for value, one in zip(values, media) if one is None)
        raise InvalidDataError(
            f"a list of media cannot hold a {type(odd).__name__}, too; log it under its own key"
        )
    return media


def _as_array(value: object):
    """The numpy array of an array, scalar or tensor of any framework; None for all else."""
    origin = type(value).__module__.split(".")[0]
    if origin == "torch" and hasattr(value, "detach"):
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":
            value = value.float()
        return value.numpy()
    if origin == "tensorflow" and hasattr(value, "numpy"):
        value = value.numpy()
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        return numpy.asarray(value)
    return numpy.asarray(value) if origin in ("jax", "jaxlib", "tensorflow") else None


def _small_array(array) -> object:
    """One element as a number, more as nested lists; datetime64 as ISO text."""
    kind = array.dtype.kind
    if kind in "mM":
        array = array.astype(str)
    elif kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(float)  # numpy's long double is no type of Python's own
    elif kind == "c" and array.size == 1:
        return str(array.reshape(-1)[0].item()).strip("()")
    elif kind == "S":
        array = array.astype(str)
    return array.reshape(-1).tolist()[0] if array.size == 1 else array.tolist()


def check_histogram(array) -> None:
    if array.dtype.kind not in "biuf":
        raise InvalidDataError(
            f"an array of {array.dtype} with more than {LIST_MAX} elements has no stored form: only of numbers, "
            "as a histogram"
        )


def _histogram(array):
    import numpy

    from . import _core
    from .media._histogram import as_core_array

    check_histogram(array)
    try:
        return _core.Media.histogram(as_core_array(numpy, array), HISTOGRAM_BINS)
    except ValueError as error:
        raise InvalidDataError(str(error)) from None


def _describe(array) -> dict:
    import numpy

    check_histogram(array)
    if array.dtype.kind == "b":
        array = array.astype(numpy.uint8)
    elif array.dtype.itemsize > 8:
        array = array.astype(float)
    low, lower, upper, high = numpy.percentile(array, [10, 25, 75, 90]).tolist()
    return {
        "_type": "numpy.ndarray",
        "min": array.min().item(),
        "max": array.max().item(),
        "mean": array.mean().item(),
        "var": array.var().item(),
        "10%": low,
        "25%": lower,
        "75%": upper,
        "90%": high,
        "size": array.size,
    }
