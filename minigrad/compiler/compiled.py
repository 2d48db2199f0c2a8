"""A function that is traced at its first call and runs as one program from then on."""

import sys
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial, update_wrapper
from inspect import BoundArguments, Signature, signature
from threading import RLock
from types import MethodType
from typing import Any

from minigrad.compiler.arguments import leaves_of, map_leaves, ready
from minigrad.compiler.back_ends import back_end_named
from minigrad.compiler.belongings import Belongings, belongings_of
from minigrad.compiler.caller import MISS, REFUSED
from minigrad.compiler.checked import CheckedCall, DisagreementError
from minigrad.compiler.collecting import Trace
from minigrad.compiler.explain import explain
from minigrad.compiler.fitness import check_arrays, check_writes, gradients_fit, writes_to_arguments
from minigrad.compiler.keys import key_of_call, tensors_in
from minigrad.compiler.plan import plan
from minigrad.compiler.refusing import now_tracing
from minigrad.compiler.results import without_graph
from minigrad.compiler.trace import trace
from minigrad.compiler.trust import Snapshot
from minigrad.compiler.variable import Variable
from minigrad.compiler.variables import variables_of
from minigrad.compiler.variant import Variant
from minigrad.compiler.variants import Variants
from minigrad.errors import CompileError
from minigrad.graph import backpropagate, backward_pass
from minigrad.tensor import Tensor

__all__ = ["CompiledFunction"]

CHECKED_CALLS = 2
"""The second one finds what the trace took for a constant and is none."""


class CompiledFunction:
    """A function that runs as one program; what `compile` returns.

    Attributes
    ----------
    function : callable
        The function itself, which runs step by step.
    variants : Variants
        Its programs, the one that ran last first.
    """

    def __init__(
        self, function: Callable[..., Any], back_end: str, check: bool, as_number: bool = False
    ) -> None:
        self.function = function
        self.back_end = back_end
        self.generate = back_end_named(back_end)
        self.check = check
        self.as_number = as_number
        self.signature: Signature = signature(function)
        self.belongings = Belongings()
        self.variables: list[Variable] = []
        self.variants = Variants()
        self.has_told = False
        self.lock = RLock()  # a program's memory is one: threads take turns
        update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if now_tracing.get() is not None:
            return self.function(*args, **kwargs)  # part of another function that is compiled
        if is_debugged():
            return self.eager(self.bound(args, kwargs))
        with self.lock:
            callers = self.variants.callers
            for caller in callers:
                result = caller(*args, **kwargs)
                if result is MISS:
                    continue
                if caller is not self.variants.latest.caller:
                    self.variants.to_front(caller)
                if result is REFUSED:
                    return self.refused(self.bound(args, kwargs), self.variants.latest.belongings)
                return result
            result = self.on_copies(args, kwargs) if callers else MISS
            return self.first_calls(args, kwargs) if result is MISS else result

    def __deepcopy__(self, memo: dict[int, Any]) -> "CompiledFunction":
        """Compiled anew: the programs work on the very arrays that they were made for."""
        return CompiledFunction(deepcopy(self.function, memo), *self.options)

    def __reduce__(self) -> Any:
        """Compiled anew as well; one that a decorator made is found by its name."""
        module = sys.modules.get(str(getattr(self.function, "__module__", None)))
        name = str(getattr(self.function, "__qualname__", ""))
        if getattr(module, name, None) is self:
            return name
        return CompiledFunction, (self.function, *self.options)

    @property
    def options(self) -> tuple[str, bool, bool]:
        return self.back_end, self.check, self.as_number

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method: with the object as first argument, for each of which there is a program."""
        return self if instance is None else MethodType(self, instance)

    def bound(self, args: Any, kwargs: Any) -> dict[str, Any]:
        """The arguments by name, defaults included."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments

    def run(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """Call a function that takes what ours takes."""
        bound = BoundArguments(self.signature, OrderedDict(arguments))
        return function(*bound.args, **bound.kwargs)

    def eager(self, arguments: Mapping[str, Any]) -> Any:
        """What the function itself does, step by step."""
        result = self.run(self.function, arguments)
        return float(result) if self.as_number else without_graph(result)

    def refused(self, arguments: Mapping[str, Any], belongings: Belongings) -> Any:
        """Let the function itself say what is wrong with the values; nothing has changed then."""
        snapshot = Snapshot(arguments, belongings)
        try:
            result = self.eager(arguments)
        except Exception:
            snapshot.restore()
            raise
        if not self.has_told:
            self.has_told = True
            warnings.warn(
                f"{self.name} ran step by step, not compiled: a program cannot work on these "
                "values or gradients, but the function itself can. This is told once",
                RuntimeWarning,
                stacklevel=3,
            )
        return result

    def on_copies(self, args: Any, kwargs: Any) -> Any:
        """Run a program on copies of arrays that are in another order than C's, or read-only."""
        given = self.bound(args, kwargs)
        arguments = {name: map_leaves(x, (name,), ready) for name, x in given.items()}
        pairs = zip(leaves_of(given), leaves_of(arguments), strict=True)
        if all(x is y for (_, x), (_, y) in pairs):
            return MISS
        for variant in self.variants:
            if variant.caller in self.variants.callers and not writes_to_arguments(variant.trace):
                assert variant.caller is not None
                result = self.run(variant.caller, arguments)
                if result is not MISS:
                    return self.refused(given, variant.belongings) if result is REFUSED else result
        return MISS

    def first_calls(self, args: Any, kwargs: Any) -> Any:
        """Compile for these arguments if need be, and compare with the function itself."""
        given = self.bound(args, kwargs)
        arguments = {name: map_leaves(x, (name,), ready) for name, x in given.items()}
        self.look(arguments)
        check_arrays(self.belongings, arguments)
        if not gradients_fit([*self.belongings.tensors, *tensors_in(arguments)]):
            return self.refused(given, self.belongings)  # which says what is wrong
        variant = self.variant(arguments)
        if variant is None:
            return self.eager(given)
        check_writes(variant.trace, given, arguments)
        variant.write_caller(self.name, self.signature, arguments, self.belongings, self.variables)
        caller = variant.caller
        assert caller is not None
        variant.calls += 1
        if self.check and variant.calls <= CHECKED_CALLS:
            result = self.checked(variant, arguments)
        else:
            result = self.run(caller, arguments)
        assert result is not MISS, variant.caller_source
        self.variants.trust(CHECKED_CALLS if self.check else 0)
        return self.refused(given, variant.belongings) if result is REFUSED else result

    def checked(self, variant: Variant, arguments: Mapping[str, Any]) -> Any:
        """Run the program, and the function itself, which must agree."""
        assert variant.caller is not None
        call = CheckedCall(
            self.name,
            variant.trace,
            arguments,
            self.belongings,
            compiled=partial(self.run, variant.caller, arguments),
            eager=partial(self.eager, arguments),
            again=partial(self.traced, arguments),
            generate=self.generate,
        )
        try:
            return call.run()
        except DisagreementError:
            self.variants.drop(variant)
            raise

    def look(self, arguments: Mapping[str, Any]) -> None:
        """Find what the function works on besides arrays and Tensors among its arguments."""
        others = [leaf for _, leaf in leaves_of(arguments) if not is_data(leaf)]
        self.belongings = belongings_of([self.function, *others])
        self.variables = variables_of(self.belongings)

    def trusted(self, *args: Any, **kwargs: Any) -> Variant | None:
        """The program that a call with these arguments would run, unless it is still compared."""
        if is_debugged():
            return None
        for variant in self.variants:
            known = variant.caller in self.variants.callers
            if known and variant.fits and variant.fits(*args, **kwargs):
                return variant
        return None

    def variant(self, arguments: Mapping[str, Any]) -> Variant | None:
        """The program for these arguments; None for an optimizer's first step."""
        key = self.key(arguments)
        known = self.variants.serving(key, arguments)
        if known is not None:
            self.variants.ran(known)
            return known
        traced = self.traced(arguments)
        if traced.first_steps:
            return None
        traced.as_number = self.as_number
        if traced.adds_to_grads:
            key = self.key(arguments, with_grads=True)
        generated = self.generate(plan(traced.program))
        variant = Variant(key, traced, generated, self.belongings)
        self.variants.add(variant, self.name)
        return variant

    def traced(self, arguments: Mapping[str, Any]) -> Trace:
        return trace(
            lambda **stand_ins: self.run(self.function, stand_ins),
            arguments,
            self.belongings,
            self.variables,
        )

    def key(self, arguments: Mapping[str, Any], with_grads: bool = False) -> tuple[Any, ...]:
        """What decides which program it is."""
        with_grads = with_grads or self.variants.add_to_grads
        return key_of_call(arguments, self.belongings, self.variables, with_grads=with_grads)

    # What it shows

    @property
    def name(self) -> str:
        """That of the function."""
        return str(getattr(self.function, "__name__", "step"))

    @property
    def latest(self) -> Variant:
        if not self.variants:
            raise CompileError("nothing has been compiled yet: call the function first")
        return self.variants.latest

    @property
    def source(self) -> str:
        """The program that was compiled last, with the user's line beside each instruction."""
        return self.latest.generated.source

    @property
    def caller_source(self) -> str:
        """The Python text around it: is it the right program, what goes in, what comes out."""
        return self.latest.caller_source

    def explain(self) -> str:
        """A table of the program: instruction, shape, the user's line, fused group, bytes."""
        return explain(self.latest.generated.plan)

    def __repr__(self) -> str:
        count = len(self.variants)
        programs = "1 program" if count == 1 else f"{count} programs"
        return f"<compiled {self.name}: {programs}>"


def is_data(leaf: Any) -> bool:
    return isinstance(leaf, (Tensor, int, float, str, type(None))) or hasattr(leaf, "dtype")


def is_debugged() -> bool:
    """Whether a debugger makes the backward steps: then there must be steps to stop at."""
    return backward_pass.get() is not backpropagate
