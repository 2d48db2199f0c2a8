"""The layout of a whole drawing: groups of boxes within frames, downwards or to the right.

A group is laid out by itself first, with a port on its border for everything that leads in or out,
and is one box in the layout of the whole: nothing that is not of the group can lie in its frame.

Everything is computed for edges that run down; a drawing to the right is one with its axes swapped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from minigrad.drawing.layout import (
    Edge,
    Layout,
    Point,
    Rect,
    Size,
    arrange,
    without_straight_points,
)

__all__ = ["TITLE_HEIGHT", "layout"]

PADDING = 12.0
TITLE_HEIGHT = 20.0


@dataclass(frozen=True)
class Group:
    """A group laid out by itself. Its members are boxes there, and after them the ports.

    Attributes
    ----------
    size : (width, height)
        Of the frame.
    boxes : dict of int to Rect
        The members, by their numbers in the whole, as seen from the frame's corner.
    routes : dict of int to list of (x, y)
        The part inside of each edge that is there, by its number, as seen from the same.
    branches : set of int
        Those that branch off from another edge inside.
    ports : dict of int to float
        Where each edge that leads in or out crosses the frame, from −½ (left) to ½.
    """

    size: Size
    boxes: dict[int, Rect]
    routes: dict[int, list[Point]]
    branches: set[int]
    ports: dict[int, float]


def layout(
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    groups: Sequence[int | None] | None = None,
    *,
    titles: Sequence[float] = (),
    direction: str = "down",
    gap: float = 24.0,
    rank_gap: float = 48.0,
) -> Layout:
    """Positions for boxes and lines for edges, such that no boxes overlap and edges go forward.

    Parameters
    ----------
    sizes : sequence of (width, height)
        Of every box.
    edges : sequence of (source, target)
        Numbers of boxes. There may be several between the same two.
    groups : sequence of int or None, optional
        For every box, the number of the group it is in, or None. Groups are numbered from 0.
    titles : sequence of float
        How wide each group's title is.
    direction : {"down", "right"}
        In which edges lead.
    gap, rank_gap : float
        Least distances: between neighbours on a rank, and from rank to rank.

    Raises
    ------
    GraphError
        If the edges have a cycle, also one that only arises where a group counts as one box.

    Examples
    --------
    >>> from minigrad.drawing.grouping import layout
    >>> picture = layout([(60, 20), (60, 20), (60, 20)], [(0, 2), (1, 2)])
    >>> [(box.x, box.y) for box in picture.boxes]
    [(0.0, 0.0), (84.0, 0.0), (42.0, 68.0)]
    """
    right = direction == "right"
    if right:
        sizes = [(height, width) for width, height in sizes]
    group_of = list(groups) if groups is not None else [None] * len(sizes)
    frames = []
    for number, title in enumerate(titles):
        frames.append(lay_out_group(number, group_of, sizes, edges, title, right, gap, rank_gap))
    whole = lay_out_whole(group_of, sizes, edges, frames, gap, rank_gap)
    return transposed(whole) if right else whole


def lay_out_group(
    number: int,
    group_of: Sequence[int | None],
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    title: float,
    right: bool,
    gap: float,
    rank_gap: float,
) -> Group:
    """Lay out one group; its entries are at the top and its exits at the bottom."""
    members = [box for box, group in enumerate(group_of) if group == number]
    local = {box: index for index, box in enumerate(members)}
    entries: dict[int, int] = {}
    exits: dict[int, int] = {}
    inside: dict[int, Edge] = {}
    for index, (source, target) in enumerate(edges):
        port = len(members) + len(entries) + len(exits)
        if source in local and target in local:
            inside[index] = Edge(local[source], local[target])
        elif target in local:
            inside[index] = Edge(entries.setdefault(source, port), local[target])
        elif source in local:
            inside[index] = Edge(local[source], exits.setdefault(source, port), target_port=0.0)
    inner = arrange(
        [sizes[box] for box in members] + [(0.0, 0.0)] * (len(entries) + len(exits)),
        list(inside.values()),
        gap=gap,
        rank_gap=rank_gap,
        first=set(entries.values()),
        last=set(exits.values()),
    )
    left, top = (PADDING + TITLE_HEIGHT, PADDING) if right else (PADDING, PADDING + TITLE_HEIGHT)
    width, height = left + inner.width + PADDING, top + inner.height + PADDING
    size = (width, max(height, title)) if right else (max(width, title), height)
    boxes = {box: moved(inner.boxes[index], left, top) for box, index in local.items()}
    branches = {index for index, is_one in zip(inside, inner.branches, strict=True) if is_one}
    routes = {}
    ports: dict[int, float] = {}
    for index, route in zip(inside, inner.routes, strict=True):
        source, target = edges[index]
        points = [(x + left, y + top) for x, y in route]
        if source not in local and index not in branches:
            points.insert(0, (points[0][0], 0.0))
        if target not in local:
            points.append((points[-1][0], size[1]))
            ports[index] = points[-1][0] / size[0] - 0.5
        routes[index] = points
    for index, edge in inside.items():
        if edge.source >= len(members):
            ports[index] = (inner.boxes[edge.source].x + left) / size[0] - 0.5
    return Group(size, boxes, routes, branches, ports)


def lay_out_whole(
    group_of: Sequence[int | None],
    sizes: Sequence[Size],
    edges: Sequence[tuple[int, int]],
    frames: Sequence[Group],
    gap: float,
    rank_gap: float,
) -> Layout:
    """Lay out the groups' frames together with the boxes outside, then fill the frames."""
    outer_sizes = [frame.size for frame in frames]
    outer = []
    for group, size in zip(group_of, sizes, strict=True):
        outer.append(len(outer_sizes) if group is None else group)
        if group is None:
            outer_sizes.append(size)
    between: dict[int, Edge] = {}
    for index, (source, target) in enumerate(edges):
        start, end = group_of[source], group_of[target]
        if start is not None and start == end:
            continue
        source_port, target_port = 0.0, None
        if start is not None:
            source_port = frames[start].ports[index]
        if end is not None:
            target_port = frames[end].ports[index]
        between[index] = Edge(outer[source], outer[target], source_port, target_port)
    whole = arrange(outer_sizes, list(between.values()), gap=gap, rank_gap=rank_gap)
    boxes = [whole.boxes[index] for index in outer]
    branches = {index for index, is_one in zip(between, whole.branches, strict=True) if is_one}
    routes: list[list[Point]] = [[] for _ in edges]
    for index, route in zip(between, whole.routes, strict=True):
        routes[index] = route
    groups = whole.boxes[: len(frames)]
    for group, (corner, frame) in enumerate(zip(groups, frames, strict=True)):
        for box, rect in frame.boxes.items():
            boxes[box] = moved(rect, corner.x, corner.y)
        for index, route in frame.routes.items():
            points = [(x + corner.x, y + corner.y) for x, y in route]
            if group_of[edges[index][0]] != group:
                # A line that branches off inside starts there: what leads to it is drawn already.
                routes[index] = points if index in frame.branches else routes[index] + points
            elif index not in branches:
                routes[index] = points + routes[index]
        branches |= frame.branches
    routes = [without_straight_points(route) for route in routes]
    is_branch = [index in branches for index in range(len(edges))]
    return Layout(whole.width, whole.height, boxes, routes, is_branch, groups)


def moved(rect: Rect, x: float, y: float) -> Rect:
    return Rect(rect.x + x, rect.y + y, rect.width, rect.height)


def transposed(whole: Layout) -> Layout:
    """The same with x and y swapped."""
    return Layout(
        whole.height,
        whole.width,
        [Rect(y, x, height, width) for x, y, width, height in whole.boxes],
        [[(y, x) for x, y in route] for route in whole.routes],
        whole.branches,
        [Rect(y, x, height, width) for x, y, width, height in whole.groups],
    )
