"""A backward pass as plain JSON: all that a page shows is computed here, by the steps."""

import linecache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.equation import Equation, Number, Reading
from minigrad.debugger.failing import failure
from minigrad.debugger.local_check import check_step
from minigrad.debugger.nonfinite import nan_report
from minigrad.debugger.places import Index
from minigrad.debugger.replay_arrays import Window, array_data, plain
from minigrad.debugger.source import Source, source_of
from minigrad.debugger.step import Arrival, Flow, Step
from minigrad.printing import one_line
from minigrad.tensor import Tensor

__all__ = ["Recorder"]

Array = NDArray[Any]
Data = dict[str, Any]
CONTEXT = 2
SIZES = ((40, 5), (150, 4), (1000, 3), (10**9, 2))
"""Up to how many steps how many entries of an axis are shown: a large graph has small corners."""
CHECKED_STEPS = 300
CHECKED_NUMBERS = 10_000


class Recorder:
    """Makes the steps of a pass and writes down what each shows; ends at one that fails."""

    def __init__(self, run: BackwardPass, check: bool | None) -> None:
        self.run = run
        self.start = run.grads[run.root]
        self.check = check
        self.size = next(size for most, size in SIZES if len(run) <= most)

    def data(self) -> Data:
        steps, problem = [], None
        while not self.run.done and problem is None:
            step = Step(self.run)
            try:
                self.run.forward()
            except Exception as error:
                problem = failure(self.run, error)
            steps.append(self.step(step, problem))
        tensors = [self.tensor(tensor) for tensor in self.run.grads]
        is_finite = not any(step["notFinite"] for step in steps)
        return {
            "root": origin(self.run.root),
            "total": len(self.run),
            "steps": steps,
            "tensors": tensors,
            "report": None if is_finite else str(nan_report(self.run.root, self.start)),
        }

    def step(self, step: Step, problem: str | None) -> Data:
        """What it shows; of one that fails all but what its rules give."""
        flows = [] if problem else step.flows
        windows = self.windows(step, flows)
        window = windows[step.grad_out.shape]
        return {
            "number": step.number,
            "op": step.op,
            "line": one_line(step.tensor),
            "layer": step.layer,
            "params": {name: repr(value) for name, value in step.params.items()},
            "source": None if step.source is None else source_data(step.source),
            "out": array_data(step.out, windows[step.out.shape]),
            "gradient": array_data(step.grad_out, window),
            "arrivals": [self.arrival(arrival, window) for arrival in step.arrivals],
            "values": self.values(step, windows),
            "flows": [self.flow(step, flow, windows) for flow in flows],
            "notFinite": non_finite_words(step, flows),
            "problem": problem,
            "check": self.verdict(step) if not problem and self.is_checked(step) else None,
        }

    def windows(self, step: Step, flows: list[Flow]) -> dict[Index, Window]:
        """For each shape one window: arrays of a step that have the same show the same places.

        It is that of the first that is not finite, else of the first that leaves.
        """
        leaving = [flow.contribution for flow in flows]
        arrays = [*leaving, step.grad_out, step.out, *map(np.asarray, step.values.values())]
        arrays.sort(key=lambda array: bool(np.isfinite(array).all()))
        found: dict[Index, Window] = {}
        for array in arrays:
            if array.shape not in found:
                found[array.shape] = Window(array, self.size)
        return found

    def arrival(self, arrival: Arrival, window: Window) -> Data:
        consumer = arrival.consumer
        return {
            "step": None if consumer is None else self.run.positions[consumer] + 1,
            "rule": arrival.rule,
            "contribution": array_data(arrival.contribution, window),
        }

    def values(self, step: Step, windows: dict[Index, Window]) -> list[Data]:
        """The op's inputs, by what it calls them."""
        found = []
        for (argument, value), x in zip(step.values.items(), step.tensor.inputs, strict=True):
            array = np.asarray(value)
            found.append(
                {
                    "argument": argument,
                    "is": self.name(x) if isinstance(x, Tensor) else "a constant",
                    "step": self.number(x),
                    "array": array_data(array, windows[array.shape]),
                }
            )
        return found

    def flow(self, step: Step, flow: Flow, windows: dict[Index, Window]) -> Data:
        window = windows[flow.contribution.shape]
        reading = Reading(step, flow)
        return {
            "argument": flow.argument,
            "to": self.name(flow.tensor),
            "step": self.number(flow.tensor),
            "rule": flow.rule,
            "formula": flow.formula,
            "ruleSource": step.rule_source(flow.argument),
            "contribution": array_data(flow.contribution, window),
            "equations": [
                [equation_data(equation) for equation in reading.at(index)]
                for index in window.indices
            ],
            "before": None if flow.before is None else array_data(flow.before, window),
            "after": array_data(flow.after, window),
            "gain": plain(flow.gain),
            "zeros": plain(flow.zeros),
            "waiting": flow.waiting,
        }

    def is_checked(self, step: Step) -> bool:
        """As asked for; else if neither the pass nor what the step computes with is large."""
        if self.check is not None:
            return self.check
        return len(self.run) <= CHECKED_STEPS and step.numbers <= CHECKED_NUMBERS

    def verdict(self, step: Step) -> Data:
        """The finite-difference check of the step's rules."""
        report = check_step(step)
        rows = [
            {
                "rule": row.name,
                "verdict": row.verdict,
                "checked": row.checked,
                "total": row.total,
                "index": None if row.index is None else list(row.index),
                "analytic": plain(row.worst.analytic),
                "numeric": plain(row.worst.numeric),
                "bar": plain(row.worst.bar),
                "detail": row.detail,
            }
            for row in report.rows
        ]
        return {"verdict": report.verdict, "rows": rows}

    def tensor(self, tensor: Tensor) -> Data:
        """A tensor that takes part, with the steps that contribute to its gradient."""
        grad = self.run.grads[tensor]
        return {
            "name": self.name(tensor),
            "line": one_line(tensor),
            "step": self.number(tensor),
            "contributors": [self.run.positions[user] + 1 for user, _ in self.run.uses[tensor]],
            "value": array_data(tensor.data, Window(tensor.data, self.size)),
            "gradient": None if grad is None else array_data(grad, Window(grad, self.size)),
        }

    def number(self, x: Any) -> int | None:
        """The number of the step that passes the gradient of ``x`` on, if there is one."""
        position = self.run.positions.get(x) if isinstance(x, Tensor) else None
        return None if position is None else position + 1

    def name(self, tensor: Tensor) -> str:
        """What a tensor is called beside others: its name, or its op and step."""
        number = self.number(tensor)
        if number is not None:
            op: Any = tensor.op
            return f"{repr(tensor.name) if tensor.name else op.__name__} (step {number})"
        if tensor.name:
            return repr(tensor.name)
        return "a leaf" if tensor.requires_grad else "an input"


def origin(tensor: Tensor) -> str:
    """``'loss' = Mean at train.py:12``."""
    source, op = source_of(tensor), tensor.op
    name = repr(tensor.name) if tensor.name else ""
    made = op.__name__ if op is not None else "a leaf"
    return " = ".join(filter(None, [name, made])) + (f" at {source.place}" if source else "")


def equation_data(equation: Equation) -> list[Any]:
    """An equation to be read: its numbers have six digits; exact ones are in the arrays."""
    tokens = [
        [token.text, plain(float(f"{token.value:.6g}"))] if isinstance(token, Number) else token
        for token in equation.tokens
    ]
    return [equation.target, tokens, plain(float(f"{equation.value:.6g}"))]


def non_finite_words(step: Step, flows: list[Flow]) -> list[str]:
    """Where in a step something is not finite."""
    found = {"its value": step.out, "the gradient that arrived": step.grad_out}
    found |= {f"what {flow.argument} gets": flow.contribution for flow in flows}
    return [words for words, array in found.items() if not np.isfinite(array).all()]


def source_data(source: Source) -> Data:
    """The sub-expression with the lines around it, and from where to where it is in each line."""
    first = max(source.line - CONTEXT, 1) if source.lines else source.line
    last = source.end_line + CONTEXT if source.lines else source.line - 1
    lines = []
    for number in range(first, last + 1):
        text = linecache.getline(source.file, number).rstrip("\n")
        inside = source.line <= number <= source.end_line
        start = source.column if number == source.line else len(text) - len(text.lstrip())
        end = source.end_column if number == source.end_line else len(text)
        lines.append([number, text, *((start, end) if inside else (0, 0))])
    return {
        "place": source.place,
        "function": source.function,
        "expression": source.expression,
        "lines": lines,
    }
