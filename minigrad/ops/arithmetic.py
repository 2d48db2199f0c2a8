"""Arithmetic on two operands: + - * / and powers, and the sign change."""

from typing import Any

import numpy as np

from minigrad.ops.base import A, Op, call, in_dtype_of
from minigrad.ops.broadcasting import unbroadcast

__all__ = [
    "Add",
    "Divide",
    "Multiply",
    "Negative",
    "Power",
    "PowerOfConstant",
    "Subtract",
    "add",
    "divide",
    "multiply",
    "negative",
    "power",
    "subtract",
]


class Add(Op):
    """out = x + y, elementwise, with broadcasting."""

    @staticmethod
    def forward(x, y):
        return x + y

    @staticmethod
    def grad_x(grad_out, out, x, y):
        grad_x = unbroadcast(grad_out, x.shape)
        return grad_x

    @staticmethod
    def grad_y(grad_out, out, x, y):
        grad_y = unbroadcast(grad_out, y.shape)
        return grad_y


def add(x: Any, y: Any) -> Any:
    """Elementwise sum, ``x + y``; shapes broadcast, dtypes promote as in NumPy.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.add(np.array([1.0, 2.0]), 0.5)
    array([1.5, 2.5])
    """
    return call(Add, x, y)


class Subtract(Op):
    """out = x - y, elementwise, with broadcasting."""

    @staticmethod
    def forward(x, y):
        return x - y

    @staticmethod
    def grad_x(grad_out, out, x, y):
        grad_x = unbroadcast(grad_out, x.shape)
        return grad_x

    @staticmethod
    def grad_y(grad_out, out, x, y):
        grad_y = unbroadcast(-grad_out, y.shape)
        return grad_y


def subtract(x: Any, y: Any) -> Any:
    """Elementwise difference, ``x - y``; shapes broadcast, dtypes promote as in NumPy.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.subtract(np.array([1.0, 2.0]), 0.5)
    array([0.5, 1.5])
    """
    return call(Subtract, x, y)


class Multiply(Op):
    """out = x * y, elementwise, with broadcasting."""

    @staticmethod
    def forward(x, y):
        return x * y

    @staticmethod
    def grad_x(grad_out, out, x, y):
        grad_x = grad_out * y
        return unbroadcast(grad_x, x.shape)

    @staticmethod
    def grad_y(grad_out, out, x, y):
        grad_y = grad_out * x
        return unbroadcast(grad_y, y.shape)


def multiply(x: Any, y: Any) -> Any:
    """Elementwise product, ``x * y``; shapes broadcast, dtypes promote as in NumPy.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.multiply(np.array([1.0, 2.0]), np.array([[3.0], [4.0]]))
    array([[3., 6.],
           [4., 8.]])
    """
    return call(Multiply, x, y)


class Divide(Op):
    """out = x / y, elementwise, with broadcasting."""

    @staticmethod
    def forward(x, y):
        return x / y

    @staticmethod
    def grad_x(grad_out, out, x, y):
        grad_x = grad_out / y
        return unbroadcast(grad_x, x.shape)

    @staticmethod
    def grad_y(grad_out, out, x, y):
        grad_y = -grad_out * out / y
        return unbroadcast(grad_y, y.shape)


def divide(x: Any, y: Any) -> Any:
    """Elementwise quotient, ``x / y``; shapes broadcast, dtypes promote as in NumPy.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.divide(np.array([1.0, 2.0]), 4.0)
    array([0.25, 0.5 ])
    """
    return call(Divide, x, y)


class Negative(Op):
    """out = -x."""

    @staticmethod
    def forward(x):
        return -x

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = -grad_out
        return grad_x


def negative(x: A) -> A:
    """Elementwise sign change, ``-x``.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.negative(np.array([1.0, -2.0]))
    array([-1.,  2.])
    """
    return call(Negative, x)


class PowerOfConstant(Op):
    """out = x ** exponent, for one fixed number as the exponent."""

    @staticmethod
    def forward(x, *, exponent):
        return x**exponent

    @staticmethod
    def grad_x(grad_out, out, x, *, exponent):
        lowered = exponent - (exponent != 0)  # x ** 0 is constant: 0 * x ** 0, never 0 * x ** -1
        grad_x = grad_out * (exponent * x**lowered)
        return grad_x


class Power(Op):
    """out = x ** y, elementwise, with broadcasting."""

    @staticmethod
    def forward(x, y):
        return np.power(x, y)  # NumPy 2.2's ** would first try to make a Python number of y

    @staticmethod
    def grad_x(grad_out, out, x, y):
        both_zero = (x == 0) & (y == 0)  # there y * x ** (y - 1) would be 0 * inf; its limit is 0
        grad_x = grad_out * (y * x ** (y - 1 + both_zero))
        return unbroadcast(grad_x, x.shape)

    @staticmethod
    def grad_y(grad_out, out, x, y):
        log_x = np.log(x + (x == 0))  # 0 ** y is 0 beside every y > 0: no slope in y
        grad_y = grad_out * (out * log_x)
        return unbroadcast(grad_y, y.shape)


def power(x: Any, y: Any) -> Any:
    """Elementwise power, ``x ** y``; shapes broadcast, dtypes promote as in NumPy.

    The gradient with respect to ``x`` is y·x^(y−1), and 0 where y = 0; with respect to ``y`` it is
    x^y·ln x, and 0 where x = 0. A negative ``x`` has no real logarithm: its gradient with respect
    to ``y`` is NaN.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.power(np.array([1.0, 2.0, 3.0]), 2)
    array([1., 4., 9.])
    """
    if isinstance(y, (int, float)):
        return call(PowerOfConstant, x, exponent=y)
    return call(Power, in_dtype_of(y, x), y)
