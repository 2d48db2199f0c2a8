"""Arrays in a few characters: the numbers at the corners, how large, and what is not finite."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["cut", "faults", "fitting", "number", "percent", "short"]


def number(value: Any) -> str:
    """Four significant digits: ``0.01766``, ``1.2e-05``, ``nan``."""
    return f"{value:.4g}" if np.asarray(value).dtype.kind == "f" else str(value)


def short(values: Any) -> str:
    """An array on one line, to three digits: all of it up to 6 elements, else its corners.

    Examples
    --------
    >>> import numpy as np
    >>> short(np.array([0.5, -1.0]))
    '[0.5 -1]'
    >>> short(np.arange(12.0).reshape(4, 3))
    '[[0 ... 2] ... [9 ... 11]]'
    """
    array = np.asarray(values)
    if array.ndim == 0:
        return number(array[()])
    brief = (lambda value: f"{value:.3g}") if array.dtype.kind == "f" else str
    text = np.array2string(
        array, threshold=6, edgeitems=1, formatter={"all": brief}, max_line_width=10**6
    )
    return " ".join(text.split())


def fitting(values: Any, width: int) -> str:
    """`short`, or if that is too long its first row alone."""
    text = short(values)
    first, last_row, _ = text.partition("] ... [")
    if len(text) > width and last_row:
        text = f"{first}] ...]"
    return cut(text, width)


def faults(array: NDArray[Any]) -> str:
    """``2 nan, 1 inf``, or an empty string if every element is finite."""
    counts = {"nan": np.isnan(array).sum(), "inf": np.isinf(array).sum()}
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def percent(share: float) -> str:
    """A share from 0 to 1: ``40%``; only what is exactly 0 or 1 is shown as such."""
    if 0 < share < 0.01:
        return "<1%"
    if 0.99 < share < 1:
        return ">99%"
    return f"{share:.0%}"


def cut(text: str, width: int) -> str:
    """The text, cut off with ``...`` where it is longer than ``width``."""
    return text if len(text) <= width else text[: width - 3] + "..."
