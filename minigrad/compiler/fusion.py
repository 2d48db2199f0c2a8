"""Which instructions share a loop.

Elementwise instructions and reductions that walk over the same shape become one group: one loop
nest that computes them together, so that what only they use stays in registers.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from minigrad.compiler.prepare import Prepared
from minigrad.compiler.program import ELEMENTWISE, Instruction, Value
from minigrad.compiler.views import contiguous, strides_over

__all__ = ["Group", "fuse", "is_loop", "loop_shape", "reads", "separate"]

Shape = tuple[int, ...]
LOOPS = ELEMENTWISE | {"copy", "full", "reduce"}


@dataclass(slots=True)
class Group:
    """Instructions that run together: a loop nest over ``shape``, or one that stands alone.

    ``shape`` leaves out axes of length 1; it is None for an instruction that is no loop.
    """

    shape: Shape | None
    instructions: list[Instruction] = field(default_factory=list)

    @property
    def is_loop(self) -> bool:
        return self.shape is not None


def is_loop(instruction: Instruction) -> bool:
    """Whether it can share a loop with others."""
    return instruction.primitive in LOOPS


def walked(instruction: Instruction) -> Shape:
    """The shape that a loop of this instruction walks over, axes of length 1 included."""
    if instruction.primitive == "reduce":
        return instruction.values[0].shape
    return instruction.out.shape


def loop_shape(instruction: Instruction) -> Shape:
    """The shape that its loop walks over."""
    return tuple(n for n in walked(instruction) if n != 1)


def reads(instruction: Instruction, prepared: Prepared) -> Iterator[tuple[Value, Value, Shape]]:
    """Each operand, the value whose memory it lies in, and the strides a loop reads it with."""
    shape = walked(instruction) if is_loop(instruction) else None
    for value in instruction.values:
        view = prepared.views[value]
        steps = () if shape is None else strides_over(shape, value.shape, view.strides)
        yield value, view.root, steps


def same_element(
    instruction: Instruction, value: Value, strides: Shape, prepared: Prepared
) -> bool:
    """Whether a loop reads of this operand the element that it is at."""
    if not is_loop(instruction) or prepared.views[value].offset:
        return False
    return strides == contiguous(loop_shape(instruction))


def separate(prepared: Prepared) -> list[Group]:
    """Each instruction in a group of its own."""
    return [Group(None, [instruction]) for instruction in prepared.program.instructions]


def fuse(prepared: Prepared) -> list[Group]:
    """The groups, in an order in which they can run."""
    fusion = Fusion(prepared)
    for instruction in prepared.program.instructions:
        fusion.place(instruction)
    fusion.sink()
    for group in fusion.groups:
        group.instructions.clear()
    for instruction in prepared.program.instructions:
        fusion.groups[fusion.group_of[instruction.out]].instructions.append(instruction)
    return [group for group in fusion.groups if group.instructions]


class Fusion:
    """Groups while they grow."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.groups: list[Group] = []
        self.group_of: dict[Value, int] = {}
        self.made_by: dict[Value, Instruction] = {}
        self.of_shape: dict[Shape, list[int]] = {}
        # Of arrays that are overwritten: the last group that reads one, and if only as it lies.
        self.last_reader: dict[Value, tuple[int, bool]] = dict.fromkeys(
            prepared.in_place.values(), (-1, True)
        )
        self.checks = {prepared.views[x].root for x in prepared.program.checks}
        self.pinned = self.checks | set(prepared.in_place)
        self.pinned.update(prepared.views[x].root for x in prepared.outputs.values())
        self.checked = 0  # number of groups after which all checks are known

    def place(self, instruction: Instruction) -> None:
        """Join the earliest group in which everything that it reads is there."""
        shape = loop_shape(instruction) if is_loop(instruction) else None
        k = len(self.groups)
        if shape is not None:
            same = self.of_shape.setdefault(shape, [])
            at = bisect_left(same, self.first_possible(instruction))
            if at < len(same):
                k = same[at]
            else:
                same.append(k)
        if k == len(self.groups):
            self.groups.append(Group(shape))
        self.group_of[instruction.out], self.made_by[instruction.out] = k, instruction
        if instruction.out in self.checks:
            self.checked = max(self.checked, k + 1)
        for value, root, strides in reads(instruction, self.prepared):
            if root in self.last_reader:
                as_it_lies = same_element(instruction, value, strides, self.prepared)
                last, before = self.last_reader[root]
                if k == last:
                    as_it_lies &= before
                if k >= last:
                    self.last_reader[root] = k, as_it_lies

    def first_possible(self, instruction: Instruction) -> int:
        """The first group that runs late enough."""
        first, shape = 0, loop_shape(instruction)
        for value, root, strides in reads(instruction, self.prepared):
            if root in self.group_of:
                k = self.group_of[root]
                together = (
                    self.groups[k].shape == shape
                    and self.made_by[root].primitive != "reduce"
                    and same_element(instruction, value, strides, self.prepared)
                )
                first = max(first, k if together else k + 1)
        if instruction.out in self.prepared.in_place:
            last, as_it_lies = self.last_reader[self.prepared.in_place[instruction.out]]
            together = as_it_lies and last >= 0 and self.groups[last].shape == shape
            first = max(first, self.checked, last if together else last + 1)
        return first

    def sink(self) -> None:
        """Move an instruction into the only group that reads it, if its operands lie in memory."""
        readers: dict[Value, list[tuple[Instruction, bool]]] = {}
        instructions = self.prepared.program.instructions
        for instruction in instructions:
            for value, root, strides in reads(instruction, self.prepared):
                near = same_element(instruction, value, strides, self.prepared)
                readers.setdefault(root, []).append((instruction, near))
        for instruction in reversed(instructions):
            out = instruction.out
            if not is_loop(instruction) or instruction.primitive == "reduce" or out in self.pinned:
                continue
            later = {self.group_of[reader.out] for reader, _ in readers.get(out, ())}
            if len(later) != 1 or not all(near for _, near in readers[out]):
                continue
            (k,) = later
            if self.groups[k].shape == loop_shape(instruction) and all(
                self.in_memory(root, readers) for _, root, _ in reads(instruction, self.prepared)
            ):
                self.group_of[out] = k

    def in_memory(self, root: Value, readers: dict[Value, list[tuple[Instruction, bool]]]) -> bool:
        """Whether a value can be read from every later group as things are."""
        if root in self.last_reader:
            return False  # its elements are going to change
        if root not in self.group_of or self.made_by[root].primitive == "reduce":
            return True
        k = self.group_of[root]
        return not self.groups[k].is_loop or any(
            self.group_of[reader.out] != k for reader, _ in readers[root]
        )
