"""Trains a small network on handwritten digits and logs what happens to Runstone.

Real data (scikit-learn's bundled digits: 1,797 pictures of 8 x 8 pixels), a real network (one hidden
layer, plain numpy), and the calls a training script needs: init, log, define_metric, summary.

    python examples/python/digits.py --epochs 40
"""

from __future__ import annotations

import argparse

import numpy as np
import runstone
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

CLASS_COUNT = 10


def softmax(scores: np.ndarray) -> np.ndarray:
    """Row-wise probabilities. Shape [n, classes] -> [n, classes]."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


class Network:
    """64 pixels -> hidden ReLU units -> 10 classes, trained by momentum SGD on the cross entropy."""

    def __init__(self, hidden: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.weights = [
            rng.normal(0, np.sqrt(2 / 64), (64, hidden)),
            np.zeros(hidden),
            rng.normal(0, np.sqrt(2 / hidden), (hidden, CLASS_COUNT)),
            np.zeros(CLASS_COUNT),
        ]
        self.velocities = [np.zeros_like(w) for w in self.weights]

    def predict(self, pixels: np.ndarray) -> np.ndarray:
        w1, b1, w2, b2 = self.weights
        return softmax(np.maximum(pixels @ w1 + b1, 0) @ w2 + b2)

    def train_batch(self, pixels: np.ndarray, labels: np.ndarray, rate: float) -> float:
        """One step; returns the batch's mean cross entropy in nats."""
        w1, b1, w2, b2 = self.weights
        hidden = np.maximum(pixels @ w1 + b1, 0)
        probabilities = softmax(hidden @ w2 + b2)
        loss = -np.log(probabilities[np.arange(len(labels)), labels] + 1e-12).mean()
        slope = probabilities.copy()
        slope[np.arange(len(labels)), labels] -= 1
        slope /= len(labels)
        slope_hidden = (slope @ w2.T) * (hidden > 0)
        gradients = [pixels.T @ slope_hidden, slope_hidden.sum(0), hidden.T @ slope, slope.sum(0)]
        for weight, velocity, gradient in zip(self.weights, self.velocities, gradients):
            velocity *= 0.9
            velocity -= rate * gradient
            weight += velocity
        return float(loss)


def evaluate(network: Network, pixels: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    probabilities = network.predict(pixels)
    hits = probabilities.argmax(axis=1) == labels
    row = {
        "val/loss": float(-np.log(probabilities[np.arange(len(labels)), labels] + 1e-12).mean()),
        "val/accuracy": float(hits.mean()),
    }
    for digit in range(CLASS_COUNT):
        row[f"class accuracy/{digit}"] = float(hits[labels == digit].mean())
    return row


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--hidden", type=int, default=48)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    digits = load_digits()
    train_x, val_x, train_y, val_y = train_test_split(
        digits.data / 16.0, digits.target, test_size=0.25, random_state=arguments.seed, stratify=digits.target
    )
    network = Network(arguments.hidden, arguments.seed)
    rng = np.random.default_rng(arguments.seed)

    with runstone.init(project="digits", job_type="train", tags=["example"], config=vars(arguments)) as run:
        run.define_metric("val/accuracy", summary="max,last")
        run.define_metric("val/loss", summary="min,last")
        for epoch in range(arguments.epochs):
            rate = arguments.learning_rate * 0.5 * (1 + np.cos(np.pi * epoch / arguments.epochs))
            order = rng.permutation(len(train_x))
            for start in range(0, len(order), arguments.batch_size):
                batch = order[start : start + arguments.batch_size]
                loss = network.train_batch(train_x[batch], train_y[batch], rate)
                run.log({"train/loss": loss, "train/learning_rate": rate, "epoch": epoch})
            row = evaluate(network, val_x, val_y)
            run.log({"epoch": epoch, **row})
            print(f"epoch {epoch + 1:3}: loss {row['val/loss']:.4f}, accuracy {row['val/accuracy']:.4f}")
        run.summary["parameters"] = sum(weight.size for weight in network.weights)


if __name__ == "__main__":
    main()
