"""What rows can hold besides numbers and text: images, videos, sounds, meshes, pages, histograms.

Each class takes the forms that Python programs have (numpy arrays, PIL images, torch tensors, paths,
open files) and hands plain bytes to the core, which encodes and stores them when they are logged.
"""

from ._audio import Audio
from ._classes import Classes
from ._graph import Graph
from ._histogram import Histogram
from ._html import Html
from ._image import Image
from ._molecule import Molecule
from ._object3d import Object3D, box3d
from ._plotly import Plotly
from ._table import JoinedTable, Table
from ._video import Video

__all__ = [
    "Audio",
    "Classes",
    "Graph",
    "Histogram",
    "Html",
    "Image",
    "JoinedTable",
    "Molecule",
    "Object3D",
    "Plotly",
    "Table",
    "Video",
    "box3d",
]
