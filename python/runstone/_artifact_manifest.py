"""What an artifact holds: its entries, and the manifest that lists them."""

from __future__ import annotations

import json
import os

from .errors import ArtifactNotLoggedError


class ArtifactManifestEntry:
    """One file or reference of an artifact. Read-only.

    Attributes:
        path: where it is in the artifact; relative, with ``/``.
        digest: base64 MD5 of the content (or XXH128, then ``extra["alg"]`` says so); of a reference what its
            store says, an ETag or the address.
        ref: the address of a reference, else None.
        size: bytes.
        extra: further facts of a reference, such as ``etag`` and ``versionID``.
        birth_artifact_id: the version that brought the content; None before it is logged.
        local_path: where the content of a draft waits, else None.
        skip_cache: the copy is not kept once it is sent.
    """

    __slots__ = (
        "_artifact",
        "birth_artifact_id",
        "digest",
        "extra",
        "local_path",
        "path",
        "ref",
        "size",
        "skip_cache",
    )

    def __init__(self, fields: dict, artifact=None) -> None:
        for name, value in fields.items():
            setattr(self, name, value)
        self._artifact = artifact

    @property
    def name(self) -> str:
        """The path; deprecated."""
        return self.path

    def parent_artifact(self):
        """The artifact that it belongs to."""
        return self._artifact

    def download(
        self, root: str | os.PathLike | None = None, skip_cache: bool | None = None, executor: object = None
    ) -> str:
        """Brings this entry to its path below a folder, checked by its digest.

        Args:
            root: the folder; by default that of the artifact's download().
            skip_cache: does not leave a copy in the cache.
            executor: accepted without effect.

        Returns:
            The file's path.

        Raises:
            ArtifactNotLoggedError: the artifact is a draft. ValueError: the content has another digest.
            CommError: the server, or what the entry refers to, does not answer or has it no more.
        """
        return self._artifact._download_entry(self.path, root, skip_cache)

    def ref_target(self) -> str:
        """The address that a reference points to. Of a reference to another artifact's entry: what that one
        points to, and so on to the last; of a file in an artifact its address there.

        Raises:
            ValueError: it is a file, no reference. CommError: the artifact that it refers to is gone.
        """
        if self.ref is None:
            raise ValueError(f"only references have a ref_target(), and {self.path!r} is a file")
        return self._artifact._ref_target(self) if self._artifact is not None else self.ref

    def ref_url(self) -> str:
        """An address of this entry by which another artifact can refer to it (``add_reference``).

        Raises:
            ArtifactNotLoggedError: the artifact is a draft.
        """
        return self._artifact._ref_url(self.path)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ArtifactManifestEntry):
            return NotImplemented
        return (self.path, self.digest, self.ref, self.size) == (
            other.path,
            other.digest,
            other.ref,
            other.size,
        )

    __hash__ = None

    def __repr__(self) -> str:
        fields = ("path", "digest", "ref", "size", "extra", "local_path")
        shown = ", ".join(f"{name}={value!r}" for name in fields if (value := getattr(self, name)))
        return f"ArtifactManifestEntry({shown})"


class ArtifactManifest:
    """The list of an artifact's entries, as it was when ``artifact.manifest`` was read."""

    def __init__(self, artifact) -> None:
        self._artifact = artifact
        self.entries: dict[str, ArtifactManifestEntry] = {
            fields["path"]: ArtifactManifestEntry(fields, artifact) for fields in artifact._handle.entries()
        }

    def __len__(self) -> int:
        return len(self.entries)

    def to_manifest_json(self) -> dict:
        """The manifest as it is sent: version, storage policy, contents."""
        return json.loads(self._artifact._handle.manifest_json())

    def digest(self) -> str:
        """Hex; of the entries' paths and digests."""
        return self._artifact.digest

    def size(self) -> int:
        """Bytes of all entries."""
        return sum(entry.size or 0 for entry in self.entries.values())

    def get_entry_by_path(self, path: str) -> ArtifactManifestEntry | None:
        """The entry at a path, or None."""
        return self.entries.get(path)

    def get_entries_in_directory(self, directory: str) -> list[ArtifactManifestEntry]:
        """Every entry below a folder of the artifact."""
        front = directory.rstrip("/") + "/"
        return [entry for path, entry in self.entries.items() if path.startswith(front)]

    def __repr__(self) -> str:
        return f"ArtifactManifest({len(self)} entries)"


class ArtifactFile:
    """A file of a version on a server, as ``Artifact.files()`` lists it."""

    def __init__(self, entry: ArtifactManifestEntry) -> None:
        self._entry = entry

    @property
    def name(self) -> str:
        """Its path in the artifact."""
        return self._entry.path

    @property
    def size(self) -> int:
        """Bytes."""
        return self._entry.size

    @property
    def digest(self) -> str:
        """Base64 MD5 of the content."""
        return self._entry.digest

    md5 = digest

    @property
    def url(self) -> str:
        """The address of a reference; of a file one by which artifacts refer to it."""
        return self._entry.ref or self._entry.ref_url()

    def download(self, root: str | os.PathLike = ".", replace: bool = False, exist_ok: bool = False):
        """Downloads it to its path below root, and gives it opened for reading.

        Raises:
            ValueError: it is there already, and neither replace nor exist_ok is set.
        """
        path = os.path.join(os.fspath(root), self.name)
        if os.path.exists(path) and not replace:
            if exist_ok:
                return open(path)
            raise ValueError(f"{path} exists: pass replace=True to overwrite it, or exist_ok=True to keep it")
        return open(self._entry.download(root))

    def __repr__(self) -> str:
        return f"<ArtifactFile {self.name} ({self.size} bytes)>"


class ArtifactFiles:
    """The files of a version, by name."""

    def __init__(self, artifact, names: list[str] | None) -> None:
        entries = ArtifactManifest(artifact).entries
        if names is not None:
            entries = {name: entries[name] for name in names if name in entries}
        self._files = [ArtifactFile(entry) for entry in entries.values()]

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index):
        return self._files[index]

    def __iter__(self):
        return iter(self._files)

    def __repr__(self) -> str:
        return f"<ArtifactFiles ({len(self)})>"


class ArtifactCollection:
    """The versions under one name in a project: what ``Artifact.collection`` names."""

    def __init__(self, entity: str, project: str, name: str, type: str) -> None:
        self.entity, self.project, self.name, self.type = entity, project, name, type

    def __repr__(self) -> str:
        return f"<ArtifactCollection {self.entity}/{self.project}/{self.name} ({self.type})>"


def not_logged(artifact, member: str) -> ArtifactNotLoggedError:
    return ArtifactNotLoggedError(
        f"'Artifact.{member}' used prior to logging artifact or while in offline mode. "
        "Call wait() before accessing logged artifact properties.",
        name=member,
        obj=artifact,
    )
