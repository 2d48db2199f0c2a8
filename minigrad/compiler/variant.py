"""One program of a function, and the Python function that runs it if it is the right one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import Signature
from typing import Any

import numpy as np

from minigrad.compiler.belongings import Belongings
from minigrad.compiler.caller import generate_caller, generate_test
from minigrad.compiler.collecting import Trace
from minigrad.compiler.conditions import (
    argument_conditions,
    grad_conditions,
    object_conditions,
    tensor_conditions,
)
from minigrad.compiler.fitness import apart_conditions
from minigrad.compiler.generated import Generated
from minigrad.compiler.program import Value
from minigrad.compiler.sources import Names, Source
from minigrad.compiler.variable import Variable
from minigrad.tensor import is_grad_enabled

__all__ = ["Variant", "current_inputs", "fetched"]


@dataclass(slots=True, eq=False)
class Variant:
    """The program for arguments of certain shapes, and certain modes: for a certain key."""

    key: tuple[Any, ...]
    trace: Trace
    generated: Generated
    belongings: Belongings = field(default_factory=Belongings)
    """What it was made for: kept, so that no id of these comes twice."""
    calls: int = 0
    caller: Callable[..., Any] | None = None
    caller_source: str = ""
    fits: Callable[..., bool] | None = None
    """Whether the caller would run it: all that the caller looks at before."""

    def serves(self, key: tuple[Any, ...], arguments: Mapping[str, Any]) -> bool:
        """Whether it is the program for a call, numbers that it branches on included."""
        return (
            self.key[:-1] == key[:-1]
            and self.key[-1] in (None, key[-1])  # which gradients there are does not matter to all
            and all(bool(fetched(s, arguments)) is truth for s, truth in self.trace.guards)
            and all(np.array_equal(mask, copy) for mask, copy in self.trace.frozen)
        )

    def write_caller(
        self,
        name: str,
        signature: Signature,
        arguments: Mapping[str, Any],
        belongings: Belongings,
        variables: list[Variable],
    ) -> None:
        """Write the Python around the program for the arrays and objects that there are now."""
        names, trace = Names(frozenset(signature.parameters)), self.trace
        conditions = {
            "the arguments are of the kinds and shapes that this program is for": (
                argument_conditions(arguments, belongings.tensors, names)
            ),
            "what the function holds is what it was": [
                *tensor_conditions(trace, names),
                *object_conditions(variables, belongings, trace, names),
            ],
            "gradients that it adds to are there, and no others": grad_conditions(trace, names),
            "arguments that it writes to share no memory with others": (
                apart_conditions(trace, names)
            ),
            "gradients are recorded": [
                f"{names.of(is_grad_enabled, 'function')}() is {is_grad_enabled()}"
            ],
        }
        name = name if name.isidentifier() else "step"
        self.caller, self.caller_source = generate_caller(
            name, signature, trace, self.generated, conditions, names
        )
        self.fits = generate_test(name, signature, self.generated, conditions, names)


def fetched(source: Source, arguments: Mapping[str, Any]) -> Any:
    """What an input of a program is now."""
    names = Names()
    text = source.expression(names)
    return eval(text, {**names.objects, **arguments})


def current_inputs(trace: Trace, arguments: Mapping[str, Any]) -> dict[Value, Any]:
    """All inputs of a program as they are now."""
    return {v: fetched(trace.sources[v], arguments) for v in trace.program.inputs}
