"""The Jacobian of one op at one step, read off its rule: a rule is the product Jᵀv, for any v.

Its structure is found by probing, not known by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.debugger.contributions import contribution_of, norm, rule_name
from minigrad.debugger.formula import formula_of
from minigrad.debugger.jacobian_structure import (
    Pair,
    blocks_of,
    fully_paired,
    paired_axes,
    rows_of,
    rows_of_a_block,
)
from minigrad.debugger.step import Step
from minigrad.errors import DomainError
from minigrad.tensor import Tensor

__all__ = ["LocalJacobian", "index_of_argument", "local_jacobian"]

Array = NDArray[Any]

PROBES_AT_MOST = 1_000
SAMPLED_ROWS = 16


@dataclass(frozen=True)
class LocalJacobian:
    """J[i, j] = ∂out[i] / ∂argument[j] of one op, at the values of one step.

    Attributes
    ----------
    rule : str
        ``Sigmoid.grad_x``.
    argument : str
    formula : str
        What the rule computes, as mathematics.
    kind : str
        "diagonal", "dense", "block-diagonal", or "sampled" where it is too large for the others.
    values : ndarray
        Diagonal: the slopes, in the shape of the output. Dense: all of it, of ``shape``.
        Block-diagonal: one block if all are equal, else (blocks, rows, columns), as many blocks as
        the limit allows.
        Sampled: some rows, of shape (rows, *argument's shape).
    out_shape, argument_shape : tuple of int
    pairs : list of (int, int)
        The axes that go together: of the output and of the argument. An entry of the output
        depends only on entries of the argument with the same index there.
    rows : list of int
        Sampled: which rows, counted along the flat output.
    zeros : float
        Share of the entries that are 0; sampled: of those seen.
    norm : float
        Euclidean norm of all entries; sampled: estimated from the rows seen.
    """

    rule: str
    argument: str
    formula: str
    kind: str
    values: Array
    out_shape: tuple[int, ...]
    argument_shape: tuple[int, ...]
    pairs: list[Pair] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    zeros: float = 0.0
    norm: float = 0.0

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the output, then that of the argument."""
        return (*self.out_shape, *self.argument_shape)

    def __repr__(self) -> str:
        return f"LocalJacobian({self.rule}, {self.kind}, shape {self.shape})"

    def __str__(self) -> str:
        rows, columns = prod(self.out_shape), prod(self.argument_shape)
        lines = [
            f"d out / d {self.argument} of {self.rule}: {rows} x {columns}, {self.kind}",
            *self.structure(),
            f"{self.zeros:.1%} zeros, norm {self.norm:.4g}",
        ]
        shown = self.values
        if self.kind == "dense":
            shown = shown.reshape(rows, columns)
        if self.kind == "sampled":
            shown = shown.reshape(len(self.rows), columns)
        if self.kind == "block-diagonal" and shown.shape[-1] == 1:
            lines.append("its columns:")
            shown = shown[..., 0]
        text = np.array2string(
            shown, precision=4, threshold=60, edgeitems=2, suppress_small=True, max_line_width=79
        )
        return "\n".join([*lines, text])

    def structure(self) -> list[str]:
        """What there is to say about its structure."""
        x = self.argument
        if self.kind == "diagonal" and self.out_shape:
            return [f"out[i] depends on {x}[i] alone: the slopes are"]
        if self.kind == "sampled":
            return [f"too large to hold; its rows {', '.join(map(str, self.rows[:8]))}, ..."]
        if self.kind != "block-diagonal":
            return []
        number = prod(self.out_shape[own] for own, _ in self.pairs)
        size = f"{self.values.shape[-2]} x {self.values.shape[-1]}"
        axes = ", ".join(str(own) for own, _ in self.pairs)
        others = ", ".join(str(other) for _, other in self.pairs)
        equal = "equal " if self.values.ndim == 2 else ""
        return [
            f"over axis {axes} of out and axis {others} of {x}: {number} {equal}blocks of {size}"
        ]


def local_jacobian(step: Step, argument: str | int, limit: int = 10_000) -> LocalJacobian:
    """The Jacobian of a step's op with respect to one of its arguments.

    Parameters
    ----------
    step : Step
    argument : str or int
        What the op calls it, or its position; it must get a gradient.
    limit : int
        Up to how many entries it is computed in full, and blocks are kept apart.

    Returns
    -------
    LocalJacobian

    Raises
    ------
    DomainError
        If the op has no such argument, or it gets no gradient.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.debugger import local_jacobian
    >>> x = mg.Tensor([0.0, 1.0], requires_grad=True)
    >>> first, second = mg.steps(mg.softmax(mg.sigmoid(x)), [1.0, 0.0])
    >>> local_jacobian(second, "x").kind
    'diagonal'
    >>> print(local_jacobian(first, "x"))
    d out / d x of Softmax.grad_x: 2 x 2, dense
    0.0% zeros, norm 0.4934
    [[ 0.2467 -0.2467]
     [-0.2467  0.2467]]
    """
    index = index_of_argument(step, argument)
    with np.errstate(all="ignore"):
        return jacobian_of(step.tensor, index, list(step.values)[index], limit)


def index_of_argument(step: Step, argument: str | int) -> int:
    """The position of an argument that gets a gradient in this step."""
    names = list(step.values)
    given = [
        name
        for name, x in zip(names, step.tensor.inputs, strict=True)
        if isinstance(x, Tensor) and x.requires_grad
    ]
    name = argument
    if isinstance(argument, int) and 0 <= argument < len(names):
        name = names[argument]
    if name not in given:
        reason = "is a constant here" if name in names else "is no argument of it"
        raise DomainError(
            f"{step.op}: {argument!r} {reason}; a gradient goes to {', '.join(given)}"
        )
    return names.index(str(name))


def jacobian_of(tensor: Tensor, index: int, argument: str, limit: int) -> LocalJacobian:
    out, x = tensor.shape, tensor.inputs[index].shape
    pairs = paired_axes(tensor, index)
    rows: Sequence[int] = range(prod(out))
    if fully_paired(out, x, pairs):
        kind = "diagonal"
        values = contribution_of(tensor, index, np.ones(out, tensor.dtype)).reshape(out)
    elif prod(out) * prod(x) <= limit:
        kind = "dense"
        values = rows_of(tensor, index, rows).reshape((*out, *x))
    elif pairs and rows_of_a_block(out, pairs) <= PROBES_AT_MOST:
        kind = "block-diagonal"
        values = blocks_of(tensor, index, pairs)
    else:
        kind = "sampled"
        chosen = np.random.default_rng(0).permutation(prod(out))[:SAMPLED_ROWS]
        rows = sorted(int(row) for row in chosen)
        values = rows_of(tensor, index, rows)
    unseen = prod(out) / max(len(rows), 1)
    return LocalJacobian(
        rule=rule_name(tensor, index),
        argument=argument,
        formula=formula_of(tensor, index),
        kind=kind,
        values=values if kind != "block-diagonal" else blocks_to_keep(values, limit),
        out_shape=out,
        argument_shape=x,
        pairs=pairs,
        rows=list(rows) if kind == "sampled" else [],
        zeros=1 - np.count_nonzero(values) * unseen / max(prod(out) * prod(x), 1),
        norm=norm(values) * unseen**0.5,
    )


def blocks_to_keep(blocks: Array, limit: int) -> Array:
    """One block if all are equal; else as many as make up ``limit`` entries."""
    if (blocks == blocks[:1]).all():
        first: Array = blocks[0]
        return first
    return blocks[: max(1, limit // blocks[0].size)]
