"""The same program in fewer instructions.

One walk in order of execution: each instruction first learns what became of its operands, then it
is computed now if they are all known, dropped if it changes nothing, or found to have been computed
before. A second walk, backwards, drops what nothing needs. Every result stays what it was to the
last bit, -0.0 and NaN included.
"""

from typing import Any

import numpy as np

from minigrad.compiler.interpreter import carry_out
from minigrad.compiler.program import ELEMENTWISE, Instruction, Operand, Place, Program, Value
from minigrad.compiler.rules import RULES, SMALL, Known, with_operands

__all__ = ["simplify"]

COMMUTATIVE = frozenset(
    ["add", "multiply", "equal", "not_equal", "bitwise_and", "bitwise_or", "bitwise_xor"]
)


def simplify(program: Program) -> Program:
    """A program that gives the same outputs, checks and writes.

    Examples
    --------
    >>> from minigrad.compiler.recorder import Recorder
    >>> from minigrad.compiler.tracer import Tracer
    >>> recorder = Recorder()
    >>> x = Tracer(recorder, recorder.input((3, 2), np.float64))
    >>> y = (x.T * 1).T + x
    >>> recorder.program.outputs.append(y.value)
    >>> print(simplify(recorder.program))  # doctest: +ELLIPSIS
    input     x1: float64[3, 2]
    v5: float64[3, 2] = add(x1, x1, dtypes=...
    output    v5
    """
    walk = Simplifier(program)
    for instruction in program.instructions:
        walk.visit(instruction)
    simpler = Program(
        inputs=program.inputs,
        constants=walk.constants,
        instructions=walk.instructions,
        checks=list(dict.fromkeys(walk.value(check) for check in program.checks)),
        writes={target: walk.value(new) for target, new in program.writes.items()},
        outputs=program.outputs,
    )
    add_outputs(simpler, walk)
    return without_dead_code(simpler)


def add_outputs(program: Program, walk: "Simplifier") -> None:
    """Outputs keep their names: one that was found to equal another value is that value again."""
    for output in dict.fromkeys(program.outputs):
        found = walk.value(output)
        if found is not output:
            place = walk.place_of[output]
            again = Instruction(output, "broadcast", (found,), {"dtypes": (found.dtype,)}, place)
            program.instructions.append(again)


class Simplifier(Known):
    """What is known after each instruction visited."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.instructions: list[Instruction] = []
        self.replaced: dict[Value, Operand] = {}
        self.computed: dict[Any, Value] = {}
        self.place_of: dict[Value, Place] = {}
        for value, array in program.constants.items():
            self.add_constant(value, array)

    def value(self, value: Value) -> Value:
        """What stands for ``value`` where a value is needed, not a number."""
        found = self.replaced.get(value, value)
        if isinstance(found, Value):
            return found
        self.constants[value] = np.array(found, value.dtype)
        return value

    def add_constant(self, value: Value, array: Any) -> None:
        """Keep an array, or find that one of the same content is kept."""
        array = np.asarray(array)
        if array.size > SMALL:
            self.constants[value] = array
            return
        key = ("constant", array.dtype.str, array.shape, array.tobytes())
        same = self.computed.setdefault(key, value)
        if same is value:
            self.constants[value] = array
        else:
            self.replaced[value] = same

    def visit(self, instruction: Instruction) -> None:
        operands = tuple(
            self.replaced.get(x, x) if isinstance(x, Value) else x for x in instruction.operands
        )
        if operands != instruction.operands:
            instruction = with_operands(instruction, operands)
        out = instruction.out
        self.place_of[out] = instruction.place
        if self.fold(instruction):
            return
        for rule in RULES:
            found = rule(instruction, self)
            if isinstance(found, Instruction):
                instruction = found
            elif found is not None:
                self.replaced[out] = found
                return
        same = self.computed.setdefault(key_of(instruction), out)
        if same is not out:
            self.replaced[out] = same
            return
        self.made_by[out] = instruction
        self.instructions.append(instruction)

    def fold(self, instruction: Instruction) -> bool:
        """Compute it now if everything it reads is known and the result is small."""
        out = instruction.out
        known = all(not isinstance(x, Value) or x in self.constants for x in instruction.operands)
        unfilled = instruction.primitive == "full" and instruction.attributes["fill"] is None
        if not known or out.size > SMALL or unfilled:
            return False
        operands = [self.constants[x] if isinstance(x, Value) else x for x in instruction.operands]
        with np.errstate(all="ignore"):
            result = np.asarray(carry_out(instruction, operands)).astype(out.dtype)
        if out.weak:
            self.replaced[out] = result.item()
        else:
            self.add_constant(out, np.array(result))
        return True


def key_of(instruction: Instruction) -> Any:
    """What two instructions that give the same have in common."""
    out = instruction.out
    operands = [
        ("value", x.name) if isinstance(x, Value) else (type(x).__name__, repr(x))
        for x in instruction.operands
    ]
    attributes = dict(instruction.attributes)
    if instruction.primitive in COMMUTATIVE and len(set(attributes["dtypes"])) == 1:
        operands.sort()
    text = repr(sorted(attributes.items()))
    kind = (out.shape, out.dtype.str, out.weak)
    return instruction.primitive, tuple(operands), text, kind


def without_dead_code(program: Program) -> Program:
    """Keep what checks, writes and outputs need."""
    needed = {*program.checks, *program.writes.values(), *program.outputs}
    kept: list[Instruction] = []
    for instruction in reversed(program.instructions):
        if instruction.out in needed:
            kept.append(instruction)
            needed.update(instruction.values)
    constants = {value: array for value, array in program.constants.items() if value in needed}
    writes = {target: new for target, new in program.writes.items() if target is not new}
    inputs = [value for value in program.inputs if value in needed or value in writes]
    return Program(inputs, constants, kept[::-1], program.checks, writes, program.outputs)


assert COMMUTATIVE <= ELEMENTWISE
