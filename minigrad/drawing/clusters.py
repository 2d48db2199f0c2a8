"""Which nodes of a graph make up a layer, as the dotted names of parameters tell.

An op that takes ``0.weight`` is of layer ``0``; so are the parameters only it takes, what stands
between two ops of the layer, and the activation right after. A layer used several times is several
groups.
"""

from collections import Counter

from minigrad.drawing.layers import in_order
from minigrad.drawing.nodes import Nodes
from minigrad.ops.base import Node

__all__ = ["Clusters", "clusters_of"]

Clusters = tuple[list[int | None], list[str]]
"""For every node the number of its group, or None; and the titles of the groups."""


def clusters_of(nodes: Nodes) -> Clusters:
    """The groups of a graph, such that it stays without cycles if each counts as one node."""
    layer = layers_of_ops(nodes)
    component = connected(nodes, layer)
    for index, users in enumerate(users_of(nodes)):
        name = layer_name(nodes.items[index])
        around = {component[user] for user in users}
        if name is not None and len(around) == 1 and layer[users[0]] == name:
            component[index], layer[index] = component[users[0]], name
    dissolve_cycles(nodes, component)
    numbers: dict[int, int] = {}
    for found in component:
        if found is not None:
            numbers.setdefault(found, len(numbers))
    names = [str(layer[first]) for first in numbers]
    groups = [None if found is None else numbers[found] for found in component]
    return groups, titles(names)


def is_op(item: object) -> bool:
    return isinstance(item, Node) and item.op is not None


def layer_name(item: object) -> str | None:
    """``0`` for a parameter named ``0.weight``."""
    if not isinstance(item, Node) or item.op is not None or item.name is None:
        return None
    return item.name.rpartition(".")[0] or None


def inputs_of(nodes: Nodes) -> list[list[int]]:
    inputs: list[list[int]] = [[] for _ in nodes.items]
    for feed in nodes.feeds:
        inputs[feed.target].append(feed.source)
    return inputs


def users_of(nodes: Nodes) -> list[list[int]]:
    users: list[list[int]] = [[] for _ in nodes.items]
    for feed in nodes.feeds:
        users[feed.source].append(feed.target)
    return users


def layers_of_ops(nodes: Nodes) -> list[str | None]:
    """For every op the layer it belongs to, if any."""
    inputs, users = inputs_of(nodes), users_of(nodes)
    direct: list[str | None] = [None] * len(nodes.items)
    for index in range(len(nodes.items)):
        names = {layer_name(nodes.items[source]) for source in inputs[index]} - {None}
        if len(names) == 1:
            direct[index] = names.pop()
    layer = list(direct)
    for index, item in enumerate(nodes.items):
        if direct[index] is not None or not is_op(item) or not inputs[index]:
            continue
        around = {layer[source] for source in inputs[index]}
        (name,) = around if len(around) == 1 else {None}
        if name is None:
            continue
        is_between = any(direct[user] == name for user in users[index])
        source = inputs[index][0]
        is_activation = (
            len(item.inputs) == 1
            and direct[source] is not None
            and len(users[source]) == 1
            and item.data.shape == nodes.items[source].data.shape
        )
        if is_between or is_activation:
            layer[index] = name
    return layer


def connected(nodes: Nodes, layer: list[str | None]) -> list[int | None]:
    """For every op of a layer, the first op of the same layer it is connected to."""
    root = list(range(len(layer)))

    def find(index: int) -> int:
        while root[index] != index:
            root[index] = root[root[index]]
            index = root[index]
        return index

    for feed in nodes.feeds:
        if layer[feed.source] is not None and layer[feed.source] == layer[feed.target]:
            one, other = find(feed.source), find(feed.target)
            root[max(one, other)] = min(one, other)
    return [None if name is None else find(index) for index, name in enumerate(layer)]


def dissolve_cycles(nodes: Nodes, component: list[int | None]) -> None:
    """Drop the groups that something leads out of and back into."""
    count = len(component)
    as_one = [index if found is None else found for index, found in enumerate(component)]
    edges = [(as_one[feed.source], as_one[feed.target]) for feed in nodes.feeds]
    edges = [(source, target) for source, target in edges if source != target]
    before = set(in_order(count, edges))
    after = set(in_order(count, [(target, source) for source, target in edges]))
    for index, found in enumerate(component):
        if found is not None and found not in before and found not in after:
            component[index] = None


def titles(names: list[str]) -> list[str]:
    """``layer 0``, or if it is there more than once ``layer 0, use 1`` and so on."""
    uses = Counter(names)
    seen: Counter[str] = Counter()
    result = []
    for name in names:
        seen[name] += 1
        result.append(f"layer {name}" + (f", use {seen[name]}" if uses[name] > 1 else ""))
    return result
