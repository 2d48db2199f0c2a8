"""One op of a live graph as a problem of its own, in float64."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.problem import Problem
from minigrad.checking.rule_run import Step
from minigrad.ops.base import call
from minigrad.tensor import Tensor

__all__ = ["fault_of_forward", "problem_of", "rule_in_float64"]

Array = NDArray[Any]

SAME_VALUES = 0.01
"""Of the largest value: float16 in one op loses less, and other values differ by more."""


def problem_of(tensor: Tensor, steps: Sequence[Step]) -> Problem:
    """The op alone, in float64: its inputs that need a gradient are the leaves."""
    op: Any = tensor.op
    operands = [in_float64(x) for x in tensor.arrays]
    leaves = {}
    for step in steps:
        leaf = Tensor(operands[step.index], requires_grad=True, name=tensor.inputs[step.index].name)
        operands[step.index] = leaf
        leaves[step.name] = leaf
    params = params_in_float64(tensor.params)

    def run() -> Tensor:
        out: Tensor = call(op, *operands, **params)
        # A kink is reported with the line of the op, not with the one that called the checker.
        out.name, out.code, out.instruction = tensor.name, tensor.code, tensor.instruction
        return out

    return Problem(leaves, run)


def in_float64(x: Any) -> Any:
    """A copy, of floats in float64; Python numbers as they are."""
    if isinstance(x, (np.ndarray, np.generic)):
        return np.array(x, np.float64) if x.dtype.kind == "f" else np.array(x)
    return x


def params_in_float64(params: Mapping[str, Any]) -> dict[str, Any]:
    """A dtype among the parameters, as of a cast, is asked for in float64 as well."""
    return {
        name: np.dtype(np.float64) if isinstance(value, np.dtype) and value.kind == "f" else value
        for name, value in params.items()
    }


def fault_of_forward(tensor: Tensor, problem: Problem) -> tuple[str, str] | None:
    """Verdict and reason, if forward cannot be differentiated numerically; None if it can."""
    before = {name: leaf.data.copy() for name, leaf in problem.leaves.items()}
    try:
        once, again = problem.output(), problem.output()
    except Exception as error:
        op: Any = tensor.op
        return "inconclusive", f"{op.__name__}.forward cannot run in float64: {error}"
    for name, leaf in problem.leaves.items():
        if not np.array_equal(leaf.data, before[name], equal_nan=True):
            return "FAIL", "forward wrote into its input"
    if not np.array_equal(once.data, again.data, equal_nan=True):
        return "nondeterministic", "two evaluations of forward differ"
    if once.dtype != np.float64:
        return "inconclusive", f"forward returns {once.dtype} for float64 inputs"
    if once.shape != tensor.shape or not close(once.data, tensor.data):
        return "nondeterministic", "forward gives other values now than it gave in this graph"
    return None


def close(values: Array, earlier: Array) -> bool:
    """Whether values computed again in float64 are the earlier ones, but for rounding."""
    both = np.isfinite(values) & np.isfinite(earlier)
    if not both.any():
        return True
    size = float(np.max(np.abs(values[both])))
    gap = float(np.max(np.abs(values[both] - earlier[both])))
    return gap <= SAME_VALUES * size + float(np.finfo(earlier.dtype).tiny)


def rule_in_float64(tensor: Tensor, index: int, cotangent: Array) -> Array:
    op: Any = tensor.op
    operands = [in_float64(x) for x in tensor.arrays]
    params = params_in_float64(tensor.params)
    out = op.forward(*operands, **params)
    exact: Array = op.rules[index](cotangent.reshape(tensor.shape), out, *operands, **params)
    return exact
