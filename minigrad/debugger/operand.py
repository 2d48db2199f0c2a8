"""An array in a rule's text, and which entry of which argument each of its entries is."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.debugger.places import Index, broadcast_index, unflat

__all__ = ["Operand", "entry_of", "operand"]

Array = NDArray[Any]

MOVES = {"T", "broadcast_to", "flip", "getitem", "reshape", "swapaxes", "transpose"}
"""What puts entries elsewhere and leaves them as they are."""


@dataclass(frozen=True)
class Operand:
    """An array that a rule computes with.

    Attributes
    ----------
    name : str
        The variable whose entries it has; empty if it has its own.
    text : str
        What it is called for a reader.
    value : ndarray or number
    origin : ndarray of int, or None
        Where its entries stand in that variable, as flat indices; None if in the same place.
    shape : tuple of int
        Of that variable.
    """

    name: str
    text: str
    value: Any
    origin: Array | None
    shape: Index = ()

    def place(self, index: Index) -> tuple[str, Index]:
        """The variable, and the index in it, of an entry of whatever this is broadcast to."""
        if self.origin is None:
            return self.name, broadcast_index(index, np.shape(self.value))
        return self.name, unflat(entry_of(self.origin, index), self.shape)

    def called(self, names: Mapping[str, str]) -> "Operand":
        """The same with a reader's names for variables."""
        text = self.text
        for name, shown in names.items():
            text = text.replace(name, shown)
        return replace(self, text=text)


def operand(
    node: ast.expr, values: Mapping[str, Any], aliases: Mapping[str, Operand]
) -> Operand | None:
    """A variable, or one with its entries moved, ``x.T``; None for anything else."""
    if isinstance(node, ast.Name):
        if node.id in aliases:
            return aliases[node.id]
        value = values[node.id]
        return Operand(node.id, node.id, value, None, np.shape(value))
    inner = moved(node)
    if inner is None:
        return None
    before = operand(inner, values, aliases)
    if before is None or not hasattr(before.value, "dtype"):
        return None
    array = np.asarray(before.value)
    positions = before.origin
    if positions is None:
        positions = np.arange(array.size).reshape(array.shape)
    value = after_moving(node, array, values)
    origin = after_moving(node, positions, values)
    return Operand(before.name, before.text, value, origin, before.shape)


def moved(node: ast.expr) -> ast.expr | None:
    """``x`` of ``x.T``, ``x.reshape(shape)`` and ``transpose(x, axes)``."""
    if isinstance(node, ast.Attribute) and node.attr in MOVES:
        return node.value
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in MOVES:
            return function.value
        if isinstance(function, ast.Name) and function.id in MOVES and node.args:
            return node.args[0]
    return None


def after_moving(node: ast.expr, array: Array, values: Mapping[str, Any]) -> Array:
    """Evaluate ``x.T``, ``x.reshape(shape)`` or ``transpose(x, axes)`` with ``array`` for ``x``."""
    put: ast.expr = ast.Name("_array_", ast.Load())
    if isinstance(node, ast.Attribute):
        put = ast.Attribute(put, node.attr, ast.Load())
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        put = ast.Call(ast.Attribute(put, node.func.attr, ast.Load()), node.args, node.keywords)
    elif isinstance(node, ast.Call):
        put = ast.Call(node.func, [put, *node.args[1:]], node.keywords)
    tree = ast.fix_missing_locations(ast.Expression(put))
    result: Array = np.asarray(eval(compile(tree, "<rule>", "eval"), {**values, "_array_": array}))
    return result


def entry_of(array: Any, index: Index) -> float:
    """The entry of an array that stands at ``index`` of what it is broadcast to."""
    return float(np.asarray(array)[broadcast_index(index, np.shape(array))])
