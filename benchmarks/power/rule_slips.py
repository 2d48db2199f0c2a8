"""What the mutated rules call instead of the right thing. Arrays and Tensors both go in and out."""

import math
from typing import Any

import numpy as np

from minigrad.ops.broadcasting import unbroadcast
from minigrad.ops.indexing import getitem, scatter_add

__all__ = ["SLIPS"]


def ones_for(grad: Any) -> Any:
    """The cotangent taken for ones."""
    return grad * 0 + 1


def divided_by_batch(grad: Any) -> Any:
    """Divided by the size of the first axis, as a mean would be, once too often."""
    return grad / grad.shape[0] if grad.ndim else grad


def transposed(grad: Any) -> Any:
    """The right entries at the wrong places, in the right shape."""
    return grad.T.reshape(grad.shape)


def rounded(grad: Any) -> Any:
    """Through single precision."""
    return grad.astype(np.float32).astype(np.float64)


def unbroadcast_by_mean(grad: Any, shape: tuple[int, ...]) -> Any:
    """Averaged over the repeated axes instead of summed."""
    repeats = math.prod(grad.shape) / max(1, math.prod(shape))
    return unbroadcast(grad, shape) / repeats


def unbroadcast_by_first(grad: Any, shape: tuple[int, ...]) -> Any:
    """The first of the repeated entries instead of their sum."""
    if grad.shape == shape:
        return grad
    new_axes = grad.ndim - len(shape)
    sizes = zip(grad.shape[new_axes:], shape, strict=True)
    kept = [slice(None) if there == here else slice(0, 1) for there, here in sizes]
    return getitem(grad, (0,) * new_axes + tuple(kept))


def scatter_last(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Written to where they belong, the last one winning, instead of added up."""
    positions = np.arange(math.prod(x.shape)).reshape(x.shape)
    winners = np.full(shape, -1)
    winners[index] = positions
    return scatter_add(x * np.isin(positions, winners), index, shape)


def scale_in_place(x: Any) -> None:
    """Write to an array that is not one's own."""
    if isinstance(x, np.ndarray):
        if x.dtype == bool:
            np.logical_not(x, out=x)
        else:
            np.multiply(x, 2, out=x)


MEMORY: dict[tuple[int, ...], Any] = {}


def in_one_memory(grad: Any) -> Any:
    """Every gradient of a shape in the same array."""
    if not isinstance(grad, np.ndarray):
        return grad
    memory = MEMORY.setdefault(grad.shape, np.empty(grad.shape))
    memory[...] = grad
    return memory


SLIPS = {
    slip.__name__: slip
    for slip in (
        ones_for,
        divided_by_batch,
        transposed,
        rounded,
        unbroadcast_by_mean,
        unbroadcast_by_first,
        scatter_last,
        scale_in_place,
        in_one_memory,
    )
}
