"""Learning-rate schedules in closed form: constant, in steps, exponential, cosine."""

import math

from minigrad.optim.hyperparameters import non_negative, positive, positive_integer
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.schedule import Schedule

__all__ = ["ConstantLR", "CosineAnnealingLR", "ExponentialLR", "StepLR"]


class ConstantLR(Schedule):
    """The learning rate as it is: ``lr = base_lr``.

    PyTorch's class of this name with ``factor=1``. Useful where a schedule is asked for.

    Parameters
    ----------
    optimizer : Optimizer
        Whose ``lr`` to set.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.optim import SGD, ConstantLR
    >>> optimizer = SGD([mg.Tensor([1.0], requires_grad=True)], lr=0.1)
    >>> ConstantLR(optimizer).lr_at(1000)
    0.1
    """

    def lr_at(self, step: int) -> float:
        return self.base_lr


class StepLR(Schedule):
    """Multiply by ``gamma`` every ``step_size`` steps: ``lr = base_lr · gamma^⌊step/step_size⌋``.

    Parameters
    ----------
    optimizer : Optimizer
        Whose ``lr`` to set.
    step_size : int
        Steps between two changes, >= 1.
    gamma : float
        Factor, finite and > 0.

    Raises
    ------
    DomainError, DTypeError
        If ``step_size`` or ``gamma`` is outside its range, or not a number.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.optim import SGD, StepLR
    >>> optimizer = SGD([mg.Tensor([1.0], requires_grad=True)], lr=0.8)
    >>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    >>> [schedule.lr_at(step) for step in range(5)]
    [0.8, 0.8, 0.4, 0.4, 0.2]
    """

    hyperparameters = ("step_size", "gamma")

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer)

    def lr_at(self, step: int) -> float:
        lr: float = self.base_lr * self.gamma ** (step // self.step_size)
        return lr

    def check(self) -> None:
        super().check()
        self.step_size = positive_integer("StepLR", "step_size", self.step_size)
        self.gamma = positive("StepLR", "gamma", self.gamma)


class ExponentialLR(Schedule):
    """Multiply by ``gamma`` at every step: ``lr = base_lr · gamma^step``.

    Parameters
    ----------
    optimizer : Optimizer
        Whose ``lr`` to set.
    gamma : float
        Factor, finite and > 0.

    Raises
    ------
    DomainError, DTypeError
        If ``gamma`` is outside its range, or not a number.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.optim import SGD, ExponentialLR
    >>> optimizer = SGD([mg.Tensor([1.0], requires_grad=True)], lr=0.8)
    >>> schedule = ExponentialLR(optimizer, gamma=0.5)
    >>> schedule.step()
    >>> schedule
    ExponentialLR(gamma=0.5, base_lr=0.8, steps=1)
    >>> optimizer.lr
    0.4
    """

    hyperparameters = ("gamma",)

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = gamma
        super().__init__(optimizer)

    def lr_at(self, step: int) -> float:
        lr: float = self.base_lr * self.gamma**step
        return lr

    def check(self) -> None:
        super().check()
        self.gamma = positive("ExponentialLR", "gamma", self.gamma)


class CosineAnnealingLR(Schedule):
    """Half a cosine from ``base_lr`` down to ``eta_min``.

    ``lr = eta_min + (base_lr − eta_min) · (1 + cos(π · step/T_max)) / 2``

    Past ``T_max`` the cosine goes on and the learning rate rises again, as in PyTorch.

    Parameters
    ----------
    optimizer : Optimizer
        Whose ``lr`` to set.
    T_max : int
        Steps from the largest to the smallest learning rate, >= 1.
    eta_min : float
        The smallest learning rate, finite and >= 0.

    Raises
    ------
    DomainError, DTypeError
        If ``T_max`` or ``eta_min`` is outside its range, or not a number.

    References
    ----------
    I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017,
    arXiv:1608.03983, equation 5, without the restarts.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.optim import SGD, CosineAnnealingLR
    >>> optimizer = SGD([mg.Tensor([1.0], requires_grad=True)], lr=0.8)
    >>> schedule = CosineAnnealingLR(optimizer, T_max=4)
    >>> [round(schedule.lr_at(step), 3) for step in range(5)]
    [0.8, 0.683, 0.4, 0.117, 0.0]
    """

    hyperparameters = ("T_max", "eta_min")

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:  # noqa: N803
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer)

    def lr_at(self, step: int) -> float:
        share = (1 + math.cos(math.pi * step / self.T_max)) / 2
        return self.eta_min + (self.base_lr - self.eta_min) * share

    def check(self) -> None:
        super().check()
        self.T_max = positive_integer("CosineAnnealingLR", "T_max", self.T_max)
        self.eta_min = non_negative("CosineAnnealingLR", "eta_min", self.eta_min)
