"""An array in one line: its range and mean, or how much of it is not finite."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["count_of_non_finite", "non_finite_line", "shape_and_dtype", "value_line"]


def shape_and_dtype(array: NDArray[Any]) -> str:
    """``(4, 3)``, with the dtype if it is not float64.

    Examples
    --------
    >>> shape_and_dtype(np.zeros((4, 3), np.float32))
    '(4, 3) float32'
    """
    return str(array.shape) + ("" if array.dtype == np.float64 else f" {array.dtype}")


def value_line(array: NDArray[Any]) -> str:
    """The number of a single element; else the range and the mean, of the finite ones.

    Examples
    --------
    >>> value_line(np.array([1.0, 2.0, 6.0]))
    '1 to 6, mean 3'
    >>> value_line(np.zeros(4))
    'all 0'
    >>> value_line(np.array([0.5, np.nan]))
    '0.5 where finite'
    >>> value_line(np.array(2.5))
    '2.5'
    >>> value_line(np.array([True, False, True]))
    'true in 2 of 3'
    """
    if array.size == 0:
        return "empty"
    if array.size == 1:
        return f"{array.item():.4g}" if array.dtype.kind in "fc" else str(array.item())
    if array.dtype.kind == "b":
        return f"true in {np.count_nonzero(array):,} of {array.size:,}"
    if array.dtype.kind == "c":
        return f"absolute {value_line(np.abs(array))}"
    finite = array[np.isfinite(array)]
    if finite.size == 0:
        return "none finite"
    if finite.min() == finite.max():
        one = f"{finite[0]:.4g}"
        return f"all {one}" if finite.size == array.size else f"{one} where finite"
    if array.dtype.kind in "iu":
        return f"{finite.min()} to {finite.max()}"
    with np.errstate(all="ignore"):
        mean = finite.mean(dtype=np.float64)
    return f"{finite.min():.3g} to {finite.max():.3g}, mean {mean:.3g}"


def count_of_non_finite(array: NDArray[Any]) -> int:
    return array.size - int(np.count_nonzero(np.isfinite(array)))


def non_finite_line(what: str, array: NDArray[Any]) -> str:
    """What of an array is not finite, or the empty string.

    Examples
    --------
    >>> non_finite_line("values", np.array([1.0, np.nan, np.inf]))
    'NOT FINITE: 2 of 3 values (1 NaN, 1 inf)'
    """
    bad = count_of_non_finite(array)
    if bad == 0:
        return ""
    if array.size == 1:
        return "NOT FINITE"
    nans = int(np.count_nonzero(np.isnan(array)))
    kinds = [f"{nans:,} NaN"] * (nans > 0) + [f"{bad - nans:,} inf"] * (bad > nans)
    return f"NOT FINITE: {bad:,} of {array.size:,} {what} ({', '.join(kinds)})"
