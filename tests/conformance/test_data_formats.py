"""The formats as the specification of data states them, through whole programs: logs that this file writes
by hand, records by the stock client's own protobuf classes, sent by `runstone sync` and by `wandb sync`."""

from __future__ import annotations

import math
import sys
import zlib
from pathlib import Path

import pytest
from support import journal
from support.fault_server import FaultServer
from support.server import runstone_bin
from wandb.proto import wandb_internal_pb2 as pb
from writers import environment, run, stock_python

# The vectors of data-formats 8.1.
HEADER_CHUNK = bytes.fromhex("0ea1c5710a00010801aa01050a030a0178")
HISTORY_CHUNK = bytes.fromhex("d0003701160001080212120a0c12046c6f7373820103302e3512020803")


def run_record(num: int, run_id: str) -> pb.Record:
    record = pb.Record(num=num)
    record.run.run_id, record.run.project = run_id, "formats"
    record.run.start_time.GetCurrentTime()
    return record


def exit_record(num: int, code: int = 0) -> pb.Record:
    record = pb.Record(num=num)
    record.exit.exit_code = code
    return record


def history(num: int, step: int, **values: str) -> pb.Record:
    """`a__b` is the path a, b."""
    record = pb.Record(num=num)
    record.history.step.num = step
    for name, text in {**values, "_step": str(step)}.items():
        item = record.history.item.add(value_json=text)
        item.nested_key.extend(name.split("__") if not name.startswith("_") else [name])
    return record


@pytest.fixture
def place(tmp_path, shared_server):
    """A folder for one run's log, and what sends it."""

    class Place:
        def log(self, run_id: str) -> Path:
            folder = tmp_path / "wandb" / f"offline-run-20261123_132028-{run_id}"
            (folder / "files").mkdir(parents=True)
            return folder / f"run-{run_id}.wandb"

        def sync(self, log: Path, tool: str = "ours") -> None:
            command = [runstone_bin()] if tool == "ours" else [str(stock_python()), "-m", "wandb"]
            run(
                [*command, "sync", str(log.parent)],
                tmp_path,
                environment(shared_server, tmp_path),
                shared_server,
            )

    return Place()


def test_DF1_a_log_of_the_vectors_bytes_is_read_and_our_own_has_their_form(place, shared_server, tmp_path):
    log = place.log("vectors")
    # The vectors are records 1 and 2; what a server needs besides comes behind them.
    log.write_bytes(journal.IDENT + HEADER_CHUNK + HISTORY_CHUNK)
    header, row = journal.records(log)
    assert header.header.version_info.producer == "x" and row.history.step.num == 3
    rest = journal.encode([run_record(3, "vectors"), exit_record(4)], at=log.stat().st_size)
    log.write_bytes(log.read_bytes() + rest)
    place.sync(log)
    (stored,) = shared_server.run_facts("formats", "vectors")["rows"]
    assert stored == {"loss": 0.5, "_step": 3}

    script = tmp_path / "own.py"
    script.write_text(
        "import runstone\nrun = runstone.init(project='p', mode='offline')\nrun.log({'loss': 0.5})\nrun.finish()\n"
    )
    env = environment(shared_server, tmp_path)
    run([sys.executable, str(script)], tmp_path, env, shared_server)
    own = journal.find(tmp_path / "runstone")
    raw = own.read_bytes()
    assert raw.startswith(journal.IDENT)
    assert zlib.crc32(raw[13 : 14 + int.from_bytes(raw[11:13], "little")]) == int.from_bytes(
        raw[7:11], "little"
    )
    records = list(journal.records(own))
    assert records[0].WhichOneof("record_type") == "header"
    assert [record.num for record in records] == list(range(1, len(records) + 1))


def test_DF3_every_form_of_a_row_is_replayed_and_damage_costs_only_itself(place, shared_server):
    log = place.log("forms")
    long_text = "x" * 100_000
    by_key = pb.Record(num=6)
    by_key.history.step.num = 3
    by_key.history.item.add(key="flat", value_json="1")
    by_key.history.item.add(key="tree", value_json='{"a": {"b": 2}}')
    typed = pb.Record(num=7)
    typed.history.step.num = 4
    typed.history.item.add(key="whole").integer = 2**53 + 1
    typed.history.item.add(key="number").number = math.inf
    typed.history.item.add(key="yes").boolean = True
    records = [
        run_record(2, "forms"),
        history(3, 0, nan="NaN", inf="Infinity", ninf="-Infinity"),
        history(4, 1, nested__a="1", nested__b__c='"deep"'),
        history(5, 2, long=f'"{long_text}"'),
        by_key,
        typed,
    ]
    good = journal.IDENT + HEADER_CHUNK
    good += journal.encode(records, at=len(good))
    # A row whose bytes are damaged costs what stands in its block; the next block is read on.
    damaged = journal.encode([history(8, 5, lost="1")], at=len(good))
    bad = bytearray(damaged)
    bad[10] ^= 0xFF
    padding = b"\0" * (-(len(good) + len(bad)) % journal.BLOCK)
    content = good + bytes(bad) + padding
    content += journal.encode([history(9, 6, after="1")], at=len(content))
    torn = journal.encode([history(10, 7, torn="1")], at=len(content))
    log.write_bytes(content + torn[:-3])
    place.sync(log)
    facts = shared_server.run_facts("formats", "forms")
    assert facts["state"] == "crashed"  # it has no exit record
    rows = {row["_step"]: row for row in facts["rows"]}
    assert sorted(rows) == [0, 1, 2, 3, 4, 6]
    assert math.isnan(rows[0]["nan"]) and (rows[0]["inf"], rows[0]["ninf"]) == (math.inf, -math.inf)
    assert rows[1]["nested"] == {"a": 1, "b": {"c": "deep"}}
    assert rows[2]["long"] == long_text
    assert (rows[3]["flat"], rows[3]["tree"]) == (1, {"a": {"b": 2}})
    assert (rows[4]["whole"], rows[4]["number"], rows[4]["yes"]) == (2**53 + 1, math.inf, True)
    assert rows[6]["after"] == 1


def test_DF7b_a_log_without_summaries_has_none_after_a_stock_sync_and_ours_always_has_them(
    place, shared_server, tmp_path
):
    log = place.log("bare")
    content = journal.IDENT + HEADER_CHUNK
    records = [run_record(2, "bare"), history(3, 0, loss="0.5"), exit_record(4)]
    log.write_bytes(content + journal.encode(records, at=len(content)))
    place.sync(log, "stock")
    summary = shared_server.run_facts("formats", "bare")["summary"]
    assert "loss" not in summary
    place.sync(log)  # the mark of a synced run is the stock client's own: the same run, sent again by ours
    script = tmp_path / "own.py"
    script.write_text(
        "import runstone\n"
        "run = runstone.init(project='formats', id='own', mode='offline')\n"
        "run.log({'loss': 0.5})\nrun.finish()\n"
    )
    env = environment(shared_server, tmp_path)
    run([sys.executable, str(script)], tmp_path, env, shared_server)
    place.sync(journal.find(tmp_path / "runstone"), "stock")
    assert shared_server.run_facts("formats", "own")["summary"]["loss"] == 0.5


def test_SY2_a_second_sync_sends_nothing(shared_server, tmp_path):
    proxy = FaultServer(shared_server.port)
    try:
        env = environment(shared_server, tmp_path)
        script = tmp_path / "own.py"
        script.write_text(
            "import runstone\n"
            "run = runstone.init(project='formats', id='twice', mode='offline', config={'lr': 0.1})\n"
            "for i in range(50):\n    run.log({'loss': i})\n"
            "run.save('own.py', policy='now')\nprint('a line')\nrun.finish()\n"
        )
        run([sys.executable, str(script)], tmp_path, env, shared_server)
        log = journal.find(tmp_path / "runstone")
        through = {**env, "RUNSTONE_BASE_URL": proxy.url, "WANDB_BASE_URL": proxy.url}
        run([runstone_bin(), "sync", str(log.parent)], tmp_path, through, shared_server)
        first = proxy.request_count
        assert first > 0
        run([runstone_bin(), "sync", str(log.parent)], tmp_path, through, shared_server)
        assert proxy.request_count == first
        run([runstone_bin(), "sync", "--include-synced", str(log.parent)], tmp_path, through, shared_server)
        facts = shared_server.run_facts("formats", "twice")
        assert [row["loss"] for row in facts["rows"]] == list(range(50)) and facts["state"] == "finished"
    finally:
        proxy.close()
