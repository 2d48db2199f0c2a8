"""The order within each layer: boxes move to the mean position of their neighbours, to and fro.

Source: Sugiyama, Tagawa and Toda 1981, *Methods for Visual Understanding of Hierarchical System
Structures*.
"""

from bisect import bisect_right, insort
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Link", "count_crossings", "positions", "untangle"]

SWEEPS = 24
PATIENCE = 4


class Link(NamedTuple):
    """A piece of an edge from one rank to the next; where on its two ends, −½ (left) to ½."""

    upper: int
    lower: int
    upper_port: float = 0.0
    lower_port: float = 0.0


def untangle(layers: Sequence[Sequence[int]], links: Sequence[Link]) -> list[list[int]]:
    """Each layer in a new order, with as few crossings as the sweeps find.

    Parameters
    ----------
    layers : sequence of sequences of int
        The items of every rank, all numbers from 0 to their count, in an order to start from.
    links : sequence of Link
        Each from an item to one on the next rank.
    """
    count = sum(map(len, layers))
    above: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    below: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    for link in links:
        above[link.lower].append((link.upper, link.upper_port))
        below[link.upper].append((link.lower, link.lower_port))
    order = [list(layer) for layer in layers]
    best, fewest, idle = order, count_crossings(order, links), 0
    for sweep in range(SWEEPS):
        if fewest == 0 or idle == PATIENCE:
            break
        downward = sweep % 2 == 1  # from the result up first: that end is the narrow one
        order = swept(order, above if downward else below, downward)
        crossings = count_crossings(order, links)
        idle += 1
        if crossings < fewest:
            best, fewest, idle = order, crossings, 0
    return best


def swept(
    order: list[list[int]], neighbours: list[list[tuple[int, float]]], downward: bool
) -> list[list[int]]:
    """Sort layer after layer by the mean position of each item's neighbours on the one before."""
    layers = order if downward else order[::-1]
    place = positions(order)
    result = []
    for layer in layers:
        key = {}
        for item in layer:
            near = neighbours[item]
            if near:
                key[item] = sum(place[other] + port for other, port in near) / len(near)
            else:
                key[item] = place[item]
        ordered = sorted(layer, key=key.__getitem__)
        for index, item in enumerate(ordered):
            place[item] = index
        result.append(ordered)
    return result if downward else result[::-1]


def positions(order: Sequence[Sequence[int]]) -> list[float]:
    """The index of each item within its layer."""
    place = [0.0] * sum(map(len, order))
    for layer in order:
        for index, item in enumerate(layer):
            place[item] = index
    return place


def count_crossings(order: Sequence[Sequence[int]], links: Sequence[Link]) -> int:
    """How many pairs of links between the same two layers cross."""
    place = positions(order)
    layer_of = [0] * len(place)
    for index, layer in enumerate(order):
        for item in layer:
            layer_of[item] = index
    ends: list[list[tuple[float, float]]] = [[] for _ in order]
    for link in links:
        upper, lower = place[link.upper] + link.upper_port, place[link.lower] + link.lower_port
        ends[layer_of[link.upper]].append((upper, lower))
    crossings = 0
    for pairs in ends:
        seen: list[float] = []
        for _, lower in sorted(pairs):
            crossings += len(seen) - bisect_right(seen, lower)
            insort(seen, lower)
    return crossings
