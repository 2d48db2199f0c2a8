"""What each instruction means, in plain NumPy: the yardstick for everything that is generated."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.compiler.indices import with_arrays
from minigrad.compiler.program import UFUNCS, Instruction

__all__ = ["erf", "evaluate"]

erf = np.frompyfunc(math.erf, 1, 1)


def evaluate(instruction: Instruction, operands: Sequence[Any]) -> Any:
    """The result of one instruction on arrays (and Python numbers), as a new array.

    Examples
    --------
    >>> from minigrad.compiler.program import Instruction, Place, Value
    >>> x = Value("x", (2,), np.dtype("f8"))
    >>> out = Value("out", (2,), np.dtype("f8"))
    >>> double = Instruction(out, "multiply", (x, 2), {"dtypes": (x.dtype, x.dtype)}, Place("", 1, ""))
    >>> evaluate(double, [np.array([1.0, 2.0]), 2])
    array([2., 4.])
    """
    out, attributes = instruction.out, instruction.attributes
    result = apply(instruction.primitive, operands, attributes, out)
    if out.weak:
        return np.asarray(result).item()
    return np.array(np.broadcast_to(result, out.shape), out.dtype)


def apply(primitive: str, operands: Sequence[Any], attributes: Any, out: Any) -> Any:
    """As `evaluate`, up to broadcasting and the dtype of ``out``."""
    if primitive in UFUNCS:
        arrays = cast_to(operands, attributes["dtypes"])
        return UFUNCS[primitive](*arrays)
    match primitive:
        case "where":
            return np.where(*cast_to(operands, attributes["dtypes"]))
        case "cast" | "broadcast":
            return np.asarray(operands[0]).astype(out.dtype)
        case "erf":
            return np.asarray(erf(*cast_to(operands, attributes["dtypes"])), out.dtype)
        case "reduce":
            ufunc = UFUNCS[attributes["ufunc"]]
            axes, keepdims = attributes["axes"], attributes["keepdims"]
            return ufunc.reduce(operands[0], axis=axes, keepdims=keepdims, dtype=out.dtype)
        case "dot" | "matmul":
            return operands[0] @ operands[1]
        case "transpose":
            return np.transpose(operands[0], attributes["axes"])
        case "reshape":
            return np.reshape(operands[0], out.shape)
        case "index":
            return operands[0][with_arrays(attributes["index"], operands[1:])]
        case "set" | "add_at":
            result = np.array(operands[0])
            index = with_arrays(attributes["index"], operands[2:])
            if primitive == "set":
                result[index] = operands[1]
            else:
                np.add.at(result, index, operands[1])
            return result
        case "concatenate":
            return np.concatenate(operands, attributes["axis"])
        case "full":
            return attributes["fill"] or 0
    raise AssertionError(f"no primitive {primitive}")


def cast_to(operands: Sequence[Any], dtypes: Sequence[np.dtype[Any]]) -> list[Any]:
    return [np.asarray(x).astype(dtype) for x, dtype in zip(operands, dtypes, strict=True)]
