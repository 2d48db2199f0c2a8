"""A plan as a table."""

from minigrad.compiler.fusion import Group
from minigrad.compiler.plan import Plan
from minigrad.compiler.program import Instruction

__all__ = ["explain"]

COLUMNS = ("instruction", "shape", "dtype", "place", "group", "bytes")


def explain(plan: Plan) -> str:
    """Instruction, shape, dtype, source line, fused group and bytes of memory; then the peak.

    ``-`` bytes: the value stays in registers, or is a number; ``in x3``: it is computed right into
    the user's array.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.compiler.plan import plan
    >>> from minigrad.compiler.recorder import Recorder
    >>> from minigrad.compiler.tracer import Tracer
    >>> recorder = Recorder()
    >>> x = Tracer(recorder, recorder.input((3,), np.float64))
    >>> recorder.program.outputs.append((np.exp(x) * 2).value)
    >>> print(explain(plan(recorder.program)))  # doctest: +ELLIPSIS
    instruction              shape  dtype    place     group     bytes
    v2 = exp(x1)             (3,)   float64  ...       1 loop        -
    v3 = multiply(v2, 2)     (3,)   float64  ...       1 loop       24
    peak: 64 bytes in 1 group, beside the arrays that are handed over
    """
    rows: list[tuple[str, ...]] = [COLUMNS]
    for k, group in enumerate(plan.groups, 1):
        rows += [row(plan, group, k, instruction) for instruction in group.instructions]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    lines = []
    for cells in rows:
        *texts, nbytes = cells
        padded = [text.ljust(width) for text, width in zip(texts, widths, strict=False)]
        lines.append("  ".join([*padded, nbytes.rjust(widths[-1])]))
    groups = "1 group" if len(plan.groups) == 1 else f"{len(plan.groups)} groups"
    peak = f"peak: {plan.peak_bytes:,} bytes in {groups}, beside the arrays that are handed over"
    return "\n".join([*lines, peak])


def row(plan: Plan, group: Group, k: int, instruction: Instruction) -> tuple[str, ...]:
    out = instruction.out
    operands = ", ".join(x.name if hasattr(x, "name") else repr(x) for x in instruction.operands)
    memory = "-"
    if out in plan.in_place:
        memory = f"in {plan.in_place[out].name}"
    elif out in plan.workspace.offsets:
        memory = f"{out.nbytes:,}"
    name = instruction.attributes.get("ufunc", "") if instruction.primitive == "reduce" else ""
    primitive = f"{name}.reduce" if name else instruction.primitive
    return (
        f"{out.name} = {primitive}({operands})",
        str(out.shape),
        str(out.dtype),
        str(instruction.place),
        f"{k} {'loop' if group.is_loop else 'alone'}",
        memory,
    )
