"""Ties: which entries move one, which outputs feel it, and how far several can move a slope."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.problem import Outcome, Problem, branches_of
from minigrad.gradients import depends, grad
from minigrad.graph import backpropagate
from minigrad.tensor import Tensor

__all__ = ["Tie", "entries_at_ties", "outputs_at_ties", "reach_of_ties", "ties_between"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Tie = tuple[int, Mask]
"""Which of the non-smooth ops, in the order they were computed, and which of its pieces."""

STEP = 2.0**-20
"""Of the tensor's scale: small enough to stay on the pieces next to the tie."""


def ties_between(base: Outcome, nearest: Sequence[Outcome]) -> list[Tie]:
    """The pieces that change as close to the base as numbers allow: those exactly at a kink."""
    ties = []
    for number, here in enumerate(base.branches):
        changed = np.zeros(here.pieces.shape, bool)
        for outcome in nearest:
            if len(outcome.branches) == len(base.branches):
                there = outcome.branches[number].pieces
                changed |= there != here.pieces if there.shape == changed.shape else True
        if changed.any():
            ties.append((number, changed))
    return ties


def entries_at_ties(problem: Problem, leaf: Tensor, ties: Sequence[Tie]) -> Mask:
    """The entries of ``leaf`` that the inputs of an op depend on where it is at a kink."""
    rng = np.random.default_rng(0)
    moved = np.zeros(leaf.shape, bool)
    branches = branches_of(problem.output())
    for number, changed in ties:
        for x in branches[number].tensor.inputs:
            if isinstance(x, Tensor) and depends(x, leaf):
                moved |= grad(x, leaf, at(changed, x.shape, rng)).data != 0
    return moved


def outputs_at_ties(problem: Problem, ties: Sequence[Tie]) -> Mask:
    """The outputs, flat, that depend on what comes out of an op where it is at a kink."""
    rng = np.random.default_rng(0)
    out = problem.output()
    felt = np.zeros(out.size, bool)
    branches = branches_of(out)
    v = Tensor(rng.standard_normal(out.shape), requires_grad=True)
    for number, changed in ties:
        tensor = branches[number].tensor
        pulled = grad(out, tensor, v, create_graph=True)
        felt |= grad(pulled, v, at(changed, tensor.shape, rng)).data.ravel() != 0
    return felt


def at(changed: Mask, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Random numbers where pieces change, else zeros; everywhere if the shapes do not match."""
    numbers = rng.standard_normal(shape)
    return np.where(changed, numbers, 0.0) if changed.shape == shape else numbers


def reach_of_ties(
    problem: Problem, base: Outcome, leaf: Tensor, direction: Array, cotangent: Array
) -> float:
    """Half the width of the range of derivatives along ``direction`` that ties allow.

    At one tie, that is half the difference of the slopes from left and right. At several, theirs
    may cancel in the sum, while a rule is free to choose at each: their sizes add up instead, each
    times what the outputs, contracted with the cotangent, depend on it. Of ties one behind the
    other each counts in full, which is generous: `check_graph`, where each op is alone, is not.
    """
    out = problem.output()
    grads = backpropagate(out, cotangent.reshape(out.shape))
    here = branches_of(out)
    before = problem.outcome_beside(base, leaf, -STEP * direction).branches
    after = problem.outcome_beside(base, leaf, STEP * direction).branches
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
