"""runstone.Api: the rows of a run, scanned and sampled. Check PA1."""

from __future__ import annotations

import json
import math
import threading

import pytest
from client import ask
from own_runs import eventually, finished, present

ROWS = 1000


def test_PA1_every_row_is_scanned_in_order_and_samples_have_the_ends(start, api):
    run = start("own-scan")
    logged = [{"loss": 1 / (i + 1), "i": i, "name": f"row {i}"} for i in range(ROWS)]
    for row in logged:
        run.log(row)
    found = api.run(finished(run))
    rows = list(found.scan_history())
    assert [row["_step"] for row in rows] == list(range(ROWS))
    assert [{key: row[key] for key in ("loss", "i", "name")} for row in rows] == logged
    sample = found.history(samples=100, pandas=False)
    steps = [row["_step"] for row in sample]
    assert 2 <= len(sample) <= 100 and steps == sorted(steps)
    assert steps[0] == 0 and steps[-1] == ROWS - 1
    assert found.lastHistoryStep == ROWS - 1


def test_a_scan_gives_what_the_stock_clients_scan_gives(start, api, shared_server, tmp_path):
    run = start("own-scan", id="both")
    for i in range(40):
        run.log({"loss": i / 3, "n": {"x": i}, **({"acc": 1 - i / 40} if i % 3 == 0 else {})})
    path = finished(run)
    for keys in (None, ["loss"], ["loss", "acc"], ["acc", "_step"], ["n.x"]):
        stock = ask(
            shared_server,
            tmp_path,
            "[r for r in api.run(path).scan_history(keys=keys)]",
            path=path,
            keys=keys,
        )
        ours = list(api.run(path).scan_history(keys=keys))
        assert ours == stock, keys
    stock = ask(
        shared_server, tmp_path,
        "[list(api.run(path).scan_history(min_step=7, max_step=19, page_size=5)), "
        "api.run(path).history(samples=7, pandas=False), "
        "api.run(path).history(samples=7, keys=['acc'], pandas=False)]",
        path=path,
    )  # fmt: skip
    found = api.run(path)
    assert list(found.scan_history(min_step=7, max_step=19, page_size=5)) == stock[0]
    assert found.history(samples=7, pandas=False) == stock[1]
    assert found.history(samples=7, keys=["acc"], pandas=False) == stock[2]


def test_pages_of_any_size_give_the_same_rows(start, api):
    run = start("own-scan")
    steps = [0, 1, 2, 50, 51, 1_000_000, 1_000_001, 5_000_000_000]
    for step in steps:
        run.log({"v": step}, step=step)
    found = api.run(finished(run))
    for size in (1, 2, 3, 7, 1000, 100_000):
        assert [row["v"] for row in found.scan_history(page_size=size)] == steps, size
        assert [row["v"] for row in found.scan_history(keys=["v"], page_size=size)] == steps, size
    assert [row["v"] for row in found.scan_history(min_step=2, max_step=1_000_001)] == [2, 50, 51, 1_000_000]
    assert list(found.scan_history(min_step=10, max_step=10)) == []
    scan = found.scan_history(keys=["v"])
    assert next(scan) == {"_step": 0, "v": 0} and next(scan) == {"_step": 1, "v": 1}
    assert [row["v"] for row in scan] == steps  # from the beginning again


def test_special_numbers_wide_integers_and_odd_keys_come_back_as_logged(start, api):
    run = start("own-scan")
    rows = [
        {"nan": math.nan, "inf": math.inf, "low": -math.inf, "big": 2**53 + 1, "least": -(2**63)},
        {"a.b": 1, "a": {"b": 2, "c.d": {"e": 3}}, "back\\slash": 4, "ünï ✓": 5, "text": "NaN"},
        {"nan": 1.5, "text": "ordinary", "flag": True, "none": None, "list": [1, [2, "x"], None]},
    ]
    for row in rows:
        run.log(row)
    found = api.run(finished(run))
    back = list(found.scan_history())
    assert math.isnan(back[0]["nan"]) and back[0]["inf"] == math.inf and back[0]["low"] == -math.inf
    assert back[0]["big"] == 2**53 + 1 and back[0]["least"] == -(2**63)
    assert {key: back[1][key] for key in rows[1]} == rows[1]
    assert {key: back[2][key] for key in rows[2]} == rows[2] and back[2]["flag"] is True
    # By keys the server's JSON has no NaN: the numbers are known by their key.
    (first, second) = found.scan_history(keys=["nan"])
    assert math.isnan(first["nan"]) and second["nan"] == 1.5
    assert [row["text"] for row in found.scan_history(keys=["text"])] == ["NaN", "ordinary"]
    assert [row["inf"] for row in found.scan_history(keys=["inf", "big"])] == [math.inf]
    assert [row["big"] for row in found.scan_history(keys=["big"])] == [2**53 + 1]
    sampled = found.history(keys=["nan"], pandas=False)
    assert math.isnan(sampled[0]["nan"]) and sampled[0]["_step"] == 0


def test_history_as_tables_of_pandas_and_arrow(start, api):
    pytest.importorskip("pandas")
    run = start("own-scan")
    for i in range(10):
        run.log({"loss": i / 2, "n": {"x": i}, "a.b": i, "ok": i > 4, **({"rare": i} if i % 5 == 0 else {})})
        if i == 3:
            run.log({"mixed": 1})
        if i == 4:
            run.log({"mixed": "one"})
    found = api.run(finished(run))
    frame = found.history()
    assert list(frame["loss"].dropna()) == [i / 2 for i in range(10)] and len(frame) == 12
    assert list(found.history(keys=["loss"])) == ["_step", "loss"]
    table = found.scan_history().to_arrow()
    kinds = {field.name: str(field.type) for field in table.schema}
    assert kinds["loss"] == "double" and kinds["n.x"] == "int64" and kinds["a\\.b"] == "int64"
    assert kinds["ok"] == "bool" and kinds["mixed"] == "string"
    assert table["rare"].drop_null().to_pylist() == [0, 5] and table["rare"].null_count == 10
    assert table["mixed"].drop_null().to_pylist() == ["1", "one"]
    assert table["_step"].to_pylist() == list(range(12))
    whole = found.scan_history(keys=["loss", "ok"]).to_pandas()
    assert list(whole["loss"]) == [i / 2 for i in range(10)] and whole["ok"].dtype == bool
    assert found.history_arrow(samples=3, keys=["loss"]).column_names == ["_step", "loss"]
    assert found.scan_history(keys=["absent"]).to_arrow().num_rows == 0


def test_the_systems_metrics_are_a_stream_of_their_own(start, api, shared_server):
    run = start("own-scan")
    path = finished(run, a=1)
    entity, project, name = path.split("/")
    line = '{"system.cpu": 12.5, "_timestamp": 1.0, "_runtime": 2.0}'
    body = json.dumps({"files": {"wandb-events.jsonl": {"offset": 0, "content": [line]}}})
    status, _ = shared_server.request(
        "POST",
        f"/files/{entity}/{project}/{name}/file_stream",
        body.encode(),
        shared_server.authorization(),
    )
    assert status == 200
    found = api.run(path)
    assert found.history(stream="system", pandas=False)[0]["system.cpu"] == 12.5
    assert found.system_metrics["system.cpu"] == 12.5


def test_rows_of_a_run_that_still_works_are_read(start, api):
    run = start("own-live", id="live")
    run.log({"a": 0})
    run.log({"a": 1})
    path = run.path
    found = eventually(lambda: present(api, path))
    assert found.state == "running"
    eventually(lambda: [row["a"] for row in found.scan_history()] == [0, 1])
    run.log({"a": 2})
    eventually(lambda: [row["a"] for row in found.scan_history()] == [0, 1, 2])
    waiting = threading.Thread(target=found.wait_until_finished)
    waiting.start()
    assert found.wait_until_finished(timeout=0.01) is False
    run.finish()
    waiting.join(30)
    assert not waiting.is_alive() and found.state == "finished"
    assert found.wait_until_finished(timeout=0.01) is True


def test_wrong_arguments_of_history_are_refused(start, api):
    found = api.run(finished(start("own-scan"), a=1))
    for keys in ("a", ("a",), [1], {"a"}):
        with pytest.raises(ValueError, match="list"):
            found.scan_history(keys=keys)
        with pytest.raises(ValueError, match="list"):
            found.history(keys=keys)
    for wrong in ({"page_size": 0}, {"page_size": -1}):
        with pytest.raises(ValueError, match="page_size"):
            found.scan_history(**wrong)
    for wrong in ({"page_size": "9"}, {"min_step": 1.5}, {"max_step": True}):
        with pytest.raises(TypeError, match="must be an int"):
            found.scan_history(**wrong)
    with pytest.raises(ValueError, match="stream"):
        found.history(stream="other")
    with pytest.raises(ValueError, match="stream"):
        found.history(stream="system", keys=["a"])
    for wrong in (0, -5):
        with pytest.raises(ValueError, match="samples"):
            found.history(samples=wrong)
