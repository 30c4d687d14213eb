"""Table, Classes and JoinedTable: every form of data, types, keys, log modes, and what is refused."""

from __future__ import annotations

import datetime
import decimal
import enum
import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
import runstone
from support import journal

STOCK_EMPTY = {"wb_type": "union", "params": {"allowed_types": [{"wb_type": "none"}, {"wb_type": "unknown"}]}}


@pytest.fixture
def run(offline):
    return offline()


def table(*rows, columns=None, **options) -> runstone.Table:
    return runstone.Table(columns=columns or list("abcdefgh"[: len(rows[0])]), data=list(rows), **options)


def logged(run, value, key="t") -> dict:
    run.log({key: value})
    return run.summary[key]


def stored_file(run, value: dict) -> str:
    text = Path(run.dir, value["path"]).read_text(encoding="utf-8")
    assert hashlib.sha256(text.encode()).hexdigest() == value["sha256"]
    assert len(text.encode()) == value["size"]
    return text


def artifacts(run) -> list:
    run.finish()
    log = next(Path(run.sync_dir).glob("run-*.wandb"))
    return [record.artifact for record in journal.records(log) if record.HasField("artifact")]


def entries(artifact) -> dict[str, bytes]:
    return {entry.path: Path(entry.local_path).read_bytes() for entry in artifact.manifest.contents}


def stored_table(run, value, key="t") -> dict:
    """What the artifact holds of a table that is logged now."""
    logged(run, value, key)
    artifact = artifacts(run)[-1]
    return json.loads(entries(artifact)[f"{key}.table.json"])


def test_DF8_the_vector_of_a_table_and_its_artifact(run):
    run.log({"line_table": table([1, 2], [3, 4], columns=["x", "y"])}, step=5, commit=True)
    value = run.summary["line_table"]
    assert value["path"] == "media/table/line_table_5_4258fa77b12ff507cdfa.table.json"
    assert value["sha256"] == "4258fa77b12ff507cdfaab51285e5a3ad1385934bc30bb54cf934e09ec33b346"
    assert stored_file(run, value) == '{"columns":["x","y"],"data":[[1,2],[3,4]]}'
    assert (value["_type"], value["ncols"], value["nrows"], value["log_mode"], value["size"]) == (
        "table-file",
        2,
        2,
        "IMMUTABLE",
        42,
    )
    artifact = artifacts(run)[0]
    assert (artifact.name, artifact.type) == (f"run-{run.id}-line_table", "run_table")
    assert value["artifact_path"] == f"wandb-client-artifact://{artifact.client_id}/line_table.table.json"
    assert value["_latest_artifact_path"] == (
        f"wandb-client-artifact://{artifact.sequence_client_id}:latest/line_table.table.json"
    )
    assert len(artifact.client_id) == len(artifact.sequence_client_id) == 128


def test_DF8_the_sanitised_name_of_an_artifact(offline):
    run = offline(id="74rgjs94")
    run.log({"t b/é": table([1])})
    artifact = artifacts(run)[0]
    assert artifact.name == "run-74rgjs94-tb-igFmpQ"
    assert list(entries(artifact)) == ["t b/é.table.json"]


def test_ME1_cells_of_every_kind_have_their_forms_in_file_and_artifact(run):
    moment = datetime.datetime(2020, 1, 2, 3, 4, 5, 678901)
    zone = datetime.timezone(datetime.timedelta(hours=2))
    cells = {
        "int": 1,
        "float": 2.5,
        "text": 'a"é',
        "bool": True,
        "none": None,
        "nan": math.nan,
        "inf": -math.inf,
        "big": 2**70,
        "list": [1, 2, None],
        "tuple": ("x", "y"),
        "dict": {"b": 1, "a": [2.0]},
        "moment": moment,
        "zoned": moment.replace(tzinfo=zone),
        "day": moment.date(),
        "before": datetime.datetime(1969, 12, 31, 23, 59, 59, 500000),
        "moment64": np.datetime64("2020-01-02T03:04:05"),
        "nat": np.datetime64("NaT"),
        "float32": np.float32(0.1),
        "int64": np.int64(7),
        "bool_": np.bool_(False),
        "zero_axes": np.array(3),
        "line": np.arange(3.0),
        "square": np.arange(4, dtype=np.int32).reshape(2, 2),
        "decimal": decimal.Decimal("1.5"),
    }
    expected_file = {
        **{name: cells[name] for name in ("int", "float", "text", "bool", "none", "nan", "inf")},
        "big": float(2**70),
        "list": [1, 2, None],
        "tuple": ["x", "y"],
        "dict": {"b": 1, "a": [2.0]},
        "moment": "2020-01-02T03:04:05.678901",
        "zoned": "2020-01-02T03:04:05.678901+02:00",
        "day": "2020-01-02",
        "before": "1969-12-31T23:59:59.500000",
        "moment64": "2020-01-02T03:04:05",
        "nat": None,
        "float32": float(np.float32(0.1)),
        "int64": 7,
        "bool_": False,
        "zero_axes": 3,
        "line": [0.0, 1.0, 2.0],
        "square": [[0, 1], [2, 3]],
        "decimal": 1.5,
    }
    names = list(cells)
    value = logged(run, runstone.Table(columns=names, data=[list(cells.values())]))
    found = dict(
        zip(
            names,
            json.loads(stored_file(run, value))["data"]
            if False
            else json.loads(stored_file(run, value))["data"][0],
        )
    )
    assert math.isnan(found.pop("nan")) and math.isnan(expected_file.pop("nan"))
    assert found == expected_file
    artifact = artifacts(run)[0]
    files = entries(artifact)
    stored = json.loads(files["t.table.json"])
    row = dict(zip(names, stored["data"][0]))
    assert row["nan"] is None and row["square"] is None and row["line"] == [0.0, 1.0, 2.0]
    assert row["moment"] == 1577934245678 and row["zoned"] == 1577927045678
    assert row["day"] == 1577923200000 and row["moment64"] == 1577934245000 and row["before"] == -500
    types = stored["column_types"]["params"]["type_map"]
    assert types["line"] == {
        "wb_type": "list",
        "params": {"element_type": {"wb_type": "number"}, "length": 3},
    }
    square = next(t for t in types["square"]["params"]["allowed_types"] if t["wb_type"] == "ndarray")
    assert square["params"]["shape"] == [2, 2]
    place = square["params"]["serialization_path"]
    npz = next(Path(e.local_path) for e in artifact.manifest.contents if e.path == place["path"])
    with np.load(npz) as arrays:
        assert arrays[place["key"]].dtype == np.int32
        np.testing.assert_array_equal(arrays[place["key"]], np.arange(4).reshape(1, 2, 2))
    assert types["nan"] == types["none"] == STOCK_EMPTY


def test_arrays_of_several_types_with_a_gap_are_stored_as_doubles(run):
    rows = [[np.ones((2, 2), np.float32)], [None], [np.zeros((2, 2), np.int64)]]
    logged(run, table(*rows))
    files = entries(artifacts(run)[0])
    path = next(path for path in files if path.endswith(".npz"))
    assert path.startswith("media/serialized_data/")
    assert path.split("/")[-1][:20] == hashlib.md5(files[path]).hexdigest()[:20]
    import io

    arrays = np.load(io.BytesIO(files[path]))["a"]
    assert arrays.dtype == np.float64 and arrays.shape == (3, 2, 2)
    assert arrays[0].sum() == 4 and np.isnan(arrays[1]).all() and arrays[2].sum() == 0


def test_ME1_media_in_cells_have_their_files_in_the_artifact(run):
    image = runstone.Image(
        np.zeros((2, 3, 3), np.uint8),
        caption="c",
        boxes={
            "p": {
                "box_data": [
                    {"position": {"minX": 0.1, "maxX": 0.2, "minY": 0.1, "maxY": 0.2}, "class_id": 0}
                ],
                "class_labels": {0: "road"},
            }
        },
        masks={"m": {"mask_data": np.zeros((2, 3), np.int64), "class_labels": {0: "road"}}},
    )
    row = [image, runstone.Html("<b>x</b>", inject=False), runstone.Audio(np.zeros(8), 8000), [image]]
    value = logged(run, table(row))
    assert json.loads(stored_file(run, value))["data"] == [["Image", "Html", "Audio", ["Image"]]]
    files = entries(artifacts(run)[0])
    stored = json.loads(files["t.table.json"])
    picture, page, sound, listed = stored["data"][0]
    assert listed == [picture]
    assert picture["caption"] == "c" and (picture["width"], picture["height"]) == (3, 2)
    assert hashlib.sha256(files[picture["path"]]).hexdigest() == picture["sha256"]
    assert picture["boxes"]["p"][0]["class_id"] == 0
    assert picture["masks"]["m"]["path"] in files and picture["masks"]["m"]["path"].endswith(".mask.png")
    assert json.loads(files[picture["classes"]["path"]]) == {
        "_type": "classes",
        "class_set": [{"id": 0, "name": "road"}],
    }
    assert page["path"] == "media/html/191d0845e70bcc5f5e6a.html" and files[page["path"]] == b"<b>x</b>"
    assert sound["_type"] == "audio-file" and files[sound["path"]][:4] == b"RIFF"
    image_type = stored["column_types"]["params"]["type_map"]["a"]["params"]["allowed_types"][0]
    assert image_type["wb_type"] == "image-file"
    assert image_type["params"]["box_layers"]["params"]["val"] == {"p": [0]}


class Color(enum.Enum):
    RED = "r"


@pytest.mark.parametrize(
    "rows, types",
    [
        ([[1], [2.5], [None]], "number"),
        ([["x"], [None]], "string"),
        ([[True]], "boolean"),
        ([[[1, 2]], [[3]]], "list"),
        ([[{"a": 1}]], "typedDict"),
        ([[Color.RED]], "pythonObject"),
        ([[{1, 2}]], "list"),
    ],
)
def test_a_column_learns_its_type(rows, types):
    made = table(*rows)
    assert types in json.dumps(made._core_media.column_type("a")[0])


def wrong_inputs():
    t = runstone.Table
    yield "columns as a tuple", lambda: t(columns=("a",)), AssertionError, "list"
    yield "a column of float", lambda: t(columns=[1.5]), AssertionError, "strings or ints"
    yield "two equal columns", lambda: t(columns=["a", "a"]), AssertionError, "two columns"
    yield "data as a str", lambda: t(columns=["a"], data="abc"), AssertionError, "list"
    yield "a log mode", lambda: t(columns=["a"], log_mode="ONCE"), AssertionError, "INCREMENTAL"
    yield "no log mode", lambda: t(columns=["a"], log_mode=None), AssertionError, "log_mode"
    yield "a short row", lambda: table([1, 2], [1]), ValueError, "expects 2 columns"
    yield "a long row", lambda: table([1], [1, 2]), ValueError, "found 2"
    yield "text among numbers", lambda: table([1], ["x"]), TypeError, "incompatible types"
    yield "a bool among numbers", lambda: table([1], [True]), TypeError, "incompatible types"
    yield "None where it must not be", lambda: table([None], optional=False), TypeError, "incompatible types"
    yield "a value against dtype", lambda: table(["x"], dtype=int), TypeError, "Number"
    yield "too many dtypes", lambda: table([1], dtype=[int, str]), AssertionError, "one each"
    yield "too few dtypes", lambda: table([1, 2], dtype=[int]), AssertionError, "one each"
    yield "too few optionals", lambda: table([1, 2], optional=[True]), AssertionError, "one each"
    yield "a value as a dtype", lambda: table([1], dtype=object()), TypeError, "Python type"
    yield "a class as dtype", lambda: table([1], dtype=[slice]), TypeError, "slice"
    yield "a frame that is none", lambda: t(dataframe=[1]), AssertionError, "DataFrame"
    yield "arrays of two shapes", lambda: table([np.zeros((2, 2))], [np.zeros((3, 2))]), TypeError, "shape"
    yield "a column of another length", lambda: table([1]).add_column("b", [1, 2]), AssertionError, "length 1"
    yield "a column that is there", lambda: table([1]).add_column("a", [1]), AssertionError, "new column"
    yield "a column of a str", lambda: table([1]).add_column("b", "x"), AssertionError, "list"
    yield "a mixed column", lambda: table([1], [2]).add_column("b", [1, "x"]), TypeError, "cast"
    yield "a column with None", lambda: table([1]).add_column("b", [None]), TypeError, "cast"
    yield "no such column", lambda: table([1]).get_column("z"), AssertionError, "no column"
    yield (
        "another conversion",
        lambda: table([1]).get_column("a", convert_to="torch"),
        AssertionError,
        "numpy",
    )
    yield "a cast", lambda: table([1]).cast("a", str), TypeError, "cannot be cast"
    yield "a cast of no column", lambda: table([1]).cast("z", str), AssertionError, "no column"
    yield (
        "a computed list",
        lambda: table([1]).add_computed_columns(lambda i, row: [1]),
        AssertionError,
        "dict",
    )
    yield (
        "a join key",
        lambda: runstone.JoinedTable("a.table.json", "b.table.json", 3),
        ValueError,
        "join_key",
    )
    yield "a joined list", lambda: runstone.JoinedTable([1], "b.table.json", "k"), ValueError, "table1"
    yield "classes of names", lambda: runstone.Classes([{"name": "a"}]), AssertionError, "id"


@pytest.mark.parametrize("make, kind, words", [pytest.param(*row[1:], id=row[0]) for row in wrong_inputs()])
def test_ME2_wrong_input_is_refused(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


def test_a_refused_row_or_column_changes_nothing():
    made = table([1, "x"])
    for wrong in (lambda: made.add_data("y", "z"), lambda: made.add_column("c", [object(), 1])):
        with pytest.raises((TypeError, AssertionError)):
            wrong()
    assert made.data == [[1, "x"]] and made.columns == ["a", "b"]
    made.add_data(2, None)
    assert made.get_column("b") == ["x", None]


def test_mixed_types_are_taken_if_allowed(run):
    stored = stored_table(run, table([1], ["x"], [None], [[1, "y"]], allow_mixed_types=True))
    assert stored["data"] == [[1], ["x"], [None], [[1, "y"]]]
    assert [
        t["wb_type"] for t in stored["column_types"]["params"]["type_map"]["a"]["params"]["allowed_types"]
    ] == [
        "any",
        "none",
    ]


def test_the_default_columns_and_integers_as_columns(run):
    assert runstone.Table().columns == ["Input", "Output", "Expected"] and runstone.Table().data == []
    made = runstone.Table(columns=[0, 1], rows=[[1, 2]])
    assert stored_file(run, logged(run, made)) == '{"columns":[0,1],"data":[[1,2]]}'
    assert made.get_column(1) == [2]


def test_data_as_array_frame_and_rows():
    pandas = pytest.importorskip("pandas")
    wanted = table([0, 1], [2, 3])
    assert runstone.Table(columns=["a", "b"], data=np.arange(4).reshape(2, 2)) == wanted
    assert runstone.Table(columns=["a", "b"], data=np.arange(4, dtype=np.float32).reshape(2, 2)) == wanted
    frame = pandas.DataFrame({"a": [0, 2], "b": [1, 3]})
    assert runstone.Table(dataframe=frame) == wanted == runstone.Table(data=frame)
    assert wanted.get_dataframe().equals(frame)
    texts = runstone.Table(
        data=pandas.DataFrame({"s": ["x", None], "d": pandas.to_datetime(["2020-01-01", None])})
    )
    assert texts.data[0] == ["x", pandas.Timestamp("2020-01-01")]
    assert texts.data[1][0] in (None, "") or math.isnan(texts.data[1][0])
    assert runstone.Table(columns=["a"], data=np.zeros((2, 1, 3))).data[1][0].shape == (3,)


def test_a_frame_of_many_rows_comes_in_pieces():
    pandas = pytest.importorskip("pandas")
    count = 70_000
    frame = pandas.DataFrame(
        {"i": range(count), "s": [str(i) for i in range(count)], "o": [[i] for i in range(count)]}
    )
    made = runstone.Table(dataframe=frame)
    assert len(made) == count
    assert made.get_column("i")[-1] == count - 1 and made.get_column("s")[-1] == str(count - 1)
    assert made.data[66_000] == [66_000, "66000", [66_000]]


def test_a_logged_frame_is_a_table(run):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": [1.5, math.nan], "c": ["x", "y"]})
    value = logged(run, frame)
    assert stored_file(run, value) == '{"columns":["a","b","c"],"data":[[1,1.5,"x"],[2,NaN,"y"]]}'
    assert [artifact.type for artifact in artifacts(run)] == ["run_table"]


def test_reading_gives_back_what_was_put_in():
    image = runstone.Image(np.zeros((2, 3, 3), np.uint8))
    day, array = datetime.date(2020, 1, 1), np.arange(3)
    made = table([1, image, day, array, [1]], [2, None, None, None, None])
    assert made.data[0][1] is image and made.data[0][2] is day and made.data[0][3] is array
    assert made.get_column("b") == [image, None] and made.get_column("a") == [1, 2]
    assert made.get_column("a", convert_to="numpy").tolist() == [1, 2]
    assert [(int(i), row[0]) for i, row in made.iterrows()] == [(0, 1), (1, 2)]
    assert table([image]).get_column("a", convert_to="numpy").shape == (1, 2, 3, 3)
    with pytest.raises(TypeError, match="add_data"):
        made.data[0][0] = 5
    with pytest.raises(TypeError, match="add_data"):
        made.data.append([1])
    with pytest.raises(TypeError, match="add_data"):
        made.columns.append("z")


def test_computed_and_added_columns():
    made = table([3, 1], [4, 6], columns=["x", "y"])
    made.add_computed_columns(lambda i, row: {"diff": row["x"] - row["y"], "i": int(i)})
    made.add_column("z", np.array([0.5, 1.5]))
    made.add_column("n", [None, 1], optional=True)
    assert made.columns == ["x", "y", "diff", "i", "z", "n"]
    assert made.data == [[3, 1, 2, 0, 0.5, None], [4, 6, -2, 1, 1.5, 1]]
    empty = runstone.Table(columns=[])
    empty.add_column("a", [1, 2])
    assert empty.data == [[1], [2]]


def test_cast_and_declared_types():
    made = table([1, "x"], dtype=[int, str])
    assert made.cast("a", float) == {"wb_type": "number"}
    assert made.cast("b", str, optional=True)["wb_type"] == "union"
    made.cast("b", {"x", "y"})
    with pytest.raises(TypeError):
        made.add_data(1, "z")
    assert table([[1, 2]], dtype=[list]).data == [[[1, 2]]]
    assert table([{"k": 1}], dtype={"k": int}).data == [[{"k": 1}]]
    image = runstone.Image(np.zeros((2, 3, 3), np.uint8))
    assert table([image], dtype=runstone.Image).data == [[image]]
    with pytest.raises(TypeError):
        table([image], dtype=runstone.Audio)
    classes = runstone.Classes([{"id": 1, "name": "a"}])
    with pytest.raises(TypeError):
        table([2], dtype=[classes])


def test_keys_name_rows_and_link_tables(run):
    people = table(["ann", 30], ["bob", 40], columns=["id", "age"])
    people.set_pk("id")
    key = people.data[0][0]
    assert key == "ann" and key._table is people
    visits = table(["ann"], ["ann"], columns=["who"])
    visits.set_fk("who", people, "id")
    assert visits.data[1][0] == "ann" and visits.data[1][0]._table is people
    rows = runstone.Table(columns=["row"], data=[[index] for index in people.get_index()])
    assert rows.data[1][0].get_row() == {"id": "bob", "age": 40}
    with pytest.raises(AssertionError, match="multiple primary keys"):
        people.set_pk("age")
    with pytest.raises(AssertionError, match="same table"):
        people.set_fk("age", people, "id")
    with pytest.raises(TypeError):
        visits.add_data(3)
    logged(run, visits, "visits")
    logged(run, rows, "rows")
    first, second = artifacts(run)
    stored = json.loads(entries(first)["visits.table.json"])["column_types"]["params"]["type_map"]["who"]
    assert stored["wb_type"] == "foreignKey" and stored["params"]["col_name"] == "id"
    linked = json.loads(entries(first)[stored["params"]["table"]])
    assert linked["data"] == [["ann", 30], ["bob", 40]]
    assert linked["column_types"]["params"]["type_map"]["id"] == {"wb_type": "primaryKey"}
    index_type = json.loads(entries(second)["rows.table.json"])["column_types"]["params"]["type_map"]["row"]
    assert index_type["wb_type"] == "foreignIndex" and index_type["params"]["table"] in entries(second)


def test_tables_are_equal_by_columns_types_and_cells():
    image = np.zeros((2, 3, 3), np.uint8)
    assert table([1, "x"]) == table([1, "x"])
    assert table([1]) != table([2]) and table([1]) != table(["1"]) and table([1]) != [[1]]
    assert table([1]) != table([1], columns=["b"])
    assert table([runstone.Image(image)]) == table([runstone.Image(image)])
    assert table([math.nan]) == table([math.nan])
    with pytest.raises(TypeError):
        hash(table([1]))


def test_an_immutable_table_warns_and_shows_its_first_state(run, capsys, monkeypatch):
    monkeypatch.setenv("RUNSTONE_SILENT", "false")
    made = table([1])
    first = logged(run, made)
    made.add_data(2)
    assert "IMMUTABLE" in capsys.readouterr().err
    made.add_data(3)
    assert capsys.readouterr().err == ""
    assert logged(run, made) == first
    assert len(artifacts(run)) == 1


def test_a_mutable_table_is_logged_anew_after_a_change(run):
    made = table([1], log_mode="MUTABLE")
    first = logged(run, made)
    assert logged(run, made) == first
    made.add_data(2)
    second = logged(run, made)
    assert second["nrows"] == 2 and second["artifact_path"] != first["artifact_path"]
    assert [json.loads(entries(a)["t.table.json"])["nrows"] for a in artifacts(run)] == [1, 2]


def test_an_incremental_table_stores_new_rows(run):
    made = runstone.Table(columns=["a"], log_mode="INCREMENTAL")
    made.add_data(1)
    first = logged(run, made)
    assert first["_type"] == "incremental-table-file"
    assert (first["increment_num"], first["previous_increments_paths"]) == (0, [])
    made.add_data(2)
    made.add_data(3)
    second = logged(run, made)
    assert (second["increment_num"], second["nrows"]) == (1, 3)
    assert second["previous_increments_paths"] == [first["artifact_path"]]
    assert stored_file(run, second) == '{"columns":["a"],"data":[[2],[3]]}'
    assert logged(run, made) == second
    for change in (
        lambda: made.add_column("b", [1, 2, 3]),
        lambda: made.add_computed_columns(lambda i, r: {}),
    ):
        with pytest.raises(runstone.Error, match="INCREMENTAL"):
            change()
    one, two = artifacts(run)
    assert (two.name, two.type) == (f"run-{run.id}-incr-t", "wandb-run-incremental-table")
    assert two.incremental_beta1
    (name,) = entries(two)
    assert name.startswith("1-") and name.endswith(".t.table.json")
    assert next(iter(entries(one))).startswith("None-")
    assert json.loads(entries(two)[name])["data"] == [[2], [3]]


def test_an_incremental_table_belongs_to_one_run(offline):
    made = runstone.Table(columns=["a"], data=[[1]], log_mode="INCREMENTAL")
    first, second = offline(), offline(reinit="create_new")
    first.log({"t": made})
    with pytest.raises(runstone.UsageError, match="one run"):
        second.log({"t": made})
    assert second.step == 0
    second.finish()


def test_rows_beyond_the_limits_are_cut(run, monkeypatch):
    monkeypatch.setattr(runstone.Table, "MAX_ROWS", 2)
    monkeypatch.setattr(runstone.Table, "MAX_ARTIFACT_ROWS", 3)
    value = logged(run, table([1], [2], [3], [4], [5]))
    assert value["nrows"] == 5
    assert stored_file(run, value) == '{"columns":["a"],"data":[[1],[2]]}'
    stored = json.loads(entries(artifacts(run)[0])["t.table.json"])
    assert stored["data"] == [[1], [2], [3]] and stored["nrows"] == 3


@pytest.mark.parametrize("setting", ["table_raise_on_max_row_limit_exceeded", "strict"])
def test_rows_beyond_the_limit_are_an_error_if_the_settings_say_so(offline, monkeypatch, setting):
    monkeypatch.setattr(runstone.Table, "MAX_ARTIFACT_ROWS", 1)
    run = offline(settings=runstone.Settings(**{setting: True}))
    with pytest.raises(ValueError, match="row limit exceeded"):
        run.log({"t": table([1], [2]), "x": 1})
    assert run.step == 0 and "x" not in run.summary
    run.log({"t": table([1])})
    assert run.summary["t"]["nrows"] == 1


def test_ME4_nested_keys_lists_and_the_summary_take_tables(run):
    run.log({"n": {"t": table([1])}, "list": [table([1]), table([2])]})
    assert run.summary["n"]["t"]["path"].startswith("media/table/t_0_")
    assert [value["_type"] for value in run.summary["list"]] == ["table-file", "table-file"]
    run.summary["s"] = table([3])
    assert run.summary["s"]["path"].startswith("media/table/s_summary_")
    assert len(artifacts(run)) == 4


def test_a_joined_table_is_an_artifact_with_both(run):
    joined = runstone.JoinedTable(table([1, 2]), table([1, 3]), "a")
    run.log({"j": joined})
    value = run.summary["j"]
    assert value["_type"] == "joined-table" and value["artifact_path"].endswith("/j.joined-table.json")
    files = entries(artifacts(run)[0])
    stored = json.loads(files["j.joined-table.json"])
    assert stored["join_key"] == "a"
    assert json.loads(files[stored["table1"]])["data"] == [[1, 2]]
    assert json.loads(files[stored["table2"]])["data"] == [[1, 3]]


def test_classes_are_equal_by_content_and_cannot_be_logged(run):
    classes = runstone.Classes([{"id": 0, "name": "a"}])
    assert classes == runstone.Classes([{"id": 0, "name": "a"}]) != runstone.Classes([{"id": 1, "name": "a"}])
    with pytest.raises(TypeError, match="Classes"):
        run.log({"c": classes})
    assert run.step == 0


def test_tables_link_in_no_circle(run):
    a, b = table(["x"]), table(["x"])
    a.set_pk("a")
    b.set_fk("a", a, "a")
    c = runstone.Table(columns=["t"], data=[[b]])
    run.log({"c": c})
    assert run.summary["c"]["nrows"] == 1


def test_a_table_without_rows_is_true():
    """Programs write ``table or Table(...)``."""
    assert runstone.Table(columns=["a"]) and len(runstone.Table(columns=["a"])) == 0
