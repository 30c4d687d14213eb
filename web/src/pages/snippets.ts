/** What to type to get a first run; shown where there is nothing yet. */
export const firstRunPython = `import runstone

with runstone.init(project="first-steps", config={"lr": 0.01}) as run:
    for step in range(100):
        run.log({"train/loss": 1 / (step + 1)})`;

export const firstLogPython = `run.log({"train/loss": loss, "train/accuracy": accuracy})`;

export const firstAlertPython = `run.alert(title="Loss is NaN", text="at step 300", level="ERROR")`;

export const firstSweepPython = `import wandb

sweep = wandb.sweep(
    {
        "method": "bayes",
        "metric": {"name": "loss", "goal": "minimize"},
        "parameters": {"lr": {"min": 0.0001, "max": 0.1}},
    },
    project="first-steps",
)
wandb.agent(sweep, function=train, count=20)`;
