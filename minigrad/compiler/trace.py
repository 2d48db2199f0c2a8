"""Tracing: run the user's function once on stand-ins, and keep what they wrote down.

For the time of the trace every array that the function may read is replaced by a `Tracer`
(`lifting`). Then the function runs as it stands: forward, rules, optimizer. Afterwards everything
is put back, and what changed meanwhile becomes the program's writes and outputs (`collecting`).
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from typing import Any

from minigrad.compiler.belongings import Belongings
from minigrad.compiler.collecting import Trace, collect
from minigrad.compiler.effects import Draws, EffectError, Watch
from minigrad.compiler.lifting import Lifted
from minigrad.compiler.places import in_words
from minigrad.compiler.refusing import now_tracing
from minigrad.compiler.simplify import simplify
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

    def attempt(grads_everywhere: bool) -> Attempt:
        return Attempt(Lifted(arguments, belongings, variables, grads_everywhere=grads_everywhere))

    try:
        found = attempt(True).run(function)
        if found.adds_to_grads:
            found = attempt(False).run(function)
    except EffectError as effect:
        raise located(effect, attempt(True), function) from None
    return found


def located(effect: EffectError, again: "Attempt", function: Callable[..., Any]) -> CompileError:
    """The error of an effect, with the line after which it is there."""
    watch = Watch(lambda: again.effect() == str(effect))
    with suppress(CompileError):
        again.run(function, watch)
    return CompileError(str(effect), in_words(watch.place) if watch.place else "")


class Attempt:
    """One trace."""

    def __init__(self, lifted: Lifted) -> None:
        self.lifted = lifted
        self.draws = Draws(lifted.belongings)

    def run(self, function: Callable[..., Any], watch: Watch | None = None) -> Trace:
        lifted, recorder = self.lifted, self.lifted.recorder
        token = now_tracing.set(recorder)
        try:
            lifted.lift()
            with watch or nullcontext():
                result = function(**lifted.arguments)
            found = collect(lifted, result)
            self.check_effects()
        except Exception as error:
            if recorder.refusal is not None and error is not recorder.refusal:
                raise recorder.refusal from error  # NumPy makes errors of its own of some
            raise
        finally:
            now_tracing.reset(token)
            lifted.put_back()
            self.draws.rewind()
        if recorder.refusal is not None:
            raise recorder.refusal  # which the function caught and went on
        found.program = simplify(found.program)
        return found

    def check_effects(self) -> None:
        """Raise if the function has changed what only Python can change."""
        if changed := self.lifted.changed():
            raise EffectError(
                f"the function changes {changed[0]}: that would happen while it is traced and "
                "checked, but not at later calls. Return what shall be kept, and keep it outside "
                "of the compiled function"
            )
        if self.draws.happened:
            raise EffectError(
                "the function draws random numbers itself: they would be drawn once, now. Draw "
                "them outside and hand them over, or in a Module that keeps the generator"
            )

    def effect(self) -> str | None:
        """What there is to refuse of all that the function has done so far."""
        try:
            collect(self.lifted, None)
            self.check_effects()
        except EffectError as found:
            return str(found)
        return None
