"""Smooth functions of one operand, applied to every element."""

import math

import numpy as np

from minigrad.errors import DTypeError
from minigrad.ops.base import A, Op, UnknownArray, call

__all__ = [
    "Cast",
    "Copy",
    "Cos",
    "Erf",
    "Exp",
    "Expm1",
    "Log",
    "Log1p",
    "Log2",
    "Sin",
    "Sqrt",
    "Square",
    "Tanh",
    "astype",
    "copy",
    "cos",
    "erf",
    "exp",
    "expm1",
    "log",
    "log1p",
    "log2",
    "sin",
    "sqrt",
    "square",
    "tanh",
]


class Exp(Op):
    """out = e ** x."""

    @staticmethod
    def forward(x):
        return np.exp(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out * out
        return grad_x


def exp(x: A) -> A:
    """Elementwise exponential, e^x.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.exp(np.array([0.0, 1.0]))
    array([1.        , 2.71828183])
    """
    return call(Exp, x)


class Expm1(Op):
    """out = e ** x - 1, accurate for small x."""

    @staticmethod
    def forward(x):
        return np.expm1(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out * (out + 1)
        return grad_x


def expm1(x: A) -> A:
    """Elementwise e^x − 1, accurate for small ``x``.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.expm1(np.array([0.0, 1e-20]))
    array([0.e+00, 1.e-20])
    """
    return call(Expm1, x)


class Log(Op):
    """out = ln x."""

    @staticmethod
    def forward(x):
        return np.log(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out / x
        return grad_x


def log(x: A) -> A:
    """Elementwise natural logarithm, ln x, for x > 0.

    As in NumPy, 0 gives −inf and a negative value NaN, each with a RuntimeWarning.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.log(np.array([1.0, np.e]))
    array([0., 1.])
    """
    return call(Log, x)


class Log1p(Op):
    """out = ln(1 + x), accurate for small x."""

    @staticmethod
    def forward(x):
        return np.log1p(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out / (1 + x)
        return grad_x


def log1p(x: A) -> A:
    """Elementwise ln(1 + x) for x > −1, accurate for small ``x``.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.log1p(np.array([0.0, 1e-20]))
    array([0.e+00, 1.e-20])
    """
    return call(Log1p, x)


class Log2(Op):
    """out = log2 x, the logarithm in bits."""

    @staticmethod
    def forward(x):
        return np.log2(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out / (x * math.log(2))
        return grad_x


def log2(x: A) -> A:
    """Elementwise base-2 logarithm for x > 0: ``-log2(p)`` is information in bits.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.log2(np.array([1.0, 8.0]))
    array([0., 3.])
    """
    return call(Log2, x)


class Sqrt(Op):
    """out = the square root of x."""

    @staticmethod
    def forward(x):
        return np.sqrt(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out / (2 * out)
        return grad_x


def sqrt(x: A) -> A:
    """Elementwise square root for x ≥ 0; its gradient at 0 is infinite.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.sqrt(np.array([4.0, 9.0]))
    array([2., 3.])
    """
    return call(Sqrt, x)


class Square(Op):
    """out = x * x."""

    @staticmethod
    def forward(x):
        return np.square(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out * (2 * x)
        return grad_x


def square(x: A) -> A:
    """Elementwise square, x².

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.square(np.array([2.0, -3.0]))
    array([4., 9.])
    """
    return call(Square, x)


class Sin(Op):
    """out = sin x."""

    @staticmethod
    def forward(x):
        return np.sin(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out * np.cos(x)
        return grad_x


def sin(x: A) -> A:
    """Elementwise sine of ``x`` in radians.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.sin(np.array([0.0, np.pi / 2]))
    array([0., 1.])
    """
    return call(Sin, x)


class Cos(Op):
    """out = cos x."""

    @staticmethod
    def forward(x):
        return np.cos(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = -grad_out * np.sin(x)
        return grad_x


def cos(x: A) -> A:
    """Elementwise cosine of ``x`` in radians.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.cos(np.array([0.0, np.pi]))
    array([ 1., -1.])
    """
    return call(Cos, x)


class Tanh(Op):
    """out = tanh x."""

    @staticmethod
    def forward(x):
        return np.tanh(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out * (1 - out * out)
        return grad_x


def tanh(x: A) -> A:
    """Elementwise hyperbolic tangent, with values in (−1, 1).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.tanh(np.array([0.0, 100.0]))
    array([0., 1.])
    """
    return call(Tanh, x)


_erf = np.frompyfunc(math.erf, 1, 1)


class Erf(Op):
    """out = the error function of x."""

    @staticmethod
    def forward(x):
        values = _erf(x)
        if isinstance(values, UnknownArray):
            return values
        return np.asarray(values, dtype=np.result_type(x, np.float16))

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out * (2 / math.sqrt(math.pi) * np.exp(-x * x))
        return grad_x


def erf(x: A) -> A:
    """Elementwise error function, 2/√π ∫₀ˣ exp(−u²) du, with values in (−1, 1).

    Computed by the C library's ``erf`` for each element, hence exact to rounding but slower than
    the other functions here.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.erf(np.array([0.0, 0.5, 1.0]))
    array([0.        , 0.52049988, 0.84270079])
    """
    return call(Erf, x)


class Copy(Op):
    """out = x, in memory of its own."""

    @staticmethod
    def forward(x):
        return x.copy()

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out
        return grad_x


def copy(x: A) -> A:
    """``x`` in memory of its own; gradients pass through.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.copy(np.array([1.0, 2.0]))
    array([1., 2.])
    """
    return call(Copy, x)


class Cast(Op):
    """out = x in another floating-point dtype."""

    @staticmethod
    def forward(x, *, dtype):
        return x.astype(dtype)

    @staticmethod
    def grad_x(grad_out, out, x, *, dtype):
        grad_x = grad_out.astype(x.dtype)
        return grad_x


def astype(x: A, dtype: np.typing.DTypeLike) -> A:
    """``x`` in another floating-point dtype; the gradient comes back in the dtype of ``x``.

    Raises
    ------
    DTypeError
        For a dtype that is not floating-point: rounding has no useful gradient.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.astype(np.array([1.5]), np.float32)
    array([1.5], dtype=float32)
    """
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        raise DTypeError(
            f"astype: {dtype} is not a floating-point dtype, and no gradient flows through it; "
            "for plain values convert the array itself, t.numpy().astype(...)"
        )
    return call(Cast, x, dtype=dtype)
