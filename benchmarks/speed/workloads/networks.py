"""Training steps of sigmoid MLPs: forward, softmax cross entropy, backward, SGD, in float32.

All peers start from the same weights on the same batch; what they return is the loss, which after
the same number of steps must be the same.
"""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from speed.workload import Workload

LR = 0.1


@dataclass
class Network:
    """Initial weights, a batch, and its labels. Weights have the shape (n_in, n_out)."""

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    x: np.ndarray
    labels: np.ndarray
    lr: float = LR

    @property
    def sizes(self) -> tuple[int, ...]:
        return (*(len(w) for w in self.weights), self.weights[-1].shape[1])


def network(sizes: tuple[int, ...], batch_size: int, dtype: type = np.float32) -> Network:
    rng = np.random.default_rng(0)
    weights, biases = [], []
    for n_in, n_out in pairwise(sizes):
        bound = np.sqrt(6 / (n_in + n_out))  # Xavier
        weights.append(rng.uniform(-bound, bound, (n_in, n_out)).astype(dtype))
        biases.append(np.zeros(n_out, dtype))
    x = rng.standard_normal((batch_size, sizes[0])).astype(dtype)
    return Network(weights, biases, x, rng.integers(0, sizes[-1], batch_size))


NETS = {
    "2-16-2": ((2, 16, 2), 4),
    "64-32-10": ((64, 32, 10), 32),
    "784-128-10": ((784, 128, 10), 64),
    "784-512-256-10": ((784, 512, 256, 10), 256),
}
SMALL = NETS["64-32-10"]

WORKLOADS = {f"step {name}": Workload("step", partial(network, *net)) for name, net in NETS.items()}
WORKLOADS |= {
    "step 50 layers of 16": Workload("step", partial(network, (16,) * 51, 32)),
    "backward 64-32-10": Workload(
        "backward", partial(network, *SMALL), ("forward", "", "value"), hidden=("forward", "value")
    ),
    "Hessian-vector product 64-32-10": Workload(
        "hessian_vector", partial(network, *SMALL), tolerance=1e-2
    ),
    "gradient check 4-5-3": Workload(
        "gradient_check", partial(network, (4, 5, 3), 3, np.float64), warm_up=1, slow=True, turns=5
    ),
    "stepping through 64-32-10": Workload(
        "stepping", partial(network, *SMALL), ("forward", "", "value"), hidden=("forward", "value")
    ),
}
