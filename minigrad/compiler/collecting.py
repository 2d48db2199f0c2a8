"""What came of a trace: outputs, writes, gradients, counts, and what Python objects became."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.arguments import map_leaves
from minigrad.compiler.effects import EffectError
from minigrad.compiler.lifting import Kept, Lifted
from minigrad.compiler.program import Program, Value
from minigrad.compiler.results import Result, Same, TensorKind
from minigrad.compiler.sources import (
    Argument,
    Grad,
    Held,
    Hyperparameter,
    Slot,
    Source,
    TensorData,
)
from minigrad.compiler.tracer import Tracer
from minigrad.nn.module import Module
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor

__all__ = ["Trace", "collect"]


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
    frozen
        The bool arrays that it indexed with, each with a copy of what it was.
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
    frozen: list[tuple[NDArray[np.bool], NDArray[np.bool]]] = field(default_factory=list)

    @property
    def adds_to_grads(self) -> bool:
        """Whether it matters which gradients there are before a call."""
        reads = any(isinstance(self.sources[value], Grad) for value in self.program.inputs)
        return reads or bool(self.without_grad)


def collect(lifted: Lifted, result: Any) -> Trace:
    """What the function did, and returned, while the stand-ins are still in place."""
    program = lifted.recorder.program
    trace = Trace(program, lifted.sources, without_grad=lifted.without_grad)
    trace.tensors = [kept.source for kept in lifted.tensors.values()]

    def output(array: Any) -> Value:
        """The value of an array that is given back, one that the function made included."""
        known = isinstance(array, Tracer)
        value: Value = array.value if known else lifted.recorder.constant(np.asarray(array))
        program.outputs.append(value)
        return value

    def as_result(leaf: Any, path: tuple[Any, ...]) -> Any:
        if isinstance(leaf, Tensor) and leaf in lifted.tensors:
            return Same(lifted.tensors[leaf].source)
        if isinstance(leaf, Tensor):
            grad = None if leaf.grad is None else output(leaf.grad)
            return Result(output(leaf.data), TensorKind.of(leaf), grad)
        if isinstance(leaf, (Tracer, np.ndarray, np.generic)):
            return Result(output(leaf))
        if leaf is None or isinstance(leaf, (int, float, complex, str, bytes, Module, Optimizer)):
            return leaf
        raise EffectError(
            f"the function returns a {type(leaf).__name__}: compiled, it may return arrays, "
            "Tensors and plain values, alone or in tuples, lists and dicts"
        )

    for optimizer in lifted.belongings.optimizers:
        check_hyperparameters(optimizer, trace)
        collect_state(optimizer, trace)
    trace.result = map_leaves(result, ("result",), as_result)
    for tensor, kept in lifted.tensors.items():
        collect_values(tensor, kept, trace)
        collect_grad(tensor, kept, lifted, trace)
    for module, mode in lifted.modes.items():
        if module.training is not mode:
            trace.switched[module] = module.training
    for tracer, value in lifted.stand_ins:
        source = trace.sources[value]
        is_array = isinstance(source, Held) or (
            isinstance(source, Argument) and not source.is_tensor
        )
        if is_array and tracer.value is not value:
            program.writes[value] = tracer.value  # an array of the user's, written into
    trace.frozen = lifted.recorder.frozen
    trace.guards = [(trace.sources[v], truth) for v, truth in lifted.recorder.guards.items()]
    return trace


def collect_values(tensor: Tensor, kept: Kept, trace: Trace) -> None:
    data: Any = tensor.data
    if not isinstance(data, Tracer):
        raise EffectError(
            f"the values of {kept} are replaced by an array that does not depend on the arguments: "
            "that would happen once, now"
        )
    if tensor.requires_grad is not kept.requires_grad:
        raise EffectError(f"the function switches requires_grad of {kept}: do it outside")
    if data.value is not kept.value:
        if data.shape != kept.value.shape or data.dtype != kept.value.dtype:
            raise EffectError(
                f"the values of {kept} are replaced by an array of shape {data.shape} and dtype "
                f"{data.dtype}; a compiled function writes in place"
            )
        trace.program.writes[kept.value] = data.value
    if tensor.stamp != kept.stamp:
        trace.stamped.append(kept.source)


def collect_grad(tensor: Tensor, kept: Kept, lifted: Lifted, trace: Trace) -> None:
    grad: Any = tensor.grad
    if grad is None:
        if kept.has_grad:
            trace.grads[kept.source] = None
        return
    if isinstance(grad, Tracer) and any(
        grad is tracer and tracer.value is value for tracer, value in lifted.stand_ins
    ):
        return  # as it was
    value = grad.value if isinstance(grad, Tracer) else lifted.recorder.constant(grad)
    trace.grads[kept.source] = value
    trace.program.outputs.append(value)


def check_hyperparameters(optimizer: Optimizer, trace: Trace) -> None:
    """A learning rate set by the function itself would be set once."""
    for value, source in trace.sources.items():
        if isinstance(source, Hyperparameter) and source.optimizer is optimizer:
            now = vars(optimizer)[source.name]
            number = now if source.position is None else now[source.position]
            if not (isinstance(number, Tracer) and number.value is value):
                raise EffectError(
                    f"the function sets {type(optimizer).__name__}.{source.name}, which would "
                    "happen once, now. Set it (or call schedule.step()) after the compiled "
                    "step: that needs no recompilation"
                )


def collect_state(optimizer: Optimizer, trace: Trace) -> None:
    program, known = trace.program, set()
    for value, source in list(trace.sources.items()):
        if isinstance(source, Slot) and source.optimizer is optimizer:
            known.add((source.position, source.name))
            state = optimizer.state[source.position]
            if source.name not in state:
                raise EffectError(
                    f"the function removes {type(optimizer).__name__}.state[{source.position}]"
                    f"[{source.name!r}], which would happen once, now"
                )
            now = state[source.name].value
            if now is value:
                continue
            if value.weak:
                trace.counts[source] = now
                program.outputs.append(now)
            else:
                program.writes[value] = now
    for position, state in enumerate(optimizer.state):
        if any((position, name) not in known for name in state):
            trace.first_steps = True
