"""Broadcasting and its transpose: what a rule needs when shapes were stretched."""

from typing import Any

import numpy as np

from minigrad.errors import ShapeError
from minigrad.ops.base import A, Op, call, shape_of

__all__ = ["BroadcastTo", "broadcast_to", "unbroadcast"]


class BroadcastTo(Op):
    """out = x, repeated along axes of size 1 (or missing) until it has ``shape``."""

    @staticmethod
    def forward(x, *, shape):
        out = np.empty_like(x, shape=shape)
        out[...] = x
        return out

    @staticmethod
    def grad_x(grad_out, out, x, *, shape):
        grad_x = unbroadcast(grad_out, x.shape)
        return grad_x


def broadcast_to(x: A, shape: tuple[int, ...]) -> A:
    """Repeat ``x`` along axes of size 1, or new leading axes, until it has ``shape``.

    Parameters
    ----------
    x : Tensor or array
    shape : tuple of int
        Shape of the result, by NumPy's broadcasting rules.

    Returns
    -------
    Tensor or array
        A new array (unlike `numpy.broadcast_to`, not a read-only view), dtype of ``x``.

    Raises
    ------
    ShapeError
        If ``x`` does not broadcast to ``shape``.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.broadcast_to(np.array([1.0, 2.0]), (3, 2))
    array([[1., 2.],
           [1., 2.],
           [1., 2.]])
    """
    if len(shape_of(x)) > len(shape):
        raise ShapeError(f"broadcast_to: {shape_of(x)} has more axes than the shape {shape}")
    return call(BroadcastTo, x, shape=shape)


def unbroadcast(grad: Any, shape: tuple[int, ...]) -> Any:
    """Sum ``grad`` over the axes along which an input of ``shape`` was repeated.

    This is the transpose of broadcasting: each entry of the input went to many entries of the
    output, so that the gradients of all of them add up.

    Examples
    --------
    >>> unbroadcast(np.ones((3, 2)), (1, 2))
    array([[3., 3.]])
    """
    if grad.shape == shape:
        return grad
    new_axes = grad.ndim - len(shape)
    repeated = tuple(
        axis
        for axis in range(grad.ndim)
        if axis < new_axes or shape[axis - new_axes] != grad.shape[axis]
    )
    return np.add.reduce(grad, axis=repeated).reshape(shape)
