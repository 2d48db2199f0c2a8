"""`check_model`: the gradients of a model's loss, for every parameter and the input."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.precision import judge_precision
from minigrad.checking.problem import Problem, replayed
from minigrad.checking.problem_check import check_problem
from minigrad.checking.report import Report
from minigrad.checking.second_order import add_second_order
from minigrad.checking.tensors import Settings, own_generator
from minigrad.errors import DomainError, DTypeError
from minigrad.gradients import depends, grad
from minigrad.graph import topological_order
from minigrad.nn.module import Module
from minigrad.tensor import Tensor

__all__ = ["check_model"]

Array = NDArray[Any]


def check_model(
    model: Module,
    loss: Callable[[Any, Any], Any],
    batch: tuple[Any, Any],
    *,
    mode: str = "auto",
    directions: int = 3,
    seed: int = 0,
    order: int = 1,
    strict: bool = False,
) -> Report:
    """Compare the gradients of ``loss(model(x), targets)`` with finite differences.

    Parameters
    ----------
    model : Module
        In the mode, training or evaluation, in which it is to be checked.
    loss : function
        Of the model's output and the targets, such as `minigrad.softmax_cross_entropy`.
    batch : pair
        The inputs x and the targets.
    mode, directions, seed, order, strict
        As for `gradcheck`.

    Returns
    -------
    Report
        One row for each parameter that requires a gradient, under its dotted name, and one for
        ``x`` if it is of a floating-point dtype. Everything is computed in float64; for float32
        parameters, ``precision`` is how far the gradient computed in float32 is from that.

        It tells which parameters are affected by a wrong rule; `check_graph` tells which rule.

    Raises
    ------
    DTypeError
        If ``model`` is no Module, ``batch`` no pair, or part of the model computes in float32 even
        though its parameters are float64: differences could not resolve its gradients.

    Notes
    -----
    While it works the parameters hold float64 copies; afterwards they have their own arrays and
    gradients again. So have the modules the attributes that they had, such as running means, and
    random generators among these, such as dropout's: each evaluation draws the same masks.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.checking import check_model
    >>> from minigrad.nn import mlp
    >>> batch = np.random.default_rng(0).normal(size=(5, 4)), np.array([0, 1, 2, 0, 1])
    >>> report = check_model(mlp([4, 8, 3], rng=0), mg.softmax_cross_entropy, batch)
    >>> report.ok, [row.name for row in report.rows]
    (True, ['0.weight', '0.bias', '2.weight', '2.bias', 'x'])
    """
    if not isinstance(model, Module):
        raise DTypeError(f"check_model: model must be a Module, got {model!r}")
    if not callable(loss):
        raise DTypeError(f"check_model: loss must be a function, got {loss!r}")
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise DTypeError("check_model: batch must be a pair (x, targets)")
    if order not in (1, 2):
        raise DomainError(f"check_model: order is {order}; it must be 1 or 2")
    x, targets = batch
    settings = Settings(mode, directions, own_generator(seed))
    problem = Problem({}, lambda: loss(model(x), targets))
    parameters = model.named_parameters()
    with replayed(problem, generators(model)), kept(parameters), kept_state(model):
        values = x.data if isinstance(x, Tensor) else np.asarray(x)
        if values.dtype.kind == "f":
            x = Tensor(values.copy(), requires_grad=True, name="x")
        else:
            x = values
        problem.leaves.update({name: tensor for name, tensor in parameters if tensor.requires_grad})
        if isinstance(x, Tensor):
            problem.leaves["x" if "x" not in problem.leaves else "the input x"] = x
        tensors = [tensor for _, tensor in [*parameters, *problem.leaves.items()]]
        for tensor in tensors:
            tensor.data = tensor.data.copy()
        own_dtypes = gradients(problem)
        for tensor in tensors:
            if tensor.dtype.kind == "f":
                tensor.data = tensor.data.astype(np.float64)
        in_float64 = gradients(problem)
        require_float64(problem)
        title = f"check_model of {type(model).__name__}"
        report = check_problem(title, problem, settings, strict)
        if order == 2:
            add_second_order(report, problem, settings)
    for row in report.rows:
        own = own_dtypes.get(row.name)
        if own is not None and own.dtype != np.float64:
            judge_precision(row, own, in_float64[row.name])
    report.reproduce = (
        f"check_model(model, loss, batch, mode={mode!r}, directions={directions}, "
        f"order={order}, seed={seed}{', strict=True' if strict else ''})"
    )
    return report


def generators(model: Module) -> list[np.random.Generator]:
    """The random generators that modules hold as attributes, each once."""
    found = {
        id(value): value
        for module in model.modules()
        for value in vars(module).values()
        if isinstance(value, np.random.Generator)
    }
    return list(found.values())


@contextmanager
def kept(parameters: Sequence[tuple[str, Tensor]]) -> Iterator[None]:
    """Give the parameters their arrays and gradients back, whatever happens in the block."""
    before = [(tensor, tensor.data, tensor.grad) for _, tensor in parameters]
    try:
        yield
    finally:
        for tensor, data, gradient in before:
            tensor.data, tensor.grad = data, gradient


@contextmanager
def kept_state(model: Module) -> Iterator[None]:
    """Give all modules the attributes back that they had, arrays with what was in them."""
    before = [(vars(module), dict(vars(module))) for module in model.modules()]
    arrays = [
        (value, value.copy())
        for _, attributes in before
        for value in attributes.values()
        if isinstance(value, np.ndarray)
    ]
    try:
        yield
    finally:
        for now, attributes in before:
            now.clear()
            now.update(attributes)
        for array, content in arrays:
            array[...] = content


def gradients(problem: Problem) -> dict[str, Array]:
    """The gradient of the loss with respect to each leaf that it depends on."""
    out = problem.output()
    reached = {name: leaf for name, leaf in problem.leaves.items() if depends(out, leaf)}
    found = grad(out, list(reached.values()), np.ones(out.shape)) if reached else []
    return {name: slope.data for name, slope in zip(reached, found, strict=True)}


def require_float64(problem: Problem) -> None:
    """Raise an error if part of the graph computes in a coarser dtype all the same."""
    for tensor in reversed(topological_order(problem.output())):
        if tensor.dtype != np.float64:
            raise DTypeError(
                f"check_model: {tensor!r} is computed in {tensor.dtype} although the parameters "
                "and x are float64: differences cannot resolve its gradient; take out the cast, "
                "or use check_graph, which checks each op in float64"
            )
