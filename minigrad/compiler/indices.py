"""Indices of a program: plain ones, and those with arrays in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.ops.base import UnknownArray

__all__ = ["ArrayIndex", "array_axes", "index_arrays", "indexed_shape", "with_arrays"]


@dataclass(frozen=True, slots=True)
class ArrayIndex:
    """In an index: the place of the instruction's k-th index array."""

    k: int


def index_arrays(index: Any) -> tuple[tuple[Any, ...], list[Any]]:
    """The index as a tuple with an `ArrayIndex` for each array in it, and the arrays.

    Known bool arrays become the positions of what is True in them.
    """
    arrays: list[Any] = []
    parts: list[Any] = []
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, (bool, np.bool)):
            if not part or isinstance(index, tuple):
                raise IndexError(f"the bool {part} as an index, or part of one, is not compiled")
            parts.append(None)
        elif isinstance(part, (UnknownArray, np.ndarray, list)):
            for array in positions(part):
                parts.append(ArrayIndex(len(arrays)))
                arrays.append(array)
        elif isinstance(part, slice):
            parts.append(slice(*(None if n is None else int(n) for n in slice_numbers(part))))
        elif part is None or part is Ellipsis:
            parts.append(part)
        else:
            parts.append(int(part))
    return tuple(parts), arrays


def positions(part: Any) -> Sequence[Any]:
    """An index array as it is, or for one of bools those that it stands for."""
    if isinstance(part, UnknownArray):
        return [part]
    array = np.asarray(part)
    array = array if array.size else array.astype(np.intp)
    return array.nonzero() if array.dtype.kind == "b" else [array]


def slice_numbers(part: slice) -> tuple[Any, Any, Any]:
    return part.start, part.stop, part.step


def array_axes(index: tuple[Any, ...], ndim: int) -> list[tuple[int, int]]:
    """For each array in an index, its number and the axis whose positions it gives."""
    found = []
    axis = 0
    consumed = sum(1 for part in index if part is not None and part is not Ellipsis)
    if consumed > ndim:
        raise IndexError(f"too many indices: {consumed} for an array with {ndim} axes")
    for part in index:
        if isinstance(part, ArrayIndex):
            found.append((part.k, axis))
        if part is Ellipsis:
            axis += ndim - consumed
        elif part is not None:
            axis += 1
    return found


def with_arrays(index: tuple[Any, ...], arrays: Any) -> tuple[Any, ...]:
    """The index with its arrays back in their places."""
    return tuple(arrays[part.k] if isinstance(part, ArrayIndex) else part for part in index)


def indexed_shape(
    shape: tuple[int, ...], index: tuple[Any, ...], arrays: list[np.ndarray[Any, Any]]
) -> tuple[int, ...]:
    """The shape of ``x[index]``, found on an array that takes no memory; IndexError if none."""
    probe = np.broadcast_to(np.empty((), np.bool), shape)
    found: tuple[int, ...] = probe[with_arrays(index, arrays)].shape
    return found
