"""Losses: for each sample first, then reduced over the samples of axis 0.

Every loss takes predictions and targets as arrays or Tensors and is an ordinary part of the graph.
``reduction`` is "mean" or "sum" over the samples, or "none" for one value for each sample.

Inputs are checked, because a loss computed from the wrong ones is a number like any other: shapes
must agree (nothing is broadcast), class indices must be integers in range, probabilities must be
probabilities.
"""

import math
from typing import Any

from minigrad.errors import DomainError, ShapeError
from minigrad.ops.activation import Sigmoid, Softmax, log_softmax, row_maxima
from minigrad.ops.arithmetic import multiply, subtract
from minigrad.ops.base import A, Node, call
from minigrad.ops.elementwise import square
from minigrad.ops.loss import SigmoidCrossEntropy, SoftmaxCrossEntropy, xlogy
from minigrad.ops.reduction import mean, sum
from minigrad.validation import (
    as_floats,
    check_distributions,
    check_no_impossible,
    check_range,
    distributions_from,
    floats_in_one_shape,
    log_of_base,
    values,
)

__all__ = [
    "binary_cross_entropy",
    "cross_entropy",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sum_squared_error",
]


def sum_squared_error(y: A, t: Any, *, factor: float = 1.0, reduction: str = "sum") -> A:
    """Sum of squares: factor · Σ_k (y_k − t_k)² for each sample, summed over the samples.

    Parameters
    ----------
    y : Tensor or array, shape (N, ...)
        Predictions.
    t : Tensor or array, same shape
        Targets.
    factor : float
        1 gives the residual sum of squares; ½ is the other common convention, whose gradient is
        y − t without a factor 2.
    reduction : {"sum", "mean", "none"}
        Over the samples of axis 0.

    Returns
    -------
    Tensor or array
        A scalar, or with "none" the shape (N,).

    Raises
    ------
    ShapeError
        If the shapes differ: (N, 1) against (N,) would silently broadcast to (N, N).

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> y = np.array([[0.0, 0.1, 0.7, 0.15, 0.05]])
    >>> t = np.array([[0.0, 0.0, 1.0, 0.0, 0.0]])
    >>> round(float(mg.sum_squared_error(y, t, factor=0.5)), 4)
    0.0625
    """
    name = "sum_squared_error"
    y, t = floats_in_one_shape(name, "y", y, t)
    squares = square(subtract(y, t))
    return reduce_samples(name, squares, reduction, float(factor))


def mean_squared_error(y: A, t: Any, *, reduction: str = "mean") -> A:
    """Mean of (y − t)² over every element; "none" gives the mean over each sample's elements.

    Parameters
    ----------
    y, t : Tensor or array, of the same shape (N, ...)
        Predictions and targets.
    reduction : {"mean", "sum", "none"}
        Over the samples of axis 0, each of which is a mean over its own elements.

    Raises
    ------
    ShapeError
        If the shapes differ, or there are no elements to take the mean of.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> float(mg.mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """
    name = "mean_squared_error"
    y, t = floats_in_one_shape(name, "y", y, t)
    squares = square(subtract(y, t))
    elements = math.prod(squares.shape[1:])
    if elements == 0:
        raise ShapeError(f"{name}: the mean over no elements is undefined; got {squares.shape}")
    if reduction == "mean":
        check_some_samples(name, squares)
        return mean(squares)
    return reduce_samples(name, squares, reduction, 1 / elements)


def cross_entropy(p: A, t: Any, *, base: float = math.e, reduction: str = "mean") -> A:
    """Cross entropy of probabilities: −Σ_k t_k log p_k for each sample.

    Only the true class's probability counts if targets are class indices or one-hot rows. For the
    logits of a network use `softmax_cross_entropy`, which stays finite where p underflows.

    Parameters
    ----------
    p : Tensor or array, shape (N, K) or (K,)
        Probabilities over K classes, such as a softmax's output; each row sums to 1.
    t : array or Tensor
        Class indices, shape (N,), or distributions, shape (N, K).
    base : float
        Of the logarithm: e gives nats, 2 gives bits.
    reduction : {"mean", "sum", "none"}
        Over the samples of axis 0.

    Returns
    -------
    Tensor or array
        A scalar, or with "none" the shape (N,); at least 0.

    Raises
    ------
    ShapeError, DTypeError, DomainError
        If targets do not fit, ``p`` are no probabilities, or a class has p = 0 where t > 0 (the
        loss would be infinite).

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> p = np.array([[0.0, 0.1, 0.7, 0.15, 0.05]])
    >>> round(float(mg.cross_entropy(p, [2])), 4)
    0.3567
    >>> round(float(mg.cross_entropy(p, [2], base=2)), 4)
    0.5146
    """
    name = "cross_entropy"
    p = as_floats(name, "p", p)
    check_distributions(
        name,
        "p",
        p,
        "; for logits use softmax_cross_entropy, for independent labels binary_cross_entropy",
    )
    targets = distributions_from(name, t, values(p))
    check_no_impossible(name, "p", values(p), "t", values(targets))
    losses = 0 - sum(xlogy(targets, p), -1)  # -x would turn a loss of 0 into -0.0
    return in_base(name, base, reduce_samples(name, losses, reduction))


def softmax_cross_entropy(logits: A, t: Any, *, base: float = math.e, reduction: str = "mean") -> A:
    """Cross entropy of a softmax, from its logits: −Σ_k t_k log softmax(logits)_k per sample.

    Softmax, logarithm and sum are one op, exact for logits of any finite size; its gradient is
    softmax(logits) − t. Targets that are Tensors may have a gradient too, −log softmax(logits).

    Parameters
    ----------
    logits : Tensor or array, shape (N, K) or (K,)
        Scores of K classes, before any softmax.
    t : array or Tensor
        Class indices, shape (N,), or distributions, shape (N, K).
    base : float
        Of the logarithm: e gives nats, 2 gives bits.
    reduction : {"mean", "sum", "none"}
        Over the samples of axis 0.

    Returns
    -------
    Tensor or array
        A scalar, or with "none" the shape (N,).

    Raises
    ------
    ShapeError, DTypeError, DomainError
        If targets do not fit: another number of samples or classes, indices that are no integers
        or out of range, rows that are no distributions. Or if ``logits`` came out of a softmax:
        a second one would flatten the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> logits = mg.Tensor([[2.0, 0.0, 0.0], [0.0, 1e4, 0.0]], requires_grad=True)
    >>> loss = mg.softmax_cross_entropy(logits, [0, 1])
    >>> round(loss.item(), 4)
    0.1198
    >>> loss.backward()
    >>> logits.grad.round(3)
    array([[-0.107,  0.053,  0.053],
           [ 0.   ,  0.   ,  0.   ]])
    """
    name = "softmax_cross_entropy"
    if not isinstance(logits, Node):
        logits = as_floats(name, "logits", logits)
    elif logits.op is Softmax:
        raise activated_twice(name, logits, "cross_entropy")
    elif logits.data.dtype.kind != "f":
        logits = as_floats(name, "logits", logits)
    targets = distributions_from(name, t, values(logits))
    if isinstance(targets, Node):
        losses = 0 - sum(multiply(targets, log_softmax(logits)), -1)
        return in_base(name, base, reduce_samples(name, losses, reduction))
    if reduction == "mean":
        if not targets.size:
            raise no_samples(name, targets)
    elif reduction not in ("sum", "none"):
        raise unknown_reduction(name, reduction)
    shift = row_maxima(values(logits))
    loss = call(SoftmaxCrossEntropy, logits, targets, shift, reduction=reduction)
    return in_base(name, base, loss)


def binary_cross_entropy(p: A, t: Any, *, base: float = math.e, reduction: str = "mean") -> A:
    """Cross entropy of independent labels: −Σ_k [t_k log p_k + (1 − t_k) log(1 − p_k)] per sample.

    Each label is a Bernoulli variable of its own, so that rows of ``t`` may be n-hot. The mean is
    over samples; the labels of one sample add up.

    Parameters
    ----------
    p : Tensor or array, shape (N, K) or (N,)
        Probability of each label, such as a sigmoid's output, in [0, 1].
    t : Tensor or array, same shape
        Targets in [0, 1].
    base : float
        Of the logarithm: e gives nats, 2 gives bits.
    reduction : {"mean", "sum", "none"}
        Over the samples of axis 0.

    Raises
    ------
    ShapeError, DomainError
        If the shapes differ, a value is not in [0, 1], or the loss would be infinite (p = 0 where
        t > 0, p = 1 where t < 1).

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> float(mg.binary_cross_entropy(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]), base=2))
    2.0
    """
    name = "binary_cross_entropy"
    p, t = floats_in_one_shape(name, "p", p, t)
    check_range(name, "p", values(p), "; for logits use sigmoid_cross_entropy")
    check_range(name, "t", values(t))
    check_no_impossible(name, "p", values(p), "t", values(t))
    check_no_impossible(name, "1 - p", 1 - values(p), "1 - t", 1 - values(t))
    losses = 0 - (xlogy(t, p) + xlogy(1 - t, subtract(1, p)))  # -x would turn a loss of 0 into -0.0
    return in_base(name, base, reduce_samples(name, losses, reduction))


def sigmoid_cross_entropy(logits: A, t: Any, *, base: float = math.e, reduction: str = "mean") -> A:
    """Cross entropy of independent labels, from the logits: `binary_cross_entropy` of a sigmoid.

    Sigmoid and logarithms are one op, exact for logits of any finite size; its gradient is
    sigmoid(logits) − t.

    Parameters
    ----------
    logits : Tensor or array, shape (N, K) or (N,)
        Scores of each label, before any sigmoid.
    t : Tensor or array, same shape
        Targets in [0, 1]; rows may be n-hot.
    base : float
        Of the logarithm: e gives nats, 2 gives bits.
    reduction : {"mean", "sum", "none"}
        Over the samples of axis 0; the labels of one sample add up.

    Raises
    ------
    ShapeError, DomainError
        If the shapes differ or a target is not in [0, 1]. Or if ``logits`` came out of a sigmoid:
        a second one would flatten the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> logits = np.array([[0.0, 1e4], [0.0, -1e4]])
    >>> float(mg.sigmoid_cross_entropy(logits, np.array([[1.0, 1.0], [0.0, 0.0]]), base=2))
    1.0
    """
    name = "sigmoid_cross_entropy"
    logits, t = floats_in_one_shape(name, "logits", logits, t)
    if isinstance(logits, Node) and logits.op is Sigmoid:
        raise activated_twice(name, logits, "binary_cross_entropy")
    check_range(name, "t", values(t))
    losses = call(SigmoidCrossEntropy, logits, t)
    return in_base(name, base, reduce_samples(name, losses, reduction))


def reduce_samples(name: str, elements: Any, reduction: str, factor: float = 1.0) -> Any:
    """Sum each sample's elements, reduce over the samples, multiply by ``factor``."""
    if reduction == "none":
        axes = tuple(range(1, elements.ndim))
        total = sum(elements, axes) if axes else elements
    elif reduction == "sum":
        total = sum(elements)
    elif reduction == "mean":
        check_some_samples(name, elements)
        total = sum(elements)
        factor = factor / (elements.shape[0] if elements.shape else 1)
    else:
        raise unknown_reduction(name, reduction)
    return total if factor == 1 else total * factor


def in_base(name: str, base: float, nats: Any) -> Any:
    """A loss in the units of its base. Divided, so that powers of 2 are whole numbers of bits."""
    return nats if base == math.e else nats / log_of_base(name, base)


def check_some_samples(name: str, elements: Any) -> None:
    if elements.shape and elements.shape[0] == 0:
        raise no_samples(name, elements)


def no_samples(name: str, elements: Any) -> ShapeError:
    return ShapeError(f"{name}: the mean over no samples is undefined; got {elements.shape}")


def activated_twice(name: str, logits: Node, for_probabilities: str) -> DomainError:
    return DomainError(
        f"{name}: logits are {logits!r}, but this loss applies its {logits.op.__name__} itself. "
        f"Pass what went into that one, or use {for_probabilities}"
    )


def unknown_reduction(name: str, reduction: str) -> DomainError:
    return DomainError(f"{name}: reduction is {reduction!r}; it must be 'mean', 'sum' or 'none'")
