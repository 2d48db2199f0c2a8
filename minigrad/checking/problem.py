"""What is checked: a function of some leaves that can be evaluated again at moved leaves."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.errors import DTypeError
from minigrad.graph import topological_order
from minigrad.tensor import Tensor

__all__ = ["Branch", "Outcome", "Problem", "branches_of", "replayed"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Branch:
    """Which smooth piece each element of a non-smooth op's input is on."""

    tensor: Tensor
    pieces: NDArray[Any]


@dataclass(frozen=True)
class Outcome:
    """One evaluation: the output's values, flat, and the branches taken on the way.

    ``error`` is what the function raised instead of giving values, which are NaN then.
    ``roundings`` is for `Line`: for a leaf, the rounding errors that the values may have.
    """

    values: Array
    branches: list[Branch]
    error: str = ""
    roundings: dict[Tensor, list[Array]] = field(default_factory=dict)

    def finite(self) -> bool:
        return bool(np.isfinite(self.values).all())

    def same_branches(self, other: "Outcome") -> bool:
        """Whether every non-smooth op is on the same piece in both, elementwise."""
        return self.first_crossing(other) is None

    def first_crossing(self, other: "Outcome") -> tuple[Tensor, tuple[int, ...]] | None:
        """The first op output, and its element, that is on another piece in ``other``."""
        for mine, theirs in zip(self.branches, other.branches, strict=False):
            if mine.tensor.op is not theirs.tensor.op or mine.pieces.shape != theirs.pieces.shape:
                return mine.tensor, ()
            crossed = mine.pieces != theirs.pieces
            if crossed.any():
                return mine.tensor, tuple(int(i) for i in np.argwhere(crossed)[0])
        if len(self.branches) != len(other.branches):
            longer = max(self.branches, other.branches, key=len)
            return longer[min(len(self.branches), len(other.branches))].tensor, ()
        return None


class Problem:
    """A function of named leaves.

    Parameters
    ----------
    leaves : dict of str to Tensor
        The tensors to move, in float64.
    run : function without arguments
        Evaluates the function at the leaves' present values; returns a Tensor.
    """

    def __init__(self, leaves: dict[str, Tensor], run: Callable[[], Any]) -> None:
        self.leaves = leaves
        self.run = run

    def output(self) -> Tensor:
        """The function's value with its graph, as one Tensor."""
        out = self.run()
        if isinstance(out, (tuple, list)):
            raise DTypeError(
                f"gradcheck: the function must return one Tensor, got a {type(out).__name__} of "
                f"{len(out)}; check each on its own: lambda x: fn(x)[0]"
            )
        if not isinstance(out, Tensor):
            raise DTypeError(
                f"gradcheck: the function must return a Tensor, got {out!r}; of a plain NumPy "
                "function give the gradient as well: gradcheck(fn, x, gradient=...)"
            )
        return out

    def outcome(self) -> Outcome:
        """Evaluate, and note which pieces the non-smooth ops are on."""
        with np.errstate(all="ignore"):
            out = self.output()
        return Outcome(out.data.astype(np.float64).ravel(), branches_of(out))

    def outcome_beside(self, base: Outcome, leaf: Tensor, displacement: Array) -> Outcome:
        """The outcome with the leaf displaced; without values where the function has none.

        It has none outside of its domain, where it may well raise, and none to compare with where
        it returns another shape than at the base.
        """
        with self.moved(leaf, displacement):
            try:
                outcome = self.outcome()
            except Exception as error:
                nothing = np.full(base.values.shape, np.nan)
                return Outcome(nothing, [], f"{type(error).__name__}: {error}")
        if outcome.values.shape != base.values.shape:
            there, here = outcome.values.size, base.values.size
            nothing = np.full(base.values.shape, np.nan)
            return Outcome(nothing, [], f"the output has {there} elements instead of {here}")
        return outcome

    @contextmanager
    def moved(self, leaf: Tensor, displacement: Array) -> Iterator[None]:
        """The leaf displaced, as long as the block lasts."""
        base = leaf.data
        leaf.data = np.asarray(base + displacement)
        try:
            yield
        finally:
            leaf.data = base


def branches_of(out: Tensor) -> list[Branch]:
    """The branches of all non-smooth ops behind ``out``, in the order they were computed."""
    branches = []
    for tensor in reversed(topological_order(out)):
        if tensor.op is not None and tensor.op.branch is not None:
            pieces = np.asarray(tensor.op.branch(*tensor.arrays, **tensor.params))
            branches.append(Branch(tensor, pieces))
    return branches


@contextmanager
def replayed(problem: Problem, generators: Sequence[np.random.Generator]) -> Iterator[None]:
    """Set the generators back before each evaluation, and leave them as they were."""
    states = [generator.bit_generator.state for generator in generators]
    run = problem.run

    def run_again() -> Any:
        for generator, state in zip(generators, states, strict=True):
            generator.bit_generator.state = state
        return run()

    problem.run = run_again
    try:
        yield
    finally:
        problem.run = run
        for generator, state in zip(generators, states, strict=True):
            generator.bit_generator.state = state
