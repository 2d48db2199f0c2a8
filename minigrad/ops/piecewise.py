"""Functions with kinks: they pass the gradient to the piece each element is on.

At a kink the derivative is not defined; the convention here is the one that keeps gradients
symmetric and finite: ties share the gradient equally, and ``abs`` has slope 0 at 0.
"""

from numbers import Real
from typing import Any

import numpy as np

from minigrad.errors import DomainError, DTypeError
from minigrad.ops.base import A, Node, Op, UnknownArray, call
from minigrad.ops.broadcasting import unbroadcast

__all__ = [
    "Absolute",
    "Clip",
    "Maximum",
    "Minimum",
    "Where",
    "abs",
    "clip",
    "maximum",
    "minimum",
    "where",
]


class Absolute(Op):
    """out = |x|; the slope at 0 is taken as 0."""

    @staticmethod
    def forward(x):
        return np.abs(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out * np.sign(x)
        return grad_x

    @staticmethod
    def branch(x):
        return np.sign(x)


def abs(x: A) -> A:
    """Elementwise absolute value, |x|. At 0, where the slope jumps from −1 to 1, it gives 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([-2.0, 0.0, 3.0], requires_grad=True)
    >>> mg.abs(x).sum().backward()
    >>> x.grad
    array([-1.,  0.,  1.])
    """
    return call(Absolute, x)


class Maximum(Op):
    """out = the larger of x and y, elementwise; a tie gives half the gradient to each."""

    @staticmethod
    def forward(x, y):
        return np.maximum(x, y)

    @staticmethod
    def grad_x(grad_out, out, x, y):
        grad_x = (grad_out * (x > y) + grad_out * (x >= y)) * 0.5
        return unbroadcast(grad_x, x.shape)

    @staticmethod
    def grad_y(grad_out, out, x, y):
        grad_y = (grad_out * (y > x) + grad_out * (y >= x)) * 0.5
        return unbroadcast(grad_y, y.shape)

    @staticmethod
    def branch(x, y):
        return np.sign(x - y)


def maximum(x: Any, y: Any) -> Any:
    """Elementwise maximum of ``x`` and ``y``, with broadcasting; NaN in either gives NaN.

    Where both are equal, each receives half of the gradient.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([-1.0, 0.0, 1.0], requires_grad=True)
    >>> mg.maximum(x, 0.0).sum().backward()
    >>> x.grad
    array([0. , 0.5, 1. ])
    """
    return call(Maximum, x, y)


class Minimum(Op):
    """out = the smaller of x and y, elementwise; a tie gives half the gradient to each."""

    @staticmethod
    def forward(x, y):
        return np.minimum(x, y)

    @staticmethod
    def grad_x(grad_out, out, x, y):
        grad_x = (grad_out * (x < y) + grad_out * (x <= y)) * 0.5
        return unbroadcast(grad_x, x.shape)

    @staticmethod
    def grad_y(grad_out, out, x, y):
        grad_y = (grad_out * (y < x) + grad_out * (y <= x)) * 0.5
        return unbroadcast(grad_y, y.shape)

    @staticmethod
    def branch(x, y):
        return np.sign(x - y)


def minimum(x: Any, y: Any) -> Any:
    """Elementwise minimum of ``x`` and ``y``, with broadcasting; NaN in either gives NaN.

    Where both are equal, each receives half of the gradient.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.minimum(np.array([-1.0, 2.0]), 0.0)
    array([-1.,  0.])
    """
    return call(Minimum, x, y)


class Where(Op):
    """out = x where condition holds, else y. The condition has no gradient."""

    @staticmethod
    def forward(condition, x, y):
        return np.where(condition, x, y)

    @staticmethod
    def grad_x(grad_out, out, condition, x, y):
        grad_x = where(condition, grad_out, 0)
        return unbroadcast(grad_x, x.shape)

    @staticmethod
    def grad_y(grad_out, out, condition, x, y):
        grad_y = where(condition, 0, grad_out)
        return unbroadcast(grad_y, y.shape)

    @staticmethod
    def branch(condition, x, y):
        return np.asarray(condition, dtype=bool)


def where(condition: Any, x: Any, y: Any) -> Any:
    """Elements of ``x`` where ``condition`` holds, of ``y`` elsewhere; all three broadcast.

    The condition is taken as plain booleans: no gradient flows to it. The branch not taken
    receives exactly 0, even where the incoming gradient is not finite; but note that
    ``where(x > 0, log(x), 0)`` still computes ``log(x)`` everywhere.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([-1.0, 2.0], requires_grad=True)
    >>> mg.where(x > 0, x, 0.1 * x).sum().backward()
    >>> x.grad
    array([0.1, 1. ])
    """
    condition = condition.data if isinstance(condition, Node) else condition
    if not isinstance(condition, UnknownArray):
        condition = np.asarray(condition, dtype=bool)
    return call(Where, condition, x, y)


class Clip(Op):
    """out = x limited to [low, high]; at a limit half of the gradient passes."""

    @staticmethod
    def forward(x, *, low, high):
        return np.clip(x, low, high)

    @staticmethod
    def grad_x(grad_out, out, x, *, low, high):
        inside = (x > low) & (x < high)
        inside_or_at = (x >= low) & (x <= high) & (low < high)  # else it is constant
        grad_x = (grad_out * inside + grad_out * inside_or_at) * 0.5
        return grad_x

    @staticmethod
    def branch(x, *, low, high):
        return np.sign(x - low) + np.sign(x - high)


def clip(x: A, low: float | None = None, high: float | None = None) -> A:
    """``x`` limited to the range [low, high].

    Parameters
    ----------
    x : Tensor or array
    low, high : float, optional
        Limits; None for no limit on that side.

    Returns
    -------
    Tensor or array
        min(max(x, low), high). Elements strictly inside the range pass their gradient, those
        outside block it, those exactly at a limit pass half of it, as `maximum` and `minimum` do.

    Raises
    ------
    DomainError
        If both limits are missing or ``low`` exceeds ``high``.
    DTypeError
        If a limit is not a number; for arrays or Tensors use `maximum` and `minimum`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.clip(np.array([-3.0, 0.5, 3.0]), -1, 1)
    array([-1. ,  0.5,  1. ])
    """
    if low is None and high is None:
        raise DomainError("clip: give low, high or both; with neither there is nothing to limit")
    low = -np.inf if low is None else low
    high = np.inf if high is None else high
    if not (isinstance(low, Real) and isinstance(high, Real)):
        raise DTypeError(
            f"clip: low ({low!r}) and high ({high!r}) must be numbers; "
            "for arrays or Tensors use maximum and minimum"
        )
    if not low <= high:
        raise DomainError(f"clip: low ({low}) must not exceed high ({high})")
    return call(Clip, x, low=low, high=high)
