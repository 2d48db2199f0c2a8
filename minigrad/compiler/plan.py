"""From a program to what a back end writes down: groups in order, and where each value lies."""

from dataclasses import dataclass

from minigrad.compiler.buffers import Lifetime, Workspace, allocate
from minigrad.compiler.fusion import Group, fuse, is_loop, separate
from minigrad.compiler.prepare import Prepared, prepare
from minigrad.compiler.program import UFUNCS, Instruction, Program, Value
from minigrad.compiler.views import View, contiguous, strides_over

__all__ = ["Plan", "plan"]


@dataclass(slots=True)
class Plan:
    """How a program is going to run.

    Attributes
    ----------
    original, fused
        What it was made from.
    program
        With copies where they are needed; instructions that move nothing have become views.
    views
        For each value, in the memory of which one it lies.
    moves
        The instruction behind a value that is a view of another's memory.
    in_place
        For a value, the input into whose array it is computed.
    outputs
        For each output, the value that is given back for it.
    groups
        Instructions that run together, in order.
    check_at
        The number of groups after which the checks are known; nothing is written before.
    workspace
        Where the values that need memory lie, constants included.
    """

    original: Program
    fused: bool
    program: Program
    views: dict[Value, View]
    moves: dict[Value, Instruction]
    in_place: dict[Value, Value]
    outputs: dict[Value, Value]
    groups: list[Group]
    check_at: int
    workspace: Workspace

    @property
    def peak_bytes(self) -> int:
        """The most memory that values take at one time, beside the user's own arrays."""
        return self.workspace.peak_bytes

    def unfused(self) -> "Plan":
        """The plan of the same program in which each instruction stands alone."""
        return plan(self.original, fused=False) if self.fused else self

    def in_memory(self, value: Value) -> bool:
        """Whether the elements of a computed value are stored."""
        return value in self.workspace.offsets or value in self.in_place

    @property
    def numbers(self) -> list[Value]:
        """What is given back for each output without axes, in order."""
        return [self.outputs[value] for value in self.program.outputs if not value.shape]

    @property
    def arrays(self) -> dict[Value, Value]:
        """For each output with axes, the value in whose memory it lies."""
        return {out: self.views[x].root for out, x in self.outputs.items() if out.shape}


def plan(program: Program, fused: bool = True) -> Plan:
    """Decide what runs together, in which order, and in which memory.

    Parameters
    ----------
    program
        Best after `simplify`.
    fused
        Whether elementwise instructions share loops, so that what is used only there needs no
        memory. Without, each instruction is a group.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.compiler.recorder import Recorder
    >>> from minigrad.compiler.tracer import Tracer
    >>> recorder = Recorder()
    >>> x = Tracer(recorder, recorder.input((100,), np.float64))
    >>> recorder.program.outputs.append(np.exp(x * 2 + 1).sum().value)
    >>> len(plan(recorder.program).groups), plan(recorder.program).peak_bytes
    (1, 0)
    >>> unfused = plan(recorder.program, fused=False)
    >>> len(unfused.groups), unfused.peak_bytes
    (4, 832)
    """
    prepared = prepare(program)
    groups = fuse(prepared) if fused else separate(prepared)
    group_of = {x.out: k for k, group in enumerate(groups) for x in group.instructions}
    lifetimes = find_lifetimes(prepared, groups, group_of, fused)
    takes_over = {} if fused else find_successions(prepared, lifetimes)
    checks = {prepared.views[x].root for x in prepared.program.checks} & set(group_of)
    return Plan(
        program,
        fused,
        prepared.program,
        prepared.views,
        prepared.moves,
        prepared.in_place,
        prepared.outputs,
        groups,
        max((group_of[root] for root in checks), default=-1) + 1,
        allocate(lifetimes, takes_over),
    )


def find_lifetimes(
    prepared: Prepared, groups: list[Group], group_of: dict[Value, int], fused: bool
) -> dict[Value, Lifetime]:
    """When each value that needs memory is there.

    The memory of outputs still holds those of the last call, which must survive if a check fails:
    with checks, nothing else may use it before.
    """
    views, end = prepared.views, len(groups)
    last: dict[Value, int] = {}
    stored: set[Value] = set()
    for instruction in prepared.program.instructions:
        k = group_of[instruction.out]
        for value in instruction.values:
            root = views[value].root
            last[root] = max(last.get(root, 0), k)
            scalar = root.size == 1 and groups[k].is_loop
            if group_of.get(root) != k and not scalar:
                stored.add(root)
        if not is_loop(instruction) or (instruction.primitive == "reduce"):
            stored.add(instruction.out)
    kept = {views[value].root for value in prepared.outputs.values()}
    last.update(dict.fromkeys(kept, end))
    stored |= kept
    has_checks = bool(prepared.program.checks)
    lifetimes = {value: Lifetime(0, end) for value in prepared.program.constants if value.shape}
    for value, k in group_of.items():
        needed = value in stored or not fused
        if needed and value.shape and value not in prepared.in_place:
            first = 0 if has_checks and value in kept else k
            lifetimes[value] = Lifetime(first, last.get(value, k))
    return lifetimes


def find_successions(
    prepared: Prepared, lifetimes: dict[Value, Lifetime]
) -> dict[Value, list[Value]]:
    """Operands into whose memory a result may go: those read element by element, once."""
    found: dict[Value, list[Value]] = {}
    for instruction in prepared.program.instructions:
        out = instruction.out
        if instruction.primitive not in UFUNCS or out not in lifetimes:
            continue
        for value in instruction.values:
            view = prepared.views[value]
            as_it_lies = view.offset == 0 and strides_over(
                out.shape, value.shape, view.strides
            ) == strides_over(out.shape, out.shape, contiguous(out.shape))
            same = view.root.dtype == out.dtype and view.root.size == out.size
            if as_it_lies and same and view.root in lifetimes:
                found.setdefault(out, []).append(view.root)
    return found
