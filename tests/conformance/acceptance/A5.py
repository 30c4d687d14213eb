"""A row gathered by two calls."""

import wandb

run = wandb.init(project="A5", id="a")
run.log({"loss": 0.2}, commit=False)
run.log({"accuracy": 0.8})
run.finish()
