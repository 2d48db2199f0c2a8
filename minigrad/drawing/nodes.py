"""The nodes of a graph in the order of their making, and who feeds whom.

Unlike backpropagation, a picture also shows what needs no gradient: inputs, targets, constants.
"""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from minigrad.errors import GraphError
from minigrad.ops.base import Node

__all__ = ["Feed", "Nodes", "nodes_of"]


@dataclass(frozen=True)
class Feed:
    """Node ``source`` is an input of node ``target``, there called ``name``."""

    source: int
    target: int
    name: str


@dataclass(frozen=True)
class Nodes:
    """Tensors, and the arrays that ops took as they are; numbers belong to the op that took them.

    Attributes
    ----------
    items : list of Tensor or ndarray
        Each after its inputs.
    feeds : list of Feed
    """

    items: list[Any]
    feeds: list[Feed]


def nodes_of(root: Any) -> Nodes:
    """All nodes behind ``root``, which is the last of them.

    Raises
    ------
    GraphError
        If the graph was freed.
    """
    items: list[Any] = []
    number: dict[int, int] = {}
    feeds = []
    for tensor in ops_of(root):
        sources = []
        for x, name in zip(tensor.inputs, names_of_inputs(tensor), strict=True):
            if not has_box(x):
                continue
            if id(x) not in number:
                number[id(x)] = len(items)
                items.append(x)
            sources.append((number[id(x)], name))
        number[id(tensor)] = len(items)
        feeds += [Feed(source, len(items), name) for source, name in sources]
        items.append(tensor)
    return Nodes(items or [root], feeds)


def ops_of(root: Any) -> list[Any]:
    """The tensors behind ``root`` that came out of ops, oldest first."""
    found = {root: None} if root.op is not None else {}
    pending = list(found)
    while pending:
        tensor = pending.pop()
        if not tensor.inputs:
            raise GraphError(
                f"draw: the graph behind {tensor!r} was freed; draw it before "
                "backward(free_graph=True), or run the forward pass again"
            )
        for x in tensor.inputs:
            if isinstance(x, Node) and x.op is not None and x not in found:
                found[x] = None
                pending.append(x)
    return sorted(found, key=attrgetter("stamp"))


def has_box(x: Any) -> bool:
    """Whether an input is drawn by itself: Tensors and arrays, but not numbers."""
    return isinstance(x, Node) or getattr(x, "shape", ()) != ()


def names_of_inputs(tensor: Any) -> list[str]:
    """What the op calls its inputs: ``x``, ``weight``; ``arrays[0]`` if it takes any number."""
    names = tensor.op.input_names
    if len(names) == len(tensor.inputs):
        return list(names)
    return [f"{names[0]}[{index}]" for index in range(len(tensor.inputs))]
