"""What must hold exactly, whatever the values: checked to rounding, without differences."""

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.problem import Problem
from minigrad.gradients import depends, grad
from minigrad.tensor import Tensor

__all__ = ["structure_problems"]

Array = NDArray[np.float64]


def structure_problems(problem: Problem, cotangent: Array, rng: np.random.Generator) -> list[str]:
    """What is wrong with the way gradients are computed, in words; empty if nothing is.

    The gradient is linear in the cotangent; a second backward adds exactly as much once more;
    neither leaves nor cotangent are written to; no two gradients share memory.
    """
    leaves = problem.leaves
    before = {name: leaf.data.copy() for name, leaf in leaves.items()}
    for leaf in leaves.values():
        leaf.grad = None
    out = problem.output()
    reached = {name: leaf for name, leaf in leaves.items() if depends(out, leaf)}
    if not reached:
        return []
    v = cotangent.reshape(out.shape).copy()
    w = rng.standard_normal(out.shape)
    found = []
    out.backward(v)
    once = {name: np.array(leaf.grad) for name, leaf in reached.items()}
    out.backward(v)
    for name, leaf in reached.items():
        if not np.array_equal(np.asarray(leaf.grad), 2 * once[name], equal_nan=True):
            found.append(f"{name}: a second backward did not add the same gradient once more")
    found += shared_memory(reached)
    tensors = list(reached.values())
    single = grad(out, tensors, w)
    both = grad(out, tensors, 2 * v - w)
    for name, one, sum_of_both in zip(reached, single, both, strict=True):
        expected = 2 * once[name] - one.data
        size = np.abs(once[name]) + np.abs(one.data)
        if not np.allclose(sum_of_both.data, expected, rtol=1e-8, atol=1e-10 * size.max(initial=0)):
            found.append(f"{name}: its gradient is not linear in the cotangent")
    for name, leaf in leaves.items():
        if not np.array_equal(leaf.data, before[name], equal_nan=True):
            found.append(f"{name}: its values were changed by computing or by backward")
        leaf.grad = None
    if not np.array_equal(v, cotangent.reshape(out.shape)):
        found.append("the cotangent was changed by backward")
    return found


def shared_memory(leaves: dict[str, Tensor]) -> list[str]:
    """Pairs of gradients, or a gradient and values, in the same memory."""
    arrays = [(f"the gradient of {name}", leaf.grad) for name, leaf in leaves.items()]
    arrays += [(f"the values of {name}", leaf.data) for name, leaf in leaves.items()]
    return [
        f"{one} shares memory with {other}"
        for i, (one, a) in enumerate(arrays)
        for other, b in arrays[i + 1 :]
        if one.startswith("the gradient") and np.shares_memory(a, b)
    ]
