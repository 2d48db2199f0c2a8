"""Checking one tensor: its gradient by the rules, compared in some mode, and diagnosed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.comparing import Target, analytic_gradient
from minigrad.checking.diagnosis import diagnose, first_not_finite, sizes_in_graph
from minigrad.checking.finding import Finding, in_units, row_from
from minigrad.checking.modes import by_directions, by_entries
from minigrad.checking.problem import Outcome, Problem
from minigrad.checking.slope import direction_scale
from minigrad.checking.verdict import Comparison, Row
from minigrad.errors import DomainError
from minigrad.gradients import depends
from minigrad.tensor import Tensor

__all__ = ["Settings", "check_tensor", "own_generator"]

Array = NDArray[np.float64]

FULL_UP_TO = 16
"""So many entries, one by one, take about as long as three directions."""

DIAGNOSED = 512
"""So many entries, by two differences each, show a pattern if there is one."""

OWN_STREAM = 20_101_971
"""Beside the seed: any number that nobody else puts there."""


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


def own_generator(seed: int | None) -> np.random.Generator:
    """A generator whose numbers are no one else's.

    Inputs are often drawn from ``default_rng(seed)``: a cotangent from there would be the input
    itself, under which a product and its transpose, say, have the same gradient.
    """
    return np.random.default_rng(None if seed is None else [seed, OWN_STREAM])


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
    return "; ".join(filter(None, [said, first_not_finite(out, leaf, target.cotangent)]))


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
