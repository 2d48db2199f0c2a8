"""What a native program is made of beside loops: memory, products of matrices, exact arithmetic.

Generated programs import it. It is the only file of the package that needs Numba at import.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

__all__ = [
    "accumulate",
    "blas_nn",
    "blas_nt",
    "blas_tn",
    "blas_tt",
    "buffer",
    "dot_n",
    "dot_t",
    "elements",
    "exp_float32",
    "floor_divide",
    "integer_floor_divide",
    "integer_power",
    "integer_remainder",
    "matrix",
    "maximum",
    "minimum",
    "remainder",
    "wrapped",
]


def kept(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """As ``njit``, and Numba keeps the native code if it finds a directory to write to."""

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return njit(cache=True, **options)(function)
        except RuntimeError:  # no directory: neither this file's own, nor one of the user's
            return njit(**options)(function)

    return decorate


# Memory


def flat_array(context: Any, builder: Any, kind: Any, data: Any, size: Any) -> Any:
    """A 1-D array over memory that belongs to somebody else, hence without a reference count."""
    array = make_array(kind)(context, builder)
    itemsize = context.get_constant(types.intp, context.get_abi_sizeof(data.type.pointee))
    populate_array(
        array, data=data, shape=[size], strides=[itemsize], itemsize=itemsize, meminfo=None
    )
    return array._getvalue()


@intrinsic
def elements(typing_context: Any, array: Any, size: Any) -> Any:
    """elements(array, size): those of a C-contiguous array, as one axis."""
    kind = types.Array(array.dtype, 1, "C")

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        whole = make_array(array)(context, builder, args[0])
        return flat_array(context, builder, kind, whole.data, args[1])

    return kind(array, types.intp), codegen


@intrinsic
def buffer(typing_context: Any, workspace: Any, offset: Any, size: Any, dtype: Any) -> Any:
    """buffer(workspace, offset, size, dtype): an array that begins at a byte of the workspace."""
    kind = types.Array(dtype.dtype, 1, "C")

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        whole = make_array(workspace)(context, builder, args[0])
        place = cgutils.gep(builder, whole.data, args[1], inbounds=True)
        data = builder.bitcast(place, context.get_data_type(dtype.dtype).as_pointer())
        return flat_array(context, builder, kind, data, args[2])

    return kind(workspace, types.intp, types.intp, dtype), codegen


# Numbers


@intrinsic
def accumulate(typing_context: Any, total: Any, x: Any) -> Any:
    """accumulate(total, x): their sum, in any order that is fast; other sums keep theirs."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if isinstance(total, types.Float):
            return builder.fadd(*args, flags=("reassoc", "contract"))
        return builder.add(*args)

    return total(total, total), codegen


@njit
def maximum(x, y):
    """The larger one; NaN if one is NaN."""
    return x if x >= y or x != x else y


@njit
def minimum(x, y):
    """The smaller one; NaN if one is NaN."""
    return x if x <= y or x != x else y


@intrinsic
def bits_of(typing_context: Any, x: Any) -> Any:
    """bits_of(x): those of a float64 as an int64."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(types.int64))

    return types.int64(types.float64), codegen


@intrinsic
def of_bits(typing_context: Any, bits: Any) -> Any:
    """of_bits(bits): the float64 that an int64 is in memory."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(types.float64))

    return types.float64(types.int64), codegen


LOG2_E = 1.4426950408889634
LN_2 = 0.6931471805599453
ROUNDING = 1.5 * 2.0**52  # added and taken away again, it leaves an integer, which is its low bits


@njit(fastmath={"contract"})
def exp_float32(x):
    """exp of a float32, without branches, so that a loop does several at a time.

    With x = n ln 2 + r, |r| <= ln 2 / 2: 2ⁿ by its bits, exp r by its series up to r⁷ (what is left
    out is below 6e-9). In float64, in which nothing here overflows; rounded once, at the end.
    """
    z: Any = np.float64(x)
    z = 89.0 if z > 89.0 else z  # infinite as a float32
    z = -104.0 if z < -104.0 else z  # 0 as a float32
    shifted = z * LOG2_E + ROUNDING
    r = z - (shifted - ROUNDING) * LN_2
    series = 1 / 720 + r * (1 / 5040)
    series = 1 / 24 + r * (1 / 120 + r * series)
    series = 1.0 + r * (1.0 + r * (0.5 + r * (1 / 6 + r * series)))
    return np.float32(series * of_bits((bits_of(shifted) + 1023) << 52))


@njit
def floor_divide(x, y):
    """The largest integer not above x / y."""
    if y == 0:
        return x / y
    rest = np.fmod(x, y)
    quotient = (x - rest) / y
    if rest != 0 and (y < 0) != (rest < 0):
        quotient -= 1
    if quotient == 0:
        return np.copysign(quotient, x / y)
    whole = np.floor(quotient)
    return whole + 1 if quotient - whole > 0.5 else whole


@njit
def remainder(x, y):
    """What floor division leaves, with the sign of y."""
    rest = np.fmod(x, y)
    if y == 0:
        return rest
    if rest == 0:
        return np.copysign(rest, y)
    return rest + y if (y < 0) != (rest < 0) else rest


@njit
def integer_floor_divide(x, y):
    """As for other numbers, and 0 where y is."""
    return x // y if y != 0 else x - x


@njit
def integer_remainder(x, y):
    """As for other numbers, and 0 where y is."""
    return x % y if y != 0 else x - x


@njit
def integer_power(x, exponent):
    """x to a power >= 0, by squaring; what does not fit wraps around as in NumPy."""
    result = 1
    while exponent > 0:
        if exponent & 1:
            result *= x
        x *= x
        exponent >>= 1
    return result


@njit
def wrapped(k, n):
    """An index counted from the start; what is out of range has been refused, and reads 0."""
    k = k + n if k < 0 else k
    return k if 0 <= k < n else 0


@intrinsic
def matrix(typing_context: Any, array: Any, rows: Any, columns: Any) -> Any:
    """matrix(array, rows, columns): the elements of an array with one axis, row after row."""
    kind = types.Array(array.dtype, 2, "C")

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        flat = make_array(array)(context, builder, args[0])
        size = context.get_constant(types.intp, context.get_abi_sizeof(flat.data.type.pointee))
        found = make_array(kind)(context, builder)
        populate_array(
            found,
            data=flat.data,
            shape=[args[1], args[2]],
            strides=[builder.mul(args[2], size), size],
            itemsize=size,
            meminfo=None,
        )
        return found._getvalue()

    return kind(array, types.intp, types.intp), codegen


# Products of matrices out[n, m] = x @ y. Of x the strides along n and inner are told.


@kept(fastmath={"contract", "reassoc"})
def dot_n(x, row, column, y, out, n, inner, m):
    """With y[inner, m] as it lies."""
    for i in range(n):
        for j in range(m):
            out[i * m + j] = 0
        for k in range(inner):
            factor = x[i * row + k * column]
            for j in range(m):
                out[i * m + j] += factor * y[k * m + j]


@kept(fastmath={"contract", "reassoc"})
def dot_t(x, row, column, y, out, n, inner, m):
    """With y[m, inner], transposed."""
    for i in range(n):
        for j in range(m):
            total = x.dtype.type(0)
            for k in range(inner):
                total += x[i * row + k * column] * y[j * inner + k]
            out[i * m + j] = total


# The same by BLAS, worth its call for large ones; n, t: x and y as they lie, or transposed


@kept()
def blas_nn(x, y, out, n, inner, m):
    """out[n, m] = x[n, inner] @ y[inner, m]"""
    np.dot(matrix(x, n, inner), matrix(y, inner, m), matrix(out, n, m))


@kept()
def blas_tn(x, y, out, n, inner, m):
    """out[n, m] = x[inner, n].T @ y[inner, m]"""
    np.dot(matrix(x, inner, n).T, matrix(y, inner, m), matrix(out, n, m))


@kept()
def blas_nt(x, y, out, n, inner, m):
    """out[n, m] = x[n, inner] @ y[m, inner].T"""
    np.dot(matrix(x, n, inner), matrix(y, m, inner).T, matrix(out, n, m))


@kept()
def blas_tt(x, y, out, n, inner, m):
    """out[n, m] = x[inner, n].T @ y[m, inner].T"""
    np.dot(matrix(x, inner, n).T, matrix(y, m, inner).T, matrix(out, n, m))
