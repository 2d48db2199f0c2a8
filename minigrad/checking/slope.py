"""The derivative of a problem along a direction: central where it is smooth, one-sided at kinks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.differences import EPS, Difference, Estimate, extrapolate
from minigrad.checking.problem import Outcome, Problem
from minigrad.tensor import Tensor

__all__ = ["Slope", "direction_scale", "slope_along"]

Array = NDArray[np.float64]
Evaluate = Callable[[float], Outcome]

FIRST_STEP = 2.0**-3
SMALLEST_STEP = 2.0**-40


@dataclass(frozen=True)
class Slope:
    """A directional derivative, elementwise over the outputs or contracted with weights.

    Attributes
    ----------
    estimate : Estimate or None
        From both sides; None at a kink, or where nothing could be evaluated.
    left, right : Estimate or None
        From one side each, at a kink.
    kink : str
        What was met: the op, its unit and its source line; empty where it is smooth.
    scale : ndarray
        The size a derivative would naturally have here, to tell a real zero from ignorance.
    """

    estimate: Estimate | None
    left: Estimate | None
    right: Estimate | None
    kink: str
    scale: Array


def direction_scale(x: Array) -> Array:
    """For each element a power of two at least as large as it and as the tensor's RMS.

    Displacements are multiples of it by short binary fractions, so that x ± h·d is exact.
    """
    rms = float(np.sqrt(np.mean(np.square(x)))) if x.size else 0.0
    size = np.maximum(np.abs(x), rms)
    size = np.where(size > 0, size, 1.0)
    return np.asarray(np.exp2(np.ceil(np.log2(size))))


def slope_along(
    problem: Problem, leaf: Tensor, direction: Array, base: Outcome, weights: Array | None = None
) -> Slope:
    """Derivative of the outputs when ``leaf`` moves along ``direction``.

    ``weights`` contracts the differences before anything else is done with them, so that the
    rounding of large outputs that do not move cancels.
    """

    def at(h: float) -> Outcome:
        with problem.moved(leaf, h * direction):
            return problem.outcome()

    def contracted(values: Array) -> Array:
        return values if weights is None else np.asarray(values @ weights)

    def rounding(one: Outcome, other: Outcome, width: float) -> Array:
        noise = EPS * np.maximum(abs(one.values), abs(other.values)) / width
        return noise if weights is None else np.asarray(noise @ abs(weights))

    def central(h: float) -> Difference | None:
        above, below = at(h), at(-h)
        usable = above.finite() and below.finite()
        if not (usable and base.same_branches(above) and base.same_branches(below)):
            return None
        quotient = contracted((above.values - below.values) / (2 * h))
        return Difference(h, quotient, rounding(above, below, 2 * h))

    def one_sided(side: int) -> Callable[[float], Difference | None]:
        nearest = at(side * SMALLEST_STEP * 16)

        def difference(h: float) -> Difference | None:
            there = at(side * h)
            if not (there.finite() and nearest.same_branches(there)):
                return None
            quotient = contracted((there.values - base.values) / (side * h))
            return Difference(h, quotient, rounding(there, base, h))

        return difference

    scale = np.asarray(
        contracted(abs(base.values)) if weights is None else abs(base.values) @ abs(weights)
    )
    estimate = from_largest_step(central, 2)
    if estimate is not None:
        kink = "" if base.branches else opaque_kink(at, base, estimate, contracted)
        if not kink:
            return Slope(estimate, None, None, "", scale)
        return Slope(None, *sides(one_sided), kink, scale)
    left, right = sides(one_sided)
    return Slope(None, left, right, what_was_met(at, base), scale)


def sides(
    one_sided: Callable[[int], Callable[[float], Difference | None]],
) -> tuple[Estimate | None, Estimate | None]:
    """The derivatives from the left and from the right."""
    return from_largest_step(one_sided(-1), 1), from_largest_step(one_sided(1), 1)


def from_largest_step(
    difference: Callable[[float], Difference | None], order: int
) -> Estimate | None:
    """Extrapolate from the largest step at which the difference can be taken."""
    step = FIRST_STEP
    while step >= SMALLEST_STEP:
        estimate = extrapolate(difference, step, order)
        if estimate is not None:
            return estimate
        step /= 4
    return None


def what_was_met(at: Evaluate, base: Outcome) -> str:
    """Which op is on another piece as soon as one moves, or that the domain ends here."""
    for side in (1, -1):
        there = at(side * SMALLEST_STEP)
        if not there.finite():
            continue
        crossing = base.first_crossing(there)
        if crossing is not None:
            tensor, index = crossing
            return f"{tensor!r} is at a kink in element {list(index)}"
    return "the function is not finite close by: this is an edge of its domain"


def opaque_kink(
    at: Evaluate, base: Outcome, estimate: Estimate, contracted: Callable[[Array], Array]
) -> str:
    """Whether right and left differences part: without ops to ask, their gap against h tells.

    Where f is smooth the gap shrinks with h, at a kink it stays, at a jump it grows.
    """
    steps = [taken.step for taken in estimate.ladder]
    gaps = []
    for h in (steps[0], steps[-1]):
        right = contracted((at(h).values - base.values) / h)
        left = contracted((base.values - at(-h).values) / h)
        gaps.append(float(np.max(abs(right - left), initial=0.0)))
    noise = 100 * float(np.max(estimate.ladder[-1].rounding, initial=0.0))
    if steps[0] == steps[-1] or gaps[1] <= noise:
        return ""
    exponent = np.log(gaps[0] / gaps[1]) / np.log(steps[0] / steps[-1]) if gaps[0] > 0 else -1.0
    if exponent > 0.3:
        return ""
    return "the function jumps here" if exponent < -0.5 else "the slopes from left and right differ"
