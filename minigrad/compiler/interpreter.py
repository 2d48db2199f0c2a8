"""A program carried out one instruction after another by NumPy, keeping every value.

Slow and plain: what the back ends are compared with, and where the first instruction that went
wrong is looked for.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.indices import with_arrays
from minigrad.compiler.program import UFUNCS, Instruction, Program, Value

__all__ = ["carry_out", "erf", "interpret"]

erf = np.frompyfunc(math.erf, 1, 1)


Change = Callable[[Instruction, list[Any], NDArray[Any]], NDArray[Any]]


def interpret(
    program: Program, inputs: Mapping[Value, Any], change: Change | None = None
) -> dict[Value, Any]:
    """The value of everything in ``program``, given those of its inputs.

    With ``change`` every result is what ``change(instruction, operands, result)`` makes of it.
    """
    found: dict[Value, Any] = {**inputs, **program.constants}
    with np.errstate(all="ignore"):
        for instruction in program.instructions:
            operands = [found[x] if isinstance(x, Value) else x for x in instruction.operands]
            result = np.asarray(carry_out(instruction, operands))
            out = instruction.out
            if change is not None:
                result = change(instruction, operands, result)
            assert result.shape == out.shape, (instruction, result.shape)
            found[out] = result.item() if out.weak else result.astype(out.dtype, copy=False)
    return found


def carry_out(instruction: Instruction, operands: list[Any]) -> Any:
    """One instruction on arrays and numbers."""
    primitive, out, attributes = instruction.primitive, instruction.out, instruction.attributes
    if primitive in UFUNCS:
        dtypes = attributes["dtypes"]
        cast = [np.asarray(x).astype(dtype) for x, dtype in zip(operands, dtypes, strict=True)]
        return UFUNCS[primitive](*cast)
    match primitive:
        case "where":
            return np.where(operands[0], *[np.asarray(x, out.dtype) for x in operands[1:]])
        case "cast":
            return np.asarray(operands[0]).astype(out.dtype)
        case "erf":
            return np.asarray(erf(operands[0])).astype(out.dtype)
        case "broadcast":
            return np.broadcast_to(operands[0], out.shape)
        case "reduce":
            ufunc = getattr(np, attributes["ufunc"])
            return ufunc.reduce(
                operands[0], axis=attributes["axes"], keepdims=attributes["keepdims"]
            )
        case "dot" | "matmul":
            return operands[0] @ operands[1]
        case "transpose":
            return operands[0].transpose(attributes["axes"])
        case "reshape":
            return operands[0].reshape(out.shape)
        case "index":
            return operands[0][with_arrays(attributes["index"], operands[1:])]
        case "set":
            changed = operands[0].copy()
            changed[with_arrays(attributes["index"], operands[2:])] = operands[1]
            return changed
        case "add_at":
            changed = operands[0].copy()
            np.add.at(changed, with_arrays(attributes["index"], operands[2:]), operands[1])
            return changed
        case "concatenate":
            return np.concatenate(operands, axis=attributes["axis"])
        case "full":
            fill = attributes["fill"]
            return np.full(out.shape, 0 if fill is None else fill, out.dtype)
    raise NotImplementedError(primitive)
