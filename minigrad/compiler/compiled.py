"""``mg.compile``: a function that is traced at its first call and runs as one program from then."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, update_wrapper
from inspect import BoundArguments, Signature, signature
from typing import Any

from minigrad.compiler.arguments import in_order, kinds_of, map_leaves
from minigrad.compiler.back_ends import back_end_named
from minigrad.compiler.belongings import Belongings, belongings_of
from minigrad.compiler.blame import described, first_changed, first_wrong, joined
from minigrad.compiler.caller import (
    MISS,
    REFUSED,
    argument_conditions,
    generate_caller,
    grad_conditions,
    object_conditions,
    tensor_conditions,
)
from minigrad.compiler.explain import explain
from minigrad.compiler.fetching import current_inputs, holds
from minigrad.compiler.generated import Generated
from minigrad.compiler.plan import Plan, plan
from minigrad.compiler.program import Value
from minigrad.compiler.rounding import spreads
from minigrad.compiler.sources import Names
from minigrad.compiler.trace import Trace, trace
from minigrad.compiler.trust import Outcome, Snapshot, differences, values_of_outcome
from minigrad.errors import CompileError, DTypeError
from minigrad.nn.module import Module
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor, is_grad_enabled

__all__ = ["CompiledFunction", "compile"]

CHECKED_CALLS = 2
"""The second one finds what the trace took for a constant and is none."""

NOISES = 16
"""Differences up to so many times what random rounding brings about are rounding."""


@dataclass(slots=True)
class Variant:
    """One program of a function: that for arguments of certain shapes, and certain modes."""

    trace: Trace
    plan: Plan
    generated: Generated
    calls: int = 0
    caller: Callable[..., Any] | None = None
    caller_source: str = ""


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
        self.variants: list[tuple[Any, Variant]] = []
        self.callers: list[Callable[..., Any]] = []
        update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for caller in self.callers:
            result = caller(*args, **kwargs)
            if result is REFUSED:
                return self.eager(self.bound(args, kwargs))  # which says what is wrong
            if result is not MISS:
                return result
        return self.first_calls(args, kwargs)

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
        return float(result) if self.as_number else result

    def first_calls(self, args: Any, kwargs: Any) -> Any:
        """Compile for these arguments if need be, and compare with the function itself."""
        given = self.bound(args, kwargs)
        arguments = {name: map_leaves(x, (name,), in_order) for name, x in given.items()}
        self.belongings = belongings_of([self.function, *arguments.values()])
        for tensor in self.belongings.tensors:
            check_tensor(tensor)
        variant = self.variant(arguments)
        if variant is None:
            return self.eager(given)
        variant.caller, variant.caller_source = self.caller(arguments, variant)
        variant.calls += 1
        if self.check and variant.calls <= CHECKED_CALLS:
            result = self.checked_call(variant.caller, arguments, variant)
        else:
            result = self.run(variant.caller, arguments)
        self.callers = [
            v.caller
            for _, v in self.variants
            if v.caller is not None and (v.calls >= CHECKED_CALLS or not self.check)
        ]
        return self.eager(given) if result is REFUSED else result

    def trusted(self, *args: Any, **kwargs: Any) -> Variant | None:
        """The program that a call with these arguments would run, unless it is still compared."""
        arguments = self.bound(args, kwargs)
        key = self.key(arguments)
        for known, variant in self.variants:
            is_proven = variant.caller in self.callers
            if is_proven and known == key and all(holds(guard) for guard in variant.trace.guards):
                return variant
        return None

    def variant(self, arguments: Mapping[str, Any]) -> Variant | None:
        """The program for these arguments; None for an optimizer's first step."""
        key = self.key(arguments)
        for place, (known, variant) in enumerate(self.variants):
            if known == key and all(holds(guard) for guard in variant.trace.guards):
                self.variants.insert(0, self.variants.pop(place))
                return variant
        traced = self.traced(arguments)
        if traced.first_steps:
            return None
        traced.as_number = self.as_number
        planned = plan(traced.program)
        variant = Variant(traced, planned, self.generate(planned))
        self.variants.insert(0, (key, variant))
        return variant

    def traced(self, arguments: Mapping[str, Any]) -> Trace:
        return trace(
            lambda **stand_ins: self.run(self.function, stand_ins), arguments, self.belongings
        )

    def key(self, arguments: Mapping[str, Any]) -> Any:
        """What decides which program it is."""
        belongings = self.belongings
        return (
            kinds_of(arguments),
            is_grad_enabled(),
            [(id(v.holder), v.name, content_key(v.content)) for v in belongings.variables],
            [(id(m), m.training) for m in belongings.modules],
            [(id(t), t.shape, t.dtype, t.requires_grad) for t in belongings.tensors],
            [
                (id(o), [sorted(state) for state in o.state], flags_of(o))
                for o in belongings.optimizers
            ],
            [t.grad is None for t in belongings.tensors] if self.adds_to_grads else None,
        )

    @property
    def adds_to_grads(self) -> bool:
        return any(variant.trace.without_grad for _, variant in self.variants)

    def caller(
        self, arguments: Mapping[str, Any], variant: Variant
    ) -> tuple[Callable[..., Any], str]:
        """The Python function that runs a variant if it is the right one."""
        names, found = Names(), variant.trace
        conditions = {
            "the arguments are of the kinds and shapes that this program is for": (
                argument_conditions(arguments, names)
            ),
            "what the function holds is what it was": [
                *tensor_conditions(found, names),
                *object_conditions(self.belongings, found, names),
            ],
            "gradients that it adds to are there, and no others": grad_conditions(found, names),
            "gradients are recorded": [
                f"{names.of(is_grad_enabled, 'function')}() is {is_grad_enabled()}"
            ],
        }
        name = getattr(self.function, "__name__", "step")
        name = name if name.isidentifier() else "step"
        return generate_caller(name, self.signature, found, variant.generated, conditions, names)

    def checked_call(
        self, caller: Callable[..., Any], arguments: Mapping[str, Any], variant: Variant
    ) -> Any:
        """Run the program, put everything back, run the function itself, compare.

        What remains is what the function itself did.
        """
        snapshot = Snapshot(arguments, self.belongings)
        ours = self.run(caller, arguments)
        dtype = variant.trace.result.value.dtype if self.as_number else None
        compiled = snapshot.outcome(ours, dtype)
        snapshot.restore()
        result = self.eager(arguments)
        if ours is REFUSED:
            return result
        eager = snapshot.outcome(result, dtype)
        if any(differences(compiled, eager)):
            self.look_closer(variant, arguments, snapshot, compiled, eager)
        return result

    def look_closer(
        self,
        variant: Variant,
        arguments: Mapping[str, Any],
        snapshot: Snapshot,
        compiled: Outcome,
        eager: Outcome,
    ) -> None:
        """Raise unless rounding alone explains the differences."""
        after = Snapshot(arguments, self.belongings)
        snapshot.restore()
        inputs = current_inputs(variant.trace, arguments)
        noise = spreads(variant.trace.program, inputs)
        values = values_of_outcome(variant.trace, arguments)
        allowed = {key: NOISES * noise.get(value, 0.0) for key, value in values.items()}
        found = list(differences(compiled, eager, allowed))
        if found:
            self.variants = [pair for pair in self.variants if pair[1] is not variant]
            raise self.disagreement(variant, arguments, found, inputs, noise)
        after.restore()

    def disagreement(
        self,
        variant: Variant,
        arguments: Mapping[str, Any],
        found: list[str],
        inputs: Mapping[Value, Any],
        noise: Mapping[Value, float],
    ) -> CompileError:
        """An error that says what differs, and which instruction is to blame."""
        program = variant.trace.program
        wrong = first_wrong(program, self.generate, inputs, noise)
        if wrong is not None:
            reason = f"the first instruction that differs is {described(wrong)}"
        else:
            again = self.traced(arguments).program
            reason = first_changed(program, again) or (
                "each instruction is right: the function depends on something that is neither an "
                "argument nor a parameter, or the order of two writes matters"
            )
        return CompileError(
            f"the compiled {getattr(self.function, '__name__', 'function')} disagrees with the "
            f"function itself, and nothing was changed: {joined(found)}. {reason}"
        )

    # What it shows

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
        return str(explain(self.latest.plan))

    def __repr__(self) -> str:
        count = len(self.variants)
        programs = "1 program" if count == 1 else f"{count} programs"
        return f"<compiled {getattr(self.function, '__name__', 'function')}: {programs}>"


def content_key(content: Any) -> Any:
    return content if isinstance(content, (int, float, str)) else id(content)


def flags_of(optimizer: Optimizer) -> list[Any]:
    """The hyperparameters that are no run-time numbers."""
    values = [getattr(optimizer, name) for name in optimizer.hyperparameters]
    return [value for value in values if isinstance(value, (bool, int))]


def check_tensor(tensor: Tensor) -> None:
    if not tensor.data.flags.c_contiguous:
        raise CompileError(
            f"{tensor!r} has its elements in another order than C's: compiled functions write into "
            "the array itself. Build it from np.ascontiguousarray(...)"
        )


def compile(
    function: Callable[..., Any] | Module | None = None,
    loss: Callable[[Any, Any], Any] | None = None,
    optimizer: Optimizer | None = None,
    *,
    backend: str = "auto",
    check: bool = True,
) -> Any:
    """Make one program of a training step, or of any other function of arrays and Tensors.

    ``mg.compile(model, loss, optimizer)`` gives the usual step: ``step(x, y)`` computes the loss,
    its gradients and the update, and returns the loss before the update, a float.
    ``mg.compile(function)``, also as a decorator, takes a step written out.

    The function is run once on stand-ins that write down what is done: forward, the rules that
    ``backward()`` calls, the optimizer. Nothing is derived a second time. Later calls with
    arguments of the same shapes and dtypes run that program. Parameters and what the optimizer
    remembers stay the arrays they are and are updated in place; the learning rate and the other
    numbers of an optimizer are read at each call.

    Parameters
    ----------
    function : callable, or Module with ``loss`` and ``optimizer``
        Arguments may be arrays, Tensors, floats, and tuples, lists and dicts of these; anything
        else, ints too, belongs to the program: another value compiles another one.
    loss : function of (predictions, targets), optional
    optimizer : Optimizer, optional
    backend : {"auto", "numba", "numpy"}
        "numba" makes machine code (``pip install 'minigrad[compile]'``), "numpy" a flat list of
        NumPy calls on arrays that are kept, through which a debugger can step. "auto" is "numba"
        if that is installed.
    check : bool
        Run the function itself beside the first two calls for each shape, and compare losses,
        gradients, parameters and optimizer states (to 1e-5 of the largest element in float32,
        1e-11 in float64).

    Returns
    -------
    CompiledFunction
        Called as the function is. ``.source`` is the program, ``.explain()`` a table of it.

    Raises
    ------
    CompileError
        At the first call, if the function does what a program cannot (branching on values,
        functions of NumPy that are not mapped); the message names it and the line. Or if the
        program disagrees with the function: it names the first instruction that differs.
    MissingExtraError
        With ``backend="numba"``, if Numba is not installed.
    DTypeError, DomainError
        If an argument is not what it must be.

    Notes
    -----
    ``.grad`` holds the gradients after each call, in arrays that the next call overwrites: copy
    what shall be kept. Tensors inside the function have no graph afterwards. Random numbers that
    modules draw (`Dropout`) are drawn before each call from the same generators.

    Everything else that the function does to Python objects, such as printing or appending to a
    list, happens only while it is traced and checked.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> from minigrad.nn import mlp
    >>> from minigrad.optim import SGD
    >>> model = mlp([2, 8, 2], rng=0)
    >>> step = mg.compile(model, mg.softmax_cross_entropy, SGD(model.parameters(), lr=1.0))
    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> y = np.array([0, 1, 1, 0])
    >>> losses = [step(x, y) for _ in range(1000)]
    >>> losses[-1] < 0.05 < losses[0]
    True
    """
    if function is None:
        return partial(compile, backend=backend, check=check)
    if isinstance(function, Module) and (loss is not None or optimizer is not None):
        step = training_step(function, loss, optimizer)
        return CompiledFunction(step, backend, check, as_number=True)
    if loss is not None or optimizer is not None:
        raise DTypeError(
            f"compile: with a loss and an optimizer the first argument must be a Module, got "
            f"{function!r}"
        )
    if not callable(function):
        raise DTypeError(f"compile: needs a function, got {function!r}")
    return CompiledFunction(function, backend, check)


def training_step(model: Module, loss: Any, optimizer: Any) -> Callable[[Any, Any], Any]:
    """The usual step, written out as a user would."""
    if not callable(loss):
        raise DTypeError(f"compile: loss is {loss!r}; it must be a function of (y, t)")
    if not isinstance(optimizer, Optimizer):
        raise DTypeError(f"compile: optimizer is {optimizer!r}; it must be an Optimizer")

    def step(x: Any, y: Any) -> Any:
        value = loss(model(x), y)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value

    return step
