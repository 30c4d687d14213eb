"""Reads and changes what a server has: runs, their history, summary and files.

    import runstone

    api = runstone.Api()
    for run in api.runs("team/project", filters={"summary_metrics.loss": {"$lt": 0.1}}):
        print(run.name, run.config["lr"], run.summary["loss"])
    frame = api.run("team/project/ab12cd34").history()

The same GraphQL that the field's public API uses: it works against any server of that API. Every call
that asks the server waits for it, without the interpreter's lock.
"""

from __future__ import annotations

from ._api import Api
from ._files import File, Files
from ._history import HistoryScan
from ._lists import Artifacts, Project, Projects, Runs, User
from ._run import Run
from ._summary import Summary
from ._sweep import Sweep

__all__ = [
    "Api",
    "Artifacts",
    "File",
    "Files",
    "HistoryScan",
    "Project",
    "Projects",
    "Run",
    "Runs",
    "Summary",
    "Sweep",
    "User",
]
