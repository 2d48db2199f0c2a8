"""A plain NumPy function and its gradient, derived by hand, as an op that can be checked."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.errors import ShapeError
from minigrad.ops.base import Op, call

__all__ = ["opaque"]


def opaque(fn: Callable[[Any], Any], gradient: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``fn`` with ``gradient`` for its derivative: both take an array, ``fn`` returns a number.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> opaque(lambda x: np.sum(x**2), lambda x: 2 * x)(x).backward()
    >>> x.grad
    array([2., 4.])
    """

    class Opaque(Op):
        @staticmethod
        def forward(x: Any) -> Any:
            value = np.asarray(fn(x))
            if value.size != 1:
                raise ShapeError(
                    "with a gradient given, fn must return a single number, not an array of shape "
                    f"{value.shape}"
                )
            return value.reshape(())

        @staticmethod
        def grad_x(grad_out: Any, out: Any, x: Any) -> Any:
            slope = np.asarray(gradient(np.asarray(x)))
            if slope.shape != x.shape:
                raise ShapeError(f"gradient returned shape {slope.shape} for an input of {x.shape}")
            grad_x = grad_out * slope
            return grad_x

    def checked(x: Any) -> Any:
        return call(Opaque, x)

    checked.__name__ = getattr(fn, "__name__", "fn")
    return checked
