"""Pictures of integers with captions."""

import numpy as np
import wandb

random = np.random.default_rng(7)
with wandb.init(project="A7", id="a") as run:
    examples = []
    for i in range(3):
        pixels = random.integers(low=0, high=256, size=(100, 100, 3))
        examples.append(wandb.Image(pixels, caption=f"random field {i}"))
    run.log({"examples": examples})
