"""Operands as NumPy's promotion takes them: by dtype, or weakly, as Python numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.compiler.program import Operand, Value

__all__ = ["COMPARISONS", "example_of", "fit_together", "kind_of", "shape_of"]

COMPARISONS = frozenset(
    [np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal]
)
"""They take any integer beside an array, also one that the array's dtype cannot hold."""


def kind_of(operand: Operand) -> Any:
    """As NumPy's promotion takes it: a dtype, or the type of a Python number."""
    if isinstance(operand, Value):
        if not operand.weak:
            return operand.dtype
        return float if operand.dtype.kind == "f" else int
    return np.dtype(np.bool) if isinstance(operand, bool) else type(operand)


def fit_together(operands: Sequence[Operand], kinds: Sequence[Any]) -> bool:
    """Whether the integers among the operands can be written in the integer dtypes beside them."""
    limits = [np.iinfo(k) for k in kinds if isinstance(k, np.dtype) and k.kind in "iu"]
    numbers = [x for x in operands if type(x) is int]
    return all(limit.min <= x <= limit.max for x in numbers for limit in limits)


def example_of(operand: Operand) -> Any:
    kind = kind_of(operand)
    return kind(0) if isinstance(kind, type) else kind


def shape_of(operand: Operand) -> tuple[int, ...]:
    return operand.shape if isinstance(operand, Value) else ()
