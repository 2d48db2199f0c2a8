"""Ops that move elements without changing them: reshaping, transposing, joining, padding."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.errors import DTypeError, ShapeError
from minigrad.ops.base import A, Op, call, shape_of
from minigrad.ops.indexing import getitem, scatter_add

__all__ = [
    "Concatenate",
    "Reshape",
    "Transpose",
    "concatenate",
    "expand_dims",
    "flatten",
    "flip",
    "pad",
    "reshape",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "transpose",
    "unstack",
]


class Reshape(Op):
    """out = the elements of x, in the same order, in another shape."""

    @staticmethod
    def forward(x, *, shape):
        return x.reshape(shape)

    @staticmethod
    def grad_x(grad_out, out, x, *, shape):
        grad_x = grad_out.reshape(x.shape)
        return grad_x


def reshape(x: A, shape: int | tuple[int, ...]) -> A:
    """The elements of ``x`` in another shape; one size may be −1 and is worked out.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.reshape(np.arange(6.0), (2, -1))
    array([[0., 1., 2.],
           [3., 4., 5.]])
    """
    return call(Reshape, x, shape=shape)


def flatten(x: A) -> A:
    """The elements of ``x`` in one dimension, last axis fastest.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.flatten(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 2., 3., 4.])
    """
    return reshape(x, (math.prod(shape_of(x)),))


def squeeze(x: A, axis: int | tuple[int, ...] | None = None) -> A:
    """``x`` without its axes of size 1: all of them, or those named.

    Raises
    ------
    ShapeError
        If a named axis has another size than 1.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.squeeze(np.ones((1, 3, 1)), axis=0).shape
    (3, 1)
    """
    shape = shape_of(x)
    if axis is None:
        return reshape(x, tuple(size for size in shape if size != 1))
    axes = {check_axis("squeeze", a, len(shape)) for a in np.atleast_1d(axis).tolist()}
    if any(shape[a] != 1 for a in axes):
        raise ShapeError(f"squeeze: axis {axis} of shape {shape} is not of size 1")
    return reshape(x, tuple(size for a, size in enumerate(shape) if a not in axes))


def expand_dims(x: A, axis: int) -> A:
    """``x`` with a new axis of size 1 at position ``axis`` of the result.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.expand_dims(np.ones(3), -1).shape
    (3, 1)
    """
    shape = shape_of(x)
    position = check_axis("expand_dims", axis, len(shape) + 1)
    return reshape(x, (*shape[:position], 1, *shape[position:]))


class Transpose(Op):
    """out = x with its axes in another order: axis i of out is axis axes[i] of x."""

    @staticmethod
    def forward(x, *, axes):
        return x.transpose(axes)

    @staticmethod
    def grad_x(grad_out, out, x, *, axes):
        back = [0] * len(axes)
        for new, old in enumerate(axes):
            back[old] = new
        grad_x = transpose(grad_out, back)
        return grad_x


def transpose(x: A, axes: Sequence[int] | None = None) -> A:
    """``x`` with its axes permuted, or reversed if ``axes`` is None.

    Raises
    ------
    ShapeError
        If ``axes`` is not a permutation of the axes of ``x``.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.transpose(np.ones((2, 3, 4)), (1, 0, 2)).shape
    (3, 2, 4)
    """
    ndim = len(shape_of(x))
    if axes is None:
        axes = range(ndim)[::-1]
    order = tuple(check_axis("transpose", a, ndim) for a in axes)
    if sorted(order) != list(range(ndim)):
        raise ShapeError(f"transpose: axes {tuple(axes)} do not permute the axes of {shape_of(x)}")
    return call(Transpose, x, axes=order)


def swapaxes(x: A, axis1: int, axis2: int) -> A:
    """``x`` with two of its axes exchanged.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.swapaxes(np.ones((2, 3, 4)), -1, -2).shape
    (2, 4, 3)
    """
    axes = list(range(len(shape_of(x))))
    first, second = (check_axis("swapaxes", a, len(axes)) for a in (axis1, axis2))
    axes[first], axes[second] = second, first
    return call(Transpose, x, axes=tuple(axes))


class Concatenate(Op):
    """out = the arrays one after another along axis."""

    @staticmethod
    def forward(*arrays, axis):
        return np.concatenate(arrays, axis=axis)

    @staticmethod
    def grad_arrays(grad_out, out, *arrays, axis, index):
        start = 0
        for array in arrays[:index]:
            start = start + array.shape[axis]
        stop = start + arrays[index].shape[axis]
        before = (slice(None),) * (axis % out.ndim)
        grad_array = getitem(grad_out, (*before, slice(start, stop)))
        return grad_array


def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    """Join arrays or Tensors along an existing axis; their other sizes must agree.

    With ``axis=None`` they are flattened first.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.concatenate([np.array([1.0]), mg.Tensor([2.0, 3.0])]).data
    array([1., 2., 3.])
    """
    if len(arrays) == 0:
        raise ShapeError("concatenate: no arrays given")
    if axis is None:
        return concatenate([flatten(array) for array in arrays])
    return call(Concatenate, *arrays, axis=axis)


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Join arrays or Tensors of one shape along a new axis.

    Raises
    ------
    ShapeError
        If there are none, or their shapes differ.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.stack([np.array([1.0, 2.0]), np.array([3.0, 4.0])], axis=1)
    array([[1., 3.],
           [2., 4.]])
    """
    shapes = [shape_of(array) for array in arrays]
    if len(set(shapes)) != 1:
        raise ShapeError(f"stack: needs arrays of one shape, got {shapes}")
    return concatenate([expand_dims(array, axis) for array in arrays], axis)


def split(x: A, sections: int | Sequence[int], axis: int = 0) -> list[A]:
    """Cut ``x`` into equal sections (an int), or before each given position, along ``axis``.

    Raises
    ------
    ShapeError
        If ``sections`` is an int that does not divide the size of the axis.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.split(np.arange(5.0), [2])
    [array([0., 1.]), array([2., 3., 4.])]
    """
    shape = shape_of(x)
    position = check_axis("split", axis, len(shape))
    size = shape[position]
    if isinstance(sections, int):
        if sections < 1 or size % sections:
            raise ShapeError(f"split: {sections} sections do not divide axis {axis} of {shape}")
        cuts = list(range(0, size, size // sections or 1))[1:] or [size] * (sections - 1)
    else:
        cuts = list(sections)
    before = (slice(None),) * position
    ends = zip([0, *cuts], [*cuts, size], strict=True)
    return [getitem(x, (*before, slice(start, stop))) for start, stop in ends]


def unstack(x: A, axis: int = 0) -> list[A]:
    """The slices of ``x`` along ``axis``, without that axis: the inverse of `stack`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.unstack(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    [array([1., 3.]), array([2., 4.])]
    """
    shape = shape_of(x)
    position = check_axis("unstack", axis, len(shape))
    before = (slice(None),) * position
    return [getitem(x, (*before, i)) for i in range(shape[position])]


def flip(x: A, axis: int | tuple[int, ...] | None = None) -> A:
    """``x`` in reverse order along ``axis``: one, several or (None) all.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.flip(np.array([1.0, 2.0, 3.0]))
    array([3., 2., 1.])
    """
    ndim = len(shape_of(x))
    axes = range(ndim) if axis is None else np.atleast_1d(axis).tolist()
    flipped = {check_axis("flip", a, ndim) for a in axes}
    index = tuple(slice(None, None, -1) if a in flipped else slice(None) for a in range(ndim))
    return getitem(x, index)


def pad(x: A, pad_width: int | Sequence[Any], value: float = 0.0) -> A:
    """``x`` with ``value`` put around it.

    Parameters
    ----------
    x : Tensor or array
    pad_width : int, (before, after), or one such pair per axis
        How many values to put before and after, as in `numpy.pad`.
    value : float
        What to put there.

    Raises
    ------
    ShapeError
        If ``pad_width`` does not fit the dimensions of ``x`` or is negative.
    DTypeError
        If ``value`` is not a number.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.pad(np.array([1.0, 2.0]), (1, 2))
    array([0., 1., 2., 0., 0.])
    """
    shape = shape_of(x)
    if not isinstance(value, (int, float, np.number)):
        raise DTypeError(f"pad: value is {value!r}; it must be a number")
    try:
        widths = np.broadcast_to(np.asarray(pad_width), (len(shape), 2)).tolist()
    except ValueError:
        raise ShapeError(f"pad: pad_width {pad_width!r} does not fit shape {shape}") from None
    if any(width < 0 for pair in widths for width in pair):
        raise ShapeError(f"pad: pad_width {pad_width!r} is negative")
    sizes = zip(widths, shape, strict=True)
    padded_shape = tuple(before + size + after for (before, after), size in sizes)
    inside = tuple(
        slice(before, before + size) for (before, _), size in zip(widths, shape, strict=True)
    )
    padded: Any = scatter_add(x, inside, padded_shape)
    if value == 0:
        return padded
    border = np.full(padded_shape, value, padded.dtype)
    border[inside] = 0
    return padded + border


def check_axis(function: str, axis: int, ndim: int) -> int:
    """The axis as a non-negative int, or a ShapeError that names the function."""
    if not -ndim <= axis < ndim:
        raise ShapeError(f"{function}: axis {axis} is out of range for {ndim} dimension(s)")
    return axis % ndim
