"""The class Artifact: a named, versioned set of files."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from datetime import timedelta
from enum import Enum
from functools import wraps

from . import _arguments, _core
from ._artifact_manifest import ArtifactManifest, ArtifactManifestEntry, not_logged
from ._artifact_version import VersionMembers, logged, names_itself, warn
from .errors import ArtifactFinalizedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO, Any, TypeVar

    Member = TypeVar("Member", bound=Callable[..., Any])

_TTL_INHERITED, _TTL_FOREVER = -1, -2
_MAX_OBJECTS = 10_000_000


class ArtifactTTL(Enum):
    """What ``Artifact.ttl`` can be set to beside a timedelta and None."""

    INHERIT = 0  #: as the collection, or else the team, says


def _change(method: Member) -> Member:
    """A member that changes the content: refused once the artifact is final."""

    @wraps(method)
    def member(self, *arguments, **options):
        if self._handle.is_final:
            raise ArtifactFinalizedError(
                f"'Artifact.{method.__name__}' used on a logged (or finalized) artifact. Call new_draft() "
                "or make another Artifact for changes.",
                name=method.__name__,
                obj=self,
            )
        return names_itself(method)(self, *arguments, **options)

    return member


def _metadata_of(metadata: dict | str | None) -> dict:
    if metadata is None or metadata == "":
        return {}
    if isinstance(metadata, str):
        metadata = json.loads(metadata)
    if not isinstance(metadata, dict):
        raise TypeError(
            f"an artifact's metadata is a dict or the JSON text of one, not {type(metadata).__name__}"
        )
    return metadata


def _entry_name(name: str | os.PathLike | None) -> str:
    """A path in an artifact; "" if none was given."""
    return _arguments.optional_path("name", name)


def _policy(policy: str | None) -> str:
    return "mutable" if policy is None else _arguments.text("policy", policy, ValueError)


class Artifact(VersionMembers):
    """A named, versioned set of files: a data set, a model, whatever a run makes or reads.

    A draft until it is logged; then its content is final, it is sent in the background, and after ``wait()``
    it is a version of its collection on the server. ``run.use_artifact()`` gives versions at once.

        data = runstone.Artifact("mnist", "dataset", metadata={"split": "train"})
        data.add_dir("data/mnist")
        run.log_artifact(data, aliases=["best"]).wait()
        data.version, data.aliases      # "v0", ["best", "latest"]

    Args:
        name: letters, digits, ``_``, ``.`` and ``-``, 1 to 128 of them.
        type: groups collections: ``dataset``, ``model``, ... (``job`` and ``wandb-...`` are reserved).
        description: text for people.
        metadata: a dict of at most 100 keys, or the JSON text of one; NaN becomes None.
        incremental: adds its files to those of the collection's newest version.
        use_as: deprecated; no effect.
        storage_region: of a server that has several.
        digest_algorithm: ``MD5``, or ``XXH128``, which is several times faster.

    Raises:
        ValueError: a name, type or algorithm that cannot be, more than 100 keys, an infinity in the metadata.
        TypeError: metadata of another kind.

    Follows: the class ``Artifact`` that the stock client documents.
    """

    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: dict | str | None = None,
        incremental: bool = False,
        use_as: str | None = None,
        storage_region: str | None = None,
        digest_algorithm: str = "MD5",
    ) -> None:
        if use_as is not None:
            warn("Artifact(use_as=) is deprecated and has no effect")
        self._adopt(
            _core.Artifact(
                _arguments.text("name", name),
                _arguments.text("type", type),
                _arguments.optional_text("description", description),
                _metadata_of(metadata),
                bool(incremental),
                _arguments.optional_text("storage_region", storage_region),
                _arguments.text("digest_algorithm", digest_algorithm),
            )
        )

    @classmethod
    def _of(cls, handle: _core.Artifact) -> Artifact:
        """An artifact that the core has."""
        artifact = cls.__new__(cls)
        artifact._adopt(handle)
        return artifact

    def _adopt(self, handle: _core.Artifact) -> None:
        self._handle = handle
        self._local_paths: dict[str, str] = {}  # of files that were added: where they are in the artifact
        self._objects: dict[int, tuple] = {}  # media objects that were added: the object, and its entry
        self._read_again()

    def _read_again(self) -> None:
        """Dicts and lists that a user may change in place, anew from the core."""
        self._metadata = self._handle.metadata()
        self._manifest: ArtifactManifest | None = None
        self._facts: dict | None = None

    def _fact(self, name: str):
        if self._facts is None:
            self._facts = self._handle.facts()
        return self._facts[name]

    def _send_local_changes(self) -> None:
        """To the core: what was changed in place."""
        self._handle.set_metadata(self._metadata)
        if self._facts is not None:
            self._handle.set_aliases(_arguments.names("aliases", self._facts["aliases"]))
            self._handle.set_tags(_arguments.names("tags", self._facts["tags"]))

    # --- facts of drafts and versions ------------------------------------------------------------------
    @property
    def name(self) -> str:
        """``ds``; of a version ``ds:v0``."""
        return self._handle.name

    @property
    def type(self) -> str:
        """What kind of thing it is: ``dataset``, ``model``, ..."""
        return self._handle.type

    @property
    def description(self) -> str | None:
        """Text for people; can be set. A version's is sent by save()."""
        return self._handle.description

    @description.setter
    def description(self, description: str | None) -> None:
        self._handle.set_description(_arguments.optional_text("description", description))

    @property
    def metadata(self) -> dict:
        """Facts about the content; can be set (which replaces all) and changed in place. A version's is sent
        by save()."""
        return self._metadata

    @metadata.setter
    def metadata(self, metadata: dict | str | None) -> None:
        self._handle.set_metadata(_metadata_of(metadata))
        self._metadata = self._handle.metadata()

    @property
    def size(self) -> int:
        """Bytes of all entries, references included."""
        return self._handle.size

    @property
    def digest(self) -> str:
        """Hex digest of the entries' paths and digests: equal content, equal digest."""
        return self._handle.digest

    @property
    def digest_algorithm(self) -> str:
        """``MD5`` or ``XXH128``."""
        return self._handle.digest_algorithm

    @property
    def manifest(self) -> ArtifactManifest:
        """The list of the entries: ``manifest.entries["path"]``."""
        if not self._handle.is_final or self._manifest is None:
            self._manifest = ArtifactManifest(self)
        return self._manifest

    @property
    def incremental(self) -> bool:
        """Whether its files are added to those of the newest version."""
        return self._handle.incremental

    @property
    def distributed_id(self) -> str | None:
        """By which several writers make one version; of run.upsert_artifact()."""
        return self._handle.distributed_id

    @distributed_id.setter
    def distributed_id(self, distributed_id: str | None) -> None:
        self._handle.set_distributed_id(_arguments.optional_text("distributed_id", distributed_id))

    @property
    def state(self) -> str:
        """``PENDING``, ``COMMITTED`` or ``DELETED``."""
        return self._handle.state

    @property
    def use_as(self) -> None:
        """Deprecated; None."""
        warn("Artifact.use_as is deprecated")

    @property
    def id(self) -> str | None:
        """Of the version on the server; None of a draft."""
        return self._handle.id

    @property
    def is_link(self) -> bool:
        """Whether this is a version's place in another collection than its own."""
        return self._handle.is_link

    @property
    @names_itself
    def ttl(self) -> timedelta | None:
        """How long the version lives; None: for ever. Can be set to a positive timedelta, None or
        ``ArtifactTTL.INHERIT``; a version's is sent by save().

        Raises:
            ArtifactNotLoggedError: a draft that was given none: what it inherits is not known yet.
            ValueError: set to a time that is not positive, or on a link.
        """
        seconds = self._handle.ttl_secs()
        return None if seconds == _TTL_FOREVER else timedelta(seconds=seconds)

    @ttl.setter
    def ttl(self, ttl: timedelta | ArtifactTTL | None) -> None:
        if ttl is None:
            seconds = _TTL_FOREVER
        elif ttl is ArtifactTTL.INHERIT:
            seconds = _TTL_INHERITED
        elif isinstance(ttl, timedelta):
            if ttl.total_seconds() <= 0:
                raise ValueError(f"Artifact TTL Duration has to be positive. ttl: {ttl.total_seconds()}")
            seconds = max(1, int(ttl.total_seconds()))
        else:
            raise TypeError(f"ttl is a timedelta, None or ArtifactTTL.INHERIT, not {type(ttl).__name__}")
        self._handle.set_ttl_secs(seconds)

    def is_draft(self) -> bool:
        """Whether no server is known to have it."""
        return self._handle.is_draft

    # --- content of drafts -----------------------------------------------------------------------------
    @_change
    def add_file(
        self,
        local_path: str | os.PathLike,
        name: str | None = None,
        is_tmp: bool | None = False,
        skip_cache: bool | None = False,
        policy: str | None = "mutable",
        overwrite: bool = False,
    ) -> ArtifactManifestEntry:
        """Adds a file.

        Args:
            local_path: the file.
            name: its path in the artifact; by default the file's own name.
            is_tmp: names it by its content: the stem becomes the first 20 hex digits of its digest.
            skip_cache: no copy is kept in the cache once it is sent.
            policy: ``mutable`` copies the content now, so that later changes do not matter; ``immutable``
                reads the file where it is when it is sent.
            overwrite: replaces an entry of other content.

        Returns:
            The entry.

        Raises:
            ArtifactFinalizedError: the artifact was logged or finalized. ValueError: no such file, another
            policy, a path that is absolute or leads out, an entry of other content. OSError: the file cannot
            be read, or there is no room for the copy.
        """
        path = _arguments.path("local_path", local_path)
        fields = self._handle.add_file(
            path, _entry_name(name), bool(is_tmp), bool(skip_cache), _policy(policy), bool(overwrite)
        )
        self._local_paths[path] = fields["path"]
        return ArtifactManifestEntry(fields, self)

    @_change
    def add_dir(
        self,
        local_path: str | os.PathLike,
        name: str | None = None,
        skip_cache: bool | None = False,
        policy: str | None = "mutable",
        merge: bool = False,
    ) -> None:
        """Adds every file below a folder; links are followed. Several are copied and digested at a time.

        Args:
            local_path: the folder.
            name: its path in the artifact; by default its root.
            skip_cache, policy: as of add_file().
            merge: files of other content replace entries.

        Raises:
            As add_file(); ValueError: no folder.
        """
        self._handle.add_dir(
            _arguments.path("local_path", local_path),
            _entry_name(name),
            bool(skip_cache),
            _policy(policy),
            bool(merge),
        )

    @_change
    def add_reference(
        self,
        uri: str | ArtifactManifestEntry,
        name: str | None = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> list[ArtifactManifestEntry]:
        """Adds what an address points to, without its bytes.

        Args:
            uri: ``file://`` (a file or folder), ``s3://`` and ``gs://`` (an object or prefix), ``https://`` (a
                blob or prefix of Azure, else one file), any other scheme with a name; or an entry of another
                artifact, or its ``ref_url()``. What such an entry refers to in further artifacts is looked up, so
                that this one refers to the last.
            name: the path in the artifact; by default what the address ends in.
            checksum: asks the store what is there now, so that a change makes a new version; False goes by
                the address alone and asks nobody.
            max_objects: of a folder or prefix; 10 000 000 by default.

        Returns:
            The entries.

        Raises:
            ValueError: no scheme, no such file, no such entry, a scheme that needs a name, more than max_objects.
            CommError: the store or server does not answer, or refuses.
        """
        if isinstance(uri, ArtifactManifestEntry):
            uri.ref_url()  # of a draft there is none
            source = uri.parent_artifact()._handle
            fields = self._handle.add_reference_to(source, uri.path, _entry_name(name))
            return [ArtifactManifestEntry(fields, self)]
        limit = _MAX_OBJECTS
        if max_objects is not None:
            limit = _arguments.integer("max_objects", max_objects, 0, 2**63 - 1)
        address = _arguments.text("uri", os.fspath(uri) if isinstance(uri, os.PathLike) else uri)
        entries = self._handle.add_reference(address, _entry_name(name), bool(checksum), limit)
        return [ArtifactManifestEntry(fields, self) for fields in entries]

    @contextlib.contextmanager
    def new_file(
        self, name: str, mode: str = "x", encoding: str | None = None, policy: str = "mutable"
    ) -> Iterator[IO[Any]]:
        """A file to write to, added when its ``with`` block ends.

            with artifact.new_file("notes/a.txt") as file:
                file.write("hello")

        Args:
            name: its path in the artifact.
            mode: ``x`` or ``xb`` for a new entry, ``w`` or ``wb`` to replace one.
            encoding: of text.
            policy: accepted; the file is always copied.

        Raises:
            ArtifactFinalizedError; ValueError: mode x and there is such an entry, another mode, a path that
            is absolute or leads out. If the block raises, nothing is added.
        """
        self._check_new_file(name, mode)
        folder = tempfile.mkdtemp(prefix="runstone-")
        try:
            path = os.path.join(folder, "file")
            with open(path, mode, encoding=encoding) as file:
                yield file
            self.add_file(path, name=name, overwrite="x" not in mode)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @_change
    def _check_new_file(self, name: str, mode: str) -> None:
        if not _arguments.text("name", os.fspath(name) if isinstance(name, os.PathLike) else name):
            raise ValueError("Invalid artifact path: ''; new_file() needs the path of the new entry")
        if not isinstance(mode, str) or set(mode) - set("xwbt+") or not set(mode) & set("xw"):
            raise ValueError(f"new_file() takes the modes x, xb, w and wb, not {mode!r}")
        if "x" in mode and str(name) in self.manifest.entries:
            raise ValueError(f"File with name {name!r} already exists in the artifact: mode 'w' replaces it")

    @_change
    def add(self, obj, name: str, overwrite: bool = False) -> ArtifactManifestEntry:
        """Adds a media object with its files, as the entry ``<name>.<type>.json``.

        Args:
            obj: a Table, Image, Audio, ...
            name: the path in the artifact, without what is added to it.
            overwrite: replaces an entry of other content.

        Returns:
            The entry.

        Raises:
            TypeError: no media object. ArtifactFinalizedError: the artifact was logged or finalized.
        """
        from . import _artifact_objects

        return _artifact_objects.add(self, obj, name, overwrite)

    def get(self, name: str):
        """The media object that was added under a name.

        Args:
            name: as it was given to add().

        Returns:
            The object, or None if there is none.

        Raises:
            ArtifactNotLoggedError: the artifact is a draft.
        """
        if self._handle.is_draft:
            raise not_logged(self, "get")
        from . import _artifact_objects

        return _artifact_objects.get(self, name)

    def __setitem__(self, name: str, item) -> None:
        self.add(item, name)

    def __getitem__(self, name: str):
        return self.get(name)

    @_change
    def remove(self, item: str | os.PathLike | ArtifactManifestEntry) -> None:
        """Takes out an entry, or everything below a folder.

        Args:
            item: an entry, or a path in the artifact.

        Raises:
            FileNotFoundError: there is none. ArtifactFinalizedError.
        """
        path = item.path if isinstance(item, ArtifactManifestEntry) else _arguments.path("item", item)
        self._handle.remove(path)

    def get_added_local_path_name(self, local_path: str) -> str | None:
        """Where a file is in the artifact.

        Args:
            local_path: as it was given to add_file().

        Returns:
            The path in the artifact, or None.
        """
        return self._local_paths.get(local_path)

    def finalize(self) -> None:
        """Nothing can be added or removed any more."""
        self._handle.finalize()

    # --- sending, changing -----------------------------------------------------------------------------
    def wait(self, timeout: float | None = None) -> Artifact:
        """Waits until the server has committed it; then it is a version.

        Args:
            timeout: seconds; None waits as long as it takes.

        Returns:
            Itself.

        Raises:
            ArtifactNotLoggedError: it was never logged, or offline. WaitTimeoutError. ValueError: it could not
            be sent, or the server refused it, with its words.
        """
        if self._handle.is_draft:
            if not self._handle.is_sent:
                raise not_logged(self, "wait")
            self._handle.wait(None if timeout is None else float(timeout))
            self._read_again()
        return self

    def save(self, project: str | None = None, settings=None) -> None:
        """A draft is logged; of a version, what was changed since it was read is sent: description, metadata,
        aliases, tags, ttl.

        Args:
            project: of the run that is made to log a draft, if none is active.
            settings: of that run: Settings or a dict of them.

        Raises:
            ValueError: metadata, aliases or tags that cannot be. CommError: the server refused.
        """
        if not self._handle.is_draft:
            self._send_local_changes()
            self._handle.save()
            self._read_again()
            return
        from . import _module

        run = _module.current_run()
        if run is not None:
            run.log_artifact(self)
            return
        with _module.init(project=project, job_type="auto", settings=settings) as run:
            run.log_artifact(self)
            if not run.offline:
                self.wait()

    @logged
    def new_draft(self) -> Artifact:
        """A draft with the same content; logged, it becomes the next version of the same collection."""
        return Artifact._of(self._handle.new_draft())

    def link(self, target_path: str, aliases: list[str] | None = None) -> Artifact:
        """Puts it into another collection; a draft is logged first.

        Args:
            target_path: ``[[entity/]project/]collection``; what is missing is the artifact's own.
            aliases: names that it gets there.

        Returns:
            The version there.

        Raises:
            CommError: the server refused. ValueError: a target or alias that cannot be.
        """
        if self._handle.is_draft:
            if not self._handle.is_sent:
                self.save()
            self.wait()
        target = _arguments.text("target_path", target_path)
        return Artifact._of(self._handle.link(target, _arguments.names("aliases", aliases)))

    @logged
    def unlink(self) -> None:
        """Takes a link away. ValueError: it is none."""
        self._handle.unlink()

    @logged
    def delete(self, delete_aliases: bool = False) -> None:
        """Deletes the version and its content; of a link the link alone.

        Args:
            delete_aliases: without it, a version that has aliases is not deleted: CommError.
        """
        self._handle.remove_from_server(bool(delete_aliases))

    def __repr__(self) -> str:
        return f"<Artifact {self.id or self.name}>"
