"""Media objects as entries of artifacts."""

from __future__ import annotations

import json

import numpy as np
import pytest
import runstone


@pytest.fixture
def draft():
    return runstone.Artifact("ds", "dataset")


def stored(artifact, path: str) -> dict:
    with open(artifact.manifest.entries[path].local_path, encoding="utf-8") as file:
        return json.load(file)


def test_each_class_has_an_entry_of_its_type(draft, tmp_path):
    (tmp_path / "m.pdb").write_text("ATOM\n")
    objects = {
        "t.table.json": runstone.Table(columns=["x"], data=[[1]]),
        "i.image-file.json": runstone.Image(np.zeros((2, 3, 3), np.uint8), caption="c"),
        "a.audio-file.json": runstone.Audio(np.zeros(8), 8000),
        "v.video-file.json": runstone.Video(np.zeros((2, 3, 8, 6), np.uint8), format="gif"),
        "h.html-file.json": runstone.Html("<b>x</b>", inject=False),
        "o.object3D-file.json": runstone.Object3D(np.zeros((2, 3))),
        "m.molecule-file.json": runstone.Molecule(tmp_path / "m.pdb"),
        "c.classes.json": runstone.Classes([{"id": 0, "name": "a"}]),
    }
    for path, thing in objects.items():
        assert draft.add(thing, path[0]).path == path
    for path in objects:
        value = stored(draft, path)
        assert value["_type"] == path.split(".")[1]
        if "path" in value:
            assert value["path"] in draft.manifest.entries
    assert stored(draft, "h.html-file.json")["path"] == "media/html/191d0845e70bcc5f5e6a.html"
    assert stored(draft, "m.molecule-file.json")["path"].endswith("/m.pdb")


def test_an_object_keeps_its_entry_and_a_name_its_object(draft):
    table = runstone.Table(columns=["x"], data=[[1]])
    draft["t"] = table
    assert draft.add(table, "again").path == "t.table.json"
    other = runstone.Table(columns=["x"], data=[[2]])
    draft.add(other, "t")
    assert stored(draft, "t.table.json")["data"] == [[1]]
    draft.add(other, "t", overwrite=True)
    assert stored(draft, "t.table.json")["data"] == [[2]]


def test_a_joined_table_names_its_tables(draft):
    draft.add(runstone.Table(columns=["k"], data=[[1]]), "a")
    joined = runstone.JoinedTable("a.table.json", runstone.Table(columns=["k"], data=[[1]]), "k")
    draft.add(joined, "j")
    value = stored(draft, "j.joined-table.json")
    assert value["table1"] == "a.table.json" and value["table2"] in draft.manifest.entries
    with pytest.raises(ValueError, match="no table"):
        draft.add(runstone.JoinedTable("none.table.json", "a.table.json", "k"), "other")


def test_an_address_is_a_reference(draft):
    draft.add(runstone.Image("s3://bucket/a.png"), "i")
    path = stored(draft, "i.image-file.json")["path"]
    assert draft.manifest.entries[path].ref == "s3://bucket/a.png"


@pytest.mark.parametrize(
    "thing", [runstone.Histogram([1, 2]), 3, None, "text"], ids=lambda one: type(one).__name__
)
def test_what_is_no_object_of_an_artifact_is_refused(draft, thing):
    with pytest.raises(TypeError, match="expected a Table"):
        draft.add(thing, "x")
    assert len(draft.manifest.entries) == 0


def test_a_final_artifact_takes_nothing(draft):
    draft.finalize()
    with pytest.raises(AttributeError):
        draft.add(runstone.Table(columns=["x"]), "t")
