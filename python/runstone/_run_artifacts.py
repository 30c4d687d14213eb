"""What a run does with artifacts and models."""

from __future__ import annotations

import os

from . import _arguments, _terminal
from .errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._artifact import Artifact

    Path = str | os.PathLike[str]
    CodeFilter = Callable[[str], bool] | Callable[[str, str], bool]


class Nothing:
    """What a disabled run gives in place of an artifact: every attribute, item and call is itself."""

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *arguments: object, **options: object) -> Nothing:
        return self

    def __getitem__(self, key: object) -> Nothing:
        return self

    def __repr__(self) -> str:
        return "<nothing: the run is disabled>"


def _refuse_finished(run, method: str) -> None:
    if run._finished:
        raise UsageError(f"Run ({run.id}) is finished. The call to `{method}` will be ignored.")


def _is_path(value: object) -> bool:
    return isinstance(value, (str, os.PathLike))


def _draft_of(run, artifact_or_path, name: str | None, type: str | None):
    """The Artifact that was given, or one of the path that was."""
    from ._artifact import Artifact

    if _is_path(artifact_or_path):
        path = _arguments.path("artifact_or_path", artifact_or_path)
        name, type = _arguments.optional_text("name", name), _arguments.optional_text("type", type)
        return Artifact._of(run._artifact_of_path(path, name, type or "unspecified"))
    if not isinstance(artifact_or_path, Artifact):
        kind = artifact_or_path.__class__.__name__
        raise TypeError(f"You must pass an instance of runstone.Artifact or a path, not {kind}")
    artifact_or_path._send_local_changes()
    return artifact_or_path


def log_artifact(
    self,
    artifact_or_path: Artifact | Path,
    name: str | None = None,
    type: str | None = None,
    aliases: list[str] | None = None,
    tags: list[str] | None = None,
) -> Artifact:
    """Takes an artifact into the run as a new version of its collection, unless one has the same content.

    It becomes final and is sent in the background (offline: by ``runstone sync``); ``wait()`` waits for that.

    Args:
        artifact_or_path: an Artifact, a file, a folder, or an address (``s3://...``).
        name: of an artifact made from a path; ``run-<run id>-<its name>`` by default.
        type: of an artifact made from a path; ``unspecified`` by default.
        aliases: names of the version; ``latest`` is always added.
        tags: labels of the version: words of letters, digits, ``-`` and ``_``.

    Returns:
        The Artifact.

    Raises:
        ValueError: a path that leads nowhere, an alias or tag that cannot be, a collection of another type.
        TypeError: neither an Artifact nor a path. UsageError: the run is finished.

    Follows: the method ``log_artifact`` of the class ``Run`` that the stock client documents.
    """
    if self.disabled:
        return Nothing()
    _refuse_finished(self, "log_artifact")
    labels = _arguments.names("aliases", aliases), _arguments.names("tags", tags)
    artifact = _draft_of(self, artifact_or_path, name, type)
    self._log_artifact(artifact._handle, *labels)
    return artifact


def _contribute(run, method: str, artifact_or_path, name, type, aliases, distributed_id, is_last: bool):
    if run.disabled:
        return None
    _refuse_finished(run, method)
    if not distributed_id and not run.group:
        raise TypeError("Cannot upsert artifact unless run is in a group or distributed_id is provided")
    shared = _arguments.optional_text("distributed_id", distributed_id)
    labels = _arguments.names("aliases", aliases)
    artifact = _draft_of(run, artifact_or_path, name, type)
    run._upsert_artifact(artifact._handle, shared, labels, is_last)
    return artifact


def upsert_artifact(
    self,
    artifact_or_path: Artifact | Path,
    name: str | None = None,
    type: str | None = None,
    aliases: list[str] | None = None,
    distributed_id: str | None = None,
) -> Artifact:
    """Adds files to a version that several processes make together; finish_artifact() completes it.

        run.upsert_artifact("part0.bin", name="big", type="dataset", distributed_id="job7")

    Args:
        artifact_or_path, name, type, aliases: as of log_artifact(); the same name in every process.
        distributed_id: what the processes have in common; by default the run's group.

    Returns:
        The Artifact.

    Raises:
        TypeError: no distributed_id, and the run is in no group. ValueError and UsageError as log_artifact().
    """
    return _contribute(
        self, "upsert_artifact", artifact_or_path, name, type, aliases, distributed_id, is_last=False
    )


def finish_artifact(
    self,
    artifact_or_path: Artifact | Path,
    name: str | None = None,
    type: str | None = None,
    aliases: list[str] | None = None,
    distributed_id: str | None = None,
) -> Artifact:
    """Adds the last files to a version that several processes make together, and completes it. A later upsert
    makes the next version.

    Args:
        artifact_or_path, name, type, aliases, distributed_id: as of upsert_artifact().

    Returns:
        The Artifact.

    Raises:
        TypeError, ValueError, UsageError: as upsert_artifact().
    """
    return _contribute(
        self, "finish_artifact", artifact_or_path, name, type, aliases, distributed_id, is_last=True
    )


def use_artifact(
    self,
    artifact_or_name: str | Artifact,
    type: str | None = None,
    aliases: list[str] | None = None,
    use_as: str | None = None,
) -> Artifact:
    """A version from the server, noted there as an input of this run. Waits for the network.

        folder = run.use_artifact("mnist:best").download()

    Args:
        artifact_or_name: ``[[entity/]project/]name[:alias]`` or ``:vN``; what is missing is the run's, and
            ``latest``. Or an Artifact; a draft is logged first, and waited for.
        type: that it must have.
        aliases: of a draft that is logged.
        use_as: deprecated; no effect.

    Returns:
        The Artifact.

    Raises:
        errors.NotFoundError (a CommError and a ValueError): there is none. ValueError: another type, or no name.
        TypeError: the run is offline. CommError: the server does not answer, or refuses. UsageError: the run is
        finished.

    Follows: the method ``use_artifact`` of the class ``Run`` that the stock client documents.
    """
    from ._artifact import Artifact

    if self.disabled:
        return None
    _refuse_finished(self, "use_artifact")
    if self.offline:
        raise TypeError("Cannot use artifact when in offline mode: there is no server to ask")
    if use_as is not None:
        _terminal.warn("use_artifact(use_as=) is deprecated and has no effect")
    type, labels = _arguments.optional_text("type", type), _arguments.names("aliases", aliases)
    if isinstance(artifact_or_name, Artifact):
        if artifact_or_name.is_draft():
            artifact_or_name._send_local_changes()
        self._use_artifact(artifact_or_name._handle, type, labels)
        artifact_or_name._read_again()
        return artifact_or_name
    if not isinstance(artifact_or_name, str):
        raise ValueError(
            'You must pass an artifact name (e.g. "pedestrian-dataset:v1") or an instance of '
            f"runstone.Artifact to use_artifact(), not {artifact_or_name.__class__.__name__}"
        )
    return Artifact._of(self._use_artifact_name(_arguments.text("artifact_or_name", artifact_or_name), type))


def link_artifact(
    self, artifact: Artifact, target_path: str, aliases: list[str] | None = None
) -> Artifact | None:
    """Puts a version into a collection, of this project or another. Waits for the network.

    Args:
        artifact: an Artifact; a draft is logged first, and waited for.
        target_path: ``[[entity/]project/]collection``; what is missing is the run's. A registry:
            ``wandb-registry-<name>/<collection>``.
        aliases: names that it gets there; ``latest`` is always added.

    Returns:
        The version there (``is_link`` is True).

    Raises:
        NotImplementedError: the run is offline. TypeError: no Artifact. ValueError: a target or alias that
        cannot be. CommError: the server does not answer, or refuses. UsageError: the run is finished.
    """
    from ._artifact import Artifact

    if self.disabled:
        return None
    _refuse_finished(self, "link_artifact")
    if not isinstance(artifact, Artifact):
        raise TypeError(f"link_artifact() takes a runstone.Artifact, not {artifact.__class__.__name__}")
    if self.offline:
        raise NotImplementedError("link_artifact() needs a server, and this run is offline")
    target, labels = _arguments.text("target_path", target_path), _arguments.names("aliases", aliases)
    if artifact.is_draft():
        artifact._send_local_changes()
    linked = Artifact._of(self._link_artifact(artifact._handle, target, labels))
    artifact._read_again()
    return linked


def log_model(self, path: Path, name: str | None = None, aliases: list[str] | None = None) -> None:
    """Logs the files of a model: log_artifact() of the type ``model``.

    Args:
        path: a file, a folder, or an address.
        name: letters, digits, ``_``, ``.`` and ``-``; ``run-<run id>-<its name>`` by default.
        aliases: names of the version; ``latest`` is always added.

    Raises:
        ValueError: a name that cannot be, a path that leads nowhere. UsageError: the run is finished.
    """
    if self.disabled:
        return
    _refuse_finished(self, "log_model")
    labels = _arguments.names("aliases", aliases)
    self._log_model(_arguments.path("path", path), _arguments.optional_text("name", name), labels)


def use_model(self, name: str) -> str | None:
    """Downloads a model and notes it as an input of this run: use_artifact() and download().

    Args:
        name: as of use_artifact().

    Returns:
        The path of its one file, else of its folder.

    Raises:
        AssertionError: its type does not contain "model". RuntimeError: the run is offline. And what
        use_artifact() and Artifact.download() raise.
    """
    if self.disabled:
        return None
    _refuse_finished(self, "use_model")
    if self.offline:
        raise RuntimeError("`use_model` not supported in offline mode.")
    return self._use_model(_arguments.text("name", name))


def link_model(
    self,
    path: Path,
    registered_model_name: str,
    name: str | None = None,
    aliases: list[str] | None = None,
) -> Artifact | None:
    """Logs a model and links it to ``<entity>/model-registry/<registered_model_name>``. Waits for the network.

    Args:
        path: a file, a folder, or an address.
        registered_model_name: the collection in the registry; no path.
        name: of the model's own collection, whose type is kept; ``run-<run id>-<its name>`` by default.
        aliases: names that it gets in the registry.

    Returns:
        The version in the registry.

    Raises:
        AssertionError: registered_model_name has a slash, or the versions of ``name`` are no models.
        ValueError: a name that cannot be. NotImplementedError: the run is offline. CommError, UsageError.
    """
    from ._artifact import Artifact

    if self.disabled:
        return None
    _refuse_finished(self, "link_model")
    registered = _arguments.text("registered_model_name", registered_model_name)
    labels = _arguments.names("aliases", aliases)
    handle = self._link_model(
        _arguments.path("path", path), registered, _arguments.optional_text("name", name), labels
    )
    return Artifact._of(handle)


def _takes_root(function) -> bool:
    """Whether a filter of log_code() wants the root, too: by the number of its parameters."""
    import inspect

    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a built-in without a signature
        return False
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return True
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in positional for parameter in parameters) >= 2


def _filter(function):
    if function is None:
        return None
    if not callable(function):
        raise TypeError(f"a filter of log_code() is a function, not {type(function).__name__}")
    if _takes_root(function):
        return lambda path, root: bool(function(path, root))
    return lambda path, root: bool(function(path))


def log_code(
    self,
    root: Path | None = ".",
    name: str | None = None,
    include_fn: CodeFilter | None = None,
    exclude_fn: CodeFilter | None = None,
) -> Artifact | None:
    """Logs the program's source files as an artifact of the type ``code``.

        run.log_code("../", include_fn=lambda path: path.endswith(".ipynb"),
                     exclude_fn=lambda path, root: os.path.relpath(path, root).startswith("cache/"))

    Args:
        root: the folder that is walked.
        name: of the artifact; ``source-<project>-<program>`` by default.
        include_fn, exclude_fn: functions of (absolute path) or (absolute path, absolute root). A file is taken
            if the first says True and the second False. By default: ``*.py`` and C++ sources,
            ``requirements.txt`` and names that begin with ``Dockerfile``; not what is below the runs' own
            folders.

    Returns:
        The Artifact, or None, with a warning, if there is no such file, or no such folder.

    Raises:
        UsageError: the run is finished. What a filter raises.
    """
    from ._artifact import Artifact

    if self.disabled:
        return None
    _refuse_finished(self, "log_code")
    folder, name = _arguments.optional_path("root", root) or ".", _arguments.optional_text("name", name)
    handle = self._log_code(folder, name, _filter(include_fn), _filter(exclude_fn))
    return None if handle is None else Artifact._of(handle)
