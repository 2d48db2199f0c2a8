"""What a gradient loses by being computed in a coarser dtype than float64."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.verdict import Row

__all__ = ["judge_precision", "loss_of_precision"]

Array = NDArray[Any]

WORTHLESS = 0.1
"""A gradient that is off by this much of its largest element has no digit that can be relied on."""


def loss_of_precision(rounded: Array, exact: Array) -> float:
    """The largest difference relative to the largest element: what the coarser dtype costs."""
    size = float(np.max(np.abs(exact), initial=0.0))
    gap = float(np.max(np.abs(exact - rounded), initial=0.0))
    return gap / size if size > 0 else gap


def judge_precision(row: Row, rounded: Array, exact: Array) -> None:
    """Note what the coarser dtype costs; that it costs everything is a failure of its own."""
    row.precision = precision = loss_of_precision(rounded, exact)
    row.dtype = str(rounded.dtype)
    if not precision <= WORTHLESS and row.verdict in ("ok", "vacuous", "kink"):
        row.verdict = "FAIL"
        row.detail = "; ".join(filter(None, [row.detail, "right in float64, not in its own dtype"]))
