"""A program made ready for a plan: what checks need comes first, and copies stand where needed.

A value that moves nothing (a transpose, a reshape, a broadcast, a plain index) becomes a view. What
the user's arrays shall hold is computed right into them where nobody reads their old elements
afterwards; otherwise a copy at the end puts it there.
"""

from dataclasses import dataclass, field

import numpy as np

from minigrad.compiler.indices import ArrayIndex
from minigrad.compiler.program import ELEMENTWISE, Instruction, Operand, Place, Program, Value
from minigrad.compiler.views import (
    View,
    contiguous,
    full_index,
    is_contiguous,
    own_view,
    squeezed,
    strides_over,
    viewed,
)

__all__ = ["MOVES_NOTHING", "Prepared", "prepare"]

MOVES_NOTHING = ("transpose", "reshape", "broadcast", "index")
END = Place("", 0, "at the end")


@dataclass(slots=True)
class Prepared:
    """The program, with what became known of it.

    Attributes
    ----------
    program
        Instructions that compute something or view something.
    views
        Where each value lies. A value that is computed is the root of its own view.
    moves
        The instruction behind a value that is a view of another's memory.
    in_place
        For a value, the input into whose array it is computed.
    outputs
        For each output of the program, the value that is given back for it.
    """

    program: Program
    views: dict[Value, View] = field(default_factory=dict)
    moves: dict[Value, Instruction] = field(default_factory=dict)
    in_place: dict[Value, Value] = field(default_factory=dict)
    outputs: dict[Value, Value] = field(default_factory=dict)
    count: int = 0

    def add(self, instruction: Instruction) -> None:
        """Append an instruction, and see where its result lies."""
        out = instruction.out
        if instruction.primitive in MOVES_NOTHING:
            operand = instruction.values[0]
            view = viewed(instruction, self.views[operand])
            if view is None and instruction.primitive == "reshape":
                copy = self.copied(operand, instruction.place)
                view = View(copy, 0, contiguous(out.shape))
                instruction = Instruction(out, "reshape", (copy,), {}, instruction.place)
            if view is not None:
                self.views[out], self.moves[out] = view, instruction
                return
        if instruction.primitive not in ELEMENTWISE | {"reduce", "full"}:
            instruction = self.with_operands_in_memory(instruction)
        self.views[out] = own_view(out)
        self.program.instructions.append(instruction)

    def copied(self, value: Value, place: Place) -> Value:
        """The same elements in memory of their own, one after the other."""
        self.count += 1
        out = Value(f"copy{self.count}", value.shape, value.dtype)
        self.views[out] = own_view(out)
        copy = Instruction(out, "copy", (value,), {"dtypes": (value.dtype,)}, place)
        self.program.instructions.append(copy)
        return out

    def with_operands_in_memory(self, instruction: Instruction) -> Instruction:
        """For one that does not go through its operands element by element."""
        operands: list[Operand] = []
        for value in instruction.values:
            if value.shape and not self.views[value].root.shape:
                value = self.copied(value, instruction.place)
            if instruction.primitive == "dot":
                value = self.as_matrix(value, instruction.place)
            operands.append(value)
        out, attributes = instruction.out, instruction.attributes
        place = instruction.place
        return Instruction(out, instruction.primitive, tuple(operands), attributes, place)

    def as_matrix(self, value: Value, place: Place) -> Value:
        """A matrix whose rows or columns lie one after the other, as products need it."""
        view, (rows, columns) = self.views[value], value.shape
        steps = squeezed(value.shape, view.strides)
        orders = (squeezed(value.shape, (columns, 1)), squeezed(value.shape, (1, rows)))
        if value.size == 0 or steps in orders:
            return value
        return self.copied(value, place)


def prepare(program: Program) -> Prepared:
    """See the module's docstring."""
    program = with_bounds_checked(program)
    checks_first, needed_first = in_order(program)
    prepared = Prepared(
        Program(program.inputs, program.constants, [], program.checks, {}, program.outputs)
    )
    for value in (*program.inputs, *program.constants):
        prepared.views[value] = own_view(value)
    for instruction in checks_first:
        prepared.add(instruction)
    add_outputs(prepared, program)
    add_writes(prepared, program, needed_first)
    return prepared


def in_order(program: Program) -> tuple[list[Instruction], set[Value]]:
    """The instructions, what the checks need before everything else, and those values."""
    needed = set(program.checks)
    for instruction in reversed(program.instructions):
        if instruction.out in needed:
            needed.update(instruction.values)
    first = [x for x in program.instructions if x.out in needed]
    return first + [x for x in program.instructions if x.out not in needed], needed


def add_writes(prepared: Prepared, program: Program, needed_first: set[Value]) -> None:
    """Decide for each write whether it is done in place, and append copies for the others."""
    place_of = {x.out: k for k, x in enumerate(prepared.program.instructions)}
    last_read = last_reads(prepared)
    # What goes into another array as it was is read by copies that are still to come.
    read_at_end = {prepared.views[new].root for new in program.writes.values()}
    late: dict[Value, Value] = {}
    for target, new in program.writes.items():
        made = place_of.get(new)
        if (
            made is None
            or prepared.views[new].root in needed_first
            or new.shape != target.shape
            or prepared.program.instructions[made].primitive not in ELEMENTWISE
            or new in prepared.in_place
            or target in read_at_end
            or last_read.get(target, -1) > made
            or (last_read.get(target) == made and not reads_as_it_lies(prepared, made, target))
        ):
            late[target] = new
        else:
            prepared.in_place[new] = target
    # Two arrays may change places: what is still to be overwritten is put aside first.
    for target, new in late.items():
        if prepared.views[new].root in program.writes:
            late[target] = prepared.copied(new, END)
    for target, new in late.items():
        prepared.in_place[prepared.copied(new, END)] = target


def last_reads(prepared: Prepared) -> dict[Value, int]:
    """For each value that lies in memory, the last instruction that reads it."""
    return {
        prepared.views[value].root: k
        for k, instruction in enumerate(prepared.program.instructions)
        for value in instruction.values
    }


def reads_as_it_lies(prepared: Prepared, k: int, target: Value) -> bool:
    """Whether instruction ``k`` reads ``target`` only where it writes at the same moment."""
    instruction = prepared.program.instructions[k]
    shape = instruction.out.shape
    own = squeezed(shape, contiguous(shape))
    for value in instruction.values:
        view = prepared.views[value]
        if view.root is target and (
            view.offset or strides_over(shape, value.shape, view.strides) != own
        ):
            return False
    return True


def add_outputs(prepared: Prepared, program: Program) -> None:
    """Give each output memory that is its own, and that no write changes."""
    taken = {prepared.views[value].root for value in program.writes.values()}
    taken.update(program.inputs, program.constants)
    for value in dict.fromkeys(program.outputs):
        view = prepared.views[value]
        plain = view.offset == 0 and is_contiguous(view, value.shape)
        plain = plain and bool(view.root.shape)
        lies = value
        if view.root in program.writes or (value.shape and (not plain or view.root in taken)):
            lies = prepared.copied(value, END)
        if value.shape:
            taken.add(view.root)
        prepared.outputs[value] = lies


def with_bounds_checked(program: Program) -> Program:
    """Refuse indices outside of their array, as checks."""
    instructions: list[Instruction] = []
    checks = list(program.checks)
    for instruction in program.instructions:
        if instruction.primitive in ("index", "set", "add_at"):
            for value, n in indexed_axes(instruction):
                if value not in program.constants:
                    found = outside(value, n, instruction)
                    instructions += found
                    checks.append(found[-1].out)
        instructions.append(instruction)
    return Program(
        program.inputs, program.constants, instructions, checks, program.writes, program.outputs
    )


def outside(value: Value, n: int, instruction: Instruction) -> list[Instruction]:
    """Instructions that tell whether any index is outside of an axis of length ``n``."""
    name, place, bool_ = (
        f"{instruction.out.name}_{value.name}",
        instruction.place,
        np.dtype(np.bool),
    )
    # In which -n and n can be written, whatever integers the indices are.
    wide = np.dtype(np.float64 if value.dtype == np.uint64 else np.int64)
    dtypes = {"dtypes": (wide, wide)}
    below, above, either = (
        Value(f"{name}_{part}", value.shape, bool_) for part in ("below", "above", "either")
    )
    anywhere = Value(f"{name}_outside", (), bool_)
    axes = tuple(range(len(value.shape)))
    whole = {"ufunc": "logical_or", "axes": axes, "keepdims": False}
    return [
        Instruction(below, "less", (value, -n), dtypes, place),
        Instruction(above, "greater_equal", (value, n), dtypes, place),
        Instruction(either, "bitwise_or", (below, above), {"dtypes": (bool_, bool_)}, place),
        Instruction(anywhere, "reduce", (either,), whole, place),
    ]


def indexed_axes(instruction: Instruction) -> list[tuple[Value, int]]:
    """Each index array with the length of the axis that it picks from."""
    x = instruction.values[0]
    arrays = instruction.values[1 if instruction.primitive == "index" else 2 :]
    found, axis = [], 0
    for part in full_index(instruction.attributes["index"], len(x.shape)):
        if isinstance(part, ArrayIndex):
            found.append((arrays[part.k], x.shape[axis]))
        axis += part is not None
    return found
