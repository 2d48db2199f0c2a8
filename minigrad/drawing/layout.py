"""A layered drawing, computed: boxes of given sizes and edges in, positions and lines out.

Boxes stand on ranks, one after another, downwards in the direction of the edges; long edges run
through lanes between the boxes of the ranks they pass.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from minigrad.drawing.crossings import Link, positions, untangle
from minigrad.drawing.layers import Lanes, ranks, route_through
from minigrad.drawing.placing import place

__all__ = ["Edge", "Layout", "Point", "Rect", "Size", "arrange", "without_straight_points"]

TOO_WIDE = 2
"""How many times as wide as its widest rank a drawing may become for straight lines."""

Point = tuple[float, float]
Size = tuple[float, float]


class Rect(NamedTuple):
    """A box's left and top edge, and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """Where everything is. The origin is top left, y grows downwards.

    Attributes
    ----------
    width, height : float
        Of the whole.
    boxes : list of Rect
        In the order of the sizes given.
    routes : list of list of (x, y)
        For each edge, the line to its target, from its source or from where it branches off the
        line of an earlier edge from the same source. Between two points that differ in both
        coordinates there is nothing else, so that they may be joined by any curve between.
    branches : list of bool
        For each edge, whether its line is such a branch.
    groups : list of Rect
        The frames around the groups.
    """

    width: float
    height: float
    boxes: list[Rect]
    routes: list[list[Point]]
    branches: list[bool]
    groups: list[Rect]


@dataclass(frozen=True)
class Edge:
    """From box to box; where on their borders, from −½ (left) to ½; anywhere if None."""

    source: int
    target: int
    source_port: float = 0.0
    target_port: float | None = None


def arrange(
    sizes: Sequence[Size],
    edges: Sequence[Edge],
    *,
    gap: float,
    rank_gap: float,
    first: Collection[int] = (),
    last: Collection[int] = (),
) -> Layout:
    """Lay out boxes downwards, those in ``first`` at the top and those in ``last`` at the bottom.

    ``gap`` is the least distance between neighbours on a rank, ``rank_gap`` that between ranks.
    """
    count = len(sizes)
    pairs = [(edge.source, edge.target) for edge in edges]
    rank = ranks(count, pairs, first, last)
    lanes = route_through(rank, pairs, [edge.source_port for edge in edges])
    rank += [lane.rank for lane in lanes.lanes]
    widths = [width for width, _ in sizes] + [0.0] * len(lanes.lanes)
    heights = [height for _, height in sizes] + [0.0] * len(lanes.lanes)
    layers: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    # To start with, boxes stand in the order of the edges: an op's inputs as it names them.
    for item in dict.fromkeys([*lanes.found, *range(count)]):
        layers[rank[item]].append(item)
    links = links_of(count, edges, lanes)
    order = untangle(layers, links)
    weights = straightness(count, links, edges, lanes, first)
    centres = place(order, widths, links, weights, gap)
    widest = max((sum(widths[item] + gap for item in layer) for layer in order), default=0.0)
    if width_of(centres, widths) > TOO_WIDE * widest:
        # Straight lines from port to port have made a staircase of a long chain.
        centred = [link._replace(upper_port=0.0, lower_port=0.0) for link in links]
        centres = place(order, widths, centred, weights, gap)
    centres = [float(round(centre)) for centre in centres]
    left = min((c - w / 2 for c, w in zip(centres, widths, strict=True)), default=0.0)
    centres = [centre - left for centre in centres]

    levels = levels_of(order, heights, rank_gap)
    bands = [levels[level] for level in rank]
    boxes: list[Rect] = []
    for centre, (width, height), (top, bottom) in zip(centres, sizes, bands, strict=False):
        y = (top + bottom - height) / 2
        boxes.append(Rect(centre - width / 2, y, width, height))
    # Only now: boxes shall stand below each other, whichever of their ports the line goes to.
    edges = with_ports(edges, lanes.last, order)
    routes = []
    for edge, begin, last_item in zip(edges, lanes.start, lanes.last, strict=True):
        item = last_item
        points = [end_of(edge, boxes), (end_of(edge, boxes)[0], bands[edge.target][0])]
        while item != begin:
            top, bottom = bands[item]
            points += [(centres[item], bottom), (centres[item], top)]
            item = lanes.lanes[item - count].before
        if begin >= count:
            points.append((centres[begin], bands[begin][1]))
        else:
            x, y = start_of(edge, boxes)
            points += [(x, bands[begin][1]), (x, y)]
        routes.append(without_straight_points(points[::-1]))
    return Layout(
        width=max([*(box.x + box.width for box in boxes), *centres[count:]], default=0.0),
        height=levels[-1][1] if levels else 0.0,
        boxes=boxes,
        routes=routes,
        branches=[start >= count for start in lanes.start],
        groups=[],
    )


def width_of(centres: Sequence[float], widths: Sequence[float]) -> float:
    """From the left edge of the leftmost item to the right edge of the rightmost."""
    left = min((c - w / 2 for c, w in zip(centres, widths, strict=True)), default=0.0)
    return max((c + w / 2 for c, w in zip(centres, widths, strict=True)), default=0.0) - left


def levels_of(
    order: Sequence[Sequence[int]], heights: Sequence[float], rank_gap: float
) -> list[tuple[float, float]]:
    """The top and the bottom of every rank: as deep as its highest box."""
    levels: list[tuple[float, float]] = []
    for layer in order:
        depth = max(heights[item] for item in layer)
        top = 0.0
        if levels:
            above, bottom = levels[-1]
            # Ports have no size, and lines run straight to them.
            top = bottom + (rank_gap if depth and bottom > above else rank_gap / 3)
        levels.append((top, top + depth))
    return levels


def start_of(edge: Edge, boxes: Sequence[Rect]) -> Point:
    """Where an edge leaves its source."""
    box = boxes[edge.source]
    return box.x + (edge.source_port + 0.5) * box.width, box.y + box.height


def end_of(edge: Edge, boxes: Sequence[Rect]) -> Point:
    """Where an edge meets its target."""
    box = boxes[edge.target]
    return box.x + ((edge.target_port or 0.0) + 0.5) * box.width, box.y


def links_of(count: int, edges: Sequence[Edge], lanes: Lanes) -> list[Link]:
    """The pieces of all edges from rank to rank; edges that share lanes share pieces."""
    links: dict[Link, None] = {}
    for number, lane in enumerate(lanes.lanes, start=count):
        port = lane.port if lane.before == lane.source else 0.0
        links[Link(lane.before, number, port)] = None
    for edge, item in zip(edges, lanes.last, strict=True):
        port = edge.source_port if item == edge.source else 0.0
        links[Link(item, edge.target, port, edge.target_port or 0.0)] = None
    return list(links)


def with_ports(
    edges: Sequence[Edge], last: Sequence[int], order: Sequence[Sequence[int]]
) -> list[Edge]:
    """Where each edge meets its target: side by side, in the order of where they come from."""
    place_of = positions(order)
    arriving: dict[int, list[int]] = {}
    for index, edge in enumerate(edges):
        if edge.target_port is None:
            arriving.setdefault(edge.target, []).append(index)
    result = list(edges)
    for indices in arriving.values():
        indices.sort(key=lambda index: place_of[last[index]])
        for position, index in enumerate(indices):
            port = (position + 1) / (len(indices) + 1) - 0.5
            result[index] = replace(edges[index], target_port=port)
    return result


def straightness(
    count: int, links: Sequence[Link], edges: Sequence[Edge], lanes: Lanes, first: Collection[int]
) -> list[float]:
    """How much each link shall be straight: lines most of all, least what branches off a line.

    What comes from a box that nothing arrives at, such as a parameter, gives way to the rest.
    """
    fed = {edge.target for edge in edges} | set(first)
    goes_on = {lane.before for lane in lanes.lanes}
    weights = []
    for link in links:
        is_lane = link.upper >= count
        source = lanes.lanes[link.upper - count].source if is_lane else link.upper
        weight = 4.0 if source in fed else 1.0
        if link.lower >= count:
            weight *= 2
        elif is_lane:
            weight *= 0.05 if link.upper in goes_on else 0.5
        weights.append(weight)
    return weights


def without_straight_points(points: Sequence[Point]) -> list[Point]:
    """The same line without points that repeat, or that a vertical line passes anyway."""
    kept = [points[0]]
    for point in points[1:]:
        if point == kept[-1]:
            continue
        if len(kept) > 1 and kept[-2][0] == kept[-1][0] == point[0]:
            kept[-1] = point
        else:
            kept.append(point)
    return kept
