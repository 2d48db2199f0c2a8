"""pdb where it helps: inside a rule, and at a line of the program, with NumPy stepped over."""

import pdb
import sys
from typing import Any, TextIO

from minigrad.debugger.formula import rule_of
from minigrad.debugger.step import Step
from minigrad.drawing.nodes import names_of_inputs
from minigrad.errors import DomainError

__all__ = ["breakpoint", "step_into"]

NUMPY = ["numpy.*", "numpy"]
MACHINERY = ["minigrad.graph", "minigrad.tensor", "minigrad.ops.base"]


def breakpoint(*, stdin: TextIO | None = None, stdout: TextIO | None = None) -> None:
    """Stop here in pdb, and step over NumPy and over the loop of the backward pass.

    ``s`` at ``loss.backward()`` then enters the first rule, and ``s`` at ``mg.exp(x)`` that op's
    forward, without dozens of frames in between.

    Parameters
    ----------
    stdin, stdout : text file, optional
        Where commands come from and answers go; by default the terminal.

    Examples
    --------
    >>> import io
    >>> import minigrad as mg
    >>> x = mg.Tensor(2.0, requires_grad=True)
    >>> mg.breakpoint(stdin=io.StringIO("c\\nc\\n"), stdout=io.StringIO())
    """
    python_debugger(stdin, stdout, [*NUMPY, *MACHINERY]).set_trace(sys._getframe(1))


def step_into(step: Step, argument: str, stdin: TextIO | None, stdout: TextIO | None) -> None:
    """Run a rule in pdb, which stops on its first line."""
    tensor = step.tensor
    index = names_of_inputs(tensor).index(argument)
    if not hasattr(rule_of(tensor, index), "__code__"):
        raise DomainError(f"{step.op}.grad_{argument} is not written in Python")
    op: Any = tensor.op
    debugger = python_debugger(stdin, stdout, NUMPY)
    outer = sys.gettrace()
    try:
        debugger.runcall(
            op.rules[index], step.grad_out, step.out, *step.values.values(), **step.params
        )
    finally:
        sys.settrace(outer)


def python_debugger(stdin: TextIO | None, stdout: TextIO | None, skip: list[str]) -> pdb.Pdb:
    """pdb at the terminal, or on the files given; the user's ``.pdbrc`` is for the terminal."""
    if stdin is None:
        return pdb.Pdb(skip=skip)
    # Unless it is given both, pdb reads from the terminal all the same.
    return pdb.Pdb(stdin=stdin, stdout=stdout or sys.stdout, skip=skip, readrc=False)
