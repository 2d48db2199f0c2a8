"""Comparing the derivative that the rules give along a direction with what differences say."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.differences import EPS
from minigrad.checking.line import Line
from minigrad.checking.path import LEFT, RIGHT
from minigrad.checking.problem import Outcome, Problem
from minigrad.checking.rounding import rounding_of_gradient
from minigrad.checking.slope import Slope, slope_of
from minigrad.checking.ties import outputs_at_ties, reach_of_ties, ties_between
from minigrad.checking.verdict import SAFETY, Comparison, judge, judge_between
from minigrad.gradients import depends, grad
from minigrad.tensor import Tensor

__all__ = [
    "SEEDS", "Target", "analytic_gradient", "compare_contracted", "compare_outputs",
    "rounding_of_slope",
]  # fmt: skip

Array = NDArray[np.float64]

RULES_TREMBLE_AT_MOST = 1e-2
"""Of the slope: a rule that loses more to rounding is not excused by it."""

BESIDE_THE_FUNCTION = 1e-9
"""Of the function's size: rounding of a slope that is nothing beside the function itself."""

SAME = 1e-12
"""Of the sum of sizes: two ways to add up the same products differ by less."""

SEEDS = (1, 2, 3, 4)
"""So many draws of a rule's rounding, of which the largest counts."""

UNKNOWN = Comparison(np.nan, np.nan, np.inf, "inconclusive", np.nan)


@dataclass(frozen=True)
class Target:
    """What is compared: one leaf of a problem, under one cotangent, and its analytic gradient."""

    problem: Problem
    leaf: Tensor
    cotangent: Array
    base: Outcome
    gradient: Array


def analytic_gradient(problem: Problem, leaf: Tensor, cotangent: Array) -> Array:
    """The gradient that the rules give, or zeros where no op leads to the leaf."""
    out = problem.output()
    if not depends(out, leaf):
        return np.zeros(leaf.shape)
    return np.asarray(grad(out, leaf, cotangent.reshape(out.shape)).data)


def compare_outputs(
    target: Target, direction: Array, thorough: bool = True
) -> tuple[Comparison, Slope]:
    """Compare along one direction: for every output if the rules allow it, and contracted.

    If not ``thorough``, rounding is taken to be what shows at first sight, and excuses less.
    """
    line = Line(target.problem, target.leaf, direction, target.base)
    contracted, slope = compare_on(line, target, thorough)
    if contracted.verdict == "FAIL" or target.base.values.size == 1:
        return contracted, slope
    along = analytic_along(target, direction)
    if along is None:
        note = "outputs compared in their sum only: the rules do not run on Tensors"
        return replace(contracted, note=note), slope
    outputs, rounding_along = along
    if not transposed_of_each_other(outputs * target.cotangent, target.gradient * direction):
        note = "outputs compared in their sum only: second derivatives are off"
        return replace(contracted, note=note), slope
    comparison, each = compare_each(line, target, outputs, rounding_along)
    if thorough and in_doubt(comparison, line):
        comparison, each = compare_each(line.with_replays(), target, outputs, rounding_along)
    if each.kink and comparison.verdict != "FAIL":
        return contracted, slope
    return comparison, each


def compare_each(
    line: Line, target: Target, outputs: Array, rounding_along: Callable[[int], Array]
) -> tuple[Comparison, Slope]:
    """Compare each of the outputs; at a kink those that no tie can be felt in."""
    each = slope_of(line)
    if each.kink:
        ties = ties_between(target.base, list(line.nearest.values()))
        sides = [side.value for side in (each.left, each.right) if side is not None]
        if not sides:
            return UNKNOWN, each
        if ties:  # several may meet in an output, their slopes cancel: it is left to the sum of all
            left_out = outputs_at_ties(target.problem, ties)
            outputs = np.where(left_out, np.mean(sides, axis=0), outputs)
    sizes = np.max(4 * np.abs(outputs), initial=0.0), np.max(np.abs(line.base.values), initial=0.0)
    rounding = EPS * (sizes[0] + sizes[1])
    comparison = compare(outputs, each, rounding)
    if comparison.verdict == "FAIL" and line.replays:
        noise = noise_of_rules(rounding_along, outputs, each.scale)
        comparison = compare(outputs, each, rounding + noise)
    return comparison, each


def compare_contracted(
    target: Target, direction: Array, thorough: bool = True
) -> tuple[Comparison, Slope]:
    """Compare along one direction the outputs contracted with the cotangent."""
    line = Line(target.problem, target.leaf, direction, target.base)
    return compare_on(line, target, thorough)


def compare_on(line: Line, target: Target, thorough: bool) -> tuple[Comparison, Slope]:
    """As `compare_contracted`, along a line."""
    problem, leaf, cotangent = target.problem, target.leaf, target.cotangent
    direction = line.direction
    slope = slope_of(line.contracted(cotangent))
    products = np.where(direction != 0, target.gradient * direction, 0.0)  # not 0 * infinity
    analytic = np.asarray(np.sum(products))
    rounding = 4 * EPS * np.sum(np.abs(products))
    comparison = compare(analytic, slope, rounding)
    if thorough and not line.replays and in_doubt(comparison, line):
        return compare_on(line.with_replays(), target, thorough)
    if comparison.verdict == "FAIL" and slope.kink:
        reach = max(
            reach_of_ties(problem, line.base, leaf, direction, cotangent),
            reach_of_outputs(line, cotangent),
        )
        comparison = compare(analytic, slope, rounding, reach)
    elif comparison.verdict == "FAIL" and line.replays:
        noise = noise_of_rules(rounding_of_slope(target, direction), analytic, slope.scale)
        comparison = compare(analytic, slope, rounding + noise)
    return comparison, slope


def in_doubt(comparison: Comparison, line: Line) -> bool:
    """Whether more knowledge of the rounding may change the verdict."""
    if comparison.verdict == "vacuous":
        return comparison.analytic != comparison.numeric
    if comparison.verdict == "kink":
        return line.goes_on(LEFT) and line.goes_on(RIGHT)  # no op says that there is one
    return comparison.verdict != "ok"


def rounding_of_slope(target: Target, direction: Array) -> Callable[[int], Any]:
    """By a seed, a rounding error that the analytic derivative along a direction may well have."""
    out = target.problem.output()

    def drawn(seed: int) -> Any:
        given = out, target.leaf, target.cotangent, target.gradient
        return np.sum(rounding_of_gradient(*given, seed) * direction)

    return drawn


def reach_of_outputs(line: Line, cotangent: Array) -> float:
    """Half the width of the range of derivatives if each output's kink is taken on its own.

    In their sum, slopes from left and right of several kinks may cancel.
    """
    each = slope_of(line)
    if each.left is None or each.right is None:
        return 0.0
    gaps = np.abs(each.right.value - each.left.value)
    known = np.isfinite(each.left.bar) & np.isfinite(each.right.bar)
    return float(np.sum(gaps[known] * np.abs(cotangent[known]))) / 2


def noise_of_rules(rounding: Callable[[int], Any], value: Array, scale: Array) -> Array:
    """How far rounding moves an analytic derivative: a failure must be more than that.

    ``rounding`` draws an error by a seed. A rule that gives little else is not excused by it.
    """
    noise = np.max([np.abs(rounding(seed)) for seed in SEEDS], axis=0)
    believable = np.maximum(RULES_TREMBLE_AT_MOST * np.abs(value), BESIDE_THE_FUNCTION * scale)
    return np.where(noise <= believable, noise, 0.0)


def analytic_along(target: Target, direction: Array) -> tuple[Array, Callable[[int], Array]] | None:
    """J·d for every output, by the rules alone, and its rounding error by a seed.

    The rules are linear in their cotangent v, so that J·d is the gradient of (Jᵀv)·d with respect
    to v. None where a rule cannot run on Tensors.
    """
    out = target.problem.output()
    if not depends(out, target.leaf):
        return np.zeros(out.size), lambda seed: np.zeros(out.size)
    v = Tensor(target.cotangent.reshape(out.shape), requires_grad=True)
    try:
        pulled = grad(out, target.leaf, v, create_graph=True)
        if not depends(pulled, v):
            return None
        outputs = np.asarray(grad(pulled, v, direction).data).ravel()
    except Exception:
        return None

    def rounding(seed: int) -> Array:
        return rounding_of_gradient(pulled, v, direction, outputs.reshape(v.shape), seed).ravel()

    return outputs, rounding


def transposed_of_each_other(one: Array, other: Array) -> bool:
    """Whether v·(J·d) and (Jᵀv)·d, given as their summands, are the same number.

    If not, J·d went wrong in the rules of the ops that Jᵀv was computed with, such as the products
    in it: that says nothing against the rules that are checked.
    """
    gap = abs(float(np.sum(one)) - float(np.sum(other)))
    return gap <= SAME * float(np.sum(np.abs(one)) + np.sum(np.abs(other)))


def compare(analytic: Array, slope: Slope, rounding: Any = 0.0, reach: float = 0.0) -> Comparison:
    """Judge an analytic derivative, right to within ``rounding``, by what the differences say."""
    analytic = np.atleast_1d(analytic)
    rounding = np.where(np.isfinite(rounding), rounding, 0.0)  # of infinity: that is no excuse
    if slope.estimate is not None:
        value, bar = (
            np.atleast_1d(slope.estimate.value),
            np.atleast_1d(slope.estimate.bar) + rounding,
        )
        # A function that is not known to three digits itself convicts no rule.
        hopeless = slope.unknown & ~(abs(analytic - value) <= SAFETY * bar)
        bar = np.where(hopeless, np.inf, bar)
        return judge(analytic, value, bar, np.atleast_1d(slope.scale) + rounding / EPS)
    sides = [side for side in (slope.left, slope.right) if side is not None]
    if not sides:
        first = float(analytic[0]) if analytic.size else 0.0
        return Comparison(first, np.nan, np.inf, "inconclusive", 0.0, slope.kink)
    values = np.array([np.atleast_1d(side.value) for side in sides])
    bar = np.max([np.atleast_1d(side.bar) for side in sides], axis=0) + rounding
    widest = np.maximum(np.ptp(values, axis=0) / 2, reach)
    comparison = judge_between(analytic, np.mean(values, axis=0), widest, bar, slope.scale)
    return replace(comparison, kink=slope.kink)
