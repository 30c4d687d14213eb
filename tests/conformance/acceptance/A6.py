"""A histogram of a normal distribution."""

import numpy as np
import wandb

run = wandb.init(project="A6", id="a")
run.log({"gradients": wandb.Histogram(np.random.default_rng(6).normal(size=(100, 100)))})
run.finish()
