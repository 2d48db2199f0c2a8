"""Which axes of an op's output and of its argument go together, found by probing its rule.

A rule is the product Jᵀv, for any v. Two axes belong together, one of the output and one of the
argument, if doubling a slice of v doubles the same slice of Jᵀv and nothing else. Doubling is exact
in floating point, so that the comparison can be exact too.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.debugger.contributions import contribution_of
from minigrad.tensor import Tensor

__all__ = ["Pair", "blocks_of", "fully_paired", "paired_axes", "rows_of", "rows_of_a_block"]

Array = NDArray[Any]
Pair = tuple[int, int]


def rows_of(tensor: Tensor, index: int, rows: Sequence[int]) -> Array:
    """Rows of the Jacobian: the rule run on unit cotangents."""
    found = [np.zeros((0, *tensor.inputs[index].shape), tensor.dtype)]
    for row in rows:
        unit = np.zeros(tensor.size, tensor.dtype)
        unit[row] = 1
        found.append(contribution_of(tensor, index, unit.reshape(tensor.shape))[np.newaxis])
    return np.concatenate(found)


def paired_axes(tensor: Tensor, index: int) -> list[Pair]:
    """Axes of output and argument that go together; the likeliest partner is tried first."""
    out, x = tensor.shape, tensor.inputs[index].shape
    cotangent = np.asarray(np.random.default_rng(0).standard_normal(out), tensor.dtype)
    base = contribution_of(tensor, index, cotangent)
    pairs: list[Pair] = []
    for own in range(len(out)):
        taken = {other for _, other in pairs}
        others = [b for b in range(len(x)) if b not in taken and x[b] == out[own] > 1]
        others.sort(key=lambda b: (b != own, b - len(x) != own - len(out)))
        for other in others:
            if go_together(tensor, index, cotangent, base, (own, other)):
                pairs.append((own, other))
                break
    return pairs


def go_together(tensor: Tensor, index: int, cotangent: Array, base: Array, pair: Pair) -> bool:
    """Whether slice i of Jᵀv depends only on slice i of v, for all i.

    Any two slices differ in some binary digit of their number: for each digit those that have it
    are doubled.
    """
    own, other = pair
    size = cotangent.shape[own]
    for digit in range((size - 1).bit_length()):
        factors = np.where(np.arange(size) >> digit & 1, 2, 1).astype(tensor.dtype)
        doubled = contribution_of(tensor, index, cotangent * along(factors, own, cotangent.ndim))
        if not np.array_equal(doubled, base * along(factors, other, base.ndim), equal_nan=True):
            return False
    return True


def along(factors: Array, axis: int, ndim: int) -> Array:
    return factors.reshape([-1 if a == axis else 1 for a in range(ndim)])


def fully_paired(out: tuple[int, ...], x: tuple[int, ...], pairs: list[Pair]) -> bool:
    """Whether every axis has its partner, in the same order, so that J is a diagonal matrix."""
    own = [a for a, size in enumerate(out) if size != 1]
    other = [b for b, size in enumerate(x) if size != 1]
    return pairs == list(zip(own, other, strict=False)) and len(own) == len(other) == len(pairs)


def rows_of_a_block(out: tuple[int, ...], pairs: list[Pair]) -> int:
    own = {own for own, _ in pairs}
    return prod(size for axis, size in enumerate(out) if axis not in own)


def blocks_of(tensor: Tensor, index: int, pairs: list[Pair]) -> Array:
    """All blocks, (blocks, rows, columns): a row of every block with each run of the rule."""
    out = tensor.shape
    own, other = [a for a, _ in pairs], [b for _, b in pairs]
    rest = [axis for axis in range(len(out)) if axis not in own]
    number = prod(out[axis] for axis in own)
    rows = []
    for unit in np.ndindex(*(out[axis] for axis in rest)):
        cotangent = np.zeros(out, tensor.dtype)
        place: list[Any] = [slice(None)] * len(out)
        for axis, position in zip(rest, unit, strict=True):
            place[axis] = position
        cotangent[tuple(place)] = 1
        pulled = contribution_of(tensor, index, cotangent)
        rows.append(np.moveaxis(pulled, other, range(len(other))).reshape(number, -1))
    return np.stack(rows, axis=1)
