"""Logs a number and media in each row and finishes: `full_disk_media_writer.py FOLDER RUN_ID ROWS`. Its
folder is on a disk with too little space for them. Says at the end how many calls returned."""

from __future__ import annotations

import os
import sys

import numpy as np
import runstone


def main() -> None:
    folder, run_id, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    random = np.random.default_rng(3)
    run = runstone.init(project="crash", id=run_id, dir=folder, mode=os.environ["WRITER_MODE"])
    for i in range(count):
        noise = random.integers(0, 256, (96, 128, 3), dtype=np.uint8)
        media = [
            lambda pixels: runstone.Image(pixels),
            lambda pixels: runstone.Audio(pixels[:, :, 0].reshape(-1) / 255.0, sample_rate=8000),
            lambda pixels: runstone.Video(pixels[None].transpose(0, 3, 1, 2), fps=4, format="gif"),
            lambda pixels: [runstone.Image(pixels), runstone.Image(255 - pixels)],
        ][i % 4]
        run.log({"i": i, "media": media(noise)})
    run.finish()
    print(f"returned {count}")


if __name__ == "__main__":
    main()
