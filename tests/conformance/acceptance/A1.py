"""One row in a `with` block."""

import os

import wandb

with wandb.init(entity=os.environ["ENTITY"], project="A1", id="a") as run:
    run.log({"accuracy": 0.9, "loss": 0.1})
