"""Whether arrays can be what a program reads and writes: in place, and each its own memory."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from minigrad.compiler.arguments import is_in_order, leaves_of
from minigrad.compiler.belongings import Belongings
from minigrad.compiler.collecting import Trace
from minigrad.compiler.sources import Argument, Held
from minigrad.errors import CompileError
from minigrad.tensor import Tensor

__all__ = ["check_arrays", "check_writes", "gradients_fit"]


def check_arrays(belongings: Belongings, arguments: Mapping[str, Any]) -> None:
    """Raise unless each Tensor has an array of its own that can be written to."""
    given = [leaf for _, leaf in leaves_of(arguments) if isinstance(leaf, Tensor)]
    tensors = [t for t in dict.fromkeys([*belongings.tensors, *given]) if t.op is None]
    for tensor in tensors:
        if not is_in_order(tensor.data):
            raise CompileError(
                f"{tensor!r} has its elements in another order than C's, in foreign bytes or "
                "read-only: compiled functions write into the array itself. Build it from "
                "np.array(..., order='C')"
            )
    ranges = sorted(
        ((*byte_bounds(t.data), t.requires_grad, t) for t in tensors if t.data.size),
        key=lambda entry: entry[:3],
    )
    for (_, end, trained, tensor), (start, _, also_trained, other) in zip(
        ranges, ranges[1:], strict=False
    ):
        if start < end and (trained or also_trained):
            raise CompileError(
                f"{tensor!r} and {other!r} share memory: what is written to one would change the "
                "other, which a compiled function cannot know. Give each its own array"
            )


def check_writes(trace: Trace, given: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Raise if an argument is written to of which the program would only see a copy."""
    leaves, ready = dict(leaves_of(given)), dict(leaves_of(arguments))
    for target in trace.program.writes:
        source = trace.sources[target]
        if isinstance(source, Held) and not is_in_order(source.array):
            raise cannot_write("an array that the function holds")
        if isinstance(source, Argument) and not source.is_tensor:
            array = ready[source.path]
            if array is not leaves[source.path] or not isinstance(array, np.ndarray):
                raise cannot_write(f"argument {source.path[0]}")
            for path, other in ready.items():
                is_array = path != source.path and isinstance(other, np.ndarray)
                if is_array and np.may_share_memory(array, other):
                    raise CompileError(
                        f"argument {source.path[0]} is written to and shares memory with {path[0]}"
                    )


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
