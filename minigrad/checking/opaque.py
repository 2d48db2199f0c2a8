"""A plain NumPy function and its gradient, derived by hand, as an op that can be checked."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.errors import DTypeError, ShapeError
from minigrad.ops.base import Op, call

__all__ = ["opaque"]


def opaque(fn: Callable[..., Any], gradient: Callable[..., Any]) -> Callable[..., Any]:
    """``fn`` with ``gradient`` for its derivative: both take the same arrays.

    ``fn`` returns a number, ``gradient`` an array of the shape of the input; of several inputs a
    tuple with one for each, of which those that are not differentiated may be None.

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
        def forward(*arrays: Any) -> Any:
            value = np.asarray(fn(*arrays))
            complex_step = any(np.iscomplexobj(x) for x in arrays)
            if value.dtype.kind not in ("fiubc" if complex_step else "fiub"):
                raise DTypeError(
                    f"with a gradient given, fn must return a single number, got {value[()]!r}"
                )
            if value.size != 1:
                raise ShapeError(
                    "with a gradient given, fn must return a single number, not an array of shape "
                    f"{value.shape}"
                )
            return value.reshape(())

        @staticmethod
        def grad_arrays(grad_out: Any, out: Any, *arrays: Any, index: int) -> Any:
            found = gradient(*map(np.asarray, arrays))
            if len(arrays) > 1 or np.shape(found) != arrays[0].shape:
                found = slope_of(found, index, len(arrays))
            slope = np.asarray(found)
            if slope.shape != arrays[index].shape:
                raise ShapeError(
                    f"gradient returned shape {slope.shape} for input {index} of shape "
                    f"{arrays[index].shape}"
                )
            grad_x = grad_out * slope
            return grad_x

    def checked(*arrays: Any) -> Any:
        return call(Opaque, *arrays)

    checked.__name__ = getattr(fn, "__name__", "fn")
    return checked


def slope_of(found: Any, index: int, inputs: int) -> Any:
    """Of what a gradient returned the part that belongs to one of the inputs."""
    if inputs == 1 and not (isinstance(found, tuple) and len(found) == 1):
        return found
    if not isinstance(found, (tuple, list)) or len(found) != inputs:
        raise ShapeError(
            f"gradient must return a tuple of arrays, one for each of the {inputs} inputs; got "
            f"{found!r}"
        )
    if found[index] is None:
        raise DTypeError(f"gradient returned None for input {index}")
    return found[index]
