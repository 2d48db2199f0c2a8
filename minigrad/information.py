"""Information theory, of distributions and of densities, as ordinary parts of the graph.

Logarithms are natural by default (nats); ``base=2`` gives bits. Everywhere 0·log 0 = 0, the limit.
Negation is written 0 − x, because −x would turn an information of 0 into −0.0.

Source: Shannon 1948, *A Mathematical Theory of Communication*; Kullback and Leibler 1951.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.errors import DomainError, ShapeError
from minigrad.ops.elementwise import log
from minigrad.ops.loss import xlogy
from minigrad.ops.reduction import sum
from minigrad.quadrature import nodes_and_weights, weighted_sum
from minigrad.validation import (
    anywhere,
    as_floats,
    check_distributions,
    check_no_impossible,
    check_range,
    entry,
    first,
    log_of_base,
    values,
)

__all__ = ["continuous_kl_divergence", "entropy", "information_content", "kl_divergence"]

MASS_TOLERANCE = 1e-6


def information_content(p: Any, *, base: float = math.e) -> Any:
    """Information content of an event of probability p: −log p, elementwise.

    Parameters
    ----------
    p : Tensor or array
        Probabilities in (0, 1].
    base : float
        Of the logarithm: e gives nats, 2 gives bits.

    Returns
    -------
    Tensor or array
        In the shape of ``p``; at least 0.

    Raises
    ------
    DomainError
        If a value is not in (0, 1]: what is impossible would carry infinite information.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.information_content([0.5, 0.25], base=2)
    array([1., 2.])
    """
    name = "information_content"
    p = as_floats(name, "p", p)
    check_range(name, "p", values(p))
    impossible = values(p) == 0
    if anywhere(impossible):
        raise DomainError(
            f"{name}: {entry('p', first(impossible))} = 0: its information would be infinite"
        )
    return (0 - log(p)) / log_of_base(name, base)


def entropy(p: Any, *, base: float = math.e) -> Any:
    """Entropy of a distribution: H(p) = −Σ_k p_k log p_k over the last axis.

    Parameters
    ----------
    p : Tensor or array, shape (K,) or (N, K)
        Distributions over K outcomes.
    base : float
        Of the logarithm: e gives nats, 2 gives bits.

    Returns
    -------
    Tensor or array, shape () or (N,)
        Between 0 and log K.

    Raises
    ------
    ShapeError, DomainError
        If ``p`` are no distributions.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.entropy([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]], base=2)
    array([1., 0.])
    """
    name = "entropy"
    p = as_floats(name, "p", p)
    check_distributions(name, "p", p)
    return (0 - sum(xlogy(p, p), -1)) / log_of_base(name, base)


def kl_divergence(p: Any, q: Any, *, base: float = math.e) -> Any:
    """Kullback–Leibler divergence D(p‖q) = Σ_k p_k log(p_k / q_k) over the last axis.

    It is not symmetric, at least 0, and 0 only if p = q; it equals the cross entropy of p and q
    minus the entropy of p.

    Parameters
    ----------
    p, q : Tensor or array, shape (K,) or (N, K), the same for both
        Distributions over K outcomes.
    base : float
        Of the logarithm: e gives nats, 2 gives bits.

    Returns
    -------
    Tensor or array, shape () or (N,)
        In the dtype of ``q``.

    Raises
    ------
    ShapeError, DomainError
        If the shapes differ, one is no distribution, or q is 0 where p is not, where the
        divergence is undefined; the entry is named.

    Examples
    --------
    >>> import minigrad as mg
    >>> p, q = [0.5, 0.5], [0.75, 0.25]
    >>> round(float(mg.kl_divergence(p, q, base=2)), 6)
    0.207519
    >>> round(float(mg.kl_divergence(q, p, base=2)), 6)
    0.188722
    """
    name = "kl_divergence"
    q = as_floats(name, "q", q)
    p = as_floats(name, "p", p, q.dtype)
    if p.shape != q.shape:
        raise ShapeError(
            f"{name}: p has shape {p.shape} but q {q.shape}; they must agree, nothing is broadcast"
        )
    check_distributions(name, "p", p)
    check_distributions(name, "q", q)
    check_no_impossible(name, "q", values(q), "p", values(p))
    return sum(xlogy(p, p) - xlogy(p, q), -1) / log_of_base(name, base)


def continuous_kl_divergence(
    p: Callable[[Any], Any],
    q: Callable[[Any], Any],
    low: Any,
    high: Any,
    *,
    nodes: int = 100,
    base: float = math.e,
) -> Any:
    """Kullback–Leibler divergence of densities: D(p‖q) = ∫ p(x) log(p(x) / q(x)) dx.

    The integral is taken by Gauss–Legendre quadrature, which is part of the graph: its gradient
    reaches whatever parameters the densities are made of.

    Parameters
    ----------
    p, q : function
        Densities: of points x, shape (n,), to values >= 0 of the same shape.
    low, high : float or Tensor, scalar
        Where p is, all but 10⁻⁶ of it.
    nodes : int
        n, at least 1; see `integral`.
    base : float
        Of the logarithm: e gives nats, 2 gives bits.

    Returns
    -------
    Tensor or array
        A scalar.

    Raises
    ------
    DomainError
        If a density is negative or not finite, p does not integrate to 1 over the interval or q to
        more, or q is 0 at a point where p is not, where the divergence is undefined; the point is
        named.
    ShapeError, DTypeError
        If a density returns another shape than that of x; see also `integral`.

    References
    ----------
    T. Cover, J. Thomas, Elements of Information Theory, 2nd ed. 2006, section 8.5.

    Examples
    --------
    >>> import math
    >>> import minigrad as mg
    >>> def normal(mean, std):
    ...     factor = 1 / (std * math.sqrt(2 * math.pi))
    ...     return lambda x: factor * mg.exp(-0.5 * ((x - mean) / std) ** 2)
    >>> mean = mg.Tensor(1.0, requires_grad=True)
    >>> divergence = mg.continuous_kl_divergence(normal(mean, 2.0), normal(0.0, 2.0), -20, 20)
    >>> divergence.backward()
    >>> round(divergence.item(), 9), round(float(mean.grad), 9)  # mean²/2σ², mean/σ²
    (0.125, 0.25)
    """
    name = "continuous_kl_divergence"
    x, weights = nodes_and_weights(name, low, high, nodes)
    px, qx = density(name, "p", p, x), density(name, "q", q, x)
    check_covered(name, px, qx, weights)
    impossible = (values(qx) == 0) & (values(px) > 0)
    if anywhere(impossible):
        index = first(impossible)
        raise DomainError(
            f"{name}: q({values(x)[index]:g}) = 0 where p is {values(px)[index]:g}: the divergence "
            "is undefined. If q only underflows there, draw low and high closer together"
        )
    integrand = xlogy(px, px) - xlogy(px, qx)
    return weighted_sum(name, "p", integrand, weights) / log_of_base(name, base)


def density(name: str, argument: str, f: Callable[[Any], Any], x: Any) -> Any:
    """Values of a density, checked."""
    fx = as_floats(name, f"{argument}(x)", f(x))
    if fx.shape != x.shape:
        raise ShapeError(
            f"{name}: {argument} returned shape {fx.shape} for points of shape {x.shape}; a "
            "density gives one value for each point"
        )
    wrong = ~((values(fx) >= 0) & np.isfinite(values(fx)))
    if anywhere(wrong):
        index = first(wrong)
        raise DomainError(
            f"{name}: {argument}({values(x)[index]:g}) = {values(fx)[index]}; a density is finite "
            "and at least 0"
        )
    return fx


def check_covered(name: str, px: Any, qx: Any, weights: Any) -> None:
    """The interval holds all of p, and of q no more than there is."""
    p_mass = values(weights) @ values(px)
    q_mass = values(weights) @ values(qx)
    advice = "choose low and high to hold all of p, and more nodes if it is narrow between them"
    if anywhere(~(np.abs(p_mass - 1) <= MASS_TOLERANCE)):
        raise DomainError(f"{name}: p integrates to {p_mass:.8g} from low to high, not 1; {advice}")
    if anywhere(~(q_mass <= 1 + MASS_TOLERANCE)):
        raise DomainError(f"{name}: q integrates to {q_mass:.8g}, more than 1; {advice}")
