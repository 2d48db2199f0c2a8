"""The picture of a graph: what each tensor's box says, and which boxes there are."""

from dataclasses import replace
from typing import Any

from minigrad.drawing.boxes import as_array, box_of, box_of_many, counted, is_parameter
from minigrad.drawing.clusters import clusters_of, is_op
from minigrad.drawing.collapse import collapsed
from minigrad.drawing.nodes import Nodes, nodes_of
from minigrad.drawing.picture import Arrow, Box, Picture
from minigrad.drawing.values import count_of_non_finite
from minigrad.ops.base import Node

__all__ = ["picture_of_graph"]

LEGEND = (
    "solid line: the value goes along the arrow, its gradient comes back",
    "dashed line: the value only, no gradient",
)


def picture_of_graph(root: Any) -> tuple[Picture, dict[Any, int]]:
    """The picture of the graph behind a Tensor, and the number of the box each Tensor is in.

    Boxes are numbered in the order in which the ops ran, each op's own leaves before it.

    Raises
    ------
    GraphError
        If the graph was freed.
    """
    nodes = nodes_of(root)
    groups, titles = clusters_of(nodes)
    edges = [(feed.source, feed.target) for feed in nodes.feeds]
    part_of = collapsed(len(nodes.items), edges, groups)
    members: dict[int, list[int]] = {}
    for index, part in enumerate(part_of):
        members.setdefault(part, []).append(index)
    is_whole = len(members) == len(nodes.items)
    origins = where_it_starts(nodes)
    boxes = []
    for inside in members.values():
        if len(inside) > 1:
            box = merged_box(nodes, inside, groups, titles)
        else:
            box = box_of(nodes.items[inside[0]], inside[0] in origins)
        group = groups[inside[0]] if is_whole else None
        boxes.append(replace(box, group=group, result=nodes.items[inside[-1]] is root))
    number = {part: box for box, part in enumerate(members)}
    box_number = [number[part] for part in part_of]
    arrows = arrows_of(nodes, box_number, [len(inside) == 1 for inside in members.values()])
    picture = Picture(
        title=title_of(nodes),
        boxes=tuple(boxes),
        arrows=tuple(arrows),
        groups=tuple(titles) if is_whole else (),
        legend=LEGEND if any(arrow.dashed for arrow in arrows) else LEGEND[: len(arrows[:1])],
    )
    tensors = enumerate(nodes.items)
    return picture, {item: box_number[i] for i, item in tensors if isinstance(item, Node)}


def title_of(nodes: Nodes) -> str:
    """``Graph of Mean: 9 ops, 4 parameters, 2 inputs``."""
    ops = sum(map(is_op, nodes.items))
    parameters = sum(is_parameter(item) for item in nodes.items)
    counts = [
        counted(ops, "op"),
        counted(parameters, "parameter"),
        counted(len(nodes.items) - ops - parameters, "input"),
    ]
    root = nodes.items[-1]
    what = root.name or (root.op.__name__ if root.op is not None else "a Tensor")
    return f"Graph of {what}: {', '.join(filter(None, counts))}"


def arrows_of(nodes: Nodes, box_number: list[int], is_single: list[bool]) -> list[Arrow]:
    """The arrows between boxes; one that stands for several is there once."""
    arrows: dict[Arrow, None] = {}
    for feed in nodes.feeds:
        source, target = box_number[feed.source], box_number[feed.target]
        if source != target:
            has_label = is_single[target] and len(nodes.items[feed.target].inputs) > 1
            needs_none = not getattr(nodes.items[feed.source], "requires_grad", False)
            arrows[Arrow(source, target, feed.name if has_label else "", needs_none)] = None
    return list(arrows)


def where_it_starts(nodes: Nodes) -> set[int]:
    """The nodes whose values are not all finite although those of all their inputs are."""
    bad = {i for i, item in enumerate(nodes.items) if count_of_non_finite(as_array(item))}
    return bad - {feed.target for feed in nodes.feeds if feed.source in bad}


def merged_box(nodes: Nodes, inside: list[int], groups: list[int | None], titles: list[str]) -> Box:
    """One box for the nodes ``inside``: a layer, a chain, or a part of the graph."""
    items = [nodes.items[index] for index in inside]
    layers = {groups[index] for index in inside}
    (layer,) = layers if len(layers) == 1 else {None}
    if layer is not None and len(inside) == groups.count(layer):
        title = titles[layer]
    else:
        title = f"… {counted(sum(map(is_op, items)), 'op') or counted(len(items), 'input')}"
    here = set(inside)
    used = {feed.source for feed in nodes.feeds if feed.source in here and feed.target not in here}
    out = nodes.items[used.pop()] if len(used) == 1 else None
    return box_of_many(title, items, len(layers - {None}), out if is_op(out) else None)
