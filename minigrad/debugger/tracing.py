"""Where an entry of what a function returned comes from: followed back through its parts."""

import ast
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.debugger.parts import Part
from minigrad.debugger.places import Index, broadcast_index, unflat

__all__ = ["Place", "at", "born_at", "entry", "factors_of", "leaves_of", "moved_from", "sources"]

Array = NDArray[Any]
Place = tuple[Part, Index]

MOVES = ("broadcast_to", "copy", "flip", "getitem", "reshape", "swapaxes", "transpose")
"""Methods and functions that put entries elsewhere and leave them as they are."""


def entry(part: Part, index: Index) -> float:
    return float(np.asarray(part.value)[index])


def born_at(part: Part, index: Index) -> Place:
    """The sub-expression, and the entry of it, that first was not finite on the way to an entry.

    A NaN is followed to an operand that is NaN, an infinity to one that is infinite.
    """
    value = entry(part, index)
    for source, place in sources(part, index):
        before = entry(source, place)
        if math.isnan(before) if math.isnan(value) else not math.isfinite(before):
            return born_at(source, place)
    return part, index


def leaves_of(part: Part, index: Index) -> Iterator[Place]:
    """The arguments, and the entries of them, that an entry of a sub-expression comes from."""
    if part.node is None:
        yield part, index
    for source, place in sources(part, index):
        yield from leaves_of(source, place)


def sources(part: Part, index: Index) -> list[Place]:
    """The entries of its operands that an entry comes from; empty where that is not known.

    Of the many that a sum or a matrix product takes, those that weigh most.
    """
    node, parts = part.node, part.parts
    if node is None or not parts:
        return []
    if part.is_inside:
        return [(parts[0], index)]
    factors = factors_of(part)
    if factors is not None:
        return heaviest_product(*factors, index)
    if isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare)):
        return [at(operand, index) for operand in parts]
    source = moved_from(part, index)
    if source is not None:
        return [source]
    if isinstance(node, ast.Call):
        return sources_of_call(node, part, index)
    return []


def sources_of_call(node: ast.Call, part: Part, index: Index) -> list[Place]:
    function, *arguments = part.parts
    if isinstance(function.value, np.ufunc):
        return [at(x, index) for x in arguments]
    if function.value is np.where:
        condition, x, y = (at(x, index) for x in arguments)
        return [x if entry(*condition) else y]
    if isinstance(node.func, ast.Attribute) and function.parts:
        owner = function.parts[0]
        if node.func.attr == "astype":
            return [(owner, index)]
        if node.func.attr == "reduce" and isinstance(owner.value, np.ufunc):
            return [heaviest_entry(arguments[0], index, values_given(node, arguments)[1])]
    return []


def moved_from(part: Part, index: Index) -> Place | None:
    """Where an entry of ``x.T``, ``x.reshape(shape)``, ``transpose(x, axes)`` stands in ``x``."""
    node = part.node
    if isinstance(node, ast.Attribute) and node.attr == "T" and part.parts:
        return moved(part.parts[0], index, lambda array: array.T)
    if not isinstance(node, ast.Call) or part.is_inside or not part.parts:
        return None
    function, *arguments = part.parts
    positional, options = values_given(node, arguments)
    if isinstance(node.func, ast.Attribute) and node.func.attr in MOVES and function.parts:
        name = node.func.attr
        return moved(
            function.parts[0], index, lambda array: getattr(array, name)(*positional, **options)
        )
    if isinstance(node.func, ast.Name) and node.func.id in MOVES and arguments:
        move = function.value
        return moved(arguments[0], index, lambda array: move(array, *positional[1:], **options))
    return None


def values_given(node: ast.Call, arguments: list[Part]) -> tuple[list[Any], dict[str, Any]]:
    """The positional and the named arguments of a call."""
    positional = [x.value for x in arguments[: len(node.args)]]
    named = zip(node.keywords, arguments[len(node.args) :], strict=True)
    return positional, {str(option.arg): x.value for option, x in named}


def at(operand: Part, index: Index) -> Place:
    """The entry of an operand that is broadcast to what ``index`` belongs to."""
    return operand, broadcast_index(index, np.shape(operand.value))


def moved(source: Part, index: Index, move: Callable[[Array], Array]) -> Place:
    """Where an entry was before it was moved: found by moving the entries' numbers."""
    shape = np.shape(source.value)
    numbers = np.arange(math.prod(shape)).reshape(shape)
    return source, unflat(np.asarray(move(numbers))[index], shape)


def factors_of(part: Part) -> tuple[Part, Part] | None:
    """The two factors of ``a @ b`` or ``a.dot(b)``."""
    node = part.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return part.parts[0], part.parts[1]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        method, *arguments = part.parts
        if node.func.attr == "dot" and method.parts and np.ndim(method.parts[0].value) == 2:
            return method.parts[0], arguments[0]
    return None


def heaviest_product(left: Part, right: Part, index: Index) -> list[Place]:
    """The two entries of row and column whose product is not finite, or largest."""
    *stack, i, j = index
    row, column = np.asarray(left.value), np.asarray(right.value)
    at_left = broadcast_index(tuple(stack), row.shape[:-2])
    at_right = broadcast_index(tuple(stack), column.shape[:-2])
    k = heaviest(row[at_left][i] * column[at_right][:, j])
    return [(left, (*at_left, i, k)), (right, (*at_right, k, j))]


def heaviest_entry(source: Part, index: Index, options: dict[str, Any]) -> Place:
    """Of the entries that were reduced to one the one that is not finite, or largest."""
    array = np.asarray(source.value)
    axis = options.get("axis", 0)
    axes = range(array.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    reduced = {a % array.ndim for a in axes}
    kept = iter(index)
    place: list[Any] = []
    for a in range(array.ndim):
        if a in reduced:
            place.append(slice(None))
            if options.get("keepdims"):
                next(kept)
        else:
            place.append(next(kept))
    numbers = np.arange(array.size).reshape(array.shape)[tuple(place)].ravel()
    return source, unflat(numbers[heaviest(array.ravel()[numbers])], array.shape)


def heaviest(values: Array) -> int:
    """The first NaN, else the first infinity, else the largest."""
    size = np.abs(np.asarray(values, np.float64))
    return int(np.argmax(np.where(np.isnan(values), np.inf, np.where(np.isinf(size), 1e308, size))))
