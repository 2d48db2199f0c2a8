"""A group of fused instructions as a loop nest over single elements."""

from collections.abc import Sequence
from math import prod

from minigrad.compiler.fusion import Group, reads
from minigrad.compiler.generated import literal
from minigrad.compiler.plan import Plan
from minigrad.compiler.prepare import Prepared
from minigrad.compiler.program import Instruction, Value
from minigrad.compiler.scalars import cast, combined, expression, start_of, total_dtype
from minigrad.compiler.views import contiguous, strides_over

__all__ = ["Nest", "at", "nested"]

Strides = tuple[int, ...]
AXES = (*"ijklmnopqr", *(f"i{a}" for a in range(10, 66)))  # NumPy's 64 axes, two for products


def at(strides: Sequence[int], offset: int = 0) -> str:
    """An index into memory, from one counter for each axis."""
    terms = [
        AXES[a] if step == 1 else f"{AXES[a]} * {step}" for a, step in enumerate(strides) if step
    ]
    if offset or not terms:
        terms.append(str(offset))
    return " + ".join(terms)


def nested(shape: Sequence[int], body: Sequence[str], depth: int = 0) -> list[str]:
    """Statements within a loop for each axis."""
    for a in reversed(range(len(shape))):
        body = [f"for {AXES[depth + a]} in range({shape[a]}):", *("    " + x for x in body)]
    return list(body)


class Nest:
    """Writes one group: statements before, within and after each loop."""

    def __init__(self, plan: Plan, group: Group) -> None:
        assert group.shape is not None
        self.plan = plan
        self.group = group
        self.local = {instruction.out for instruction in group.instructions}
        self.sources = Prepared(plan.program, plan.views)
        self.axes = self.merged_axes()
        self.shape = [prod(group.shape[a] for a in axes) for axes in self.axes]
        n = len(self.shape)
        self.first: list[str] = []
        self.before: list[list[str]] = [[] for _ in range(n + 1)]
        self.after: list[list[str]] = [[] for _ in range(n + 1)]
        self.depth: dict[Value, int] = {}
        self.names: dict[tuple[Value, Strides, int], str] = {}

    def write(self) -> list[str]:
        """The lines of the whole nest."""
        for instruction in self.group.instructions:
            if instruction.primitive == "reduce":
                self.add_reduction(instruction)
            else:
                self.add(instruction)
        lines = self.before[-1] + self.after[-1]
        for a in reversed(range(len(self.shape))):
            if lines:
                loop = [f"for {AXES[a]} in range({self.shape[a]}):"]
                lines = loop + ["    " + line for line in lines]
            lines = self.before[a] + lines + self.after[a]
        return self.first + lines

    # Axes

    def merged_axes(self) -> list[list[int]]:
        """Axes that everything walks through as if they were one become one."""
        shape = self.group.shape or ()
        if not shape:
            return []
        walks = [contiguous(shape)]
        for instruction in self.group.instructions:
            for _, root, strides in reads(instruction, self.sources):
                if root not in self.local:
                    walks.append(strides)
            walks.append(self.result_strides(instruction))
        merged = [[0]]
        for a in range(1, len(shape)):
            if all(walk[a - 1] == walk[a] * shape[a] for walk in walks):
                merged[-1].append(a)
            else:
                merged.append([a])
        return merged

    def result_strides(self, instruction: Instruction) -> Strides:
        """Where the loop writes; 0 along the axes of a reduction."""
        out = instruction.out
        if instruction.primitive != "reduce":
            return strides_over(out.shape, out.shape, contiguous(out.shape))
        shape, axes = instruction.values[0].shape, instruction.attributes["axes"]
        kept = tuple(1 if a in axes else n for a, n in enumerate(shape))
        return strides_over(shape, kept, contiguous(kept))

    def over_axes(self, strides: Strides) -> Strides:
        """The strides of the merged axes."""
        return tuple(strides[axes[-1]] for axes in self.axes)

    # Instructions

    def operand(self, value: Value, strides: Strides) -> tuple[str, int]:
        """One element of an operand, loaded as far outside as possible; its depth."""
        root, offset = self.plan.views[value].root, self.plan.views[value].offset
        constants = self.plan.program.constants
        if root in self.local:
            return root.name, self.depth[root]
        if root in constants and not root.shape:
            return literal(constants[root], root.dtype), 0
        if root.weak or not (self.plan.in_memory(root) or root in self.plan.program.inputs):
            return root.name, 0
        steps = self.over_axes(strides)
        key = (root, steps, offset)
        depth = max((a + 1 for a, step in enumerate(steps) if step), default=0)
        if key not in self.names:
            count = sum(known[0] is root for known in self.names)
            name = f"{root.name}_{'abcdefghijkl'[count] if count < 12 else count}"
            self.names[key] = name
            self.before[depth].append(f"{name} = {self.memory(root)}[{at(steps, offset)}]")
        return self.names[key], depth

    def add(self, instruction: Instruction) -> None:
        out = instruction.out
        operands = [self.operand(v, s) for v, _, s in reads(instruction, self.sources)]
        names = [name for name, _ in operands]
        # As far outside as its operands allow
        depth = max((depth for _, depth in operands), default=0)
        self.depth[out] = depth
        text = expression(instruction, names)
        self.before[depth].append(f"{out.name} = {text}  # {instruction.place}")
        if self.plan.in_memory(out):
            steps = self.over_axes(self.result_strides(instruction))
            self.before[-1].append(f"{self.memory(out)}[{at(steps)}] = {out.name}")

    def memory(self, value: Value) -> str:
        return f"{self.plan.in_place.get(value, value).name}s"

    def add_reduction(self, instruction: Instruction) -> None:
        out, ufunc = instruction.out, instruction.attributes["ufunc"]
        (value, _, strides) = next(iter(reads(instruction, self.sources)))
        name, _ = self.operand(value, strides)
        steps = self.over_axes(self.result_strides(instruction))
        kept = max((a + 1 for a, step in enumerate(steps) if step), default=0)
        memory, place = self.memory(out), f"  # {instruction.place}"
        if all(steps[:kept]):
            dtype = total_dtype(ufunc, out.dtype)
            total = f"{out.name}_total" if dtype != out.dtype else out.name
            self.before[kept].append(f"{total} = {start_of(ufunc, dtype)}")
            next_total = combined(ufunc, total, cast(name, out.dtype, dtype), dtype)
            self.before[-1].append(f"{total} = {next_total}{place}")
            if total != out.name:
                self.after[kept].append(f"{out.name} = {cast(total, dtype, out.dtype)}")
            if self.plan.in_memory(out):
                self.after[kept].append(f"{memory}[{at(steps)}] = {out.name}")
        else:
            start = start_of(ufunc, out.dtype)
            self.first += nested([out.size], [f"{memory}[i] = {start}"])
            slot = f"{memory}[{at(steps)}]"
            self.before[-1].append(f"{slot} = {combined(ufunc, slot, name, out.dtype)}{place}")
