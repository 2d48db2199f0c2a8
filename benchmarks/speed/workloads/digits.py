"""Training to the end: a 64-32-10 sigmoid MLP on the 1,797 digits, 30 epochs in batches of 32.

What is returned is the accuracy on the third that was held out: at least 96 % is asked for.
"""

from dataclasses import dataclass

import numpy as np

from speed.workload import Workload
from speed.workloads.networks import Network, network


@dataclass
class Digits:
    start: Network
    """Only its weights and biases."""
    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    lr: float = 0.5
    epochs: int = 30
    batch_size: int = 32


def digits() -> Digits:
    from minigrad.data import load_digits, train_test_split

    data = load_digits(np.float32)
    x, x_test, y, y_test = train_test_split(data.x, data.y, test_size=1 / 3, stratify=True, rng=0)
    return Digits(network((64, 32, 10), 1), x, y, x_test, y_test)


WORKLOADS = {
    "fit digits": Workload("fit", digits, at_least=0.96, warm_up=1, turns=8),
}
