"""An op that passes no gradient to an input, in words: which units, how many, and why."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.debugger.cause import number
from minigrad.debugger.formula import formula_of
from minigrad.debugger.tangent import End
from minigrad.drawing.nodes import names_of_inputs
from minigrad.tensor import Tensor

__all__ = ["dead_units"]

Array = NDArray[Any]


def dead_units(end: End) -> str:
    """Why a change of the inputs changes nothing of the output.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.debugger.tangent import ends_of_influence
    >>> x = mg.Tensor([-1.0, -0.5], requires_grad=True)
    >>> (end,) = ends_of_influence(mg.relu(x).sum(), x)
    >>> dead_units(end)
    'all 2 inputs are <= 0, the largest is -0.5'
    """
    tensor = end.tensor
    op: Any = tensor.op
    names = names_of_inputs(tensor)
    if len(end.tangents) > 1:
        return f"what comes through {' and '.join(names[index] for index in end.tangents)} cancels"
    ((index, tangent),) = end.tangents.items()
    reached = tangent != 0
    count, size = np.count_nonzero(reached), tangent.size
    what = f"all {size} inputs" if count == size else f"the {count} of {size} inputs it reaches"
    words = WORDS.get(op.__name__)
    found = words(tensor, index, reached) if words is not None else ""
    return f"{what} {found or f'have slope 0: {formula_of(tensor, index)}'}"


def at(values: Any, reached: Array) -> Array:
    """The values of an operand, or of the output, at the units that are reached."""
    shape = np.broadcast_shapes(np.shape(values), reached.shape)
    return np.asarray(np.broadcast_to(values, shape)[np.broadcast_to(reached, shape)])


def relu(tensor: Tensor, index: int, reached: Array) -> str:
    x = at(tensor.arrays[0], reached)
    return f"are <= 0, the largest is {number(float(x.max()))}" if x.max() <= 0 else ""


def clip(tensor: Tensor, index: int, reached: Array) -> str:
    x = at(tensor.arrays[0], reached)
    low, high = tensor.params["low"], tensor.params["high"]
    if low == high:
        return f"are clipped to the single value {low:g}"
    below, above = int(np.sum(x < low)), int(np.sum(x > high))
    return f"are outside of [{low:g}, {high:g}]: {below} below, {above} above"


def where(tensor: Tensor, index: int, reached: Array) -> str:
    return f"are not chosen: the condition is {index == 2} at each of them"


def larger_of_two(tensor: Tensor, index: int, reached: Array) -> str:
    return "are below the other operand"


def smaller_of_two(tensor: Tensor, index: int, reached: Array) -> str:
    return "are above the other operand"


def largest(tensor: Tensor, index: int, reached: Array) -> str:
    highest = number(float(at(tensor.arrays[0], reached).max()))
    return f"are not the maximum: the largest of them is {highest}"


def smallest(tensor: Tensor, index: int, reached: Array) -> str:
    lowest = number(float(at(tensor.arrays[0], reached).min()))
    return f"are not the minimum: the smallest of them is {lowest}"


def saturated(tensor: Tensor, index: int, reached: Array) -> str:
    nearest = number(float(np.min(np.abs(at(tensor.arrays[0], reached)))))
    return f"are saturated: |x| >= {nearest}, where the slope rounds to 0"


def times_zero(tensor: Tensor, index: int, reached: Array) -> str:
    other = at(tensor.arrays[1 - index], reached)
    return "are multiplied by exactly 0" if not other.any() else ""


def not_taken(tensor: Tensor, index: int, reached: Array) -> str:
    return "are not among the entries that the index takes"


def matrix_of_zeros(tensor: Tensor, index: int, reached: Array) -> str:
    names = names_of_inputs(tensor)
    if index > 1:
        return ""
    other = names[1 - index]
    if np.any(tensor.arrays[1 - index]):
        return f"meet entries of {other} that are exactly 0"
    return f"are multiplied by {other}, which is 0 everywhere"


WORDS: dict[str, Callable[[Tensor, int, Array], str]] = {
    "Clip": clip,
    "GetItem": not_taken,
    "Linear": matrix_of_zeros,
    "Matmul": matrix_of_zeros,
    "Max": largest,
    "Maximum": larger_of_two,
    "Min": smallest,
    "Minimum": smaller_of_two,
    "Multiply": times_zero,
    "Relu": relu,
    "Sigmoid": saturated,
    "Tanh": saturated,
    "Where": where,
}
"""For ops of minigrad in words of their own; any other is told by its rule's formula."""
