"""Logs rows until it is killed. `writer.py FOLDER RUN_ID COUNTER_FILE`: after each log() has returned,
the number of rows logged stands in the counter file's shared mapping, which survives the kill."""

from __future__ import annotations

import mmap
import os
import sys

import runstone
from rows import row

MODE = os.environ.get("WRITER_MODE", "offline")


def main() -> None:
    folder, run_id, counter_path = sys.argv[1:4]
    with open(counter_path, "r+b") as file:
        # One store of eight bytes: struct.pack_into() would clear them first, and a kill could fall between.
        counter = memoryview(mmap.mmap(file.fileno(), 8)).cast("q")
    settings = runstone.Settings(silent=True, console="off")
    run = runstone.init(project="crash", id=run_id, dir=folder, mode=MODE, settings=settings)
    i = 0
    while True:
        run.log(row(i))
        i += 1
        counter[0] = i


if __name__ == "__main__":
    main()
