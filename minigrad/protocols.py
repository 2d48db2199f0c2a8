"""Which of NumPy's own functions work on Tensors, and through which op.

``np.exp(t)`` reaches the Tensor by NumPy's protocols ``__array_ufunc__`` and
``__array_function__``, which look the function up here. One that is not listed raises a TypeError:
computing it on the bare values would lose the gradient silently.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.errors import DTypeError
from minigrad.ops import (
    arithmetic,
    broadcasting,
    elementwise,
    linalg,
    piecewise,
    reduction,
    shape,
)
from minigrad.ops.base import Node

__all__ = ["CONSTANT_FUNCTIONS", "CONSTANT_UFUNCS", "FUNCTIONS", "REDUCTIONS", "UFUNCS"]

UFUNCS: dict[np.ufunc, Callable[..., Any]] = {
    np.add: arithmetic.add,
    np.subtract: arithmetic.subtract,
    np.multiply: arithmetic.multiply,
    np.divide: arithmetic.divide,
    np.negative: arithmetic.negative,
    np.power: arithmetic.power,
    np.matmul: linalg.matmul,
    np.absolute: piecewise.abs,
    np.fabs: piecewise.abs,
    np.maximum: piecewise.maximum,
    np.minimum: piecewise.minimum,
    np.exp: elementwise.exp,
    np.expm1: elementwise.expm1,
    np.log: elementwise.log,
    np.log1p: elementwise.log1p,
    np.log2: elementwise.log2,
    np.sqrt: elementwise.sqrt,
    np.square: elementwise.square,
    np.sin: elementwise.sin,
    np.cos: elementwise.cos,
    np.tanh: elementwise.tanh,
}

REDUCTIONS: dict[np.ufunc, Callable[..., Any]] = {
    np.add: reduction.sum,
    np.multiply: reduction.prod,
    np.maximum: reduction.max,
    np.minimum: reduction.min,
}

CONSTANT_UFUNCS: frozenset[np.ufunc] = frozenset(
    [
        np.equal,
        np.not_equal,
        np.less,
        np.less_equal,
        np.greater,
        np.greater_equal,
        np.isfinite,
        np.isinf,
        np.isnan,
        np.logical_and,
        np.logical_not,
        np.logical_or,
        np.logical_xor,
        np.sign,
        np.signbit,
        np.floor,
        np.ceil,
        np.trunc,
        np.rint,
    ]
)
"""Ufuncs whose derivative is 0 wherever it exists: they give plain arrays."""


def _clip(a: Any, a_min: Any = None, a_max: Any = None, **options: Any) -> Any:
    low = options.pop("min", a_min)
    high = options.pop("max", a_max)
    return piecewise.clip(a, low, high, **options)


def _reduction(function: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction as NumPy calls it: only the array and the axis by position."""

    def reduce(a: Any, axis: Any = None, **options: Any) -> Any:
        return function(a, axis=axis, **options)

    return reduce


def _pad(array: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> Any:
    if mode != "constant":
        raise DTypeError(f"np.pad on a Tensor supports mode='constant', not {mode!r}")
    return shape.pad(array, pad_width, constant_values)


def _where(condition: Any, *branches: Any) -> Any:
    if not branches:
        return np.nonzero(np.asarray(condition))
    return piecewise.where(condition, *branches)


FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.sum: _reduction(reduction.sum),
    np.mean: _reduction(reduction.mean),
    np.max: _reduction(reduction.max),
    np.amax: _reduction(reduction.max),
    np.min: _reduction(reduction.min),
    np.amin: _reduction(reduction.min),
    np.prod: _reduction(reduction.prod),
    np.var: _reduction(reduction.var),
    np.std: _reduction(reduction.std),
    np.clip: _clip,
    np.where: _where,
    np.copy: elementwise.copy,
    np.dot: linalg.dot,
    np.outer: linalg.outer,
    np.reshape: shape.reshape,
    np.ravel: shape.flatten,
    np.transpose: shape.transpose,
    np.swapaxes: shape.swapaxes,
    np.squeeze: shape.squeeze,
    np.expand_dims: shape.expand_dims,
    np.broadcast_to: broadcasting.broadcast_to,
    np.concatenate: shape.concatenate,
    np.stack: shape.stack,
    np.split: shape.split,
    np.flip: shape.flip,
    np.pad: _pad,
}

CONSTANT_FUNCTIONS: frozenset[Callable[..., Any]] = frozenset(
    [
        np.shape,
        np.ndim,
        np.size,
        np.argmax,
        np.argmin,
        np.argsort,
        np.all,
        np.any,
        np.allclose,
        np.isclose,
        np.array_equal,
        np.count_nonzero,
        np.nonzero,
        np.round,
        np.zeros_like,
        np.ones_like,
        np.full_like,
        np.empty_like,
        np.result_type,
        np.may_share_memory,
        np.shares_memory,
        np.array2string,
        np.array_repr,
        np.array_str,
    ]
)
"""Functions that ask about values or shapes, or make new arrays: they see the plain array."""


def unsupported(name: str, reason: str) -> DTypeError:
    return DTypeError(
        f"{name} on a Tensor {reason}. Computing it on the plain values would lose the gradient: "
        "if that is what you want, say so with t.numpy(); else write it in minigrad's functions "
        "or as an op of your own (mg.Op)"
    )


def plain(value: Any) -> Any:
    """``value`` with every Tensor in it, however deep in lists and tuples, as its array."""
    if isinstance(value, Node):
        return value.data
    if isinstance(value, (list, tuple)):
        return type(value)(plain(item) for item in value)
    return value


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """What a Tensor answers to ``np.exp(t)``, ``np.add.reduce(t)`` and their like."""
    name = f"np.{ufunc.__name__}"
    if method == "reduce" and ufunc in REDUCTIONS:
        (x,) = inputs
        axis = kwargs.pop("axis", 0)
        keepdims = kwargs.pop("keepdims", False)
        if kwargs:
            raise unsupported(f"{name}.reduce", f"does not take {', '.join(kwargs)}=")
        return REDUCTIONS[ufunc](x, axis=axis, keepdims=keepdims)
    if method != "__call__":
        raise unsupported(f"{name}.{method}", "is not supported")
    if kwargs:
        raise unsupported(name, f"does not take {', '.join(kwargs)}=")
    if ufunc in UFUNCS:
        return UFUNCS[ufunc](*inputs)
    if ufunc in CONSTANT_UFUNCS:
        return ufunc(*plain(tuple(inputs)))
    raise unsupported(name, "is not supported")


def apply_function(
    function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    """What a Tensor answers to ``np.concatenate([t, a])``, ``np.sum(t)`` and their like."""
    name = f"{function.__module__}.{function.__name__}".replace("numpy", "np", 1)
    if function in CONSTANT_FUNCTIONS:
        return function(*plain(tuple(args)), **{key: plain(value) for key, value in kwargs.items()})
    if function not in FUNCTIONS:
        raise unsupported(name, "is not supported")
    try:
        return FUNCTIONS[function](*args, **kwargs)
    except DTypeError:
        raise
    except TypeError as error:
        raise unsupported(name, f"does not work so ({error})") from error
