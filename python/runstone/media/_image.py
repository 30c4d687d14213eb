"""Image: pixels in any of Python's forms, with boxes and masks."""

from __future__ import annotations

import sys

from .. import _arguments, _core
from ._base import Media, check_caption, need, path_of
from ._image_layers import boxes_of, class_labels, masks_of

_CHANNELS = {1: "L", 3: "RGB", 4: "RGBA"}
_ARRAY_MODES = {"L": 1, "RGB": 3, "RGBA": 4}


class Image(Media):
    """A picture.

    Args:
        data_or_path: an array of H x W, H x W x 1, 3 or 4 values from 0 to 255 (cast to uint8 without
            scaling: 0.7 is 0; axes of length 1 are left out); a torch tensor of C x H x W; a PIL image; a
            matplotlib figure; the path of a PNG, JPEG, GIF, BMP, TIFF or WebP file, which is kept as it is;
            another Image, whose picture is taken, not its boxes and masks.
        mode: a mode of PIL to convert to; by default by the number of channels (L, RGB, RGBA).
        caption: shown below it; text, or a number.
        grouping: number of images to show together.
        classes: ``[{"id": 0, "name": "road"}, ...]``, names for ids of boxes and masks.
        boxes: ``{layer: {"box_data": [{"position": {"minX", "maxX", "minY", "maxY"} or {"middle": [x, y],
            "width", "height"}, "class_id": int, "box_caption": str, "scores": {str: number}, "domain":
            "pixel"}], "class_labels": {int: str}}}``. Positions are fractions of the picture unless domain
            is "pixel".
        masks: ``{layer: {"mask_data": 2-D array of class ids 0 to 255, or "path": a PNG of them, "class_labels":
            {int: str}}}``.
        file_type: ``png`` (default), ``jpg``, ``jpeg`` or ``bmp``; of no effect for a path.

    Raises:
        ValueError: a shape, file type or address that cannot be used; boxes or masks that are no dict.
        TypeError: data of another type; boxes of another form. FileNotFoundError: no file at the path.

    Follows: the class of that name of the stock client.
    """

    def __init__(
        self,
        data_or_path,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes=None,
        boxes: dict | None = None,
        masks: dict | None = None,
        file_type: str | None = None,
    ) -> None:
        self._caption = check_caption(caption)
        self._classes = class_labels(classes)
        self._grouping = _grouping(grouping)
        if isinstance(data_or_path, Image):
            self._source, file_type = data_or_path._source, file_type or data_or_path._file_type
            self._caption = self._caption or data_or_path._caption
            self._grouping = data_or_path._grouping if grouping is None else self._grouping
        else:
            self._source = _source_of(data_or_path, _mode(mode))
        self._file_type = "png" if file_type is None else _arguments.text("file_type", file_type, ValueError)
        options = {
            "caption": self._caption,
            "grouping": self._grouping,
            "file_type": self._file_type,
            "classes": self._classes,
            "boxes": boxes_of(boxes, self._classes),
            "masks": masks_of(masks, self._classes),
        }
        if isinstance(self._source, str):
            self._core_media = _core.Media.image_file(self._source, options)
        else:
            self._core_media = _core.Media.image(*self._source, options)

    def to_data_array(self) -> list:
        """The pixels as nested lists.

        Returns:
            [height, width] of numbers (gray), or [height, width, 3 or 4].

        Raises:
            Error: the file of an Image of a path needs the package pillow, which is not installed.
        """
        numpy = need("numpy", "the pixels of an Image")
        if isinstance(self._source, str):
            pil = need("PIL.Image", "the pixels of an Image of a file", "pillow")
            with pil.open(self._source) as image:
                return numpy.asarray(image).tolist()
        pixels, height, width, channels = self._source
        array = numpy.frombuffer(pixels, numpy.uint8) if isinstance(pixels, bytes) else pixels
        return array.reshape(height, width, *([channels] if channels > 1 else [])).tolist()


def _mode(mode: object) -> str | None:
    return None if mode is None else _arguments.text("mode", mode)


def _grouping(grouping: object) -> int | None:
    return None if grouping is None else _arguments.integer("grouping", grouping, 0, 2**31 - 1)


def _source_of(data: object, mode: str | None):
    """A path, or (pixels as contiguous bytes, height, width, channels)."""
    path = path_of(data)
    if path is not None:
        return path
    pil = sys.modules.get("PIL.Image")
    if pil is not None and isinstance(data, pil.Image):
        return _from_pil(data, mode)
    figure = _figure_of(data)
    if figure is not None:
        return _from_figure(figure, mode)
    array = _array_of(data)
    if mode is not None and _ARRAY_MODES.get(mode) != (1 if array.ndim == 2 else array.shape[-1]):
        pil = need("PIL.Image", f"Image(mode={mode!r})", "pillow")
        return _from_pil(pil.fromarray(array), mode)
    height, width = array.shape[:2]
    return array, height, width, 1 if array.ndim == 2 else array.shape[2]


def _array_of(data: object):
    """The uint8 array of H x W or H x W x C of an array or tensor."""
    numpy = need("numpy", "an Image of an array")
    if type(data).__module__.split(".")[0] == "torch" and hasattr(data, "detach"):
        data = data.detach().cpu()
        if data.ndim > 2:
            data = data.permute(1, 2, 0)
        if str(data.dtype) == "torch.bfloat16":
            data = data.float()
        data = data.numpy()
    elif hasattr(data, "__array__"):
        data = numpy.asarray(data)
    elif hasattr(data, "numpy"):
        data = numpy.asarray(data.numpy())
    if not isinstance(data, numpy.ndarray):
        raise TypeError(
            f"an Image is made of an array, a tensor, a PIL image, a figure or a path, not of {type(data).__name__}"
        )
    shape = data.shape
    if data.ndim > 2 and data.squeeze().ndim > 1:
        data = data.squeeze()
    if data.ndim not in (2, 3) or (data.ndim == 3 and data.shape[2] not in _CHANNELS) or data.size == 0:
        raise ValueError(f"Un-supported shape for image conversion {list(shape)}")
    if data.ndim == 3 and data.shape[2] == 1:
        data = data[:, :, 0]
    if data.dtype.kind not in "buif":
        raise TypeError(f"the pixels of an Image are numbers, not {data.dtype}")
    if data.dtype != numpy.uint8:
        with numpy.errstate(invalid="ignore"):
            # By way of int64: what a float beyond 255 becomes is then the same on every processor.
            data = (data.astype(numpy.int64) if data.dtype.kind == "f" else data).astype(numpy.uint8)
    return numpy.array(data, order="C")  # a copy: the caller may go on changing theirs


def _from_pil(image, mode: str | None):
    if mode is None and image.mode in _ARRAY_MODES:
        mode = image.mode
    elif mode is None:
        transparent = "A" in image.getbands() or "transparency" in image.info
        mode = "RGBA" if transparent else "L" if image.mode == "1" else "RGB"
    if mode not in _ARRAY_MODES:  # 1, P, CMYK, ...: that mode's look, in channels that every format has
        image, mode = _converted(image, mode), "L" if mode == "1" else "RGB"
    if image.mode != mode:
        image = _converted(image, mode)
    return image.tobytes(), image.height, image.width, _ARRAY_MODES[mode]


def _converted(image, mode: str):
    try:
        return image.convert(mode)
    except ValueError as error:
        raise ValueError(
            f"a picture of mode {image.mode} cannot become one of mode {mode!r}: {error}"
        ) from error


def _figure_of(data: object):
    """The matplotlib figure of a figure, axes or the module pyplot; None for all else."""
    matplotlib = sys.modules.get("matplotlib.figure")
    if matplotlib is None:
        return None
    if isinstance(data, matplotlib.Figure):
        return data
    if getattr(data, "__name__", "") == "matplotlib.pyplot":
        return data.gcf()
    figure = getattr(data, "figure", None)
    return figure if isinstance(figure, matplotlib.Figure) else None


def _from_figure(figure, mode: str | None):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    previous = figure.canvas
    try:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        pixels = bytes(canvas.buffer_rgba())
        width, height = canvas.get_width_height()
    finally:
        figure.set_canvas(previous)
    if mode in (None, "RGBA"):
        return pixels, height, width, 4
    pil = need("PIL.Image", f"Image(mode={mode!r})", "pillow")
    return _from_pil(pil.frombytes("RGBA", (width, height), pixels), mode)
