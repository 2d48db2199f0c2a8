"""Trust: the first calls run the function itself as well, and compare."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.arguments import map_leaves
from minigrad.compiler.belongings import Belongings
from minigrad.compiler.collecting import Trace
from minigrad.compiler.program import Value
from minigrad.compiler.results import Result
from minigrad.compiler.sources import Argument, Held, Slot, TensorData
from minigrad.tensor import Tensor

__all__ = ["Outcome", "Snapshot", "close", "differences", "values_of_outcome"]

Outcome = dict[Any, NDArray[Any]]
"""What a call left behind: results, gradients, values and optimizer states."""

RTOL = {"e": 1e-2, "f": 1e-5, "d": 1e-11, "g": 1e-11}
"""By dtype: the largest difference, as part of an array's largest element."""


GRAD = ".grad"
"""Behind the path of a result: its gradient."""


class Snapshot:
    """Everything that a call may change, to be put back; the arrays stay the ones they are."""

    def __init__(self, arguments: Mapping[str, Any], belongings: Belongings) -> None:
        self.tensors = {tensor: None for tensor in belongings.tensors if tensor.op is None}
        self.arrays: dict[int, tuple[NDArray[Any], NDArray[Any]]] = {}
        self.held = [a for a in belongings.arrays.values() if a.dtype.kind in "biuf"]
        for array in self.held:
            self.note(array)
        self.lists = [(optimizer, optimizer.state) for optimizer in belongings.optimizers]
        for name, value in arguments.items():
            map_leaves(value, (name,), self.note_argument)
        self.kept = [(t, t.data, t.grad, t.stamp) for t in self.tensors]
        for _, data, grad, _ in self.kept:
            self.note(data)
            self.note(grad)
        self.states = [
            (optimizer, position, state, dict(state))
            for optimizer in belongings.optimizers
            for position, state in enumerate(optimizer.state)
        ]
        for *_, remembered in self.states:
            for value in remembered.values():
                self.note(value)
        self.modes = [(module, module.training) for module in belongings.modules]
        generators = [
            *belongings.generators.values(),
            *(g for m in belongings.modules for g in vars(m).values()),
        ]
        self.draws = [
            (g, g.bit_generator.state) for g in generators if isinstance(g, np.random.Generator)
        ]

    def note_argument(self, leaf: Any, path: tuple[Any, ...]) -> None:
        if isinstance(leaf, Tensor):
            self.tensors[leaf] = None
        else:
            self.note(leaf)

    def note(self, array: Any) -> None:
        if isinstance(array, np.ndarray) and array.flags.writeable:
            self.arrays[id(array)] = (array, array.copy())

    def restore(self) -> None:
        for array, copy in self.arrays.values():
            array[...] = copy
        for tensor, data, grad, stamp in self.kept:
            tensor.data, tensor.grad, tensor.stamp = data, grad, stamp
        for optimizer, states in self.lists:
            optimizer.state = states
        for _, _, state, remembered in self.states:
            state.clear()
            state.update(remembered)
        for module, mode in self.modes:
            if module.training is not mode:
                module.training = mode
        for generator, drawn in self.draws:
            generator.bit_generator.state = drawn

    def outcome(self, result: Any, dtype: Any = None) -> Outcome:
        """Copies of all that a call left behind; ``dtype`` is that of a Python number."""
        found: Outcome = {}

        def note(leaf: Any, path: tuple[Any, ...]) -> None:
            value = leaf.data if isinstance(leaf, Tensor) else leaf
            if isinstance(value, (np.ndarray, np.generic, float, int)):
                kind = dtype if isinstance(value, float) else None
                found["result", path] = np.array(value, kind)
            if isinstance(leaf, Tensor) and leaf.grad is not None:
                found["result", (*path, GRAD)] = np.array(leaf.grad)

        map_leaves(result, (), note)
        for array in self.held:
            found["array", id(array)] = np.array(array)
        for tensor in self.tensors:
            if tensor.grad is not None:
                found["gradient", tensor] = np.array(tensor.grad)
            found["values", tensor] = np.array(tensor.data)
        for optimizer, position, state, _ in self.states:
            for slot, value in state.items():
                found["state", optimizer, position, slot] = np.array(value)
        return found


def values_of_outcome(trace: Trace, arguments: Mapping[str, Any]) -> dict[Any, Value]:
    """Which value of the program each part of the outcome is."""
    found: dict[Any, Value] = {}

    def note(leaf: Any, path: tuple[Any, ...]) -> None:
        if isinstance(leaf, Result):
            found["result", path] = leaf.value
            if leaf.grad is not None:
                found["result", (*path, GRAD)] = leaf.grad

    map_leaves(trace.result, (), note)
    for holder, grad in trace.grads.items():
        if grad is not None:
            found["gradient", tensor_at(holder, arguments)] = grad
    for target, new in trace.program.writes.items():
        source = trace.sources[target]
        if isinstance(source, Held):
            found["array", id(source.array)] = new
        elif isinstance(source, Slot):
            found["state", source.optimizer, source.position, source.name] = new
        elif isinstance(source, TensorData) or (isinstance(source, Argument) and source.is_tensor):
            found["values", tensor_at(source, arguments)] = new
    return found


def tensor_at(holder: Argument | TensorData, arguments: Mapping[str, Any]) -> Tensor:
    if isinstance(holder, TensorData):
        return holder.tensor
    found: Any = arguments
    for key in holder.path:
        found = found[key]
    tensor: Tensor = found
    return tensor


def text_of(key: Any) -> str:
    """A part of the outcome in words."""
    match key:
        case ("result", path):
            parts = (part if part is GRAD else f"[{part!r}]" for part in path)
            return "the result" + "".join(parts)
        case ("state", optimizer, position, slot):
            return f"{type(optimizer).__name__}.state[{position}][{slot!r}]"
        case ("array", _):
            return "an array that the function holds"
        case (kind, tensor):
            return f"the {kind} of {tensor.name or 'a tensor'}"
    raise AssertionError(key)


def differences(
    ours: Outcome, eager: Outcome, allowed: Mapping[Any, float] | None = None
) -> Iterator[str]:
    """In words, what differs by more than ``RTOL`` and what is ``allowed`` besides."""
    for key in [*eager, *(key for key in ours if key not in eager)]:
        name = text_of(key)
        if key not in ours or key not in eager:
            yield f"{name} is there only {'compiled' if key in ours else 'in the function itself'}"
            continue
        here, there = ours[key], eager[key]
        if here.shape != there.shape:
            yield f"{name} has shape {here.shape}, in the function itself {there.shape}"
        elif here.dtype != there.dtype:
            yield f"{name} has dtype {here.dtype}, in the function itself {there.dtype}"
        elif not close(here, there, (allowed or {}).get(key, 0.0)):
            index = worst(here, there)
            yield (
                f"{name}{list(index) if index else ''} is {here[index]!r}, "
                f"in the function itself {there[index]!r}"
            )


def close(here: NDArray[Any], there: NDArray[Any], allowed: float = 0.0) -> bool:
    """Equal to `RTOL` of the largest element, or to ``allowed``; NaN and inf in the same places."""
    rtol = RTOL.get(here.dtype.char, 0.0)
    here, there = here.astype(np.float64), there.astype(np.float64)
    finite = np.isfinite(there)
    if not np.array_equal(finite, np.isfinite(here)):
        return False
    if not np.array_equal(here[~finite], there[~finite], equal_nan=True):
        return False
    largest = np.abs(there[finite]).max(initial=0.0)
    return bool(np.all(np.abs(here[finite] - there[finite]) <= rtol * largest + allowed))


def worst(here: NDArray[Any], there: NDArray[Any]) -> tuple[int, ...]:
    """Index of the largest difference."""
    with np.errstate(all="ignore"):
        off = np.atleast_1d(np.abs(here.astype(np.float64) - there.astype(np.float64)))
    off[np.isnan(off)] = np.inf
    return tuple(int(i) for i in np.unravel_index(np.argmax(off), here.shape))
