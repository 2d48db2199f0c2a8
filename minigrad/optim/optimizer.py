"""The base of every optimizer: parameters, hyperparameters, and what is remembered of each."""

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any, ClassVar, Self

import numpy as np
from numpy import ndarray
from numpy.typing import NDArray

from minigrad.errors import DomainError, DTypeError, StateError
from minigrad.optim.hyperparameters import Check, non_negative
from minigrad.optim.parameters import check_gradient, checked_parameters
from minigrad.optim.state import check_keys, count_from, plain, slot_from
from minigrad.tensor import Tensor

__all__ = ["Optimizer"]


class Optimizer:
    """Base class of optimizers: a subclass names its hyperparameters and writes `step`.

    Parameters
    ----------
    parameters : iterable of Tensor
        The leaves to update, each once; those that require no gradient are passed over.
    lr : float
        Learning rate, a finite number >= 0.

    Attributes
    ----------
    parameters : list of Tensor
        What is updated.
    lr : float
        Like every hyperparameter an attribute to assign to between steps; a value out of range is
        refused there and then.
    state : list of dict
        For each parameter what the optimizer remembers of it; empty before the first step.
    hyperparameters : dict
        Of a class: for each attribute that the user chooses, its name and the function that
        checks it and gives it as a Python number.
    slots : tuple of str
        Of a class: the names of the arrays in ``state``, each in its parameter's shape and dtype.
        Beside them ``state`` holds ``steps``, how many updates went into them.

    Raises
    ------
    DomainError
        If there are no parameters, one is given twice or its array is read-only, or a
        hyperparameter is outside its range.
    DTypeError
        If ``parameters`` is no iterable of Tensors, or a hyperparameter is not a number.
    GraphError
        If a parameter is the result of an op, or none of them requires a gradient.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> from minigrad.optim import Optimizer
    >>> class SignDescent(Optimizer):
    ...     def step(self):
    ...         for parameter, grad, state in self.updates():
    ...             parameter.data -= self.lr * np.sign(grad)
    ...             parameter.mark_changed()
    >>> w = mg.Tensor([3.0, -4.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> SignDescent([w], lr=0.5).step()
    >>> w.data
    array([ 2.5, -3.5])
    """

    hyperparameters: ClassVar[dict[str, Check]] = {"lr": non_negative}
    slots: ClassVar[tuple[str, ...]] = ()

    def __init__(self, parameters: Iterable[Tensor], lr: float) -> None:
        self.parameters = checked_parameters(type(self).__name__, parameters)
        self.lr = lr
        self.state: list[dict[str, Any]] = [{} for _ in self.parameters]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.hyperparameters:
            value = self.hyperparameters[name](type(self).__name__, name, value)
        object.__setattr__(self, name, value)

    def step(self) -> None:
        """Update every parameter that has a gradient; one whose ``.grad`` is None is left alone.

        Raises
        ------
        GradientError
            If a gradient has not its parameter's shape and dtype. Nothing has been updated then.
        """
        raise NotImplementedError(f"{type(self).__name__} has no step()")

    def updates(self) -> list[tuple[Tensor, NDArray[Any], dict[str, Any]]]:
        """The parameters that have a gradient, with it and what is remembered of them.

        All are checked before the first is given, so that an error leaves every parameter as it
        was.
        """
        found = []
        for position, parameter in enumerate(self.parameters):
            grad = parameter.grad
            if grad is None:
                continue
            data, state = parameter.data, self.state[position]
            if (
                type(grad) is not ndarray
                or grad.shape != data.shape
                or grad.dtype is not data.dtype  # which may still be an equal one
            ):
                check_gradient(type(self).__name__, position, parameter, grad)
            if state:
                self.check_state(position, state)
            if parameter.requires_grad:
                found.append((parameter, grad, state))
        return found

    def check_state(self, position: int, state: Mapping[str, Any]) -> None:
        """Raise if a parameter has been given an array of another shape or dtype since."""
        parameter = self.parameters[position]
        for slot in self.slots:
            shape, dtype = state[slot].shape, state[slot].dtype
            if shape != parameter.data.shape or dtype != parameter.data.dtype:
                raise StateError(
                    f"{type(self).__name__}: parameters[{position}], {parameter!r}, had shape "
                    f"{shape} and dtype {dtype} at the last step; build a new optimizer for it"
                )

    def zero_grad(self) -> None:
        """Set every ``.grad`` to None, so that the next ``backward()`` starts afresh."""
        for parameter in self.parameters:
            parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on later: hyperparameters, counts and copies of the slots.

        Returns
        -------
        dict
            ``"lr"`` and the other hyperparameters, ``"0.steps"`` and, after that parameter's first
            step, ``"0.<slot>"``, numbered as ``parameters``. ``np.savez(file, **state)`` stores it.
        """
        state: dict[str, Any] = {}
        for name in self.hyperparameters:
            value = getattr(self, name)
            state[name] = np.array(value) if isinstance(value, (tuple, list)) else value
        for position, remembered in enumerate(self.state):
            state[f"{position}.steps"] = remembered.get("steps", 0)
            for slot in self.slots if remembered else ():
                state[f"{position}.{slot}"] = remembered[slot].copy()
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave, hyperparameters included.

        Parameters
        ----------
        state : mapping of str to numbers and arrays
            From `state_dict`, or an open ``np.load`` of a file it was stored in. Arrays are copied.

        Raises
        ------
        StateError
            If entries are missing or unexpected, have another shape or dtype than their parameter,
            or a hyperparameter is out of its range. Nothing has been loaded then.
        """
        self.__dict__.update(self.restored(state).__dict__)

    def restored(self, state: Mapping[str, Any]) -> Self:
        """A copy of this optimizer, of the same parameters, in the state given."""
        owner = type(self).__name__
        counts = [f"{position}.steps" for position in range(len(self.parameters))]
        stepped = [key.partition(".")[0] for key in counts if plain(state.get(key, 0))]
        slots = [f"{position}.{slot}" for position in stepped for slot in self.slots]
        check_keys(owner, [*self.hyperparameters, *counts, *slots], state)
        restored = copy(self)
        try:
            for name in self.hyperparameters:
                setattr(restored, name, plain(state[name]))
        except (DomainError, DTypeError) as error:
            raise StateError(f"{owner}.load_state_dict: {error}") from error
        restored.state = []
        for position, parameter in enumerate(self.parameters):
            steps = count_from(owner, f"{position}.steps", state[f"{position}.steps"])
            remembered: dict[str, Any] = {"steps": steps} if steps else {}
            for slot in self.slots if steps else ():
                key = f"{position}.{slot}"
                remembered[slot] = slot_from(owner, key, state[key], parameter.data)
            restored.state.append(remembered)
        return restored

    def __repr__(self) -> str:
        values = (f"{name}={getattr(self, name)!r}" for name in self.hyperparameters)
        return f"{type(self).__name__}({', '.join(values)})"
