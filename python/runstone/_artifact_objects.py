"""Media objects in artifacts: ``Artifact.add(obj, name)`` and ``Artifact.get(name)``."""

from __future__ import annotations


def add(artifact, obj, name: str, overwrite: bool):
    """Writes the object's JSON and files into the artifact. TypeError for what is no media object."""
    raise NotImplementedError("adding media objects to artifacts is not available yet: add their files")


def get(artifact, name: str):
    """The object that was added under this name, or None."""
    raise NotImplementedError(
        "reading media objects from artifacts is not available yet: download() their files"
    )
