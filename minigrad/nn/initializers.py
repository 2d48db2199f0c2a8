"""Initial values of weights: functions of a shape, a source of randomness and a dtype.

Random values are drawn in float64 and rounded to the dtype, so that one seed gives the same model
in every precision.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minigrad.errors import ShapeError

__all__ = [
    "Initializer",
    "kaiming_normal",
    "kaiming_uniform",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]

Rng = np.random.Generator | int | None
Initializer = Callable[[tuple[int, ...], Rng, DTypeLike], NDArray[Any]]


def xavier_uniform(
    shape: tuple[int, ...], rng: Rng = None, dtype: DTypeLike = np.float64
) -> NDArray[Any]:
    """Uniform in [−a, a) with a = √(6 / (n_in + n_out)), so of variance 2 / (n_in + n_out).

    Keeps the variance of signals and gradients about equal through layers of sigmoid or tanh.

    Parameters
    ----------
    shape : (n_in, n_out)
    rng : numpy.random.Generator, int or None
        Where the random values come from.
    dtype : dtype_like

    Raises
    ------
    ShapeError
        If ``shape`` is not two sizes.

    References
    ----------
    Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural
    networks", eq. 16.

    Examples
    --------
    >>> from minigrad.nn import xavier_uniform
    >>> weight = xavier_uniform((100, 50), rng=0)
    >>> weight.shape, bool(abs(weight).max() <= 0.2)
    ((100, 50), True)
    """
    n_in, n_out = fans("xavier_uniform", shape)
    bound = math.sqrt(6 / (n_in + n_out))
    return np.random.default_rng(rng).uniform(-bound, bound, shape).astype(dtype)


def xavier_normal(
    shape: tuple[int, ...], rng: Rng = None, dtype: DTypeLike = np.float64
) -> NDArray[Any]:
    """Normal with mean 0 and variance 2 / (n_in + n_out); else as `xavier_uniform`.

    References
    ----------
    Glorot and Bengio 2010, eq. 12.

    Examples
    --------
    >>> from minigrad.nn import xavier_normal
    >>> xavier_normal((3, 2), rng=0).shape
    (3, 2)
    """
    n_in, n_out = fans("xavier_normal", shape)
    std = math.sqrt(2 / (n_in + n_out))
    return np.random.default_rng(rng).normal(0.0, std, shape).astype(dtype)


def kaiming_uniform(
    shape: tuple[int, ...], rng: Rng = None, dtype: DTypeLike = np.float64
) -> NDArray[Any]:
    """Uniform in [−a, a) with a = √(6 / n_in), so of variance 2 / n_in.

    Keeps the variance of signals about equal through layers of relu, which halves it.

    Parameters
    ----------
    shape : (n_in, n_out)
    rng : numpy.random.Generator, int or None
        Where the random values come from.
    dtype : dtype_like

    Raises
    ------
    ShapeError
        If ``shape`` is not two sizes.

    References
    ----------
    He, Zhang, Ren and Sun 2015, "Delving deep into rectifiers", arXiv:1502.01852, eq. 10, which
    gives the variance; the uniform distribution with that variance is the common alternative.

    Examples
    --------
    >>> from minigrad.nn import kaiming_uniform
    >>> weight = kaiming_uniform((150, 50), rng=0)
    >>> weight.shape, bool(abs(weight).max() <= 0.2)
    ((150, 50), True)
    """
    n_in, _ = fans("kaiming_uniform", shape)
    bound = math.sqrt(6 / n_in)
    return np.random.default_rng(rng).uniform(-bound, bound, shape).astype(dtype)


def kaiming_normal(
    shape: tuple[int, ...], rng: Rng = None, dtype: DTypeLike = np.float64
) -> NDArray[Any]:
    """Normal with mean 0 and variance 2 / n_in; else as `kaiming_uniform`.

    References
    ----------
    He, Zhang, Ren and Sun 2015, arXiv:1502.01852, eq. 10.

    Examples
    --------
    >>> from minigrad.nn import kaiming_normal
    >>> kaiming_normal((3, 2), rng=0).shape
    (3, 2)
    """
    n_in, _ = fans("kaiming_normal", shape)
    std = math.sqrt(2 / n_in)
    return np.random.default_rng(rng).normal(0.0, std, shape).astype(dtype)


def zeros(shape: tuple[int, ...], rng: Rng = None, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """All zeros; for biases, or to see a hidden layer's units stay alike for ever.

    Examples
    --------
    >>> from minigrad.nn import zeros
    >>> zeros((2,))
    array([0., 0.])
    """
    return np.zeros(shape, dtype)


def fans(function: str, shape: tuple[int, ...]) -> tuple[int, int]:
    """How many inputs and outputs a weight of this shape connects."""
    if len(shape) != 2 or min(shape) < 1:
        raise ShapeError(
            f"{function}: shape is {shape}; it must be two sizes of at least 1, (n_in, n_out)"
        )
    n_in, n_out = shape
    return n_in, n_out
