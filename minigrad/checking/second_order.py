"""Gradients of gradients: a problem whose outputs are the gradients of another."""

import numpy as np

from minigrad.checking.problem import Problem
from minigrad.checking.problem_check import check_problem
from minigrad.checking.report import Report
from minigrad.checking.tensors import Settings
from minigrad.gradients import depends, grad
from minigrad.ops.shape import concatenate
from minigrad.tensor import Tensor

__all__ = ["add_second_order"]

OUTPUTS_EACH = 1024
ARRIVING = "the cotangent"


def add_second_order(report: Report, problem: Problem, settings: Settings) -> None:
    """Check the gradient of the gradient too, in rows of its own; say so where that is no use."""
    if not report.ok:
        report.title += " (order 2 not checked: the gradient itself is not ok)"
        return
    if not any(depends(problem.output(), leaf) for leaf in problem.leaves.values()):
        return
    second = second_order(problem, settings.rng)
    above = check_problem("", second, settings, report.strict, structure=False)
    for row in above.rows:
        row.name = f"grad of {row.name}"
    report.rows += above.rows


def second_order(problem: Problem, rng: np.random.Generator) -> Problem:
    """The problem whose outputs are the gradients of another's, its leaves, and the cotangent.

    Of a large gradient the outputs are sums over its first axis, with Gaussian weights: to follow
    each of 100,000 entries on its own would cost more than all else, and shows little more.
    """
    out = problem.output()
    cotangent = Tensor(rng.standard_normal(out.shape), requires_grad=True, name=ARRIVING)
    large = {n: leaf for n, leaf in problem.leaves.items() if leaf.size > OUTPUTS_EACH}
    weights = {name: rng.standard_normal(leaf.shape) for name, leaf in large.items()}

    def gradients() -> Tensor:
        out = problem.output()
        reached = {name: leaf for name, leaf in problem.leaves.items() if depends(out, leaf)}
        found = grad(out, list(reached.values()), cotangent, create_graph=True)
        slopes = dict(zip(reached, found, strict=True))
        parts = []
        for name, leaf in problem.leaves.items():
            slope = slopes.get(name, Tensor(np.zeros(leaf.shape)))
            if name in weights:
                slope = (slope * weights[name]).sum(axis=0)
            parts.append(slope.flatten())
        joined: Tensor = concatenate(parts)
        return joined

    return Problem({**problem.leaves, ARRIVING: cotangent}, gradients)
