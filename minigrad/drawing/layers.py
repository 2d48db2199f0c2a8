"""The layers of a drawing: which rank each box is on, and the lanes of long edges in between.

Boxes are numbered from 0; an edge is a pair of numbers. Every edge leads to a higher rank.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from minigrad.errors import GraphError

__all__ = ["Lane", "Lanes", "in_order", "ranks", "route_through"]

Edges = Sequence[tuple[int, int]]


def in_order(count: int, edges: Edges) -> list[int]:
    """The boxes, each after all those with an edge to it; those on or behind a cycle are absent."""
    targets: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in edges:
        targets[source].append(target)
        waiting[target] += 1
    order = [box for box in range(count) if waiting[box] == 0]
    for box in order:  # grows while it is gone through
        for target in targets[box]:
            waiting[target] -= 1
            if waiting[target] == 0:
                order.append(target)
    return order


def ranks(
    count: int, edges: Edges, first: Collection[int] = (), last: Collection[int] = ()
) -> list[int]:
    """The rank of every box: the longest path to it, then as close to what follows as can be.

    Boxes in ``first`` (without edges to them) are put on rank 0, those in ``last`` (without edges
    from them) on the highest.

    Raises
    ------
    GraphError
        If the edges have a cycle.
    """
    order = in_order(count, edges)
    if len(order) < count:
        raise GraphError("layout: the edges have a cycle, so that there is no order to draw it in")
    targets: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        targets[source].append(target)
    rank = [0] * count
    for box in order:
        for target in targets[box]:
            rank[target] = max(rank[target], rank[box] + 1)
    highest = max(rank, default=0)
    for box in last:
        rank[box] = highest
    for box in reversed(order):
        if targets[box] and box not in first:
            rank[box] = min(rank[target] for target in targets[box]) - 1
    return rank


class Lane(NamedTuple):
    """Where a line passes a rank: which box's line, from where on its border, after which item."""

    source: int
    port: float
    before: int
    rank: int


@dataclass(frozen=True)
class Lanes:
    """Where edges pass ranks that they do not end on. Lanes are numbered on from the boxes.

    Attributes
    ----------
    lanes : list of Lane
    start : list of int
        For each edge, its source, or the lane of an earlier edge that it branches off.
    last : list of int
        For each edge, the lane it arrives from, or its source.
    found : list of int
        Boxes with edges, and all lanes, in the order in which the edges lead to them.
    """

    lanes: list[Lane]
    start: list[int]
    last: list[int]
    found: list[int]


def route_through(rank: Sequence[int], edges: Edges, ports: Sequence[float]) -> Lanes:
    """Give each edge a lane on every rank between its ends.

    Edges from the same box and port share their lanes, as branches of one line: a value used at
    1,000 places is drawn as one line with 1,000 branches.
    """
    lanes: list[Lane] = []
    start, last = [], []
    found: dict[int, None] = {}
    lines: dict[tuple[int, float], list[int]] = {}
    for (source, target), port in zip(edges, ports, strict=True):
        line = lines.setdefault((source, port), [source])
        found[source] = None
        start.append(line[min(len(line), rank[target] - rank[source]) - 1])
        while len(line) < rank[target] - rank[source]:
            number = len(rank) + len(lanes)
            lanes.append(Lane(source, port, line[-1], rank[source] + len(line)))
            line.append(number)
            found[number] = None
        last.append(line[rank[target] - rank[source] - 1])
        found[target] = None
    return Lanes(lanes, start, last, list(found))
