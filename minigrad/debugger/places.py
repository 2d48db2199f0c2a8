"""Where an entry of an array stands: as text, under broadcasting, and which one matters most."""

from math import prod
from typing import Any

import numpy as np

__all__ = ["Index", "bracketed", "broadcast_index", "peak", "unflat"]

Index = tuple[int, ...]


def bracketed(index: Index) -> str:
    """``[3, 1]``, or nothing for the entry of an array without axes."""
    return f"[{', '.join(map(str, index))}]" if index else ""


def broadcast_index(index: Index, shape: Index) -> Index:
    """The index into an array of ``shape`` that is broadcast to what ``index`` belongs to.

    Examples
    --------
    >>> broadcast_index((3, 1), (1, 2)), broadcast_index((3, 1), ())
    ((0, 1), ())
    """
    last = index[len(index) - len(shape) :]
    return tuple(0 if size == 1 else i for i, size in zip(last, shape, strict=True))


def unflat(position: Any, shape: Index) -> Index:
    """The index of the entry at a position in the flattened array."""
    return tuple(int(i) for i in np.unravel_index(int(position), shape)) if shape else ()


def peak(values: Any) -> Index:
    """The index of the first entry that is not finite, else of the largest in size.

    An array without entries has none; its index is one of zeros.

    Examples
    --------
    >>> peak(np.array([[1.0, -7.0, 2.0]])), peak(np.array([1.0, np.nan, np.inf]))
    ((0, 1), (1,))
    """
    shape = np.shape(values)
    if prod(shape) == 0:
        return (0,) * len(shape)
    size = np.abs(np.asarray(values, np.float64))
    return unflat(np.argmax(np.where(np.isfinite(size), size, np.inf)), shape)
