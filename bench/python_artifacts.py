"""Time and memory of an artifact's way to a server and back: `python_artifacts.py MODULE FILES BYTES_EACH`.

Runs against the server that the environment names. Prints one JSON object: seconds of add_dir(), of
log_artifact().wait(), of a download into an empty folder with an empty cache and of one from the cache, and the
largest resident size in MB.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path


def make_files(folder: Path, files: int, bytes_each: int) -> None:
    piece = os.urandom(min(bytes_each, 1 << 20))
    for index in range(files):
        path = folder / f"{index % 100:02}" / f"{index}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            file.write(index.to_bytes(8, "little"))
            for start in range(8, bytes_each, len(piece)):
                file.write(piece[: min(len(piece), bytes_each - start)])


def measure(module_name: str, files: int, bytes_each: int) -> dict[str, float]:
    module = importlib.import_module(module_name)
    seconds: dict[str, float] = {}

    def timed(name: str, call):
        started = time.perf_counter()
        result = call()
        seconds[f"{name}_secs"] = time.perf_counter() - started
        return result

    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_TMP")) as place:
        folder = Path(place)
        os.chdir(folder)
        for name in ("RUNSTONE", "WANDB"):
            os.environ[f"{name}_CACHE_DIR"] = str(folder / "cache")
            os.environ[f"{name}_DATA_DIR"] = str(folder / "data")
        make_files(folder / "in", files, bytes_each)
        settings = module.Settings(silent=True, console="off", x_disable_stats=True)
        run = module.init(project="bench-artifacts", dir=place, settings=settings)
        artifact = module.Artifact(f"files-{module_name}-{os.getpid()}", "dataset")
        timed("add", lambda: artifact.add_dir(str(folder / "in")))
        timed("log", lambda: run.log_artifact(artifact).wait())
        for name in ("RUNSTONE", "WANDB"):
            os.environ[f"{name}_CACHE_DIR"] = str(folder / "cold")
        used = run.use_artifact(f"{artifact.name}")
        timed("download", lambda: used.download(root=str(folder / "out")))
        timed("again", lambda: used.download(root=str(folder / "out2")))
        timed("verify", lambda: used.verify(root=str(folder / "out")))
        run.finish()
    seconds["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return seconds


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
