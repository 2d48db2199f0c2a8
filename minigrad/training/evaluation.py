"""A model's predictions, loss and metrics on a data set, without training on it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.data.batching import batches
from minigrad.errors import DTypeError, ShapeError
from minigrad.nn.module import Module
from minigrad.optim.hyperparameters import positive_integer
from minigrad.tensor import Tensor, no_grad
from minigrad.training.inputs import (
    Data,
    Loss,
    Metric,
    Metrics,
    check_loss_function,
    check_model,
    named_metrics,
    pair,
    samples,
)
from minigrad.validation import values

__all__ = ["evaluate", "predict"]


def evaluate(
    model: Module, loss: Loss, data: Data, *, batch_size: int = 32, metrics: Metrics = None
) -> dict[str, float]:
    """Loss and metrics of a model on a data set, in evaluation mode and without a graph.

    Parameters
    ----------
    model : Module
        Its mode is afterwards what it was before.
    loss : function of (predictions, targets)
        Returns a scalar Tensor, such as ``mg.softmax_cross_entropy``.
    data : (x, y) or Dataset
        Samples and targets.
    batch_size : int
        How many samples go through the model at once.
    metrics : dict of str to function, or sequence of functions
        Functions of (predictions, targets), arrays of the whole set, that return a number, such as
        `accuracy`. In a sequence each has its function's name.

    Returns
    -------
    dict
        ``loss``, the mean of the batches' losses weighted by their sizes, and each metric.

    Raises
    ------
    DTypeError, ShapeError, DomainError
        If an argument is not what it must be; the message names it.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> from minigrad.nn import Linear
    >>> from minigrad.training import accuracy, evaluate
    >>> model = Linear(2, 2, init="zeros")
    >>> data = np.zeros((4, 2)), np.array([0, 0, 0, 1])
    >>> evaluate(model, mg.softmax_cross_entropy, data, metrics=[accuracy])
    {'loss': 0.6931471805599453, 'accuracy': 0.75}
    """
    check_model("evaluate", model)
    check_loss_function("evaluate", loss)
    x, y = pair("evaluate", "data", data, model)
    batch_size = positive_integer("evaluate", "batch_size", batch_size)
    functions = named_metrics("evaluate", metrics)
    total = 0.0
    outputs = []
    with evaluation_mode(model), no_grad(), quiet():
        for x_batch, y_batch in batches(x, y, batch_size):
            predictions = model(x_batch)
            total += loss_number(loss(predictions, y_batch)) * len(x_batch)
            outputs.append(values(predictions))
    return {"loss": total / len(x), **measure(functions, outputs, [y])}


@contextmanager
def evaluation_mode(model: Module) -> Iterator[None]:
    """The model in evaluation mode; afterwards each of its modules is in the mode it was in."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def predict(model: Module, x: Any, *, batch_size: int = 1024) -> NDArray[Any]:
    """A model's outputs for samples, in evaluation mode and without a graph.

    Parameters
    ----------
    model : Module
        Its mode is afterwards what it was before.
    x : array_like, shape (N, ...)
        Samples, in the dtype of the model's parameters.
    batch_size : int
        How many samples go through the model at once.

    Returns
    -------
    ndarray, shape (N, ...)

    Raises
    ------
    DTypeError, ShapeError, DomainError
        If an argument is not what it must be; the message names it.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.nn import Linear
    >>> from minigrad.training import predict
    >>> predict(Linear(2, 3, init="zeros"), np.ones((2, 2)))
    array([[0., 0., 0.],
           [0., 0., 0.]])
    """
    check_model("predict", model)
    x = samples("predict", "x", x, model)
    batch_size = positive_integer("predict", "batch_size", batch_size)
    with evaluation_mode(model), no_grad():
        outputs = [
            values(model(x[start : start + batch_size])) for start in range(0, len(x), batch_size)
        ]
    return np.concatenate(outputs)


def quiet() -> np.errstate:
    """Where overflow would only warn, it passes here: what came of it is checked instead.

    A warning would end the run under ``-W error`` with a worse message. Somebody who has asked
    NumPy to raise still gets the exception.
    """
    return np.errstate(
        **{kind: "ignore" for kind, mode in np.geterr().items() if mode == "warn"}  # type: ignore[arg-type]
    )


def loss_number(value: Any) -> float:
    """A loss as a Python number, once it is known to be a Tensor of one element."""
    check_loss(value)
    number: float = value.data.item()
    return number


def check_loss(value: Any) -> None:
    """A loss is a Tensor of one element."""
    if not isinstance(value, Tensor):
        raise DTypeError(
            f"loss returned {value!r} ({type(value).__name__}), not a Tensor; compute it from the "
            "predictions with minigrad's functions, not from their .data"
        )
    if value.data.size != 1:
        raise ShapeError(
            f"loss returned {value!r}, not a scalar; reduce it with .mean() or reduction='mean'"
        )


def measure(
    functions: Mapping[str, Metric], outputs: list[NDArray[Any]], targets: list[NDArray[Any]]
) -> dict[str, float]:
    """Each metric of the predictions and targets in several batches, taken together."""
    if not functions:
        return {}
    predictions, y = np.concatenate(outputs), np.concatenate(targets)
    numbers = {}
    for name, function in functions.items():
        number = function(predictions, y)
        try:
            numbers[name] = float(number)
        except (TypeError, ValueError) as error:
            raise DTypeError(f"metric {name} returned {number!r}, not a number") from error
    return numbers
