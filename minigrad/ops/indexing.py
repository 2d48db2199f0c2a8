"""Indexing, and its transpose: scattering values back to where they were taken from."""

from typing import Any

import numpy as np

from minigrad.ops.base import A, Node, Op, call

__all__ = ["GetItem", "ScatterAdd", "getitem", "scatter_add"]


class GetItem(Op):
    """out = x[index]."""

    @staticmethod
    def forward(x, *, index):
        return x[index]

    @staticmethod
    def grad_x(grad_out, out, x, *, index):
        grad_x = scatter_add(grad_out, index, x.shape)
        return grad_x


def getitem(x: A, index: Any) -> A:
    """``x[index]`` for every index NumPy takes: ints, slices, None, Ellipsis, arrays, bool masks.

    Where an integer array names an element more than once, the gradients of all its uses add up.

    Raises
    ------
    IndexingError
        If the index does not fit the shape of ``x``.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> x[[0, 2, 2]].sum().backward()
    >>> x.grad
    array([1., 0., 2.])
    """
    return call(GetItem, x, index=plain_index(index))


class ScatterAdd(Op):
    """out = zeros of ``shape``, with x added at index; entries that meet add up."""

    @staticmethod
    def forward(x, *, index, shape):
        out = np.zeros_like(x, shape=shape)
        if is_basic(index):
            out[index] = x
        else:
            np.add.at(out, index, x)
        return out

    @staticmethod
    def grad_x(grad_out, out, x, *, index, shape):
        grad_x = getitem(grad_out, index)
        return grad_x


def scatter_add(x: A, index: Any, shape: tuple[int, ...]) -> A:
    """Zeros of ``shape`` with ``x`` added at ``index``: the transpose of ``array[index]``.

    Parameters
    ----------
    x : Tensor or array
        Values, of the shape that ``array[index]`` has.
    index
        Any index NumPy takes; where it names an element more than once, the values add up.
    shape : tuple of int
        Shape of the result.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.scatter_add(np.array([1.0, 2.0, 3.0]), [0, 2, 2], (4,))
    array([1., 0., 5., 0.])
    """
    return call(ScatterAdd, x, index=plain_index(index), shape=shape)


def plain_index(index: Any) -> Any:
    """The index with Tensors and lists in it as plain arrays: no gradient flows to a position."""
    if isinstance(index, tuple):
        return tuple(plain_index(part) for part in index)
    if isinstance(index, (Node, list)):
        array = np.asarray(index)
        return array if array.size else array.astype(np.intp)
    return index


def is_basic(index: Any) -> bool:
    """Whether the index is made of ints, slices, None and Ellipsis alone: no entry comes twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        part is None or part is Ellipsis or isinstance(part, (int, np.integer, slice))
        for part in parts
    ) and not any(isinstance(part, (bool, np.bool)) for part in parts)
