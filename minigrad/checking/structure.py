"""What must hold exactly, whatever the values: checked to rounding, without differences."""

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.problem import Problem
from minigrad.checking.rounding import rounding_of_gradient
from minigrad.checking.verdict import SAFETY
from minigrad.gradients import depends, grad
from minigrad.graph import backward_step, topological_order
from minigrad.tensor import Tensor

__all__ = ["structure_problems"]

Array = NDArray[np.float64]

RTOL = 1e-10
LARGE = -1024.0
SEEDS = (1, 2, 3)


def structure_problems(problem: Problem, cotangent: Array, rng: np.random.Generator) -> list[str]:
    """What is wrong with the way gradients are computed, in words; empty if nothing is.

    The gradient is linear in the cotangent; a second backward adds exactly as much once more; one
    for all leaves gives the same as one for each; no rule writes to what it was given; no two
    gradients share memory, of one pass or of two.
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
    inner = [name for name, leaf in reached.items() if leaf.grad is not None]
    if inner:
        return [
            f"{name}: the function calls backward() itself; after another one .grad is the sum of "
            "both"
            for name in inner
        ]
    found = writing_rules(out, v)  # first: what is written once more looks unchanged
    if found:  # nothing that holds of other rules holds of one that writes
        give_back(leaves, before)
        return found
    out = problem.output()
    # A function may close over tensors that have gradients of their own.
    gradients = [(tensor, tensor.grad) for tensor in topological_order(out)]
    out.backward(v)
    first = {name: np.asarray(leaf.grad) for name, leaf in reached.items()}
    once = {name: gradient.copy() for name, gradient in first.items()}
    out.backward(v)
    for name, leaf in reached.items():
        if not np.array_equal(np.asarray(leaf.grad), 2 * once[name], equal_nan=True):
            found.append(f"{name}: a second backward did not add the same gradient once more")
        if not np.array_equal(grad(out, leaf, v).data, once[name], equal_nan=True):
            found.append(
                f"{name}: backward for all leaves gives another gradient than for it alone"
            )
    found += shared_memory(reached)
    for name, leaf in reached.items():
        if not linear(out, leaf, once[name], v, w):
            constant = np.array_equal(grad(out, leaf, w).data, once[name])
            found.append(
                f"{name}: its gradient is the same under any cotangent: is grad_out left out of a "
                "rule?"
                if constant
                else f"{name}: its gradient is not linear in the cotangent"
            )
    for name, gradient in first.items():
        if not np.array_equal(gradient, once[name], equal_nan=True):
            found.append(f"{name}: its gradient was overwritten by a later backward")
    found += [
        f"{name}: its values were changed by computing or by backward"
        for name in give_back(leaves, before)
    ]
    for tensor, gradient in gradients:
        tensor.grad = gradient
    if not np.array_equal(v, cotangent.reshape(out.shape)):
        found.append("the cotangent was changed by backward")
    return found


def give_back(leaves: dict[str, Tensor], before: dict[str, Array]) -> list[str]:
    """Give leaves whose values were changed their own again; return which these are."""
    changed = []
    for name, leaf in leaves.items():
        if not np.array_equal(leaf.data, before[name], equal_nan=True):
            leaf.data = before[name]
            changed.append(name)
    return changed


def linear(out: Tensor, leaf: Tensor, gradient: Array, v: Array, w: Array) -> bool:
    """Whether −1024v − 3w gives what v and w give, as far as rounding and overflow show it."""
    # Weights that do not sum to 1, or a rule that gives a constant would pass; one of them large,
    # or one would that cuts off large gradients, and negative, or one that takes sizes would.
    combined = LARGE * v - 3 * w
    other, both = (grad(out, leaf, cotangent).data for cotangent in (w, combined))
    gap = np.abs(both - (LARGE * gradient - 3 * other))
    allowed = RTOL * (abs(LARGE) * np.abs(gradient) + np.abs(other)) + np.finfo(gradient.dtype).tiny
    if np.all((gap <= allowed) | ~np.isfinite(gap)):
        return True
    for size, cotangent, value in ((-LARGE, v, gradient), (3, w, other), (1, combined, both)):
        draws = [rounding_of_gradient(out, leaf, cotangent, value, seed) for seed in SEEDS]
        allowed = allowed + SAFETY * size * np.max(np.abs(draws), axis=0)
    return bool(np.all((gap <= allowed) | ~np.isfinite(gap)))


def writing_rules(out: Tensor, cotangent: Array) -> list[str]:
    """The ops whose rules write to the incoming gradient, to the output or to an input."""
    found = []
    order = topological_order(out)
    grads: dict[Tensor, Array | None] = dict.fromkeys(order)
    grads[out] = cotangent.copy()
    for tensor in order:
        given = [grads[tensor], tensor.data, *tensor.arrays]
        before = [np.array(array) for array in given]
        backward_step(tensor, grads)
        for i, (array, copy) in enumerate(zip(given, before, strict=True)):
            if not np.array_equal(np.asarray(array), copy, equal_nan=True):
                what = ("the incoming gradient", "its output")[i] if i < 2 else f"input {i - 2}"
                found.append(f"{tensor!r}: a rule of {tensor.op.__name__} writes to {what}")
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
