"""Arrays as plain JSON: small ones whole, large ones as corners and statistics."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.debugger.places import Index, peak, unflat

__all__ = ["Window", "array_data", "plain"]

Array = NDArray[Any]


class Window:
    """Which entries of an array of a shape are shown, as rows and columns of a table.

    The last axis is that of the columns; all others together are that of the rows. An axis longer
    than ``size`` shows its beginning, its end, and the place of the entry that matters most: the
    first that is not finite, else the largest.

    Examples
    --------
    >>> window = Window(np.arange(100.0).reshape(2, 50), 5)
    >>> window.rows, window.columns
    ([0, 1], [0, 1, 2, 48, 49])
    """

    def __init__(self, array: Array, size: int) -> None:
        self.shape = np.shape(array)
        columns = self.shape[-1] if self.shape else 1
        table = np.reshape(array, (-1, columns)) if np.size(array) else np.zeros((0, 0))
        self.peak: tuple[int, ...] = peak(table)
        self.rows = shown(table.shape[0], self.peak[0], size)
        self.columns = shown(table.shape[1], self.peak[1], size)

    def index(self, row: int, column: int) -> Index:
        """The index in the array of what stands in a row and column of the table."""
        if not self.shape:
            return ()
        leading = () if 0 in self.shape else unflat(row, self.shape[:-1])
        return (*leading, column)

    @property
    def indices(self) -> list[Index]:
        return [self.index(row, column) for row in self.rows for column in self.columns]

    def cells(self, array: Array) -> list[list[float | int | str]]:
        """The entries shown, row by row."""
        table = np.reshape(array, (-1, self.shape[-1] if self.shape else 1))
        return [[plain(table[row, column]) for column in self.columns] for row in self.rows]


def shown(length: int, wanted: int, size: int) -> list[int]:
    """Places along an axis: all, or the first, the last, and the one that is wanted."""
    if length <= size + 1:
        return list(range(length))
    end = size // 2
    places = {*range(size - end), *range(length - end, length), wanted}
    return sorted(places)


def array_data(array: Array, window: Window) -> dict[str, Any]:
    """What a page shows of an array: shape, dtype, statistics, and the entries in the window."""
    return {
        "shape": list(window.shape),
        "dtype": str(np.asarray(array).dtype),
        "rows": [list(window.index(row, 0)[:-1]) for row in window.rows],
        "columns": window.columns,
        "cells": window.cells(array) if np.size(array) else [],
        "peak": list(window.index(*window.peak)),
        "statistics": statistics(np.asarray(array)),
    }


def statistics(array: Array) -> dict[str, Any]:
    """Range, mean and norm of the finite entries, and how many are zero, NaN or infinite."""
    numbers = array.astype(np.float64).ravel()
    finite = numbers[np.isfinite(numbers)]
    counts = {
        "size": int(numbers.size),
        "zero": int(np.count_nonzero(numbers == 0)),
        "nan": int(np.isnan(numbers).sum()),
        "inf": int(np.isinf(numbers).sum()),
    }
    if finite.size == 0:
        return counts
    with np.errstate(over="ignore"):
        mean, norm = finite.mean(), np.linalg.norm(finite)
    return {
        **counts,
        "min": plain(finite.min()),
        "max": plain(finite.max()),
        "mean": plain(mean),
        "norm": plain(norm),
    }


def plain(value: Any) -> float | int | str:
    """A number as JSON has it: the shortest that is the same in its dtype, else ``"NaN"``.

    Examples
    --------
    >>> plain(np.float32(0.1)), plain(np.int64(3)), plain(-np.inf)
    (0.1, 3, '-Infinity')
    """
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return int(value)
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(str(value))
