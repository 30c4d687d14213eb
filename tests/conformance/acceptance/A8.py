"""Pictures by way of PIL."""

import numpy as np
import wandb
from PIL import Image

random = np.random.default_rng(8)
with wandb.init(project="A8", id="a") as run:
    examples = []
    for i in range(3):
        pixels = random.integers(low=0, high=256, size=(100, 100, 3), dtype=np.uint8)
        examples.append(wandb.Image(Image.fromarray(pixels), caption=f"random field {i}"))
    run.log({"examples": examples})
