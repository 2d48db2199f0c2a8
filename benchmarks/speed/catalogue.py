"""All workloads and all peers, by the names that the command line knows."""

from speed.workload import Workload
from speed.workloads import chains, digits, elementwise, epochs, imports, networks

WORKLOADS: dict[str, Workload] = {
    **networks.WORKLOADS,
    **epochs.WORKLOADS,
    **chains.WORKLOADS,
    **elementwise.WORKLOADS,
    **digits.WORKLOADS,
    **imports.WORKLOADS,
}

BASELINE = "numpy"
PEERS = {
    "numpy": "numpy_by_hand",
    "numpy-plain": "numpy_plain",
    "minigrad": "minigrad_eager",
    "minigrad-compiled": "minigrad_compiled",
    "torch": "torch_eager",
    "torch-compile": "torch_compiled",
    "jax": "jax_jit",
    "autograd": "hips_autograd",
    "mygrad": "mygrad_eager",
    "micrograd": "micrograd_scalars",
    "tinygrad": "tinygrad_jit",
    "sklearn": "scikit_learn",
}
"""Each peer's file in ``speed/peers``."""
