"""What the box of a tensor says, and that of many tensors."""

from collections import Counter
from typing import Any

from minigrad.drawing.clusters import is_op
from minigrad.drawing.nodes import has_box, names_of_inputs
from minigrad.drawing.picture import Box
from minigrad.drawing.text import one_line_of
from minigrad.drawing.values import (
    count_of_non_finite,
    non_finite_line,
    shape_and_dtype,
    value_line,
)
from minigrad.ops.base import Node
from minigrad.printing import one_line

__all__ = ["as_array", "box_of", "box_of_many", "counted", "is_parameter"]

LONGEST = 24


def is_parameter(item: Any) -> bool:
    return isinstance(item, Node) and item.op is None and item.requires_grad


def box_of(item: Any, starts_here: bool) -> Box:
    """The box of one Tensor or array."""
    array = as_array(item)
    shape = shape_and_dtype(array)
    here = ["it starts here: all inputs are finite"] * (starts_here and is_op(item))
    values = [f"value {value_line(array)}", non_finite_line("values", array), *here]
    if is_op(item):
        kind, title = "op", item.op.__name__
        about = [repr(item.name)] * (item.name is not None) + arguments(item)
    elif is_parameter(item):
        kind, title, about = "parameter", item.name or "Tensor", ["parameter"]
    else:
        kind, title, about = "input", getattr(item, "name", "array"), ["input, needs no gradient"]
    lines = [line for line in [*about, *values, *gradient_lines(item)] if line]
    warning = any(line.startswith("NOT FINITE") for line in lines)
    tip = one_line(item) if isinstance(item, Node) else ""
    return Box(kind, one_line_of(title or "Tensor"), shape, tuple(lines), warning=warning, tip=tip)


def gradient_lines(item: Any) -> list[str]:
    """The gradient that arrived at a Tensor, or that none has yet."""
    if not getattr(item, "requires_grad", False):
        return []
    if item.grad is None:
        return ["no gradient yet"]
    return [f"grad  {value_line(item.grad)}", non_finite_line("gradients", item.grad)]


def arguments(tensor: Any) -> list[str]:
    """The inputs that are numbers and the arguments that say something: ``y = 3, axis = -1``."""
    names = names_of_inputs(tensor)
    numbers = [(n, x) for n, x in zip(names, tensor.inputs, strict=True) if not has_box(x)]
    pairs = numbers + [(n, x) for n, x in tensor.params.items() if x is not None and x is not False]
    return [", ".join(f"{name} = {argument(value)}" for name, value in pairs)] * bool(pairs)


def argument(value: Any) -> str:
    shape = getattr(value, "shape", ())
    text = f"array{shape}" if shape else one_line_of(f"{value}")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def box_of_many(title: str, items: list[Any], layers: int, out: Any) -> Box:
    """One box for many nodes, of so many layers: what is in it, and what comes out of it.

    ``out`` is the one node of them that others use, or None if there are several.
    """
    ops = [item for item in items if is_op(item)]
    parameters = [item for item in items if is_parameter(item)]
    lines = []
    kinds = Counter(item.op.__name__ for item in ops).most_common(4)
    if kinds:
        shown = [f"{count:,} {name}" for name, count in kinds[:3]]
        lines.append(", ".join(shown + ["…"] * (len(kinds) > 3)))
    if layers > 1:
        lines.append(f"{layers:,} layers")
    if parameters:
        size = sum(item.data.size for item in parameters)
        lines.append(f"{counted(size, 'number')} in {counted(len(parameters), 'parameter')}")
    if out is not None:
        lines += [f"out {shape_and_dtype(out.data)}", f"value {value_line(out.data)}"]
        if out.grad is not None:
            lines.append(f"grad  {value_line(out.grad)}")
    wrong_values = sum(count_of_non_finite(as_array(item)) > 0 for item in items)
    grads = [item.grad for item in items if getattr(item, "grad", None) is not None]
    wrong_grads = sum(count_of_non_finite(grad) > 0 for grad in grads)
    if wrong_values:
        lines.append(f"NOT FINITE: values of {wrong_values:,} of {len(items):,} nodes")
    if wrong_grads:
        lines.append(f"NOT FINITE: gradients of {wrong_grads:,} of {len(items):,} nodes")
    if any(getattr(item, "requires_grad", False) and item.grad is None for item in items):
        lines.append("no gradient yet")
    return Box("many", title, lines=tuple(lines), warning=bool(wrong_values or wrong_grads))


def counted(number: int, what: str) -> str:
    """``2 ops``, ``1 op``; nothing for 0."""
    return f"{number:,} {what}{'s' * (number > 1)}" if number else ""


def as_array(item: Any) -> Any:
    return item.data if isinstance(item, Node) else item
