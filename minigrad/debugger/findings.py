"""What was found about values and gradients that are not finite, and its text."""

from dataclasses import dataclass

import numpy as np

from minigrad.debugger.cause import number
from minigrad.debugger.paragraphs import place_lines, wrapped
from minigrad.debugger.places import Index, bracketed
from minigrad.debugger.source import Source
from minigrad.tensor import Tensor

__all__ = ["BackwardFinding", "ForwardFinding", "NanReport"]


@dataclass(frozen=True)
class ForwardFinding:
    """The earliest value that is not finite.

    Attributes
    ----------
    tensor : Tensor
        That holds it; for a constant that is a plain array, what was computed from it.
    origin : str
        "op" if it came out of one, else "leaf" or "constant": it was given.
    name : str
        What to call it: the op, a leaf's or constant's own name, what the op calls a constant.
    index : tuple of int
        The first such entry.
    value : float
    count, total : int
        How many entries are not finite, of how many.
    source : Source or None
        The sub-expression that made it; for what was given, that first uses it.
    cause : str
    """

    tensor: Tensor
    origin: str
    name: str
    index: Index
    value: float
    count: int
    total: int
    source: Source | None
    cause: str


@dataclass(frozen=True)
class BackwardFinding:
    """The first step in which a finite gradient met a contribution that is not.

    Attributes
    ----------
    number, total : int
        Which step, counted from 1, of how many.
    tensor : Tensor
        The output of the step's op.
    input : Tensor
        What the contribution is for.
    rule : str
        ``Log.grad_x``.
    formula : str
    index : tuple of int
        The first such entry of the contribution.
    value : float
    count, size : int
        How many of its entries are not finite, of how many.
    source : Source or None
    cause : str
    """

    number: int
    total: int
    tensor: Tensor
    input: Tensor
    rule: str
    formula: str
    index: Index
    value: float
    count: int
    size: int
    source: Source | None
    cause: str


@dataclass(frozen=True)
class NanReport:
    """What `nan_report` found.

    Attributes
    ----------
    root : Tensor
    forward : ForwardFinding or None
    backward : BackwardFinding or None
    problem : str
        Why there is no backward pass to look at, or where it ended early; empty if there is.
    """

    root: Tensor
    forward: ForwardFinding | None
    backward: BackwardFinding | None
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether the root and all gradients are known to be finite; a value between need not."""
        return self.root_is_finite and self.backward is None and not self.problem

    @property
    def root_is_finite(self) -> bool:
        return bool(np.isfinite(self.root.data).all())

    def __str__(self) -> str:
        return "\n".join([*forward_lines(self), *backward_lines(self)])


def forward_lines(report: NanReport) -> list[str]:
    found = report.forward
    if found is None:
        return ["forward: all values are finite"]
    head = (
        f"forward: the first value that is not finite is {number(found.value)} in "
        f"{found.name}{bracketed(found.index)} ({found.count} of {found.total} entries)"
    )
    lines = [wrapped(head), *place_lines(found.source), wrapped(found.cause, "  ")]
    if report.root_is_finite:
        lines.append("  the root is finite all the same")
    return lines


def backward_lines(report: NanReport) -> list[str]:
    found = report.backward
    if report.problem:
        return [wrapped(f"backward: no pass, {report.problem}")]
    if found is None:
        return ["backward: all gradients are finite"]
    place = f" at {bracketed(found.index)}" if found.index else ""
    head = (
        f"backward: the first gradient that is not finite is {number(found.value)}{place} of what "
        f"{found.rule} gives ({found.count} of {found.size} entries), in step {found.number} of "
        f"{found.total}"
    )
    return [wrapped(head), *place_lines(found.source), wrapped(found.cause, "  ")]
