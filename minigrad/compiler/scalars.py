"""Instructions on single elements, as Python text that Numba computes as NumPy computes arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.compiler.generated import literal
from minigrad.compiler.program import Instruction, Operand, Value

__all__ = ["cast", "combined", "expression", "start_of", "total_dtype"]

BINARY = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "bitwise_and": "&",
    "bitwise_or": "|",
    "bitwise_xor": "^",
}
ON_BOOLS = {
    "add": "{} | {}",
    "maximum": "{} | {}",
    "logical_or": "{} | {}",
    "multiply": "{} & {}",
    "minimum": "{} & {}",
    "logical_and": "{} & {}",
    "logical_xor": "{} ^ {}",
    "logical_not": "not {}",
    "invert": "not {}",
}
MATH = frozenset(["exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh", "erf"])
OWN = frozenset(["maximum", "minimum", "floor_divide", "remainder"])
OF_INTEGERS = frozenset(["power", "floor_divide", "remainder"])


def cast(text: str, dtype: np.dtype[Any], wanted: np.dtype[Any]) -> str:
    """The same number in another dtype."""
    if dtype == wanted:
        return text
    if wanted.kind == "b":
        return f"({text} != 0)"
    return f"np.{wanted.name}({text})"


def expression(instruction: Instruction, names: Sequence[str]) -> str:
    """One element of the result; ``names`` are one element of each operand that is a value."""
    primitive, out = instruction.primitive, instruction.out
    if primitive == "full":
        return literal(instruction.attributes["fill"] or 0, out.dtype)
    given = iter(names)
    dtypes = [
        np.promote_types(x, np.float32) if x == np.float16 else x
        for x in instruction.attributes["dtypes"]
    ]
    texts = [
        as_dtype(operand, given, dtype)
        for operand, dtype in zip(instruction.operands, dtypes, strict=True)
    ]
    if primitive in ("cast", "copy", "broadcast"):
        return cast(texts[0], dtypes[0], out.dtype)
    if primitive == "where":
        return f"{texts[1]} if {texts[0]} else {texts[2]}"
    text, dtype = computed(primitive, texts, dtypes)
    return cast(text, dtype, out.dtype)


def as_dtype(operand: Operand, names: Any, dtype: np.dtype[Any]) -> str:
    if isinstance(operand, Value):
        return cast(next(names), operand.dtype, dtype)
    return literal(operand, dtype)


def computed(
    primitive: str, texts: Sequence[str], dtypes: Sequence[np.dtype[Any]]
) -> tuple[str, np.dtype[Any]]:
    """A ufunc on single elements, and the dtype that Numba gives it."""
    first = dtypes[0]
    bool_ = np.dtype(np.bool)
    if primitive.startswith("logical_"):
        texts = [cast(text, dtype, bool_) for text, dtype in zip(texts, dtypes, strict=True)]
        return ON_BOOLS[primitive].format(*texts), bool_
    if first.kind == "b" and primitive in ON_BOOLS:
        return ON_BOOLS[primitive].format(*texts), bool_
    wide = first
    if first.kind in "iu":
        wide = np.dtype(np.int64 if first.kind == "i" else np.uint64)
    if primitive in BINARY:
        text = f"{texts[0]} {BINARY[primitive]} {texts[1]}"
        compares = primitive in ("equal", "not_equal") or primitive.startswith(("less", "greater"))
        return text, bool_ if compares else wide
    if primitive == "negative":
        return f"-{texts[0]}", wide
    if primitive == "square":
        return f"{texts[0]} * {texts[0]}", wide
    if primitive == "reciprocal" and first.kind == "f":
        return f"{literal(1, first)} / {texts[0]}", first
    if primitive == "exp" and first == np.float32:
        return f"exp_float32({texts[0]})", first
    if primitive in MATH and first.kind == "f":
        return f"math.{primitive}({texts[0]})", first
    if primitive in OF_INTEGERS and first.kind in "iu":
        wide = np.dtype(np.int64) if primitive == "power" else wide
        texts = [cast(text, first, wide) for text in texts]
        return f"integer_{primitive}({', '.join(texts)})", wide
    if primitive in OWN:
        return f"{primitive}({', '.join(texts)})", np.dtype(object)
    if primitive in ("isfinite", "isinf", "isnan", "signbit"):
        return f"np.{primitive}({texts[0]})", bool_
    if primitive in ("absolute", "fabs"):
        return f"abs({texts[0]})", wide
    return f"np.{primitive}({', '.join(texts)})", np.dtype(object)


# Reductions


def total_dtype(ufunc: str, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """What a reduction is carried on in: sums of float32 in float64."""
    if ufunc in ("add", "multiply") and dtype == np.float32:
        return np.dtype(np.float64)
    return dtype


def start_of(ufunc: str, dtype: np.dtype[Any]) -> str:
    """What a reduction begins with."""
    if ufunc in ("maximum", "minimum"):
        if dtype.kind == "b":
            return str(ufunc == "minimum")
        if dtype.kind == "f":
            return literal(-np.inf if ufunc == "maximum" else np.inf, dtype)
        limits = np.iinfo(dtype)
        return literal(limits.min if ufunc == "maximum" else limits.max, dtype)
    return literal(1 if ufunc in ("multiply", "logical_and") else 0, dtype)


def combined(ufunc: str, total: str, x: str, dtype: np.dtype[Any]) -> str:
    """A reduction's next value."""
    if ufunc == "add" and dtype.kind in "f":
        return f"accumulate({total}, {x})"
    text, kind = computed(ufunc, [total, x], [dtype, dtype])
    return cast(text, kind, dtype)
