"""Which ladder of differences to believe: the largest that explains all smaller steps.

A ladder is believed only if it also explains differences at far smaller steps: the slopes to the
right and to the left must meet there, and agree with it. Otherwise the ladder is taken from a
smaller step on: something happens between.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.differences import Difference, Estimate, extrapolate
from minigrad.checking.line import Line
from minigrad.checking.verdict import SAFETY, VAGUE

__all__ = ["PROBES", "better_of", "settle", "with_bar"]

Array = NDArray[np.float64]
Quotient = Callable[[float], Difference | None]

STARTS = tuple(2.0**-k for k in range(3, 40, 4))
"""The first step of each ladder, in scales of the tensor. A ladder halves its step up to twelve
times, so that the next one starts well within it."""

LARGER_STARTS = (1.0, 8.0, 64.0)
"""Where rounding hides the slope from smaller steps, which is where f is nearly straight."""

PROBES = (2.0**-12, 2.0**-20, 2.0**-28, 2.0**-36)
"""The steps at which a ladder must hold: from below its own, by factors that no kink, stair or
wiggle hides between, down to where 16 of the 52 binary places are left."""

ENOUGH = 1e-7
"""A bar of this part of the slope ends the search: a thousandth of what is called vague."""

ROUNDING_AT_MOST = 1e-6
"""Of the function's size: stairs lower than this may be the rounding of float32, whose unit is
6e-8, in sums of a few hundred terms."""

JUMP = 100.0
"""Times the slope: at the edge of a stair, the smallest steps show far more than the slope, or
nothing; a function that bends shows about as much."""

TRUNCATED = 3.0
"""How much worse than its leading term, by which it is predicted, truncation may be."""

MEETING = 0.3
"""The power of the step with which the slopes to both sides must at least approach each other: 1
of a smooth function, 0 at a kink; in between, so that rounding does not decide it."""


def settle(quotient: Quotient, order: int, line: Line) -> Estimate | None:
    """Extrapolate from the largest step whose ladder explains all smaller steps.

    Where even the best is vague because of rounding, larger steps are tried as well.
    """
    best: Estimate | None = None
    for start in STARTS:
        found = extrapolate(quotient, start, order)
        if found is None:
            continue
        found = with_bar(found, believed_bar(found, quotient, order, line))
        best = found if best is None else finer_of(best, found)
        rounding = 64 * found.ladder[0].rounding
        if (best.bar <= np.maximum(ENOUGH * abs(best.value), rounding)).all():
            break
    if best is None or best.ladder[0].step < STARTS[0]:
        return best
    for start in LARGER_STARTS:
        if (best.bar <= ENOUGH * abs(best.value)).all():
            break
        found = extrapolate(quotient, start, order)
        if found is not None:
            best = better_of(best, with_bar(found, believed_bar(found, quotient, order, line)))
    return best


def with_bar(estimate: Estimate, bar: Array) -> Estimate:
    return Estimate(estimate.value, bar, estimate.step, estimate.ladder)


def better_of(one: Estimate, other: Estimate) -> Estimate:
    """For each output the one with the smaller bar; ``one`` where they contradict each other."""
    agree = abs(one.value - other.value) <= SAFETY * (one.bar + other.bar)
    better = (other.bar < one.bar) & agree
    return Estimate(
        np.where(better, other.value, one.value),
        np.where(better, other.bar, one.bar),
        np.where(better, other.step, one.step),
        other.ladder if better.all() and better.size else one.ladder,
    )


def finer_of(wide: Estimate, fine: Estimate) -> Estimate:
    """As `better_of`; but of two that contradict each other the one from the smaller steps.

    What they differ by widens its bar: who is right shows at still smaller steps.
    """
    best = better_of(wide, fine)
    gap = abs(wide.value - fine.value)
    contradict = (gap > SAFETY * (wide.bar + fine.bar)) & np.isfinite(gap)
    return Estimate(
        np.where(contradict, fine.value, best.value),
        np.where(contradict, np.maximum(fine.bar, gap / SAFETY), best.bar),
        np.where(contradict, fine.step, best.step),
        fine.ladder if contradict.all() and contradict.size else best.ladder,
    )


def believed_bar(found: Estimate, quotient: Quotient, order: int, line: Line) -> Array:
    """The estimate's bar where differences at smaller steps are as it predicts, else infinity."""
    last = found.ladder[-1]
    smaller = [probe for probe in map(quotient, PROBES) if probe and probe.step < last.step]
    used = [taken for taken in found.ladder if taken.step in found.step]
    precise = found.bar <= VAGUE * abs(found.value)
    if not smaller:
        meets = sides_meet(found, [*used, last], line) if order == 2 else precise
        return np.where(precise & meets, found.bar, np.inf)
    rounding = found.ladder[0].rounding * found.ladder[0].step / found.step
    predicted = found.bar <= np.maximum(0.1 * abs(found.value), 64 * rounding)
    tremble = np.zeros(found.value.shape)
    bends = np.zeros(found.value.shape, bool)
    always = np.ones(found.value.shape, bool)
    for probe in [last, *smaller]:
        gap = abs(probe.value - found.value)
        truncation = TRUNCATED * truncation_at(probe.step, found, order)
        agrees = gap <= SAFETY * (found.bar + probe.rounding) + truncation
        predicted &= agrees
        always &= agrees
        tremble = np.maximum(tremble, np.maximum(gap - truncation, 0.0) * probe.step)
        flat = abs(probe.value) <= SAFETY * probe.rounding
        jumps = gap >= JUMP * abs(found.value)
        bends = np.where(agrees, bends, ~flat & ~jumps)
    # Stairs too small to be seen from the ladder are rounding, such as that of float32. At the
    # smallest step they are flat, or jump; a function that bends there has another slope instead.
    # What no step contradicts is no stair: at a kink, differences over both sides are all alike.
    stairs = precise & ~always & ~bends & (tremble <= ROUNDING_AT_MOST * line.scale)
    if order == 2:
        stairs &= sides_meet(found, [last], line)
        predicted &= sides_meet(found, [*used, last, *smaller], line)
    bar = np.maximum(found.bar, 2 * tremble / found.step)
    return np.where(predicted | stairs, bar, np.inf)


def truncation_at(step: float, found: Estimate, order: int) -> Array:
    """How far a plain difference at ``step`` should be off, going by the ladder."""
    used = [taken for taken in found.ladder if taken.step >= step]
    errors = [
        np.where(taken.step >= found.step, abs(taken.value - found.value), 0.0)
        * (step / taken.step) ** order
        for taken in used
    ]
    return np.asarray(np.max(errors, axis=0))


def sides_meet(found: Estimate, probes: list[Difference], line: Line) -> NDArray[np.bool_]:
    """Whether the slopes to the right and left meet in proportion to the step, as of smooth f."""
    good = np.ones(found.value.shape, bool)
    for probe in probes:
        seen = [STARTS[0], *PROBES, *(taken.step for taken in found.ladder)]
        steps = [h for h in seen if h >= 4 * probe.step]
        if steps:
            wide = np.max([line.parting(h) * (probe.step / h) ** MEETING for h in steps], axis=0)
            allowed = np.maximum(wide, 4 * SAFETY * probe.rounding)
            good &= line.parting(probe.step) <= allowed
    return good
