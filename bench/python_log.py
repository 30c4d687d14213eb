"""Median time of one log() call and journal bytes a row, offline: `python_log.py MODULE KEYS ROWS`.

Prints one JSON object: {"log_us": median, "bytes_per_row": journal growth / rows}.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import time
from pathlib import Path


def journal_bytes(folder: str) -> int:
    """Allocated space counts only up to the last record: the size after finish()."""
    return sum(path.stat().st_size for path in Path(folder).rglob("*.wandb"))


def measure(module_name: str, keys: int, rows: int) -> dict[str, float]:
    module = importlib.import_module(module_name)
    with tempfile.TemporaryDirectory() as folder:
        settings = module.Settings(silent=True, console="off", x_disable_stats=True)
        run = module.init(project="bench", mode="offline", dir=folder, settings=settings)
        names = [f"key_{i}" for i in range(keys)]
        log = run.log
        for i in range(max(10, rows // 20)):  # warm-up: keys become known
            log({name: i + 0.5 for name in names})
        times = []
        clock = time.perf_counter_ns
        for i in range(rows):
            row = {name: i + 0.37 for name in names}
            started = clock()
            log(row)
            times.append(clock() - started)
        run.finish()
        total = rows + max(10, rows // 20)
        size = journal_bytes(folder)
    times.sort()
    return {"log_us": times[len(times) // 2] / 1000, "bytes_per_row": size / total}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
