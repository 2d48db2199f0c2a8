"""Which way influence goes: a small change of one tensor, followed forwards through its graph.

A rule is linear in the gradient that arrives: it is v ↦ Jᵀv. Run on Tensors it can be
differentiated, and the gradient of (Jᵀv)·d with respect to v is J·d: what the op makes of a change
d of that input. No second set of formulas is needed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.gradients import depends, grad
from minigrad.graph import topological_order
from minigrad.tensor import Tensor, enable_grad

__all__ = ["End", "ends_of_influence", "pushed"]

Array = NDArray[Any]


@dataclass(frozen=True)
class End:
    """An op in which a change of its inputs changes nothing of its output.

    Attributes
    ----------
    tensor : Tensor
        The op's output.
    tangents : dict of int to ndarray
        The change of each input that has one, by its position.
    """

    tensor: Tensor
    tangents: dict[int, Array]


def ends_of_influence(root: Tensor, x: Tensor) -> list[End]:
    """The ops at which a change of ``x`` in general direction ends before it reaches ``root``.

    Raises
    ------
    Exception
        Whatever a rule raises that cannot run on Tensors.
    """
    rng = np.random.default_rng(0)
    tangents: dict[Tensor, Array] = {x: direction(rng, x)}
    ends = []
    for tensor in reversed(topological_order(root)):
        moved = {
            index: tangents[y]
            for index, y in enumerate(tensor.inputs)
            if isinstance(y, Tensor) and y in tangents
        }
        if not moved:
            continue
        tangent = pushed_together(tensor, moved, rng)
        if not tangent.any():  # too small for its dtype, perhaps
            largest = max(float(np.max(np.abs(d))) for d in moved.values())
            scaled = {index: d / d.dtype.type(largest) for index, d in moved.items()}
            tangent = pushed_together(tensor, scaled, rng)
        if tangent.any():
            tangents[tensor] = tangent
        else:
            ends.append(End(tensor, moved))
    return ends


def pushed_together(tensor: Tensor, moved: dict[int, Array], rng: np.random.Generator) -> Array:
    total = sum(pushed(tensor, index, change, rng) for index, change in moved.items())
    return np.asarray(total)


def direction(rng: np.random.Generator, x: Tensor) -> Array:
    """A direction in which no entry stands still."""
    return np.asarray(rng.uniform(0.5, 1.5, x.shape) * rng.choice([-1, 1], x.shape), x.dtype)


def pushed(tensor: Tensor, index: int, change: Array, rng: np.random.Generator) -> Array:
    """J·change: what the op that made ``tensor`` makes of a change of its input ``index``."""
    op: Any = tensor.op
    v = Tensor(direction(rng, tensor), requires_grad=True)
    arrays = [Tensor(a) if isinstance(a, np.ndarray) else a for a in tensor.arrays]
    with enable_grad():
        pulled = op.rules[index](v, Tensor(tensor.data), *arrays, **tensor.params)
        if not depends(pulled, v):
            return np.zeros(tensor.shape, tensor.dtype)
        return np.asarray(grad(pulled, v, change).data)
