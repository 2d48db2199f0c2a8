"""After a disagreement: the first instruction that is to blame, and the user's line."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.compiler.generated import Generated
from minigrad.compiler.interpreter import interpret
from minigrad.compiler.plan import Plan, plan
from minigrad.compiler.program import Instruction, Program, Value
from minigrad.compiler.rounding import NOISES
from minigrad.compiler.trust import close

__all__ = ["first_changed", "first_wrong"]

Inputs = Mapping[Value, Any]


def first_wrong(
    program: Program,
    generate: Callable[[Plan], Generated],
    inputs: Inputs,
    noise: Mapping[Value, float],
) -> Instruction | None:
    """The first instruction whose value a back end computes otherwise than NumPy does, if any.

    Each instruction's value is right or wrong with all that it was computed from, so that halving
    finds the first wrong one: for each try the program is compiled up to there.
    """
    reference = interpret(program, copied(inputs))
    instructions = program.instructions
    if not wrong_value(program, len(instructions), generate, inputs, reference, noise):
        return None
    right, wrong = 0, len(instructions)
    while wrong - right > 1:
        middle = (right + wrong) // 2
        if wrong_value(program, middle, generate, inputs, reference, noise):
            wrong = middle
        else:
            right = middle
    return instructions[wrong - 1]


def wrong_value(
    program: Program,
    length: int,
    generate: Callable[[Plan], Generated],
    inputs: Inputs,
    reference: Mapping[Value, Any],
    noise: Mapping[Value, float],
) -> bool:
    """Whether one of the first instructions' values comes out wrong."""
    kept = [instruction.out for instruction in program.instructions[:length]]
    kept = [value for value in kept if not value.weak]
    part = Program(
        inputs=program.inputs,
        constants=program.constants,
        instructions=program.instructions[:length],
        outputs=kept,
    )
    generated = generate(plan(part))
    given = copied(inputs)
    _, *numbers = generated.run(*(given[value] for value in program.inputs))
    found = iter(numbers)
    for value in kept:
        result = np.asarray(generated.arrays[value] if value.shape else next(found))
        expected = np.asarray(reference[value], value.dtype)
        if not close(result.astype(value.dtype), expected, NOISES * noise.get(value, 0.0)):
            return True
    return False


def copied(inputs: Inputs) -> dict[Value, Any]:
    return {v: x.copy() if isinstance(x, np.ndarray) else x for v, x in inputs.items()}


def first_changed(before: Program, after: Program) -> str | None:
    """What another trace of the same function does otherwise, in words."""
    pairs = zip(before.instructions, after.instructions, strict=False)
    for here, there in pairs:
        if here.primitive != there.primitive or here.out.shape != there.out.shape:
            return f"it computed {here.primitive} before, now {there.primitive}: {there.place}"
        for old, new in zip(here.operands, there.operands, strict=False):
            if differs(old, new, before, after):
                return f"{here.primitive} read a constant that has changed since: {here.place}"
    if len(before.instructions) != len(after.instructions):
        longer = max(before.instructions, after.instructions, key=len)
        return f"it went on differently: {longer[-1].place}"
    return None


def differs(old: Any, new: Any, before: Program, after: Program) -> bool:
    if not isinstance(old, Value) or not isinstance(new, Value):
        return not (old == new or (old != old and new != new))
    if (old in before.constants) is not (new in after.constants):
        return True
    if old not in before.constants:
        return False
    return not np.array_equal(before.constants[old], after.constants[new], equal_nan=True)


def described(instruction: Instruction) -> str:
    return f"{instruction.primitive} of shape {instruction.out.shape}: {instruction.place}"


def joined(found: Sequence[str], most: int = 3) -> str:
    """The first few of them."""
    more = f"; and {len(found) - most} more" if len(found) > most else ""
    return "; ".join(found[:most]) + more
