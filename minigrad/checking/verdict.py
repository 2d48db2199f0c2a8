"""The rule by which a gradient is judged, and what it says of one tensor."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["RULE", "VERDICTS", "Comparison", "Row", "judge"]

Array = NDArray[np.float64]

SAFETY = 10.0
RTOL = 1e-9
VAGUE = 1e-4
ZERO = 1e-6

RULE = (
    f"ok if |a - n| <= {SAFETY:g}*bar + {RTOL:g}*max(|a|, |n|); "
    f"inconclusive if bar > {VAGUE:g}*max(|a|, |n|), unless both are zero within a bar that is "
    f"small beside the function"
)

VERDICTS = ("ok", "vacuous", "kink", "inconclusive", "FAIL", "nondeterministic")
"""From best to worst: a tensor gets the worst of what its entries get."""


@dataclass(frozen=True)
class Comparison:
    """Analytic against numeric, for one entry or along one direction.

    Attributes
    ----------
    analytic, numeric, bar : float
        What is compared, and how far off ``numeric`` may be.
    verdict : str
        One of "ok", "vacuous" (both zero), "kink", "inconclusive", "FAIL".
    error : float
        |a − n| / max(|a|, |n|), or 0 if both are 0.
    kink : str
        What was met, for a kink.
    """

    analytic: float
    numeric: float
    bar: float
    verdict: str
    error: float
    kink: str = ""


@dataclass
class Row:
    """What the check found about one tensor, or about one rule of one op.

    Attributes
    ----------
    name : str
        The tensor, or the rule such as ``Sigmoid.grad_x``.
    shape : tuple of int
    mode : str
        "full", "subset" or "fast".
    checked, total : int
        Entries compared, of how many. In fast mode the entries covered by the directions.
    worst : Comparison
        The entry or direction that stands worst.
    index : tuple of int or None
        Which entry that is, where one could be named.
    verdict : str
        The worst of all comparisons.
    detail : str
        What stands behind the verdict: the kink that was met, the diagnosis of a failure.
    source : str
        File and line, for a rule of a live graph.
    precision : float or None
        For a float32 tensor: the error of the float32 gradient against the float64 one.
    """

    name: str
    shape: tuple[int, ...]
    mode: str
    checked: int
    total: int
    worst: Comparison
    index: tuple[int, ...] | None = None
    verdict: str = "ok"
    detail: str = ""
    source: str = ""
    precision: float | None = None
    ladder: list[Any] = field(default_factory=list, repr=False)


def judge(analytic: Array, numeric: Array, bar: Array, scale: Array) -> Comparison:
    """Apply the rule elementwise and return the comparison that stands worst.

    ``scale`` is the size of the function itself: zeros count only if the bar is small beside it.

    Examples
    --------
    >>> one = np.ones(1)
    >>> judge(2 * one, 2.1 * one, 1e-9 * one, one).verdict
    'FAIL'
    >>> judge(2 * one, 2.1 * one, 0.5 * one, one).verdict
    'inconclusive'
    """
    size = np.maximum(np.abs(analytic), np.abs(numeric))
    gap = np.abs(analytic - numeric)
    tolerance = SAFETY * bar + RTOL * size
    wrong = ~(gap <= tolerance)
    zero = (size <= SAFETY * bar) & (bar <= ZERO * scale) | (size == 0) & (bar == 0)
    vague = (bar > VAGUE * size) & ~zero
    rank = np.where(wrong, 3, np.where(vague, 2, np.where(zero, 0, 1)))
    if rank.size == 0:
        return Comparison(0.0, 0.0, 0.0, "vacuous", 0.0)
    with np.errstate(all="ignore"):
        excess = np.nan_to_num(gap / tolerance, nan=0.0, posinf=np.finfo(float).max)
    order = np.lexsort((excess, rank))
    i = int(order[-1])
    verdict = ("vacuous", "ok", "inconclusive", "FAIL")[int(rank[i])]
    error = float(gap[i] / size[i]) if size[i] > 0 else 0.0
    return Comparison(float(analytic[i]), float(numeric[i]), float(bar[i]), verdict, error)
