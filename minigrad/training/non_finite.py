"""Where the first NaN or infinity of a training step came from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.data.batching import batches
from minigrad.errors import DomainError, NonFiniteError
from minigrad.graph import topological_order
from minigrad.nn.module import Module
from minigrad.tensor import Tensor
from minigrad.training.evaluation import quiet
from minigrad.training.inputs import Loss
from minigrad.training.run import Run
from minigrad.validation import values

__all__ = ["cause", "cause_in_validation", "first_non_finite", "non_finite_parameter", "stopped"]

SHOWN_ROWS = 5


def stopped(run: Run, what: str, place: str, found: str) -> NonFiniteError:
    """The error that ends a run, with the finished epochs attached as ``history``."""
    error = NonFiniteError(
        f"fit: {what} in epoch {run.history.epochs + 1}, {place}, at lr {run.optimizer.lr:g}: "
        f"{found}"
    )
    error.history = run.history
    return error


def cause(model: Module, x: Any, y: Any, root: Any, whole_x: Any, data: str) -> str:
    """What is not finite in a step, in the order in which things come to be.

    Parameters
    ----------
    model : Module
        Whose parameters took part.
    x, y : ndarray
        The batch.
    root : Tensor
        What was computed last: the loss, or the predictions.
    whole_x : ndarray
        The set from which the batch was taken, called ``data``.
    """
    place = first_non_finite(x)
    if place is not None:
        bad = rows_with_non_finite(whole_x)
        rows = ", ".join(map(str, bad[:SHOWN_ROWS])) + (", ..." if len(bad) > SHOWN_ROWS else "")
        return (
            f"the batch itself holds it: {entry('x', x, place)}. Rows of {data} x with such "
            f"values: {rows} ({len(bad)} of {len(whole_x)})"
        )
    found = non_finite_parameter(model)
    if found:
        return f"{found} already, before this batch"
    place = first_non_finite(y)
    if place is not None:
        return f"the batch's targets hold it: {entry('y', y, place)}"
    for tensor in in_order(root):
        place = first_non_finite(tensor.data)
        if place is not None:
            where = f", {entry('entry ', tensor.data, place)}" if place else ""
            return f"the first tensor with such a value is {tensor!r}{where}"
    return "all tensors that led to it are finite"


def cause_in_validation(
    model: Module, loss: Loss, x: NDArray[Any], y: NDArray[Any], batch_size: int
) -> str:
    """The `cause` in the first batch that has one, found by running them all again with a graph."""
    model.eval()
    with quiet():
        for x_batch, y_batch in batches(x, y, batch_size):
            result = model(x_batch)
            if first_non_finite(result) is None:
                try:
                    result = loss(result, y_batch)
                except DomainError:
                    return ""
            if first_non_finite(result) is not None:
                return cause(model, x_batch, y_batch, result, x, "validation")
    return ""


def non_finite_parameter(model: Module) -> str:
    """``parameter 0.weight[2, 3] is nan``, or the empty string."""
    for name, parameter in model.named_parameters():
        place = first_non_finite(parameter.data)
        if place is not None:
            return f"parameter {entry(name, parameter.data, place)}"
    return ""


def in_order(root: Any) -> list[Tensor]:
    """The tensors that led to ``root``, as they were computed."""
    if not isinstance(root, Tensor):
        return []
    return sorted(topological_order(root), key=lambda tensor: tensor.stamp)


def first_non_finite(x: Any) -> tuple[int, ...] | None:
    """Index of the first NaN or infinity, or None."""
    array = np.asarray(values(x))
    if array.dtype.kind not in "fc":
        return None
    bad = ~np.isfinite(array)
    return tuple(np.argwhere(bad)[0].tolist()) if bad.any() else None


def rows_with_non_finite(x: NDArray[Any]) -> list[int]:
    bad = ~np.isfinite(x.reshape(len(x), -1)).all(axis=1)
    return [int(row) for row in np.flatnonzero(bad)]


def entry(name: str, array: NDArray[Any], place: tuple[int, ...]) -> str:
    """``x[3, 2] is nan``, for a scalar ``x is nan``."""
    index = f"[{', '.join(map(str, place))}]" if place else ""
    return f"{name}{index} is {array[place]}"
