"""Code of the folder above, filtered by functions of one and of two parameters."""

import os

import wandb

run = wandb.init(project="A14", id="a")
run.log_code(
    root="../",
    include_fn=lambda path: path.endswith(".py") or path.endswith(".ipynb"),
    exclude_fn=lambda path, root: os.path.relpath(path, root).startswith("cache/"),
)
run.finish()
