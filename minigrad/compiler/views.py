"""Where the elements of a value lie: in the memory of which value, and in which steps.

Transposes, reshapes, broadcasts and plain indices move nothing: they are other ways to walk through
the same memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from minigrad.compiler.indices import ArrayIndex
from minigrad.compiler.program import Instruction, Value

__all__ = [
    "View",
    "contiguous",
    "full_index",
    "is_contiguous",
    "own_view",
    "squeezed",
    "strides_over",
    "viewed",
]

Strides = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Element ``k`` of a value is element ``offset + Σ k_a strides[a]`` of ``root``."""

    root: Value
    offset: int
    strides: Strides


def contiguous(shape: Sequence[int]) -> Strides:
    """The strides of an array whose elements lie one after the other, in elements."""
    return tuple(prod(shape[a + 1 :]) for a in range(len(shape)))


def own_view(value: Value) -> View:
    """A value that lies in memory of its own."""
    return View(value, 0, contiguous(value.shape))


def is_contiguous(view: View, shape: Sequence[int]) -> bool:
    """Whether the elements lie one after the other; axes of length 1 do not matter."""
    if 0 in shape:
        return True
    return squeezed(shape, view.strides) == squeezed(shape, contiguous(shape))


def squeezed(shape: Sequence[int], strides: Sequence[int]) -> Strides:
    """The strides of the axes that are longer than 1."""
    return tuple(step for n, step in zip(shape, strides, strict=True) if n != 1)


def strides_over(shape: Sequence[int], operand: Sequence[int], strides: Sequence[int]) -> Strides:
    """The strides of an operand that is broadcast to ``shape``, for the axes longer than 1."""
    missing = len(shape) - len(operand)
    steps = [0 if n == 1 else step for n, step in zip(operand, strides, strict=True)]
    return squeezed(shape, [0] * missing + steps)


def viewed(instruction: Instruction, view: View) -> View | None:
    """What an instruction that moves nothing gives, from the view of its operand; else None."""
    out, operand = instruction.out.shape, instruction.values[0].shape
    match instruction.primitive:
        case "transpose":
            axes = instruction.attributes["axes"]
            return View(view.root, view.offset, tuple(view.strides[a] for a in axes))
        case "reshape" if is_contiguous(view, operand):
            return View(view.root, view.offset, contiguous(out))
        case "broadcast":
            missing = len(out) - len(operand)
            pairs = zip(operand, view.strides, strict=True)
            steps = (0,) * missing + tuple(0 if n == 1 else step for n, step in pairs)
            return View(view.root, view.offset, steps)
        case "index":
            return sliced(instruction.attributes["index"], operand, view)
    return None


def sliced(index: tuple[Any, ...], shape: Sequence[int], view: View) -> View | None:
    """By a plain index; None for one with arrays in it."""
    if any(isinstance(part, ArrayIndex) for part in index):
        return None
    offset, strides, axis = view.offset, [], 0
    for part in full_index(index, len(shape)):
        if part is None:
            strides.append(0)
            continue
        n, stride = shape[axis], view.strides[axis]
        axis += 1
        if isinstance(part, slice):
            start, _, step = part.indices(n)
            offset += start * stride
            strides.append(step * stride)
        else:
            offset += part % n * stride
    return View(view.root, offset, tuple(strides))


def full_index(index: tuple[Any, ...], ndim: int) -> list[Any]:
    """The index with a slice for every axis that it leaves out or stands for by an ellipsis."""
    taken = sum(part is not None and part is not Ellipsis for part in index)
    rest = [slice(None)] * (ndim - taken)
    for k, part in enumerate(index):
        if part is Ellipsis:
            return [*index[:k], *rest, *index[k + 1 :]]
    return [*index, *rest]
