"""A metric of one's own as the x axis."""

import wandb

run = wandb.init(project="A3", id="a")
for epoch in (39, 40):
    run.log({"epoch": epoch, "train-loss": 0.5})
run.finish()
