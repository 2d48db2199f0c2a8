"""How a tensor is moved: entry by entry, or all of it along random directions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.comparing import Target, compare_contracted, compare_outputs
from minigrad.checking.finding import Finding
from minigrad.checking.line import Line
from minigrad.checking.slope import direction_scale, own_scale
from minigrad.checking.ties import entries_at_ties, ties_between

__all__ = ["by_directions", "by_entries", "by_entry"]

Array = NDArray[np.float64]

SUBSET = 16
"""How many entries are taken at random, beside the largest, smallest and zeros."""

ENOUGH_FAILURES = 16
"""So many are told with all care; of a tensor that fails in each entry the rest is cheap."""

MUCH_SMALLER = 2.0**-12
"""Steps begin at an eighth of the tensor's scale, and halve twelve times at first: an entry that is
smaller yet has seen none of its own size."""

LEAST = 2.0**-5
"""The least part of a direction: an entry that hardly moves would hardly show."""

GROSS = 1e-6
"""Of the sum of all sizes: more than that does not come from rounding where large terms cancel."""


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
