"""`check_graph`: every rule of a live graph, at its actual values and the actual upstream gradient.

The walk is that of `minigrad.graph.backpropagate`, but the rules run on copies: nothing of the
graph is written to, whatever a rule does. Each op is then a small problem of its own, its inputs
the leaves, so that a wrong rule shows where it is and nowhere else, however deep the graph.
"""

import linecache
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minigrad.checking.problem import Outcome, Problem
from minigrad.checking.report import Report
from minigrad.checking.rule_run import Step, run_rule
from minigrad.checking.tensors import Settings, check_tensor, own_generator
from minigrad.checking.verdict import Comparison, Row
from minigrad.errors import DomainError, DTypeError, GraphError
from minigrad.graph import changed_since, topological_order
from minigrad.ops.base import call
from minigrad.printing import one_line, source_line
from minigrad.tensor import Tensor

__all__ = ["check_graph", "judge_precision"]

Array = NDArray[Any]

WORTHLESS = 0.1
"""A gradient that is off by this much of its largest element has no digit that can be relied on."""

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
    return gap <= 0.01 * size + float(np.finfo(earlier.dtype).tiny)


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
        elif not loss_of_precision(step.contribution, exact) <= STALE:
            row.verdict = "FAIL"
            row.detail = "; ".join(filter(None, [OTHER_NUMBERS, row.detail]))
    row.source = where(tensor)
    return row


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


def rule_in_float64(tensor: Tensor, index: int, cotangent: Array) -> Array:
    op: Any = tensor.op
    operands = [in_float64(x) for x in tensor.arrays]
    params = params_in_float64(tensor.params)
    out = op.forward(*operands, **params)
    exact: Array = op.rules[index](cotangent.reshape(tensor.shape), out, *operands, **params)
    return exact


def loss_of_precision(rounded: Array, exact: Array) -> float:
    """The largest difference relative to the largest element: what the coarser dtype costs."""
    size = float(np.max(np.abs(exact), initial=0.0))
    gap = float(np.max(np.abs(exact - rounded), initial=0.0))
    return gap / size if size > 0 else gap


def judge_precision(row: Row, rounded: Array, exact: Array) -> None:
    """Note what the coarser dtype costs; that it costs everything is a failure of its own."""
    row.precision = precision = loss_of_precision(rounded, exact)
    row.dtype = str(rounded.dtype)
    if not precision <= WORTHLESS and row.verdict in ("ok", "vacuous", "kink"):
        row.verdict = "FAIL"
        row.detail = "; ".join(filter(None, [row.detail, "right in float64, not in its own dtype"]))


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
