"""The rule by which a gradient is judged, and what it says of one tensor."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.differences import Difference

__all__ = ["RULE", "VERDICTS", "Comparison", "Row", "judge", "judge_between"]

Array = NDArray[np.float64]

SAFETY = 10.0
RTOL = 1e-9
VAGUE = 1e-4
ZERO = 1e-6
NEGLIGIBLE = 1e-10
UNDERFLOWS = 1e-154  # the square of less is below 2e-308, the least number of full precision

RULE = f"""\
a is analytic, n numeric (a range at a kink), |f| the size of the function, or
of what cancels in it
FAIL unless |a - n| <= {SAFETY:g}*bar + {RTOL:g}*size, where size = max(|a|, |n|)
     (or a = 0, |n| < {UNDERFLOWS:g}: inconclusive, it may have underflowed); else
vacuous if size <= {SAFETY:g}*bar and bar <= {ZERO:g}*|f|,
     or if {VAGUE:g}*size < bar <= {NEGLIGIBLE:g}*|f|; else
inconclusive if bar > {VAGUE:g}*size; else ok
at a kink inconclusive if bar > {VAGUE:g}*size and > {ZERO:g}*|f|; else kink or FAIL"""

VERDICTS = ("ok", "vacuous", "kink", "inconclusive", "FAIL", "nondeterministic")
"""From best to worst: a tensor gets the worst of what its entries get."""

LOST = (
    "products of numbers as small as this slope are 0 in floats: a right rule may give 0 here as "
    "well; check where the function is larger"
)


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
    reach : float
        At a kink: how far on either side of ``numeric`` the right values go.
    output : int
        Which output it is, counted flat, where outputs are compared one by one.
    note : str
        What could not be compared.
    """

    analytic: float
    numeric: float
    bar: float
    verdict: str
    error: float
    kink: str = ""
    reach: float = 0.0
    output: int = 0
    note: str = ""


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
    dtype : str
        Which one ``precision`` is of.
    ladder : list of Difference
        The plain differences behind the worst comparison, largest step first.
    step : float or None
        The smallest step that went into its numeric value.
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
    dtype: str = ""
    ladder: list[Difference] = field(default_factory=list, repr=False)
    step: float | None = None


def judge(analytic: Array, numeric: Array, bar: Array, scale: Array) -> Comparison:
    """Apply the rule elementwise and return the comparison that stands worst.

    ``scale`` is the size of the function itself. What is zero within a bar that is small beside
    it is vacuous: nothing was seen that could be wrong. So is what is too small beside it to be
    measured well, such as the slope of a sigmoid that is saturated. `RULE` says it in full.

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
    wrong = ~(gap <= tolerance) | ~np.isfinite(analytic) & np.isfinite(bar)
    lost = wrong & (analytic == 0) & (np.abs(numeric) < UNDERFLOWS)
    wrong &= ~lost
    zero = (size <= SAFETY * bar) & (bar <= ZERO * scale)
    zero |= (bar > VAGUE * size) & (bar <= NEGLIGIBLE * scale)
    vague = (bar > VAGUE * size) & ~zero | lost
    rank = np.where(wrong, 3, np.where(vague, 2, np.where(zero, 0, 1)))
    if rank.size == 0:
        return Comparison(0.0, 0.0, 0.0, "vacuous", 0.0)
    with np.errstate(all="ignore"):
        excess = np.nan_to_num(gap / tolerance, nan=0.0, posinf=np.finfo(float).max)
    order = np.lexsort((excess, rank))
    i = int(order[-1])
    verdict = ("vacuous", "ok", "inconclusive", "FAIL")[int(rank[i])]
    error = relative(float(gap[i]), float(size[i]))
    numbers = float(analytic[i]), float(numeric[i]), float(bar[i])
    return Comparison(*numbers, verdict, error, output=i, note=LOST if lost[i] else "")


def judge_between(
    analytic: Array, middle: Array, reach: Array, bar: Array, scale: Array
) -> Comparison:
    """Apply the rule at a kink: right is what lies between the slopes from left and right.

    Examples
    --------
    >>> half, one = np.full(1, 0.5), np.ones(1)
    >>> judge_between(0.2 * one, half, half, 1e-12 * one, one).verdict
    'kink'
    >>> judge_between(1.2 * one, half, half, 1e-12 * one, one).verdict
    'FAIL'
    """
    size = np.fmax(np.abs(analytic), np.abs(middle) + reach)
    gap = np.maximum(np.abs(analytic - middle) - reach, 0.0)
    wrong = ~(gap <= SAFETY * bar + RTOL * size) | ~np.isfinite(analytic)
    vague = ~(bar <= np.maximum(VAGUE * size, ZERO * scale)) | ~np.isfinite(bar)
    rank = np.where(wrong & ~vague, 2, np.where(vague, 1, 0))
    i = int(np.lexsort((gap, rank))[-1])
    verdict = ("kink", "inconclusive", "FAIL")[int(rank[i])]
    error = relative(float(gap[i]), float(size[i]))
    numbers = float(analytic[i]), float(middle[i]), float(bar[i])
    return Comparison(*numbers, verdict, error, reach=float(reach[i]), output=i)


def relative(gap: float, size: float) -> float:
    if not np.isfinite(gap):
        return np.inf
    return gap / size if size > 0 else 0.0
