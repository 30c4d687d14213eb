"""Logs a row each 2 ms until a line comes on standard input, then finishes.
`steady_writer.py FOLDER PROJECT RUN_ID` leaves the number of rows in FOLDER/count."""

from __future__ import annotations

import select
import sys
import time
from pathlib import Path

import runstone
from rows import row


def main() -> None:
    folder, project, run_id = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    folder.mkdir(parents=True, exist_ok=True)
    run = runstone.init(project=project, id=run_id, dir=folder)
    count = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        run.log(row(count))
        count += 1
        time.sleep(0.002)
    run.finish()
    (folder / "count").write_text(str(count))


if __name__ == "__main__":
    main()
