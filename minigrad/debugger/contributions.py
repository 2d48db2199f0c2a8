"""What one rule gives to one input of an op: its name, its array, and how large that is."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.drawing.nodes import names_of_inputs
from minigrad.graph import wrong_shape
from minigrad.tensor import Tensor

__all__ = ["contribution_of", "norm", "ratio", "rule_name"]

Array = NDArray[Any]


def contribution_of(tensor: Tensor, index: int, grad_out: Array) -> Array:
    """What the rule of an op's input number ``index`` gives, in the dtype of that input."""
    op: Any = tensor.op
    x, rule = tensor.inputs[index], op.rules[index]
    contribution: Array = rule(grad_out, tensor.data, *tensor.arrays, **tensor.params)
    if getattr(contribution, "shape", None) != x.shape:
        raise wrong_shape(x, rule, contribution)
    return contribution.astype(x.dtype, copy=False)


def rule_name(tensor: Tensor, index: int) -> str:
    """``Linear.grad_weight``."""
    op: Any = tensor.op
    return f"{op.__name__}.grad_{names_of_inputs(tensor)[index]}"


def norm(array: Array) -> float:
    """Euclidean norm, in float64."""
    return float(np.linalg.norm(np.asarray(array, np.float64)))


def ratio(numerator: float, denominator: float) -> float:
    if denominator == 0:
        return float("nan") if numerator == 0 else float("inf")
    return numerator / denominator
