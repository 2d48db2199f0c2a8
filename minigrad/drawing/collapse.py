"""A graph too large to read, in fewer boxes: layers first, then chains, then whole ranks.

A graph is drawn in full up to `LIMIT` nodes. Whatever is made one box, no cycle arises.
"""

from collections.abc import Callable, Sequence

from minigrad.drawing.layers import ranks

__all__ = ["LIMIT", "collapsed"]

LIMIT = 300
BANDS = 20

Edges = Sequence[tuple[int, int]]


def collapsed(count: int, edges: Edges, groups: Sequence[int | None]) -> list[int]:
    """For every node the node whose box it is drawn in: its own number if in a box of its own."""
    part_of = list(range(count))
    if count <= LIMIT:
        return part_of
    first: dict[int, int] = {}
    for node, group in enumerate(groups):
        if group is not None:
            part_of[node] = first.setdefault(group, node)
    stages: list[Callable[[list[int]], list[int]]] = [
        lambda parts: merged(parts, runs(parts, edges, lambda part: groups[part] is None)),
        lambda parts: merged(parts, runs(parts, edges, lambda part: True)),
        lambda parts: merged(parts, bands(parts, edges)),
    ]
    for stage in stages:
        if len(set(part_of)) <= LIMIT:
            break
        part_of = stage(part_of)
    return part_of


def merged(part_of: list[int], into: dict[int, int]) -> list[int]:
    return [into.get(part, part) for part in part_of]


def between(part_of: list[int], edges: Edges) -> list[tuple[int, int]]:
    """The edges from part to part, each once."""
    found = {(part_of[source], part_of[target]): None for source, target in edges}
    return [(source, target) for source, target in found if source != target]


def runs(part_of: list[int], edges: Edges, may: Callable[[int], bool]) -> dict[int, int]:
    """What lies inside of a chain, by the first of it; with it the leaves that feed only this.

    The ends of a chain stay, so that one sees what goes in and what comes out.
    """
    users: dict[int, list[int]] = {part: [] for part in part_of}
    inputs: dict[int, list[int]] = {part: [] for part in part_of}
    for source, target in between(part_of, edges):
        users[source].append(target)
        inputs[target].append(source)
    following = {}
    for part in users:
        if inputs[part] and len(users[part]) == 1:
            (target,) = users[part]
            if [source for source in inputs[target] if inputs[source]] == [part]:
                following[part] = target
    into: dict[int, int] = {}
    for start in sorted(set(following) - set(following.values())):
        chain = [start]
        while chain[-1] in following:
            chain.append(following[chain[-1]])
        first = None
        for part in chain[1:-1]:
            if not may(part):
                first = None
                continue
            first = part if first is None else first
            into[part] = first
    for part, targets in users.items():
        if not inputs[part] and targets:
            around = {into.get(target) for target in targets}
            if len(around) == 1 and None not in around:
                into[part] = into[targets[0]]
    return into


def bands(part_of: list[int], edges: Edges) -> dict[int, int]:
    """Parts of neighbouring ranks as one, except for the end of the graph, the last of all."""
    parts = sorted(set(part_of))
    index = {part: number for number, part in enumerate(parts)}
    pairs = [(index[source], index[target]) for source, target in between(part_of, edges)]
    rank = ranks(len(parts), pairs)
    per_band = -(-max(rank) // BANDS)
    first: dict[int, int] = {}
    into = {}
    for part, depth in zip(parts[:-1], rank[:-1], strict=True):
        into[part] = first.setdefault(depth // per_band, part)
    return into
