"""The program's code."""

import wandb

run = wandb.init(project="A13", id="a")
run.log_code()
run.finish()
