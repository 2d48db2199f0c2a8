"""What `fit`, `evaluate` and `predict` accept: data, metrics, a model and its optimizer."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.data.dataset import Dataset
from minigrad.errors import DomainError, DTypeError, ShapeError
from minigrad.nn.module import Module
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.schedule import Schedule
from minigrad.training.run import Callback
from minigrad.validation import as_given, values

__all__ = [
    "Data",
    "Loss",
    "Metric",
    "Metrics",
    "check_loss_function",
    "check_model",
    "check_optimizer",
    "checked_callbacks",
    "named_metrics",
    "pair",
    "samples",
]

Loss = Callable[[Any, Any], Any]
Metric = Callable[[NDArray[Any], NDArray[Any]], float]
Metrics = Mapping[str, Metric] | Iterable[Metric] | None
Data = Dataset | tuple[Any, Any]

RESERVED = ("epoch", "loss", "lr", "seconds")


def named_metrics(owner: str, metrics: Metrics) -> dict[str, Metric]:
    """Metrics by name."""
    if metrics is None:
        return {}
    if isinstance(metrics, Mapping):
        named = list(metrics.items())
    elif isinstance(metrics, Iterable) and not isinstance(metrics, str):
        named = [(getattr(metric, "__name__", ""), metric) for metric in metrics]
    else:
        raise DTypeError(f"{owner}: metrics is {metrics!r}; give functions in a list or a dict")
    for name, metric in named:
        if not callable(metric):
            raise DTypeError(
                f"{owner}: metrics has {metric!r} ({type(metric).__name__}), not a function"
            )
        if not name or name in RESERVED or name.startswith("validation_"):
            raise DomainError(
                f"{owner}: {metric!r} cannot be recorded under the name {name!r}; choose another "
                "with metrics={'name': function}"
            )
    if len(dict(named)) < len(named):
        names = [name for name, _ in named]
        raise DomainError(f"{owner}: two metrics have the same name among {names}; give a dict")
    return dict(named)


def check_model(owner: str, model: Any) -> None:
    if not isinstance(model, Module):
        raise DTypeError(
            f"{owner}: model is {model!r} ({type(model).__name__}); it must be a Module, such as "
            "mlp(...) or Sequential(...)"
        )


def check_loss_function(owner: str, loss: Any) -> None:
    if not callable(loss):
        raise DTypeError(
            f"{owner}: loss is {loss!r} ({type(loss).__name__}); it must be a function of "
            "(predictions, targets), such as mg.softmax_cross_entropy"
        )


def pair(owner: str, name: str, data: Any, model: Module) -> tuple[NDArray[Any], NDArray[Any]]:
    """Samples and targets as arrays that fit each other and the model."""
    if isinstance(data, Dataset):
        data = data.x, data.y
    if not (isinstance(data, tuple | list) and len(data) == 2):
        raise DTypeError(
            f"{owner}: {name} is a {type(data).__name__}; it must be a pair of arrays (x, y), or a "
            "Dataset"
        )
    x = samples(owner, f"{name} x", data[0], model)
    y = np.asarray(values(as_given(owner, f"{name} y", data[1])))
    if y.ndim == 0 or len(x) != len(y):
        raise ShapeError(
            f"{owner}: {name} has x of shape {x.shape} and y of shape {y.shape}; both need the "
            "same number of samples on axis 0"
        )
    return x, y


def samples(owner: str, name: str, data: Any, model: Module) -> NDArray[Any]:
    """Samples as an array of the dtype that the model computes in."""
    x: NDArray[Any] = np.asarray(values(as_given(owner, name, data)))
    if x.ndim == 0 or len(x) == 0:
        raise ShapeError(f"{owner}: {name} has shape {x.shape}: no samples")
    dtypes = sorted({str(parameter.dtype) for parameter in model.parameters()})
    if dtypes and str(x.dtype) not in dtypes:
        raise DTypeError(
            f"{owner}: {name} has dtype {x.dtype}, but the model's parameters have "
            f"{' and '.join(dtypes)}; convert with x.astype(np.{dtypes[0]})"
        )
    return x


def checked_callbacks(callbacks: Iterable[Any]) -> tuple[Callback, ...]:
    """The callbacks as a tuple."""
    if not isinstance(callbacks, Iterable):
        raise DTypeError(f"fit: callbacks is {callbacks!r}; it must be a list: callbacks=[...]")
    checked = tuple(callbacks)
    for callback in checked:
        if not isinstance(callback, Callback):
            raise DTypeError(
                f"fit: callbacks holds {callback!r}; it must be an instance of a Callback class"
            )
    return checked


def check_optimizer(optimizer: Any, schedule: Any, model: Module) -> None:
    """An optimizer of this model, and a schedule of this optimizer or None."""
    if not isinstance(optimizer, Optimizer):
        raise DTypeError(
            f"fit: optimizer is {optimizer!r} ({type(optimizer).__name__}); it must be an "
            "Optimizer, such as SGD(model.parameters(), lr=0.1)"
        )
    own = set(model.parameters())
    foreign = [parameter for parameter in optimizer.parameters if parameter not in own]
    if foreign:
        raise DomainError(
            f"fit: {len(foreign)} of the optimizer's {len(optimizer.parameters)} parameters are "
            f"not in the model, the first being {foreign[0]!r}; build the optimizer from "
            "model.parameters() once the model is complete"
        )
    if schedule is None:
        return
    if not isinstance(schedule, Schedule):
        raise DTypeError(
            f"fit: schedule is {schedule!r} ({type(schedule).__name__}); it must be a Schedule, "
            "such as StepLR(optimizer, 10)"
        )
    if schedule.optimizer is not optimizer:
        raise DomainError(f"fit: schedule is {schedule!r}, that of another optimizer")
