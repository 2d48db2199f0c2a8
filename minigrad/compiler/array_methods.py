"""The methods of arrays that follow from a few others: reductions, statistics, shapes."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from minigrad.compiler.refusing import refused

__all__ = ["ArrayMethods"]


class ArrayMethods(NDArrayOperatorsMixin):
    """For a class that has ``shape``, indexing, and the methods declared here.

    They are carried out as NumPy carries out its own.
    """

    __slots__ = ()

    shape: Any
    ndim: Any
    size: Any
    __setitem__: Callable[..., None]
    reduce: Callable[..., Any]
    matmul: Callable[..., Any]
    transpose: Callable[..., Any]
    reshape: Callable[..., Any]

    def sum(self, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
        return self.reduce(np.add, self, axis, dtype, keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Any:
        return self.reduce(np.maximum, self, axis, None, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Any:
        return self.reduce(np.minimum, self, axis, None, keepdims)

    def prod(self, axis: Any = None, keepdims: bool = False) -> Any:
        return self.reduce(np.multiply, self, axis, None, keepdims)

    def any(self, axis: Any = None, keepdims: bool = False) -> Any:
        return self.reduce(np.logical_or, self, axis, None, keepdims)

    def all(self, axis: Any = None, keepdims: bool = False) -> Any:
        return self.reduce(np.logical_and, self, axis, None, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Any:
        total = self.sum(axis, None, keepdims)
        return total / (self.size // max(total.size, 1))

    def var(self, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
        deviation = self - self.mean(axis, keepdims=True)
        total = (deviation * deviation).sum(axis, keepdims=keepdims)
        return total / max(self.size // max(total.size, 1) - ddof, 0)

    def std(self, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
        return np.sqrt(self.var(axis, ddof=ddof, keepdims=keepdims))

    def argmax(self, axis: Any = None, *, keepdims: bool = False) -> Any:
        return self.first_where(lambda x, axis: x == x.max(axis, keepdims=True), axis, keepdims)

    def argmin(self, axis: Any = None, *, keepdims: bool = False) -> Any:
        return self.first_where(lambda x, axis: x == x.min(axis, keepdims=True), axis, keepdims)

    def first_where(self, chosen: Callable[..., Any], axis: Any, keepdims: bool) -> Any:
        """The first position along an axis that is ``chosen``, or of a NaN, which comes first."""
        whole = axis is None or not self.ndim
        x = self.reshape(-1) if whole else self
        along = 0 if whole else operator.index(axis) % x.ndim
        positions = np.arange(x.shape[along]).reshape([-1] + [1] * (x.ndim - along - 1))
        found = np.where(chosen(x, along) | (x != x), positions, x.shape[along])
        first = found.min(along, keepdims=keepdims)
        return first.reshape([1] * self.ndim) if whole and keepdims else first

    def dot(self, other: Any) -> Any:
        return self.dot_of(self, other)

    def dot_of(self, x: Any, y: Any) -> Any:
        ndims = np.ndim(x), np.ndim(y)
        if 0 in ndims:
            return x * y
        if max(ndims) > 2:
            raise refused(
                f"dot of arrays with {ndims[0]} and {ndims[1]} axes is not compiled; use @"
            )
        return self.matmul(x, y)

    @property
    def T(self) -> Any:  # noqa: N802
        return self.transpose()

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        axes = list(range(self.ndim))
        axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
        return self.transpose(axes)

    def ravel(self) -> Any:
        return self.reshape(-1)

    def flatten(self) -> Any:
        return self.reshape(-1).copy()

    def squeeze(self, axis: Any = None) -> Any:
        axes = range(self.ndim) if axis is None else np.atleast_1d(axis) % max(self.ndim, 1)
        kept = [n for a, n in enumerate(self.shape) if not (n == 1 and a in axes)]
        return self.reshape(tuple(kept))

    def clip(self, min: Any = None, max: Any = None) -> Any:
        return self.clip_of(self, min, max)

    @staticmethod
    def clip_of(x: Any, low: Any, high: Any) -> Any:
        above = x if low is None else np.maximum(x, low)
        return above if high is None else np.minimum(above, high)

    def fill(self, number: Any) -> None:
        self[...] = number
