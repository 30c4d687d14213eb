"""The parts that a server writes are plain Parquet: tools of others read exactly what was logged."""

from __future__ import annotations

import json
import math
import re
import time

import pyarrow.parquet
from support.server import ROOT

ROWS = 20_000  # enough for a file: a small part stays in the database
COMPACTION_LIMIT_SECS = 30


def logged_row(step: int) -> dict:
    row = {"_step": step, "train/loss": 1 / (step + 1), "nested": {"a": step * 2}}
    if step % 3 == 0:
        row["text"] = f"row {step}"
    if step == 7:
        row["train/loss"] = math.nan
    return row


def tall(step: int) -> dict[str, tuple]:
    """The (value, other) of each key, as docs/format/parts.md has them."""
    row = logged_row(step)
    cells = {
        "_step": (float(step), None),
        "train/loss": (row["train/loss"], None),
        "nested.a": (float(step * 2), None),
    }
    if "text" in row:
        cells["text"] = (None, json.dumps(row["text"]))
    return cells


def log_run(server, run: str) -> None:
    entity = server.entity()
    server.graphql(
        """mutation M($entity: String!, $project: String!, $run: String!) {
          upsertBucket(input: {entityName: $entity, modelName: $project, name: $run}) { inserted } }""",
        entity=entity,
        project="parts",
        run=run,
    )
    path = f"/files/{entity}/parts/{run}/file_stream"
    for first in range(0, ROWS, 2000):
        lines = [json.dumps(logged_row(step)) for step in range(first, first + 2000)]
        post(server, path, {"files": {"wandb-history.jsonl": {"offset": first, "content": lines}}})
    post(server, path, {"complete": True, "exitcode": 0})


def post(server, path: str, body: dict) -> None:
    status, answer = server.request("POST", path, json.dumps(body).encode(), server.authorization())
    assert status == 200, (status, answer)


def wait_for_part(server):
    """The one object file that compaction makes of the finished run."""
    deadline = time.monotonic() + COMPACTION_LIMIT_SECS
    while time.monotonic() < deadline:
        found = list(server.data.rglob("*.parquet"))
        if found:
            assert len(found) == 1, found
            return found[0]
        time.sleep(0.02)  # there is no event that says so
    raise AssertionError(f"no part was written:\n{server.log()}")


def same(a, b) -> bool:
    return a == b or (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))


def test_a_part_holds_exactly_what_was_logged(server):
    log_run(server, "readable")
    part = wait_for_part(server)
    table = pyarrow.parquet.read_table(part)
    assert set(table.column_names) == {"key", "step", "value", "other", "line"}
    rows = table.to_pylist()
    order = [(row["key"].encode(), row["step"], row["line"]) for row in rows]
    assert order == sorted(order)
    found: dict[int, dict[str, tuple]] = {}
    for row in rows:
        assert row["line"] == row["step"]
        assert row["key"] not in found.setdefault(row["step"], {})
        found[row["step"]][row["key"]] = (row["value"], row["other"])
    assert sorted(found) == list(range(ROWS))
    for step, cells in found.items():
        wanted = tall(step)
        assert cells.keys() == wanted.keys(), step
        for key, (value, other) in wanted.items():
            assert same(cells[key][0], value) and cells[key][1] == other, (step, key, cells[key])


def test_the_documented_sql_runs(server, monkeypatch):
    import duckdb

    log_run(server, "sql")
    part = wait_for_part(server)
    text = (ROOT / "docs" / "format" / "parts.md").read_text()
    statements = [s for block in re.findall(r"```sql\n(.*?)```", text, re.S) for s in block.split(";")]
    statements = [s.strip() for s in statements if s.strip()]
    assert statements
    monkeypatch.chdir(part.parent)
    part.rename(part.parent / "part.parquet")  # as the documentation calls it
    curve, wide = (duckdb.sql(statement).fetchall() for statement in statements)
    assert [step for step, _ in curve] == list(range(ROWS))
    assert all(same(value, tall(step)["train/loss"][0]) for step, value in curve)
    assert len(wide) == ROWS
