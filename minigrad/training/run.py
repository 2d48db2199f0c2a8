"""A training run: what takes part in it, and the callbacks that watch it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.nn.module import Module
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.schedule import Schedule
from minigrad.training.history import History

__all__ = ["Callback", "Run"]


@dataclass(eq=False)
class Run:
    """What a training run consists of: what `fit` hands to callbacks, and a checkpoint holds.

    Parameters
    ----------
    model : Module
        What is trained.
    optimizer : Optimizer
        What updates it.
    schedule : Schedule, optional
        What sets the optimizer's learning rate.
    callbacks : sequence of Callback
        What is asked after every epoch.
    rng : numpy.random.Generator
        Where the order of the samples comes from.
    history : History
        What was measured so far; ``history.epochs`` counts the finished epochs.
    """

    model: Module
    optimizer: Optimizer
    schedule: Schedule | None = None
    callbacks: Sequence["Callback"] = ()
    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    history: History = field(default_factory=History)


class Callback:
    """What `fit` calls around epochs. Subclass it and write what you need; the rest does nothing.

    Examples
    --------
    >>> from minigrad.training import Callback
    >>> class StopBelow(Callback):
    ...     def __init__(self, loss):
    ...         self.loss = loss
    ...
    ...     def on_epoch_end(self, run):
    ...         return run.history["loss"][-1] < self.loss
    """

    def on_fit_start(self, run: Run) -> None:
        """Called once, before the first epoch and before a checkpoint is loaded."""

    def on_epoch_end(self, run: Run) -> bool | None:
        """Called after every epoch, once its row is in ``run.history``; True ends the run."""
        return None

    def on_fit_end(self, run: Run) -> None:
        """Called once, after the last epoch or an interruption; not after an error."""

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must hold for this callback: numbers and arrays by name."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
