"""Adam, and AdamW, which keeps weight decay out of the gradient."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.optim.hyperparameters import fractions, non_negative, positive
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    """Adam: momentum, with each entry's step scaled by the size of its recent gradients.

    With ``g`` the gradient of parameter ``w``, λ the weight decay and ``t`` the number of updates
    of this parameter, this one included::

        d ← g + λ w
        m ← β₁ m + (1 − β₁) d
        v ← β₂ v + (1 − β₂) d²
        w ← w − lr · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)

    Parameters
    ----------
    parameters : iterable of Tensor
        The leaves to update, each once; those that require no gradient are passed over.
    lr : float
        Learning rate, finite and >= 0; about the size of each entry's first steps.
    betas : (float, float)
        β₁ and β₂, in [0, 1).
    eps : float
        ε, finite and > 0. In float16 the default is rounded to 0: give 1e-4, say.
    weight_decay : float
        λ, finite and >= 0: the gradient of ``λ/2 · Σ w²`` is added. It is then scaled like the
        rest of the gradient; `AdamW` keeps it apart.

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
    All hyperparameters are plain attributes and may be assigned to between steps. Parameters keep
    their dtype, gradients are only read. ``state`` holds m as ``mean`` and v as ``square``.

    References
    ----------
    D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, arXiv:1412.6980,
    algorithm 1.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.optim import Adam
    >>> w = mg.Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(6)
    array([ 0.9, -1.9])
    """

    hyperparameters = {
        "lr": non_negative,
        "betas": fractions,
        "eps": positive,
        "weight_decay": non_negative,
    }
    slots = ("mean", "square")

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay
        super().__init__(parameters, lr)

    def step(self) -> None:
        lr, eps, weight_decay = self.lr, self.eps, self.weight_decay
        beta1, beta2 = self.betas
        for parameter, grad, state in self.updates():
            if weight_decay:
                grad = grad + weight_decay * parameter.data
            parameter.data -= adaptive_step(state, grad, lr, beta1, beta2, eps)
            parameter.mark_changed()


class AdamW(Adam):
    """Adam with decoupled weight decay: ``w ← (1 − lr λ) w``, then Adam's step with λ = 0.

    Decay shrinks every entry at the same rate, however large its recent gradients.

    Parameters
    ----------
    parameters : iterable of Tensor
        The leaves to update, each once; those that require no gradient are passed over.
    lr : float
        Learning rate, finite and >= 0.
    betas : (float, float)
        β₁ and β₂ of `Adam`, in [0, 1).
    eps : float
        ε of `Adam`, finite and > 0.
    weight_decay : float
        λ, finite and >= 0.

    Raises
    ------
    DomainError, DTypeError, GraphError
        As `Adam`.

    References
    ----------
    I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019,
    arXiv:1711.05101, algorithm 2; the decay is multiplied by ``lr``, as in PyTorch.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> from minigrad.optim import AdamW
    >>> w = mg.Tensor([1.0, -2.0], requires_grad=True)
    >>> w.grad = np.zeros(2)
    >>> AdamW([w], lr=0.1, weight_decay=0.5).step()
    >>> w.data
    array([ 0.95, -1.9 ])
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def step(self) -> None:
        lr, eps, weight_decay = self.lr, self.eps, self.weight_decay
        beta1, beta2 = self.betas
        for parameter, grad, state in self.updates():
            if weight_decay:
                parameter.data *= 1 - lr * weight_decay
            parameter.data -= adaptive_step(state, grad, lr, beta1, beta2, eps)
            parameter.mark_changed()


def adaptive_step(
    state: dict[str, Any], grad: NDArray[Any], lr: float, beta1: float, beta2: float, eps: float
) -> NDArray[Any]:
    """Move a parameter's two moments on by one step, in place; return what to subtract from it."""
    if not state:
        state.update(steps=0, mean=np.zeros_like(grad), square=np.zeros_like(grad))
    state["steps"] += 1
    mean, square = state["mean"], state["square"]
    # All intermediate results share one array: a new one for each doubles the time of large layers.
    work = np.empty_like(grad)
    mean *= beta1
    mean += np.multiply(grad, 1 - beta1, out=work)
    square *= beta2
    np.multiply(grad, grad, out=work)
    work *= 1 - beta2
    square += work
    np.sqrt(square, out=work)
    work /= (1 - beta2 ** state["steps"]) ** 0.5
    work += eps
    np.divide(mean, work, out=work)
    work *= lr / (1 - beta1 ** state["steps"])
    return work
