"""Metrics of two sections in one call."""

import wandb

run = wandb.init(project="A2", id="a")
run.log({"train/accuracy": 0.9, "train/loss": 0.1, "validate/accuracy": 0.8, "validate/loss": 0.2})
run.finish()
