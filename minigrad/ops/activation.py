"""Activation functions: what a layer applies to its weighted sums."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.errors import DomainError
from minigrad.ops.base import A, Op, call
from minigrad.ops.elementwise import erf

__all__ = [
    "Elu",
    "Gelu",
    "GeluTanh",
    "LeakyRelu",
    "LogSoftmax",
    "Relu",
    "Sigmoid",
    "Silu",
    "Softmax",
    "Softplus",
    "elu",
    "gelu",
    "leaky_relu",
    "log_softmax",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
]


@lru_cache
def largest_exponent(dtype: np.dtype[np.floating]) -> NDArray[np.floating]:
    """A largest x whose exp(x) is finite in ``dtype``; integers are computed in float64.

    As an array, with which NumPy compares others faster than with a Python number.
    """
    kind = dtype if dtype.kind == "f" else np.dtype(np.float64)
    rounded = np.log(np.finfo(kind).max)
    largest = np.asarray(np.nextafter(rounded, np.zeros_like(rounded)))
    largest.flags.writeable = False
    return largest


class Sigmoid(Op):
    """out = 1 / (1 + exp(-x)), computed as exp(x) / (1 + exp(x)) with x kept from overflow."""

    @staticmethod
    def forward(x):
        exp_x = np.exp(np.minimum(x, largest_exponent(x.dtype)))
        return exp_x / (1 + exp_x)

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out * out * (1 - out)
        return grad_x


def sigmoid(x: A) -> A:
    """Logistic sigmoid σ(x) = 1 / (1 + e^(−x)), elementwise, with values in (0, 1).

    Its slope σ(x)·(1 − σ(x)) is at most 1/4 and vanishes for large |x|: a saturated unit.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([0.0, 1000.0], requires_grad=True)
    >>> mg.sigmoid(x).sum().backward()
    >>> x.grad
    array([0.25, 0.  ])
    """
    return call(Sigmoid, x)


class Relu(Op):
    """out = max(x, 0); the slope at 0 is taken as 0."""

    @staticmethod
    def forward(x):
        return np.maximum(x, 0)

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out * (x > 0)
        return grad_x

    @staticmethod
    def branch(x):
        return np.sign(x)


def relu(x: A) -> A:
    """Rectified linear unit, max(x, 0), elementwise. At 0, where it has a kink, its slope is 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([-1.0, 0.0, 2.0], requires_grad=True)
    >>> mg.relu(x).sum().backward()
    >>> x.grad
    array([0., 0., 1.])
    """
    return call(Relu, x)


class LeakyRelu(Op):
    """out = x where x > 0, else slope * x."""

    @staticmethod
    def forward(x, *, slope):
        return np.maximum(x, 0) + slope * np.minimum(x, 0)

    @staticmethod
    def grad_x(grad_out, out, x, *, slope):
        grad_x = grad_out * (x > 0) + grad_out * (x <= 0) * slope
        return grad_x

    @staticmethod
    def branch(x, *, slope):
        return np.sign(x)


def leaky_relu(x: A, slope: float = 0.01) -> A:
    """``x`` where x > 0, ``slope``·x elsewhere. At the kink in 0 its slope is ``slope``.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.leaky_relu(np.array([-1.0, 2.0]))
    array([-0.01,  2.  ])
    """
    return call(LeakyRelu, x, slope=slope)


class Elu(Op):
    """out = x where x > 0, else alpha * (exp(x) - 1)."""

    @staticmethod
    def forward(x, *, alpha):
        return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))

    @staticmethod
    def grad_x(grad_out, out, x, *, alpha):
        slope_below = alpha * np.exp(np.minimum(x, 0))
        grad_x = grad_out * (x > 0) + grad_out * slope_below * (x <= 0)
        return grad_x

    @staticmethod
    def branch(x, *, alpha):
        return np.sign(x)


def elu(x: A, alpha: float = 1.0) -> A:
    """Exponential linear unit: ``x`` where x > 0, ``alpha``·(e^x − 1) elsewhere.

    Smooth at 0 for ``alpha=1``; for another ``alpha`` its slope at the kink in 0 is ``alpha``.
    Source: Clevert, Unterthiner, Hochreiter 2015, arXiv:1511.07289.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.elu(np.array([-1000.0, 2.0]))
    array([-1.,  2.])
    """
    return call(Elu, x, alpha=alpha)


class Softplus(Op):
    """out = ln(1 + exp(x)), a smooth relu."""

    @staticmethod
    def forward(x):
        return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out * sigmoid(x)
        return grad_x


def softplus(x: A) -> A:
    """ln(1 + e^x), elementwise, without overflow: a smooth `relu` whose slope is `sigmoid`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.softplus(np.array([0.0, 1000.0]))
    array([6.93147181e-01, 1.00000000e+03])
    """
    return call(Softplus, x)


class Silu(Op):
    """out = x * sigmoid(x)."""

    @staticmethod
    def forward(x):
        return x * sigmoid(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        s = sigmoid(x)
        grad_x = grad_out * (s + x * s * (1 - s))
        return grad_x


def silu(x: A) -> A:
    """x·σ(x), elementwise, also called swish.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.silu(np.array([0.0, 1.0]))
    array([0.        , 0.73105858])
    """
    return call(Silu, x)


class Gelu(Op):
    """out = x * Phi(x), with the normal distribution function Phi by erf."""

    @staticmethod
    def forward(x):
        return x * normal_cdf(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        density = np.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
        grad_x = grad_out * (normal_cdf(x) + x * density)
        return grad_x


def normal_cdf(x):
    """Distribution function of the standard normal distribution."""
    return 0.5 * (1 + erf(x * math.sqrt(0.5)))


class GeluTanh(Op):
    """out = 0.5 * x * (1 + tanh(c * (x + 0.044715 x^3))), gelu's approximation by tanh."""

    @staticmethod
    def forward(x):
        return 0.5 * x * (1 + np.tanh(GELU_SCALE * (x + GELU_CUBIC * x * x * x)))

    @staticmethod
    def grad_x(grad_out, out, x):
        t = np.tanh(GELU_SCALE * (x + GELU_CUBIC * x * x * x))
        inner_slope = GELU_SCALE * (1 + 3 * GELU_CUBIC * x * x)
        grad_x = grad_out * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner_slope)
        return grad_x


GELU_SCALE = math.sqrt(2 / math.pi)
GELU_CUBIC = 0.044715


def gelu(x: A, approximate: str = "none") -> A:
    """Gaussian error linear unit, x·Φ(x), elementwise.

    Parameters
    ----------
    x : Tensor or array
    approximate : {"none", "tanh"}
        "none" computes Φ by `erf`; "tanh" uses
        ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³))), faster and within 5e-4 of it.

    Raises
    ------
    DomainError
        For any other ``approximate``.

    Notes
    -----
    Source: Hendrycks and Gimpel 2016, arXiv:1606.08415.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.gelu(np.array([0.0, 1.0]))
    array([0.        , 0.84134475])
    """
    if approximate == "none":
        return call(Gelu, x)
    if approximate == "tanh":
        return call(GeluTanh, x)
    raise DomainError(f"gelu: approximate is {approximate!r}; it must be 'none' or 'tanh'")


class Softmax(Op):
    """out = exp(x) / sum exp(x) along axis, shifted by the maximum so that exp cannot overflow."""

    @staticmethod
    def forward(x, *, axis):
        return stable_softmax(x, axis)

    @staticmethod
    def grad_x(grad_out, out, x, *, axis):
        mean_grad = np.add.reduce(grad_out * out, axis=axis, keepdims=True)
        grad_x = out * (grad_out - mean_grad)
        return grad_x


SHORT_ROW = 32
MANY_ROWS = 64


def as_columns(x: Any, axis: Any) -> Any:
    """``x``, column after column in memory: NumPy is slow with short rows, if they are many."""
    if axis == -1 and x.ndim == 2 and x.shape[1] <= SHORT_ROW and x.shape[0] >= MANY_ROWS:
        return x.T.copy().T
    return x


def row_maxima(x: Any) -> Any:
    """The largest element of each row, as a column beside ``x``."""
    return np.maximum.reduce(as_columns(x, -1), axis=-1, keepdims=True)


def stable_softmax(x, axis):
    """softmax(x), written in the rule vocabulary, so that rules of other ops may use it."""
    x = as_columns(x, axis)
    exp_x = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True))
    return exp_x / np.add.reduce(exp_x, axis=axis, keepdims=True)


def softmax(x: A, axis: int | tuple[int, ...] | None = -1) -> A:
    """exp(x) / Σ exp(x) along ``axis``: positive, summing to 1, for any finite ``x``.

    For a loss use `softmax_cross_entropy` on the logits instead: it stays exact where a
    probability underflows to 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.softmax(np.array([[0.0, 0.0], [0.0, 1000.0]]))
    array([[0.5, 0.5],
           [0. , 1. ]])
    """
    return call(Softmax, x, axis=axis)


class LogSoftmax(Op):
    """out = x - ln sum exp(x) along axis."""

    @staticmethod
    def forward(x, *, axis):
        return stable_log_softmax(x, axis)

    @staticmethod
    def grad_x(grad_out, out, x, *, axis):
        total = np.add.reduce(grad_out, axis=axis, keepdims=True)
        grad_x = grad_out - np.exp(out) * total
        return grad_x


def stable_log_softmax(x, axis):
    """ln softmax(x) along ``axis``, shifted by the maximum."""
    x = as_columns(x, axis)
    shifted = x - np.maximum.reduce(x, axis=axis, keepdims=True)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))


def log_softmax(x: A, axis: int | tuple[int, ...] | None = -1) -> A:
    """ln softmax(x) along ``axis``, exact where softmax itself would underflow to 0.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    return call(LogSoftmax, x, axis=axis)
