"""Checking one tensor: every entry, some entries, or random directions through all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.problem import Outcome, Problem
from minigrad.checking.slope import Slope, direction_scale, slope_along
from minigrad.checking.verdict import VERDICTS, Comparison, Row, judge
from minigrad.errors import DomainError
from minigrad.gradients import depends, grad
from minigrad.ops.reduction import sum
from minigrad.tensor import Tensor

__all__ = ["Settings", "check_tensor"]

Array = NDArray[np.float64]

FULL_UP_TO = 64
SUBSET = 16


@dataclass(frozen=True)
class Settings:
    """How to check: mode, how many directions, and where randomness comes from."""

    mode: str
    directions: int
    rng: np.random.Generator

    def __post_init__(self) -> None:
        if self.mode not in ("auto", "full", "fast", "subset"):
            raise DomainError(
                f"gradcheck: mode is {self.mode!r}; it must be 'auto', 'full', 'fast' or 'subset'"
            )
        if self.directions < 1:
            raise DomainError(f"gradcheck: directions is {self.directions}; it must be at least 1")

    def mode_for(self, size: int) -> str:
        if self.mode != "auto":
            return self.mode
        return "full" if size <= FULL_UP_TO else "fast"


def check_tensor(
    problem: Problem, name: str, cotangent: Array, base: Outcome, settings: Settings
) -> Row:
    """Compare the analytic gradient of one leaf with differences."""
    leaf = problem.leaves[name]
    mode = settings.mode_for(leaf.size)
    gradient = analytic_gradient(problem, leaf, cotangent)
    if mode == "fast":
        row = by_directions(problem, name, cotangent, base, settings, gradient)
    else:
        entries: Sequence[int] = range(leaf.size)
        if mode == "subset":
            entries = chosen_entries(leaf.data.ravel(), settings.rng)
        row = by_entries(problem, name, cotangent, base, gradient, entries, mode)
    return row


def analytic_gradient(problem: Problem, leaf: Tensor, cotangent: Array) -> Array:
    """The gradient that the rules give, or zeros where no op leads to the leaf."""
    out = problem.output()
    if not depends(out, leaf):
        return np.zeros(leaf.shape)
    return np.asarray(grad(out, leaf, cotangent.reshape(out.shape)).data)


def chosen_entries(x: Array, rng: np.random.Generator) -> Sequence[int]:
    """The largest, smallest and zero entries, and some at random."""
    order = np.argsort(np.abs(x))
    chosen = {int(i) for i in (*order[:4], *order[-4:])}
    chosen |= {int(i) for i in np.flatnonzero(x == 0)[:4]}
    chosen |= {int(i) for i in rng.permutation(x.size)[:SUBSET]}
    return sorted(chosen)


def by_entries(
    problem: Problem,
    name: str,
    cotangent: Array,
    base: Outcome,
    gradient: Array,
    entries: Sequence[int],
    mode: str,
) -> Row:
    """Move one entry at a time, the differences contracted with the cotangent."""
    leaf = problem.leaves[name]
    scale = direction_scale(leaf.data)
    found = []
    for entry in entries:
        index = tuple(int(i) for i in np.unravel_index(entry, leaf.shape))
        direction = np.zeros(leaf.shape)
        direction[index] = scale[index]
        slope = slope_along(problem, leaf, direction, base, cotangent)
        comparison = compare(np.asarray(gradient[index] * scale[index]), slope)
        found.append((in_units(comparison, float(scale[index])), index, slope))
    return row_from(name, leaf, mode, len(found), found)


def in_units(comparison: Comparison, scale: float) -> Comparison:
    """A derivative along a scaled entry as one with respect to the entry itself."""
    c = comparison
    return Comparison(
        c.analytic / scale, c.numeric / scale, c.bar / scale, c.verdict, c.error, c.kink
    )


def by_directions(
    problem: Problem,
    name: str,
    cotangent: Array,
    base: Outcome,
    settings: Settings,
    gradient: Array,
) -> Row:
    """Move all entries at once along Gaussian directions, and compare output by output."""
    leaf = problem.leaves[name]
    scale = direction_scale(leaf.data)
    found: list[tuple[Comparison, tuple[int, ...] | None, Slope]] = []
    for _ in range(settings.directions):
        gaussian = np.round(settings.rng.standard_normal(leaf.shape) * 2**12) / 2**12
        direction = gaussian * scale
        comparison, slope = along(problem, leaf, direction, cotangent, base, gradient)
        index = None
        if comparison.verdict == "FAIL":
            index = worst_entry(problem, leaf, direction, cotangent, base, gradient)
            single = by_entries(
                problem, name, cotangent, base, gradient, [flat(index, leaf.shape)], "fast"
            )
            if single.verdict == "FAIL":
                comparison = single.worst
        found.append((comparison, index, slope))
        if comparison.verdict == "FAIL":
            break
    return row_from(name, leaf, "fast", leaf.size, found)


def flat(index: tuple[int, ...], shape: tuple[int, ...]) -> int:
    return int(np.ravel_multi_index(index, shape)) if shape else 0


def along(
    problem: Problem,
    leaf: Tensor,
    direction: Array,
    cotangent: Array,
    base: Outcome,
    gradient: Array,
) -> tuple[Comparison, Slope]:
    """Compare along one direction: for every output if the rules allow it, else contracted."""
    outputs = analytic_along(problem, leaf, direction)
    if outputs is not None:
        slope = slope_along(problem, leaf, direction, base)
        if not slope.kink:
            elementwise = compare(outputs, slope)
            if elementwise.verdict == "FAIL":
                return elementwise, slope
    slope = slope_along(problem, leaf, direction, base, cotangent)
    contracted = compare(np.asarray(np.sum(gradient * direction)), slope)
    if outputs is not None and not slope.kink and contracted.verdict != "FAIL":
        return elementwise, slope
    return contracted, slope


def analytic_along(problem: Problem, leaf: Tensor, direction: Array) -> Array | None:
    """J·d for every output, by the rules alone: they are linear in their cotangent v, so that
    J·d is the gradient of (Jᵀv)·d with respect to v. None where a rule cannot run on Tensors.
    """
    out = problem.output()
    if not depends(out, leaf):
        return np.zeros(out.size)
    v = Tensor(np.ones(out.shape), requires_grad=True)
    try:
        pulled = grad(out, leaf, v, create_graph=True)
        if not depends(pulled, v):
            return None
        return np.asarray(grad(sum(pulled * direction), v).data).ravel()
    except Exception:
        return None


def worst_entry(
    problem: Problem,
    leaf: Tensor,
    direction: Array,
    cotangent: Array,
    base: Outcome,
    gradient: Array,
) -> tuple[int, ...]:
    """Bisect the direction's support for the entry that contributes most to the failure."""
    entries = np.arange(leaf.size)
    while len(entries) > 1:
        halves = np.array_split(entries, 2)
        gaps = []
        for half in halves:
            part = np.zeros(leaf.size)
            part[half] = direction.ravel()[half]
            part = part.reshape(leaf.shape)
            comparison, _ = along(problem, leaf, part, cotangent, base, gradient)
            gaps.append(abs(comparison.analytic - comparison.numeric))
        entries = halves[int(np.argmax(gaps))]
    return tuple(int(i) for i in np.unravel_index(int(entries[0]), leaf.shape))


def compare(analytic: Array, slope: Slope) -> Comparison:
    """Judge an analytic derivative by what the differences say."""
    analytic = np.atleast_1d(analytic)
    if slope.estimate is not None:
        taken = slope.estimate
        first = taken.ladder[0]
        scale = np.maximum(slope.scale, first.rounding * first.step * 2**53)
        numbers = (taken.value, taken.bar, scale)
        return judge(analytic, *(np.atleast_1d(number) for number in numbers))
    sides = [side for side in (slope.left, slope.right) if side is not None]
    if not sides:
        return Comparison(float(analytic[0]), np.nan, np.inf, "inconclusive", 0.0, slope.kink)
    low = np.min([np.atleast_1d(side.value - 10 * side.bar) for side in sides], axis=0)
    high = np.max([np.atleast_1d(side.value + 10 * side.bar) for side in sides], axis=0)
    bar = np.max([np.atleast_1d(side.bar) for side in sides], axis=0)
    slack = 1e-9 * np.maximum(np.abs(low), np.abs(high))
    between = (analytic >= low - slack) & (analytic <= high + slack)
    i = int(np.argmin(between))
    middle = np.mean([np.atleast_1d(side.value) for side in sides], axis=0)
    size = max(abs(float(analytic[i])), abs(float(middle[i])))
    error = abs(float(analytic[i] - middle[i])) / size if size else 0.0
    verdict = "kink" if between.all() else "FAIL"
    return Comparison(
        float(analytic[i]), float(middle[i]), float(bar[i]), verdict, error, slope.kink
    )


def row_from(
    name: str,
    leaf: Tensor,
    mode: str,
    checked: int,
    found: Sequence[tuple[Comparison, tuple[int, ...] | None, Slope]],
) -> Row:
    """The row for a tensor: the worst comparison; vacuous only if all of them are."""
    if not found:
        nothing = Comparison(0.0, 0.0, 0.0, "vacuous", 0.0)
        return Row(name, leaf.shape, mode, 0, leaf.size, nothing, None, "vacuous", "no entries")
    verdicts = {comparison.verdict for comparison, _, _ in found}
    verdict = max(verdicts, key=VERDICTS.index)
    if verdict == "vacuous" and len(verdicts) > 1:
        verdict = "ok"
    worst, index, slope = max(
        found, key=lambda item: (VERDICTS.index(item[0].verdict), item[0].error)
    )
    ladder = slope.estimate.ladder if slope.estimate is not None else []
    return Row(
        name,
        leaf.shape,
        mode,
        checked,
        leaf.size,
        worst,
        index,
        verdict,
        worst.kink,
        "",
        None,
        ladder,
    )
