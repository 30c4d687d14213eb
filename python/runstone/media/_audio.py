"""Audio: samples or a file."""

from __future__ import annotations

from .. import _arguments, _core
from ._base import Media, check_caption, need, path_of


class Audio(Media):
    """Sound.

    Args:
        data_or_path: samples as an array or list, one axis, or samples x channels: floats from -1 to 1 (what
            is beyond is cut) or 16-bit integers; or the path of a file, which is kept as it is.
        sample_rate: samples a second, in Hz; needed for samples.
        caption: shown below it; text, or a number.

    Raises:
        ValueError: samples without a rate, or of more than two axes. FileNotFoundError: no file.

    Follows: the class of that name of the stock client.
    """

    def __init__(self, data_or_path, sample_rate: int | None = None, caption: str | None = None) -> None:
        self._caption = check_caption(caption)
        path = path_of(data_or_path)
        if path is not None:
            self._core_media = _core.Media.audio_file(path, self._caption)
            return
        if sample_rate is None:
            raise ValueError('Argument "sample_rate" is required when instantiating Audio with raw data.')
        if hasattr(sample_rate, "is_integer") and sample_rate.is_integer():
            sample_rate = int(sample_rate)  # 8000.0, and the scalars of numpy
        sample_rate = _arguments.integer("sample_rate", sample_rate, 1, 2**31 - 1)
        samples = _samples(data_or_path)
        channels = 1 if samples.ndim == 1 else samples.shape[1]
        self._core_media = _core.Media.audio(samples, sample_rate, channels, self._caption)


def _samples(data: object):
    numpy = need("numpy", "an Audio of samples")
    if hasattr(data, "detach"):
        data = data.detach().cpu().numpy()
    samples = numpy.asarray(data)
    if samples.ndim not in (1, 2) or samples.dtype.kind not in "buif":
        raise ValueError(
            f"samples are numbers on one axis, or samples x channels; not {samples.dtype} of {samples.ndim} axes"
        )
    if samples.dtype.kind == "f":
        kind = numpy.float32 if samples.dtype == numpy.float32 else numpy.float64
        return numpy.ascontiguousarray(samples, dtype=kind)
    if samples.dtype == numpy.int32:  # the upper half of each sample
        samples = samples >> 16
    elif samples.dtype == numpy.uint8:
        samples = (samples.astype(numpy.int16) - 128) << 8
    elif samples.dtype != numpy.int16 and samples.size and abs(samples).max() > 32767:
        raise ValueError(f"integer samples must fit into 16 bits; these of {samples.dtype} do not")
    return numpy.ascontiguousarray(samples, dtype=numpy.int16)
