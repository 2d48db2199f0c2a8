"""What every group of commands builds on: the pass, the words, and Python in their midst."""

import cmd
import sys
import traceback
from collections.abc import Mapping
from contextlib import redirect_stdout
from types import CodeType
from typing import Any, TextIO

import numpy as np

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.breakpoints import Breakpoints
from minigrad.debugger.screen import Screen
from minigrad.debugger.step import Step
from minigrad.errors import DomainError, MinigradError
from minigrad.tensor import Tensor

__all__ = ["Commands"]

STOP_NAMES = {"node", "g", "out", "inputs", "step"}
"""What there is at a step, and no longer behind the last."""


class Commands(cmd.Cmd):
    """Base of the prompt: the state it has, and how a command speaks and evaluates.

    Attributes
    ----------
    run : BackwardPass
        The pass at hand.
    start : ndarray
        The gradient that it started from.
    nth : int
        How many passes there have been, this one included.
    variables : Mapping
        Those of the user's function that called ``backward()``.
    given : dict
        What was assigned at the prompt.
    breakpoints : Breakpoints
    watched : list of str
        Expressions shown at every stop.
    """

    run: BackwardPass
    start: Any

    def __init__(self, stdin: TextIO | None = None, stdout: TextIO | None = None) -> None:
        super().__init__(stdin=stdin, stdout=stdout)
        self.use_rawinput = stdin is None
        self.typed_in = stdin
        self.shown_on = stdout
        self.screen = Screen(stdout or sys.stdout)
        self.nth = 0
        self.variables: Mapping[str, Any] = {}
        self.given: dict[str, Any] = {}
        self.breakpoints = Breakpoints()
        self.watched: list[str] = []

    def say(self, *lines: str) -> None:
        """Write lines; what the terminal has no character for is escaped."""
        encoding = getattr(self.stdout, "encoding", None) or "utf-8"
        for line in lines:
            self.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")

    def complain(self, error: BaseException) -> None:
        """One line, as pdb does it."""
        if isinstance(error, MinigradError):
            text = str(error)
        else:
            text = traceback.format_exception_only(error)[-1].strip()
        self.say(self.screen.paint(f"*** {' '.join(text.split())}", "wrong"))

    @property
    def step(self) -> Step:
        """The step at hand."""
        if self.run.done:
            raise DomainError("the pass is at its end: there is no step here; back makes one")
        return Step(self.run)

    def show(self, *reasons: str) -> None:
        """The screen of a stop, below what led to it."""
        told = ["", *reasons, ""] if len(reasons) > 1 else ["", *reasons]
        self.say(*told, *self.screen.stop(self.run, f"backward pass {self.nth}"))
        for expression in self.watched:
            if self.run.done and STOP_NAMES & set(self.compiled(expression, "eval").co_names):
                continue
            try:
                value = self.shown(self.evaluate(expression))
            except Exception as error:
                value = f"*** {type(error).__name__}: {error}"
            self.say(f"  watch     {expression} = {value}")

    # Python

    def bound(self) -> dict[str, Any]:
        """The names that belong to the stop."""
        names: dict[str, Any] = {"grads": self.run.grads, "nth": self.nth}
        if not self.run.done:
            step = self.step
            names |= {
                "node": step.tensor,
                "g": read_only(step.grad_out),
                "out": read_only(step.out),
                "inputs": {name: read_only(value) for name, value in step.values.items()},
                "step": step,
            }
        return names

    def names(self) -> dict[str, Any]:
        """Every name an expression may use; those of the stop hide others."""
        return {"np": np, **self.variables, **self.given, **self.bound()}

    def evaluate(self, expression: str) -> Any:
        return eval(self.compiled(expression, "eval"), self.names())

    def compiled(self, text: str, mode: str) -> CodeType:
        code: CodeType = compile(text.strip(), "<prompt>", mode)
        return code

    def execute(self, text: str) -> None:
        """Run a line of Python; show its value, keep what it assigns."""
        names = self.names()
        before = dict(names)
        with redirect_stdout(self.stdout):
            try:
                code = self.compiled(text, "eval")
            except SyntaxError:
                exec(self.compiled(text, "exec"), names)
            else:
                value = eval(code, names)
                if value is not None:
                    self.say(self.shown(value))
        bound = self.bound()
        for name, value in names.items():
            if name == "__builtins__" or (name in before and before[name] is value):
                continue
            if name in bound:
                hint = "; set g = EXPR replaces the gradient" if name == "g" else ""
                raise DomainError(f"{name} belongs to the step and stays as it is{hint}")
            self.given[name] = value

    def shown(self, value: Any) -> str:
        """A value as text; of an array its corners, of any other object no more than a screen."""
        if isinstance(value, np.ndarray):
            text = np.array2string(value, threshold=200)
        else:
            with np.printoptions(threshold=20, edgeitems=2):  # arrays in a dict or list
                text = str(value) if isinstance(value, np.generic) else repr(value)
        return text if len(text) <= 4000 else text[:4000] + "..."

    # Arguments of commands

    def count(self, text: str, default: int = 1) -> int:
        """A number of steps."""
        if not text:
            return default
        if not text.isdecimal() or int(text) == 0:
            raise DomainError(f"expected a number of steps from 1 on, found {text!r}")
        return int(text)

    def step_number(self, text: str, hint: str = "") -> int:
        """A step of this pass."""
        total = len(self.run)
        if not (text.isdecimal() and 1 <= int(text) <= total):
            raise DomainError(f"expected a step from 1 to {total}{hint}, found {text!r}")
        return int(text)

    def arguments(self) -> list[str]:
        """The inputs of the op at hand that get a gradient, as the op calls them."""
        inputs = self.step.tensor.inputs
        names = list(self.step.values)
        return [name for name, x in zip(names, inputs, strict=True) if self.takes_part(x)]

    def takes_part(self, x: Any) -> bool:
        return isinstance(x, Tensor) and x in self.run.grads

    def argument(self, text: str) -> str:
        """One of `arguments`, by its name or its number; by default the first."""
        names = self.arguments()
        if not text:
            return names[0]
        if text in names:
            return text
        every = list(self.step.values)
        if text.isdecimal() and int(text) < len(every) and every[int(text)] in names:
            return every[int(text)]
        raise DomainError(f"no gradient goes to {text!r}; here it goes to {', '.join(names)}")

    def index(self, text: str) -> tuple[int, ...] | None:
        """``3, 1`` or ``[3, 1]`` as the index of an entry."""
        if not text.strip():
            return None
        parts = text.strip(" []()").replace(",", " ").split()
        try:
            return tuple(map(int, parts))
        except ValueError:
            raise DomainError(f"expected an index such as [3, 1], found {text!r}") from None

    def nothing_more(self, text: str, command: str) -> None:
        if text:
            raise DomainError(f"{command} takes no argument, found {text!r}")


def is_terminal(stream: Any) -> bool:
    """Whether a person reads or writes at the other end."""
    return stream is not None and stream.isatty()


def at_a_terminal() -> bool:
    return is_terminal(sys.stdin) and is_terminal(sys.stdout)


def read_only(value: Any) -> Any:
    """The same numbers, not to be written to: a pass is edited by ``set g``, which says so."""
    if not isinstance(value, np.ndarray):
        return value
    view = value.view()
    view.flags.writeable = False
    return view
