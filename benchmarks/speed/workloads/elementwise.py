"""Wide arrays, where memory traffic is all that counts: Σ (x·y + z)·exp(−x) over 1e6 elements.

The number returned is the sum of the gradient with respect to x.
"""

from dataclasses import dataclass

import numpy as np

from speed.workload import Workload


@dataclass
class Arrays:
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray


def arrays() -> Arrays:
    rng = np.random.default_rng(0)
    return Arrays(*(rng.uniform(0, 1, 1_000_000).astype(np.float32) for _ in range(3)))


WORKLOADS = {"elementwise on 1e6 elements": Workload("elementwise", arrays, warm_up=3)}
