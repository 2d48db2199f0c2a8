"""Checking one tensor: every entry, some entries, or random directions through all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.comparing import (
    Target,
    analytic_gradient,
    compare_contracted,
    compare_outputs,
)
from minigrad.checking.diagnosis import diagnose, first_not_finite, sizes_in_graph
from minigrad.checking.differences import Difference
from minigrad.checking.line import Line
from minigrad.checking.problem import Outcome, Problem
from minigrad.checking.slope import Slope, direction_scale, own_scale
from minigrad.checking.ties import entries_at_ties, ties_between
from minigrad.checking.verdict import VERDICTS, Comparison, Row
from minigrad.errors import DomainError
from minigrad.gradients import depends
from minigrad.tensor import Tensor

__all__ = ["Settings", "check_tensor", "own_generator"]

Array = NDArray[np.float64]

FULL_UP_TO = 16
SUBSET = 16
ENOUGH_FAILURES = 16
DIAGNOSED = 512
MUCH_SMALLER = 2.0**-12
LEAST = 2.0**-5
CLOSE = 2.0**-10
GROSS = 1e-6
OWN_STREAM = 20_101_971


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


def own_generator(seed: int) -> np.random.Generator:
    """A generator whose numbers are no one else's.

    Inputs are often drawn from ``default_rng(seed)``: a cotangent from there would be the input
    itself, under which a product and its transpose, say, have the same gradient.
    """
    return np.random.default_rng([seed, OWN_STREAM])


@dataclass(frozen=True)
class Finding:
    """One comparison: of an entry, whose ``scale`` it moved by, or along a direction."""

    comparison: Comparison
    slope: Slope
    index: tuple[int, ...] | None = None
    scale: float = 1.0
    note: str = ""
    thorough: bool = True

    @property
    def rank(self) -> tuple[int, bool, float]:
        return VERDICTS.index(self.verdict), self.thorough, self.comparison.error

    @property
    def verdict(self) -> str:
        return self.comparison.verdict


def check_tensor(
    problem: Problem, name: str, cotangent: Array, base: Outcome, settings: Settings
) -> Row:
    """Compare the analytic gradient of one leaf with differences."""
    leaf = problem.leaves[name]
    try:
        gradient = analytic_gradient(problem, leaf, cotangent)
    except Exception as error:
        return row_of_failed_backward(name, leaf, error)
    target = Target(problem, leaf, cotangent, base, gradient)
    mode = settings.mode_for(leaf.size)
    if mode == "fast":
        found, checked = by_directions(target, settings.directions, settings.rng), leaf.size
    else:
        found = by_entries(target, mode, settings.rng)
        checked = len(found)
        verdicts = {finding.verdict for finding in found}
        if "FAIL" not in verdicts and (base.values.size > 1 or "kink" in verdicts):
            # In a sum, a wrong output may go under among others; singly, wrong shares at ties.
            along = by_directions(target, 1, settings.rng)
            found += [finding for finding in along if finding.verdict == "FAIL"]
    row = row_from(name, leaf, mode, checked, found)
    if row.verdict == "FAIL":
        note = row.detail if row.index is None else ""
        row.detail = "; ".join(filter(None, [diagnosis_of(target, found, settings.rng), note]))
    elif row.verdict == "vacuous" and not depends(problem.output(), leaf):
        row.detail = "no op leads from it to the output"
    return row


def row_of_failed_backward(name: str, leaf: Tensor, error: Exception) -> Row:
    """The row of a tensor whose gradient could not be computed at all."""
    nothing = Comparison(np.nan, np.nan, np.inf, "FAIL", np.nan)
    said = [f"backward raised {type(error).__name__}: {error}", *getattr(error, "__notes__", [])]
    return Row(name, leaf.shape, "", 0, leaf.size, nothing, None, "FAIL", "; ".join(said))


def by_entries(target: Target, mode: str, rng: np.random.Generator) -> list[Finding]:
    """Move every entry on its own, or some of them."""
    entries: Sequence[int] = range(target.leaf.size)
    if mode == "subset":
        entries = chosen_entries(target.leaf.data.ravel(), rng)
    found: list[Finding] = []
    failures = 0
    for entry in entries:  # where many have failed, the others need no benefit of the doubt
        found.append(by_entry(target, entry, thorough=failures < ENOUGH_FAILURES))
        failures += found[-1].verdict == "FAIL"
    return found


def chosen_entries(x: Array, rng: np.random.Generator) -> Sequence[int]:
    """The largest, smallest and zero entries, and some at random."""
    order = np.argsort(np.abs(x))
    chosen = {int(i) for i in (*order[:4], *order[-4:])}
    chosen |= {int(i) for i in np.flatnonzero(x == 0)[:4]}
    chosen |= {int(i) for i in rng.permutation(x.size)[:SUBSET]}
    return sorted(chosen)


def by_entry(target: Target, entry: int, thorough: bool = True) -> Finding:
    """Move one entry on its own, the differences contracted with the cotangent."""
    index = tuple(int(i) for i in np.unravel_index(entry, target.leaf.shape))

    def along(scale: Array) -> Finding:
        direction = np.zeros(target.leaf.shape)
        direction[index] = scale[index]
        comparison, slope = compare_contracted(target, direction, thorough)
        return Finding(comparison, slope, index, float(scale[index]), thorough=thorough)

    return at_best_scale(target, along)


def at_best_scale(target: Target, along: Callable[[Array], Finding]) -> Finding:
    """A comparison with steps of the tensor's size; with steps of each entry's own if need be.

    Beside large entries, steps of the tensor's size may be too large for a small one.
    """
    x = target.leaf.data
    of_tensor, of_entry = direction_scale(x), own_scale(x)
    finding = along(of_tensor)
    if (
        finding.verdict not in ("FAIL", "inconclusive")
        or (of_entry > MUCH_SMALLER * of_tensor).all()
    ):
        return finding
    finer = along(np.minimum(of_entry, of_tensor))
    if finer.verdict in ("ok", "kink") or finding.verdict == "inconclusive":
        return finer
    return finding


def by_directions(target: Target, directions: int, rng: np.random.Generator) -> list[Finding]:
    """Move all entries at once along Gaussian directions, and compare output by output."""
    parts = [
        part
        for _ in range(directions)
        for part in apart_from_ties(target, short_numbers(rng, target.leaf.shape))
    ]
    # Moved all alike, entries that are tied with each other stay so: their sum shows.
    alike = np.ones(target.leaf.shape)
    found: list[Finding] = []
    for part in [*parts, alike]:
        if part is alike and all(finding.verdict != "kink" for finding in found):
            break
        finding = at_best_scale(target, partial(along_direction, target, part))
        if part is alike and not is_gross(target, finding):
            continue
        if finding.verdict == "FAIL":
            return [*found, named_entry(target, finding, part)]
        found.append(finding)
    if not target.base.branches and any(finding.verdict == "kink" for finding in found):
        # No op says which entries are at the kink: some are looked at on their own.
        found += by_entries(target, "subset", rng)
    return found


def is_gross(target: Target, finding: Finding) -> bool:
    """Whether more is wrong than rounding in a sum of large terms that cancel."""
    terms = float(np.sum(np.abs(target.gradient * direction_scale(target.leaf.data))))
    gap = abs(finding.comparison.analytic - finding.comparison.numeric)
    return bool(gap > GROSS * terms)


def short_numbers(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Gaussian numbers of few binary digits, none of them nearly 0."""
    numbers = np.round(rng.standard_normal(shape) * 2**12) / 2**12
    return np.where(np.abs(numbers) < LEAST, np.copysign(LEAST, numbers), numbers)


def along_direction(target: Target, direction: Array, scale: Array) -> Finding:
    return Finding(*compare_outputs(target, direction * scale))


def apart_from_ties(target: Target, direction: Array) -> list[Array]:
    """A direction; beside ties, its entries that move one apart from those that do not.

    At many ties at once, slopes within a wide range are right: that must not excuse the others.
    """
    if not target.base.branches:
        return [direction]
    line = Line(
        target.problem, target.leaf, direction * direction_scale(target.leaf.data), target.base
    )
    ties = ties_between(target.base, list(line.nearest.values()))
    tied = entries_at_ties(target.problem, target.leaf, ties)
    if not tied.any() or tied.all():
        return [direction]
    return [np.where(tied, 0.0, direction), np.where(tied, direction, 0.0)]


def named_entry(target: Target, finding: Finding, direction: Array) -> Finding:
    """A failure along a direction as one of an entry if that fails on its own as well."""
    single = by_entry(target, worst_entry(target, direction * direction_scale(target.leaf.data)))
    if single.verdict == "FAIL":
        return single
    return replace(finding, note=f"entry {list(single.index or ())} has the largest part in it")


def worst_entry(target: Target, direction: Array) -> int:
    """Bisect the direction's support for the entry that contributes most to the failure."""
    shape = target.leaf.shape
    entries = np.arange(target.leaf.size)
    while len(entries) > 1:
        halves = np.array_split(entries, 2)
        gaps = []
        for half in halves:
            part = np.zeros(target.leaf.size)
            part[half] = direction.ravel()[half]
            comparison, _ = compare_outputs(target, part.reshape(shape), thorough=False)
            gaps.append(abs(comparison.analytic - comparison.numeric))
        entries = halves[int(np.argmax(gaps))]
    return int(entries[0])


def row_from(name: str, leaf: Tensor, mode: str, checked: int, found: Sequence[Finding]) -> Row:
    """The row for a tensor: the worst comparison; vacuous only if all of them are."""
    if not found:
        nothing = Comparison(0.0, 0.0, 0.0, "vacuous", 0.0)
        return Row(name, leaf.shape, mode, 0, leaf.size, nothing, None, "vacuous", "no entries")
    verdicts = {finding.comparison.verdict for finding in found}
    verdict = max(verdicts, key=VERDICTS.index)
    if verdict == "vacuous" and len(verdicts) > 1:
        verdict = "ok"
    same = [finding for finding in found if finding.comparison.verdict == verdict]
    worst = max(same or found, key=lambda finding: finding.rank)
    row = Row(name, leaf.shape, mode, checked, leaf.size, in_units(worst), worst.index, verdict)
    row.detail = worst.note or worst.comparison.kink or worst.comparison.note
    row.ladder = ladder_of(worst)
    if verdict == "ok" and not row.detail:
        row.detail = kink_close_by(found)
    if worst.slope.estimate is not None and worst.slope.estimate.value.size:
        row.step = float(np.ravel(worst.slope.estimate.step)[worst.comparison.output] * worst.scale)
    return row


def kink_close_by(found: Sequence[Finding]) -> str:
    """The kink that is closest to an entry, if it is so close that steps had to be small."""
    closest, text = np.inf, ""
    for finding in found:
        kink = finding.slope.nearest_kink
        if kink is not None and finding.index is not None and kink[0] < min(closest, CLOSE):
            closest, index = kink[0], list(finding.index)
            text = f"a kink is less than {closest * finding.scale:.1e} from {index}: {kink[1]}"
    return text


def in_units(finding: Finding) -> Comparison:
    """A derivative along a scaled entry as one with respect to the entry itself."""
    c, scale = finding.comparison, finding.scale
    return replace(
        c,
        analytic=c.analytic / scale,
        numeric=c.numeric / scale,
        bar=c.bar / scale,
        reach=c.reach / scale,
    )


def ladder_of(finding: Finding) -> list[Difference]:
    """The plain differences of the output that stands worst, in units of the entry."""
    i, scale = finding.comparison.output, finding.scale
    return [
        Difference(
            taken.step * scale,
            np.ravel(taken.value)[i] / scale,
            np.ravel(taken.rounding)[i] / scale,
        )
        for taken in finding.slope.differences
        if taken.value.size
    ]


def diagnosis_of(target: Target, found: Sequence[Finding], rng: np.random.Generator) -> str:
    """What the wrong gradient has in common with the right one, as far as can be seen."""
    leaf, out = target.leaf, target.problem.output()
    numeric = np.full(leaf.size, np.nan)
    seen = {finding.index: in_units(finding) for finding in found if finding.thorough}
    largest = np.argsort(-np.abs(target.gradient.ravel()))[: DIAGNOSED // 2]
    some = rng.permutation(leaf.size)[: DIAGNOSED - len(largest)]
    entries = range(leaf.size) if leaf.size <= DIAGNOSED else {*largest, *some}
    for entry in entries:
        single = seen.get(tuple(int(i) for i in np.unravel_index(entry, leaf.shape)))
        if single is None:
            numeric[entry] = plain_difference(target, int(entry))
        elif not single.kink:
            numeric[entry] = single.numeric if single.verdict == "FAIL" else single.analytic
    said = diagnose(target.gradient, numeric.reshape(leaf.shape), sizes_in_graph(out))
    if np.isfinite(target.gradient).all():
        return said
    return "; ".join(filter(None, [said, first_not_finite(out, target.cotangent)]))


def plain_difference(target: Target, entry: int) -> float:
    """A derivative from two central differences: good enough for a diagnosis."""
    leaf = target.leaf
    scale = float(direction_scale(leaf.data).ravel()[entry])
    quotients = []
    for h in (2.0**-12, 2.0**-13):
        displacement = np.zeros(leaf.size)
        displacement[entry] = h * scale
        values = []
        for side in (1, -1):
            moved = side * displacement.reshape(leaf.shape)
            values.append(target.problem.outcome_beside(target.base, leaf, moved).values)
        quotients.append(float((values[0] - values[1]) @ target.cotangent / (2 * h * scale)))
    return (4 * quotients[1] - quotients[0]) / 3
