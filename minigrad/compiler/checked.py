"""A checked call: the program runs, then the function itself, and both must agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from minigrad.compiler.blame import described, first_changed, first_wrong, joined
from minigrad.compiler.caller import REFUSED
from minigrad.compiler.collecting import Trace
from minigrad.compiler.program import Value
from minigrad.compiler.rounding import NOISES, spreads
from minigrad.compiler.sources import Names, Source
from minigrad.compiler.trust import Outcome, Snapshot, differences, values_of_outcome
from minigrad.errors import CompileError

if TYPE_CHECKING:
    from minigrad.compiler.compiled import CompiledFunction, Variant

__all__ = ["checked_call", "fetched"]


def checked_call(step: CompiledFunction, variant: Variant, arguments: Mapping[str, Any]) -> Any:
    """Run the program, put everything back, run the function itself, compare.

    What remains is what the function itself did; after an error, what there was before.
    """
    assert variant.caller is not None
    snapshot = Snapshot(arguments, step.belongings)
    try:
        ours = step.run(variant.caller, arguments)
        dtype = variant.trace.result.value.dtype if step.as_number else None
        compiled = snapshot.outcome(ours, dtype)
        snapshot.restore()
        if ours is REFUSED:
            return REFUSED
        result = step.eager(arguments)
        eager = snapshot.outcome(result, dtype)
        if any(differences(compiled, eager)):
            look_closer(step, variant, arguments, snapshot, compiled, eager)
    except Exception:
        snapshot.restore()
        raise
    return result


def look_closer(
    step: CompiledFunction,
    variant: Variant,
    arguments: Mapping[str, Any],
    snapshot: Snapshot,
    compiled: Outcome,
    eager: Outcome,
) -> None:
    """Raise unless rounding alone explains the differences."""
    after = Snapshot(arguments, step.belongings)
    snapshot.restore()
    inputs = current_inputs(variant.trace, arguments)
    noise = spreads(variant.trace.program, inputs)
    values = values_of_outcome(variant.trace, arguments)
    allowed = {key: NOISES * noise.get(value, 0.0) for key, value in values.items()}
    found = list(differences(compiled, eager, allowed))
    if found:
        step.variants = [pair for pair in step.variants if pair[1] is not variant]
        snapshot.restore()
        raise disagreement(step, variant, arguments, found, inputs, noise)
    after.restore()


def disagreement(
    step: CompiledFunction,
    variant: Variant,
    arguments: Mapping[str, Any],
    found: list[str],
    inputs: Mapping[Value, Any],
    noise: Mapping[Value, float],
) -> CompileError:
    """An error that says what differs, and which instruction is to blame."""
    program = variant.trace.program
    wrong = first_wrong(program, step.generate, inputs, noise)
    if wrong is not None:
        reason = f"the first instruction that differs is {described(wrong)}"
    else:
        again = step.traced(arguments).program
        reason = first_changed(program, again) or (
            "each instruction is right: the function depends on something that is neither an "
            "argument nor a parameter, or the order of two writes matters"
        )
    return CompileError(
        f"the compiled {step.name} disagrees with the "
        f"function itself, and nothing was changed: {joined(found)}. {reason}"
    )


def fetched(source: Source, arguments: Mapping[str, Any]) -> Any:
    """What an input of a program is now."""
    names = Names()
    text = source.expression(names)
    return eval(text, {**names.objects, **arguments})


def current_inputs(trace: Trace, arguments: Mapping[str, Any]) -> dict[Value, Any]:
    """All inputs of a program as they are now."""
    return {v: fetched(trace.sources[v], arguments) for v in trace.program.inputs}
