"""Logs a given number of rows and finishes: `full_disk_writer.py FOLDER RUN_ID ROWS`. Its folder is on a
disk with too little space for them. The last line on standard output says how many calls returned."""

from __future__ import annotations

import os
import sys

import runstone
from rows import row


def main() -> None:
    folder, run_id, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    run = runstone.init(project="crash", id=run_id, dir=folder, mode=os.environ["WRITER_MODE"])
    for i in range(count):
        run.log(row(i))
    run.finish()
    print(f"returned {count}")


if __name__ == "__main__":
    main()
