"""One epoch: `train_epoch` is what training comes down to, `validation_row` judges it."""

from math import isfinite
from typing import Any

from numpy.typing import NDArray

from minigrad.data.batching import batches
from minigrad.errors import DomainError, DTypeError, ShapeError
from minigrad.optim.schedule import Schedule
from minigrad.training.evaluation import evaluate, loss_number, measure
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

__all__ = ["train_epoch", "validation_row"]


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
    """Go once through the training data; returns the loss and the metrics met on the way."""
    model, optimizer = run.model, run.optimizer
    total = 0.0
    outputs, targets = [], []
    predictions, batch = None, 0
    model.train()
    try:
        for x_batch, y_batch in batches(x, y, batch_size, shuffle=shuffle, rng=run.rng):
            batch += 1
            predictions = model(x_batch)
            value = loss(predictions, y_batch)
            number = loss_number(value)
            if not isfinite(number):
                what = f"the loss is {number}"
                found = cause(model, x_batch, y_batch, value, x, "train")
                raise stopped(run, what, f"batch {batch}", found)
            optimizer.zero_grad()
            value.backward(free_graph=True)
            optimizer.step()
            if schedule is not None:
                schedule.step()
            if metrics:
                outputs.append(predictions.data)
                targets.append(y_batch)
            total += number * len(x_batch)
            reporter.batch(number, optimizer.lr)
    except (DomainError, DTypeError, ShapeError) as error:
        if isinstance(error, DomainError) and first_non_finite(predictions) is not None:
            # Losses of probabilities refuse NaN, so that there is no loss to look at.
            what = "the predictions are not finite"
            found = cause(model, x_batch, y_batch, predictions, x, "train")
            raise stopped(run, what, f"batch {batch}", found) from error
        error.add_note(f"fit: in epoch {run.history.epochs + 1}, batch {batch}")
        raise
    found = non_finite_parameter(model)
    if found:
        raise stopped(run, "the last update was too large", f"batch {batch}", found)
    return {"loss": total / len(x), **measure(metrics, outputs, targets)}


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
