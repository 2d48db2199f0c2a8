"""Finite differences with an error bar: a Richardson ladder of steps.

A central difference D(h) = (f(x + h) − f(x − h)) / 2h errs by a series in h², besides rounding.
Halving h and combining two estimates removes the leading term, three the next one, and so on
(Ridders' tableau). The differences between neighbours in the tableau tell how far to trust it;
together with the rounding of f they make the error bar.

Source: C. J. F. Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Advances in Engineering
Software 4 (1982); L. F. Richardson, "The deferred approach to the limit", 1927.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EPS", "Difference", "Estimate", "extrapolate"]

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
LEVELS = 12
SHRINK = 2.0


@dataclass(frozen=True)
class Difference:
    """A difference quotient at one step, and the rounding error in it."""

    step: float
    value: Array
    rounding: Array


@dataclass(frozen=True)
class Estimate:
    """A derivative as far as differences tell it, elementwise over the outputs.

    Attributes
    ----------
    value : ndarray
        The estimate.
    bar : ndarray
        How far off it may be: error of extrapolation and rounding; infinite if nothing is known.
    step : ndarray
        The smallest step that went into the value.
    ladder : list of Difference
        The plain differences that went into it, largest step first.
    """

    value: Array
    bar: Array
    step: Array
    ladder: list[Difference]


def extrapolate(
    difference: Callable[[float], Difference | None], step: float, order: int = 2
) -> Estimate | None:
    """Richardson's extrapolation of ``difference(h)`` to h = 0, elementwise.

    Parameters
    ----------
    difference : function of a step
        Gives a difference quotient, or None where it cannot be taken.
    step : float
        The largest step.
    order : {2, 1}
        2 for central differences, whose error is a series in h²; 1 for one-sided ones.

    Returns
    -------
    Estimate or None
        None if no difference could be taken.

    Examples
    --------
    >>> def central(h):
    ...     quotient = (np.exp(1 + h) - np.exp(1 - h)) / (2 * h)
    ...     return Difference(h, np.array(quotient), np.array(EPS * np.e / h))
    >>> estimate = extrapolate(central, 0.125)
    >>> bool(abs(estimate.value - np.e) < 10 * estimate.bar < 1e-11)
    True
    """
    first = difference(step)
    if first is None:
        return None
    best, bar = first.value, np.full(first.value.shape, np.inf)
    best_step = np.full(first.value.shape, first.step)
    ladder = [first]
    row = [first.value]
    amplification = 2 if order == 2 else 8  # of rounding, by the weights of the tableau
    steps_without_gain = 0
    while len(ladder) < LEVELS and steps_without_gain < 2:
        taken = difference(ladder[-1].step / SHRINK)
        if taken is None:
            break
        ladder.append(taken)
        above, row = row, [taken.value]
        gained = False
        for k, older in enumerate(above):
            factor = SHRINK ** (order * (k + 1))
            row.append(row[k] + (row[k] - older) / (factor - 1))
            error = np.maximum(abs(row[k + 1] - row[k]), abs(row[k + 1] - older))
            error = error + amplification * taken.rounding
            better = error < bar
            best = np.where(better, row[k + 1], best)
            bar = np.where(better, error, bar)
            best_step = np.where(better, taken.step, best_step)
            gained = gained or bool(better.any())
        steps_without_gain = 0 if gained else steps_without_gain + 1
    return Estimate(best, bar, best_step, ladder)
