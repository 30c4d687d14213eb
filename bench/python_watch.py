"""What watch() costs a training step of a model of 10 M parameters on the CPU, beside the stock client's.

`python_watch.py LOG ROUNDS`, run by an interpreter that has PyTorch (.venv-clients/with-torch). There is one
training: where its memory lies costs a step more than what is measured here, so two of them would not compare.
In each round it takes ten steps that nobody watches and ten that each client watches, in a random order; the
tenth is logged (log_freq=10). What a mean step has more is nine medians of the others and one of these, each of
the differences to the unwatched steps of its round. Prints one JSON object: {"step_ms": of the unwatched,
"<module>_percent": what a mean step has more, "<module>_logged_ms": what a logged step has more, "read_ms" and
"torch_ms": of the histogram of one tensor of 10 M floats, by the core in one read and by PyTorch's isfinite,
min, max and histc}.
"""

from __future__ import annotations

import json
import random
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
    """A model in training, and who watches it at the moment."""

    def __init__(self) -> None:
        torch.manual_seed(1)
        layers = []
        for inputs, outputs in zip(SIZES, SIZES[1:]):
            layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
        self.model = torch.nn.Sequential(*layers[:-1])
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-4)
        self.batch = torch.randn(BATCH, SIZES[0])

    def step(self, run) -> None:
        self.optimizer.zero_grad()
        loss = (self.model(self.batch) - self.batch).square().mean()
        loss.backward()
        self.optimizer.step()
        value = loss.item()
        if run is not None:
            run.log({"loss": value})

    def steps_ms(self, run=None, log: str | None = None) -> list[float]:
        """LOG_FREQ steps; `run` watches them, if there is one, and logs the last."""
        if run is not None:
            run.watch(self.model, log=log, log_freq=LOG_FREQ, idx=0)
        times = []
        for _ in range(LOG_FREQ):
            started = time.perf_counter()
            self.step(run)
            times.append((time.perf_counter() - started) * 1000)
        if run is not None:
            run.unwatch(self.model)
        return times


def added_ms(bare: list[list[float]], watched: list[list[float]], steps: slice) -> float:
    """Median of what those steps of a round have more than the unwatched ones of the same round."""
    return statistics.median(
        more - less
        for bare_round, watched_round in zip(bare, watched)
        for less, more in zip(bare_round[steps], watched_round[steps])
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
    log, rounds = sys.argv[1], int(sys.argv[2])
    quiet = {"silent": True, "console": "off", "x_disable_stats": True}
    with tempfile.TemporaryDirectory() as folder:
        runs = {"bare": None}
        for module in (runstone, wandb):
            settings = module.Settings(**quiet)
            runs[module.__name__] = module.init(
                mode="offline", dir=folder, project="bench", settings=settings
            )
        training = Training()
        times: dict[str, list[list[float]]] = {name: [] for name in runs}
        order = random.Random(1)
        for _ in range(rounds + 1):
            for name in order.sample(list(runs), len(runs)):
                times[name].append(training.steps_ms(runs[name], log))
        times = {name: of_rounds[1:] for name, of_rounds in times.items()}  # the first one warms up
        bare_times = times.pop("bare")
        bare = statistics.median(step for of_round in bare_times for step in of_round)
        result = {"step_ms": bare, **tensor_ms()}
        for name, of_rounds in times.items():
            logged = added_ms(bare_times, of_rounds, slice(LOG_FREQ - 1, None))
            others = added_ms(bare_times, of_rounds, slice(LOG_FREQ - 1))
            result[f"{name}_percent"] = ((LOG_FREQ - 1) * others + logged) / LOG_FREQ / bare * 100
            result[f"{name}_logged_ms"] = logged
            runs[name].finish()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
