"""`gradcheck`: the gradient of a function with respect to its inputs, against differences."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minigrad.checking.complex_step import second_opinion
from minigrad.checking.problem import Problem
from minigrad.checking.report import Report
from minigrad.checking.structure import structure_problems
from minigrad.checking.tensors import Settings, check_tensor
from minigrad.checking.verdict import Comparison, Row
from minigrad.errors import DomainError, DTypeError
from minigrad.gradients import depends, grad
from minigrad.ops.shape import concatenate
from minigrad.tensor import Tensor

__all__ = ["check_problem", "gradcheck", "numerical_gradient", "replayed", "second_order"]

OUTPUTS_EACH = 1024


def gradcheck(
    fn: Callable[..., Any],
    inputs: ArrayLike | Tensor | Sequence[ArrayLike | Tensor],
    *,
    mode: str = "auto",
    order: int = 1,
    directions: int = 3,
    seed: int = 0,
    rng: np.random.Generator | None = None,
    strict: bool = False,
    complex_step: bool = False,
) -> Report:
    """Compare the gradient of ``fn`` with finite differences, entry by entry or by directions.

    Parameters
    ----------
    fn : function
        Takes as many Tensors as there are inputs, returns a Tensor of any shape. It is contracted
        with a Gaussian cotangent: under ones, a softmax's gradient is zero and any rule passes.
    inputs : list or tuple of array_like and Tensor, or one array, Tensor or number
        Where to check. A list or tuple always holds the inputs, one for each argument of ``fn``;
        anything else is the single input. Integers are passed on as they are; floating-point
        inputs are checked, in float64.
    mode : {"auto", "full", "fast", "subset"}
        "full" moves every entry on its own; "fast" moves all at once along Gaussian directions and
        compares every output, and names the worst entry on failure; "subset" moves the largest,
        smallest, zero and some random entries; "auto" is full up to 32 entries, then fast.
    order : {1, 2}
        2 checks the gradient of the gradient as well; where it has more than 1,024 entries, summed
        over its first axis with Gaussian weights.
    directions : int
        How many directions fast mode takes.
    seed : int
        Of the cotangent, the directions and the random entries.
    rng : numpy.random.Generator, optional
        The generator ``fn`` draws from, dropout's for instance: it is set back before each
        evaluation, so that all see the same draws.
    strict : bool
        Whether kinks and vacuous gradients fail as well.
    complex_step : bool
        Ask for a second opinion: f'(x) = Im f(x + ih) / h, right to rounding, where ``fn`` runs on
        complex arrays and is holomorphic. Each row says what came of it.

    Returns
    -------
    Report
        Print it; ``report.ok`` is the answer in one word.

    Raises
    ------
    DTypeError
        If ``fn`` does not take as many arguments as there are inputs, none of these is of a
        floating-point dtype, or ``fn`` returns no Tensor.
    DomainError
        If an option is out of its range.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.checking import gradcheck
    >>> report = gradcheck(mg.sigmoid, np.array([[0.5, -2.0], [3.0, 0.0]]))
    >>> report.ok, report.rows[0].verdict, report.rows[0].checked
    (True, 'ok', 4)
    >>> gradcheck(mg.relu, np.array([1.0, 0.0])).rows[0].verdict
    'kink'
    >>> gradcheck(mg.multiply, [2.0, np.array([1.0, 3.0])]).ok
    True
    """
    if order not in (1, 2):
        raise DomainError(f"gradcheck: order is {order}; it must be 1 or 2")
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise DTypeError(
            f"gradcheck: rng must be the numpy Generator that fn draws from, got {rng!r}"
        )
    given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    require_arguments(fn, given)
    values = [x.data if isinstance(x, Tensor) else np.asarray(x) for x in given]
    leaves = {}
    arguments: list[Any] = []
    for position, (x, value) in enumerate(zip(given, values, strict=True)):
        if value.dtype.kind == "f":
            name = x.name if isinstance(x, Tensor) and x.name else f"input {position}"
            leaf = Tensor(value.astype(np.float64), requires_grad=True, name=name)
            leaves[name if name not in leaves else f"{name} ({position})"] = leaf
            arguments.append(leaf)
        else:
            arguments.append(x)
    if not leaves:
        raise DTypeError("gradcheck: none of the inputs is of a floating-point dtype")
    problem = Problem(leaves, lambda: fn(*arguments))
    title = f"gradcheck of {name_of(fn)}"
    with replayed(problem, [rng] if rng is not None else []):
        settings = Settings(mode, directions, np.random.default_rng(seed))
        report = check_problem(title, problem, settings, strict)
        if complex_step and report.verdict != "nondeterministic":
            ask_complex_step(report, problem, arguments, settings.rng)
        if order == 2 and report.ok:
            second = second_order(problem, settings.rng)
            above = check_problem(title, second, settings, strict, structure=False)
            for row in above.rows:
                row.name = f"grad of {row.name}"
            report.rows += above.rows
    flags = {"rng=rng": rng is not None, "strict=True": strict, "complex_step=True": complex_step}
    report.reproduce = (
        f"gradcheck(fn, inputs, mode={mode!r}, directions={directions}, order={order}, seed={seed}"
        f"{''.join(f', {flag}' for flag, given in flags.items() if given)})"
    )
    return report


def ask_complex_step(
    report: Report, problem: Problem, arguments: list[Any], rng: np.random.Generator
) -> None:
    """Add to each row what the complex step says; where it objects, the row fails."""

    def run(moved: list[Any]) -> Any:
        kept = arguments[:]
        arguments[:] = moved  # problem.run passes these on, with generators set back
        try:
            return problem.run()
        finally:
            arguments[:] = kept

    cotangent = rng.standard_normal(problem.output().size)
    for row in report.rows:
        leaf = problem.leaves[row.name]
        opinion, objects = second_opinion(problem, run, arguments, leaf, cotangent, rng)
        row.detail = "; ".join(filter(None, [row.detail, opinion]))
        if objects:
            row.verdict = "FAIL"


def require_arguments(fn: Callable[..., Any], given: Sequence[Any]) -> None:
    """Raise an error unless ``fn`` can be called with the inputs, where its signature tells."""
    try:
        called = signature(fn)
    except (TypeError, ValueError):
        return
    try:
        called.bind(*given)
    except TypeError as error:
        raise DTypeError(
            f"gradcheck: {name_of(fn)}({', '.join(called.parameters)}) cannot take {len(given)} "
            f"input(s): {error}; a list or tuple holds one input for each argument, a single input "
            "of several numbers is an array: np.array([...])"
        ) from None


def name_of(fn: Callable[..., Any]) -> str:
    return getattr(fn, "__name__", repr(fn))


def check_problem(
    title: str,
    problem: Problem,
    settings: Settings,
    strict: bool,
    structure: bool = True,
    cotangent: NDArray[Any] | None = None,
) -> Report:
    """Check every leaf of a problem, under a Gaussian cotangent if none is given."""
    base = problem.outcome()
    others = [problem.outcome().values for _ in range(2)]
    changes = list(filter(None, (difference(base.values, other) for other in others)))
    if changes:
        detail = f"two evaluations {changes[0]}; give rng, the generator it draws from"
        nothing = Comparison(np.nan, np.nan, np.inf, "nondeterministic", 0.0)
        rows = [
            Row(name, leaf.shape, "", 0, leaf.size, nothing, None, "nondeterministic", detail)
            for name, leaf in problem.leaves.items()
        ]
        return Report(title, rows, strict=strict)
    if cotangent is None:
        cotangent = settings.rng.standard_normal(base.values.size)
    with np.errstate(all="ignore"):
        problems, raised = [], []
        if structure:
            try:
                problems = structure_problems(problem, cotangent, settings.rng)
            except Exception as error:
                raised = [f"backward raised {type(error).__name__}: {error}"]
        rows = [check_tensor(problem, name, cotangent, base, settings) for name in problem.leaves]
    if all(row.verdict != "FAIL" for row in rows):  # else the row says what was raised
        problems += raised
    return Report(title, rows, problems, strict)


def difference(one: NDArray[Any], other: NDArray[Any]) -> str:
    """How two evaluations differ, in words; empty if they do not."""
    if one.shape != other.shape:
        return f"give {one.size} and {other.size} numbers"
    if np.array_equal(one, other, equal_nan=True):
        return ""
    return f"differ by up to {float(np.max(np.abs(one - other))):.2g}"


@contextmanager
def replayed(problem: Problem, generators: Sequence[np.random.Generator]) -> Iterator[None]:
    """Set the generators back before each evaluation, and leave them as they were."""
    states = [generator.bit_generator.state for generator in generators]
    run = problem.run

    def run_again() -> Any:
        for generator, state in zip(generators, states, strict=True):
            generator.bit_generator.state = state
        return run()

    problem.run = run_again
    try:
        yield
    finally:
        problem.run = run
        for generator, state in zip(generators, states, strict=True):
            generator.bit_generator.state = state


def second_order(problem: Problem, rng: np.random.Generator) -> Problem:
    """The problem whose outputs are the gradients of another's, under a fixed cotangent.

    Of a large gradient they are sums over its first axis, with Gaussian weights: to follow each of
    100,000 entries on its own would cost more than all else, and shows little more.
    """
    out = problem.output()
    cotangent = rng.standard_normal(out.shape)
    large = {n: leaf for n, leaf in problem.leaves.items() if leaf.size > OUTPUTS_EACH}
    weights = {name: rng.standard_normal(leaf.shape) for name, leaf in large.items()}

    def gradients() -> Tensor:
        out = problem.output()
        reached = {name: leaf for name, leaf in problem.leaves.items() if depends(out, leaf)}
        found = grad(out, list(reached.values()), Tensor(cotangent), create_graph=True)
        slopes = dict(zip(reached, found, strict=True))
        parts = []
        for name, leaf in problem.leaves.items():
            slope = slopes.get(name, Tensor(np.zeros(leaf.shape)))
            if name in weights:
                slope = (slope * weights[name]).sum(axis=0)
            parts.append(slope.flatten())
        joined: Tensor = concatenate(parts)
        return joined

    return Problem(problem.leaves, gradients)


def numerical_gradient(
    fn: Callable[[Any], Any], x: ArrayLike, step: float | None = None
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The gradient of a scalar function by central differences, the textbook way.

    Parameters
    ----------
    fn : function
        Takes an array of the shape of ``x``, returns a number (or a Tensor of one element).
    x : array_like
        Where.
    step : float, optional
        h; by default 6·10⁻⁶·max(1, |x|), near the cube root of the machine precision, where
        truncation and rounding are about equal.

    Returns
    -------
    ndarray
        (fn(x + h·eᵢ) − fn(x − h·eᵢ)) / 2h for each entry i, in the shape of ``x``.

    Examples
    --------
    >>> from minigrad.checking import numerical_gradient
    >>> numerical_gradient(lambda x: (x**3).sum(), [1.0, 2.0]).round(6)
    array([ 3., 12.])
    """
    at = np.array(x, np.float64)
    gradient = np.zeros(at.shape)
    for index in np.ndindex(at.shape):
        h = 6e-6 * max(1.0, abs(float(at[index]))) if step is None else step
        above, below = at.copy(), at.copy()
        above[index] += h
        below[index] -= h
        width = above[index] - below[index]
        gradient[index] = (number(fn(above)) - number(fn(below))) / width
    return gradient


def number(value: Any) -> float:
    size = value.size if hasattr(value, "size") else 1
    if size != 1:
        raise DomainError(f"numerical_gradient: fn must return a single number, got {value!r}")
    return float(value.item() if hasattr(value, "item") else value)
