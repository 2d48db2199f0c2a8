"""What an optimizer accepts as parameters and as their gradients."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.errors import DomainError, DTypeError, GradientError, GraphError
from minigrad.ops.base import UnknownArray
from minigrad.tensor import Tensor

__all__ = ["check_gradient", "checked_parameters"]


def checked_parameters(owner: str, parameters: Iterable[Tensor]) -> list[Tensor]:
    """The parameters as a list: distinct writable leaves, some of which require gradients.

    The others are frozen: no gradient ever arrives there, and the optimizer passes them over.
    """
    if isinstance(parameters, Tensor) or not isinstance(parameters, Iterable):
        raise DTypeError(
            f"{owner}: parameters is {parameters!r} ({type(parameters).__name__}); pass an "
            "iterable of Tensors, such as model.parameters() or [w, b]"
        )
    tensors = list(parameters)
    if not tensors:
        raise DomainError(
            f"{owner}: parameters is empty; pass at least one Tensor (a generator that was "
            "iterated over before is empty too)"
        )
    positions: dict[Tensor, int] = {}
    for position, parameter in enumerate(tensors):
        check_parameter(f"{owner}: parameters[{position}]", parameter)
        if parameter in positions:
            raise DomainError(
                f"{owner}: parameters[{position}] is {parameter!r} again, the same Tensor as "
                f"parameters[{positions[parameter]}]; list it once"
            )
        positions[parameter] = position
    if not any(parameter.requires_grad for parameter in tensors):
        raise GraphError(
            f"{owner}: none of the parameters requires a gradient, the first is {tensors[0]!r}; "
            "build at least one with requires_grad=True"
        )
    return tensors


def check_parameter(place: str, parameter: Any) -> None:
    if not isinstance(parameter, Tensor):
        raise DTypeError(f"{place} is a {type(parameter).__name__}, not a Tensor: {parameter!r}")
    if parameter.op is not None:
        raise GraphError(
            f"{place} is {parameter!r}, the result of an op; only a leaf can be updated, so pass "
            "the Tensor it was computed from"
        )
    if not parameter.data.flags.writeable:
        raise DomainError(
            f"{place} is {parameter!r}, whose array is read-only; build it from a copy: "
            "Tensor(array.copy(), requires_grad=True)"
        )


def check_gradient(owner: str, position: int, parameter: Tensor, grad: NDArray[Any]) -> None:
    """Raise GradientError unless ``grad`` is an ndarray of the parameter's shape and dtype."""
    data = parameter.data
    if not isinstance(grad, (np.ndarray, UnknownArray)):
        found = f"a {type(grad).__name__}, not an ndarray"
    elif grad.shape != data.shape:
        found = f"of shape {grad.shape}"
    elif grad.dtype != data.dtype:
        found = f"of dtype {grad.dtype}"
    else:
        return
    raise GradientError(
        f"{owner}: the gradient of parameters[{position}], {parameter!r}, is {found}; it must be "
        f"an ndarray of shape {data.shape} and dtype {data.dtype}"
    )
