"""`numerical_gradient`: central differences, the textbook way."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minigrad.errors import DomainError

__all__ = ["numerical_gradient"]

STEP = 6e-6
HALVINGS = 40
FAR = 1024


def numerical_gradient(
    fn: Callable[[Any], Any], x: ArrayLike, step: float | None = None
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The gradient of a scalar function by central differences, the textbook way.

    Parameters
    ----------
    fn : function
        Takes an array of the shape of ``x``, returns a number (or a Tensor of one element).
    x : array_like
        Where.
    step : float, optional
        h; by default 6·10⁻⁶ times the larger of |xᵢ| and the root mean square of ``x`` (times 1 if
        all of it is 0), near the cube root of the machine precision, where truncation and rounding
        are about equal; smaller where x ± h leaves the domain, that is, where ``fn`` is not finite.

    Returns
    -------
    ndarray
        (fn(x + h·eᵢ) − fn(x − h·eᵢ)) / 2h for each entry i, in the shape of ``x``; NaN where ``fn``
        is not finite at any such step. `gradcheck` tells how far to trust such numbers.

    Raises
    ------
    DomainError
        If ``fn`` does not return a single number, or ``step`` is not positive.

    Examples
    --------
    >>> from minigrad.checking import numerical_gradient
    >>> numerical_gradient(lambda x: (x**3).sum(), [1.0, 2.0]).round(6)
    array([ 3., 12.])
    """
    if step is not None and not step > 0:
        raise DomainError(f"numerical_gradient: step is {step!r}; it must be positive")
    at = np.array(x, np.float64)
    sizes = (
        np.maximum(np.abs(at), np.sqrt(np.mean(np.square(at)))) if at.any() else np.ones(at.shape)
    )
    gradient = np.zeros(at.shape)
    for index in np.ndindex(at.shape):
        h = STEP * float(sizes[index]) if step is None else step
        if step is None:
            h = step_within_domain(fn, at, index, h)
        gradient[index] = central_difference(fn, at, index, h)
    return gradient


def step_within_domain(
    fn: Callable[[Any], Any], x: NDArray[np.float64], index: tuple[int, ...], h: float
) -> float:
    """``h`` if ``fn`` is finite at x ± h; else a step far smaller than the distance to the edge."""
    if np.isfinite(central_difference(fn, x, index, h)):
        return h
    for _ in range(HALVINGS):
        h /= 2
        if np.isfinite(central_difference(fn, x, index, h)):
            return h / FAR
    return h


def central_difference(
    fn: Callable[[Any], Any], x: NDArray[np.float64], index: tuple[int, ...], h: float
) -> float:
    """Of one entry, divided by the width that the two points really have."""
    above, below = x.copy(), x.copy()
    above[index] += h
    below[index] -= h
    with np.errstate(all="ignore"):
        return (number(fn(above)) - number(fn(below))) / float(above[index] - below[index])


def number(value: Any) -> float:
    size = getattr(value, "size", 1)
    if value is None or size != 1:
        raise DomainError(f"numerical_gradient: fn must return a single number, got {value!r}")
    return float(value.item() if hasattr(value, "item") else value)
