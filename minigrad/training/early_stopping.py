"""Early stopping: end a run that no longer improves, and keep its best parameters."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.errors import DomainError, StateError
from minigrad.optim.hyperparameters import non_negative, positive_integer
from minigrad.training.history import direction
from minigrad.training.run import Callback, Run

__all__ = ["EarlyStopping"]

PREFIX = "model."


class EarlyStopping(Callback):
    """Stop once ``patience`` epochs in a row have not improved on the best one.

    Parameters
    ----------
    monitor : str
        The column of the `History` to judge by.
    patience : int
        How many epochs without improvement are allowed, >= 1; the last of them ends the run.
    min_delta : float
        An improvement must be larger than this, >= 0.
    restore_best : bool
        When the run ends, for whatever reason but an error, give the model the parameters it had
        after its best epoch. The optimizer and the checkpoint stay as after the last one.
    mode : {"min", "max"}, optional
        Whether less or more is better. Names that end in loss or error, or in accuracy, tell.

    Attributes
    ----------
    best_epoch : int
        The best epoch so far, 0 before the first.
    best : float
        The monitored value there.

    Raises
    ------
    DTypeError, DomainError
        If a parameter is out of its range; when the run starts, if it has no such column.

    References
    ----------
    L. Prechelt, "Early stopping, but when?", in Neural Networks: Tricks of the Trade, 1998; its
    third class of criteria, counted in epochs.

    Examples
    --------
    >>> from minigrad.training import EarlyStopping
    >>> EarlyStopping(patience=5)
    EarlyStopping(monitor='validation_loss', patience=5, min_delta=0.0, restore_best=True)
    """

    def __init__(
        self,
        monitor: str = "validation_loss",
        *,
        patience: int,
        min_delta: float = 0.0,
        restore_best: bool = True,
        mode: str | None = None,
    ) -> None:
        self.monitor = monitor
        self.patience = positive_integer("EarlyStopping", "patience", patience)
        self.min_delta = non_negative("EarlyStopping", "min_delta", min_delta)
        self.restore_best = restore_best
        self.sign = direction("EarlyStopping", monitor, mode)
        self.reset()

    def reset(self) -> None:
        self.best = -self.sign * math.inf
        self.best_epoch = 0
        self.best_parameters: dict[str, NDArray[Any]] = {}

    def on_fit_start(self, run: Run) -> None:
        names = run.history.names
        if names and self.monitor not in names:
            raise DomainError(
                f"EarlyStopping: monitor is {self.monitor!r}, but this run records only "
                f"{', '.join(names)}; choose one of them, or give fit a validation set"
            )
        self.reset()

    def on_epoch_end(self, run: Run) -> bool:
        value = run.history.rows[-1][self.monitor]
        if self.sign * (value - self.best) > self.min_delta:
            self.best = value
            self.best_epoch = run.history.epochs
            if self.restore_best:
                self.best_parameters = run.model.state_dict()
        return run.history.epochs - self.best_epoch >= self.patience

    def on_fit_end(self, run: Run) -> None:
        if self.restore_best and self.best_parameters:
            run.model.load_state_dict(self.best_parameters)

    def state_dict(self) -> dict[str, Any]:
        parameters = {PREFIX + name: values for name, values in self.best_parameters.items()}
        return {"best": self.best, "best_epoch": self.best_epoch, **parameters}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        try:
            best, best_epoch = float(state["best"]), int(state["best_epoch"])
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(
                f"EarlyStopping.load_state_dict: needs best and best_epoch, got {sorted(state)}"
            ) from error
        self.best, self.best_epoch = best, best_epoch
        self.best_parameters = {
            name.removeprefix(PREFIX): np.array(values)
            for name, values in state.items()
            if name.startswith(PREFIX)
        }

    def __repr__(self) -> str:
        names = ("monitor", "patience", "min_delta", "restore_best")
        values = (f"{name}={getattr(self, name)!r}" for name in names)
        return f"EarlyStopping({', '.join(values)})"
