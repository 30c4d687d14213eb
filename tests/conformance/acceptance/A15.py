"""Files at the places that each way of calling save() gives them."""

import os

import wandb

wandb.init(project="A15", id="a")
wandb.save("these/are/f/*")
wandb.save("these/are/f/*", base_path="these")
wandb.save(os.path.abspath("u/n/run1/*.txt"))
wandb.save(os.path.abspath("u/n/run1/*.txt"), base_path=os.path.abspath("u"))
wandb.save("files/*/saveme.txt")
wandb.finish()
