"""A film without a format."""

import numpy as np
import wandb

with wandb.init(project="A9", id="a") as run:
    frames = np.random.default_rng(9).integers(low=0, high=256, size=(10, 3, 100, 100), dtype=np.uint8)
    run.log({"video": wandb.Video(frames, fps=4)})
