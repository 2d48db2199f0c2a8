"""Fetching the inputs of a program outside of its caller."""

from collections.abc import Mapping
from typing import Any

from minigrad.compiler.program import Value
from minigrad.compiler.sources import Names, Source
from minigrad.compiler.trace import Trace

__all__ = ["current_inputs", "fetched", "holds"]


def fetched(source: Source, arguments: Mapping[str, Any]) -> Any:
    """What an input of a program is now."""
    names = Names()
    text = source.expression(names)
    return eval(text, {**names.objects, **arguments})


def current_inputs(trace: Trace, arguments: Mapping[str, Any]) -> dict[Value, Any]:
    """All inputs of a program as they are now."""
    return {v: fetched(trace.sources[v], arguments) for v in trace.program.inputs}


def holds(guard: tuple[Source, bool]) -> bool:
    """Whether a number is still as true or false as when it was branched on."""
    source, truth = guard
    return bool(fetched(source, {})) is truth
