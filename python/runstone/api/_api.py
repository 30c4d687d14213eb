"""runstone.Api: where everything begins."""

from __future__ import annotations

from .. import _arguments, _core
from ._lists import Artifacts, Project, Projects, Runs, User
from ._run import Run
from ._sweep import Sweep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._artifact import Artifact

_OVERRIDES = ("base_url", "entity", "project")
DEFAULT_TIMEOUT_SECS = 20


class Api:
    """A server of the API, asked with a key.

    Args:
        overrides: ``base_url`` of the server; ``entity`` and ``project`` of paths that do not name them.
            By default what the settings and the environment say, as for ``init()``.
        timeout: seconds that one call may take, repetitions included; 20 by default.
        api_key: by default the key that is known for the server's address (``RUNSTONE_API_KEY``,
            ``runstone.login()``, the local server's own file).

    Nothing is asked when an Api is made: a wrong key is told by the first call that needs it.

    Raises:
        UsageError: no server, or no key for it, is known; the message says what to set.
        ValueError: an override or an address that cannot be.

    Every call that asks the server may raise AuthenticationError (a wrong key), CommError (no server, or
    one that does not answer in time, or refuses), NotFoundError (a CommError and a ValueError: what was
    asked for is not there).

    Follows: the class ``Api`` of the stock client's public API.
    """

    def __init__(
        self,
        overrides: dict | None = None,
        timeout: float | None = None,
        api_key: str | None = None,
    ) -> None:
        if overrides is not None and not isinstance(overrides, dict):
            raise TypeError(f"overrides must be a dict, not {type(overrides).__name__}")
        given = {key: value for key, value in (overrides or {}).items() if value is not None}
        for key, value in given.items():
            if key not in _OVERRIDES:
                raise ValueError(f"overrides has no {key!r}; it may have {', '.join(_OVERRIDES)}")
            _arguments.text(f"overrides[{key!r}]", value)
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float, type(None))):
            raise TypeError(f"timeout must be a number of seconds, not {type(timeout).__name__}")
        api_key = _arguments.optional_text("api_key", api_key)
        from .._module import setup_settings

        self._core = _core.Api.open(
            given.get("base_url", ""),
            api_key,
            given.get("entity", ""),
            given.get("project", ""),
            float(DEFAULT_TIMEOUT_SECS if timeout is None else timeout),
            setup_settings(),
        )
        self.settings = {"base_url": self._core.base_url, **{k: given.get(k) for k in _OVERRIDES[1:]}}

    @property
    def api_key(self) -> str:
        """The key in use."""
        return self._core.api_key

    @property
    def default_entity(self) -> str | None:
        """Where runs go, and paths begin, when no entity is named; None if the server knows none."""
        return self._core.default_entity() or None

    @property
    def viewer(self) -> User:
        """Whose key it is. AuthenticationError if the server knows nobody for it."""
        return User(self._core.viewer())

    def run(self, path: str = "") -> Run:
        """One run, whole.

        Args:
            path: ``entity/project/id``; the shorter ``project/id`` and ``id``; ``entity/project:id``; or
                the address of the run's page.

        Returns:
            The api.Run.

        Raises:
            NotFoundError: there is no such run. ValueError: a path of another form.

        Follows: ``Api.run``. Each call asks the server anew.
        """
        return Run(self._core.run(_arguments.text("path", path)))

    def runs(
        self,
        path: str | None = None,
        filters: dict | None = None,
        order: str = "+created_at",
        per_page: int = 50,
        include_sweeps: bool = False,
        lazy: bool = True,
    ) -> Runs:
        """The runs of a project, fetched page by page as they are read.

        Args:
            path: ``entity/project``, or ``project``.
            filters: which runs, Mongo-like: ``{"config.lr": {"$gt": 0.1}, "state": "finished"}``. Fields:
                ``state``, ``display_name``, ``name`` (the id), ``tags``, ``group``, ``job_type``,
                ``created_at``, ``username``, ``sweep``, ``config.KEY``, ``summary_metrics.KEY``.
                Operators: ``$and $or $nor $not $eq $ne $gt $gte $lt $lte $in $nin $exists $regex``.
            order: ``+created_at`` (the oldest first), ``-summary_metrics.loss``, ``+config.lr.value``,
                ``heartbeat_at``.
            per_page: how many runs one request asks for.
            include_sweeps: accepted; a run finds its sweep when it is asked for.
            lazy: leaves out config and summary until a run is asked for them, one request each; False
                fetches them with the list.

        Returns:
            An object to iterate over, index and take the ``len()`` of.

        Raises (when it is read):
            NotFoundError: no such project. CommError: filters or an order that the server refuses.

        Follows: ``Api.runs``.
        """
        del include_sweeps
        if filters is not None and not isinstance(filters, dict):
            raise TypeError(f"filters must be a dict, not {type(filters).__name__}")
        path, order = (
            _arguments.optional_text("path", path),
            _arguments.optional_text("order", order),
        )
        count = _arguments.count("per_page", per_page)
        pages = self._core.runs(path, filters or {}, order, count, bool(lazy))
        return Runs(lambda: pages, path)

    def projects(self, entity: str | None = None, per_page: int = 200) -> Projects:
        """The projects of an entity, those with the newest runs first.

        Args:
            entity: a user or team; by default the key's own.
            per_page: how many one request asks for.

        Returns:
            An object to iterate over, index and take the ``len()`` of.
        """
        entity, count = _arguments.optional_text("entity", entity), _arguments.count("per_page", per_page)
        return Projects(lambda: self._core.projects(entity, count), entity)

    def project(self, name: str, entity: str | None = None) -> Project:
        """One project.

        Args:
            name: its name.
            entity: the user or team that it belongs to; by default the key's own.

        Returns:
            The api.Project.

        Raises:
            NotFoundError: there is none of that name.
        """
        from ..errors import NotFoundError

        for project in self.projects(entity):
            if project.name == name:
                return project
        raise NotFoundError(f"Could not find project {name} of {entity or 'the default entity'}")

    def create_project(self, name: str, entity: str | None = None) -> Project:
        """Makes a project, or gives the one that is there.

        Args:
            name: its name.
            entity: the user or team that it belongs to; by default the key's own.

        Returns:
            The api.Project.
        """
        return Project(
            self._core.create_project(
                _arguments.text("name", name), _arguments.optional_text("entity", entity)
            )
        )

    def sweep(self, path: str = "") -> Sweep:
        """One sweep.

        Args:
            path: ``entity/project/id``, or a shorter one.

        Returns:
            The api.Sweep.

        Raises:
            NotFoundError: there is none.
        """
        return Sweep(self._core.sweep(_arguments.text("path", path)))

    def artifact(self, name: str, type: str | None = None) -> Artifact:
        """One version of an artifact.

        Args:
            name: ``[[entity/]project/]name[:alias]``; the alias is ``latest``, ``v0``, a digest or one that
                people gave; without it ``latest``.
            type: what it must be; ValueError if it is of another.

        Returns:
            The version.

        Raises:
            NotFoundError: there is none.
        """
        from .._artifact import Artifact

        return Artifact._of(
            self._core.artifact(_arguments.text("name", name), _arguments.optional_text("type", type))
        )

    def artifacts(self, type_name: str, name: str, per_page: int = 50) -> Artifacts:
        """The versions of a collection, the newest first.

        Args:
            type_name: the artifacts' type.
            name: ``[[entity/]project/]name`` of the collection.
            per_page: how many one request asks for.

        Returns:
            An object to iterate over, index and take the ``len()`` of.
        """
        type_name, name = _arguments.text("type_name", type_name), _arguments.text("name", name)
        count = _arguments.count("per_page", per_page)
        return Artifacts(lambda: self._core.artifacts(type_name, name, count), name)

    def artifact_exists(self, name: str, type: str | None = None) -> bool:
        """Whether there is such a version.

        Args:
            name: as artifact() takes it.
            type: what it must be.

        Returns:
            True or False.
        """
        return self._core.artifact_exists(
            _arguments.text("name", name), _arguments.optional_text("type", type)
        )

    def flush(self) -> None:
        """Nothing is kept that could be old: accepted, does nothing."""

    def __repr__(self) -> str:
        return f"<runstone.Api {self._core.base_url}>"
