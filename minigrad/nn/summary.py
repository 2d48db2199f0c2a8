"""A table of a model's layers, their output shapes and parameter counts."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from minigrad.nn.module import Module
from minigrad.tensor import Tensor, no_grad

__all__ = ["Summary", "SummaryRow", "summary"]

HEADINGS = ("Name", "Layer", "Output shape", "Parameters")


class SummaryRow(NamedTuple):
    """One layer: its dotted name, how it prints, the shape of its output, its parameters."""

    name: str
    layer: str
    output_shape: str
    parameters: int


@dataclass(frozen=True, repr=False)
class Summary:
    """What `summary` found; prints as a table.

    Attributes
    ----------
    rows : tuple of SummaryRow
        One per layer, in the model's order.
    parameters : int
        How many numbers all parameters hold, shared ones counted once.
    trainable : int
        How many of them require a gradient.
    nbytes : int
        Memory of the parameters' values, in bytes.
    """

    rows: tuple[SummaryRow, ...]
    parameters: int
    trainable: int
    nbytes: int

    def __repr__(self) -> str:
        cells = [HEADINGS, *((*row[:3], f"{row.parameters:,}") for row in self.rows)]
        name, layer, shape, number = (max(map(len, column)) for column in zip(*cells, strict=True))
        lines = [f"{a:{name}}  {b:{layer}}  {c:{shape}}  {d:>{number}}" for a, b, c, d in cells]
        rule = "-" * len(lines[0])
        totals = (
            f"{self.parameters:,} parameters, {self.trainable:,} trainable, {self.nbytes:,} bytes"
        )
        return "\n".join([lines[0], rule, *lines[1:], rule, totals])


def summary(
    model: Module, input_shape: int | Sequence[int], *, dtype: DTypeLike | None = None
) -> Summary:
    """List a model's layers with the shapes they put out, found by running a sample of zeros.

    Parameters
    ----------
    model : Module
        Called with one input. It is not changed: a copy of it runs, in evaluation mode.
    input_shape : int or tuple of int
        Shape of one sample, without the batch axis, which is printed as N.
    dtype : dtype_like, optional
        Of the sample; by default that of the first parameter, or float64.

    Returns
    -------
    Summary
        With a row for every module that has no modules inside, or has parameters of its own. The
        output shape of one that did not run is "-".

    Raises
    ------
    ShapeError
        If a layer does not fit the shape it meets.

    Examples
    --------
    >>> from minigrad.nn import mlp, summary
    >>> summary(mlp([64, 32, 10]), (64,))
    Name  Layer           Output shape  Parameters
    ----------------------------------------------
    0     Linear(64, 32)  (N, 32)            2,080
    1     Sigmoid()       (N, 32)                0
    2     Linear(32, 10)  (N, 10)              330
    ----------------------------------------------
    2,410 parameters, 2,410 trainable, 19,280 bytes
    """
    sample_shape = tuple(input_shape) if isinstance(input_shape, Sequence) else (input_shape,)
    parameters = model.parameters()
    if dtype is None:
        dtype = parameters[0].dtype if parameters else np.float64
    shapes = output_shapes(model, np.zeros((1, *sample_shape), dtype))
    return Summary(
        rows=tuple(rows_of(model, shapes)),
        parameters=sum(tensor.size for tensor in parameters),
        trainable=sum(tensor.size for tensor in parameters if tensor.requires_grad),
        nbytes=sum(tensor.data.nbytes for tensor in parameters),
    )


def output_shapes(model: Module, batch: Any) -> dict[str, str]:
    """The shape every module puts out for ``batch``, by name; those that did not run are absent."""
    model = copy.deepcopy(model).eval()
    shapes: dict[str, str] = {}
    for name, module in model.named_modules():
        record_shape(module, name, shapes)
    with no_grad():
        model(Tensor(batch))
    return shapes


def record_shape(module: Module, name: str, shapes: dict[str, str]) -> None:
    """Let ``module``, a copy that is thrown away, note the shape of whatever it puts out."""
    forward = module.forward

    def recording_forward(*inputs: Any, **options: Any) -> Any:
        out = forward(*inputs, **options)
        shapes[name] = shape_text(out)
        return out

    vars(module)["forward"] = recording_forward


def shape_text(out: Any) -> str:
    """``(N, 10)``: the shape of a batch of one; of several outputs, all their shapes."""
    if isinstance(out, (list, tuple)):
        return ", ".join(shape_text(item) for item in out)
    if not hasattr(out, "shape"):
        return type(out).__name__
    sizes = [str(size) for size in out.shape]
    if sizes and sizes[0] == "1":
        sizes[0] = "N"
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def rows_of(model: Module, shapes: dict[str, str]) -> list[SummaryRow]:
    """A row for every module with parameters of its own, or without modules inside."""
    rows = []
    counted: set[Tensor] = set()
    for name, module in model.named_modules():
        own = [m for _, m in module.named_members() if isinstance(m, Tensor) and m not in counted]
        counted.update(own)
        is_leaf = not module.children()
        if is_leaf or own:
            layer = repr(module) if is_leaf else type(module).__name__
            size = sum(tensor.size for tensor in set(own))
            rows.append(SummaryRow(name, layer, shapes.get(name, "-"), size))
    return rows
