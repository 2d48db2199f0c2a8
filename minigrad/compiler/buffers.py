"""Memory for the values that need some: slots in one workspace, taken again when they are free."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from minigrad.compiler.program import Value

__all__ = ["Lifetime", "Workspace", "allocate"]

ALIGNMENT = 64  # bytes: a cache line, and the widest vector register


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The first and the last group in which a value must be there."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where each value begins, in bytes, and the size of it all.

    Attributes
    ----------
    peak_bytes
        The most that is in use at one time; the size can be larger because of gaps.
    """

    offsets: Mapping[Value, int]
    nbytes: int
    peak_bytes: int


def padded(nbytes: int) -> int:
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


def allocate(
    lifetimes: Mapping[Value, Lifetime], takes_over: Mapping[Value, Iterable[Value]]
) -> Workspace:
    """Give each value the first gap that is large enough while it lives.

    ``takes_over`` names, for a value, operands whose memory it may be computed into if nobody
    reads them later.
    """
    offsets: dict[Value, int] = {}
    alive: list[tuple[int, int, Value]] = []  # offset, end, value; by offset
    size = used = peak = 0
    for value in sorted(lifetimes, key=lambda v: lifetimes[v].first):
        now = lifetimes[value].first
        ending = [x for x in takes_over.get(value, ()) if lifetimes[x].last == now]
        for slot in list(alive):
            if lifetimes[slot[2]].last < now or slot[2] in ending[:1]:
                alive.remove(slot)
                used -= slot[1] - slot[0]
        needed = padded(value.nbytes)
        start = offsets[ending[0]] if ending else first_gap(alive, needed)
        offsets[value] = start
        if needed:
            alive.append((start, start + needed, value))
            alive.sort(key=lambda slot: slot[0])
        used += needed
        peak = max(peak, used)
        size = max(size, start + needed)
    return Workspace(offsets, size, peak)


def first_gap(alive: list[tuple[int, int, Value]], needed: int) -> int:
    start = 0
    for begin, end, _ in alive:
        if begin - start >= needed:
            return start
        start = max(start, end)
    return start
