"""Reductions: many elements become one, along one axis, several or all.

``axis`` is None (all axes), an int or a tuple of ints, negative ones counted from the end;
``keepdims=True`` leaves the reduced axes in place with size 1.
"""

import math

import numpy as np

from minigrad.errors import DomainError, ShapeError
from minigrad.ops.activation import stable_softmax
from minigrad.ops.base import A, Op, call, shape_of
from minigrad.ops.broadcasting import broadcast_to
from minigrad.ops.elementwise import sqrt
from minigrad.ops.indexing import getitem
from minigrad.ops.shape import flip, pad, reshape, transpose

__all__ = [
    "Logsumexp",
    "Max",
    "Mean",
    "Min",
    "Prod",
    "Sum",
    "Var",
    "logsumexp",
    "max",
    "mean",
    "min",
    "prod",
    "std",
    "sum",
    "var",
]

Axis = int | tuple[int, ...] | None


def reduced_axes(ndim: int, axis: Axis, function: str = "reduction") -> tuple[int, ...]:
    """The reduced axes as a tuple of non-negative ints.

    Examples
    --------
    >>> reduced_axes(3, -1), reduced_axes(2, None)
    ((2,), (0, 1))
    """
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    if not all(-ndim <= a < ndim for a in axes):
        raise ShapeError(f"{function}: axis {axis} is out of range for {ndim} dimension(s)")
    if len({a % ndim for a in axes}) < len(axes):
        raise ShapeError(f"{function}: axis {axis} names an axis twice")
    return tuple(a % ndim for a in axes)


def kept_shape(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """``shape`` with the reduced axes kept at size 1.

    Examples
    --------
    >>> kept_shape((2, 3, 4), 1)
    (2, 1, 4)
    """
    if axis is None:
        return (1,) * len(shape)
    axes = reduced_axes(len(shape), axis)
    return tuple(1 if i in axes else size for i, size in enumerate(shape))


def reduced_size(shape: tuple[int, ...], axis: Axis) -> int:
    """How many elements become one.

    Examples
    --------
    >>> reduced_size((2, 3, 4), (0, 2))
    8
    """
    if axis is None:
        return math.prod(shape)
    return math.prod(shape[a] for a in reduced_axes(len(shape), axis))


class Sum(Op):
    """out = the sum of x along axis."""

    @staticmethod
    def forward(x, *, axis, keepdims):
        return np.add.reduce(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def grad_x(grad_out, out, x, *, axis, keepdims):
        grad_kept = grad_out.reshape(kept_shape(x.shape, axis))
        grad_x = broadcast_to(grad_kept, x.shape)
        return grad_x


def sum(x: A, axis: Axis = None, keepdims: bool = False) -> A:
    """Sum of ``x`` along ``axis``; an empty sum is 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.sum(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    array([4., 6.])
    """
    return call(Sum, x, axis=axis, keepdims=keepdims)


class Mean(Op):
    """out = the arithmetic mean of x along axis."""

    @staticmethod
    def forward(x, *, axis, keepdims):
        total = np.add.reduce(x, axis=axis, keepdims=keepdims)
        return total / reduced_size(x.shape, axis)

    @staticmethod
    def grad_x(grad_out, out, x, *, axis, keepdims):
        grad_kept = grad_out.reshape(kept_shape(x.shape, axis))
        grad_x = broadcast_to(grad_kept / reduced_size(x.shape, axis), x.shape)
        return grad_x


def mean(x: A, axis: Axis = None, keepdims: bool = False) -> A:
    """Arithmetic mean of ``x`` along ``axis``; each element receives 1/n of the gradient.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.mean(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    array([1.5, 3.5])
    """
    return call(Mean, x, axis=axis, keepdims=keepdims)


class Max(Op):
    """out = the largest element of x along axis; ties share the gradient equally."""

    @staticmethod
    def forward(x, *, axis, keepdims):
        return np.maximum.reduce(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def grad_x(grad_out, out, x, *, axis, keepdims):
        grad_x = share_among_ties(grad_out, out, x, axis)
        return grad_x

    @staticmethod
    def branch(x, *, axis, keepdims):
        return x == np.maximum.reduce(x, axis=axis, keepdims=True)


class Min(Op):
    """out = the smallest element of x along axis; ties share the gradient equally."""

    @staticmethod
    def forward(x, *, axis, keepdims):
        return np.minimum.reduce(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def grad_x(grad_out, out, x, *, axis, keepdims):
        grad_x = share_among_ties(grad_out, out, x, axis)
        return grad_x

    @staticmethod
    def branch(x, *, axis, keepdims):
        return x == np.minimum.reduce(x, axis=axis, keepdims=True)


def share_among_ties(grad_out, out, x, axis):
    """Pass the gradient to the elements equal to ``out``, in equal parts."""
    kept = kept_shape(x.shape, axis)
    chosen = x == out.reshape(kept)
    ties = np.add.reduce(chosen, axis=axis, keepdims=True, dtype=x.dtype)
    return (grad_out.reshape(kept) / ties) * chosen


def max(x: A, axis: Axis = None, keepdims: bool = False) -> A:
    """Largest element of ``x`` along ``axis``; equal largest elements share the gradient equally.

    Raises
    ------
    ShapeError
        If there is no element to choose from.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([3.0, 1.0, 3.0], requires_grad=True)
    >>> mg.max(x).backward()
    >>> x.grad
    array([0.5, 0. , 0.5])
    """
    return call(Max, x, axis=axis, keepdims=keepdims)


def min(x: A, axis: Axis = None, keepdims: bool = False) -> A:
    """Smallest element of ``x`` along ``axis``; equal smallest elements share the gradient equally.

    Raises
    ------
    ShapeError
        If there is no element to choose from.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.min(np.array([[1.0, 2.0], [3.0, 0.0]]), axis=1)
    array([1., 0.])
    """
    return call(Min, x, axis=axis, keepdims=keepdims)


class Prod(Op):
    """out = the product of x along its last axis."""

    @staticmethod
    def forward(x):
        return np.multiply.reduce(x, axis=-1)

    @staticmethod
    def grad_x(grad_out, out, x):
        before = products_before(x)
        after = flip(products_before(flip(x, -1)), -1)
        grad_x = grad_out.reshape((*x.shape[:-1], 1)) * (before * after)
        return grad_x


def products_before(x):
    """For each element the product of those before it, without dividing: zeros do no harm.

    Doubling: once ``reach`` is 2^k, each entry holds the product of the 2^k elements before it.
    """
    products = shift(x, 1)
    reach = 1
    while reach < x.shape[-1]:
        products = products * shift(products, reach)
        reach = 2 * reach
    return products


def shift(x, places):
    """Move the elements along the last axis by some places and fill up with ones."""
    widths = [(0, 0)] * (x.ndim - 1) + [(places, 0)]
    return getitem(pad(x, widths, 1.0), (..., slice(0, x.shape[-1])))


def prod(x: A, axis: Axis = None, keepdims: bool = False) -> A:
    """Product of ``x`` along ``axis``; an empty product is 1.

    The gradient of an element is the product of all others, computed without division, so that it
    is right where elements are 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([2.0, 0.0, 5.0], requires_grad=True)
    >>> mg.prod(x).backward()
    >>> x.grad
    array([ 0., 10.,  0.])
    """
    shape = shape_of(x)
    axes = reduced_axes(len(shape), axis, "prod")
    others = tuple(i for i in range(len(shape)) if i not in axes)
    other_sizes = tuple(shape[i] for i in others)
    rows = reshape(transpose(x, others + axes), (*other_sizes, reduced_size(shape, axis)))
    products = call(Prod, rows)
    return reshape(products, kept_shape(shape, axis)) if keepdims else products


class Var(Op):
    """out = the variance of x along axis, the mean of squared deviations (n - ddof as divisor)."""

    @staticmethod
    def forward(x, *, axis, keepdims, ddof):
        deviation = x - mean(x, axis, keepdims=True)
        total = np.add.reduce(np.square(deviation), axis=axis, keepdims=keepdims)
        return total / (reduced_size(x.shape, axis) - ddof)

    @staticmethod
    def grad_x(grad_out, out, x, *, axis, keepdims, ddof):
        deviation = x - mean(x, axis, keepdims=True)
        grad_kept = grad_out.reshape(kept_shape(x.shape, axis))
        grad_x = grad_kept * (2 / (reduced_size(x.shape, axis) - ddof)) * deviation
        return grad_x


def var(x: A, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> A:
    """Variance of ``x`` along ``axis``: Σ(x − mean)² / (n − ddof).

    ``ddof=0``, NumPy's default, divides by n; ``ddof=1``, PyTorch's default, by n − 1.

    Raises
    ------
    DomainError
        If n − ddof is not positive.

    Examples
    --------
    >>> import minigrad as mg
    >>> float(mg.var(np.array([1.0, 2.0, 3.0, 4.0])))
    1.25
    """
    reduced_axes(len(shape_of(x)), axis, "var")
    size = reduced_size(shape_of(x), axis)
    if size <= ddof:
        raise DomainError(f"var: {size} element(s) with ddof={ddof} leave nothing to divide by")
    return call(Var, x, axis=axis, keepdims=keepdims, ddof=ddof)


def std(x: A, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> A:
    """Standard deviation of ``x`` along ``axis``, √`var`; at 0 its gradient is undefined.

    Examples
    --------
    >>> import minigrad as mg
    >>> float(mg.std(np.array([1.0, 3.0])))
    1.0
    """
    return sqrt(var(x, axis, ddof, keepdims))


class Logsumexp(Op):
    """out = ln sum exp x along axis, shifted by the maximum so that exp cannot overflow."""

    @staticmethod
    def forward(x, *, axis, keepdims):
        highest = np.maximum.reduce(x, axis=axis, keepdims=True)
        highest = np.where(np.isfinite(highest), highest, 0)
        total = np.add.reduce(np.exp(x - highest), axis=axis, keepdims=True)
        out = np.log(total) + highest
        return out if keepdims else np.squeeze(out, axis=axis)

    @staticmethod
    def grad_x(grad_out, out, x, *, axis, keepdims):
        grad_kept = grad_out.reshape(kept_shape(x.shape, axis))
        grad_x = grad_kept * stable_softmax(x, axis)
        return grad_x


def logsumexp(x: A, axis: Axis = None, keepdims: bool = False) -> A:
    """ln Σ exp(x) along ``axis``, without overflow for any finite ``x``; its gradient is softmax.

    Examples
    --------
    >>> import minigrad as mg
    >>> round(float(mg.logsumexp(np.array([1000.0, 1000.0]))), 4)
    1000.6931
    """
    return call(Logsumexp, x, axis=axis, keepdims=keepdims)
