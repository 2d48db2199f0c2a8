"""Backward passes under the debugger: `debug`, `debugging`, and MINIGRAD_DEBUG."""

import os
import sys
from bdb import BdbQuit
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import numpy as np
from numpy.typing import ArrayLike

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.commands import at_a_terminal
from minigrad.debugger.nonfinite import NanReport, nan_report
from minigrad.debugger.prompt import Prompt
from minigrad.errors import DomainError, DTypeError, NonFiniteError
from minigrad.graph import backpropagate, backward_pass, forget
from minigrad.tensor import Tensor, is_own_file

__all__ = ["DebuggerQuit", "debug", "debug_as_environment_says", "debugging"]

Grads = dict[Any, Any]
VARIABLE = "MINIGRAD_DEBUG"


class DebuggerQuit(BdbQuit):
    """Raised by ``backward()`` if its pass is left with ``q``: no ``.grad`` has changed."""


class Driver:
    """What ``backward()`` runs instead of `minigrad.graph.backpropagate`: the same steps, watched.

    Parameters
    ----------
    on : {"nonfinite"}, optional
        Stop where a loss or gradient is not finite.
    at : int, optional
        Stop at the start of this pass, counted from 1.
    stdin, stdout : text file, optional
        Without ``stdin`` it prompts only at a terminal.
    """

    def __init__(
        self,
        on: str | None = None,
        at: int | None = None,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
    ) -> None:
        if on not in (None, "nonfinite"):
            raise DomainError(f"debugging: on must be 'nonfinite' or None, found {on!r}")
        if at is not None and (isinstance(at, bool) or not isinstance(at, int) or at < 1):
            raise DomainError(f"debugging: at must be a whole number from 1 on, found {at!r}")
        self.on = on
        self.at = 1 if on is None and at is None else at
        self.passes = 0
        prompts = stdin is not None or at_a_terminal()
        self.prompt = Prompt(stdin, stdout) if prompts else None

    def __call__(self, root: Tensor, grad_root: Any, free_graph: bool = False) -> Grads:
        self.passes += 1
        # What is typed at the prompt may call backward() itself, and is not to be prompted again.
        token = backward_pass.set(backpropagate)
        try:
            grads = self.watched(root, grad_root)
        finally:
            backward_pass.reset(token)
        if free_graph:
            for tensor in [tensor for tensor in grads if tensor.inputs]:
                forget(tensor, grads)
        return grads

    def watched(self, root: Tensor, grad_root: Any) -> Grads:
        if self.prompt is not None:
            with np.errstate(all="ignore"):
                return self.attended(self.prompt, root, grad_root)
        if self.on is None:
            return backpropagate(root, grad_root)
        with np.errstate(all="ignore"):
            return self.unattended(root, grad_root)

    def unattended(self, root: Tensor, grad_root: Any) -> Grads:
        """Nobody is there to answer: what is not finite becomes an error that tells all."""
        grads = backpropagate(root, grad_root)
        if not all_finite(root, grads):
            error = NonFiniteError(f"backward pass {self.passes}: {what_is_wrong(root)}")
            error.add_note(str(nan_report(root, grad_root)))
            raise error
        return grads

    def attended(self, prompt: Prompt, root: Tensor, grad_root: Any) -> Grads:
        run = BackwardPass(root, grad_root)
        prompt.enter(run, self.passes, variables_of_caller())
        try:
            reasons = self.start(run)
            reasons += prompt.reasons_to_stop() or ([] if reasons else prompt.advance())
        except Exception as error:
            error.add_note(f"in the backward step of {run.tensor!r}")
            raise
        if reasons:
            self.conduct(prompt, run, reasons)
        return run.grads

    def start(self, run: BackwardPass) -> list[str]:
        """Whether to stop before the first step, or where something is not finite."""
        reasons = [f"start of backward pass {self.passes}"] if self.passes == self.at else []
        if self.on is None:
            return reasons
        run.go_to(len(run))
        finite = all_finite(run.root, run.grads)
        run.go_to(0)
        if finite:
            return reasons
        report = nan_report(run.root, run.grads[run.root])
        run.go_to(position_of(report, run))
        return [*reasons, what_is_wrong(run.root), str(report)]

    def conduct(self, prompt: Prompt, run: BackwardPass, reasons: list[str]) -> None:
        if not prompt.conduct(reasons):
            raise DebuggerQuit(
                f"left backward pass {self.passes} at step {run.position + 1} of {len(run)}; "
                "no .grad has changed"
            )
        edited = ", with a gradient that was edited" if run.edited else ""
        prompt.say(f"backward pass {self.passes} is complete{edited}: .grad is filled")


def all_finite(root: Tensor, grads: Grads) -> bool:
    arrays = [root.data, *grads.values()]
    return all(bool(np.isfinite(array).all()) for array in arrays)


def what_is_wrong(root: Tensor) -> str:
    if np.isfinite(root.data).all():
        return f"a gradient of {root!r} is not finite"
    return f"{root!r} is not finite"


def position_of(report: NanReport, run: BackwardPass) -> int:
    """The step of the op that made it: the first value if that is to blame, else the gradient."""
    root_is_bad = not np.isfinite(run.root.data).all()
    if report.forward is not None and root_is_bad and report.forward.tensor in run.positions:
        return run.positions[report.forward.tensor]
    if report.backward is not None:
        return max(0, report.backward.number - 1)
    return 0


def variables_of_caller() -> dict[str, Any]:
    """The variables of the user's function that called ``backward()``."""
    frame = sys._getframe()
    while is_own_file[frame.f_code.co_filename] and frame.f_back is not None:
        frame = frame.f_back
    return {**frame.f_globals, **frame.f_locals}


@contextmanager
def debugging(
    on: str | None = None,
    at: int | None = None,
    *,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
) -> Iterator[Driver]:
    """Run every ``loss.backward()`` inside the ``with`` block under the debugger.

    Parameters
    ----------
    on : {"nonfinite"}, optional
        Stop at the first backward pass whose loss or gradient is NaN or infinite, at the step that
        is to blame, with a report that says why. Each pass is made twice then.
    at : int, optional
        Stop at the start of this pass, counted from 1 from here on; with neither, at the first.
    stdin, stdout : text file, optional
        Where commands come from and answers go; by default the terminal.

    Raises
    ------
    DebuggerQuit
        From ``backward()``, if the pass is left with ``q`` before its end: no ``.grad`` has changed
        then. It is a `bdb.BdbQuit`, as pdb raises.
    NonFiniteError
        From ``backward()``, with ``on="nonfinite"`` where nobody can answer: neither ``stdin`` is
        given nor standard input and output are a terminal. The report is its note.
    DomainError
        If ``on`` or ``at`` is none of these.

    Notes
    -----
    Every ``.grad`` is, bit by bit, what it is without the debugger. Where nobody can answer nothing
    prompts. It holds in this thread and context alone. What `minigrad.compile` has
    compiled runs step by step in it, so that there are steps to stop at.

    Examples
    --------
    >>> import io
    >>> import minigrad as mg
    >>> w = mg.Tensor(2.0, requires_grad=True, name="w")
    >>> with mg.debugging(at=2, stdin=io.StringIO("g\\nc\\n"), stdout=None):
    ...     for _ in range(2):
    ...         (w * w).backward()
    <BLANKLINE>
    start of backward pass 2
    ...
    backward pass 2 is complete: .grad is filled
    """
    driver = Driver(on, at, stdin, stdout)
    token = backward_pass.set(driver)
    try:
        yield driver
    finally:
        backward_pass.reset(token)


def debug(
    loss: Tensor,
    gradient: ArrayLike | None = None,
    *,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
) -> None:
    """Step through ``loss.backward(gradient)`` at a prompt; ``help`` there tells the commands.

    When the pass has been completed, every ``.grad`` is what ``backward()`` would have made it, bit
    by bit. Where nobody can answer it is ``backward()``.

    Parameters
    ----------
    loss : Tensor
    gradient : array_like, optional
        As for `Tensor.backward`.
    stdin, stdout : text file, optional
        Where commands come from and answers go; by default the terminal.

    Raises
    ------
    DebuggerQuit
        If the pass is left with ``q`` before its end: no ``.grad`` has changed then.
    GraphError, GradientError
        As `Tensor.backward`.
    DTypeError
        If ``loss`` is no Tensor.

    Examples
    --------
    >>> import io
    >>> import minigrad as mg
    >>> w = mg.Tensor(2.0, requires_grad=True, name="w")
    >>> mg.debug(mg.sigmoid(w), stdin=io.StringIO("n\\nback\\nc\\n"), stdout=io.StringIO())
    >>> round(float(w.grad), 3)
    0.105
    """
    if not isinstance(loss, Tensor):
        raise DTypeError(f"debug: loss must be a Tensor, got {loss!r}")
    with debugging(at=1, stdin=stdin, stdout=stdout):
        loss.backward(gradient)


def debug_as_environment_says() -> None:
    """What ``MINIGRAD_DEBUG=nonfinite`` asks for, in the context that imports minigrad."""
    value = os.environ[VARIABLE]
    if value != "nonfinite":
        raise DomainError(f"{VARIABLE} must be 'nonfinite', found {value!r}")
    backward_pass.set(Driver(on="nonfinite"))
