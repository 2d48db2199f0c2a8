"""How much of a difference is rounding: the program replayed with its rounding drawn at random.

Two right programs differ, because sums in another order round otherwise; where large terms cancel
the difference may be many times 1e-7 of what is left. How many is found by trying: every
instruction's result is moved by a random part of its own rounding error, and one sees what comes of
it in the end.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.interpreter import interpret
from minigrad.compiler.program import Instruction, Program, Value

__all__ = ["NOISES", "spreads"]

EXACT = frozenset(
    [
        *("maximum", "minimum", "negative", "positive", "absolute", "fabs", "sign", "where"),
        *("floor", "ceil", "trunc", "rint", "broadcast", "transpose", "reshape", "index", "set"),
        *("concatenate", "full"),
    ]
)
"""Primitives that do not round."""

REPLAYS = 4
"""The largest of so many is seldom below a half of what can come of rounding."""

NOISES = 16
"""Differences up to so many times that are rounding: other orders of a sum may round one way."""


def spreads(program: Program, inputs: Mapping[Value, Any]) -> dict[Value, float]:
    """For each value the largest change of an element by rounding, in a few replays."""
    plain = interpret(program, inputs)
    found = dict.fromkeys((i.out for i in program.instructions if i.out.dtype.kind == "f"), 0.0)
    for seed in range(REPLAYS):
        rng = np.random.default_rng(seed)

        def moved(
            instruction: Instruction,
            operands: list[Any],
            result: NDArray[Any],
            rng: np.random.Generator = rng,
        ) -> NDArray[Any]:
            share = rng.uniform(-1, 1, result.shape)
            changed: NDArray[Any] = result + rounding_of(instruction, operands, result) * share
            return changed

        replayed = interpret(program, inputs, moved)
        with np.errstate(all="ignore"):
            for value in found:
                change = np.abs(np.asarray(replayed[value], float) - plain[value])
                found[value] = max(found[value], float(np.nanmax(change, initial=0.0)))
    return found


def rounding_of(instruction: Instruction, operands: list[Any], result: NDArray[Any]) -> Any:
    """The size of one rounding error of each element."""
    if result.dtype.kind != "f" or instruction.primitive in EXACT:
        return 0.0
    eps = float(np.finfo(instruction.out.dtype).eps)
    if instruction.primitive in ("dot", "matmul"):
        return eps * (np.abs(operands[0]) @ np.abs(operands[1]))
    if instruction.primitive == "reduce" and instruction.attributes["ufunc"] == "add":
        options = {key: instruction.attributes[key] for key in ("keepdims",)}
        return eps * np.abs(operands[0]).sum(axis=instruction.attributes["axes"], **options)
    return eps * np.abs(result)
