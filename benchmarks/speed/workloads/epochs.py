"""An epoch of small batches, which a compiler may turn into one program: 64-32-10, 47 batches."""

from dataclasses import dataclass

import numpy as np

from speed.workload import Workload
from speed.workloads.networks import LR, SMALL, Network, network

BATCHES = 47


@dataclass
class Epoch:
    """Weights to start from, samples, and in which order they come in batches of one size."""

    start: Network
    x: np.ndarray
    y: np.ndarray
    order: np.ndarray
    batch_size: int
    lr: float = LR

    @property
    def batches(self) -> list[np.ndarray]:
        return np.split(self.order, BATCHES)


def epoch() -> Epoch:
    sizes, batch_size = SMALL
    samples = BATCHES * batch_size
    start = network(sizes, 1)
    rng = np.random.default_rng(1)
    x = rng.standard_normal((samples, sizes[0])).astype(np.float32)
    y = rng.integers(0, sizes[-1], samples)
    return Epoch(start, x, y, rng.permutation(samples), batch_size)


WORKLOADS = {"epoch 64-32-10": Workload("epoch", epoch, warm_up=3)}
