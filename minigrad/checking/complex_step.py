"""A second opinion without differences: f(x + ih) = f(x) + ih·f'(x) + O(h²), for analytic f.

Nothing is subtracted, so h can be 1e-20, and the derivative is right to rounding. It takes a
function that runs on complex arrays and treats them as numbers: one that looks at signs, absolute
values or the larger of two loses the imaginary part, and with it the derivative. That is why it is
believed only where differences agree with it.

Source: W. Squire and G. Trapp, "Using complex variables to estimate derivatives of real functions",
SIAM Review 40 (1998).
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.checking.comparing import SEEDS, Target, analytic_gradient, rounding_of_slope
from minigrad.checking.differences import EPS
from minigrad.checking.problem import Problem
from minigrad.checking.slope import direction_scale, slope_along
from minigrad.checking.verdict import SAFETY
from minigrad.tensor import Tensor

__all__ = ["complex_slope", "second_opinion"]

Array = NDArray[np.float64]

STEP = 1e-20
ROUNDING = 64 * EPS


def complex_slope(
    run: Callable[[list[Any]], Any], arguments: list[Any], x: Tensor, d: Array
) -> Any:
    """Im run(arguments, x moved by ih·d) / h, or in words why it cannot be had.

    Examples
    --------
    >>> x = Tensor([0.5, 2.0])
    >>> complex_slope(lambda arguments: np.exp(arguments[0]), [x], x, np.ones(2)) / np.exp(x.data)
    array([1., 1.])
    >>> complex_slope(lambda arguments: np.abs(arguments[0]), [x], x, np.ones(2))
    'the imaginary part gets lost: it is not holomorphic'
    """
    moved = [
        (a.data + 1j * STEP * d if a is x else a.data) if isinstance(a, Tensor) else a
        for a in arguments
    ]
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            out = np.asarray(run(moved))
    except Exception as error:
        return f"fn cannot run on complex arrays: {type(error).__name__}: {error}"
    if out.dtype.kind != "c":
        return "the imaginary part gets lost: it is not holomorphic"
    return out.imag.ravel() / STEP


def second_opinion(
    problem: Problem,
    run: Callable[[list[Any]], Any],
    arguments: list[Any],
    leaf: Tensor,
    cotangent: Array,
    rng: np.random.Generator,
) -> tuple[str, bool]:
    """What the complex step says of one leaf along a Gaussian direction, and whether it objects."""
    base = problem.outcome()
    crossed = [branch.tensor.op.__name__ for branch in base.branches if branch.tensor.op]
    if crossed:
        return f"complex step: not holomorphic, because of {crossed[0]}", False
    direction = direction_scale(leaf.data) * (np.round(rng.standard_normal(leaf.shape) * 64) / 64)
    slope = complex_slope(run, arguments, leaf, direction)
    if isinstance(slope, str):
        return f"complex step: {slope}", False
    by_complex = float(slope @ cotangent)
    estimate = slope_along(problem, leaf, direction, base, cotangent).estimate
    if estimate is None or not abs(by_complex - estimate.value) <= SAFETY * estimate.bar:
        return "complex step: differences say otherwise, fn is not holomorphic", False
    gradient = analytic_gradient(problem, leaf, cotangent)
    products = gradient * direction
    gap = abs(float(np.sum(products)) - by_complex)
    size = float(np.sum(np.abs(products)) + abs(slope) @ abs(cotangent))
    relative = gap / size if size else 0.0
    drawn = rounding_of_slope(Target(problem, leaf, cotangent, base, gradient), direction)
    if gap <= ROUNDING * size + SAFETY * max(abs(drawn(seed)) for seed in SEEDS):
        return f"complex step: agrees to {relative:.0e}", False
    return f"complex step: the rules are off by {relative:.1e} along a direction", True
