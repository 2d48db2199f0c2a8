"""The base of every learning-rate schedule.

A schedule sets ``optimizer.lr`` when it is built and each time its ``step()`` is called: once per
epoch or once per batch, whichever you count in. The value is always that of the closed form
``lr_at(step)``. So a learning rate that you assign by hand holds until the schedule's next
``step()`` and is forgotten then; to scale the whole schedule assign to its ``base_lr`` instead.
"""

from collections.abc import Mapping
from copy import copy
from typing import Any, ClassVar, Self

from minigrad.errors import DomainError, DTypeError, StateError
from minigrad.optim.hyperparameters import non_negative
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.state import check_keys, count_from, plain

__all__ = ["Schedule"]


class Schedule:
    """Base class of schedules: a subclass names its hyperparameters and writes `lr_at`.

    Parameters
    ----------
    optimizer : Optimizer
        Whose ``lr`` to set.

    Attributes
    ----------
    optimizer : Optimizer
        The one given.
    base_lr : float
        The optimizer's learning rate when the schedule was built; what the schedule scales.
    steps : int
        How often `step` was called.
    hyperparameters : tuple of str
        Of a class: the names of the attributes that the user chooses.

    Raises
    ------
    DTypeError
        If ``optimizer`` is not an Optimizer, or a hyperparameter is not a number.
    DomainError
        If a hyperparameter is outside its range.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.optim import SGD, Schedule
    >>> class InverseTime(Schedule):
    ...     def lr_at(self, step):
    ...         return self.base_lr / (1 + step)
    >>> optimizer = SGD([mg.Tensor([1.0], requires_grad=True)], lr=0.6)
    >>> schedule = InverseTime(optimizer)
    >>> schedule.step()
    >>> optimizer.lr
    0.3
    """

    hyperparameters: ClassVar[tuple[str, ...]] = ()

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise DTypeError(
                f"{type(self).__name__}: optimizer is {optimizer!r} ({type(optimizer).__name__}), "
                "not an Optimizer such as SGD or Adam"
            )
        self.optimizer = optimizer
        self.base_lr = optimizer.lr
        self.steps = 0
        self.check()
        optimizer.lr = self.lr_at(0)

    def lr_at(self, step: int) -> float:
        """The learning rate after ``step`` calls of `step`; nothing is changed by asking."""
        raise NotImplementedError(f"{type(self).__name__} has no lr_at()")

    def step(self) -> None:
        """Count one step and set the optimizer's learning rate to `lr_at` of it."""
        self.steps += 1
        self.optimizer.lr = self.lr_at(self.steps)

    def check(self) -> None:
        """Raise DTypeError or DomainError if a hyperparameter is not what it must be."""
        self.base_lr = non_negative(type(self).__name__, "base_lr", self.base_lr)

    def state_dict(self) -> dict[str, Any]:
        """``steps``, ``base_lr`` and the hyperparameters; ``np.savez(file, **state)`` stores it."""
        names = ("steps", "base_lr", *self.hyperparameters)
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave, and set the optimizer's learning rate to it.

        Raises
        ------
        StateError
            If entries are missing or unexpected or out of their range. Nothing has changed then.
        """
        restored = self.restored(state)
        self.optimizer.lr = restored.lr_at(restored.steps)
        self.__dict__.update(restored.__dict__)

    def restored(self, state: Mapping[str, Any]) -> Self:
        """A copy of this schedule, of the same optimizer, in the state given."""
        owner = type(self).__name__
        check_keys(owner, ["steps", "base_lr", *self.hyperparameters], state)
        restored = copy(self)
        restored.steps = count_from(owner, "steps", state["steps"])
        restored.base_lr = plain(state["base_lr"])
        for name in self.hyperparameters:
            setattr(restored, name, plain(state[name]))
        try:
            restored.check()
        except (DomainError, DTypeError) as error:
            raise StateError(f"{owner}.load_state_dict: {error}") from error
        return restored

    def __repr__(self) -> str:
        names = (*self.hyperparameters, "base_lr", "steps")
        values = (f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__name__}({', '.join(values)})"
