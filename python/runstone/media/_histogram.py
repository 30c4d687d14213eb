"""Histogram: how values are distributed."""

from __future__ import annotations

from .. import _arguments, _core
from ._base import Media, need

_CORE_TYPES = ("float64", "float32", "int64")


class Histogram(Media):
    """Counts of values over bins of equal width.

    Args:
        sequence: the values, of any shape; counted by the rules of numpy.histogram.
        np_histogram: instead of it, (counts, edges) with one edge more than counts.
        num_bins: number of bins, at most 512.

    Attributes ``histogram`` and ``bins`` are lists: the counts and the edges.

    Raises:
        ValueError: NaN or infinities among the values, more than 512 bins, counts and edges that do not fit.

    Follows: the class of that name of the stock client.
    """

    MAX_LENGTH = 512

    def __init__(self, sequence=None, np_histogram=None, num_bins: int = 64) -> None:
        numpy = need("numpy", "a Histogram")
        if np_histogram is not None:
            if not hasattr(np_histogram, "__len__") or len(np_histogram) != 2:
                raise ValueError("Expected np_histogram to be a tuple of (values, bin_edges)")
            counts, edges = (numpy.asarray(part) for part in np_histogram)
            self.histogram, self.bins = counts.tolist(), edges.tolist()
            self._core_media = _core.Media.histogram_of_counts(
                _doubles(numpy, counts), _doubles(numpy, edges)
            )
            return
        if sequence is None:
            raise ValueError("Histogram needs a sequence of values, or np_histogram")
        num_bins = _arguments.integer("num_bins", num_bins, 1, self.MAX_LENGTH)
        self._core_media = _core.Media.histogram(as_core_array(numpy, sequence), num_bins)
        self.histogram, self.bins = self._core_media.histogram_parts()


def _doubles(numpy, values):
    if values.ndim != 1 or values.dtype.kind not in "buif":
        raise ValueError("the counts and edges of a histogram are numbers on one axis")
    return numpy.ascontiguousarray(values, dtype=numpy.float64)


def as_core_array(numpy, values):
    """The values as a contiguous array of a type that the core counts."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = (values.float() if str(values.dtype) == "torch.bfloat16" else values).numpy()
    array = numpy.asarray(values)
    if array.dtype.kind not in "buif":
        raise ValueError(f"a histogram counts numbers, not {array.dtype}")
    if array.dtype.name not in _CORE_TYPES:
        array = array.astype(numpy.int64 if array.dtype.kind in "bui" else numpy.float32)
    return numpy.ascontiguousarray(array)
