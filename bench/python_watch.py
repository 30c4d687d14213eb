"""What watch() costs a training step of a model of 10 M parameters on the CPU, beside the stock client's.

`python_watch.py LOG STEPS`, run by an interpreter that has PyTorch (.venv-clients/with-torch). A training that
nobody watches and the watched ones take their steps in turns, so that the machine's noise falls on all alike.
Every tenth step is logged (log_freq=10); a mean step is nine medians of the others and one of these. Prints one
JSON object: {"step_ms": of the unwatched, "<module>_percent": what a mean step has more, "<module>_logged_ms":
what a logged step has more}.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

import runstone  # noqa: E402
import wandb  # noqa: E402

LOG_FREQ = 10
BATCH = 64
SIZES = (1024, 2300, 2300, 1024)  # 10.0 M parameters


class Training:
    """A model in training; `run` watches it, if there is one."""

    def __init__(self, run=None, log: str | None = None) -> None:
        torch.manual_seed(1)
        layers = []
        for inputs, outputs in zip(SIZES, SIZES[1:]):
            layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
        self.model = torch.nn.Sequential(*layers[:-1])
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-4)
        self.batch = torch.randn(BATCH, SIZES[0])
        self.run = run
        if run is not None:
            run.watch(self.model, log=log, log_freq=LOG_FREQ)

    def step(self) -> None:
        self.optimizer.zero_grad()
        loss = (self.model(self.batch) - self.batch).square().mean()
        loss.backward()
        self.optimizer.step()
        if self.run is not None:
            self.run.log({"loss": loss.item()})
        else:
            loss.item()

    def step_ms(self) -> float:
        started = time.perf_counter()
        self.step()
        return (time.perf_counter() - started) * 1000


def median_of(times: list[float], logged: bool) -> float:
    """Of the steps that were logged, or of the others."""
    return statistics.median(ms for step, ms in enumerate(times, 1) if (step % LOG_FREQ == 0) == logged)


def main() -> None:
    log, steps = sys.argv[1], int(sys.argv[2])
    quiet = {"silent": True, "console": "off", "x_disable_stats": True}
    with tempfile.TemporaryDirectory() as folder:
        trainings = {"bare": Training()}
        for module in (runstone, wandb):
            settings = module.Settings(**quiet)
            run = module.init(mode="offline", dir=folder, project="bench", settings=settings)
            trainings[module.__name__] = Training(run, log)
        times = {name: [] for name in trainings}
        for _ in range(steps):
            for name, training in trainings.items():
                times[name].append(training.step_ms())
        bare = statistics.median(times.pop("bare"))
        result = {"step_ms": bare}
        for name, of_steps in times.items():
            plain, logged = median_of(of_steps, False), median_of(of_steps, True)
            mean = ((LOG_FREQ - 1) * plain + logged) / LOG_FREQ
            result[f"{name}_percent"] = (mean / bare - 1) * 100
            result[f"{name}_logged_ms"] = logged - plain
        for training in trainings.values():
            if training.run is not None:
                training.run.finish()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
