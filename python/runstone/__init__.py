"""Runstone: an experiment tracker. ``run.log()`` in a script, curves in a browser a second later.

    import runstone

    with runstone.init(project="demo", config={"lr": 0.1}) as run:
        for step in range(100):
            run.log({"loss": 1 / (step + 1)})

``runstone.run`` is the active run; ``runstone.log``, ``runstone.config``, ``runstone.summary`` and the
others mirror its members.
"""

from __future__ import annotations

from . import errors
from ._login import login
from ._module import PreInitObject, current_run, finish, init, mirror, setup, teardown
from ._run import Metric, Run
from ._settings import Settings
from .errors import CommError, Error, UsageError

__version__ = "0.1.0"

TYPE_CHECKING = False  # type checkers take it for True; the module typing would take longer than ours to load

join = finish

_MIRRORS = (
    "log",
    "define_metric",
    "save",
    "restore",
    "alert",
    "log_artifact",
    "use_artifact",
    "log_model",
    "use_model",
    "link_model",
    "watch",
    "unwatch",
    "mark_preempting",
)
if TYPE_CHECKING:
    from . import plot as plot
    from ._artifact import Artifact as Artifact
    from ._artifact import ArtifactTTL as ArtifactTTL
    from ._config import Config
    from ._enums import AlertLevel as AlertLevel
    from ._summary import Summary
    from .api import Api as Api
    from .media import Audio as Audio
    from .media import Classes as Classes
    from .media import Graph as Graph
    from .media import Histogram as Histogram
    from .media import Html as Html
    from .media import Image as Image
    from .media import JoinedTable as JoinedTable
    from .media import Molecule as Molecule
    from .media import Object3D as Object3D
    from .media import Plotly as Plotly
    from .media import Table as Table
    from .media import Video as Video
    from .media import box3d as box3d
    from .plot import plot_table as plot_table
    from .plot import visualize as visualize

    run: Run | None
    config: Config
    summary: Summary
    _active = Run.__new__(Run)
    log = _active.log
    define_metric = _active.define_metric
    save = _active.save
    restore = _active.restore
    log_artifact = _active.log_artifact
    use_artifact = _active.use_artifact
    log_model = _active.log_model
    use_model = _active.use_model
    link_model = _active.link_model
    alert = _active.alert
    watch = _active.watch
    unwatch = _active.unwatch
    mark_preempting = _active.mark_preempting
else:
    for _name in _MIRRORS:
        globals()[_name] = mirror(_name)

# Loaded when they are first asked for: a script that logs numbers pays nothing for them.
_MEDIA = (
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
)

_PLOTS = ("plot_table", "visualize")

_ENUMS = ("AlertLevel",)

_ARTIFACTS = ("Artifact", "ArtifactTTL")

__all__ = [
    "Api",
    "CommError",
    "Error",
    "Metric",
    "Run",
    "Settings",
    "UsageError",
    "__version__",
    "config",
    "errors",
    "finish",
    "init",
    "join",
    "login",
    "run",
    "setup",
    "summary",
    "teardown",
    *_ARTIFACTS,
    *_ENUMS,
    *_MEDIA,
    *_MIRRORS,
    *_PLOTS,
    "plot",
]


def _lazy(name: str) -> object:
    if name == "run":
        return current_run()
    if name in ("config", "summary"):
        run = current_run()
        return PreInitObject(name) if run is None else getattr(run, name)
    if name in _MEDIA:
        from . import media

        return getattr(media, name)
    if name == "Api":
        from .api import Api

        return Api
    if name == "plot" or name in _PLOTS:
        import importlib

        plot = importlib.import_module(".plot", __name__)
        return plot if name == "plot" else getattr(plot, name)
    if name in ("gym", "tensorboard"):  # not `from . import`, which would ask here again
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    if name in _ENUMS:
        from . import _enums

        return getattr(_enums, name)
    if name in _ARTIFACTS:
        from . import _artifact

        return getattr(_artifact, name)
    raise AttributeError(f"module 'runstone' has no attribute {name!r}")


if not TYPE_CHECKING:  # a checker would take any name for one of ours
    __getattr__ = _lazy
