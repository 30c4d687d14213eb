"""Logs rows at a steady pace and prints, for each, its step and the time after log() returned."""

import sys
import time

import runstone


def main() -> None:
    project, run_id, metrics, rows, rows_per_sec = sys.argv[1:6]
    run = runstone.init(project=project, id=run_id)
    started = time.monotonic()
    for step in range(int(rows)):
        row = {f"group/m{i}": (step * (i + 1)) % 17 for i in range(int(metrics))}
        due = started + step / float(rows_per_sec)
        time.sleep(max(0.0, due - time.monotonic()))
        called_at = time.time()
        run.log(row)
        print(step, called_at * 1000, flush=True)
    run.finish()


main()
