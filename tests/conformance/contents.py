"""Everything that a server holds of projects, as trees of plain values: what the suite compares.

Read over the server's own API, without any client. A picture or film is represented by its pixels and a
JSON file by its value (1 is 1.0 there, and keys have no order): wherever the digest of such a file stands,
in a path, a row or a manifest, the digest of what it shows stands instead, and so for the digests of the
tables and versions that name it. So two encoders of one picture give one tree. What a client itself says on the console is not part of a run's contents and left out.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import numpy as np
import yaml
from PIL import Image, ImageSequence

PICTURES = (".png", ".gif", ".jpg", ".jpeg", ".bmp")
_CLIENT_ID = re.compile(r"(?<=wandb-client-artifact://)[a-z0-9]{128}")  # made up by each client
_INCREMENT = re.compile(r"((?:^|/)(?:None|\d+)-)\d{13}(?=\..*\.table\.json$)")  # milliseconds in a name
_OWN_WORDS = re.compile(r"(\x1b\[[0-9;]*m)*(wandb|runstone)(\x1b\[[0-9;]*m)*:")

_MOST_FILES = 60  # of one artifact, read at once

_RUN = """query Run($project: String!, $run: String!, $entity: String!) {
  project(name: $project, entityName: $entity) { run(name: $run) {
    displayName notes group jobType tags state exitCode stopped sweepName description
    historyLineCount logLineCount config summaryMetrics historyKeys
    history(minStep: 0, maxStep: 1000000000) logLines(first: 10000) { edges { node { level label line } } }
    files(first: 10000) { edges { node { name sizeBytes md5 directUrl } } }
    inputArtifacts(first: 1000) { edges { node { id } } }
    outputArtifacts(first: 1000) { edges { node { id } } } } }
  alerts(entityName: $entity, projectName: $project, runName: $run) {
    edges { node { title text severity repeatCount } } } }"""

_ARTIFACTS = """query Artifacts($project: String!, $entity: String!, $files: Int!) {
  project(name: $project, entityName: $entity) { artifactTypes(first: 20) { edges { node { name
    artifactCollections(first: 100) { edges { node { __typename name description
      artifacts(first: 20) { edges { version node {
        id description metadata ttlDurationSeconds ttlIsInherited tags { name }
        aliases { alias artifactCollectionName } state size digest digestAlgorithm fileCount
        createdBy { __typename ... on Run { name } }
        files(first: $files) { edges { node { name directUrl } } }
        currentManifest { file { directUrl } } } } } } } } } } } } }"""


class Contents:
    """Reads projects of one server."""

    def __init__(self, server) -> None:
        self._server = server
        self._projects: dict[str, dict] = {}
        self._names: dict[str, str] = {}  # of versions, by their ids
        self._seen_as: dict[
            str, str
        ] = {}  # a digest, in each spelling that stands somewhere, to its content's
        self._encoded_sizes: set[str] = set()  # spellings of a digest beside which a size is the encoder's

    def add(self, project: str, runs: list[str]) -> Contents:
        entity = self._server.entity()
        found_runs = {}
        for run in runs:
            data = self._server.graphql(_RUN, project=project, run=run, entity=entity)
            node = data["project"]["run"]
            assert node is not None, f"{project}/{run} is not on the server"
            found_runs[run] = self._run(node, data["alerts"])
        self._projects[project] = {"runs": found_runs, "artifacts": self._artifacts(project, entity)}
        return self

    def trees(self) -> dict[str, dict]:
        """Of each project its runs and artifacts."""
        for tree in self._projects.values():
            for facts in tree["runs"].values():
                for edge in ("used", "logged"):
                    facts[edge] = sorted(self._names[i] for i in facts[edge])
        return self._by_content(self._projects)

    # --- a run -------------------------------------------------------------------------------------
    def _run(self, node: dict, alerts: dict) -> dict:
        config = json.loads(node["config"])
        keys = node["historyKeys"]
        private = config.pop("_wandb", {}).get("value", {})
        console = [edge["node"] for edge in node["logLines"]["edges"]]
        printed = [line for line in console if not _OWN_WORDS.match(line["line"])]
        return {
            **{
                name: node[name]
                for name in ("displayName", "notes", "group", "jobType", "state", "exitCode", "stopped")
            },
            **{name: node[name] for name in ("sweepName", "description", "historyLineCount")},
            "tags": sorted(node["tags"]),
            "config": config,
            "private config": private_config(private),
            "metrics": metric_definitions(private.get("m", [])),
            "summary": json.loads(node["summaryMetrics"]),
            "rows": {str(row.pop("_step")): row for row in map(json.loads, node["history"])},
            "keys": {
                name: sorted([t["type"], t["count"]] for t in about["typeCounts"])
                for name, about in keys["keys"].items()
            },
            "last step": keys["lastStep"],
            "console": printed,
            "logLineCount": node["logLineCount"] - (len(console) - len(printed)),
            "files": {name: file for name, file in self._files(node["files"]) if file},
            "alerts": sorted((edge["node"] for edge in alerts["edges"]), key=lambda a: a["title"]),
            "used": [edge["node"]["id"] for edge in node["inputArtifacts"]["edges"]],
            "logged": [edge["node"]["id"] for edge in node["outputArtifacts"]["edges"]],
        }

    def _download(self, url: str) -> bytes:
        parts = urlsplit(url)
        path = parts.path + ("?" + parts.query if parts.query else "")
        status, body = self._server.request("GET", path, None, self._server.authorization())
        assert status == 200, (status, url, body[:200])
        return body

    def _files(self, connection: dict) -> Iterator[tuple[str, dict]]:
        for edge in connection["edges"]:
            content = self._download(edge["node"]["directUrl"])
            assert len(content) == edge["node"]["sizeBytes"], edge["node"]
            yield edge["node"]["name"], self._file(edge["node"]["name"], content)

    def _file(self, name: str, content: bytes) -> dict:
        """Empty for a file that holds nothing but what the client itself said."""
        if name.endswith(PICTURES):
            return {"pixels": self._note(content, pixels_of(content))}
        if name.endswith(".json"):
            value = json.loads(content)
            if name.startswith("media/"):
                self._note(content, "json-" + hashlib.sha256(canonical(value)).hexdigest()[:16])
            return {"json": value}
        if name == "config.yaml":
            tree = yaml.safe_load(content)
            return {"yaml": {**tree, "_wandb": private_config(tree.get("_wandb", {}).get("value", {}))}}
        lines = content.decode(errors="backslashreplace").splitlines(keepends=True)
        if name == "output.log":
            lines = [line for line in lines if not _OWN_WORDS.match(line)]
        return {"text": "".join(lines)} if lines or not content else {}

    # --- artifacts ---------------------------------------------------------------------------------
    def _artifacts(self, project: str, entity: str) -> dict:
        data = self._server.graphql(_ARTIFACTS, project=project, entity=entity, files=_MOST_FILES)
        found: dict[str, dict] = {}
        for type_edge in data["project"]["artifactTypes"]["edges"] if data["project"] else []:
            kind = type_edge["node"]["name"]
            for collection_edge in type_edge["node"]["artifactCollections"]["edges"]:
                collection = collection_edge["node"]
                versions = {}
                for edge in collection["artifacts"]["edges"]:
                    node = edge["node"]
                    name = f"{collection['name']}:{edge['version']}"
                    if collection["__typename"] == "ArtifactSequence":
                        self._names[node["id"]] = name
                    versions[edge["version"]] = self._version(node)
                found[collection["name"]] = {
                    "type": kind,
                    "kind": collection["__typename"],
                    "description": collection["description"],
                    "versions": versions,
                }
        return found

    def _version(self, node: dict) -> dict:
        manifest = json.loads(self._download(node.pop("currentManifest")["file"]["directUrl"]))
        for entry in manifest["contents"].values():
            entry.pop("birthArtifactID", None)  # an id of the server's
        files = node.pop("files")["edges"]
        assert len(files) < _MOST_FILES, f"a scenario's artifact has too many files: {node}"
        self._note_files(files)
        digests = {name: entry["digest"] for name, entry in manifest["contents"].items()}
        shown = self._by_content(digests)
        if shown != digests:  # what encoders and clocks made of it is in the version's digest, too
            self._seen_as[node["digest"]] = "manifest-" + hashlib.sha256(canonical(shown)).hexdigest()[:16]
            node["size"] = "the encoder's"
        del node["id"]
        return {
            **node,
            "metadata": json.loads(node["metadata"]) if node["metadata"] else None,
            "tags": sorted(tag["name"] for tag in node["tags"]),
            "aliases": sorted(
                f"{alias['artifactCollectionName']}:{alias['alias']}" for alias in node["aliases"]
            ),
            "manifest": manifest,
        }

    def _note_files(self, edges: list[dict]) -> None:
        """Of the files of a version those that encoders make, then the objects that name them."""
        contents = {edge["node"]["name"]: edge["node"]["directUrl"] for edge in edges}
        for name, url in contents.items():
            if name.endswith(PICTURES):
                content = self._download(url)
                self._note(content, pixels_of(content))
            elif name.endswith(".npz"):
                content = self._download(url)
                self._note(content, arrays_of(content))
        for name, url in contents.items():
            if name.endswith(".json"):
                content = self._download(url)
                value = json.loads(content)
                shown = self._by_content(value)
                if shown != value:
                    self._note(content, "json-" + hashlib.sha256(canonical(shown)).hexdigest()[:16])

    # --- what files show ---------------------------------------------------------------------------
    def _note(self, content: bytes, shown: str) -> str:
        """From now on `shown` stands for the digests of a file of this content, in all their spellings."""
        sha, md5 = hashlib.sha256(content).hexdigest(), hashlib.md5(content)
        base = base64.b64encode(md5.digest()).decode()
        for spelling in (sha, sha[:20], base, md5.hexdigest(), md5.hexdigest()[:20]):
            self._seen_as[spelling] = shown
        self._encoded_sizes |= {sha, base}
        return shown

    def _by_content(self, tree):
        # Longest first: a whole digest begins with its own short form.
        spellings = sorted(self._seen_as, key=len, reverse=True)
        pattern = re.compile("|".join(map(re.escape, spellings)) or "(?!)")

        def text(value: str) -> str:
            timeless = _INCREMENT.sub(r"\1(ms)", _CLIENT_ID.sub("(id)", value))
            return pattern.sub(lambda found: self._seen_as[found[0]], timeless)

        def walk(value):
            if isinstance(value, dict):
                encoded = (
                    value.get("sha256") in self._encoded_sizes or value.get("digest") in self._encoded_sizes
                )
                return {
                    text(key): "the encoder's" if encoded and key == "size" else walk(item)
                    for key, item in value.items()
                }
            if isinstance(value, list):
                return [walk(item) for item in value]
            return text(value) if isinstance(value, str) else value

        return walk(tree)


def pixels_of(content: bytes) -> str:
    """The digest of what a picture or film shows."""
    seen = hashlib.sha256()
    with Image.open(io.BytesIO(content)) as picture:
        for frame in ImageSequence.Iterator(picture):
            array = np.asarray(frame.convert("RGBA"))
            seen.update(repr(array.shape).encode())
            seen.update(array.tobytes())
    return "pixels-" + seen.hexdigest()[:16]


def arrays_of(content: bytes) -> str:
    """The digest of the arrays in an archive of numpy's."""
    seen = hashlib.sha256()
    with np.load(io.BytesIO(content)) as archive:
        for name in sorted(archive.files):
            array = archive[name]
            seen.update(repr((name, array.shape, array.dtype.str)).encode())
            seen.update(array.tobytes())
    return "arrays-" + seen.hexdigest()[:16]


def canonical(value: object) -> bytes:
    """One text for values that are equal as JSON."""

    def floats(item):
        if isinstance(item, dict):
            return {key: floats(inner) for key, inner in item.items()}
        if isinstance(item, list):
            return [floats(inner) for inner in item]
        exact = isinstance(item, int) and not isinstance(item, bool) and abs(item) <= 2**53
        return float(item) if exact else item

    return json.dumps(floats(value), sort_keys=True).encode()


def private_config(private: dict) -> dict:
    """Without the metric definitions, which are read by name; the environment records, which have writers'
    ids as keys, as a list."""
    rest = {key: value for key, value in private.items() if key != "m"}
    return {**rest, "e": list(rest["e"].values())} if "e" in rest else rest


def metric_definitions(listed: list[dict]) -> dict[str, dict]:
    """By name; a step metric is an index into the list, here its name."""
    names = [m.get("1") or m.get("2") for m in listed]
    return {
        name: {
            "glob": "2" in m,
            "step_metric": names[m["5"] - 1] if m.get("5") else m.get("4"),
            "options": sorted(m.get("6") or []),
            "summary": sorted(m.get("7") or []),
            "goal": m.get("8"),
        }
        for name, m in zip(names, listed, strict=True)
    }
