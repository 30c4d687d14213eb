"""A figure of matplotlib."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import wandb

with wandb.init(project="A10", id="a") as run:
    fig, ax = plt.subplots()
    x = np.linspace(0, 10)
    ax.plot(x, x * x)
    run.log({"chart": fig})
