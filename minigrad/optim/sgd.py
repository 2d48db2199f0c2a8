"""Stochastic gradient descent, with momentum, Nesterov's or not, and weight decay."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.errors import DomainError
from minigrad.optim.hyperparameters import flag, fraction, non_negative
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor

__all__ = ["SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent: ``w ← w − lr · g``.

    With weight decay λ, momentum μ and dampening τ, where ``g`` is the gradient of parameter ``w``
    and ``v`` its velocity::

        d ← g + λ w
        v ← d                     at w's first step,
        v ← μ v + (1 − τ) d       later
        w ← w − lr · d            if μ = 0
        w ← w − lr · v            if μ > 0
        w ← w − lr · (d + μ v)    if μ > 0, with nesterov

    Parameters
    ----------
    parameters : iterable of Tensor
        The leaves to update, each once; those that require no gradient are passed over.
    lr : float
        Learning rate, finite and >= 0.
    momentum : float
        μ, in [0, 1).
    dampening : float
        τ, in [0, 1).
    nesterov : bool
        Look ahead along the velocity. Needs ``momentum > 0`` and ``dampening = 0``.
    weight_decay : float
        λ, finite and >= 0: the gradient of ``λ/2 · Σ w²`` is added.

    Raises
    ------
    DomainError
        If there are no parameters, one is given twice or its array is read-only, or a
        hyperparameter is outside its range.
    DTypeError
        If ``parameters`` is no iterable of Tensors, or a hyperparameter is not a number.
    GraphError
        If a parameter is the result of an op, or none of them requires a gradient.

    Notes
    -----
    All hyperparameters are plain attributes and may be assigned to between steps. While momentum
    is 0 the velocities rest as they are. Parameters keep their dtype, gradients are only read.

    The learning rate multiplies the velocity, as in PyTorch, rather than entering it, as in
    Sutskever et al.: the two are the same while ``lr`` is constant.

    References
    ----------
    H. Robbins, S. Monro, "A stochastic approximation method", 1951.
    B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
    Yu. E. Nesterov, "A method of solving a convex programming problem with convergence rate
    O(1/k²)", 1983, in the form of I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance
    of initialization and momentum in deep learning", ICML 2013.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.optim import SGD
    >>> w = mg.Tensor([1.0, -2.0], requires_grad=True, name="w")
    >>> optimizer = SGD([w], lr=0.25)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data
    array([ 0.5, -1. ])
    >>> optimizer.lr = 0.1
    >>> optimizer
    SGD(lr=0.1, momentum=0.0, dampening=0.0, nesterov=False, weight_decay=0.0)
    """

    hyperparameters = {
        "lr": non_negative,
        "momentum": fraction,
        "dampening": fraction,
        "nesterov": flag,
        "weight_decay": non_negative,
    }
    slots = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float,
        momentum: float = 0.0,
        dampening: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        self.momentum = momentum
        self.dampening = dampening
        self.nesterov = nesterov
        self.weight_decay = weight_decay
        super().__init__(parameters, lr)
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise DomainError(
                f"{type(self).__name__}: nesterov=True needs momentum > 0 and dampening = 0, but "
                f"momentum is {momentum!r} and dampening {dampening!r}"
            )

    def step(self) -> None:
        lr, momentum, weight_decay = self.lr, self.momentum, self.weight_decay
        for parameter, direction, state in self.updates():
            if weight_decay:
                direction = direction + weight_decay * parameter.data
            if momentum:
                velocity = next_velocity(state, direction, momentum, self.dampening)
                direction = direction + momentum * velocity if self.nesterov else velocity
            parameter.data -= lr * direction
            parameter.mark_changed()


def next_velocity(
    state: dict[str, Any], direction: NDArray[Any], momentum: float, dampening: float
) -> NDArray[Any]:
    """Move a parameter's velocity on by one step, in place; the first one is the direction."""
    velocity: NDArray[Any]
    if not state:
        velocity = np.copy(direction)
        state.update(steps=1, velocity=velocity)
        return velocity
    state["steps"] += 1
    velocity = state["velocity"]
    velocity *= momentum
    velocity += (1 - dampening) * direction if dampening else direction
    return velocity
