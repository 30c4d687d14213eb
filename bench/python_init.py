"""Time of init() in a fresh process: `python_init.py MODULE offline|online`. Prints {"init_ms": t}."""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import time


def measure(module_name: str, mode: str) -> float:
    module = importlib.import_module(module_name)
    with tempfile.TemporaryDirectory() as folder:
        settings = module.Settings(silent=True, console="off", x_disable_stats=True)
        started = time.perf_counter()
        run = module.init(project="bench", mode=mode, dir=folder, settings=settings)
        elapsed = time.perf_counter() - started
        run.finish()
    return elapsed * 1000


if __name__ == "__main__":
    print(json.dumps({"init_ms": measure(sys.argv[1], sys.argv[2])}))
