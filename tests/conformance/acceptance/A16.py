"""Metrics with an x axis and a summary of their own."""

import wandb

with wandb.init(project="A16", id="a") as run:
    run.define_metric("custom_step")
    run.define_metric("validation_loss", step_metric="custom_step", summary="min")
    run.define_metric("train/*", step_metric="train/step")
    run.define_metric("acc", summary="max,mean,last")
    for i in range(10):
        run.log(
            {
                "train/step": i,
                "train/loss": 1 / (i + 1),
                "acc": i / 10,
                "custom_step": i**2,
                "validation_loss": abs(i - 5),
            }
        )
