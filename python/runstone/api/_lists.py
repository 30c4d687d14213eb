"""Lists that are fetched page by page, and the small things that they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class PageList(Generic[T]):
    """A list on a server. Nothing is asked before it is read; what was read is kept.

    ``len()`` is the number of the whole list as the server says it (else all is read and counted),
    ``list[i]`` fetches as far as it must.
    """

    def __init__(self, start: Callable[[], object], name: str) -> None:
        self._start = start
        self._name = name
        self._pages = None
        self._items: list[T] = []
        self._is_over = False

    def _make(self, core: object) -> T:
        raise NotImplementedError

    def _source(self):
        if self._pages is None:
            self._pages = self._start()
        return self._pages

    def _load_next(self) -> bool:
        """Fetches a page; False at the end."""
        if not self._is_over:
            page = self._source().next()
            self._items.extend(self._make(core) for core in page)
            self._is_over = not page
        return not self._is_over

    def __iter__(self) -> Iterator[T]:
        index = 0
        while index < len(self._items) or self._load_next():
            yield self._items[index]
            index += 1

    def __len__(self) -> int:
        if not self._is_over:
            try:
                return self._source().count()
            except NotImplementedError:  # a server that does not say: they are counted
                while self._load_next():
                    pass
        return len(self._items)

    def __getitem__(self, index: int | slice):
        if isinstance(index, slice):
            return list(self)[index]
        if index < 0:
            return list(self)[index]
        while index >= len(self._items) and self._load_next():
            pass
        return self._items[index]

    def __bool__(self) -> bool:
        return bool(self._items) or self._load_next()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name}>"


class Runs(PageList):
    """Runs of a project; see ``Api.runs``."""

    def _make(self, core):
        from ._run import Run

        return Run(core)


class Projects(PageList):
    """Projects of an entity; see ``Api.projects``."""

    def _make(self, core):
        return Project(core)


class Artifacts(PageList):
    """Versions of artifacts, each a ``runstone.Artifact``; see ``Api.artifacts``, ``Run.logged_artifacts``."""

    def _make(self, core):
        from .._artifact import Artifact

        return Artifact._of(core)


class _Facts:
    """An object of the core's with some fields to read."""

    _FIELDS: tuple[str, ...] = ()

    def __init__(self, core) -> None:
        self._core = core

    def __getattr__(self, name: str) -> object:
        if name in type(self)._FIELDS:
            return getattr(self._core, name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._FIELDS]


class User(_Facts):
    """A person or service account: ``id name username email entity admin teams``, as far as shown."""

    _FIELDS = ("id", "name", "username", "email", "entity", "admin", "teams")

    def __repr__(self) -> str:
        return f"<User {self.username or self.name}>"


class Project(_Facts):
    """A project: ``id name entity description created_at url``."""

    _FIELDS = ("id", "name", "entity", "description", "created_at", "url")

    @property
    def path(self) -> list[str]:
        """``[entity, name]``."""
        return [self.entity, self.name]

    def __repr__(self) -> str:
        return f"<Project {self.entity}/{self.name}>"
