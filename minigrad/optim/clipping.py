"""Clipping gradients between ``backward()`` and ``step()``."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.errors import NonFiniteError
from minigrad.ops.base import UnknownArray
from minigrad.optim.hyperparameters import positive
from minigrad.optim.parameters import check_gradient, checked_parameters
from minigrad.tensor import Tensor
from minigrad.validation import anywhere

__all__ = ["clip_grad_norm", "clip_grad_value"]


def clip_grad_norm(parameters: Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients together so that their joint norm does not exceed ``max_norm``.

    With ``norm = √(Σ g²)`` over every entry of every gradient, each gradient becomes
    ``g · min(1, max_norm / (norm + 1e-6))``: the direction is kept.

    Parameters
    ----------
    parameters : iterable of Tensor
        Those whose ``.grad`` shall be clipped; one whose ``.grad`` is None is left alone.
    max_norm : float
        The largest norm allowed, finite and > 0.

    Returns
    -------
    float
        The norm before clipping, computed in float64; 0 if there are no gradients.

    Raises
    ------
    NonFiniteError
        If a gradient's norm is NaN or infinite. No gradient has been changed then.
    DomainError, DTypeError
        If ``max_norm`` is not a finite number > 0, or ``parameters`` are not distinct Tensors.
    GraphError
        If a parameter is the result of an op, or none of them requires a gradient.
    GradientError
        If a gradient has not its parameter's shape and dtype.

    Notes
    -----
    A clipped ``.grad`` is a new array; the old one is not written to.

    References
    ----------
    R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks",
    ICML 2013, algorithm 1; the 1e-6 is that of ``torch.nn.utils.clip_grad_norm_``.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> from minigrad.optim import clip_grad_norm
    >>> w = mg.Tensor([0.0, 0.0], requires_grad=True)
    >>> w.grad = np.array([30.0, 40.0])
    >>> clip_grad_norm([w], max_norm=5.0)
    50.0
    >>> w.grad.round(6)
    array([3., 4.])
    """
    limit = positive("clip_grad_norm", "max_norm", max_norm)
    gradients = gradients_of("clip_grad_norm", parameters)
    if not gradients:
        return 0.0
    norms = []
    for parameter, grad in gradients:
        with np.errstate(over="ignore"):
            norm = norm_of(grad)
        if anywhere(~np.isfinite(norm)):
            raise NonFiniteError(
                f"clip_grad_norm: the gradient of {parameter!r} has the norm {norm}; look for the "
                "overflow or NaN in the forward pass, or lower the learning rate"
            )
        norms.append(norm.reshape((1,)))
    total = norm_of(np.concatenate(norms))
    scale = np.minimum(limit / (total + 1e-6), 1.0)
    for parameter, grad in gradients:
        clipped = np.empty_like(grad)
        clipped[...] = grad * scale
        parameter.grad = clipped
    joint: Any = total if isinstance(total, UnknownArray) else float(total)
    return joint  # type: ignore[no-any-return]


def norm_of(grad: Any) -> Any:
    """Square root of the sum of squares, in float64."""
    return np.sqrt(np.add.reduce(np.square(grad.astype(np.float64)), axis=None))


def clip_grad_value(parameters: Iterable[Tensor], limit: float) -> None:
    """Clip every entry of every gradient to ``[-limit, limit]``.

    Parameters
    ----------
    parameters : iterable of Tensor
        Those whose ``.grad`` shall be clipped; one whose ``.grad`` is None is left alone.
    limit : float
        The largest absolute value allowed, finite and > 0.

    Raises
    ------
    DomainError, DTypeError
        If ``limit`` is not a finite number > 0, or ``parameters`` are not distinct Tensors.
    GraphError
        If a parameter is the result of an op, or none of them requires a gradient.
    GradientError
        If a gradient has not its parameter's shape and dtype.

    Notes
    -----
    The clipped ``.grad`` is a new array; the old one is not written to. Infinities become
    ``limit``, NaN stays NaN. The formula is that of ``torch.nn.utils.clip_grad_value_``.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> from minigrad.optim import clip_grad_value
    >>> w = mg.Tensor([0.0, 0.0], requires_grad=True)
    >>> w.grad = np.array([0.5, -40.0])
    >>> clip_grad_value([w], 1.0)
    >>> w.grad
    array([ 0.5, -1. ])
    """
    limit = positive("clip_grad_value", "limit", limit)
    for parameter, grad in gradients_of("clip_grad_value", parameters):
        clipped = np.empty_like(grad)
        clipped[...] = np.clip(grad, -limit, limit)
        parameter.grad = clipped


def gradients_of(function: str, parameters: Iterable[Tensor]) -> list[tuple[Tensor, NDArray[Any]]]:
    """The parameters that have a gradient, each with it, once all are checked."""
    gradients = []
    for position, parameter in enumerate(checked_parameters(function, parameters)):
        if parameter.grad is not None:
            check_gradient(function, position, parameter, parameter.grad)
            gradients.append((parameter, parameter.grad))
    return gradients
