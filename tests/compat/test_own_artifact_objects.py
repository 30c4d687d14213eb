"""Objects in artifacts on a server: written by our client, read back by ours and by the stock client's."""

from __future__ import annotations

from client import ask, run_script

WRITE_AND_READ = """
    import datetime
    import numpy as np
    import runstone as client

    run = client.init(project="objects", id="objects", settings=client.Settings(console="off", silent=True))
    day = datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc)
    box = {"box_data": [{"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, "class_id": 0}],
           "class_labels": {0: "road"}}
    image = client.Image(np.full((2, 3, 3), 7, np.uint8), caption="c", boxes={"b": box},
                         masks={"m": {"mask_data": np.ones((2, 3), np.int64), "class_labels": {1: "car"}}})
    table = client.Table(columns=["n", "t", "d", "i", "a", "l"], data=[
        [1, "x", day, image, np.arange(4.0).reshape(2, 2), [1, 2]],
        [2, None, None, None, np.ones((2, 2)), [3]]])
    classes = client.Classes([{"id": 0, "name": "road"}])
    draft = client.Artifact("things", "dataset")
    for name, thing in {"t": table, "i": image, "c": classes, "h": client.Html("<b>x</b>", inject=False),
                        "s": client.Audio(np.zeros(8), 8000, caption="s"),
                        "o": client.Object3D(np.zeros((2, 3)))}.items():
        draft[name] = thing
    draft.add(client.JoinedTable("t.table.json", table, "n"), "j")
    run.log_artifact(draft).wait()
    art = run.use_artifact("things:latest")
    read = art["t"]
    assert read.columns == table.columns and len(read) == 2
    row = read.data[0]
    assert row[:3] == [1, "x", day] and row[5] == [1, 2], row
    assert row[3].to_data_array() == image.to_data_array() and row[3].caption == "c"
    assert np.array_equal(row[4], np.arange(4.0).reshape(2, 2)), row[4]
    assert read.data[1][:4] == [2, None, None, None]
    again = art.get("i")
    assert again.to_data_array() == image.to_data_array()
    assert art["c"] == classes and art.get("nothing") is None
    assert isinstance(art["h"], client.Html) and art["s"].caption == "s"
    assert isinstance(art["o"], client.Object3D)
    assert art["j"]._join_key == "n" and len(art["j"]._table1) == 2
    run.log({"read": read, "again": again})
    run.finish()
"""


def test_objects_come_back_from_a_server_in_both_clients(shared_server, tmp_path):
    run_script(shared_server, tmp_path / "ours", WRITE_AND_READ)
    read = ask(
        shared_server,
        tmp_path,
        """(lambda a: {
            "table": [[str(v) for v in row[:3]] for row in a.get("t").data],
            "image": [a.get("i")._width, a.get("i")._height, a.get("i")._caption],
            "classes": a.get("c")._class_set,
        })(api.artifact("objects/things:latest"))""".replace("\n", " "),
    )
    assert read["table"] == [["1", "x", "2020-01-02 00:00:00+00:00"], ["2", "None", "None"]]
    assert read["image"] == [3, 2, "c"]
    assert read["classes"] == [{"id": 0, "name": "road"}]
