"""How an entry that is not finite came out of finite ones: the operation, and its numbers."""

import ast
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.debugger.parts import Part, argument, result_of
from minigrad.debugger.places import Index, bracketed
from minigrad.debugger.tracing import born_at, entry, factors_of, leaves_of, sources

__all__ = ["cause_of", "number"]

Array = NDArray[Any]

SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}


def cause_of(
    function: Any,
    names: Sequence[str],
    values: Sequence[Any],
    params: Mapping[str, Any],
    returned: Array,
    index: Index,
    where: str,
    formula: str = "",
) -> str:
    """Why an entry of what a forward or a rule returned is not finite, in words and numbers.

    Parameters
    ----------
    function : callable
        The forward or rule.
    names, values
        Of its array arguments.
    params : Mapping
        Its keyword arguments.
    returned : ndarray
        What it returned, in the dtype in which it went on.
    index : tuple of int
        Which entry of that.
    where : str
        What to call the function: ``Log.grad_x``.
    formula : str
        What it computes; by default ``out = `` and the expression it returns.
    """
    # A function that writes into what it gets must not reach the graph.
    own = [x.copy("K") if isinstance(x, np.ndarray) else x for x in values]
    given = [argument(name, x) for name, x in zip(names, own, strict=True)]
    try:
        result = result_of(function, given, params)
        found = told(result, index, returned, where, formula) if result is not None else ""
    except Exception:  # a user's own function may do anything
        found = ""
    spreads = ", ".join(f"{part.text} {spread(part.value)}" for part in given)
    return found or f"in {where}: {formula or 'its forward'}, with {spreads}"


def told(result: Part, index: Index, returned: Array, where: str, formula: str) -> str:
    """The cause as far as the parts tell it; empty if they do not add up to what was returned."""
    value, expected = entry(result, index), float(returned[index])
    formula = formula or f"out = {result.text}"
    if math.isfinite(value) and math.isinf(expected) and abs(value) > np.finfo(returned.dtype).max:
        return f"overflow of {number(value)} {end_of(returned)}, cast after {where}: {formula}"
    if value != expected and not (math.isnan(value) and math.isnan(expected)):
        return ""
    part, place = born_at(result, index)
    origin = (result, index) if part.node is None else (part, place)
    leaves = list(leaves_of(*origin))
    return f"{words(part, place)} in {where}: {formula}{with_values(leaves)}"


def words(part: Part, index: Index) -> str:
    """What happened in a sub-expression, in a few words: ``0 / 0``, ``log of 0``, ``overflow``."""
    node, value = part.node, entry(part, index)
    operands = [entry(source, place) for source, place in sources(part, index)]
    if node is None or not operands:
        return f"{part.text} is {number(value)}"
    if factors_of(part) is not None:
        return words_of_many("sum of products", operands, value, part)
    if isinstance(node, ast.BinOp) and type(node.op) in SIGNS:
        a, b = operands
        return words_of_operator(SIGNS[type(node.op)], a, b, value, part)
    if isinstance(node, ast.Call):
        function = part.parts[0]
        if isinstance(function.value, np.ufunc):
            return words_of_function(function.value.__name__, operands, value, part)
        if function.text.endswith(".reduce"):
            what = {"np.add": "sum", "np.multiply": "product"}.get(function.parts[0].text)
            return words_of_many(what or function.text, operands, value, part)
        if function.text.endswith(".astype"):
            return f"overflow of {number(operands[0])} {end_of(part.value)}"
    return f"{part.text} is {number(value)}"


def words_of_operator(sign: str, a: float, b: float, value: float, part: Part) -> str:
    x, y = (f"({number(n)})" if n < 0 else number(n) for n in (a, b))
    shown = f"{x} {sign} {y}"
    if sign == "/" and b == 0 and any(leaf.text == "dL/dout" for leaf in all_leaves(part)):
        # The gradient times a slope, which is infinite.
        return "0 * inf" if a == 0 else f"{shown} (an infinite slope)"
    if not (math.isfinite(a) and math.isfinite(b)) or (sign == "/" and b == 0):
        return shown
    if sign == "**" and a == 0:
        return f"{shown} (a negative power of 0)"
    if sign == "**" and math.isnan(value):
        return f"{shown} (a non-integer power of a negative number)"
    return f"overflow of {shown} {end_of(part.value)}"


def all_leaves(part: Part) -> Iterator[Part]:
    if part.node is None:
        yield part
    for inner in part.parts:
        yield from all_leaves(inner)


def words_of_function(name: str, operands: list[float], value: float, part: Part) -> str:
    shown = f"{name} of {', '.join(map(number, operands))}"
    is_given = not all(map(math.isfinite, operands))
    if name.startswith("log") or math.isnan(value) or is_given:
        return shown
    return f"overflow of {shown} {end_of(part.value)}"


def words_of_many(what: str, operands: list[float], value: float, part: Part) -> str:
    shown = " * ".join(map(number, operands))
    if math.isnan(math.prod(operands)):
        return shown
    if math.isnan(value):
        return f"inf - inf in a {what}"
    return f"overflow of a {what} {end_of(part.value)}, the largest {shown},"


def end_of(values: Any) -> str:
    """``(float32 ends at 3.4e+38)``."""
    dtype = np.asarray(values).dtype
    return f"({dtype} ends at {float(np.finfo(dtype).max):.2g})" if dtype.kind == "f" else ""


def number(value: float) -> str:
    """Six significant digits."""
    return f"{value:.6g}"


def with_values(leaves: list[tuple[Part, Index]]) -> str:
    """`` with dL/dout[3, 1] = 0 and x[3, 1] = 0``."""
    shown = [
        f"{part.text}{bracketed(place)} = {number(entry(part, place))}" for part, place in leaves
    ]
    return " with " + " and ".join(dict.fromkeys(shown)) if shown else ""


def spread(values: Any) -> str:
    """``from -1 to 3``."""
    array = np.asarray(values)
    if array.size == 0 or array.dtype.kind not in "fiub":
        return f"of shape {array.shape}"
    return f"from {number(float(array.min()))} to {number(float(array.max()))}"
