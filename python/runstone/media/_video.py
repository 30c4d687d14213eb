"""Video: frames to encode, a file, or its content."""

from __future__ import annotations

import os

from .. import _arguments, _core, _terminal
from ._base import Media, check_caption, content_of, need, path_of


class Video(Media):
    """Moving pictures.

    Args:
        data_or_path: an array of time x channel x height x width (uint8; 1, 3 or 4 channels), or with a
            batch in front, whose videos are put beside each other; the path of a .gif, .mp4, .webm or .ogg
            file, or an open file of that content.
        caption: shown below it; text, or a number.
        fps: frames a second of an array; 4 by default. A file keeps its own.
        format: ``gif``, ``mp4``, ``webm`` or ``ogg``. An array without one becomes a gif, with a warning.
            All but gif need the program ffmpeg (of the system, of the package imageio-ffmpeg, or named in
            RUNSTONE_FFMPEG).

    Raises:
        ValueError: fewer than 4 axes, an unknown format, an open file without a format.
        FileNotFoundError: no file at the path. Error, when it is logged: no ffmpeg.

    Follows: the class of that name of the stock client.
    """

    def __init__(
        self, data_or_path, caption: str | None = None, fps: int | None = None, format: str | None = None
    ) -> None:
        self._caption = check_caption(caption)
        path = path_of(data_or_path)
        if format is not None and path is None:
            format = _arguments.text("format", format, ValueError)
        if (
            isinstance(fps, bool)
            or not isinstance(fps, (int, float, type(None)))
            and not hasattr(fps, "__float__")
        ):
            raise TypeError(f"fps must be a number, not {type(fps).__name__}")
        if path is not None or hasattr(data_or_path, "read"):
            if fps:
                _terminal.warn("Video(fps=) has no effect on a file or its content")
        if path is not None:
            self._core_media = _core.Media.video_file(path, self._caption)
        elif hasattr(data_or_path, "read"):
            if format is None:
                raise ValueError("Video of an open file needs format=: gif, mp4, webm or ogg")
            self._core_media = _core.Media.video_bytes(content_of(data_or_path), format, self._caption)
        else:
            if format is None:
                format = "gif"
                _terminal.warn('Video of an array without format= is encoded as "gif"')
            if format != "gif":
                _find_ffmpeg()
            frames = _frames(data_or_path)
            self._core_media = _core.Media.video(
                frames, *frames.shape, float(fps or 4), format, self._caption
            )


def _frames(data: object):
    """The uint8 array of time x height x width x channel."""
    numpy = need("numpy", "a Video of frames")
    if hasattr(data, "detach"):
        data = data.detach().cpu()
    if hasattr(data, "numpy"):
        data = data.numpy()
    if not isinstance(data, numpy.ndarray):
        raise ValueError(f"a Video is made of a path, an open file or an array, not of {type(data).__name__}")
    if data.ndim not in (4, 5):
        raise ValueError("a Video needs 4 axes (time, channel, height, width), or 5 with a batch in front")
    if data.dtype != numpy.uint8:
        _terminal.warn(f"a Video of {data.dtype} is converted to uint8")
        data = data.astype(numpy.uint8)
    if data.ndim == 4:
        data = data[None]
    return numpy.ascontiguousarray(_tiled(numpy, data))


def _tiled(numpy, batch):
    """Videos of a batch in a grid whose rows are a power of two; black where there is none."""
    count, time, channels, height, width = batch.shape
    places = 1 << (count - 1).bit_length()
    if places > count:
        black = numpy.zeros((places - count, *batch.shape[1:]), dtype=batch.dtype)
        batch = numpy.concatenate([batch, black])
    rows = 1 << ((count.bit_length() - 1) // 2)
    grid = batch.reshape(rows, places // rows, time, channels, height, width)
    grid = grid.transpose(2, 0, 4, 1, 5, 3)
    return grid.reshape(time, rows * height, (places // rows) * width, channels)


def _find_ffmpeg() -> None:
    """Names imageio-ffmpeg's program to the core where the user named none."""
    if os.environ.get("RUNSTONE_FFMPEG") or os.environ.get("IMAGEIO_FFMPEG_EXE"):
        return
    try:
        import imageio_ffmpeg
    except ImportError:
        return  # then the system's, or the error that says what to install
    os.environ["IMAGEIO_FFMPEG_EXE"] = imageio_ffmpeg.get_ffmpeg_exe()
