"""Object3D: points and meshes."""

from __future__ import annotations

from .. import _arguments, _core
from ._base import Media, check_caption, content_of, need, path_of, plain

_SCENE_PARTS = ("vectors", "points", "boxes")


class Object3D(Media):
    """Points or a mesh.

    Args:
        data_or_path: the path of a .obj, .gltf, .glb, .babylon, .stl or .pts.json file, or an open file
            (without a name it needs ``file_type=``); an array of n x 3 (x y z), n x 4 (and a category 1 to
            14) or n x 6 (and red green blue); or a scene, ``{"type": "lidar/beta", "points", "boxes",
            "vectors"}``.
        caption: shown below it; text, or a number.
        file_type: the extension, without a dot, of an open file that has no name.

    Raises:
        ValueError: another type, shape or extension. FileNotFoundError: no file at the path.

    Follows: the class of that name of the stock client.
    """

    SUPPORTED_TYPES = {"obj", "gltf", "glb", "babylon", "stl", "pts.json"}

    def __init__(self, data_or_path, caption: str | None = None, **kwargs) -> None:
        self._caption = check_caption(caption)
        file_type = kwargs.pop("file_type", None)
        if kwargs:
            raise TypeError(f"Object3D takes no argument {next(iter(kwargs))!r}")
        path = path_of(data_or_path) or path_of(getattr(data_or_path, "name", None))
        if path is not None:
            self._core_media = _core.Media.object3d_file(path, self._caption)
        elif hasattr(data_or_path, "read"):
            if file_type is None:
                raise ValueError("Must pass file type keyword argument when using io objects.")
            file_type = _arguments.text("file_type", file_type, ValueError)
            self._core_media = _core.Media.object3d_bytes(content_of(data_or_path), file_type, self._caption)
        elif isinstance(data_or_path, dict):
            self._core_media = _core.Media.scene(_scene(data_or_path), self._caption)
        else:
            self._core_media = _core.Media.points(*_points(data_or_path), self._caption)

    @classmethod
    def from_file(cls, data_or_path, file_type: str | None = None) -> Object3D:
        """An object of a file.

        Args:
            data_or_path: a path, or an open file.
            file_type: ``obj``, ``gltf``, ``glb``, ``babylon``, ``stl`` or ``pts.json``, for a file without a name.

        Returns:
            The Object3D.
        """
        return cls(data_or_path, file_type=file_type)

    @classmethod
    def from_numpy(cls, data) -> Object3D:
        """Points of an array.

        Args:
            data: [n, 3] x y z; [n, 4] x y z category; or [n, 6] x y z red green blue (0 to 255).

        Returns:
            The Object3D.

        Raises:
            ValueError: another shape, or no array.
        """
        if path_of(data) is not None or hasattr(data, "read"):
            raise ValueError(f"from_numpy() takes an array, not {type(data).__name__}; see from_file()")
        return cls(data)

    @classmethod
    def from_point_cloud(cls, points, boxes, vectors=None, point_cloud_type: str = "lidar/beta") -> Object3D:
        """A scene of points, boxes and vectors.

        Args:
            points: sequences of 3, 4 or 6 numbers, as from_numpy() has them in a row.
            boxes: what box3d() gives.
            vectors: dicts ``{"start": (x, y, z), "end": (x, y, z)}``.
            point_cloud_type: only ``"lidar/beta"``.

        Returns:
            The Object3D.

        Raises:
            ValueError: another type, points of another form.
        """
        if point_cloud_type != "lidar/beta":
            raise ValueError("Point cloud type not supported; there is only lidar/beta")
        parts = {
            "points": _arguments.sequence("points", points, "x y z"),
            "boxes": _arguments.sequence("boxes", boxes, "what box3d() gives"),
            "vectors": [] if vectors is None else _arguments.sequence("vectors", vectors, "dicts"),
        }
        return cls({"type": point_cloud_type, **parts})


def _points(data: object):
    numpy = need("numpy", "an Object3D of points")
    if not isinstance(data, numpy.ndarray):
        raise ValueError(f"an Object3D is made of an array, a dict or a file, not of {type(data).__name__}")
    if data.ndim != 2 or data.shape[1] not in (3, 4, 6) or data.dtype.kind not in "buif":
        raise ValueError("the points of an Object3D are an array of n x 3 (x y z), n x 4 or n x 6 numbers")
    return numpy.ascontiguousarray(data, dtype=numpy.float64), data.shape[1]


def _scene(data: dict) -> dict:
    if data.get("type") != "lidar/beta":
        raise ValueError("Type not supported, only 'lidar/beta' is currently supported")
    return {"type": "lidar/beta", **{part: plain(data.get(part, [])) for part in _SCENE_PARTS}}


def box3d(*, center, size, orientation, color, label: str | None = None, score: float | None = None) -> dict:
    """A box of a point cloud, by its eight corners.

    Args:
        center: x, y, z.
        size: its edge lengths along its own x, y and z.
        orientation: the quaternion w, x, y, z that turns it.
        color: red, green, blue, 0 to 255.
        label: shown with it.
        score: shown with it.

    Returns:
        A dict with ``corners`` (8 of x, y, z), ``color``, ``label`` and ``score``, as Object3D takes it.

    Raises:
        ValueError: another number of numbers, an orientation of zeros. Error: numpy is not installed.
    """
    numpy = need("numpy", "box3d()")
    center, size = numpy.asarray(center, dtype=float), numpy.asarray(size, dtype=float)
    turn = numpy.asarray(orientation, dtype=float)
    if center.shape != (3,) or size.shape != (3,) or turn.shape != (4,) or not numpy.any(turn):
        raise ValueError(
            "box3d() needs center and size of 3 numbers, and an orientation of 4 that are not all 0"
        )
    corners = _core.box_corners(center.tolist(), size.tolist(), turn.tolist())
    return {"corners": tuple(tuple(c) for c in corners), "color": color, "label": label, "score": score}
