"""`check_graph`: every rule of a live graph, at its actual values and the actual upstream gradient.

The walk is that of `minigrad.graph.backpropagate`, but the rules run on copies: nothing of the
graph is written to, whatever a rule does. Each op is then a small problem of its own, its inputs
the leaves, so that a wrong rule shows where it is and nowhere else, however deep the graph.
"""

import linecache
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minigrad.checking.op_problem import fault_of_forward, problem_of, rule_in_float64
from minigrad.checking.precision import judge_precision, loss_of_precision
from minigrad.checking.problem import Outcome, Problem
from minigrad.checking.report import Report
from minigrad.checking.rule_run import Step, run_rule
from minigrad.checking.tensors import Settings, check_tensor, own_generator
from minigrad.checking.verdict import Comparison, Row
from minigrad.errors import DomainError, DTypeError, GraphError
from minigrad.graph import changed_since, topological_order
from minigrad.printing import one_line, source_line
from minigrad.tensor import Tensor

__all__ = ["check_graph", "check_op"]

Array = NDArray[Any]

STALE = 1e-6
"""Far more than the order of additions can change in float64."""

OTHER_NUMBERS = (
    "in this graph the rule gives other numbers than right after its forward: does it keep "
    "something from a forward to itself?"
)


def check_graph(
    loss: Tensor,
    gradient: ArrayLike | None = None,
    *,
    mode: str = "auto",
    directions: int = 3,
    seed: int = 0,
    strict: bool = False,
) -> Report:
    """Check every rule behind ``loss`` on its own, in the order of the backward pass.

    Parameters
    ----------
    loss : Tensor
        Whose graph to walk; it need not be a scalar.
    gradient : array_like, optional
        The gradient to start from, in the shape of ``loss``; 1 for a single element.
    mode, directions, seed, strict
        As for `gradcheck`.

    Returns
    -------
    Report
        One row for each op and each of its inputs that needs a gradient, named after the rule, such
        as ``Sigmoid.grad_x``, with the line of source that called the op. The numbers are those of
        that op alone, in float64, under the gradient that arrives at it in this graph, so that one
        wrong rule does not spoil the rows after it. Where a rule before it failed to give one, or
        gave NaN, the op is checked under a Gaussian gradient.

        In a float32 graph, ``precision`` is what the rule loses by computing in float32.

    Raises
    ------
    GraphError
        If ``loss`` is a leaf or requires no gradient, its graph was freed, or a leaf has changed.
    DomainError
        If ``gradient`` is not finite.

    Notes
    -----
    A rule also fails, whatever its numbers, if it writes to what it is given, returns one of its
    inputs instead of a new array, or an array of the wrong shape or type. No ``.grad`` is touched.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.checking import check_graph
    >>> class Cube(mg.Op):
    ...     @staticmethod
    ...     def forward(x):
    ...         return x * x * x
    ...
    ...     @staticmethod
    ...     def grad_x(grad_out, out, x):
    ...         return grad_out * 2 * x * x
    >>> x = mg.Tensor([1.0, -2.0], requires_grad=True, name="x")
    >>> loss = mg.call(Cube, mg.exp(x)).sum()
    >>> report = check_graph(loss)
    >>> [(row.name, row.verdict) for row in report.rows]
    [('Sum.grad_x', 'ok'), ('Cube.grad_x', 'FAIL'), ('Exp.grad_x', 'ok')]
    """
    if not isinstance(loss, Tensor):
        raise DTypeError(f"check_graph: loss must be a Tensor, got {loss!r}")
    if loss.op is None and loss.requires_grad:
        raise GraphError(f"check_graph: {loss!r} is a leaf: there is no rule to check")
    if gradient is not None and not np.isfinite(np.asarray(gradient, np.float64)).all():
        raise DomainError(f"check_graph: gradient must be finite, got {gradient!r}")
    settings = Settings(mode, directions, own_generator(seed))
    grads: dict[Tensor, Array] = {loss: loss.initial_gradient(gradient)}
    rows: list[Row] = []
    with np.errstate(all="ignore"):
        for tensor in topological_order(loss):
            if tensor.op is not None:
                rows += check_op(tensor, grads, settings)
    report = Report(f"check_graph of {loss!r}", rows, strict=strict)
    report.reproduce = (
        f"check_graph(loss, mode={mode!r}, directions={directions}, seed={seed}"
        f"{', strict=True' if strict else ''})"
    )
    return report


def check_op(tensor: Tensor, grads: dict[Tensor, Array], settings: Settings) -> list[Row]:
    """Check the rules of the op that ``tensor`` came out of, and pass its gradient on."""
    grad_out = grads.pop(tensor, None)
    arrived = grad_out is not None and bool(np.isfinite(grad_out).all())
    if grad_out is None or not arrived:
        grad_out = settings.rng.standard_normal(tensor.shape).astype(tensor.dtype)
    steps = []
    for index, x in enumerate(tensor.inputs):
        if isinstance(x, Tensor) and x.requires_grad:
            if x.stamp > tensor.stamp:
                raise changed_since(tensor, x)
            step = run_rule(tensor, index, grad_out)
            steps.append(step)
            if arrived and step.contribution is not None:
                before = grads.get(x)
                part = step.contribution.astype(x.dtype)
                grads[x] = part if before is None else before + part
    problem = problem_of(tensor, steps)
    fault = fault_of_forward(tensor, problem)
    base = problem.outcome() if fault is None else None
    rows = [row_of(tensor, step, problem, base, grad_out, settings, fault) for step in steps]
    if not arrived:
        for row in rows:
            row.detail = "; ".join(filter(None, [row.detail, "under a Gaussian gradient"]))
    return rows


def row_of(
    tensor: Tensor,
    step: Step,
    problem: Problem,
    base: Outcome | None,
    grad_out: Array,
    settings: Settings,
    fault: tuple[str, str] | None,
) -> Row:
    """The row of one rule."""
    leaf = problem.leaves[step.name]
    cotangent = np.asarray(grad_out, np.float64).ravel()
    if step.contribution is None or base is None:
        verdict, reason = ("FAIL", step.fault) if step.contribution is None else fault or ("", "")
        nothing = Comparison(np.nan, np.nan, np.inf, verdict, np.nan)
        row = Row(step.name, leaf.shape, "", 0, leaf.size, nothing, None, verdict, reason)
    else:
        row = check_tensor(problem, step.name, cotangent, base, settings)
        if row.verdict != "FAIL":
            row = row_under_gaussian(problem, step.name, cotangent, base, settings) or row
        if step.fault:
            row.verdict = "FAIL"
            row.detail = "; ".join(filter(None, [step.fault, row.detail]))
        exact = rule_in_float64(tensor, step.index, cotangent)
        if step.contribution.dtype != np.float64:
            judge_precision(row, step.contribution, exact)
        elif gives_other_numbers(tensor, step.contribution, exact):
            row.verdict = "FAIL"
            row.detail = "; ".join(filter(None, [OTHER_NUMBERS, row.detail]))
    row.source = where(tensor)
    return row


def gives_other_numbers(tensor: Tensor, contribution: Array, exact: Array) -> bool:
    """Whether a rule gave something else in the graph than right after its forward, in float64."""
    dtypes = [np.asarray(x).dtype for x in tensor.arrays]
    if any(dtype.kind == "f" and dtype != np.float64 for dtype in dtypes):
        return False  # the forward itself was rounded
    one, other = np.asarray(contribution), np.asarray(exact)
    finite = np.isfinite(one) & np.isfinite(other)
    if not np.array_equal(one[~finite], other[~finite], equal_nan=True):
        return True
    return bool(finite.any()) and loss_of_precision(one[finite], other[finite]) > STALE


def row_under_gaussian(
    problem: Problem, name: str, cotangent: Array, base: Outcome, settings: Settings
) -> Row | None:
    """The row of a rule that is right under the gradient that arrives, not under a Gaussian one.

    Behind a sum, for instance, all of that gradient is the same number: a rule that takes its mean,
    or leaves it out, is right there by chance.
    """
    size = float(np.sqrt(np.mean(np.square(cotangent)))) if cotangent.any() else 1.0
    gaussian = settings.rng.standard_normal(cotangent.size) * size
    once = Settings("fast", 1, settings.rng)
    row = check_tensor(problem, name, gaussian, base, once)
    if row.verdict != "FAIL":
        return None
    row.detail = f"right under the gradient that arrives here, not under another: {row.detail}"
    return row


def where(tensor: Tensor) -> str:
    """``train.py:12  h = tanh(x)  Tensor(4) float64 = Tanh(x)``: where an op was called."""
    place = source_line(tensor.code, tensor.instruction)
    return "  ".join(
        filter(None, [place, source_text(tensor), one_line(tensor).removesuffix(place).strip()])
    )


def source_text(tensor: Tensor) -> str:
    """The line of source itself, if its file can be read."""
    if tensor.code is None:
        return ""
    position = next(islice(tensor.code.co_positions(), tensor.instruction // 2, None))
    return linecache.getline(tensor.code.co_filename, position[0] or 0).strip()
