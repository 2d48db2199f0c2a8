"""The part of an op that one entry of an argument goes into, where that is known.

Of a matrix product that is one row or one column, of an elementwise op one entry. What is left out
does not move with the entry: a finite difference of the part is that of the whole.
"""

from typing import Any

from minigrad.debugger.places import Index, broadcast_index
from minigrad.ops import activation, arithmetic, elementwise
from minigrad.ops.activation import LogSoftmax, Softmax
from minigrad.ops.linalg import Linear, Matmul
from minigrad.tensor import Tensor

__all__ = ["Place", "part_around"]

Place = tuple[slice, ...]
"""What of an array to take: a slice of each axis, so that it stays one."""

ALL = slice(None)
ELEMENTWISE = {activation.__name__, arithmetic.__name__, elementwise.__name__}


def part_around(tensor: Tensor, index: int, at: Index) -> tuple[Tensor, Place, list[Place]]:
    """The op run on no more than entry ``at`` of its input number ``index`` goes into.

    Returns
    -------
    Tensor
        Its output, with operands of its own; of other ops, and those with kinks, the whole.
    tuple, list of tuple
        Where in the whole that output is, and each of the operands.
    """
    out, places = places_around(tensor, index, at)
    part = Tensor(tensor.data[out], name=tensor.name)
    part.op, part.params, part.stamp = tensor.op, tensor.params, tensor.stamp
    part.code, part.instruction = tensor.code, tensor.instruction
    part.inputs = tensor.inputs
    part.arrays = tuple(
        array[place] if getattr(array, "ndim", 0) else array
        for array, place in zip(tensor.arrays, places, strict=True)
    )
    return part, out, places


def places_around(tensor: Tensor, index: int, at: Index) -> tuple[Place, list[Place]]:
    op: Any = tensor.op
    shapes = [getattr(array, "shape", ()) for array in tensor.arrays]
    if op in (Matmul, Linear) and len(shapes[0]) == len(shapes[1]) == 2:
        x, *others = shapes
        if index == 0:
            return (one(at[0]), ALL), [(one(at[0]), ALL), *map(whole, others)]
        return (ALL, one(at[-1])), [whole(x), *((*whole(s[1:]), one(at[-1])) for s in others)]
    is_elementwise = op.__module__ in ELEMENTWISE and op not in (Softmax, LogSoftmax)
    if is_elementwise and op.branch is None and shapes[index] == tensor.shape:
        return entry_of(at, tensor.shape), [entry_of(at, shape) for shape in shapes]
    return whole(tensor.shape), [whole(shape) for shape in shapes]


def whole(shape: Index) -> Place:
    return (ALL,) * len(shape)


def entry_of(at: Index, shape: Index) -> Place:
    """The entry of an operand of this shape that entry ``at`` of the output is computed from."""
    return tuple(map(one, broadcast_index(at, shape)))


def one(position: int) -> slice:
    return slice(position, position + 1)
