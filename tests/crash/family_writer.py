"""A run whose forked children log, too, until all are killed. `family_writer.py FOLDER RUN_ID COUNTER_FILE
CHILDREN`: the counter file has eight bytes for the parent and for each child, the number of rows whose
log() has returned."""

from __future__ import annotations

import mmap
import os
import sys

import runstone


def log_forever(run: runstone.Run, who: int, counter: memoryview) -> None:
    i = 0
    while True:
        run.log({"who": who, "i": i, "value": who + i / 4})
        i += 1
        counter[who] = i


def main() -> None:
    folder, run_id, counter_path, children = *sys.argv[1:4], int(sys.argv[4])
    with open(counter_path, "r+b") as file:
        counter = memoryview(mmap.mmap(file.fileno(), 8 * (children + 1))).cast("q")
    settings = runstone.Settings(silent=True, console="off")
    run = runstone.init(project="crash", id=run_id, dir=folder, mode="offline", settings=settings)
    for child in range(1, children + 1):
        if os.fork() == 0:
            log_forever(run, child, counter)
    log_forever(run, 0, counter)


if __name__ == "__main__":
    main()
