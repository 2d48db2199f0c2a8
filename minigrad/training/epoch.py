"""One epoch: `train_epoch` is what training comes down to, `validation_row` judges it."""

from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.data.batching import batches
from minigrad.errors import DomainError, DTypeError, NonFiniteError, ShapeError
from minigrad.optim.schedule import Schedule
from minigrad.training.compiled_steps import CompiledSteps
from minigrad.training.evaluation import check_loss, evaluate, measure
from minigrad.training.inputs import Loss, Metric
from minigrad.training.non_finite import (
    cause,
    cause_in_validation,
    first_non_finite,
    non_finite_parameter,
    stopped,
)
from minigrad.training.progress import Progress
from minigrad.training.run import Run

__all__ = ["train_epoch", "train_epoch_compiled", "validation_row"]


def train_epoch(
    run: Run,
    loss: Loss,
    x: NDArray[Any],
    y: NDArray[Any],
    *,
    batch_size: int,
    shuffle: bool,
    metrics: dict[str, Metric],
    schedule: Schedule | None,
    reporter: Progress,
) -> dict[str, float]:
    """Go once through the training data; returns the loss and the metrics met on the way.

    This is the loop that is stepped through; `train_epoch_compiled` is the one for speed.
    """
    total, batch = 0.0, 0
    outputs, targets = [], []
    run.model.train()
    for x_batch, y_batch in batches(x, y, batch_size, shuffle=shuffle, rng=run.rng):
        batch += 1
        number, predictions = train_batch(run, loss, x, x_batch, y_batch, batch)
        if schedule is not None:
            schedule.step()
        if metrics:
            outputs.append(predictions.data)
            targets.append(y_batch)
        total += number * len(x_batch)
        reporter.batch(number, run.optimizer.lr)
    check_parameters(run, batch)
    return {"loss": total / len(x), **measure(metrics, outputs, targets)}


def train_batch(
    run: Run, loss: Loss, x: NDArray[Any], x_batch: Any, y_batch: Any, batch: int
) -> tuple[float, Any]:
    """One step on the ``batch``-th rows of ``x``; returns the loss and the predictions."""
    model, optimizer = run.model, run.optimizer
    predictions = None
    try:
        predictions = model(x_batch)
        value = loss(predictions, y_batch)
        check_loss(value)
        number: float = value.data.item()
        if not isfinite(number):
            what = f"the loss is {number}"
            found = cause(model, x_batch, y_batch, value, x, "train")
            raise stopped(run, what, f"batch {batch}", found)
        optimizer.zero_grad()
        value.backward(free_graph=True)
        optimizer.step()
    except (DomainError, DTypeError, ShapeError) as error:
        if isinstance(error, DomainError) and first_non_finite(predictions) is not None:
            # Losses of probabilities refuse NaN, so that there is no loss to look at.
            what = "the predictions are not finite"
            found = cause(model, x_batch, y_batch, predictions, x, "train")
            raise stopped(run, what, f"batch {batch}", found) from error
        error.add_note(f"fit: in epoch {run.history.epochs + 1}, batch {batch}")
        raise
    return number, predictions


def check_parameters(run: Run, batch: int) -> None:
    """Raise if the epoch has left a parameter that is not finite."""
    found = non_finite_parameter(run.model)
    if found:
        raise stopped(run, "the last update was too large", f"batch {batch}", found)


def train_epoch_compiled(
    run: Run,
    loss: Loss,
    x: NDArray[Any],
    y: NDArray[Any],
    steps: CompiledSteps,
    *,
    batch_size: int,
    shuffle: bool,
    metrics: dict[str, Metric],
    schedule: Schedule | None,
    reporter: Progress,
) -> dict[str, float]:
    """The same as `train_epoch` by compiled steps, many of them between two signs of life."""
    order = run.rng.permutation(len(x)) if shuffle else np.arange(len(x))
    total, batch, start = 0.0, 0, 0
    outputs: list[NDArray[Any]] = []
    run.model.train()
    while start < len(x):
        try:
            losses, predictions = steps.run(order, start, batch_size, one=schedule is not None)
        except (NonFiniteError, DomainError, DTypeError, ShapeError):
            # Nothing has been changed. The eager step says what is wrong, and where.
            rows = order[start : start + batch_size]
            number, output = train_batch(run, loss, x, x[rows], y[rows], batch + 1)
            losses, predictions = [number], [output.data]
        if schedule is not None:
            schedule.step()
        outputs += predictions
        for number in losses:
            size = min(batch_size, len(x) - start)
            total += number * size
            start += size
            batch += 1
            reporter.batch(number, run.optimizer.lr)
    check_parameters(run, batch)
    return {"loss": total / len(x), **measure(metrics, outputs, [y[order]])}


def validation_row(
    run: Run,
    loss: Loss,
    data: tuple[NDArray[Any], NDArray[Any]],
    *,
    batch_size: int,
    metrics: dict[str, Metric],
) -> dict[str, float]:
    """Loss and metrics on the validation data, under their names in the history."""
    model, (x, y) = run.model, data
    try:
        numbers = evaluate(model, loss, data, batch_size=batch_size, metrics=metrics)
    except DomainError as error:
        found = cause_in_validation(model, loss, x, y, batch_size)
        if not found:
            raise
        raise stopped(run, "the predictions are not finite", "validation", found) from error
    if not isfinite(numbers["loss"]):
        what = f"the validation loss is {numbers['loss']}"
        found = cause_in_validation(model, loss, x, y, batch_size)
        raise stopped(run, what, "validation", found)
    return {f"validation_{name}": number for name, number in numbers.items()}
