"""What is shown at a stop: where the pass stands, what arrived, what it is multiplied by, who gets
what.
"""

import os
import textwrap
from collections.abc import Sequence
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.contributions import norm
from minigrad.debugger.equation import Number, Reading
from minigrad.debugger.failing import failure
from minigrad.debugger.formula import SEE_RULE
from minigrad.debugger.paragraphs import WIDTH, windowed, wrapped
from minigrad.debugger.places import peak
from minigrad.debugger.shortening import cut, faults, fitting, number, percent, short
from minigrad.debugger.source import Source
from minigrad.debugger.step import Arrival, Flow, Step
from minigrad.tensor import Tensor

__all__ = ["Screen", "label", "origin"]

BAR = 20
SHOWN_ARRIVALS = 6
COLOURS = {"strong": "1", "mark": "1;33", "wrong": "1;31"}


class Screen:
    """Text of a stop, in colour where the output is a terminal that wants it."""

    def __init__(self, output: TextIO) -> None:
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        self.coloured = output.isatty() and not plain

    def paint(self, text: str, colour: str) -> str:
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self.coloured and text.strip() else text

    def stop(self, run: BackwardPass, title: str = "") -> list[str]:
        """Everything shown where the pass stands now."""
        if run.done:
            return [self.bar(run, title), *self.end(run)]
        step = Step(run)
        lines = [self.bar(run, title), cut(repr(step.tensor), WIDTH)]
        lines += ["", *self.source(step.source)]
        lines += ["", *self.arrived(run, step)]
        try:
            flows = step.flows
        except Exception as error:
            told = wrapped(f"this step fails: {failure(run, error)}", "  ")
            return [*lines, "", *(self.paint(line, "wrong") for line in told.splitlines())]
        for flow in flows:
            lines += ["", *self.flow(run, step, flow)]
        return lines

    def bar(self, run: BackwardPass, title: str) -> str:
        left = position_bar(run) + (" EDITED" if run.edited else "")
        return self.paint(f"{left}{title:>{WIDTH - len(left)}}", "strong")

    def source(self, source: Source | None) -> list[str]:
        """Place, and the lines with carets under the sub-expression."""
        if source is None:
            return []
        inside = "" if source.function == "<module>" else f" in {source.function}"
        lines = [f"  {source.place}{inside}"]
        for text in windowed(source.marked()):
            is_mark = bool(text.strip()) and not text.strip().strip("^")
            lines.append("    " + (self.paint(text, "mark") if is_mark else text))
        return lines

    def arrived(self, run: BackwardPass, step: Step) -> list[str]:
        """The gradient of the op's output, and the contributions it is the sum of."""
        lines = [self.array("arrived   dL/dout", step.grad_out)]
        arrivals = step.arrivals
        if run.edited and not np.array_equal(total_of(arrivals), step.grad_out, equal_nan=True):
            lines.append("            set by hand, in place of")
        if len(arrivals) == 1:
            return [*lines, f"            from {origin(run, arrivals[0])}"]
        lines.append(f"            the sum of {len(arrivals)} contributions:")
        for arrival in arrivals[:SHOWN_ARRIVALS]:
            told = f"{short(arrival.contribution):<20} from {origin(run, arrival)}"
            lines.append(cut(f"            {told}", WIDTH))
        if len(arrivals) > SHOWN_ARRIVALS:
            lines.append(f"            ... (contrib shows all {len(arrivals)})")
        return lines

    def flow(self, run: BackwardPass, step: Step, flow: Flow) -> list[str]:
        """What leaves, to whom, by which formula, and that formula in numbers at one entry."""
        target = f"dL/d{flow.argument}"
        told = f"{label(run, flow.tensor)}: {', '.join(account(flow))}"
        lines = [f"  leaves    {target} for {told}"]
        hint = f" (ll {flow.argument})" if flow.formula.endswith(SEE_RULE) else ""
        lines += [f"    {statement}{hint}" for statement in flow.formula.split("; ")]
        lines += [f"    shapes: {shapes}" for shapes in shapes_in(step, flow)]
        arithmetic = in_numbers(step, flow)
        lines += arithmetic
        if flow.contribution.ndim or not arithmetic:
            lines.append(self.array(f"  {target}", flow.contribution))
        if flow.before is not None:
            lines.append(self.array("  with what had arrived", flow.after))
        return [cut(line, WIDTH) for line in lines]

    def array(self, heading: str, array: NDArray[Any]) -> str:
        """``arrived   dL/dout (7, 3) = [[0.1 ... 0.2]]  norm 0.53``"""
        start = f"  {heading} {array.shape} = " if array.ndim else f"  {heading} = "
        wrong = faults(array)
        end = wrong or (f"norm {number(norm(array))}" if array.size > 1 else "")
        values = fitting(array, WIDTH - len(start) - len(end) - 2)
        return f"{start}{values}  {self.paint(end, 'wrong') if wrong else end}".rstrip()

    def end(self, run: BackwardPass) -> list[str]:
        """The gradients of the leaves, when all steps have been made."""
        lines = ["every step has been made; c or q ends the pass and fills .grad", ""]
        for tensor, grad in run.grads.items():
            if tensor.op is None:
                lines.append(self.array(label(run, tensor), grad))
        return lines


def position_bar(run: BackwardPass) -> str:
    """``[=====>..............] step 4 of 12``"""
    done = BAR * run.position // max(len(run), 1)
    arrow = "=" * BAR if run.done else "=" * min(done, BAR - 1) + ">"
    place = "at the end of" if run.done else f"step {run.position + 1} of"
    return f"[{arrow:.<{BAR}}] {place} {len(run)}" + (" steps" if run.done else "")


def label(run: BackwardPass, tensor: Tensor) -> str:
    """What a tensor is called in a line about another: its name, or the step of its op."""
    if tensor.op is None:
        return f"leaf {tensor.name}" if tensor.name else f"a leaf of shape {tensor.shape}"
    name = f"{tensor.name} = {tensor.op.__name__}" if tensor.name else tensor.op.__name__
    return f"{name} (step {run.positions[tensor] + 1})"


def total_of(arrivals: Sequence[Arrival]) -> Any:
    """The contributions added up in the order they came."""
    first, *others = [arrival.contribution for arrival in arrivals]
    for contribution in others:
        first = first + contribution
    return first


def origin(run: BackwardPass, arrival: Arrival) -> str:
    """``Multiply.grad_x (step 3)``"""
    if arrival.consumer is None:
        return "the start of the pass"
    return f"{arrival.rule} (step {run.positions[arrival.consumer] + 1})"


def account(flow: Flow) -> list[str]:
    """What a contribution does to its gradient: by how much, and what is still missing."""
    words = [f"gain {number(flow.gain)}"] if np.isfinite(flow.gain) else []
    words += [f"{percent(flow.zeros)} zeros"] if flow.contribution.size > 1 else []
    words.append(f"{flow.waiting} more to come" if flow.waiting else "complete")
    return words


def in_numbers(step: Step, flow: Flow) -> list[str]:
    """The formula at the entry that matters most; nothing where it only hands on."""
    if flow.contribution.size == 0:
        return []
    lines = []
    for equation in Reading(step, flow).at(peak(flow.contribution)):
        if len(equation.tokens) > 1:
            text = f"{equation.target} = {''.join(map(as_text, equation.tokens))}"
            lines += textwrap.wrap(
                f"{text} = {number(equation.value)}",
                WIDTH,
                initial_indent=" " * 4,
                subsequent_indent=" " * 8,
            )
    return lines


def as_text(token: str | Number) -> str:
    """A number; one that stands for several says so."""
    if isinstance(token, Number) and token.text.endswith("together"):
        return f"{token} ({token.text})"
    return str(token)


def shapes_in(step: Step, flow: Flow) -> list[str]:
    """Shapes of what the formula speaks of; nothing where all are numbers."""
    known = {"dL/dout": step.grad_out, "out": step.out, **step.values}
    words = "".join(c if c.isalnum() or c in "_/[]" else " " for c in flow.formula).split()
    shapes = {f"dL/d{flow.argument}": flow.contribution.shape}
    shapes |= {word: getattr(known[word], "shape", ()) for word in words if word in known}
    if not any(shapes.values()):
        return []
    return [", ".join(f"{name} {shape}" for name, shape in shapes.items())]
