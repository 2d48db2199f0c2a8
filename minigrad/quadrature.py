"""Integrals, by a quadrature that is itself an ordinary part of the graph."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.errors import DomainError, DTypeError, ShapeError
from minigrad.ops.base import Node, shape_of
from minigrad.ops.reduction import sum
from minigrad.validation import as_floats, values

__all__ = ["integral", "nodes_and_weights", "weighted_sum"]


def integral(f: Callable[[Any], Any], low: Any, high: Any, *, nodes: int = 100) -> Any:
    """Integral of f from low to high: ∫ f(x) dx ≈ Σ_i w_i f(x_i), by Gauss–Legendre quadrature.

    The sum is differentiable in whatever f is made of, and in the limits, where its derivatives
    are f(high) and −f(low): the fundamental theorem of calculus.

    Parameters
    ----------
    f : function
        Of the n nodes x, shape (n,): an array, or a Tensor if a limit is one. Returns an array or
        Tensor of shape (n,), of shape (..., n) for several integrals at once, or (), a constant.
    low, high : float or Tensor, scalar
        The limits, finite.
    nodes : int
        n, at least 1. Polynomials of degree up to 2n − 1 are integrated exactly, functions without
        kinks and jumps to rounding once n resolves them.

    Returns
    -------
    Tensor or array
        A scalar, or the shape (...).

    Raises
    ------
    DomainError
        If a limit is not finite, or ``nodes`` is below 1.
    DTypeError
        If ``nodes`` is no int.
    ShapeError
        If a limit is no scalar, or f returns another shape.

    References
    ----------
    M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 1964, 25.4.30.

    Examples
    --------
    >>> import minigrad as mg
    >>> round(float(mg.integral(mg.sin, 0, 3.141592653589793)), 12)
    2.0
    >>> rate = mg.Tensor(2.0, requires_grad=True)
    >>> area = mg.integral(lambda x: mg.exp(-rate * x), 0, 20)
    >>> area.backward()
    >>> round(area.item(), 12), round(float(rate.grad), 12)  # 1/rate, -1/rate²
    (0.5, -0.25)
    """
    x, weights = nodes_and_weights("integral", low, high, nodes)
    return weighted_sum("integral", "f", f(x), weights)


def nodes_and_weights(name: str, low: Any, high: Any, nodes: int) -> tuple[Any, Any]:
    """The points at which to evaluate, and what each value counts."""
    if isinstance(nodes, bool) or not isinstance(nodes, (int, np.integer)):
        raise DTypeError(f"{name}: nodes is {nodes!r}; it must be an int")
    if nodes < 1:
        raise DomainError(f"{name}: nodes is {nodes}; it must be at least 1")
    low, high = limit(name, "low", low), limit(name, "high", high)
    points, weights = gauss_legendre(int(nodes))
    half = (high - low) * 0.5
    return (low + high) * 0.5 + half * points, half * weights


@lru_cache(maxsize=8)
def gauss_legendre(nodes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points and weights on [−1, 1]; kept, because they are the eigenvalues of a matrix."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    points.flags.writeable = weights.flags.writeable = False
    return points, weights


def limit(name: str, argument: str, x: Any) -> Any:
    if not isinstance(x, Node):
        x = as_floats(name, argument, x)
    if shape_of(x) != ():
        raise ShapeError(f"{name}: {argument} has shape {shape_of(x)}; it must be a scalar")
    if not math.isfinite(values(x)):
        raise DomainError(
            f"{name}: {argument} is {values(x)}; both limits must be finite. Choose them so that "
            "what lies beyond does not count"
        )
    return x


def weighted_sum(name: str, argument: str, fx: Any, weights: Any) -> Any:
    """Σ_i w_i f(x_i) over the last axis; a constant f may be a scalar."""
    shape = shape_of(fx)
    if shape != () and shape[-1:] != weights.shape:
        raise ShapeError(
            f"{name}: {argument} returned shape {shape} for nodes of shape {weights.shape}; it "
            f"must return one value for each node, shape (..., {weights.shape[0]})"
        )
    return sum(weights * fx, -1)
