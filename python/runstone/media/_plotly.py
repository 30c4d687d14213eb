"""Plotly and matplotlib figures."""

from __future__ import annotations

import sys

from .. import _core
from ._base import Media
from ._image import Image, _figure_of


class Plotly(Media):
    """A figure of Plotly, or one of matplotlib that Plotly can convert.

    Args:
        val: the figure.

    Raises:
        ValueError: anything else, and figures that hold images (log ``Image(figure)`` instead).

    Follows: the class of that name of the stock client.
    """

    def __init__(self, val) -> None:
        if not is_plotly(val):
            figure = _figure_of(val)
            if figure is None:
                raise ValueError(f"Plotly takes a figure of plotly or matplotlib, not {type(val).__name__}")
            if _holds_images(figure):
                raise ValueError("a figure with images cannot become a Plotly figure; log Image(figure)")
            val = _converted(figure)
        self._core_media = _core.Media.plotly(val.to_json())


def is_plotly(value: object) -> bool:
    module = sys.modules.get("plotly.basedatatypes")
    return module is not None and isinstance(value, module.BaseFigure)


def media_of_figure(value: object) -> Media | None:
    """What a figure of plotly or matplotlib is logged as; None for what is neither.

    A matplotlib figure that Plotly does not convert (or without the package plotly) becomes a picture.
    """
    if is_plotly(value):
        return Plotly(value)
    figure = _figure_of(value)
    if figure is None:
        return None
    if not _holds_images(figure):
        try:
            return Plotly(figure)
        except (ValueError, ImportError):
            pass  # a picture says the same
    return Image(figure)


def _holds_images(figure) -> bool:
    return any(len(axes.images) > 0 for axes in figure.axes)


def _converted(figure):
    try:
        from plotly import tools
    except ImportError:
        raise ValueError(
            "a matplotlib figure becomes a Plotly figure by the package plotly, which is missing"
        ) from None
    if not any(axes.has_data() for axes in figure.axes):
        raise ValueError("an empty figure cannot become a Plotly figure; log Image(figure)")
    try:
        return tools.mpl_to_plotly(figure)
    except Exception as error:  # the converter fails in many ways on what it does not know
        raise ValueError(f"Plotly cannot convert this figure ({error}); log Image(figure)") from error
