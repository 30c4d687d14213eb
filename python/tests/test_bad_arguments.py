"""Every public function of media, tables, charts, artifacts and files, each argument given things of odd types:
whatever is refused is refused in words that say which argument, and the run is unharmed."""

from __future__ import annotations

import io

import numpy as np
import runstone
from support.odd_arguments import unclear_refusals

BLACK = np.zeros((4, 6, 3), np.uint8)


def table():
    return runstone.Table(columns=["a", "b"], data=[[1, "x"]])


def artifact():
    return runstone.Artifact("a", "t")


def calls(run):
    """Name: what is called, with arguments that are right."""
    mesh, scores = io.StringIO("v 0 0 0\n"), [[0.1, 0.9], [0.8, 0.2]]
    yield (
        "Image",
        runstone.Image,
        {
            "data_or_path": BLACK,
            **dict.fromkeys(["mode", "caption", "grouping", "classes", "boxes", "masks", "file_type"]),
        },
    )
    frames = np.zeros((2, 3, 4, 6), np.uint8)
    yield "Video", runstone.Video, {"data_or_path": frames, "caption": None, "fps": 4, "format": "gif"}
    yield "Audio", runstone.Audio, {"data_or_path": [0.0], "sample_rate": 8000, "caption": None}
    yield "Histogram", runstone.Histogram, {"sequence": [1, 2], "np_histogram": None, "num_bins": 4}
    yield "Html", runstone.Html, {"data": "<p>", "inject": True, "data_is_not_path": False}
    yield "Object3D", runstone.Object3D, {"data_or_path": np.zeros((1, 3)), "caption": None}
    yield "Object3D of a file", runstone.Object3D, {"data_or_path": mesh, "file_type": "obj"}
    yield "Object3D.from_numpy", runstone.Object3D.from_numpy, {"data": np.zeros((1, 3))}
    scene = {"points": [[1, 2, 3]], "boxes": [], "vectors": None, "point_cloud_type": "lidar/beta"}
    yield "Object3D.from_point_cloud", runstone.Object3D.from_point_cloud, scene
    yield "Molecule", runstone.Molecule, {"data_or_path": mesh, "file_type": "pdb", "caption": None}
    yield "Plotly", runstone.Plotly, {"val": None}
    yield "Classes", runstone.Classes, {"class_set": [{"id": 0, "name": "a"}]}

    options = {"columns": ["a"], "data": [[1]], "dtype": None, "optional": True}
    options |= {"allow_mixed_types": False, "log_mode": "IMMUTABLE", "rows": None, "dataframe": None}
    yield "Table", runstone.Table, options
    new = {"name": "c", "data": [1], "optional": False}
    yield "Table.add_column", lambda **k: table().add_column(**k), new
    yield "Table.add_data", lambda cell: table().add_data(cell, "x"), {"cell": 1}
    yield "Table.get_column", lambda **k: table().get_column(**k), {"name": "a", "convert_to": None}
    yield "Table.cast", lambda **k: table().cast(**k), {"col_name": "a", "dtype": int, "optional": False}
    yield "Table.set_pk", lambda **k: table().set_pk(**k), {"col_name": "b"}
    foreign = {"col_name": "b", "table": table(), "table_col": "b"}
    yield "Table.set_fk", lambda **k: table().set_fk(**k), foreign
    joined = {"table1": table(), "table2": table(), "join_key": "a"}
    yield "JoinedTable", runstone.JoinedTable, joined

    plot = runstone.plot
    look = {"title": "", "split_table": False}
    yield "line", plot.line, {"table": table(), "x": "a", "y": "b", "stroke": None, **look}
    yield "scatter", plot.scatter, {"table": table(), "x": "a", "y": "b", **look}
    yield "bar", plot.bar, {"table": table(), "label": "a", "value": "b", **look}
    yield "histogram", plot.histogram, {"table": table(), "value": "a", **look}
    yield "line_series", plot.line_series, {"xs": [1], "ys": [[1]], "keys": ["a"], "xname": "x", **look}
    curve = {"y_true": [0, 1], "y_probas": scores, "labels": ["a", "b"], "classes_to_plot": None, **look}
    yield "pr_curve", plot.pr_curve, {**curve, "interp_size": 5}
    yield "roc_curve", plot.roc_curve, curve
    matrix = {"y_true": [0, 1], "preds": [0, 1], "class_names": ["a", "b"], **look}
    yield "confusion_matrix", plot.confusion_matrix, matrix
    own = {"vega_spec_name": "a", "data_table": table(), "fields": {}, "string_fields": None}
    yield "plot_table", runstone.plot_table, {**own, "split_table": False}
    yield "visualize", runstone.visualize, {"id": "a", "value": table()}

    draft = {"name": "a", "type": "t", "description": None, "metadata": None, "incremental": False}
    draft |= {"storage_region": None, "digest_algorithm": "MD5"}
    yield "Artifact", runstone.Artifact, draft
    file = {"local_path": "f.txt", "name": None, "is_tmp": False, "policy": "mutable", "overwrite": False}
    yield "Artifact.add_file", lambda **k: artifact().add_file(**k), file
    folder = {"local_path": "folder", "name": None, "policy": "mutable", "merge": False}
    yield "Artifact.add_dir", lambda **k: artifact().add_dir(**k), folder
    address = {"uri": "odd://x", "name": "n", "checksum": True, "max_objects": None}
    yield "Artifact.add_reference", lambda **k: artifact().add_reference(**k), address
    made = {"name": "n", "mode": "x", "encoding": None}
    yield "Artifact.new_file", lambda **k: artifact().new_file(**k).__enter__(), made
    added = {"obj": table(), "name": "n", "overwrite": False}
    yield "Artifact.add", lambda **k: artifact().add(**k), added
    yield "Artifact.remove", lambda **k: artifact().remove(**k), {"item": "n"}
    for name in ("description", "metadata", "distributed_id", "ttl"):
        yield f"Artifact.{name}", lambda value, name=name: setattr(artifact(), name, value), {"value": None}

    logged = {"artifact_or_path": "f.txt", "name": None, "type": None, "aliases": None}
    yield "log_artifact", run.log_artifact, {**logged, "tags": None}
    yield "upsert_artifact", run.upsert_artifact, {**logged, "distributed_id": "x"}
    yield "log_model", run.log_model, {"path": "f.txt", "name": None, "aliases": None}
    code = {"root": "folder", "name": None, "include_fn": None, "exclude_fn": None}
    yield "log_code", run.log_code, code
    yield "save", run.save, {"glob_str": "f.txt", "base_path": None, "policy": "live", "glob": True}
    found = {"name": "x", "run_path": None, "replace": False, "root": None}
    yield "restore", run.restore, found
    yield "log", lambda value: run.log({"k": value}), {"value": 1}


def test_what_is_refused_is_refused_in_words_for_the_caller(offline, tmp_path):
    (tmp_path / "f.txt").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x.py").write_text("x")
    run = offline()
    unclear, refused = unclear_refusals(calls(run), state=lambda: run.step)
    assert refused > 500, refused
    assert unclear == [], "\n".join(unclear)
    run.log({"loss": 1})
    assert run.summary["loss"] == 1
