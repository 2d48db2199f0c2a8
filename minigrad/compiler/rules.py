"""What an instruction can be replaced by, given what is known of its operands.

Each rule gives a value or a number that the instruction's result equals to the last bit, another
instruction in its place, or None.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.compiler.program import UFUNCS, Instruction, Operand, Value

__all__ = ["RULES", "SMALL", "Known", "with_operands"]

SMALL = 64
"""Up to this number of elements a result that is the same at every call is kept, not computed."""


@dataclass(slots=True)
class Known:
    """The arrays that are the same at every call, and what computes each other value."""

    constants: dict[Value, Any] = field(default_factory=dict)
    made_by: dict[Value, Instruction] = field(default_factory=dict)


Rule = Callable[[Instruction, Known], Operand | Instruction | None]


def times_one(instruction: Instruction, known: Known) -> Operand | None:
    """x * 1 and x / 1 are x. (x + 0 is not: -0.0 + 0 is 0.0.)"""
    if instruction.primitive not in ("multiply", "divide"):
        return None
    x, y = instruction.operands
    if is_one(y, known) and unchanged(x, instruction.out):
        return x
    if instruction.primitive == "multiply" and is_one(x, known) and unchanged(y, instruction.out):
        return y
    return None


def is_one(x: Operand, known: Known) -> bool:
    if isinstance(x, Value):
        array = known.constants.get(x)
        return array is not None and array.size <= SMALL and bool((array == 1).all())
    return x == 1


def unchanged(x: Operand, out: Value) -> bool:
    return isinstance(x, Value) and (x.shape, x.dtype, x.weak) == (out.shape, out.dtype, out.weak)


def special_power(instruction: Instruction, known: Known) -> Operand | Instruction | None:
    """``x ** 2`` is a square: the ``**`` of arrays computes these powers as such too."""
    if instruction.primitive != "power" or instruction.out.dtype.kind != "f":
        return None
    x, exponent = instruction.operands
    if isinstance(exponent, Value) or not unchanged(x, instruction.out):
        return None
    if exponent == 1:
        return x
    names = {2: "square", 0.5: "sqrt", -1: "reciprocal"}
    if exponent not in names:
        return None
    attributes = {"dtypes": instruction.attributes["dtypes"][:1]}
    return Instruction(instruction.out, names[exponent], (x,), attributes, instruction.place)


def same_shape(instruction: Instruction, known: Known) -> Operand | None:
    """A reshape, cast or broadcast that changes neither shape nor dtype."""
    if instruction.primitive not in ("reshape", "cast", "broadcast"):
        return None
    (x,) = instruction.operands
    return x if unchanged(x, instruction.out) else None


def twice(instruction: Instruction, known: Known) -> Operand | Instruction | None:
    """A transpose of a transpose is one, or none; so is a reshape of a reshape."""
    primitive = instruction.primitive
    if primitive not in ("transpose", "reshape", "broadcast"):
        return None
    (x,) = instruction.operands
    before = known.made_by.get(x) if isinstance(x, Value) else None
    if before is None or before.primitive != primitive:
        return None
    attributes = dict(instruction.attributes)
    if primitive == "transpose":
        attributes["axes"] = tuple(before.attributes["axes"][a] for a in attributes["axes"])
        if attributes["axes"] == tuple(range(len(attributes["axes"]))):
            return before.operands[0]
    elif unchanged(before.operands[0], instruction.out):
        return before.operands[0]
    return Instruction(instruction.out, primitive, before.operands, attributes, instruction.place)


def without_broadcast(instruction: Instruction, known: Known) -> Instruction | None:
    """Read what is to be broadcast itself, if the other operands give the shape all the same."""
    if instruction.primitive not in UFUNCS and instruction.primitive != "where":
        return None
    operands = list(instruction.operands)
    for k, x in enumerate(operands):
        before = known.made_by.get(x) if isinstance(x, Value) else None
        if before is not None and before.primitive == "broadcast":
            narrow = [*operands[:k], before.operands[0], *operands[k + 1 :]]
            shapes = [y.shape for y in narrow if isinstance(y, Value)]
            if np.broadcast_shapes(*shapes) == instruction.out.shape:
                operands = narrow
    if operands == list(instruction.operands):
        return None
    return with_operands(instruction, tuple(operands))


def with_operands(instruction: Instruction, operands: tuple[Operand, ...]) -> Instruction:
    return Instruction(
        instruction.out,
        instruction.primitive,
        operands,
        instruction.attributes,
        instruction.place,
    )


RULES: tuple[Rule, ...] = (same_shape, twice, times_one, special_power, without_broadcast)
