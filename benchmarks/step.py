"""What a training step costs beside the same step written by hand in NumPy.

    python benchmarks/step.py

Each step is forward, softmax cross entropy, backward and SGD of a sigmoid MLP in float32, from the
same initial weights on the same batch; the losses after the warm-up must agree. Rounds of both
are interleaved, so that a machine whose speed drifts slows both down; the figure to quote is the
ratio, a median over rounds.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from time import perf_counter

import numpy as np

import minigrad as mg
from minigrad import nn, optim

LR = 0.1
NETS = [((2, 16, 2), 4), ((64, 32, 10), 32), ((784, 128, 10), 64), ((784, 512, 256, 10), 256)]

Step = Callable[[], float]


def numpy_step(
    weights: list[np.ndarray], biases: list[np.ndarray], x: np.ndarray, labels: np.ndarray
) -> Step:
    """The step as somebody who knows the derivatives and NumPy writes it."""
    n = len(x)
    rows = np.arange(n)

    def step() -> float:
        activations = [x]
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            activations.append(1 / (1 + np.exp(-(activations[-1] @ weight + bias))))
        logits = activations[-1] @ weights[-1] + biases[-1]
        logits -= logits.max(axis=1, keepdims=True)
        p = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, labels]).mean()
        p[rows, labels] -= 1
        p /= n
        grad = p
        for layer in reversed(range(len(weights))):
            grad_weight = activations[layer].T @ grad
            grad_bias = grad.sum(axis=0)
            if layer:
                h = activations[layer]
                grad = (grad @ weights[layer].T) * h * (1 - h)
            weights[layer] -= LR * grad_weight
            biases[layer] -= LR * grad_bias
        return float(loss)

    return step


def minigrad_step(model: nn.Module, x: np.ndarray, labels: np.ndarray) -> Step:
    """The step as a user of minigrad writes it."""
    optimizer = optim.SGD(model.parameters(), lr=LR)

    def step() -> float:
        loss = mg.softmax_cross_entropy(model(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def steps_for(sizes: tuple[int, ...], batch_size: int) -> tuple[Step, Step]:
    """Both steps, from the same weights on the same batch."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch_size, sizes[0])).astype(np.float32)
    labels = rng.integers(0, sizes[-1], batch_size)
    model = nn.mlp(sizes, activation="sigmoid", rng=rng, dtype=np.float32)
    state = model.state_dict()
    weights = [values for name, values in state.items() if name.endswith("weight")]
    biases = [values for name, values in state.items() if name.endswith("bias")]
    assert [w.shape for w in weights] == list(pairwise(sizes))
    return numpy_step(weights, biases, x, labels), minigrad_step(model, x, labels)


def seconds(step: Step, repeats: int) -> float:
    start = perf_counter()
    for _ in range(repeats):
        step()
    return (perf_counter() - start) / repeats


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=31, help="interleaved rounds (default 31)")
    rounds = parser.parse_args().rounds
    print(f"{'net':>16} {'batch':>5} {'NumPy µs':>9} {'minigrad µs':>11} {'ratio':>6}")
    for sizes, batch_size in NETS:
        by_hand, ours = steps_for(sizes, batch_size)
        for _ in range(20):
            losses = by_hand(), ours()
        if abs(losses[0] - losses[1]) > 1e-4 * abs(losses[0]):
            raise SystemExit(f"{sizes}: the losses differ, {losses[0]} and {losses[1]}")
        repeats = max(3, int(0.02 / seconds(by_hand, 3)))
        times = [(seconds(by_hand, repeats), seconds(ours, repeats)) for _ in range(rounds)]
        hand_time, our_time = (median(column) * 1e6 for column in zip(*times, strict=True))
        ratio = median(ours / hand for hand, ours in times)
        name = "-".join(map(str, sizes))
        print(f"{name:>16} {batch_size:>5} {hand_time:>9.1f} {our_time:>11.1f} {ratio:>6.2f}")


if __name__ == "__main__":
    main()
