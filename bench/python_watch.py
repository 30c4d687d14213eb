"""What watch() costs a training step of a model of 10 M parameters on the CPU, beside the stock client's.

`python_watch.py LOG STEPS`, run by an interpreter that has PyTorch (.venv-clients/with-torch). A training that
nobody watches and the watched ones take their steps in turns, so that the machine's noise falls on all alike.
Every tenth step is logged (log_freq=10); what a mean step has more is nine medians of the others and one of
these, each of the differences to the unwatched step of its turn. Prints one JSON object: {"step_ms": of the
unwatched, "<module>_percent": what a mean step has more, "<module>_logged_ms": what a logged step has more,
"read_ms" and "torch_ms": of the histogram of one tensor of 10 M floats, by the core in one read and by PyTorch's
isfinite, min, max and histc}.
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


def added_ms(bare: list[float], watched: list[float], logged: bool) -> float:
    """Median of what a step has more than the unwatched one of its turn: of steps that were logged, or not."""
    return statistics.median(
        more - less
        for step, (less, more) in enumerate(zip(bare, watched), 1)
        if (step % LOG_FREQ == 0) == logged
    )


def tensor_ms() -> dict[str, float]:
    tensor = torch.randn(10_000_000)

    def by_torch() -> None:
        torch.isfinite(tensor).all()
        torch.histc(tensor, 64, tensor.min().item(), tensor.max().item())

    ways = {
        "read_ms": lambda: runstone._core.tensor_histogram(tensor, 64, 0),
        "torch_ms": by_torch,
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(11):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            times[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(of_way) for name, of_way in times.items()}


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
        names = list(trainings)
        for step in range(steps):
            first = step % len(names)  # nobody is always behind the same one
            for name in names[first:] + names[:first]:
                times[name].append(trainings[name].step_ms())
        bare_times = times.pop("bare")
        bare = statistics.median(bare_times)
        result = {"step_ms": bare, **tensor_ms()}
        for name, of_steps in times.items():
            logged = added_ms(bare_times, of_steps, True)
            mean = ((LOG_FREQ - 1) * added_ms(bare_times, of_steps, False) + logged) / LOG_FREQ
            result[f"{name}_percent"] = mean / bare * 100
            result[f"{name}_logged_ms"] = logged
        for training in trainings.values():
            if training.run is not None:
                training.run.finish()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
