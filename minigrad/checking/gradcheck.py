"""`gradcheck`: the gradient of a function with respect to its inputs, against differences."""

from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minigrad.checking.complex_step import second_opinion
from minigrad.checking.opaque import opaque
from minigrad.checking.problem import Problem, replayed
from minigrad.checking.problem_check import check_problem
from minigrad.checking.report import Report
from minigrad.checking.second_order import add_second_order
from minigrad.checking.tensors import Settings, own_generator
from minigrad.errors import DomainError, DTypeError
from minigrad.tensor import Tensor

__all__ = ["gradcheck"]

WHOLE = "; give numbers such as 1.0: whole ones are passed on as they are"


def gradcheck(
    fn: Callable[..., Any],
    inputs: ArrayLike | Tensor | Sequence[ArrayLike | Tensor],
    *,
    gradient: Callable[..., Any] | None = None,
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
        Takes as many Tensors as there are inputs, returns a Tensor of any shape. Several elements
        are contracted with a Gaussian cotangent: under ones, a softmax's gradient is zero and any
        rule passes. Of a single element the gradient itself is compared.
    inputs : list or tuple of array_like and Tensor, or one array, Tensor or number
        Where to check. A list or tuple always holds the inputs, one for each argument of ``fn``;
        anything else is the single input. Integers are passed on as they are; floating-point
        inputs are checked, in float64.
    gradient : function, optional
        For a plain NumPy ``fn`` that returns a number: the derivative to check. It takes the same
        arrays and returns an array of the input's shape; of several inputs a tuple with one for
        each, of which those of whole numbers may be None.
    mode : {"auto", "full", "fast", "subset"}
        "full" moves every entry on its own, then all at once; "fast" moves all at once along
        Gaussian directions, and names the worst entry on failure. All at once, each output is
        compared on its own where the rules run on Tensors. "subset" moves the largest,
        smallest, zero and some random entries; "auto" is full up to 16 entries, then fast.
    order : {1, 2}
        2 checks the gradient of the gradient as well, with respect to the inputs and to the
        cotangent; where it has more than 1,024 entries, summed over its first axis with Gaussian
        weights.
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
    >>> gradcheck(lambda x: np.sum(x**2), np.array([1.0, 2.0]), gradient=lambda x: x).verdict
    'FAIL'
    """
    __tracebackhide__ = True  # from pytest: the user's line is what matters
    if order not in (1, 2):
        raise DomainError(f"gradcheck: order is {order}; it must be 1 or 2")
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise DTypeError(
            f"gradcheck: rng must be the numpy Generator that fn draws from, got {rng!r}"
        )
    if not callable(fn):
        raise DTypeError(f"gradcheck: fn must be a function, got {fn!r}: gradcheck(fn, inputs)")
    if inputs is None:
        raise DTypeError("gradcheck: inputs are missing: gradcheck(fn, inputs)")
    if isinstance(inputs, dict):
        raise DTypeError(
            "gradcheck: inputs is a dict; give its values, one for each argument: gradcheck("
            f"lambda {', '.join(map(str, inputs))}: fn(...), [*inputs.values()])"
        )
    if gradient is not None:
        if not callable(gradient):
            raise DTypeError(f"gradcheck: gradient must be a function, got {gradient!r}")
        if order == 2:
            raise DomainError("gradcheck: of a gradient that is given, order 2 cannot be checked")
        fn = opaque(fn, gradient)
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
        raise DTypeError(
            "gradcheck: none of the inputs is of a floating-point dtype: "
            f"{', '.join(str(value.dtype) for value in values) or 'there are none'}"
            f"{WHOLE if all(value.dtype.kind in 'iu' for value in values) and values else ''}"
        )
    problem = Problem(leaves, lambda: fn(*arguments))
    title = f"gradcheck of {name_of(fn)}"
    with replayed(problem, [rng] if rng is not None else []):
        settings = Settings(mode, directions, own_generator(seed))
        report = check_problem(title, problem, settings, strict)
        if complex_step and report.verdict != "nondeterministic":
            ask_complex_step(report, problem, arguments, settings.rng)
        if order == 2:
            add_second_order(report, problem, settings)
    flags = {
        "gradient=gradient": gradient is not None,
        "rng=rng": rng is not None,
        "strict=True": strict,
        "complex_step=True": complex_step,
    }
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
