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
from ._module import PreInitObject, current_run, finish, init, login, mirror, setup, teardown
from ._run import Metric, Run
from ._settings import Settings
from .errors import CommError, Error, UsageError

__version__ = "0.1.0"

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
for _name in _MIRRORS:
    globals()[_name] = mirror(_name)

# Loaded when they are first asked for: a script that logs numbers pays nothing for them.
_MEDIA = ("Audio", "Graph", "Histogram", "Html", "Image", "Molecule", "Object3D", "Plotly", "Video", "box3d")

_ENUMS = ("AlertLevel",)

# Names of the module's documented surface that are not served yet.
_LATER = (
    "Api",
    "Artifact",
    "ArtifactTTL",
    "Table",
    "Classes",
    "JoinedTable",
    "plot",
    "plot_table",
    "visualize",
)

__all__ = [
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
    *_ENUMS,
    *_MEDIA,
    *_MIRRORS,
]


def __getattr__(name: str) -> object:
    if name == "run":
        return current_run()
    if name in ("config", "summary"):
        run = current_run()
        return PreInitObject(name) if run is None else getattr(run, name)
    if name in _MEDIA:
        from . import media

        return getattr(media, name)
    if name in _ENUMS:
        from . import _enums

        return getattr(_enums, name)
    if name in _LATER:
        raise NotImplementedError(f"runstone.{name} is not available yet")
    raise AttributeError(f"module 'runstone' has no attribute {name!r}")
