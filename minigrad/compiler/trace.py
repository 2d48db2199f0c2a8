"""Tracing: run the user's function once on stand-ins, and keep what they wrote down.

For the time of the trace every array that the function may read is replaced by a `Tracer`: those of
its arguments, the parameters' values and gradients, what optimizers remember, and the learning
rates. Then the function runs as it stands: forward, rules, optimizer. Afterwards everything is put
back, and what changed meanwhile becomes the program's writes and outputs.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.arguments import map_leaves
from minigrad.compiler.belongings import Belongings
from minigrad.compiler.program import Program, Value
from minigrad.compiler.recorder import Recorder
from minigrad.compiler.simplify import simplify
from minigrad.compiler.sources import (
    Argument,
    Draw,
    Grad,
    Hyperparameter,
    Slot,
    Source,
    TensorData,
)
from minigrad.compiler.tracer import Tracer
from minigrad.errors import CompileError
from minigrad.nn.module import Module
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor

__all__ = ["Result", "Trace", "trace"]


@dataclass(frozen=True, slots=True)
class Result:
    """In what the function returned: the place of an output."""

    value: Value
    is_tensor: bool


@dataclass(slots=True)
class Trace:
    """A traced function.

    Attributes
    ----------
    program
        What it does.
    sources
        For each input of the program where it comes from.
    result
        What it returned, with a `Result` for each array.
    grads
        For each tensor whose ``.grad`` it set (or reset, None) the value.
    counts
        For each count of an optimizer's steps its new value.
    stamped
        The tensors whose values it marked as changed.
    switched
        The modules that it switched to training (True) or evaluation.
    tensors
        Those that were looked at.
    without_grad
        Of these the ones whose ``.grad`` must be None, as it was.
    as_number
        Whether the result, a single number, shall be a Python float.
    first_steps
        Whether an optimizer had nothing to remember before: another step goes otherwise.
    guards
        The numbers it branched on, with what they were.
    """

    program: Program
    sources: dict[Value, Source]
    result: Any = None
    grads: dict[Argument | TensorData, Value | None] = field(default_factory=dict)
    counts: dict[Slot, Value] = field(default_factory=dict)
    stamped: list[Argument | TensorData] = field(default_factory=list)
    switched: dict[Module, bool] = field(default_factory=dict)
    tensors: list[Argument | TensorData] = field(default_factory=list)
    without_grad: list[Argument | TensorData] = field(default_factory=list)
    as_number: bool = False
    first_steps: bool = False
    guards: list[tuple[Source, bool]] = field(default_factory=list)


def trace(
    function: Callable[..., Any], arguments: Mapping[str, Any], belongings: Belongings
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
    found = Lifted(arguments, belongings, grads_everywhere=True).run(function)
    if any(isinstance(found.sources[value], Grad) for value in found.program.inputs):
        found = Lifted(arguments, belongings, grads_everywhere=False).run(function)
    return found


@dataclass(frozen=True, slots=True)
class Kept:
    """A tensor, where it is fetched from, and what it held before the trace."""

    source: Argument | TensorData
    value: Value
    data: Any
    grad: Any
    has_grad: bool
    stamp: int


class Lifted:
    """The stand-ins, and what they stand for: put in place by ``with``, taken out at its end."""

    def __init__(
        self, arguments: Mapping[str, Any], belongings: Belongings, *, grads_everywhere: bool
    ) -> None:
        self.given = arguments
        self.grads_everywhere = grads_everywhere
        self.belongings = belongings
        self.recorder = Recorder()
        self.trace = Trace(self.recorder.program, {})
        self.tensors: dict[Tensor, Kept] = {}
        self.before: list[Callable[[], None]] = []
        self.modes: dict[Module, bool] = {}
        self.stand_ins: list[tuple[Tracer, Value]] = []

    def run(self, function: Callable[..., Any]) -> Trace:
        with self:
            self.collect(function(**self.arguments))
        self.trace.program = simplify(self.trace.program)
        return self.trace

    def __enter__(self) -> None:
        self.arguments = {
            name: map_leaves(value, (name,), self.lift_argument)
            for name, value in self.given.items()
        }
        for tensor in self.belongings.tensors:
            if tensor not in self.tensors:
                self.lift_tensor(tensor, TensorData(tensor))
        for optimizer in self.belongings.optimizers:
            self.lift_optimizer(optimizer)
        for module in self.belongings.modules:
            self.lift_generators(module)
            self.modes[module] = module.training
            self.before.append(restoring(vars(module), "training"))
        self.states = {
            key: deepcopy(generator.bit_generator.state)
            for key, generator in self.belongings.generators.items()
        }

    def __exit__(self, *error: Any) -> None:
        for restore in reversed(self.before):
            restore()
        for tensor, kept in self.tensors.items():
            tensor.data, tensor.grad, tensor.stamp = kept.data, kept.grad, kept.stamp

    # Putting stand-ins in place

    def stand_in(self, array: NDArray[Any], source: Source) -> Tracer:
        """A tracer for an array that is fetched from ``source`` at each call."""
        value = self.recorder.input(array.shape, array.dtype)
        self.trace.sources[value] = source
        tracer = Tracer(self.recorder, value)
        self.stand_ins.append((tracer, value))
        return tracer

    def number(self, number: float, source: Source) -> Tracer:
        value = self.recorder.number(number)
        self.trace.sources[value] = source
        tracer = Tracer(self.recorder, value)
        self.stand_ins.append((tracer, value))
        return tracer

    def lift_argument(self, leaf: Any, path: tuple[Any, ...]) -> Any:
        if isinstance(leaf, Tensor):
            if leaf not in self.tensors:
                self.lift_tensor(leaf, Argument(path, is_tensor=True))
            return leaf
        if isinstance(leaf, np.ndarray):
            return self.stand_in(leaf, Argument(path))
        if type(leaf) is float:
            return self.number(leaf, Argument(path))
        return leaf

    def lift_tensor(self, tensor: Tensor, source: Argument | TensorData) -> None:
        if tensor.op is not None:
            raise CompileError(
                f"{tensor!r} is the result of an op outside of the compiled function; hand over "
                "what it was computed from, or t.detach()"
            )
        data: Any = self.stand_in(tensor.data, source)
        grad: Any = None
        if tensor.grad is not None or (self.grads_everywhere and tensor.requires_grad):
            grad = self.stand_in(tensor.data, Grad(source))
        elif tensor.requires_grad:
            self.trace.without_grad.append(source)
        self.trace.tensors.append(source)
        self.tensors[tensor] = Kept(
            source, data.value, tensor.data, tensor.grad, grad is not None, tensor.stamp
        )
        tensor.data, tensor.grad = data, grad

    def lift_optimizer(self, optimizer: Optimizer) -> None:
        attributes = vars(optimizer)
        for name in optimizer.hyperparameters:
            self.before.append(restoring(attributes, name))
            given = attributes[name]
            if type(given) is float:
                attributes[name] = self.number(given, Hyperparameter(optimizer, name))
            elif isinstance(given, tuple):
                attributes[name] = tuple(
                    self.number(part, Hyperparameter(optimizer, name, position))
                    for position, part in enumerate(given)
                )
        for position, state in enumerate(optimizer.state):
            self.before.append(restoring_dict(state))
            for slot, remembered in state.items():
                source = Slot(optimizer, position, slot)
                is_array = isinstance(remembered, np.ndarray)
                lift = self.stand_in if is_array else self.number
                state[slot] = lift(remembered, source)

    def lift_generators(self, module: Module) -> None:
        for name, member in list(vars(module).items()):
            if isinstance(member, np.random.Generator):
                self.before.append(restoring(vars(module), name))
                vars(module)[name] = Drawing(self, member)

    # What came of it

    def collect(self, result: Any) -> None:
        trace, program = self.trace, self.recorder.program
        trace.result = map_leaves(result, ("result",), self.as_result)
        for tensor, kept in self.tensors.items():
            self.collect_values(tensor, kept)
            self.collect_grad(tensor, kept)
        for optimizer in self.belongings.optimizers:
            self.collect_hyperparameters(optimizer)
            self.collect_state(optimizer)
        for module in self.belongings.modules:
            if module.training is not self.modes[module]:
                trace.switched[module] = module.training
        for key, generator in self.belongings.generators.items():
            if generator.bit_generator.state != self.states[key]:
                raise CompileError(
                    "the function draws random numbers itself: they would be drawn once, now. "
                    "Draw them outside and hand them over, or in a Module that keeps the generator"
                )
        for tracer, value in self.stand_ins:
            if isinstance(trace.sources[value], Argument) and tracer.value is not value:
                program.writes[value] = tracer.value  # an array that was handed over, written into
        trace.guards = [(trace.sources[v], truth) for v, truth in self.recorder.guards.items()]

    def as_result(self, leaf: Any, path: tuple[Any, ...]) -> Any:
        if isinstance(leaf, Tensor):
            if not isinstance(leaf.data, Tracer):
                return leaf
            return self.output(leaf.data.value, is_tensor=True)
        return self.output(leaf.value, is_tensor=False) if isinstance(leaf, Tracer) else leaf

    def output(self, value: Value, is_tensor: bool) -> Result:
        self.recorder.program.outputs.append(value)
        return Result(value, is_tensor)

    def collect_values(self, tensor: Tensor, kept: Kept) -> None:
        data: Any = tensor.data
        if not isinstance(data, Tracer):
            raise CompileError(
                f"the values of {described(kept)} are replaced by an array that does not depend on "
                "the arguments: that would happen once, now"
            )
        if data.value is not kept.value:
            if data.shape != kept.value.shape or data.dtype != kept.value.dtype:
                raise CompileError(
                    f"the values of {described(kept)} are replaced by an array of shape "
                    f"{data.shape} and dtype {data.dtype}; a compiled function writes in place"
                )
            self.recorder.program.writes[kept.value] = data.value
        if tensor.stamp != kept.stamp:
            self.trace.stamped.append(kept.source)

    def collect_grad(self, tensor: Tensor, kept: Kept) -> None:
        grad: Any = tensor.grad
        if grad is None:
            if kept.has_grad:
                self.trace.grads[kept.source] = None
            return
        if isinstance(grad, Tracer) and any(grad is tracer for tracer, _ in self.stand_ins):
            return  # as it was
        value = grad.value if isinstance(grad, Tracer) else self.recorder.constant(grad)
        self.trace.grads[kept.source] = value
        self.recorder.program.outputs.append(value)

    def collect_hyperparameters(self, optimizer: Optimizer) -> None:
        """A learning rate set by the function itself would be set once."""
        for value, source in self.trace.sources.items():
            if isinstance(source, Hyperparameter) and source.optimizer is optimizer:
                now = vars(optimizer)[source.name]
                number = now if source.position is None else now[source.position]
                if not (isinstance(number, Tracer) and number.value is value):
                    raise CompileError(
                        f"the function sets {type(optimizer).__name__}.{source.name}, which would "
                        "happen once, now. Set it (or call schedule.step()) after the compiled "
                        "step: that needs no recompilation"
                    )

    def collect_state(self, optimizer: Optimizer) -> None:
        program, known = self.recorder.program, set()
        for value, source in list(self.trace.sources.items()):
            if isinstance(source, Slot) and source.optimizer is optimizer:
                known.add((source.position, source.name))
                now = optimizer.state[source.position][source.name].value
                if now is value:
                    continue
                if value.weak:
                    self.trace.counts[source] = now
                    program.outputs.append(now)
                else:
                    program.writes[value] = now
        for position, state in enumerate(optimizer.state):
            if any((position, name) not in known for name in state):
                self.trace.first_steps = True


def described(kept: Kept) -> str:
    """A tensor in words, while its values are away."""
    source = kept.source
    if isinstance(source, Argument):
        return f"argument {source.path[0]!r}"
    return f"tensor {source.tensor.name!r} of shape {kept.value.shape}"


class Drawing:
    """Stands for a generator: what is drawn becomes an input, drawn anew before each call."""

    def __init__(self, lifted: Lifted, generator: np.random.Generator) -> None:
        self.lifted = lifted
        self.generator = generator
        self.rehearsal = deepcopy(generator)

    def __getattr__(self, method: str) -> Callable[..., Tracer]:
        def draw(*args: Any, **kwargs: Any) -> Tracer:
            drawn = np.asarray(getattr(self.rehearsal, method)(*args, **kwargs))
            return self.lifted.stand_in(drawn, Draw(self.generator, method, args, kwargs))

        return draw


def restoring(attributes: dict[str, Any], name: str) -> Callable[[], None]:
    """A function that puts an attribute back as it is now."""
    missing = name not in attributes
    old = attributes.get(name)

    def restore() -> None:
        if missing:
            attributes.pop(name, None)
        else:
            attributes[name] = old

    return restore


def restoring_dict(state: dict[str, Any]) -> Callable[[], None]:
    old = dict(state)

    def restore() -> None:
        state.clear()
        state.update(old)

    return restore
