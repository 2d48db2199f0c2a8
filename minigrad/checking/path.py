"""The problem along one direction: f(x + s·d) as a function of the number s, each s run once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.problem import Outcome, Problem
from minigrad.tensor import Tensor

__all__ = ["BASE", "LEFT", "RIGHT", "Path", "Point"]

Array = NDArray[np.float64]

SAMPLE = 4096
"""So many entries tell how exact a step is."""

PLACES = 1024
"""So far that an entry which moves by a thousandth of what the others do still moves."""

LEFT, BASE, RIGHT = -1, 0, 1


@dataclass(frozen=True)
class Point:
    """The outputs at one s, and the piece they lie on: BASE, LEFT, RIGHT, or None for another."""

    values: Array
    piece: int | None


class Path:
    """What the outputs do when a leaf moves along ``direction``.

    Attributes
    ----------
    nearest : dict of int to Outcome
        On either side of the base, no further away than numbers reach. If one of them is on
        another piece than the base, or not finite, the base itself is a kink or an edge.
    weights : ndarray or None
        What the outputs are contracted with; None to follow each of them.
    """

    def __init__(self, problem: Problem, leaf: Tensor, direction: Array, base: Outcome) -> None:
        self.problem = problem
        self.leaf = leaf
        self.direction = direction
        self.base = base
        self.weights: Array | None = None
        self.inexacts: dict[float, float] = {}
        self.crossings: dict[float, tuple[Tensor, tuple[int, ...]]] = {}
        self.nearest = {side: self.next_to_base(side) for side in (LEFT, RIGHT)}
        self.points = {0.0: Point(base.values, BASE)}

    def next_to_base(self, side: int) -> Outcome:
        """The outcome as close to the base as the leaf's numbers allow, or 1e-150.

        Several entries move in proportion, by many of their last places: those that are tied part.
        """
        moving = self.direction != 0
        x, d = self.leaf.data[moving], self.direction[moving]
        places = 1 if x.size == 1 else PLACES
        s = float(np.max(places * np.spacing(np.abs(x)) / np.abs(d), initial=1e-150))
        return self.problem.outcome_beside(self.base, self.leaf, side * s * self.direction)

    def goes_on(self, side: int) -> bool:
        """Whether the base's piece goes on towards this side, be it ever so little."""
        return self.nearest[side].finite() and self.base.same_branches(self.nearest[side])

    def at(self, s: float) -> Point:
        """The outputs at x + s·d, evaluated once."""
        if s not in self.points:
            outcome = self.problem.outcome_beside(self.base, self.leaf, s * self.direction)
            self.points[s] = Point(outcome.values, self.piece_of(outcome))
            crossing = self.base.first_crossing(outcome) if outcome.finite() else None
            if crossing is not None:
                self.crossings[abs(s)] = crossing
        return self.points[s]

    def nearest_kink(self) -> tuple[float, str] | None:
        """The least s at which an op was seen on another piece than at the base, and which op."""
        if not self.crossings:
            return None
        s = min(self.crossings)
        tensor, index = self.crossings[s]
        return s, f"{tensor!r} in element {list(index)}"

    def piece_of(self, outcome: Outcome) -> int | None:
        if not outcome.finite():
            return None
        if self.base.same_branches(outcome):
            return BASE
        for side, nearest in self.nearest.items():
            if nearest.same_branches(outcome):
                return side
        return None

    def inexact(self, h: float) -> float:
        """How far x ± h·d is from what was meant, by the rounding of x itself, relative to h·d."""
        if h not in self.inexacts:
            moving = np.flatnonzero(self.direction)[:SAMPLE]
            x, step = self.leaf.data.flat[moving], h * self.direction.flat[moving]
            largest = np.max(np.abs(step), initial=0.0) or 1.0  # squares could overflow or vanish
            size = np.linalg.norm(step / largest) or 1.0
            off = [np.linalg.norm(((x + s) - x - s) / largest) / size for s in (step, -step)]
            self.inexacts[h] = float(np.max(off))
        return self.inexacts[h]

    def contract(self, values: Array) -> Array:
        return values if self.weights is None else np.asarray(values @ self.weights)

    def parting(self, h: float) -> Array:
        """How far the slopes to the right and to the left differ at this step."""
        base = self.base.values
        around = (self.at(h).values - base) + (self.at(-h).values - base)
        return np.asarray(abs(self.contract(around)) / h)
