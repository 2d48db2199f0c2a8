"""Differences of the outputs along one direction, and how much of them is rounding."""

from copy import copy
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.differences import EPS, Difference
from minigrad.checking.path import BASE, LEFT, RIGHT, Path, Point
from minigrad.checking.problem import Outcome, Problem
from minigrad.checking.rounding import rounding_of_output
from minigrad.tensor import Tensor

__all__ = ["Line"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

HAIR = 2.0**-32
"""Third differences of a smooth function vanish over so little, as 2⁻⁹⁶, but numbers of 52 binary
places can be told apart."""

HAIRS = (2.0**-22, HAIR, 2.0**-46)
"""Where something happens within one, the next: 2⁻⁶⁶ vanishes as well, and 2⁻⁴⁶ is 64 places."""

AROUND = 2.0**-3
"""As far as the first step, so that it costs no evaluation of its own."""

NOISE_AT_MOST = 1e-9
"""Of the function's size: more over a hair's breadth is no rounding of float64, but a kink."""

UNKNOWN = 1e-3
"""Of what moves: with more rounding, three digits are not known."""

REGIMES = (2.0**-12, 1.0, 8.0, 64.0)
"""Where rounding is drawn: close by, and as far as the larger steps, where values may be larger."""

SEEDS = (1, 2)
"""With two sides these make four draws of the rounding in a difference."""

UNDERFLOW = 1e-322
"""Below 2e-308 all numbers are multiples of 5e-324."""


class Line(Path):
    """A path, and the differences of the outputs along it, with what rounding may do to them.

    Attributes
    ----------
    weights : ndarray or None
        What the outputs are contracted with; None to follow each of them.
    replays : bool
        Whether rounding is told by replays too, which costs several times as much as all else.
    """

    def __init__(self, problem: Problem, leaf: Tensor, direction: Array, base: Outcome) -> None:
        super().__init__(problem, leaf, direction, base)
        self.replays = False
        self.noises: dict[float, Array] = {}
        self.roundings: dict[float, list[Array]] = {}

    def contracted(self, weights: Array) -> "Line":
        """The same line, with the same points, for ``outputs @ weights``."""
        line = self.afresh()
        line.weights = weights
        return line

    def with_replays(self) -> "Line":
        """The same line, with the same points, its rounding told by replays too."""
        line = self.afresh()
        line.replays = True
        return line

    def afresh(self) -> "Line":
        line = copy(self)
        line.noises = {}
        for name in ("third_difference", "moves", "scale"):
            vars(line).pop(name, None)
        return line

    def central(self, h: float) -> Difference | None:
        """The difference over both sides, or None if they are not on the base's piece."""
        above, below = self.at(h), self.at(-h)
        if not above.piece == below.piece == BASE:
            return None
        return self.quotient(above, below, 2 * h, h)

    def one_sided(self, side: int, h: float) -> Difference | None:
        """The difference towards one side, or None if it is not on the piece that is next."""
        there = self.at(side * h)
        if there.piece != (BASE if self.goes_on(side) else side):
            return None
        return self.quotient(there, self.at(0.0), side * h, h)

    def quotient(self, one: Point, other: Point, width: float, h: float) -> Difference:
        value = self.contract((one.values - other.values) / width)
        # Far from the base the values may be larger than there, and with them their rounding.
        size = np.maximum(np.abs(one.values), np.abs(other.values))
        least = EPS / 2 * size + np.where(size > 0, UNDERFLOW, 0.0)
        rounding = np.maximum(self.noise(h), self.contract_noise(least)) / abs(width) * 2
        return Difference(h, value, rounding + self.inexact(h) * abs(value))

    def contract_noise(self, noise: Array) -> Array:
        """As `contract`, for errors that are independent of each other."""
        if self.weights is None:
            return noise
        parts = np.where(self.moves, np.abs(noise * self.weights), 0.0)
        largest = float(np.max(parts, initial=0.0)) or 1.0  # squares could overflow
        return np.asarray(largest * np.linalg.norm(parts / largest))

    @cached_property
    def moves(self) -> Mask:
        """Which outputs change along the line, if only by their rounding.

        The others do not depend on what is moved, nor has their rounding a part in a difference.
        """
        base, here = self.base.values, self.rounding_at(0.0)
        moving = (self.at(AROUND).values != base) | (self.at(-AROUND).values != base)
        for s in (REGIMES[0], -REGIMES[0]):
            there = self.rounding_at(s)
            if not (here and there):
                return np.ones(base.shape, bool)
            moving |= np.any(np.not_equal(there, here), axis=0)
        return np.asarray(moving if moving.any() else ~moving)

    def noise(self, h: float) -> Array:
        """How much of what changes between the base and ±h is rounding."""
        widest = max([regime for regime in REGIMES if regime <= h], default=REGIMES[0])
        if widest not in self.noises:
            noise = self.third_difference
            for regime in REGIMES:
                if regime <= widest:
                    noise = np.maximum(noise, self.noise_of_replays(regime))
            self.noises[widest] = noise
        return self.noises[widest]

    def noise_of_replays(self, s: float) -> Array:
        """The root mean square of the rounding in replays of the graphs at ±s."""
        at_base = self.rounding_at(0.0)
        changes = []
        for side in (LEFT, RIGHT):
            for there, here in zip(self.rounding_at(side * s), at_base, strict=False):
                change = there - here
                changes.append(self.contract(np.where(np.isfinite(change), change, 0.0)))
        if not changes:
            return np.zeros_like(self.contract(self.base.values))
        largest = np.max(np.abs(changes), axis=0)  # squares could overflow or vanish
        unit = np.where(largest > 0, largest, 1.0)
        return np.asarray(unit * np.sqrt(np.mean(np.square(changes / unit), axis=0)))

    def rounding_at(self, s: float) -> list[Array]:
        """What replays of the graph at x + s·d, one for each seed, differ from it by."""
        if not self.replays:
            return []
        if s == 0 and self.leaf in self.base.roundings:  # the same for every direction
            return self.base.roundings[self.leaf]
        if s not in self.roundings:
            self.roundings[s] = []
            if s == 0 or self.at(s).piece is not None:
                with self.problem.moved(self.leaf, s * self.direction), np.errstate(all="ignore"):
                    out = self.problem.output()
                    drawn = [rounding_of_output(out, self.leaf, seed) for seed in SEEDS]
                self.roundings[s] = [rounding.ravel() for rounding in drawn]
        if s == 0:
            self.base.roundings[self.leaf] = self.roundings[s]
        return self.roundings[s]

    @cached_property
    def third_difference(self) -> Array:
        """How much the outputs tremble: their third differences over a hair's breadth.

        Those of a smooth function vanish there; what is left is the rounding inside of it, also
        that which no replay knows of. Source: J. J. Moré and S. M. Wild, "Estimating
        computational noise", SIAM Journal on Scientific Computing 33 (2011).
        """
        rounding = EPS / 2 * np.abs(self.base.values)
        noise = np.full(rounding.shape, np.inf)
        for hair in HAIRS:
            coarse = noise > NOISE_AT_MOST * self.size  # something happens within this breadth
            if coarse.any():
                noise = np.where(coarse, np.maximum(rounding, self.tremble(hair)), noise)
        return self.contract_noise(np.maximum(noise, self.size * usual_share(noise, self.size)))

    def tremble(self, hair: float) -> Array:
        """The noise in points that lie ``hair`` apart."""
        noise = np.zeros(self.base.values.shape)
        for side in (LEFT, RIGHT):  # never across the base, where there may be a kink
            run = [self.at(side * k * hair) for k in (1, 2, 3, 4, 5)]
            if run[0].piece is not None and all(point.piece == run[0].piece for point in run):
                noise = np.maximum(noise, third_differences([point.values for point in run]))
        return noise

    @cached_property
    def size(self) -> Array:
        """The largest |output| at the base and around it, as far as it is finite."""
        points = [self.at(0.0), self.at(AROUND), self.at(-AROUND)]
        sizes = [abs(point.values) for point in points if point.piece is not None]
        return np.asarray(np.max(sizes, axis=0))

    @cached_property
    def scale(self) -> Array:
        """The size of the outputs, contracted if nothing cancels; or of what cancels in them."""
        size = self.size if self.weights is None else self.size @ np.abs(self.weights)
        return np.asarray(np.maximum(size, self.noise_of_replays(REGIMES[0]) / EPS))

    def unknown(self) -> Mask:
        """Whether rounding leaves less than three digits of what moves, at any point taken."""
        values = [point.values for point in self.points.values() if point.piece is not None]
        size = np.max(np.abs(values), axis=0)
        if self.weights is not None:
            size = np.where(self.moves, size, 0.0) @ np.abs(self.weights)
        return np.asarray(self.noise(REGIMES[0]) > UNKNOWN * size)

    def plain_differences(self) -> list[Difference]:
        """All central differences that the points taken so far give, largest step first."""
        steps = sorted((s for s in self.points if s > 0 and -s in self.points), reverse=True)
        taken = [self.central(h) for h in steps]
        return [difference for difference in taken if difference is not None]


def usual_share(noise: Array, size: Array) -> float:
    """The median of noise over size: of many outputs, some hardly tremble by chance."""
    known = (size > 0) & np.isfinite(noise)
    return float(np.median(noise[known] / size[known])) if known.any() else 0.0


def third_differences(values: list[Array]) -> Array:
    """The noise in values of a smooth function at equal, very small distances."""
    thirds = np.diff(values, 3, axis=0)
    # The coefficients 1, 3, 3, 1 make a variance of 20; squares could overflow, sizes do not.
    return np.asarray(np.max(np.abs(thirds), axis=0) / np.sqrt(20))
