"""What media cost their caller, offline: `python_media.py MODULE table ROWS | image COUNT | histogram SAMPLES`.

Prints one JSON object. `table`: {"seconds", "peak_mb"} of making and logging a Table of a list of rows (int,
float, text), and how far the process's memory grew meanwhile, the rows themselves not counted. `image`:
{"log_ms": median} of log() of a 1024 x 1024 x 3 image of a photograph's kind. `histogram`: {"ms": median}
of making a Histogram.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
import tempfile
import threading
import time

import numpy as np


def resident_mb() -> float:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096 / 1e6


class PeakMemory:
    """The highest resident size within the block, above that at its start."""

    def __enter__(self) -> PeakMemory:
        gc.collect()
        self._before, self._highest, self._done = resident_mb(), 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._done.wait(0.005):
            self._highest = max(self._highest, resident_mb())

    def __exit__(self, *_: object) -> None:
        self._highest = max(self._highest, resident_mb())
        self._done.set()
        self._thread.join()
        self.mb = self._highest - self._before


def offline_run(module, folder: str):
    settings = module.Settings(silent=True, console="off", x_disable_stats=True)
    return module.init(project="bench", mode="offline", dir=folder, settings=settings)


def table(module, run, rows: int) -> dict[str, float]:
    data = [[i, i * 0.37, f"sample {i}"] for i in range(rows)]
    with PeakMemory() as memory:
        started = time.perf_counter()
        run.log({"table": module.Table(columns=["index", "score", "name"], data=data)})
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "peak_mb": memory.mb}


def photograph(seed: int):
    """Smooth areas with some noise, as a picture has them."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:1024, 0:1024] / 1024
    smooth = [np.sin(6 * x + c) * np.cos(5 * y - c) for c in range(3)]
    return (
        (127 + 110 * np.stack(smooth, axis=2) + random.normal(0, 3, (1024, 1024, 3)))
        .clip(0, 255)
        .astype(np.uint8)
    )


def image(module, run, count: int) -> dict[str, float]:
    times = []
    for i in range(count + 1):
        pixels = photograph(i)
        started = time.perf_counter()
        run.log({"img": module.Image(pixels)})
        times.append(time.perf_counter() - started)
    times = sorted(times[1:])  # the first one imports
    return {"log_ms": times[len(times) // 2] * 1000}


def histogram(module, run, samples: int) -> dict[str, float]:
    values = np.random.default_rng(0).normal(size=samples).astype(np.float32)
    module.Histogram(values[:1000])
    times = []
    for _ in range(5):
        started = time.perf_counter()
        module.Histogram(values)
        times.append(time.perf_counter() - started)
    return {"ms": sorted(times)[2] * 1000}


if __name__ == "__main__":
    tracked = importlib.import_module(sys.argv[1])
    with tempfile.TemporaryDirectory() as work:
        active = offline_run(tracked, work)
        found = {"table": table, "image": image, "histogram": histogram}[sys.argv[2]](
            tracked, active, int(sys.argv[3])
        )
        print(json.dumps(found))
        active.finish()
