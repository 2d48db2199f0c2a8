"""Where a graph was left: by ``detach()``, by taking a tensor's array, or under ``no_grad()``.

A cut leaves no trace in a graph but a constant. It is linked to what it was taken from by the
memory they share: ``detach()``, ``.data`` and ``.numpy()`` copy nothing.
"""

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.debugger.source import Source, source_of
from minigrad.drawing.nodes import names_of_inputs
from minigrad.errors import GraphError
from minigrad.graph import topological_order
from minigrad.tensor import Tensor

__all__ = [
    "Constant",
    "computed_from",
    "constants_of",
    "detached_from",
    "graph_of",
    "living_tensors",
]

Array = NDArray[Any]


@dataclass(frozen=True)
class Constant:
    """An input of an op in a graph to which no gradient goes.

    Attributes
    ----------
    value : Tensor or ndarray
    user : Tensor
        What was computed from it.
    argument : str
        What that op calls it.
    """

    value: Any
    user: Tensor
    argument: str

    def __str__(self) -> str:
        op: Any = self.user.op
        return f"the constant {self.argument!r} of {op.__name__}"

    @property
    def array(self) -> Array:
        return self.value.data if isinstance(self.value, Tensor) else self.value

    @property
    def is_detached(self) -> bool:
        """Whether ``detach()`` made it."""
        return isinstance(self.value, Tensor) and self.value.code is not None

    @property
    def is_unrecorded(self) -> bool:
        """Whether an op made it that recorded no graph, under ``no_grad()`` for one."""
        return isinstance(self.value, Tensor) and not self.is_detached and self.value.stamp > 0

    def was_cut_from(self, x: Tensor) -> bool:
        """Whether ``detach()`` made it of something computed from the leaf ``x``."""
        return self.is_detached and any(leaf() is x for leaf in self.value.params["cut_from"])

    def may_hide(self, x: Tensor) -> bool:
        """Whether it may have been computed from ``x``, for all that is known of it."""
        if self.is_detached and x.op is None and self.value.params["cut_from"]:
            return self.was_cut_from(x)
        return self.is_detached or self.is_unrecorded

    @property
    def source(self) -> Source | None:
        """Of ``detach()``, where that made it; else of the op that uses it."""
        return source_of(self.value) if self.is_detached else source_of(self.user)


def constants_of(root: Tensor) -> Iterator[Constant]:
    """The arrays, and the tensors without gradient, in the graph of ``root``; the oldest first."""
    if not root.requires_grad:
        yield Constant(root, root, "the root")
        return
    for tensor in reversed(graph_of(root)):
        names = names_of_inputs(tensor) if tensor.inputs else []
        for name, x in zip(names, tensor.inputs, strict=True):
            if isinstance(x, np.ndarray) or (isinstance(x, Tensor) and not x.requires_grad):
                yield Constant(x, tensor, name)


def graph_of(root: Tensor) -> list[Tensor]:
    """The topological order of a graph; of one that was freed, what is left of it."""
    try:
        return topological_order(root)
    except GraphError:
        return [root]


def living_tensors() -> list[Tensor]:
    """All tensors that something still refers to."""
    return [x for x in gc.get_objects() if issubclass(type(x), Tensor)]


def computed_from(x: Tensor) -> list[Tensor]:
    """``x`` and all that was computed from it and is still alive, in the order of computation."""
    users: dict[Tensor, list[Tensor]] = {}
    for tensor in living_tensors():
        for y in tensor.inputs:
            if isinstance(y, Tensor):
                users.setdefault(y, []).append(tensor)
    found = {x: None}
    pending = [x]
    while pending:
        for user in users.get(pending.pop(), []):
            if user not in found:
                found[user] = None
                pending.append(user)
    return sorted(found, key=lambda tensor: tensor.stamp)


def detached_from(tensors: list[Tensor]) -> Tensor | None:
    """A living tensor that ``detach()`` made of one of these."""
    for x in living_tensors():
        is_detached = x.op is None and x.code is not None
        if is_detached and any(np.may_share_memory(x.data, y.data) for y in tensors):
            return x
    return None
