"""Many batches in one go: the loop over them is part of the native program.

A small network's step takes less time than Python needs to fetch a batch and call it. Here the rows
of each batch are gathered, and its step is run, without coming back to Python in between.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.collecting import Trace
from minigrad.compiler.generated import Generated, name_of
from minigrad.compiler.native_text import native, without_places
from minigrad.compiler.program import Value
from minigrad.compiler.results import Result
from minigrad.compiler.sources import Argument, Draw, Grad, Slot, TensorData
from minigrad.compiler.variant import fetched
from minigrad.tensor import next_stamp

__all__ = ["BatchLoop"]

SECONDS = 0.05
"""How long to stay away from Python: what a progress bar and Ctrl-C wait for."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some steps in a row: which rows they see, and where their results go.

    Attributes
    ----------
    order, most
        The rows, batch after batch, and the number of batches.
    losses, collected
        To be filled, an entry for each batch.
    counts
        The optimizer's counts of steps, which go on.
    inputs
        All inputs of the program that are no part of a batch, and no counts.
    """

    order: NDArray[np.intp]
    most: int
    losses: NDArray[np.float64]
    collected: NDArray[Any] | None
    counts: NDArray[np.int64]
    inputs: list[Any]


class BatchLoop:
    """Runs a compiled ``step(x, y)`` over batches of rows that an order names.

    Parameters
    ----------
    trace, generated
        The step, whose result is its loss, or the loss and an array to collect.
    x, y : ndarray
        All samples and targets, C-contiguous.
    """

    def __init__(
        self, trace: Trace, generated: Generated, x: NDArray[Any], y: NDArray[Any]
    ) -> None:
        self.trace, self.generated = trace, generated
        self.x, self.y = x, y
        program = trace.program
        sources = [trace.sources[value] for value in program.inputs]
        self.batch = {
            source.path[0]: np.empty(value.shape, value.dtype)
            for value, source in zip(program.inputs, sources, strict=True)
            if isinstance(source, Argument)
        }
        self.counts = [
            source for source in sources if isinstance(source, Slot) and is_count(source)
        ]
        numbers = [value for value in program.outputs if not value.shape]
        loss, *collected = results_of(trace.result)
        self.loss_at = 1 + numbers.index(loss)
        self.count_at = [1 + numbers.index(trace.counts[slot]) for slot in self.counts]
        self.collected = generated.arrays[collected[0]] if collected else None
        self.loop = native_loop(self) if generated.native is not None else self.python_loop
        self.seconds_per_batch = SECONDS

    @staticmethod
    def can_run(trace: Trace) -> bool:
        """Whether a step depends on nothing that has to be fetched between two batches."""
        sources = [trace.sources[value] for value in trace.program.inputs]
        arguments = {source.path for source in sources if isinstance(source, Argument)}
        return arguments == {("x",), ("y",)} and not any(
            isinstance(s, (Draw, Grad)) for s in sources
        )

    @property
    def batch_size(self) -> int:
        return len(self.batch["x"])

    def run(
        self, order: NDArray[np.intp], first: int, most: int
    ) -> tuple[NDArray[np.float64], NDArray[Any] | None]:
        """Some steps, at most ``most``, on the rows ``order[first:]``.

        Gradients stay in the program's own arrays: ``.grad`` is what the last call left.

        Returns
        -------
        losses, collected
            Of each step that was made: fewer than asked for if it took long, or if a check failed
            in the next one, which then has written nothing.
        """
        most = max(1, min(most, int(SECONDS / self.seconds_per_batch)))
        chunk = self.chunk(order[first:], most)
        started = perf_counter()
        try:
            done = self.loop(chunk)
        finally:
            # Also if Ctrl-C was pressed meanwhile, which is noticed after the native loop only.
            self.note(chunk.counts)
        self.seconds_per_batch = (perf_counter() - started) / most
        return chunk.losses[:done], None if chunk.collected is None else chunk.collected[:done]

    def chunk(self, order: NDArray[np.intp], most: int) -> Chunk:
        """Room for the results of some steps, and what they start from."""
        collected = None
        if self.collected is not None:
            collected = np.empty((most, *self.collected.shape), self.collected.dtype)
        counts = np.array([fetched(slot, {}) for slot in self.counts], np.int64)
        return Chunk(order, most, np.empty(most), collected, counts, self.inputs())

    def note(self, counts: NDArray[np.int64]) -> None:
        """Let optimizers and tensors know of the steps that were made."""
        for slot, count in zip(self.counts, counts.tolist(), strict=True):
            slot.optimizer.state[slot.position][slot.name] = count
        stamp = next_stamp()
        for holder in self.trace.stamped:
            if isinstance(holder, TensorData):
                holder.tensor.stamp = stamp

    def inputs(self) -> list[Any]:
        """All inputs of the program that are no part of the batch, and no counts."""
        return [
            fetched(source, {})
            for value in self.trace.program.inputs
            if not isinstance(source := self.trace.sources[value], Argument)
            and source not in self.counts
        ]

    def arguments(self, chunk: Chunk) -> list[Any]:
        """The inputs of the program in their order."""
        others = iter(chunk.inputs)
        found: list[Any] = []
        for value in self.trace.program.inputs:
            source = self.trace.sources[value]
            if isinstance(source, Argument):
                found.append(self.batch[source.path[0]])
            elif source in self.counts:
                found.append(int(chunk.counts[self.counts.index(source)]))
            else:
                found.append(next(others))
        return found

    def python_loop(self, chunk: Chunk) -> int:
        """The loop for a back end that is not native."""
        size = self.batch_size
        for b in range(chunk.most):
            rows = chunk.order[b * size : (b + 1) * size]
            np.take(self.x, rows, axis=0, out=self.batch["x"])
            np.take(self.y, rows, axis=0, out=self.batch["y"])
            result = self.generated.run(*self.arguments(chunk))
            if result[0]:
                return b
            chunk.losses[b] = result[self.loss_at]
            chunk.counts[:] = [result[k] for k in self.count_at]
            if chunk.collected is not None:
                chunk.collected[b] = self.collected
        return chunk.most


def is_count(slot: Slot) -> bool:
    """Whether a slot holds how many steps were made, not an array."""
    return not isinstance(slot.optimizer.state[slot.position][slot.name], np.ndarray)


def results_of(result: Any) -> list[Value]:
    """The values of what a step returned."""
    parts = result if isinstance(result, tuple) else (result,)
    return [part.value for part in parts if isinstance(part, Result)]


def native_loop(loop: BatchLoop) -> Callable[..., int]:
    """The loop as a native function around the native step."""
    assert loop.generated.native is not None
    step, workspace = loop.generated.native
    source = f"# around {name_of(without_places(loop.generated.source))}\n{loop_text(loop)}"
    _, batches = native(source, "batches", step=step)
    nothing = np.empty(0)
    flat_x, flat_y = loop.x.reshape(-1), loop.y.reshape(-1)
    batch_x, batch_y = loop.batch["x"], loop.batch["y"]
    flat_batch = batch_x.reshape(-1), batch_y.reshape(-1)

    def run(chunk: Chunk) -> int:
        kept = nothing if loop.collected is None else loop.collected.reshape(-1)
        into = nothing if chunk.collected is None else chunk.collected.reshape(-1)
        done: int = batches(
            *(workspace, flat_x, flat_y, chunk.order, chunk.most, batch_x, batch_y, *flat_batch),
            *(chunk.losses, into, kept, chunk.counts, *chunk.inputs),
        )
        return done

    return run


def loop_text(loop: BatchLoop) -> str:
    """The native loop as Python text."""
    others, arguments = [], []
    for value in loop.trace.program.inputs:
        source = loop.trace.sources[value]
        if isinstance(source, Argument):
            arguments.append(f"{source.path[0]}_batch")
        elif source in loop.counts:
            arguments.append(f"counts[{loop.counts.index(source)}]")
        else:
            others.append(value.name)
            arguments.append(value.name)
    fixed = (
        "workspace, x, y, order, most, x_batch, y_batch, x_flat, y_flat, losses, collected, kept, "
        "counts"
    )
    lines = [
        "from numba import njit",
        "",
        '@njit(error_model="numpy", cache=True)',
        f"def batches({', '.join([fixed, *others])}):",
        "    for b in range(most):",
        f"        for row in range({loop.batch_size}):",
        f"            chosen = order[b * {loop.batch_size} + row]",
    ]
    for name, batch in loop.batch.items():
        width = batch[0].size
        lines += [
            f"            for k in range({width}):",
            f"                {name}_flat[row * {width} + k] = {name}[chosen * {width} + k]",
        ]
    lines += [
        f"        result = step(workspace, {', '.join(arguments)})",
        "        if result[0]:",
        "            return b",
        f"        losses[b] = result[{loop.loss_at}]",
    ]
    lines += [f"        counts[{i}] = result[{k}]" for i, k in enumerate(loop.count_at)]
    if loop.collected is not None:
        lines += [
            f"        for k in range({loop.collected.size}):",
            f"            collected[b * {loop.collected.size} + k] = kept[k]",
        ]
    return "\n".join([*lines, "    return most", ""])
