"""Indexing with arrays, as loops over single elements."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from minigrad.compiler.indices import ArrayIndex
from minigrad.compiler.loops import at, nested
from minigrad.compiler.plan import Plan
from minigrad.compiler.program import Instruction, Value
from minigrad.compiler.views import contiguous, full_index

__all__ = ["gathered"]


class Names(Protocol):
    """What a writer knows of values that are computed before."""

    plan: Plan

    def array(self, root: Value) -> str: ...

    def scalar(self, value: Value) -> str: ...


@dataclass(frozen=True, slots=True)
class Walk:
    """A loop over the elements that an index picks.

    Attributes
    ----------
    shape
        Of the loops: that of ``x[index]``.
    setup
        Statements within all loops that find out the positions.
    place
        The element of x.
    """

    shape: tuple[int, ...]
    setup: list[str]
    place: str


def gathered(instruction: Instruction, names: Names) -> list[str]:
    """Loops for ``index``, ``set`` and ``add_at``."""
    out, x = instruction.out, instruction.values[0]
    view = names.plan.views[x]
    if instruction.primitive == "index":
        arrays = instruction.values[1:]
        walk = walk_of(instruction, arrays, view.strides, view.offset, names)
        read = f"{names.array(view.root)}[{walk.place}]"
        result = f"{names.array(out)}[{at(contiguous(walk.shape))}]" if out.shape else out.name
        return nested(walk.shape, [*walk.setup, f"{result} = {read}"])
    y, *arrays = instruction.values[1:]
    add = instruction.primitive == "add_at"
    if not out.shape:
        kept = f"{names.scalar(x)} + " if add else ""
        return [f"{out.name} = {kept}{names.scalar(y)}"]
    copy = f"{names.array(out)}[{at(contiguous(out.shape))}] = {element(x, names)}"
    walk = walk_of(instruction, arrays, contiguous(out.shape), 0, names)
    put = f"{names.array(out)}[{walk.place}] {'+=' if add else '='} {element(y, names)}"
    return nested(out.shape, [copy]) + nested(walk.shape, [*walk.setup, put])


def element(value: Value, names: Names, first: int = 0, shape: Sequence[int] = ()) -> str:
    """One element of a value, in loops whose counters from ``first`` on walk over its shape."""
    if not value.shape:
        return names.scalar(value)
    view = names.plan.views[value]
    missing = max(len(shape) - len(value.shape), 0)
    steps = [0 if n == 1 else step for n, step in zip(value.shape, view.strides, strict=True)]
    return f"{names.array(view.root)}[{at([0] * (first + missing) + steps, view.offset)}]"


def walk_of(
    instruction: Instruction,
    arrays: Sequence[Value],
    strides: Sequence[int],
    offset: int,
    names: Names,
) -> Walk:
    """How an index walks through an array that lies in these strides.

    As NumPy has it: index arrays are broadcast together, and their axes come where the first of
    them stands, or first of all if a slice or a new axis stands between them.
    """
    x = instruction.values[0]
    parts = full_index(instruction.attributes["index"], len(x.shape))
    picks = [k for k, p in enumerate(parts) if isinstance(p, (ArrayIndex, int))]
    picks = picks if arrays else []
    together = all(b - a == 1 for a, b in pairwise(picks))
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    first = sum(1 for _ in parts[: picks[0]]) if picks and together else 0
    plain: list[tuple[int, int]] = []  # length and step of each axis that is not picked from
    setup: list[str] = []
    terms: list[str] = []
    axis = 0
    for part in parts:
        if part is None:
            plain.append((1, 0))
            continue
        n, stride = x.shape[axis], strides[axis]
        axis += 1
        if isinstance(part, slice):
            start, _, step = part.indices(n)
            offset += start * stride
            plain.append((len(range(*part.indices(n))), step * stride))
        elif isinstance(part, ArrayIndex):
            position = element(arrays[part.k], names, first, shape)
            name = f"at{len(terms)}"
            setup.append(f"{name} = wrapped(np.int64({position}), {n})")
            terms.append(f"{name} * {stride}" if stride != 1 else name)
        else:
            offset += part % n * stride
    lengths = [n for n, _ in plain]
    steps = [step for _, step in plain]
    whole = (*lengths[:first], *shape, *lengths[first:])
    place = at([*steps[:first], *([0] * len(shape)), *steps[first:]], offset)
    return Walk(whole, setup, " + ".join([*([] if place == "0" and terms else [place]), *terms]))
