"""What a wrong gradient has in common with the right one: the slip behind it, if it shows."""

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.graph import backward_step, leading_to, topological_order
from minigrad.tensor import Tensor

__all__ = ["diagnose", "first_not_finite", "sizes_in_graph"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

TOLERANCE = 1e-8


def diagnose(analytic: Array, numeric: Array, sizes: Mapping[int, str] | None = None) -> str:
    """Say in words how ``analytic`` differs from ``numeric``.

    Parameters
    ----------
    analytic, numeric : ndarray
        Two gradients of the same shape. Entries of ``numeric`` that are NaN are not known.
    sizes : dict of int to str
        Sizes that may appear as a factor by mistake, and what they are the sizes of.

    Returns
    -------
    str
        The first pattern that fits; how many entries are wrong if none does.

    Examples
    --------
    >>> right = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> diagnose(-right, right)
    'analytic/numeric is -1 everywhere: is a sign wrong?'
    >>> diagnose(right.T, right)
    'equal after a transpose: are two axes, or the operands of a product, swapped?'
    >>> diagnose(right / 32, right, {32: "axis 0 of logits"})
    'analytic/numeric is 1/32 everywhere, 32 being axis 0 of logits: is it divided by that twice?'
    """
    known = np.isfinite(numeric)
    if not np.isfinite(analytic).all():
        bad = np.argwhere(~np.isfinite(analytic))
        first = [int(i) for i in bad[0]]
        return f"{len(bad)} of {analytic.size} entries are not finite, the first at {first}"
    wrong = known & ~close(analytic, numeric, known)
    if not wrong.any():
        return "single outputs are wrong; under this cotangent their errors do not show"
    for text in patterns(analytic, numeric, known, wrong, sizes or {}):
        return text
    return f"{count(wrong, known)} are wrong; no simple pattern"


def patterns(
    analytic: Array, numeric: Array, known: Mask, wrong: Mask, sizes: Mapping[int, str]
) -> Iterator[str]:
    """The descriptions that fit, the most telling first."""
    if not numeric[known].any():
        yield (
            "the function does not change close by: is a mask missing in the rule, or does the "
            "function round, count or compare?"
        )
    if not analytic.any():
        yield "it is zero everywhere: is the cotangent ignored, or the graph cut?"
    if wrong.sum() == 1 < known.sum():
        index = [int(i) for i in np.argwhere(wrong)[0]]
        yield f"only entry {index} is wrong"
    yield from constant_ratio(analytic, numeric, known, sizes)
    if known.all():
        yield from rearranged(analytic, numeric)
        yield from summed_or_repeated(analytic, numeric)
    yield from masked(analytic, numeric, known, wrong)


def constant_ratio(
    analytic: Array, numeric: Array, known: Mask, sizes: Mapping[int, str]
) -> Iterator[str]:
    a, n = analytic[known], numeric[known]
    if not n.any():
        return
    largest = np.max(np.abs(n))
    ratio = float(np.sum(a / largest * (n / largest)) / np.sum(np.square(n / largest)))
    if not np.allclose(a, ratio * n, rtol=0, atol=TOLERANCE * np.max(np.abs(a))):
        return
    start = "analytic/numeric is"

    def is_about(factor: float) -> bool:
        return abs(ratio - factor) <= TOLERANCE * abs(factor)

    if is_about(-1):
        yield f"{start} -1 everywhere: is a sign wrong?"
    for size, what in sizes.items():
        if is_about(size) and size != 2:
            yield f"{start} {size} everywhere, {size} being {what}: is a division by it missing?"
        if is_about(1 / size) and size != 2:
            yield f"{start} 1/{size} everywhere, {size} being {what}: is it divided by that twice?"
    if is_about(2):
        yield f"{start} 2 everywhere: is it counted twice, or a factor 1/2 missing?"
    if is_about(0.5):
        yield f"{start} 1/2 everywhere: is a factor 2 missing?"
    yield f"{start} {ratio:.8g} everywhere"


def rearranged(analytic: Array, numeric: Array) -> Iterator[str]:
    everything = np.ones(numeric.shape, bool)
    if numeric.ndim in (2, 3):
        for axes in permutations(range(numeric.ndim)):
            moved = numeric.transpose(axes).reshape(numeric.shape)
            if close(analytic, moved, everything).all():
                yield (
                    "equal after a transpose: are two axes, or the operands of a product, swapped?"
                )
    for axis in range(numeric.ndim):
        if close(analytic, np.flip(numeric, axis), everything).all():
            yield f"equal after reversing axis {axis}"
    if numeric.size > 1 and np.allclose(
        np.sort(analytic, None), np.sort(numeric, None), rtol=TOLERANCE, atol=0
    ):
        yield "the same numbers in another order"


def summed_or_repeated(analytic: Array, numeric: Array) -> Iterator[str]:
    everything = np.ones(numeric.shape, bool)
    zeros = np.zeros(numeric.shape)
    for axis in range(numeric.ndim):
        if numeric.shape[axis] < 2:
            continue
        for name, reduce in (("sum", np.sum), ("mean", np.mean)):
            ours = zeros + reduce(analytic, axis=axis, keepdims=True)
            right = zeros + reduce(numeric, axis=axis, keepdims=True)
            if close(ours, numeric, everything).all():
                yield f"equal after the {name} over axis {axis}: is a broadcast axis not summed?"
            if close(analytic, right, everything).all():
                yield f"each entry is the {name} of the right ones over axis {axis}"


def masked(analytic: Array, numeric: Array, known: Mask, wrong: Mask) -> Iterator[str]:
    if not analytic[wrong].any():
        yield f"it is zero in {count(wrong, known)}, and right elsewhere: does the rule drop them?"
    small = TOLERANCE * np.max(np.abs(analytic))
    if (np.abs(numeric[wrong]) <= small).all():
        yield f"{count(wrong, known)} should be zero: is a mask missing?"
    gap = (analytic - numeric)[known]
    if known.sum() > 2 and np.allclose(gap, gap[0], rtol=TOLERANCE, atol=0):
        yield f"analytic - numeric is {gap[0]:.8g} everywhere: is a term missing, or one too many?"
    for axis in range(numeric.ndim):
        along = [k for k in range(numeric.shape[axis]) if wrong.take(k, axis).any()]
        if len(along) == 1 and numeric.shape[axis] > 2:
            yield f"only entries with index {along[0]} on axis {axis} are wrong"


def close(one: Array, other: Array, known: Mask) -> Mask:
    """Where two gradients agree, as far as a plain difference tells."""
    size = np.max(np.abs(np.where(known, other, 0.0)), initial=0.0)
    with np.errstate(invalid="ignore"):
        good: Mask = np.abs(one - other) <= TOLERANCE * size
    return good


def count(wrong: Mask, known: Mask) -> str:
    return f"{int(wrong.sum())} of {int(known.sum())} entries"


def first_not_finite(out: Tensor, leaf: Tensor, cotangent: Array) -> str:
    """Which rule on the way to ``leaf`` first makes NaN or infinity of finite numbers; or empty."""
    order = leading_to(topological_order(out), [leaf])
    grads: dict[Tensor, Array | None] = dict.fromkeys(order)
    grads[out] = cotangent.reshape(out.shape)
    for tensor in list(grads):
        backward_step(tensor, grads)
        passed = [grads.get(x) for x in tensor.inputs if isinstance(x, Tensor)]
        if not all(np.isfinite(gradient).all() for gradient in passed if gradient is not None):
            op: Any = tensor.op
            return f"the first of these comes out of a rule of {op.__name__}: {tensor!r}"
    return ""


def sizes_in_graph(out: Tensor) -> dict[int, str]:
    """The sizes of axes in the graph behind ``out``, and what they are the sizes of."""
    found: dict[int, str] = {}
    for tensor in topological_order(out):
        for axis, size in enumerate(tensor.shape):
            if size > 1:
                name = tensor.name or (tensor.op.__name__ if tensor.op else "a leaf")
                found.setdefault(size, f"the size of axis {axis} of {name}")
        if tensor.size > 1:
            found.setdefault(tensor.size, "the number of elements")
    return found
