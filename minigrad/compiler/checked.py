"""A checked call: the program runs, then the function itself, and both must agree."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from minigrad.compiler.belongings import Belongings
from minigrad.compiler.blame import described, first_changed, first_wrong, joined
from minigrad.compiler.caller import REFUSED
from minigrad.compiler.collecting import Trace
from minigrad.compiler.generated import Generated
from minigrad.compiler.plan import Plan
from minigrad.compiler.program import Value
from minigrad.compiler.rounding import NOISES, spreads
from minigrad.compiler.trust import Outcome, Snapshot, differences, values_of_outcome
from minigrad.compiler.variant import current_inputs
from minigrad.errors import CompileError

__all__ = ["CheckedCall", "DisagreementError"]


class DisagreementError(CompileError):
    """A program that does not do what its function does."""


@dataclass(frozen=True, slots=True)
class CheckedCall:
    """A call to be made both ways.

    Attributes
    ----------
    name
        That of the function.
    trace
        The program, and where it fetches its inputs.
    arguments, belongings
        Of the function: what it may change.
    compiled, eager
        Make the call, by the program and by the function itself.
    again
        Traces the function once more.
    generate
        The back end.
    """

    name: str
    trace: Trace
    arguments: Mapping[str, Any]
    belongings: Belongings
    compiled: Callable[[], Any]
    eager: Callable[[], Any]
    again: Callable[[], Trace]
    generate: Callable[[Plan], Generated]

    def run(self) -> Any:
        """Run the program, put everything back, run the function itself, compare.

        What remains is what the function itself did; after an error, what there was before.
        """
        snapshot = Snapshot(self.arguments, self.belongings)
        try:
            ours = self.compiled()
            dtype = self.trace.result.value.dtype if self.trace.as_number else None
            compiled = snapshot.outcome(ours, dtype)
            snapshot.restore()
            if ours is REFUSED:
                return REFUSED
            result = self.eager()
            eager = snapshot.outcome(result, dtype)
            if any(differences(compiled, eager)):
                self.look_closer(snapshot, compiled, eager)
        except Exception:
            snapshot.restore()
            raise
        return result

    def look_closer(self, snapshot: Snapshot, compiled: Outcome, eager: Outcome) -> None:
        """Raise unless rounding alone explains the differences."""
        after = Snapshot(self.arguments, self.belongings)
        snapshot.restore()
        inputs = current_inputs(self.trace, self.arguments)
        noise = spreads(self.trace.program, inputs)
        values = values_of_outcome(self.trace, self.arguments)
        allowed = {key: NOISES * noise.get(value, 0.0) for key, value in values.items()}
        found = list(differences(compiled, eager, allowed))
        if found:
            snapshot.restore()
            raise DisagreementError(
                f"the compiled {self.name} disagrees with the function itself, and nothing was "
                f"changed: {joined(found)}. {self.reason(inputs, noise)}"
            )
        after.restore()

    def reason(self, inputs: Mapping[Value, Any], noise: Mapping[Value, float]) -> str:
        """Which instruction is to blame."""
        program = self.trace.program
        wrong = first_wrong(program, self.generate, inputs, noise)
        if wrong is not None:
            return f"the first instruction that differs is {described(wrong)}"
        return first_changed(program, self.again().program) or (
            "each instruction is right: the function depends on something that is neither an "
            "argument nor a parameter, or the order of two writes matters"
        )
