"""Tracing: run the user's function once on stand-ins, and keep what they wrote down.

For the time of the trace every array that the function may read is replaced by a `Tracer`
(`lifting`). Then the function runs as it stands: forward, rules, optimizer. Afterwards everything
is put back, and what changed meanwhile becomes the program's writes and outputs (`collecting`).
"""

import random
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from minigrad.compiler.belongings import Belongings
from minigrad.compiler.collecting import Trace, collect
from minigrad.compiler.lifting import Lifted
from minigrad.compiler.recorder import now_tracing
from minigrad.compiler.simplify import simplify
from minigrad.compiler.sources import Grad
from minigrad.compiler.variable import Variable
from minigrad.errors import CompileError

__all__ = ["trace"]


def trace(
    function: Callable[..., Any],
    arguments: Mapping[str, Any],
    belongings: Belongings,
    variables: list[Variable],
) -> Trace:
    """Run ``function`` on stand-ins for ``arguments`` and all that belongs to it.

    Most steps set every gradient anew, and then it does not matter whether there was one before.
    So at first each tensor is given a gradient; only if the function adds to one, it is traced
    again with those that there are.

    Raises
    ------
    CompileError
        If it does something that a program cannot; the message names it and the user's line.
    """
    found = traced(function, Lifted(arguments, belongings, variables, grads_everywhere=True))
    if any(isinstance(found.sources[value], Grad) for value in found.program.inputs):
        found = traced(function, Lifted(arguments, belongings, variables, grads_everywhere=False))
    return found


def traced(function: Callable[..., Any], lifted: Lifted) -> Trace:
    draws = Draws(lifted.belongings)
    token = now_tracing.set(lifted.recorder)
    try:
        lifted.lift()
        result = function(**lifted.arguments)
        found = collect(lifted, result)
    except Exception as error:
        refusal = lifted.recorder.refusal
        if refusal is not None and error is not refusal:
            raise refusal from error  # NumPy makes errors of its own of some
        raise
    finally:
        now_tracing.reset(token)
        lifted.put_back()
        changed = lifted.changed_variables()
        is_drawn = draws.rewound()
    if lifted.recorder.refusal is not None:
        raise lifted.recorder.refusal  # which the function caught and went on
    if changed:
        raise CompileError(
            f"the function changes {changed[0]}: that would happen while it is traced and checked, "
            "but not at later calls. Return what shall be kept, and keep it outside of the "
            "compiled function"
        )
    if is_drawn:
        raise CompileError(
            "the function draws random numbers itself: they would be drawn once, now. Draw them "
            "outside and hand them over, or in a Module that keeps the generator"
        )
    found.program = simplify(found.program)
    return found


class Draws:
    """The generators that no Module draws from, NumPy's and Python's global ones among them."""

    def __init__(self, belongings: Belongings) -> None:
        self.states = [
            (generator, deepcopy(generator.bit_generator.state))
            for generator in belongings.generators.values()
        ]
        self.numpy = np.random.get_state()  # noqa: NPY002
        self.python = random.getstate()

    def rewound(self) -> bool:
        """Put their states back; whether one has been drawn from."""
        drawn = random.getstate() != self.python
        random.setstate(self.python)
        before, now = self.numpy, np.random.get_state()  # noqa: NPY002
        drawn = drawn or any(not np.array_equal(x, y) for x, y in zip(before, now, strict=True))
        np.random.set_state(before)  # noqa: NPY002
        for generator, state in self.states:
            drawn = drawn or generator.bit_generator.state != state
            generator.bit_generator.state = state
        return drawn
