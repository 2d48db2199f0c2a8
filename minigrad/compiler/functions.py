"""NumPy functions that are no ufuncs, for arrays whose values come later."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.ops.base import UnknownArray

__all__ = ["FUNCTIONS", "PRINTERS"]


def like(x: Any, dtype: Any, shape: Any, fill: Any) -> Any:
    """A new array, in shape and dtype of ``x`` unless told otherwise."""
    sizes = x.shape if shape is None else ((shape,) if isinstance(shape, int) else tuple(shape))
    kind = x.dtype if dtype is None else np.dtype(dtype)
    recorder = x.recorder
    if isinstance(fill, (UnknownArray, np.ndarray)):
        filled = recorder.broadcast(recorder.cast(recorder.as_value(fill), kind), sizes)
        return type(x)(recorder, filled)
    return type(x)(recorder, recorder.full(sizes, kind, fill))


def zeros_like(a: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    return like(a, dtype, shape, 0)


def ones_like(a: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    return like(a, dtype, shape, 1)


def empty_like(prototype: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    return like(prototype, dtype, shape, None)


def full_like(a: Any, fill_value: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    return like(a, dtype, shape, fill_value)


def tracer_among(arrays: Sequence[Any]) -> Any:
    """The first stand-in among arrays; it knows where to write things down."""
    return next(x for x in arrays if isinstance(x, UnknownArray))


def where(condition: Any, x: Any, y: Any) -> Any:
    tracer = tracer_among([condition, x, y])
    return type(tracer)(tracer.recorder, tracer.recorder.where(condition, x, y))


def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    return tracer_among([a, low, high]).clip_of(a, low, high)


def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    tracer = tracer_among(arrays)
    if axis is None:
        return concatenate([x.reshape(-1) for x in arrays])
    return type(tracer)(tracer.recorder, tracer.recorder.concatenate(arrays, axis))


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    ndim = len(np.shape(arrays[0])) + 1
    return concatenate([expand_dims(x, axis % ndim) for x in arrays], axis % ndim)


def expand_dims(a: Any, axis: int) -> Any:
    sizes = list(np.shape(a))
    sizes.insert(operator.index(axis) % (len(sizes) + 1), 1)
    return a.reshape(sizes)


def dot(a: Any, b: Any) -> Any:
    return tracer_among([a, b]).dot_of(a, b)


def result_type(*arrays: Any) -> np.dtype[Any]:
    return np.result_type(*map(promoted, arrays))


def promoted(x: Any) -> Any:
    """As NumPy's promotion takes it: a number whose dtype does not count, a dtype, or an array."""
    if isinstance(x, UnknownArray):
        return 0.0 if x.value.weak else x.dtype
    return x


def method(name: str) -> Callable[..., Any]:
    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(x, name)(*args, **kwargs)

    return call


PRINTERS = frozenset([np.array2string, np.array_repr, np.array_str])

FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.shape: operator.attrgetter("shape"),
    np.ndim: operator.attrgetter("ndim"),
    np.size: operator.attrgetter("size"),
    np.result_type: result_type,
    np.zeros_like: zeros_like,
    np.ones_like: ones_like,
    np.empty_like: empty_like,
    np.full_like: full_like,
    np.where: where,
    np.clip: clip,
    np.concatenate: concatenate,
    np.sum: method("sum"),
    np.max: method("max"),
    np.amax: method("max"),
    np.min: method("min"),
    np.amin: method("min"),
    np.prod: method("prod"),
    np.mean: method("mean"),
    np.var: method("var"),
    np.std: method("std"),
    np.argmax: method("argmax"),
    np.argmin: method("argmin"),
    np.any: method("any"),
    np.all: method("all"),
    np.reshape: method("reshape"),
    np.ravel: method("ravel"),
    np.transpose: method("transpose"),
    np.swapaxes: method("swapaxes"),
    np.squeeze: method("squeeze"),
    np.broadcast_to: method("broadcast_to"),
    np.copy: method("copy"),
    np.dot: dot,
    np.stack: stack,
    np.expand_dims: expand_dims,
}
