"""Checking a problem: what can be said of it as a whole, then each of its leaves."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.problem import Problem
from minigrad.checking.report import Report
from minigrad.checking.structure import structure_problems
from minigrad.checking.tensors import Settings, check_tensor
from minigrad.checking.verdict import Comparison, Row
from minigrad.graph import topological_order
from minigrad.tensor import Tensor

__all__ = ["check_problem"]

CHANGING = (
    "the function keeps state between calls, or draws random numbers; gradcheck takes their "
    "generator as rng, check_model finds those that are attributes of modules"
)


def check_problem(
    title: str,
    problem: Problem,
    settings: Settings,
    strict: bool,
    structure: bool = True,
) -> Report:
    """Check every leaf of a problem, under a Gaussian cotangent, or 1 if there is one output."""
    before = {name: leaf.data.copy() for name, leaf in problem.leaves.items()}
    base = problem.outcome()
    changed = [
        name
        for name, leaf in problem.leaves.items()
        if not np.array_equal(leaf.data, before[name], equal_nan=True)
    ]
    if changed:
        detail = f"the function writes into its input: {', '.join(changed)}"
        return Report(title, rows_without_numbers(problem, "FAIL", detail), strict=strict)
    others = [problem.outcome().values for _ in range(2)]
    changes = list(filter(None, (difference(base.values, other) for other in others)))
    if changes:
        detail = f"two evaluations {changes[0]}: {CHANGING}"
        return Report(
            title, rows_without_numbers(problem, "nondeterministic", detail), strict=strict
        )
    coarse = computed_in_float16(problem)
    if coarse is not None:
        detail = f"{coarse!r} is computed in float16: differences cannot resolve its gradient"
        return Report(title, rows_without_numbers(problem, "inconclusive", detail), strict=strict)
    size = base.values.size
    # Of a single output, the numbers under 1 are the gradient itself.
    cotangent = settings.rng.standard_normal(size) if size > 1 else np.ones(size)
    with np.errstate(all="ignore"):
        problems, raised = [], []
        if structure:
            try:
                problems = structure_problems(problem, cotangent, settings.rng)
            except Exception as error:
                raised = [f"backward raised {type(error).__name__}: {error}"]
        rows = [check_tensor(problem, name, cotangent, base, settings) for name in problem.leaves]
    change = difference(base.values, problem.outcome().values)
    if change:
        detail = f"later it gives other values, which {change}: {CHANGING}"
        rows = rows_without_numbers(problem, "nondeterministic", detail)
    if all(row.verdict != "FAIL" for row in rows):  # else the row says what was raised
        problems += raised
    return Report(title, rows, problems, strict)


def rows_without_numbers(problem: Problem, verdict: str, detail: str) -> list[Row]:
    """A row for each leaf where nothing could be compared."""
    nothing = Comparison(np.nan, np.nan, np.inf, verdict, 0.0)
    return [
        Row(name, leaf.shape, "", 0, leaf.size, nothing, None, verdict, detail)
        for name, leaf in problem.leaves.items()
    ]


def computed_in_float16(problem: Problem) -> Tensor | None:
    """The first tensor that the function computes in float16, whatever its leaves are."""
    with np.errstate(all="ignore"):
        order = topological_order(problem.output())
    return next((tensor for tensor in reversed(order) if tensor.dtype == np.float16), None)


def difference(one: NDArray[Any], other: NDArray[Any]) -> str:
    """How two evaluations differ, in words; empty if they do not."""
    if one.shape != other.shape:
        return f"give {one.size} and {other.size} numbers"
    if np.array_equal(one, other, equal_nan=True):
        return ""
    return f"differ by up to {float(np.max(np.abs(one - other))):.2g}"
