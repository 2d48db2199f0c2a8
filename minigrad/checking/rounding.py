"""How far rounding goes: a graph computed once more, each of its roundings gone another way.

Whatever a ufunc computes is off by some part of its last digit. Nobody knows which, so that it is
drawn at random, and the graph is replayed with it; how much the results differ is their rounding
error, cancellation within an op included. The draws depend on the operands alone: what does not
move between two points is rounded the same way at both, and drops out of their difference.

Source: D. S. Parker, "Monte Carlo arithmetic: exploiting randomness in floating-point arithmetic",
UCLA technical report CSD-970002 (1997).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from minigrad.graph import leading_to, topological_order
from minigrad.ops.base import Node, Op
from minigrad.tensor import Tensor

__all__ = ["rounding_of_gradient", "rounding_of_output"]

Array = NDArray[Any]

LARGER = 16.0
HALF_UNIT = {
    np.dtype(kind): float(LARGER * np.finfo(kind).eps / 2 * 2.0**-63)
    for kind in (np.float16, np.float32, np.float64, np.longdouble)
}
"""Of the last place of 1, times ``LARGER``; for whole numbers up to 2⁶³."""

EXACT = {
    "negative", "positive", "absolute", "fabs", "sign", "copysign", "maximum", "minimum", "fmax",
    "fmin", "floor", "ceil", "rint", "trunc",
}  # fmt: skip
MULTIPLIERS = (np.int64(0x5851F42D4C957F2D), np.int64(0x14057B7EF767814F))


class Trembling(np.ndarray[Any, Any], Node):
    """An array; every ufunc of it is off by up to ``LARGER`` times its rounding."""

    __slots__ = ("seed",)

    seed: int

    def __array_finalize__(self, other: Any) -> None:
        self.seed = getattr(other, "seed", 0)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        operands = [plain(x) for x in inputs]
        if "out" in options:
            options["out"] = tuple(plain(x) for x in options["out"])
        result = getattr(ufunc, method)(*operands, **options)
        if not isinstance(result, (np.ndarray, np.generic)) or result.dtype.kind != "f":
            return result
        size = size_of_rounding(ufunc, method, operands, options, result)
        if ufunc.__name__ in EXACT or size is None:
            return trembling(np.asarray(result), self.seed)
        key = key_of(ufunc, method, operands, options) + self.seed
        return trembling(off_by_rounding(result, size, key), self.seed)

    def dot(self, other: Any, /, out: Any = None) -> Any:
        return np.matmul(self, other) if self.ndim and np.ndim(other) else np.multiply(self, other)

    @staticmethod
    def apply(op: type[Op], inputs: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """An op among those that a forward or a rule consists of."""
        return forward_of(op, inputs, params)


def trembling(x: Any, seed: int) -> Any:
    """``x`` as it is, but what is computed from it trembles; Python numbers stay weakly typed."""
    if not isinstance(x, np.ndarray) or x.dtype.kind != "f":
        return x
    view = x.view(Trembling)
    view.seed = seed
    return view


def plain(x: Any) -> Any:
    return x.view(np.ndarray) if isinstance(x, Trembling) else x


def forward_of(op: Any, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """op.forward; where it leaves the ufuncs, as a table of values does, only its result is off."""
    out = run(op.forward, operands, params)
    if isinstance(out, Trembling):
        return out
    out = np.asarray(out)
    if out.dtype.kind != "f":
        return out
    seed = next(x.seed for x in operands if isinstance(x, Trembling))
    key = bits(out) + seed
    for operand in map(plain, operands):
        if np.shape(operand) == out.shape:
            key = mixed(key) + bits(operand)
    return trembling(off_by_rounding(out, np.abs(out), key), seed)


def run(function: Callable[..., Any], operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """A forward or a rule; on plain arrays if it cannot work with others."""
    try:
        return function(*operands, **params)
    except Exception:
        return function(*map(plain, operands), **params)


def size_of_rounding(
    ufunc: np.ufunc, method: str, operands: Sequence[Any], options: Mapping[str, Any], result: Any
) -> Any:
    """What the rounding is relative to: the result, or of a sum the sizes of its terms.

    NumPy sums pairwise: each term goes through log₂ n sums. Equal terms are rounded alike there, so
    that the errors do not cancel, but add up.
    """
    if method == "reduce" and ufunc is np.add:
        terms = operands[0].size / max(result.size, 1)
        return np.add.reduce(np.abs(operands[0]), **options) * max(np.log2(terms), 1)
    if ufunc is np.matmul:
        return np.abs(operands[0]) @ np.abs(operands[1])
    return np.abs(result) if method in ("__call__", "reduce") else None


def off_by_rounding(result: Any, size: Any, key: Array) -> Array:
    """``result`` moved by a part of half a unit in the last place of ``size``, times ``LARGER``."""
    moved = result + size * (HALF_UNIT[result.dtype] * mixed(key))
    if not np.isfinite(moved).all():
        moved = np.where(np.isfinite(moved), moved, result)
    return np.asarray(moved, dtype=result.dtype)


def key_of(
    ufunc: np.ufunc, method: str, operands: Sequence[Any], options: Mapping[str, Any]
) -> Array:
    """A whole number for each element of the result, from the operands that lead to it."""
    key = np.asarray(np.int64(crc32(ufunc.__name__.encode())))
    if method == "reduce":
        axes = {name: options[name] for name in ("axis", "keepdims") if name in options}
        return np.asarray(key + np.add.reduce(mixed(bits(operands[0])), **axes))
    if ufunc is np.matmul:
        x, y = (mixed(bits(operand)) for operand in operands)
        rows = np.add.reduce(x, axis=-1)
        columns = np.add.reduce(y, axis=-2 if y.ndim > 1 else -1)
        if x.ndim > 1 and y.ndim > 1:
            rows, columns = rows[..., :, None], columns[..., None, :]
        return np.asarray(key + rows + 3 * columns)
    for operand in operands:
        key = mixed(key) + bits(operand)
    return key


def bits(x: Array) -> Array:
    """Floating-point numbers as the whole numbers with the same bits."""
    return np.asarray(x, np.float64).view(np.int64)


def mixed(key: Any) -> Array:
    """Whole numbers scattered over all of int64, equal ones to the same place."""
    for multiplier in MULTIPLIERS:
        key = (key ^ (key >> 32)) * multiplier
    return np.asarray(key)


@np.errstate(all="ignore")
def rounding_of_output(out: Tensor, leaf: Tensor, seed: int) -> Array:
    """A rounding error that the values of ``out`` may well have, drawn by ``seed``.

    That of what does not depend on ``leaf``, and never moves with it, is left out.

    Examples
    --------
    >>> x = Tensor(np.linspace(1, 2, 1000), requires_grad=True)
    >>> bool(1e-17 < np.std(rounding_of_output(x * 1.0, x, seed=0)) < 2e-16)
    True
    >>> bool(1e-9 < np.std(rounding_of_output((x + 1e8) - 1e8, x, seed=0)) < 2e-8)
    True
    """
    values = replayed_values(topological_order(out), {leaf}, seed)
    if out not in values:
        return np.zeros(out.shape)
    return np.asarray((plain(values[out]) - out.data) / LARGER)


@np.errstate(all="ignore")
def rounding_of_gradient(
    out: Tensor, leaf: Tensor, cotangent: Array, gradient: Array, seed: int
) -> Array:
    """One that the ``gradient`` which the rules give for a leaf may well have."""
    order = topological_order(out)
    leading = set(leading_to(order, [leaf]))
    values = replayed_values(order, {tensor for tensor in order if tensor.op is None}, seed)
    grads: dict[Tensor, Any] = {out: trembling(cotangent.reshape(out.shape), seed)}
    for tensor in order:
        if tensor.op is None or tensor not in grads:
            continue
        grad_out = grads.pop(tensor)
        operands = operands_of(tensor, values, seed)
        for index, x in enumerate(tensor.inputs):
            if isinstance(x, Tensor) and x in leading:
                given = [grad_out, values[tensor], *operands]
                part = trembling(run(tensor.op.rules[index], given, tensor.params), seed)
                grads[x] = grads[x] + part if x in grads else part
    if leaf not in grads:
        return np.zeros(leaf.shape)
    return np.asarray((plain(grads[leaf]) - gradient) / LARGER)


def replayed_values(order: Sequence[Tensor], leaves: set[Tensor], seed: int) -> dict[Tensor, Any]:
    """The values of some leaves, and of all that is computed from them."""
    values = {leaf: trembling(leaf.data.copy(), seed) for leaf in leaves}
    for tensor in reversed(order):
        if any(isinstance(x, Tensor) and x in values for x in tensor.inputs):
            values[tensor] = forward_of(tensor.op, operands_of(tensor, values, seed), tensor.params)
    return values


def operands_of(tensor: Tensor, values: Mapping[Tensor, Any], seed: int) -> list[Any]:
    return [
        values[x] if isinstance(x, Tensor) and x in values else trembling(array, seed)
        for x, array in zip(tensor.inputs, tensor.arrays, strict=True)
    ]
