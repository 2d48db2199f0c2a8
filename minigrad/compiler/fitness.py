"""Whether arrays can be what a program reads and writes: in place, and each its own memory."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from minigrad.compiler.arguments import is_in_order, leaves_of
from minigrad.compiler.belongings import Belongings
from minigrad.compiler.collecting import Trace
from minigrad.compiler.program import Value
from minigrad.compiler.sources import Argument, Held, Names, Slot, Source, TensorData
from minigrad.errors import CompileError
from minigrad.tensor import Tensor

__all__ = [
    "apart_conditions",
    "check_arrays",
    "check_writes",
    "gradients_fit",
    "writes_to_arguments",
]


def check_arrays(belongings: Belongings, arguments: Mapping[str, Any]) -> None:
    """Raise unless each Tensor has an array that can be written to as it lies in memory."""
    given = [leaf for _, leaf in leaves_of(arguments) if isinstance(leaf, Tensor)]
    tensors = [t for t in dict.fromkeys([*belongings.tensors, *given]) if t.op is None]
    for tensor in tensors:
        if not is_in_order(tensor.data):
            raise CompileError(
                f"{tensor!r} has its elements in another order than C's, in foreign bytes or "
                "read-only: compiled functions write into the array itself. Build it from "
                "np.array(..., order='C')"
            )


def check_writes(trace: Trace, given: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Raise if the program would write to a copy, or to what it takes for another array."""
    leaves, ready = dict(leaves_of(given)), dict(leaves_of(arguments))
    for target in trace.program.writes:
        source = trace.sources[target]
        if isinstance(source, Held) and not is_in_order(source.array):
            raise cannot_write("an array that the function holds")
        if isinstance(source, Argument) and not source.is_tensor:
            array = ready[source.path]
            if array is not leaves[source.path] or not isinstance(array, np.ndarray):
                raise cannot_write(text_of(source, array))
    if trace.program.writes:
        check_apart(trace, ready)


def writes_to_arguments(trace: Trace) -> bool:
    """Whether the program writes to arrays that are handed over, so that copies will not do."""
    return any(isinstance(trace.sources[target], Argument) for target in trace.program.writes)


def check_apart(trace: Trace, arguments: Mapping[Any, Any]) -> None:
    """Raise if an array that is written to shares memory with another one."""
    ranges = []
    for value, source in trace.sources.items():
        array = array_of(source, arguments)
        if isinstance(array, np.ndarray) and array.size:
            is_written = value in trace.program.writes
            ranges.append((*byte_bounds(array), is_written, text_of(source, array), id(array)))
    reached, last = 0, None
    for entry in sorted(ranges):
        start, end, is_written, name, _ = entry
        if last is not None and start < reached and (is_written or last[2]):
            raise CompileError(
                f"{name} and {last[3]} share memory: what is written to one would change the "
                "other, which a compiled function cannot know. Give each its own array"
            )
        if end > reached:
            reached, last = end, entry


def is_array_argument(value: Value, trace: Trace) -> bool:
    source = trace.sources[value]
    return isinstance(source, Argument) and not source.is_scalar and not value.weak


def owners_of(array: Any) -> list[Any]:
    """An array, and the one whose memory it is a view of."""
    found = [] if array is None else [array, array.base]
    return [owner for owner in found if owner is not None]


def outside(text: str, ids: str) -> list[str]:
    """Tests that an argument is none of the arrays that are written to, nor a view of one."""
    return [f"id({text}) not in {ids}", f"id({text}.base) not in {ids}"]


def apart_conditions(trace: Trace, names: Names) -> list[str]:
    """Tests that no argument shares memory with what is written to.

    Arrays that the function holds and writes to own their memory, or are views of one that does, so
    that for these it is enough to compare owners.
    """
    share = names.of(np.may_share_memory, "may_share_memory")
    known: dict[str, bool] = {}  # by the text of an array, whether it is written to
    for value in trace.program.inputs:
        source = trace.sources[value]
        is_argument = is_array_argument(value, trace)
        if is_argument or isinstance(source, (Held, TensorData)):
            known[source.expression(names)] = is_argument and value in trace.program.writes
    texts = list(known)
    owners = [
        owner
        for value in trace.program.writes
        for owner in owners_of(array_of(trace.sources[value], {}))
    ]
    ids = names.of(frozenset(map(id, owners)), "written")
    return [
        test
        for value in trace.program.inputs
        if owners and is_array_argument(value, trace) and value not in trace.program.writes
        for test in outside(trace.sources[value].expression(names), ids)
    ] + [
        f"not {share}({text}, {other})"
        for k, text in enumerate(texts)
        for other in texts[k + 1 :]
        if known[text] or known[other]
    ]


def array_of(source: Source, arguments: Mapping[Any, Any]) -> Any:
    match source:
        case TensorData():
            return source.tensor.data
        case Held():
            return source.array
        case Argument():
            leaf = arguments.get(source.path)
            return leaf.data if isinstance(leaf, Tensor) else leaf
        case Slot():
            return source.remembered if isinstance(source.remembered, np.ndarray) else None
    return None


def text_of(source: Source, array: Any) -> str:
    match source:
        case TensorData():
            return repr(source.tensor)
        case Argument():
            return f"argument {source.path[0]}"
    return f"an array of shape {array.shape} that the function holds"


def cannot_write(what: str) -> CompileError:
    return CompileError(
        f"{what} is written to, but it is read-only, not in C order or of foreign bytes, so that "
        "the program would write to a copy; hand over np.array(..., order='C')"
    )


def gradients_fit(tensors: Iterable[Tensor]) -> bool:
    """Whether every gradient there is can be added to."""
    return all(
        type(t.grad) is np.ndarray and t.grad.shape == t.data.shape and t.grad.dtype == t.data.dtype
        for t in tensors
        if t.op is None and t.grad is not None
    )
