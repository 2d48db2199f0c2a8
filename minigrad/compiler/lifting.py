"""Stand-ins for arrays and numbers: put in place before a trace, taken out after it.

They take the place of arguments, of the values and gradients of parameters, of what optimizers
remember, of learning rates, and of arrays that variables and attributes hold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.arguments import map_leaves
from minigrad.compiler.belongings import Belongings
from minigrad.compiler.drawing import Drawing
from minigrad.compiler.program import Value
from minigrad.compiler.recorder import Recorder
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
from minigrad.compiler.variable import Variable
from minigrad.compiler.variables import special_attributes
from minigrad.errors import CompileError
from minigrad.nn.module import Module
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor

__all__ = ["Kept", "Lifted"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A tensor, where it is fetched from, and what it held before the trace."""

    source: Argument | TensorData
    value: Value
    data: Any
    grad: Any
    has_grad: bool
    stamp: int
    requires_grad: bool

    def __str__(self) -> str:
        """The tensor in words, while its values are away."""
        source = self.source
        if isinstance(source, Argument):
            return f"argument {source.path[0]!r}"
        return f"tensor {source.tensor.name!r} of shape {self.value.shape}"


class Lifted:
    """The stand-ins for one trace, and what they stand for.

    Attributes
    ----------
    arguments
        Those to call the function with.
    sources
        For each input of the program where it comes from.
    stand_ins
        All tracers, each with the value it had at first.
    """

    def __init__(
        self,
        arguments: Mapping[str, Any],
        belongings: Belongings,
        variables: list[Variable],
        *,
        grads_everywhere: bool,
    ) -> None:
        self.given = arguments
        self.grads_everywhere = grads_everywhere
        self.belongings = belongings
        self.variables = variables
        self.recorder = Recorder(self.value_of_held)
        self.arguments: dict[str, Any] = {}
        self.sources: dict[Value, Source] = {}
        self.stand_ins: list[tuple[Tracer, Value]] = []
        self.tensors: dict[Tensor, Kept] = {}
        self.without_grad: list[Argument | TensorData] = []
        self.modes = {module: module.training for module in belongings.modules}
        self.held: dict[int, Any] = {}
        self.spaces: list[tuple[Any, dict[str, Any], dict[str, Any]]] = []
        self.lifted_spaces: list[dict[str, Any]] = []
        self.before: list[Callable[[], None]] = []

    def lift(self) -> None:
        """Put the stand-ins in place."""
        self.spaces = [
            (thing, vars(thing), dict(vars(thing)))
            for thing in self.belongings.objects
            if isinstance(getattr(thing, "__dict__", None), dict)
        ]
        for name, value in self.given.items():
            self.arguments[name] = map_leaves(value, (name,), self.lift_argument)
        for tensor in self.belongings.tensors:
            if tensor not in self.tensors:
                self.lift_tensor(tensor, TensorData(tensor))
        for optimizer in self.belongings.optimizers:
            self.lift_optimizer(optimizer)
        for module in self.belongings.modules:
            self.lift_generators(module)
        for variable in self.variables:
            self.lift_variable(variable)
        self.lifted_spaces = [dict(attributes) for _, attributes, _ in self.spaces]

    def put_back(self) -> None:
        """Let everything hold again what it held."""
        for variable in self.variables:
            if not variable.unchanged:
                variable.put_back()
        for tensor, kept in self.tensors.items():
            tensor.data, tensor.grad, tensor.stamp = kept.data, kept.grad, kept.stamp
            tensor.requires_grad = kept.requires_grad
        for _, attributes, old in self.spaces:
            hold_again(attributes, old)
        for restore in reversed(self.before):
            restore()

    def changed(self) -> list[str]:
        """What the function itself has changed since everything was lifted, in words."""
        found = [
            str(variable)
            for variable in self.variables
            if not variable.holds(self.held.get(id(variable), variable.content))
            and not isinstance(variable.now(), Drawing)
        ]
        for (thing, attributes, _), lifted in zip(self.spaces, self.lifted_spaces, strict=True):
            known = special_attributes(thing)
            found += [
                f"{type(thing).__name__}.{name}"
                for name in {**lifted, **attributes}
                if lifted.get(name) is not attributes.get(name) and name not in known
            ]
        return found

    # One kind after the other

    def stand_in(self, array: Any, source: Source) -> Tracer:
        """A tracer for an array that is fetched from ``source`` at each call."""
        return self.noted(self.recorder.input(array.shape, array.dtype), source)

    def number(self, number: float, source: Source) -> Tracer:
        return self.noted(self.recorder.number(number), source)

    def noted(self, value: Value, source: Source) -> Tracer:
        self.sources[value] = source
        tracer = Tracer(self.recorder, value)
        self.stand_ins.append((tracer, value))
        return tracer

    def lift_argument(self, leaf: Any, path: tuple[Any, ...]) -> Any:
        if isinstance(leaf, Tensor):
            if leaf not in self.tensors:
                self.lift_tensor(leaf, self.source_of(leaf, path))
            return leaf
        if isinstance(leaf, np.ndarray):
            return self.stand_in(leaf, Argument(path))
        if isinstance(leaf, np.generic):
            return self.stand_in(leaf, Argument(path, is_scalar=True))
        if type(leaf) is float:
            return self.number(leaf, Argument(path))
        return leaf

    def source_of(self, tensor: Tensor, path: tuple[Any, ...]) -> Argument | TensorData:
        """Tensors that the function holds are fetched from there, even if they are handed over."""
        held = tensor in self.belongings.tensors
        return TensorData(tensor) if held else Argument(path, is_tensor=True)

    def lift_tensor(self, tensor: Tensor, source: Argument | TensorData) -> None:
        if tensor.op is not None:
            if isinstance(source, TensorData):
                return self.forbid(tensor)
            raise CompileError(
                f"{tensor!r} is the result of an op outside of the compiled function; hand over "
                "what it was computed from, or t.detach()"
            )
        data: Any = self.stand_in(tensor.data, source)
        grad: Any = None
        if tensor.grad is not None or self.grads_everywhere:
            grad = self.stand_in(tensor.data, Grad(source))
        else:
            self.without_grad.append(source)
        self.tensors[tensor] = Kept(
            source,
            data.value,
            tensor.data,
            tensor.grad,
            grad is not None,
            tensor.stamp,
            tensor.requires_grad,
        )
        self.held[id(tensor.data)] = data
        tensor.data, tensor.grad = data, grad
        return None

    def forbid(self, tensor: Tensor) -> None:
        """Let the values of a result from outside raise where they are used."""
        recorder = self.recorder
        value = recorder.new(tensor.data.shape, tensor.data.dtype)
        recorder.forbidden[value] = (
            f"{tensor!r} is the result of an op outside of the compiled function: its values "
            "belong to one call. Hand over what it was computed from, or t.detach()"
        )
        before = tensor.data, tensor.grad

        def restore() -> None:
            tensor.data, tensor.grad = before

        self.before.append(restore)
        stand_in: Any = Tracer(recorder, value)
        tensor.data = stand_in

    def lift_optimizer(self, optimizer: Optimizer) -> None:
        attributes = vars(optimizer)
        for name in optimizer.hyperparameters:
            given = attributes[name]
            if type(given) is float:
                attributes[name] = self.number(given, Hyperparameter(optimizer, name))
            elif isinstance(given, tuple):
                attributes[name] = tuple(
                    self.number(part, Hyperparameter(optimizer, name, position))
                    for position, part in enumerate(given)
                )
        for position, state in enumerate(optimizer.state):
            self.before.append(partial(hold_again, state, dict(state)))
            for slot, remembered in state.items():
                source = Slot(optimizer, position, slot)
                is_array = isinstance(remembered, np.ndarray)
                lift = self.stand_in if is_array else self.number
                state[slot] = lift(remembered, source)

    def lift_generators(self, module: Module) -> None:
        for name, member in list(vars(module).items()):
            if isinstance(member, np.random.Generator):
                vars(module)[name] = Drawing(member, self.stand_in)

    def lift_variable(self, variable: Variable) -> None:
        """Put stand-ins for the arrays that a variable, an attribute or a container holds."""
        content: Any = variable.content
        lifted = self.lifted(content)
        if lifted is not None:
            variable.assign(lifted)
            self.held[id(variable)] = lifted

    def lifted(self, content: Any) -> Any:
        """``content`` with stand-ins for the arrays in it; None if there are none.

        Tuples and partial functions are built anew. Lists and dicts are variables of their own,
        and stay what they are.
        """
        if id(content) in self.held:
            return self.held[id(content)]
        if type(content) is np.ndarray and content.dtype.kind in "biuf":
            self.held[id(content)] = lifted = self.stand_in(content, Held(content))
            if content.dtype.kind == "b":
                self.recorder.masks[lifted.value] = content
            return lifted
        if isinstance(content, tuple) and (type(content) is tuple or hasattr(content, "_make")):
            items = self.items_lifted(content)
            if items is not None:
                self.held[id(content)] = getattr(type(content), "_make", tuple)(items)
        if type(content) is partial:
            items = self.items_lifted([*content.args, *content.keywords.values()])
            if items is not None:
                count = len(content.args)
                named = dict(zip(content.keywords, items[count:], strict=True))
                self.held[id(content)] = partial(content.func, *items[:count], **named)
        return self.held.get(id(content))

    def items_lifted(self, items: Sequence[Any]) -> list[Any] | None:
        """All of them, with stand-ins for the arrays in some; None if there are none."""
        parts = [self.lifted(item) for item in items]
        if all(part is None for part in parts):
            return None
        return [x if part is None else part for x, part in zip(items, parts, strict=True)]

    def value_of_held(self, array: NDArray[Any]) -> Value | None:
        """The value of an array that there was before, wherever the function found it."""
        if id(array) not in self.belongings.arrays:
            return None
        lifted: Tracer | None = self.lifted(array)
        return None if lifted is None else lifted.value


def hold_again(attributes: dict[str, Any], old: dict[str, Any]) -> None:
    """Let a dict hold again what it held."""
    if list(attributes) != list(old) or any(attributes[key] is not old[key] for key in old):
        attributes.clear()
        attributes.update(old)
