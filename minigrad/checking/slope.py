"""The derivative of a problem along a direction: from both sides where it is smooth, else each.

Where no ladder of differences can be believed, the function has a kink, a jump, or no slope at all.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.differences import Difference, Estimate
from minigrad.checking.line import Line
from minigrad.checking.path import LEFT, RIGHT
from minigrad.checking.problem import Outcome, Problem
from minigrad.checking.settling import PROBES, better_of, settle, with_bar
from minigrad.checking.verdict import SAFETY
from minigrad.tensor import Tensor

__all__ = ["Slope", "direction_scale", "own_scale", "slope_along", "slope_of"]

Array = NDArray[np.float64]

JUMPING, GROWING = 0.8, 0.1
"""The power of 1/h with which differences grow: 1 at a jump, ½ of a root, 0 of a slope."""


@dataclass(frozen=True)
class Slope:
    """A directional derivative, elementwise over the outputs or contracted with weights.

    Attributes
    ----------
    estimate : Estimate or None
        From both sides; its bar is infinite where the differences do not settle. None at a kink.
    left, right : Estimate or None
        From one side each, at a kink or an edge; None where there is nothing on that side.
    kink : str
        What was met: the op, its unit and its source line; empty where it is smooth.
    scale : ndarray
        The size of the function, to tell a real zero from ignorance.
    unknown : ndarray of bool
        Whether rounding leaves less than three digits of the function itself.
    nearest_kink : tuple of float and str, or None
        How many scales away an op was seen on another piece than here, and which.
    differences : list of Difference
        All plain central differences that were taken, largest step first.
    """

    estimate: Estimate | None
    left: Estimate | None
    right: Estimate | None
    kink: str
    scale: Array
    unknown: NDArray[np.bool_]
    nearest_kink: tuple[float, str] | None = None
    differences: list[Difference] = field(default_factory=list)


def direction_scale(x: Array) -> Array:
    """For each element a power of two at least as large as it and as the tensor's RMS.

    Displacements are multiples of it by short binary fractions, so that most x ± h·d are exact.
    """
    largest = float(np.max(np.abs(x), initial=0.0))
    if not 0 < largest < np.inf:
        return np.ones(x.shape)
    rms = largest * float(np.sqrt(np.mean(np.square(x / largest))))
    size = np.maximum(np.maximum(np.abs(x), rms), 2.0**-1000)
    return np.asarray(np.exp2(np.ceil(np.log2(size))))


def own_scale(x: Array) -> Array:
    """As `direction_scale`, by the size of each element alone, where it is not 0."""
    size = np.exp2(np.ceil(np.log2(np.maximum(np.abs(x), 2.0**-1000))))
    return np.asarray(np.where(x == 0, direction_scale(x), size))


def slope_along(
    problem: Problem, leaf: Tensor, direction: Array, base: Outcome, weights: Array | None = None
) -> Slope:
    """Derivative of the outputs when ``leaf`` moves along ``direction``.

    ``weights`` contracts the differences before anything else is done with them, so that the
    rounding of large outputs that do not move cancels.
    """
    line = Line(problem, leaf, direction, base).with_replays()
    return slope_of(line if weights is None else line.contracted(weights))


def slope_of(line: Line) -> Slope:
    """The derivative along a line."""
    if not line.base.finite():
        nothing = line.base.values[:0]
        return Slope(None, None, None, "the function is not finite here", nothing, nothing > 0)
    if line.goes_on(LEFT) and line.goes_on(RIGHT):
        estimate = smooth_estimate(line)
        if estimate is not None and np.isfinite(estimate.bar).all():
            return slope_from(line, estimate, None, None, "")
    left, right = (side_estimate(line, side) for side in (LEFT, RIGHT))
    met = what_was_met(line, left, right)
    if left is not None and right is not None:
        gap = abs(left.value - right.value)
        agree = gap <= SAFETY * (left.bar + right.bar)
        if (agree & np.isfinite(left.bar) & np.isfinite(right.bar)).all():
            better = better_of(left, right)
            # They are of the same slope: what they differ by, the better one may be off as well.
            estimate = with_bar(better, np.maximum(better.bar, gap))
            return slope_from(line, estimate, None, None, "")
    return slope_from(line, None, left, right, met)


def slope_from(
    line: Line, estimate: Estimate | None, left: Estimate | None, right: Estimate | None, kink: str
) -> Slope:
    told = line.scale, line.unknown(), line.nearest_kink(), line.plain_differences()
    return Slope(estimate, left, right, kink, *told)


def smooth_estimate(line: Line) -> Estimate | None:
    """The derivative within the base's piece: from both sides, or from the one that has room."""
    found = settle(line.central, 2, line)
    if not line.base.branches or (found is not None and found.ladder[0].step > 2.0**-10):
        return found
    candidates = [found, side_estimate(line, LEFT), side_estimate(line, RIGHT)]
    usable = [estimate for estimate in candidates if estimate is not None]
    return min(usable, key=lambda estimate: float(np.max(estimate.bar, initial=0)), default=None)


def side_estimate(line: Line, side: int) -> Estimate | None:
    """The derivative towards one side."""
    return settle(lambda h: line.one_sided(side, h), 1, line)


def what_was_met(line: Line, left: Estimate | None, right: Estimate | None) -> str:
    """What keeps the function from having a slope here, in words."""
    crossings = [
        line.base.first_crossing(outcome) for outcome in line.nearest.values() if outcome.finite()
    ]
    where = ""
    for crossing in crossings:
        if crossing is not None:
            tensor, index = crossing
            where = f"{tensor!r} is at a kink in element {list(index)}, distance 0"
    if not all(outcome.finite() for outcome in line.nearest.values()):
        raised = next(filter(None, (outcome.error for outcome in line.nearest.values())), "")
        edge = "this is an edge of the function's domain"
        where = where or (f"{edge}: {raised}" if raised else edge)
    growth = max(growth_of_quotient(line, side) for side in (LEFT, RIGHT))
    if growth > JUMPING:
        return "; ".join(filter(None, [where, "the function jumps here: it has no slope"]))
    if growth > GROWING:
        return "; ".join(filter(None, [where, "the slope grows without bound"]))
    settled = [side is None or bool(np.isfinite(side.bar).all()) for side in (left, right)]
    if not all(settled):
        return "; ".join(filter(None, [where, "the differences do not settle"]))
    return where or "the slopes from left and right differ"


def growth_of_quotient(line: Line, side: int) -> float:
    """The power of 1/h with which the difference towards one side grows: 1 at a jump."""
    wide, narrow = line.one_sided(side, PROBES[1]), line.one_sided(side, PROBES[2])
    if wide is None or narrow is None:
        return 0.0
    size, before = abs(narrow.value), abs(wide.value)
    grown = size > SAFETY * narrow.rounding
    with np.errstate(all="ignore"):
        power = np.log2(size / before) / np.log2(PROBES[1] / PROBES[2])
    return float(
        np.max(np.where(grown, np.nan_to_num(power, nan=0.0, posinf=1.0), 0.0), initial=0.0)
    )
