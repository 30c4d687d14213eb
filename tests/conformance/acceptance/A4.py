"""The same two rows three ways."""

import wandb

ROWS = [{"accuracy": 0.8, "loss": 0.3}, {"accuracy": 0.9, "loss": 0.2}]

with wandb.init(project="A4", id="plain") as run:
    for row in ROWS:
        run.log(row)

with wandb.init(project="A4", id="commit") as run:
    for row in ROWS:
        run.log({"accuracy": row["accuracy"]}, commit=False)
        run.log({"loss": row["loss"]})

with wandb.init(project="A4", id="step") as run:
    for step, row in enumerate(ROWS):
        run.log({"accuracy": row["accuracy"]}, step=step)
        run.log({"loss": row["loss"]}, step=step)
