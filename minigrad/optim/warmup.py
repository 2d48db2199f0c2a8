"""Linear warm-up: a rise of the learning rate that goes before another schedule."""

from collections.abc import Mapping
from typing import Any, Self

from minigrad.errors import DomainError, DTypeError
from minigrad.optim.hyperparameters import fraction, positive_integer
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.schedule import Schedule
from minigrad.optim.schedules import ConstantLR

__all__ = ["LinearWarmup"]


class LinearWarmup(Schedule):
    """Rise in a straight line to ``base_lr``, then follow another schedule.

    ``lr = base_lr · (start_factor + (1 − start_factor) · step/warmup_steps)`` before
    ``warmup_steps``, and ``then.lr_at(step − warmup_steps)`` from there on. Without ``then`` the
    learning rate stays at ``base_lr``. To scale the whole assign to ``base_lr`` and
    ``then.base_lr``.

    Parameters
    ----------
    optimizer : Optimizer
        Whose ``lr`` to set.
    warmup_steps : int
        Length of the rise, >= 1.
    then : Schedule, optional
        What follows, built on the same optimizer just before. Only the warm-up's ``step()`` is to
        be called.
    start_factor : float
        Where the rise begins, in [0, 1).

    Raises
    ------
    DomainError, DTypeError
        If a hyperparameter is outside its range or not a number, or ``then`` is not a schedule of
        this optimizer that begins at its learning rate.

    References
    ----------
    P. Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017,
    arXiv:1706.02677, section 2.2. The values are those of PyTorch's ``LinearLR``, followed by
    ``then`` in a ``SequentialLR``.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.optim import SGD, LinearWarmup, StepLR
    >>> optimizer = SGD([mg.Tensor([1.0], requires_grad=True)], lr=0.8)
    >>> halving = StepLR(optimizer, step_size=1, gamma=0.5)
    >>> schedule = LinearWarmup(optimizer, 2, halving, start_factor=0.5)
    >>> [round(schedule.lr_at(step), 3) for step in range(5)]
    [0.4, 0.6, 0.8, 0.4, 0.2]
    """

    hyperparameters = ("warmup_steps", "start_factor")

    def __init__(
        self,
        optimizer: Optimizer,
        warmup_steps: int,
        then: Schedule | None = None,
        start_factor: float = 1 / 3,
    ) -> None:
        self.warmup_steps = warmup_steps
        self.start_factor = start_factor
        self.then = ConstantLR(optimizer) if then is None else then
        if not isinstance(self.then, Schedule):
            raise DTypeError(
                f"LinearWarmup: then is {then!r} ({type(then).__name__}), not a Schedule such as "
                "CosineAnnealingLR"
            )
        if self.then.optimizer is not optimizer:
            raise DomainError(f"LinearWarmup: then is {then!r}, a schedule of another optimizer")
        if self.then.lr_at(0) != optimizer.lr:
            raise DomainError(
                f"LinearWarmup: then begins at {self.then.lr_at(0)!r}, but the optimizer's lr, up "
                f"to which to rise, is {optimizer.lr!r}; build then just before the warm-up"
            )
        super().__init__(optimizer)

    def lr_at(self, step: int) -> float:
        if step >= self.warmup_steps:
            return self.then.lr_at(step - self.warmup_steps)
        share = step / self.warmup_steps
        return self.base_lr * (self.start_factor + (1 - self.start_factor) * share)

    def check(self) -> None:
        super().check()
        self.warmup_steps = positive_integer("LinearWarmup", "warmup_steps", self.warmup_steps)
        self.start_factor = fraction("LinearWarmup", "start_factor", self.start_factor)

    def state_dict(self) -> dict[str, Any]:
        following = {f"then.{key}": value for key, value in self.then.state_dict().items()}
        return super().state_dict() | following

    def restored(self, state: Mapping[str, Any]) -> Self:
        own = {key: state[key] for key in state if not key.startswith("then.")}
        following = {key.removeprefix("then."): state[key] for key in state if key not in own}
        restored = super().restored(own)
        restored.then = self.then.restored(following)
        return restored
