"""A function that is traced at its first call and runs as one program from then on."""

import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import update_wrapper
from inspect import BoundArguments, Signature, signature
from threading import RLock
from types import MethodType
from typing import Any

import numpy as np

from minigrad.compiler.arguments import kinds_of, leaves_of, map_leaves, ready
from minigrad.compiler.back_ends import back_end_named
from minigrad.compiler.belongings import Belongings, belongings_of
from minigrad.compiler.caller import MISS, REFUSED, generate_caller, generate_test
from minigrad.compiler.checked import checked_call, fetched
from minigrad.compiler.collecting import Trace
from minigrad.compiler.conditions import (
    argument_conditions,
    grad_conditions,
    object_conditions,
    tensor_conditions,
)
from minigrad.compiler.explain import explain
from minigrad.compiler.fitness import (
    apart_conditions,
    check_arrays,
    check_writes,
    gradients_fit,
    writes_to_arguments,
)
from minigrad.compiler.generated import Generated
from minigrad.compiler.plan import plan
from minigrad.compiler.recorder import now_tracing
from minigrad.compiler.results import without_graph
from minigrad.compiler.sources import Names
from minigrad.compiler.trace import trace
from minigrad.compiler.trust import Snapshot
from minigrad.compiler.variable import Variable, key_of
from minigrad.compiler.variables import variables_of
from minigrad.errors import CompileError
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor, is_grad_enabled

__all__ = ["CompiledFunction"]

CHECKED_CALLS = 2
"""The second one finds what the trace took for a constant and is none."""

MANY = 16
"""Programs of one function from which on its user is told that there are many."""

PARTS = (
    *("an argument", "whether gradients are recorded", "a variable", "a module's mode"),
    *("a tensor", "an optimizer", "which gradients there are"),
)
"""What the parts of a key are."""


@dataclass(slots=True)
class Variant:
    """One program of a function: that for arguments of certain shapes, and certain modes."""

    trace: Trace
    generated: Generated
    calls: int = 0
    caller: Callable[..., Any] | None = None
    caller_source: str = ""
    fits: Callable[..., bool] | None = None
    """Whether the caller would run it: all that the caller looks at before."""
    belongings: Belongings = field(default_factory=Belongings)
    """What it was made for: kept, so that no id of these comes twice."""


class CompiledFunction:
    """A function that runs as one program; what `compile` returns.

    Attributes
    ----------
    function : callable
        The function itself, which runs step by step.
    variants : list
        The programs compiled so far, the one that ran last first.
    """

    def __init__(
        self, function: Callable[..., Any], back_end: str, check: bool, as_number: bool = False
    ) -> None:
        self.function = function
        self.generate = back_end_named(back_end)
        self.check = check
        self.as_number = as_number
        self.signature: Signature = signature(function)
        self.belongings = Belongings()
        self.variables: list[Variable] = []
        self.variants: list[tuple[Any, Variant]] = []
        self.callers: list[Callable[..., Any]] = []
        self.lock = RLock()  # a program's memory is one: threads take turns
        update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if now_tracing.get() is not None:
            return self.function(*args, **kwargs)  # part of another function that is compiled
        with self.lock:
            for caller in self.callers:
                result = caller(*args, **kwargs)
                if result is REFUSED:
                    return self.refused(self.bound(args, kwargs))
                if result is not MISS:
                    return result
            result = self.on_copies(args, kwargs) if self.callers else MISS
            return self.first_calls(args, kwargs) if result is MISS else result

    def __deepcopy__(self, memo: dict[int, Any]) -> "CompiledFunction":
        """Compiled anew: the programs work on the very arrays that they were made for."""
        function = deepcopy(self.function, memo)
        found = CompiledFunction(function, "numpy", self.check, self.as_number)
        found.generate = self.generate
        return found

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

    def refused(self, arguments: Mapping[str, Any]) -> Any:
        """Let the function itself say what is wrong with the values; nothing has changed then."""
        snapshot = Snapshot(arguments, self.belongings)
        try:
            return self.eager(arguments)
        except Exception:
            snapshot.restore()
            raise

    def on_copies(self, args: Any, kwargs: Any) -> Any:
        """Run a program on copies of arrays that are in another order than C's, or read-only."""
        given = self.bound(args, kwargs)
        arguments = {name: map_leaves(x, (name,), ready) for name, x in given.items()}
        pairs = zip(leaves_of(given), leaves_of(arguments), strict=True)
        if all(x is y for (_, x), (_, y) in pairs):
            return MISS
        for _, variant in self.variants:
            if variant.caller in self.callers and not writes_to_arguments(variant.trace):
                assert variant.caller is not None
                result = self.run(variant.caller, arguments)
                if result is not MISS:
                    return self.refused(given) if result is REFUSED else result
        return MISS

    def first_calls(self, args: Any, kwargs: Any) -> Any:
        """Compile for these arguments if need be, and compare with the function itself."""
        given = self.bound(args, kwargs)
        arguments = {name: map_leaves(x, (name,), ready) for name, x in given.items()}
        self.look(arguments)
        check_arrays(self.belongings, arguments)
        if not gradients_fit([*self.belongings.tensors, *tensors_in(arguments)]):
            return self.refused(given)  # which says what is wrong
        variant = self.variant(arguments)
        if variant is None:
            return self.eager(given)
        check_writes(variant.trace, given, arguments)
        caller = self.write_caller(arguments, variant)
        variant.calls += 1
        if self.check and variant.calls <= CHECKED_CALLS:
            result = checked_call(self, variant, arguments)
        else:
            result = self.run(caller, arguments)
        assert result is not MISS, variant.caller_source
        self.callers = [
            v.caller
            for _, v in self.variants
            if v.caller is not None and (v.calls >= CHECKED_CALLS or not self.check)
        ]
        return self.refused(given) if result is REFUSED else result

    def look(self, arguments: Mapping[str, Any]) -> None:
        """Find what the function works on besides arrays and Tensors among its arguments."""
        others = [leaf for _, leaf in leaves_of(arguments) if not is_data(leaf)]
        self.belongings = belongings_of([self.function, *others])
        self.variables = variables_of(self.belongings)

    def known(self, arguments: Mapping[str, Any]) -> int | None:
        """Where the program for these arguments stands among the variants, if there is one."""
        key = self.key(arguments)
        for place, (other, variant) in enumerate(self.variants):
            found = variant.trace
            if (
                other == key
                and all(bool(fetched(s, arguments)) is truth for s, truth in found.guards)
                and all(np.array_equal(mask, copy) for mask, copy in found.frozen)
            ):
                return place
        return None

    def trusted(self, *args: Any, **kwargs: Any) -> Variant | None:
        """The program that a call with these arguments would run, unless it is still compared."""
        for _, variant in self.variants:
            if variant.caller in self.callers and variant.fits and variant.fits(*args, **kwargs):
                return variant
        return None

    def variant(self, arguments: Mapping[str, Any]) -> Variant | None:
        """The program for these arguments; None for an optimizer's first step."""
        place = self.known(arguments)
        if place is not None:
            self.variants.insert(0, self.variants.pop(place))
            return self.variants[0][1]
        key = self.key(arguments)
        traced = self.traced(arguments)
        if traced.first_steps:
            return None
        traced.as_number = self.as_number
        if traced.without_grad or self.adds_to_grads:
            key = self.key(arguments, with_grads=True)
        if len(self.variants) + 1 == MANY:
            warnings.warn(self.too_many(key), RuntimeWarning, stacklevel=4)
        generated = self.generate(plan(traced.program))
        variant = Variant(traced, generated, belongings=self.belongings)
        self.variants.insert(0, (key, variant))
        return variant

    def too_many(self, key: Any) -> str:
        """What to do about so many programs: what differs from the one before."""
        pairs = zip(PARTS, key, self.variants[0][0], strict=True)
        part = next((p for p, new, old in pairs if new != old), "a number that it branches on")
        return (
            f"{self.name} has been compiled {MANY} times, last because {part} changed. Ints, "
            "strings and what variables hold belong to a program: hand over what changes as a "
            "float or an array"
        )

    def traced(self, arguments: Mapping[str, Any]) -> Trace:
        return trace(
            lambda **stand_ins: self.run(self.function, stand_ins),
            arguments,
            self.belongings,
            self.variables,
        )

    def key(self, arguments: Mapping[str, Any], with_grads: bool = False) -> Any:
        """What decides which program it is."""
        belongings = self.belongings
        tensors = [*belongings.tensors, *tensors_in(arguments)]
        return (
            kinds_of(arguments, belongings.tensors),
            is_grad_enabled(),
            [key_of(variable) for variable in self.variables],
            [(id(m), m.training) for m in belongings.modules],
            [(id(t), t.shape, t.dtype, t.requires_grad) for t in belongings.tensors],
            [
                (id(o), [sorted(state) for state in o.state], flags_of(o))
                for o in belongings.optimizers
            ],
            [t.grad is None for t in tensors] if with_grads or self.adds_to_grads else None,
        )

    @property
    def adds_to_grads(self) -> bool:
        """Whether it matters which gradients there are before a call."""
        return any(known[-1] is not None for known, _ in self.variants)

    def write_caller(self, arguments: Mapping[str, Any], variant: Variant) -> Callable[..., Any]:
        """Give a variant the Python function that runs it if it is the right one."""
        names, found = Names(frozenset(self.signature.parameters)), variant.trace
        held = self.belongings.tensors
        conditions = {
            "the arguments are of the kinds and shapes that this program is for": (
                argument_conditions(arguments, held, names)
            ),
            "what the function holds is what it was": [
                *tensor_conditions(found, names),
                *object_conditions(self.variables, self.belongings, found, names),
            ],
            "gradients that it adds to are there, and no others": grad_conditions(found, names),
            "arguments that it writes to share no memory with others": (
                apart_conditions(found, names)
            ),
            "gradients are recorded": [
                f"{names.of(is_grad_enabled, 'function')}() is {is_grad_enabled()}"
            ],
        }
        name = self.name if self.name.isidentifier() else "step"
        variant.caller, variant.caller_source = generate_caller(
            name, self.signature, found, variant.generated, conditions, names
        )
        variant.fits = generate_test(name, self.signature, variant.generated, conditions, names)
        return variant.caller

    # What it shows

    @property
    def name(self) -> str:
        """That of the function."""
        return str(getattr(self.function, "__name__", "step"))

    @property
    def latest(self) -> Variant:
        if not self.variants:
            raise CompileError("nothing has been compiled yet: call the function first")
        return self.variants[0][1]

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


def tensors_in(arguments: Mapping[str, Any]) -> list[Tensor]:
    return [leaf for _, leaf in leaves_of(arguments) if isinstance(leaf, Tensor)]


def flags_of(optimizer: Optimizer) -> list[Any]:
    """The hyperparameters that are no run-time numbers."""
    values = [getattr(optimizer, name) for name in optimizer.hyperparameters]
    return [value for value in values if isinstance(value, (bool, int))]
