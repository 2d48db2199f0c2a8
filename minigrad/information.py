"""Information theory on discrete distributions, as ordinary parts of the graph.

Logarithms are natural by default (nats); ``base=2`` gives bits. Everywhere 0·log 0 = 0, the limit.
Negation is written 0 − x, because −x would turn an information of 0 into −0.0.

Source: Shannon 1948, *A Mathematical Theory of Communication*; Kullback and Leibler 1951.
"""

import math
from typing import Any

from minigrad.errors import DomainError, ShapeError
from minigrad.ops.elementwise import log
from minigrad.ops.loss import xlogy
from minigrad.ops.reduction import sum
from minigrad.validation import (
    as_floats,
    check_distributions,
    check_no_impossible,
    check_range,
    entry,
    first,
    log_of_base,
    values,
)

__all__ = ["entropy", "information_content", "kl_divergence"]


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
    if impossible.any():
        raise DomainError(
            f"{name}: {entry('p', first(impossible))} = 0: its information would be infinite"
        )
    return (0 - log(p)) * (1 / log_of_base(name, base))


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
    return (0 - sum(xlogy(p, p), -1)) * (1 / log_of_base(name, base))


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
    return sum(xlogy(p, p) - xlogy(p, q), -1) * (1 / log_of_base(name, base))
