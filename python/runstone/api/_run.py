"""A run as a server has it."""

from __future__ import annotations

import os

from .. import _arguments
from ._files import File, Files
from ._frames import to_arrow
from ._history import HistoryScan
from ._lists import Artifacts, User
from ._summary import Summary
from ._sweep import Sweep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._artifact import Artifact

_WAIT_SECS = 1.0  # of one call of the core, so that Ctrl-C is heard between two


def _fact(name: str, doc: str):
    return property(lambda self: getattr(self._core, name), doc=doc)


def _changeable(name: str, doc: str):
    def change(self, value: str | None) -> None:
        setattr(self._core, name, _arguments.optional_text(name, value))

    return property(lambda self: getattr(self._core, name), change, doc=doc + " ``update()`` sends a change.")


class Run:
    """A run on a server: read, changed a little, deleted. ``Api.run`` and ``Api.runs`` make it.

    What is shown was read when it was made, or by the last ``load(force=True)``. A run of a list asks for
    its config and summary when they are first read.

    Follows: the class ``Run`` of the stock client's public API.
    """

    def __init__(self, core) -> None:
        self._core = core
        self._config: dict | None = None
        self._summary: Summary | None = None
        self._metadata: dict | None = None

    id = _fact("id", "The run's id, unique in its project.")
    entity = _fact("entity", "The user or team that the project belongs to.")
    project = _fact("project", "The project's name.")
    path = _fact("path", "``[entity, project, id]``.")
    url = _fact("url", "Address of the run's page.")
    state = _fact("state", "``running finished failed crashed killed preempting preempted`` or ``pending``.")
    created_at = _fact("created_at", "RFC 3339, UTC.")
    heartbeat_at = _fact("heartbeat_at", "The writer's last sign of life; RFC 3339, UTC.")
    commit = _fact("commit", "Of the program's git repository; empty if none.")
    sweep_name = _fact("sweep_name", "Id of its sweep; empty if none.")
    storage_id = _fact("storage_id", "The server's own name for it.")
    read_only = _fact("read_only", "Whether this key may only read it.")
    name = _changeable("name", "The name that is shown.")
    notes = _changeable("notes", "Notes of people.")
    description = _changeable("description", "A description.")
    group = _changeable("group", "The group it belongs to; empty if none.")
    job_type = _changeable("job_type", "What kind of job it is; empty if none.")
    display_name = name
    username = entity

    @property
    def tags(self) -> list[str]:
        """Its tags. ``run.tags += ["best"]``, then ``update()``."""
        return self._core.tags

    @tags.setter
    def tags(self, tags) -> None:
        if isinstance(tags, str):
            raise TypeError("tags must be a list of str, not a str")
        self._core.tags = _arguments.names("tags", tags)

    @property
    def user(self) -> User | None:
        """Who made it."""
        core = self._core.user
        return None if core is None else User(core)

    @property
    def config(self) -> dict:
        """The configuration, a plain dict; keys that start with ``_`` are left out. Change it, then call
        ``update()``."""
        if self._config is None:
            self._config = self._core.config()
        return self._config

    @property
    def rawconfig(self) -> dict:
        """The whole configuration, also the product's own keys."""
        return self._core.raw_config()

    @property
    def summary(self) -> Summary:
        """The summary, dict-like; ``summary.update({...})`` changes it on the server."""
        if self._summary is None:
            self._summary = Summary(self._core.summary())
        return self._summary

    @property
    def summary_metrics(self) -> dict:
        """The summary as the server has sent it, a plain dict."""
        return self._core.summary_metrics()

    @property
    def system_metrics(self) -> dict:
        """The newest value of each of the machine's metrics."""
        return self._core.system_metrics()

    @property
    def metadata(self) -> dict | None:
        """Machine, program and git: the file ``wandb-metadata.json``; None if the run has none."""
        if self._metadata is None:
            self._metadata = self._core.metadata()
        return self._metadata

    @property
    def lastHistoryStep(self) -> int:  # noqa: N802 - the name that the field knows
        """The step of the last row that the server has; -1 if there is none. Asks the server."""
        return self._core.last_history_step()

    @property
    def sweep(self) -> Sweep | None:
        """The sweep that made it, or None. Asks the server."""
        core = self._core.sweep()
        return None if core is None else Sweep(core)

    # --- history ----------------------------------------------------------------------------------------
    def history(
        self,
        samples: int = 500,
        keys: list[str] | None = None,
        x_axis: str = "_step",
        pandas: bool = True,
        stream: str = "default",
    ):
        """Rows spread evenly over the run, the first and the last among them.

        Args:
            samples: at most so many rows; 1 to 1,000,000.
            keys: only rows that have all of these, with just them and ``x_axis``. A nested value's key is its
                path, ``n.x``.
            x_axis: with ``keys``: one more key.
            pandas: a ``pandas.DataFrame``, a column for each top-level key; else a list of dicts.
            stream: ``default``: what was logged; ``system``: the machine's metrics.

        Returns:
            The rows, in the order of their steps.

        Raises:
            ValueError: keys that are no list of str, another stream, keys of the system's stream.

        Follows: ``Run.history``. Without pandas: a list of dicts and a line that says so.
        """
        rows = self._core.history(*_sample(samples, keys, x_axis, stream))
        if not pandas:
            return rows
        try:
            import pandas as pd
        except ImportError:
            from .._terminal import warn

            warn("history() gives a list of dicts, since the package pandas is not installed")
            return rows
        return pd.DataFrame.from_records(rows)

    def history_arrow(
        self,
        samples: int = 500,
        keys: list[str] | None = None,
        x_axis: str = "_step",
        stream: str = "default",
    ):
        """The rows of history() in columns, without a Python object for each number.

        Args:
            samples, keys, x_axis, stream: as history() takes them.

        Returns:
            A ``pyarrow.Table`` with a column for each leaf path, as ``HistoryScan.to_arrow`` makes it.

        Raises:
            ValueError, TypeError: as history(). Error: pyarrow is not installed.
        """
        return to_arrow(self._core.history_columns(*_sample(samples, keys, x_axis, stream)))

    def scan_history(
        self,
        keys: list[str] | None = None,
        page_size: int = 1_000,
        min_step: int = 0,
        max_step: int | None = None,
        use_cache: bool = True,
    ) -> HistoryScan:
        """Every row, in the order of steps.

        Args:
            keys: only rows that have all of these; then rows hold them and ``_step``.
            page_size: about how many rows one request asks for.
            min_step: the first step, inclusive.
            max_step: the last step, exclusive; by default all that is there when the scan begins.
            use_cache: accepted; nothing is cached.

        Returns:
            Rows as dicts, to iterate over; ``to_arrow()`` and ``to_pandas()`` make a table of them.

        Raises:
            ValueError: keys that are no list of str, a page_size below 1.
            NotFoundError: the run was deleted, also while it is read.

        Follows: ``Run.scan_history``. 64-bit integers, NaN and the infinities come back as they were logged.
        """
        del use_cache
        wanted = _keys(keys)
        for name, value in (("page_size", page_size), ("min_step", min_step), ("max_step", max_step)):
            if value is not None or name != "max_step":
                _arguments.integer(name, value, -(2**63), 2**63 - 1)
        return HistoryScan(lambda: self._core.scan_history(wanted, page_size, min_step, max_step))

    # --- files ------------------------------------------------------------------------------------------
    def files(self, names: list[str] | None = None, pattern: str | None = None, per_page: int = 50) -> Files:
        """Its files.

        Args:
            names: exact names; all by default.
            pattern: as in SQL's LIKE: ``%.json``. Not together with names (ValueError).
            per_page: how many one request asks for.

        Returns:
            An object to iterate over, index and take the ``len()`` of.

        Raises:
            TypeError: names are a str. ValueError: names and a pattern.
        """
        if isinstance(names, str):
            raise TypeError("names must be a list of str, not a str")
        pattern, count = _arguments.optional_text("pattern", pattern), _arguments.count("per_page", per_page)
        pages = self._core.files(_arguments.names("names", names), pattern, count)
        return Files(lambda: pages, "/".join(self.path))

    def file(self, name: str) -> File:
        """One file.

        Args:
            name: its path in the run.

        Returns:
            The api.File.

        Raises:
            NotFoundError: there is none.
        """
        return File(self._core.file(_arguments.text("name", name)))

    def upload_file(self, path: str | os.PathLike, root: str | os.PathLike = ".") -> File:
        """Sends a file.

        Args:
            path: of the file here.
            root: its name in the run is its path below this folder.

        Returns:
            The api.File.

        Raises:
            NotFoundError: there is no such file. ValueError: it is not below ``root``.
        """
        return File(self._core.upload_file(_arguments.path("path", path), _arguments.path("root", root)))

    # --- artifacts --------------------------------------------------------------------------------------
    def logged_artifacts(self, per_page: int = 100) -> Artifacts:
        """The versions of artifacts that it made.

        Args:
            per_page: how many one request asks for.

        Returns:
            An object to iterate over, index and take the ``len()`` of.
        """
        count = _arguments.count("per_page", per_page)
        return Artifacts(lambda: self._core.logged_artifacts(count), "/".join(self.path))

    def used_artifacts(self, per_page: int = 100) -> Artifacts:
        """The versions of artifacts that it read.

        Args:
            per_page: how many one request asks for.

        Returns:
            An object to iterate over, index and take the ``len()`` of.
        """
        count = _arguments.count("per_page", per_page)
        return Artifacts(lambda: self._core.used_artifacts(count), "/".join(self.path))

    def use_artifact(self, artifact: Artifact, use_as: str | None = None) -> Artifact:
        """Says that this run read a version.

        Args:
            artifact: what ``Api.artifact`` gave.
            use_as: accepted, without effect.

        Returns:
            The artifact.

        Raises:
            TypeError: something else.
        """
        del use_as
        self._core.use_artifact(_version(artifact)._handle)
        return artifact

    def log_artifact(self, artifact: Artifact, aliases=None, tags=None) -> Artifact:
        """Says that this run made a version.

        Args:
            artifact: what ``Api.artifact`` gave.
            aliases, tags: a list of str each, added to those that it has.

        Returns:
            The artifact.

        Raises:
            TypeError: something else. ValueError: it is of another project.
        """
        labels = _arguments.names("aliases", aliases), _arguments.names("tags", tags)
        self._core.log_artifact(_version(artifact)._handle, *labels)
        return artifact

    # --- changes ----------------------------------------------------------------------------------------
    def update(self) -> None:
        """Sends what was changed here: name, tags, notes, description, group, job type, config, summary.

        What was not changed here stays as others have set it.
        """
        if self._config is not None:
            self._core.set_config(self._config)
        self._core.update()
        self._forget()

    save = update

    def load(self, force: bool = False) -> None:
        """Reads what a list left out.

        Args:
            force: reads everything anew, and drops changes that were not sent.
        """
        self._core.load(bool(force))
        if force:
            self._forget()

    def delete(self, delete_artifacts: bool = False) -> None:
        """Deletes the run with its history and files.

        Args:
            delete_artifacts: also the versions of artifacts that it logged.
        """
        self._core.remove(bool(delete_artifacts))

    def stop(self) -> None:
        """Asks the run's writer to stop; returns at once. A run that has ended stays as it is."""
        self._core.stop()

    def update_state(self, state: str) -> bool:
        """Sets the state, where the server allows it.

        Args:
            state: ``pending`` or ``failed``.

        Returns:
            True.

        Raises:
            CommError: the server does not allow it.
        """
        self._core.update_state(state)
        return True

    def wait_until_finished(self, timeout: float | None = None) -> bool:
        """Waits until it no longer works: finished, failed, crashed, killed or preempted.

        Args:
            timeout: in seconds; None: for ever.

        Returns:
            False if it still worked after ``timeout``.
        """
        left = float("inf") if timeout is None else float(timeout)
        while True:
            if self._core.wait_until_finished(max(0.001, min(left, _WAIT_SECS))):
                return True
            left -= _WAIT_SECS
            if left <= 0:
                return False

    def _forget(self) -> None:
        self._config = self._metadata = None
        if self._summary is not None:
            self._summary._forget()

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """The HTML of a frame with the run's page.

        Args:
            height: of the frame, in pixels.
            hidden: the frame is not shown.

        Returns:
            The text.
        """
        from html import escape

        style = f"border:none;width:100%;height:{int(height)}px;" + ("display:none;" if hidden else "")
        return f'<iframe src="{escape(self.url)}?jupyter=true" style="{style}"></iframe>'

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        return f"<Run {'/'.join(self.path)} ({self.state})>"


def _keys(keys: object) -> list[str]:
    if keys is None:
        return []
    if not isinstance(keys, list):
        raise ValueError("keys must be specified in a list")
    if not all(isinstance(key, str) for key in keys):
        raise ValueError("keys argument must be a list of strings")
    return keys


def _sample(samples: object, keys: object, x_axis: object, stream: object) -> tuple:
    samples = _arguments.integer("samples", samples, 1, 1_000_000)
    x_axis, stream = _arguments.text("x_axis", x_axis), _arguments.text("stream", stream)
    return samples, _keys(keys), x_axis, stream


def _version(artifact: object) -> Artifact:
    from .._artifact import Artifact

    if not isinstance(artifact, Artifact):
        raise TypeError(
            f"an Artifact that Api.artifact() gave is needed here, not a value of type {type(artifact).__name__}"
        )
    return artifact
