"""A precision-recall curve."""

import wandb

y_test = [0, 0, 1, 1, 1, 0]
y_probas = [[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8], [0.35, 0.65], [0.3, 0.7]]
with wandb.init(project="A11", id="a") as run:
    run.log({"pr": wandb.plot.pr_curve(y_test, y_probas, labels=["cat", "dog"])})
