"""What an Artifact knows and does once a server has it."""

from __future__ import annotations

import os
from functools import wraps

from ._arguments import names, optional_path, path, sequence
from ._artifact_manifest import ArtifactCollection, ArtifactFiles, ArtifactManifestEntry, not_logged
from ._terminal import warn
from .errors import ArtifactStatusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from ._artifact import Artifact

    Member = TypeVar("Member", bound=Callable[..., Any])


def names_itself(method: Member) -> Member:
    """Errors about the artifact's state say which artifact, and which member was asked for."""

    @wraps(method)
    def member(self, *arguments, **options):
        try:
            return method(self, *arguments, **options)
        except ArtifactStatusError as error:
            error.name, error.obj = error.name or method.__name__, error.obj or self
            raise

    return member


def logged(method: Member) -> Member:
    """A member of a version on a server: refused while the artifact is a draft."""

    @wraps(method)
    def member(self, *arguments, **options):
        if self._handle.is_draft:
            raise not_logged(self, method.__name__)
        return names_itself(method)(self, *arguments, **options)

    return member


def _told_by_server(name: str, doc: str) -> property:
    def read(self):
        return self._fact(name)

    read.__name__ = name
    read.__doc__ = doc
    return property(logged(read))


def _folder(root: str | os.PathLike | None) -> str:
    return optional_path("root", root)


def _public_run(path: str):
    from . import Api

    return Api().run(path)


class VersionMembers:
    """The members of Artifact that need a version on a server: ArtifactNotLoggedError for a draft."""

    # --- facts of versions -----------------------------------------------------------------------------
    version: str = _told_by_server("version", "``v0``, ``v1``, ... in its collection.")
    entity: str = _told_by_server("entity", "Who its collection belongs to.")
    project: str = _told_by_server("project", "The project of its collection.")
    source_entity: str = _told_by_server(
        "source_entity", "Who the version itself belongs to, also of a link."
    )
    source_project: str = _told_by_server("source_project", "The project of the version itself.")
    source_version: str = _told_by_server("source_version", "``v0``, ... in its own collection.")
    commit_hash: str = _told_by_server("commit_hash", "What the server gave when the version was committed.")
    file_count: int = _told_by_server("file_count", "Entries, references included.")
    created_at: str = _told_by_server("created_at", "When it was made: ISO 8601, UTC.")
    updated_at: str = _told_by_server("updated_at", "When it was last changed: ISO 8601, UTC.")
    linked_at: str | None = _told_by_server("linked_at", "When it was linked here; None if it is no link.")
    history_step: int | None = _told_by_server("history_step", "The run's last step when it was logged.")

    @property
    @logged
    def qualified_name(self) -> str:
        """``entity/project/name:version``."""
        return f"{self.entity}/{self.project}/{self.name}"

    @property
    @logged
    def source_name(self) -> str:
        """``name:version`` of the version itself, also of a link."""
        return f"{self._fact('source_collection')}:{self.source_version}"

    @property
    @logged
    def source_qualified_name(self) -> str:
        """``entity/project/name:version`` of the version itself."""
        return f"{self.source_entity}/{self.source_project}/{self.source_name}"

    @property
    @logged
    def collection(self) -> ArtifactCollection:
        """The collection where it was found."""
        return ArtifactCollection(self.entity, self.project, self._fact("collection"), self.type)

    @property
    @logged
    def source_collection(self) -> ArtifactCollection:
        """The collection that it was logged to."""
        name = self._fact("source_collection")
        return ArtifactCollection(self.source_entity, self.source_project, name, self.type)

    @property
    @logged
    def url(self) -> str:
        """Its page."""
        return self._handle.url()

    @property
    @logged
    def aliases(self) -> list[str]:
        """Names of the version; can be set and changed in place, save() sends them.

        Raises:
            ValueError: set to a name with ``/`` or ``:``.
        """
        return self._fact("aliases")

    @aliases.setter
    @logged
    def aliases(self, aliases: list[str]) -> None:
        self._handle.set_aliases(names("aliases", aliases))
        self._fact("aliases")[:] = self._handle.facts()["aliases"]

    @property
    @logged
    def tags(self) -> list[str]:
        """Labels; can be set and changed in place, save() sends them.

        Raises:
            ValueError: set to a tag that is not words of letters, digits, ``-`` and ``_``.
        """
        return self._fact("tags")

    @tags.setter
    @logged
    def tags(self, tags: list[str]) -> None:
        self._handle.set_tags(names("tags", tags))
        self._fact("tags")[:] = self._handle.facts()["tags"]

    @property
    @logged
    def linked_artifacts(self) -> list[Artifact]:
        """The version in every collection that it is linked to; [] of a link."""
        return [type(self)._of(handle) for handle in self._handle.linked_artifacts()]

    @property
    @logged
    def source_artifact(self) -> Artifact:
        """The version that a link links to; itself if it is no link."""
        return type(self)._of(self._handle.source_artifact()) if self.is_link else self

    # --- reading ---------------------------------------------------------------------------------------
    @logged
    def download(
        self,
        root: str | os.PathLike | None = None,
        allow_missing_references: bool = False,
        skip_cache: bool | None = None,
        path_prefix: str | os.PathLike | None = None,
        multipart: bool | None = None,
    ) -> str:
        """Brings the content into a folder, several files at a time, everything checked by its digest.

        Files that are there and right are left alone, foreign ones, too; any other is replaced in one step.

        Args:
            root: the folder; by default ``./artifacts/<name>:v<N>`` (RUNSTONE_ARTIFACT_DIR names another place).
            allow_missing_references: leaves out references whose target is gone or has changed.
            skip_cache: does not go through the cache (RUNSTONE_CACHE_DIR).
            path_prefix: only entries whose paths begin so.
            multipart: accepted without effect: several files come at once anyway.

        Returns:
            The folder's path.

        Raises:
            ArtifactNotLoggedError; ValueError: content of another digest. CommError: the server, or what a
            reference points to, does not answer. OSError: a file cannot be written.
        """
        prefix = optional_path("path_prefix", path_prefix)
        return self._handle.download(_folder(root), bool(allow_missing_references), bool(skip_cache), prefix)

    @logged
    def checkout(self, root: str | os.PathLike | None = None) -> str:
        """Makes a folder hold the content and nothing else: what is foreign is removed, the rest downloaded.

        Args:
            root: the folder; by default ``./artifacts/<name>``.

        Returns:
            The folder's path.

        Raises:
            As download().
        """
        return self._handle.checkout(_folder(root))

    @logged
    def verify(self, root: str | os.PathLike | None = None) -> None:
        """Compares a downloaded folder with the manifest; references are passed over with a warning.

        Args:
            root: the folder; by default that of download().

        Raises:
            ValueError: a file that is *not a member*, is missing, or has another content (*Digest mismatch*).
        """
        self._handle.verify(_folder(root))

    @logged
    def file(self, root: str | os.PathLike | None = None) -> str:
        """Downloads the file of an artifact that has one.

        Args:
            root: the folder that gets it; by default that of download().

        Returns:
            The file's path.

        Raises:
            ValueError: it has none, or several. And as download().
        """
        return self._handle.file(_folder(root))

    @logged
    def files(self, names: list[str] | None = None, per_page: int = 50, start: str | None = None):
        """The files of the version.

        Args:
            names: only those at these paths; None: all.
            per_page, start: accepted without effect: the manifest has them all.

        Returns:
            A sequence of files, each with ``name``, ``size`` (bytes), ``url`` and ``download()``.
        """
        return ArtifactFiles(self, None if names is None else sequence("names", names, "str"))

    @logged
    def get_entry(self, name: str | os.PathLike) -> ArtifactManifestEntry:
        """The entry at a path.

        Args:
            name: the path in the artifact; of a media object also the name that it was added by.

        Returns:
            The entry.

        Raises:
            ArtifactNotLoggedError; KeyError: there is none.
        """
        return ArtifactManifestEntry(self._handle.get_entry(path("name", name)), self)

    def get_path(self, name: str | os.PathLike) -> ArtifactManifestEntry:
        """Deprecated: get_entry().

        Args:
            name: as get_entry() takes it.

        Returns:
            The entry.
        """
        warn("Artifact.get_path() is deprecated: use get_entry()")
        return self.get_entry(name)

    @logged
    def used_by(self) -> list:
        """The runs that used it."""
        return [_public_run(path) for path in self._handle.used_by()]

    @logged
    def logged_by(self):
        """The run that logged it, or None."""
        path = self._handle.logged_by()
        return _public_run(path) if path else None

    @logged
    def json_encode(self) -> dict:
        """As a value of a config: what names this version."""
        return self._handle.config_value()

    def _download_entry(self, path: str, root, skip_cache: bool | None) -> str:
        if self._handle.is_draft:
            raise not_logged(self, "download")
        return self._handle.download_entry(path, _folder(root), bool(skip_cache))

    def _ref_target(self, entry: ArtifactManifestEntry) -> str:
        if self._handle.is_draft or not entry.ref.startswith("wandb-artifact://"):
            return entry.ref
        return self._handle.ref_target(entry.path)

    def _ref_url(self, path: str) -> str:
        if self._handle.is_draft:
            raise not_logged(self, "ref_url")
        return self._handle.ref_url(path)
