"""An independent reader of `.wandb` logs for tests: the framing by hand, records by the stock client's
own protobuf classes. It shares no code with the reader under test."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from wandb.proto import wandb_internal_pb2 as pb

IDENT = bytes.fromhex("3a572642e1be00")
BLOCK = 32768
HEADER = 7
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


def raw_records(data: bytes) -> Iterator[bytes]:
    """Whole records up to the first torn or zeroed place; damage inside raises AssertionError."""
    assert data[:7] == IDENT, "no log"
    position, parts = len(IDENT), []
    while True:
        if BLOCK - position % BLOCK < HEADER:
            position += BLOCK - position % BLOCK
        if position + HEADER > len(data):
            return
        checksum, length, kind = struct.unpack_from("<IHB", data, position)
        payload = data[position + HEADER : position + HEADER + length]
        if kind == 0 or len(payload) < length:
            return
        if checksum == 0 and kind in (FULL, FIRST):
            return  # the writer fills in a record's first checksum last: this one was never finished
        if zlib.crc32(bytes([kind]) + payload) != checksum:
            assert not any(data[position + HEADER + length :]), f"damage at byte {position}"
            return
        parts.append(payload)
        if kind in (FULL, LAST):
            yield b"".join(parts)
            parts = []
        position += HEADER + length


def encode(records: Iterable[pb.Record], at: int) -> bytes:
    """The bytes that append these records to a log of `at` bytes."""
    out = bytearray()

    def chunk(kind: int, payload: bytes) -> None:
        checksum = zlib.crc32(bytes([kind]) + payload)
        out.extend(struct.pack("<IHB", checksum, len(payload), kind) + payload)

    for record in records:
        rest, first = record.SerializeToString(), True
        while True:
            left = BLOCK - (at + len(out)) % BLOCK
            if left < HEADER:
                out.extend(b"\0" * left)
                continue
            part, rest = rest[: left - HEADER], rest[left - HEADER :]
            chunk((FULL if first else LAST) if not rest else (FIRST if first else MIDDLE), part)
            if not rest:
                break
            first = False
    return bytes(out)


def records(path: Path) -> Iterator[pb.Record]:
    for raw in raw_records(Path(path).read_bytes()):
        record = pb.Record()
        record.ParseFromString(raw)
        yield record


def item_value(item) -> object:
    kind = item.WhichOneof("value")
    if kind is None:
        return json.loads(item.value_json)
    if kind == "none":
        return None
    return json.loads(item.json) if kind == "json" else getattr(item, kind)


def rows(path: Path) -> list[dict]:
    """History rows as nested dicts with `_step`, in the order of the log."""
    out = []
    for record in records(path):
        if not record.HasField("history"):
            continue
        row: dict = {}
        for item in record.history.item:
            labels = list(item.nested_key) or [item.key]
            node = row
            for label in labels[:-1]:
                node = node.setdefault(label, {})
            node[labels[-1]] = item_value(item)
        row.setdefault("_step", record.history.step.num)
        out.append(row)
    return out


def exit_code(path: Path) -> int | None:
    """The exit record's code; None if there is no such record."""
    codes = [record.exit.exit_code for record in records(path) if record.HasField("exit")]
    return codes[-1] if codes else None


def config(path: Path) -> dict:
    """The config of the run and config records, without what the SDK keeps below `_wandb`."""
    values: dict = {}
    for record in records(path):
        changes = record.run.config if record.HasField("run") else record.config
        for item in changes.update:
            labels = list(item.nested_key) or [item.key]
            if labels[0] == "_wandb":
                continue
            node = values
            for label in labels[:-1]:
                node = node.setdefault(label, {})
            node[labels[-1]] = json.loads(item.value_json)
    return values


def find(folder: Path) -> Path:
    """The one log below a folder, whichever module wrote it."""
    logs = [
        p for p in Path(folder).rglob("run-*.wandb") if not p.is_symlink() and "latest-run" not in p.parts
    ]
    assert len(logs) == 1, logs
    return logs[0]


def printed(folder) -> list[tuple[str, str]]:
    """The console records of a run's log: (stream, text), pieces that follow each other joined."""
    pieces: list[list[str]] = []
    for record in records(find(folder)):
        if record.HasField("output_raw"):
            stream = "stdout" if record.output_raw.output_type == 1 else "stderr"
            text = record.output_raw.line
        elif record.HasField("output_logger"):
            stream, text = "logger", record.output_logger.line
        else:
            continue
        if pieces and pieces[-1][0] == stream != "logger":
            pieces[-1][1] += text
        else:
            pieces.append([stream, text])
    return [(stream, text) for stream, text in pieces]
