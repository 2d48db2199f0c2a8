"""Where in its layer each box stands: close to its neighbours, in the given order, without overlap.

A layer alone is a least-squares problem with an order: the boxes want to stand where their
neighbours are, and may not come closer than their sizes allow. Pooling those that meet solves it
exactly, in one pass.

Source: Ayer, Brunk, Ewing, Reid and Silverman 1955 (pool adjacent violators).
"""

from collections.abc import Sequence
from typing import NamedTuple

from minigrad.drawing.crossings import Link

__all__ = ["closest_without_overlap", "place"]

ROUNDS = 16
LOOSE = 0.1
"""The weight of an item without neighbours: it stays, but gives way."""


def place(
    order: Sequence[Sequence[int]],
    widths: Sequence[float],
    links: Sequence[Link],
    weights: Sequence[float],
    gap: float,
) -> list[float]:
    """The centre of every item across the layers.

    ``weights`` say for each link how much it shall be straight.
    """
    above: list[list[Pull]] = [[] for _ in widths]
    below: list[list[Pull]] = [[] for _ in widths]
    for link, weight in zip(links, weights, strict=True):
        shift = link.upper_port * widths[link.upper] - link.lower_port * widths[link.lower]
        above[link.lower].append(Pull(link.upper, shift, weight))
        below[link.upper].append(Pull(link.lower, -shift, weight))
    both = [up + down for up, down in zip(above, below, strict=True)]
    offsets = [packed(layer, widths, gap) for layer in order]
    centres = [0.0] * len(widths)
    for layer, start in zip(order, offsets, strict=True):
        for item, centre in zip(layer, start, strict=True):
            centres[item] = centre
    for number in range(ROUNDS):
        is_upward = number % 2 == 0
        pulls = both if number >= ROUNDS // 2 else (below if is_upward else above)
        rows = list(zip(order, offsets, strict=True))
        for layer, least in reversed(rows) if is_upward else rows:
            wanted = [wish(pulls[item], centres, centres[item]) for item in layer]
            firmness = [sum(pull.weight for pull in pulls[item]) or LOOSE for item in layer]
            found = closest_without_overlap(wanted, firmness, least)
            for item, centre in zip(layer, found, strict=True):
                centres[item] = centre
    return centres


class Pull(NamedTuple):
    """A neighbour, how far from its centre it wants one to stand, and how much."""

    other: int
    shift: float
    weight: float


def wish(pulls: Sequence[Pull], centres: Sequence[float], otherwise: float) -> float:
    """Where an item's neighbours want it to stand; ``otherwise`` if it has none."""
    if not pulls:
        return otherwise
    total = sum(pull.weight for pull in pulls)
    return sum((centres[pull.other] + pull.shift) * pull.weight for pull in pulls) / total


def packed(layer: Sequence[int], widths: Sequence[float], gap: float) -> list[float]:
    """The centres of a layer's items when they stand as close as they may, around 0."""
    centres = []
    right = 0.0
    for item in layer:
        centres.append(right + widths[item] / 2)
        right += widths[item] + gap
    middle = (right - gap) / 2
    return [centre - middle for centre in centres]


def closest_without_overlap(
    wanted: Sequence[float], weights: Sequence[float], offsets: Sequence[float]
) -> list[float]:
    """Centres nearest to ``wanted`` (weighted squares) at least as far apart as ``offsets`` are.

    Examples
    --------
    >>> closest_without_overlap([0.0, 0.0], [1.0, 1.0], [0.0, 10.0])
    [-5.0, 5.0]
    >>> closest_without_overlap([0.0, 50.0], [1.0, 1.0], [0.0, 10.0])
    [0.0, 50.0]
    """
    blocks: list[tuple[float, float, int]] = []  # the position of a block, its weight, its size
    for want, weight, offset in zip(wanted, weights, offsets, strict=True):
        position, size = want - offset, 1
        while blocks and blocks[-1][0] > position:
            other, other_weight, other_size = blocks.pop()
            total = weight + other_weight
            position = (position * weight + other * other_weight) / total
            weight, size = total, size + other_size
        blocks.append((position, weight, size))
    shifts = [position for position, _, size in blocks for _ in range(size)]
    return [shift + offset for shift, offset in zip(shifts, offsets, strict=True)]
