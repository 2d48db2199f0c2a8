"""How a tensor is shown: one line, shape first, cheap, never raising."""

import os
from itertools import islice
from typing import Any

import numpy as np

from minigrad.ops.base import Node, UnknownArray

__all__ = ["one_line", "source_line", "with_values"]


def one_line(tensor: Any) -> str:
    """``Tensor(32, 10) float64 'logits' = Linear(x, weight, bias) train.py:12``."""
    data = tensor.data
    words = [f"Tensor({', '.join(map(str, data.shape))}) {data.dtype}"]
    if data.size == 1 and not isinstance(data, UnknownArray):
        words.append(f"{data.item():.6g}")
    if tensor.name is not None:
        words.append(repr(tensor.name))
    if tensor.op is None:
        words.extend(["requires_grad"] if tensor.requires_grad else [])
    else:
        words.append(f"= {tensor.op.__name__}({operands(tensor)})")
        words.append(source_line(tensor.code, tensor.instruction))
    return " ".join(words)


def operands(tensor: Any) -> str:
    """The op's inputs: by their names, as numbers, or as forward calls them."""
    names = tensor.op.input_names
    if len(names) != len(tensor.inputs):
        names = [f"{names[0]}[{index}]" for index in range(len(tensor.inputs))]
    shown = [operand(name, x) for name, x in zip(names, tensor.inputs, strict=True)]
    return ", ".join(shown[:4] + ["..."] * (len(shown) > 4))


def operand(name: str, x: Any) -> str:
    if isinstance(x, Node):
        return name if x.name is None else x.name
    is_number = getattr(x, "shape", ()) == () and not isinstance(x, UnknownArray)
    return str(x) if is_number else name


def source_line(code: Any, instruction: int) -> str:
    """``train.py:12``: file and line of an instruction in a code object."""
    if code is None:
        return ""
    line = next(islice(code.co_positions(), instruction // 2, None))[0]
    return f"{os.path.basename(code.co_filename)}:{line}"


def with_values(tensor: Any) -> str:
    """The one line, and below it the values, shortened as NumPy does."""
    return f"{one_line(tensor)}\n{np.array2string(tensor.data, threshold=200, precision=4)}"
