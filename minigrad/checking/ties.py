"""Several ties at once: how far the slopes chosen at each of them can move a derivative."""

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.problem import Problem, branches_of
from minigrad.graph import backpropagate
from minigrad.tensor import Tensor

__all__ = ["reach_of_ties"]

Array = NDArray[np.float64]

STEP = 2.0**-20


def reach_of_ties(problem: Problem, leaf: Tensor, direction: Array, cotangent: Array) -> float:
    """Half the width of the range of derivatives along ``direction`` that ties allow.

    At one tie, that is half the difference of the slopes from left and right. At several, theirs
    may cancel in the sum, while a rule is free to choose at each: their sizes add up instead, each
    times what the outputs, contracted with the cotangent, depend on it.
    """
    out = problem.output()
    grads = backpropagate(out, cotangent.reshape(out.shape))
    here = branches_of(out)
    with problem.moved(leaf, -STEP * direction):
        before = branches_of(problem.output())
    with problem.moved(leaf, STEP * direction):
        after = branches_of(problem.output())
    if not len(before) == len(here) == len(after):
        return 0.0
    reach = 0.0
    for left, middle, right in zip(before, here, after, strict=True):
        tied = (left.pieces != middle.pieces) | (middle.pieces != right.pieces)
        values = middle.tensor.data
        bend = (right.tensor.data - values) + (left.tensor.data - values)
        jumps = np.abs(grads[middle.tensor] * bend) / STEP
        # An op such as max has pieces of its input, not of its output.
        tied = tied if tied.shape == jumps.shape else np.full(jumps.shape, tied.any())
        reach += float(np.sum(jumps[tied])) / 2
    return reach
