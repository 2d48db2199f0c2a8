"""One step against finite differences: its rules, or a single number of what they give."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.comparing import Target
from minigrad.checking.finding import in_units
from minigrad.checking.graph_check import check_op
from minigrad.checking.modes import by_entry
from minigrad.checking.op_problem import fault_of_forward, problem_of, rule_in_float64
from minigrad.checking.report import Report
from minigrad.checking.rule_run import run_rule
from minigrad.checking.tensors import Settings
from minigrad.debugger.contributions import rule_name
from minigrad.debugger.cutting import part_around
from minigrad.debugger.local_jacobian import index_of_argument
from minigrad.debugger.places import peak
from minigrad.debugger.step import Step
from minigrad.errors import DomainError

__all__ = ["FiniteDifference", "check_step", "finite_difference"]

Array = NDArray[Any]


def check_step(
    step: Step,
    *,
    mode: str = "auto",
    directions: int = 3,
    seed: int = 0,
    strict: bool = False,
) -> Report:
    """Check every rule of a step's op at its actual values, under the gradient that arrived.

    Parameters
    ----------
    step : Step
    mode, directions, seed, strict
        As for `minigrad.checking.gradcheck`.

    Returns
    -------
    Report
        A row for each rule that runs in the step. Numbers are those of the op alone, in float64.

    Raises
    ------
    GraphError
        If one of the op's inputs has changed since.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.debugger import check_step
    >>> x = mg.Tensor([0.5, -2.0], requires_grad=True)
    >>> step = next(mg.steps(mg.tanh(x), [1.0, 10.0]))
    >>> check_step(step)["Tanh.grad_x"].verdict
    'ok'
    """
    settings = Settings(mode, directions, np.random.default_rng(seed))
    with np.errstate(all="ignore"):
        rows = check_op(step.tensor, {step.tensor: step.grad_out}, settings)
    report = Report(f"check of step {step.number}, {step.tensor!r}", rows, strict=strict)
    report.reproduce = f"check_step(step, mode={mode!r}, directions={directions}, seed={seed})"
    return report


@dataclass(frozen=True)
class FiniteDifference:
    """One entry of a contribution beside its value by finite differences.

    Attributes
    ----------
    rule, argument : str
    index : tuple of int
        Which entry of the argument.
    contribution : float
        The entry as the step has it, in the dtype of the argument.
    analytic : float
        What the rule gives in float64.
    numeric, bar : float
        The finite difference, and how far off it may be; NaN where there is none.
    verdict : str
        "ok", "vacuous" (both 0), "kink", "inconclusive" or "FAIL"; it judges ``analytic``.
    detail : str
        Why, where there is something to say.
    """

    rule: str
    argument: str
    index: tuple[int, ...]
    contribution: float
    analytic: float
    numeric: float
    bar: float
    verdict: str
    detail: str = ""

    @property
    def ok(self) -> bool:
        """False for FAIL and inconclusive."""
        return self.verdict in ("ok", "vacuous", "kink")

    def __str__(self) -> str:
        place = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        lines = [
            f"dL/d{self.argument}{place} by {self.rule}: {self.contribution:.10g}",
            f"by finite differences: {self.numeric:.10g} ± {self.bar:.1e}  {self.verdict}",
        ]
        return "\n".join(lines + [self.detail] * bool(self.detail))


def finite_difference(
    step: Step, argument: str | int, index: tuple[int, ...] | int | None = None
) -> FiniteDifference:
    """Compare one entry of what a step gives to an argument with a finite difference.

    Only this op runs again, on float64 copies: L is replaced by the sum of grad_out · out, which
    has the same gradient here. Of a matrix product it is the row or column that the entry goes
    into, of an elementwise op without kinks that entry alone.

    Parameters
    ----------
    step : Step
    argument : str or int
        What the op calls it, or its position.
    index : tuple of int, optional
        Which entry; by default the one where the contribution is largest.

    Raises
    ------
    DomainError
        If the op has no such argument, it gets no gradient, or it has no such entry.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.debugger import finite_difference
    >>> x = mg.Tensor([1.0, 3.0], requires_grad=True)
    >>> step = next(mg.steps(x * x, [1.0, 10.0]))
    >>> print(finite_difference(step, "x"))
    dL/dx[1] by Multiply.grad_x: 30
    by finite differences: 30 ± ...  ok
    """
    position = index_of_argument(step, argument)
    tensor = step.tensor
    name, rule = list(step.values)[position], rule_name(tensor, position)
    shape = tensor.inputs[position].shape
    if 0 in shape:
        raise DomainError(f"{name} has the shape {shape}; there is no entry to compare")
    with np.errstate(all="ignore"):
        watched = run_rule(tensor, position, step.grad_out)
        given = watched.contribution
        if index is not None:
            at = checked_index(index, shape, name)
        else:
            at = (0,) * len(shape) if given is None else peak(given)
        entry = np.nan if given is None else float(given[at])
        nothing = (rule, name, at, entry, np.nan, np.nan, np.inf)
        if given is None:
            return FiniteDifference(*nothing, "FAIL", watched.fault)
        if not np.isfinite(step.grad_out).all():
            return FiniteDifference(*nothing, "inconclusive", "the gradient here is not finite")
        fault = fault_of_forward(tensor, problem_of(tensor, [watched]))
        if fault is not None:
            return FiniteDifference(*nothing, *fault)
        part, of_out, places = part_around(tensor, position, at)
        problem = problem_of(part, [watched])
        cotangent = np.asarray(step.grad_out, np.float64)
        pulled = np.asarray(rule_in_float64(tensor, position, cotangent), np.float64)
        leaf = problem.leaves[watched.name]
        place = places[position]
        cut_out = cotangent[of_out].ravel(), problem.outcome(), pulled[place]
        target = Target(problem, leaf, *cut_out)
        inside = [i - (taken.start or 0) for i, taken in zip(at, place, strict=True)]
        flat = int(np.ravel_multi_index(inside, leaf.shape)) if at else 0
        found = in_units(by_entry(target, flat))
    return FiniteDifference(
        rule, name, at, entry, found.analytic, found.numeric, found.bar, found.verdict, found.kink
    )


def checked_index(
    index: tuple[int, ...] | int, shape: tuple[int, ...], name: str
) -> tuple[int, ...]:
    at = index if isinstance(index, tuple) else (index,)
    fits = len(at) == len(shape) and all(-n <= i < n for i, n in zip(at, shape, strict=True))
    if not fits:
        raise DomainError(f"{name} has the shape {shape}; there is no entry {list(at)}")
    return tuple(i % n for i, n in zip(at, shape, strict=True))
