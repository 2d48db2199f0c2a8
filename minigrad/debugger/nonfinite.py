"""Where NaN or infinity comes from, at both ends: in the values, and in the gradients."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.cause import cause_of, number
from minigrad.debugger.contributions import contribution_of, rule_name
from minigrad.debugger.cuts import graph_of
from minigrad.debugger.failing import failure
from minigrad.debugger.findings import BackwardFinding, ForwardFinding, NanReport
from minigrad.debugger.formula import formula_of
from minigrad.debugger.places import Index
from minigrad.debugger.source import source_of
from minigrad.drawing.nodes import names_of_inputs
from minigrad.errors import GraphError
from minigrad.tensor import Tensor

__all__ = ["NanReport", "nan_report"]

Array = NDArray[Any]


def nan_report(root: Tensor, gradient: ArrayLike | None = None) -> NanReport:
    """Find the first value and the first gradient of a graph that are not finite, and say why.

    Parameters
    ----------
    root : Tensor
        Usually a loss.
    gradient : array_like, optional
        The gradient to start from, as for `Tensor.backward`.

    Returns
    -------
    NanReport
        Print it. If the root is not finite, its ``forward`` is the earliest value on the way to
        it, in the order of computation; an infinity elsewhere, such as a mask's, is not blamed.

    Notes
    -----
    It raises nothing and warns of nothing: where the backward pass cannot be made, ``problem``
    says why. No ``.grad`` is touched.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([4.0, 0.0], requires_grad=True, name="x")
    >>> report = nan_report(mg.sqrt(x).sum())
    >>> report.ok, report.forward, report.backward.index
    (False, None, (1,))
    >>> print(report.backward.cause)
    1 / 0 (an infinite slope) in Sqrt.grad_x: dL/dx = dL/dout / (2 * out)
    with dL/dout[1] = 1 and out[1] = 0
    """
    with np.errstate(all="ignore"):
        forward = first_value(root)
        try:
            run = BackwardPass(root, gradient)
        except Exception as error:  # every reason is told, none raised
            return NanReport(root, forward, None, str(error))
        try:
            return NanReport(root, forward, first_gradient(run))
        except Exception as error:
            return NanReport(root, forward, None, failure(run, error))


def is_bad(values: Any) -> bool:
    """Whether there is a NaN or an infinity among them."""
    return values.dtype.kind in "fc" and not np.isfinite(values).all()


def first_value(root: Tensor) -> ForwardFinding | None:
    """The earliest value that is not finite; if the root is not, the earliest on the way to it.

    What was given, a leaf or a constant, counts as of the moment when the first op used it.
    """
    order = graph_of(root)
    taking_part = set(order)
    looked_at = on_the_way(root, taking_part) if is_bad(root.data) else taking_part
    for tensor in reversed(order):
        if tensor not in looked_at:
            continue
        for name, x, value in operands_of(tensor):
            if isinstance(x, Tensor) and x in taking_part:
                if x.op is None and is_bad(x.data):
                    return leaf_value(x, tensor)
            elif is_bad(np.asarray(value)):
                return constant_value(tensor, name, x)
        if is_bad(tensor.data) and tensor.op is not None:
            return computed_value(tensor)
    return leaf_value(root, None) if is_bad(root.data) else None


def operands_of(tensor: Tensor) -> list[tuple[str, Any, Any]]:
    """Name, input and value of each operand of the op that a tensor came out of."""
    if not tensor.inputs:
        return []
    return list(zip(names_of_inputs(tensor), tensor.inputs, tensor.arrays, strict=True))


def on_the_way(root: Tensor, taking_part: set[Tensor]) -> set[Tensor]:
    """The tensors from which values that are not finite lead to the root without a gap."""
    found = {root}
    pending = [root]
    while pending:
        for x in pending.pop().inputs:
            if isinstance(x, Tensor) and x in taking_part and x not in found and is_bad(x.data):
                found.add(x)
                pending.append(x)
    return found


def first_bad(values: Array) -> tuple[Index, float, int]:
    """Index and value of the first entry that is not finite, and how many there are."""
    bad = np.argwhere(~np.isfinite(values))
    index = tuple(int(i) for i in bad[0])
    return index, float(np.real(values[index])), len(bad)


def constant_value(user: Tensor, name: str, x: Any) -> ForwardFinding:
    """For an operand without gradient: a plain array, a number, or a tensor."""
    op: Any = user.op
    values = np.asarray(x.data if isinstance(x, Tensor) else x)
    tensor = x if isinstance(x, Tensor) else user
    index, value, count = first_bad(values)
    return ForwardFinding(
        tensor=tensor,
        origin="constant",
        name=(isinstance(x, Tensor) and x.name) or name,
        index=index,
        value=value,
        count=count,
        total=values.size,
        source=source_of(user),
        cause=f"it is in a constant, {name} of {op.__name__}: no op of this graph made it",
    )


def leaf_value(tensor: Tensor, user: Tensor | None) -> ForwardFinding:
    """For a leaf; its place is that of the op that used it first."""
    index, value, count = first_bad(tensor.data)
    return ForwardFinding(
        tensor=tensor,
        origin="leaf",
        name=tensor.name or "leaf",
        index=index,
        value=value,
        count=count,
        total=tensor.size,
        source=source_of(user) if user is not None else None,
        cause=f"it is in the leaf itself, {tensor!r}: no op made it",
    )


def computed_value(tensor: Tensor) -> ForwardFinding:
    op: Any = tensor.op
    index, value, count = first_bad(tensor.data)
    names = names_of_inputs(tensor)
    given = names, tensor.arrays, tensor.params
    cause = cause_of(op.forward, *given, tensor.data, index, op.__name__)
    return ForwardFinding(
        tensor=tensor,
        origin="op",
        name=op.__name__,
        index=index,
        value=value,
        count=count,
        total=tensor.size,
        source=source_of(tensor),
        cause=cause,
    )


def first_gradient(run: BackwardPass) -> BackwardFinding | None:
    """Make the steps of a pass up to the first whose contributions are not all finite."""
    start = run.grads[run.root]
    if is_bad(start):
        index, value, count = first_bad(start)
        return BackwardFinding(
            number=0,
            total=len(run),
            tensor=run.root,
            input=run.root,
            rule="start",
            formula="",
            index=index,
            value=value,
            count=count,
            size=start.size,
            source=source_of(run.root),
            cause="the gradient that the pass was started with holds it",
        )
    while not run.done:
        tensor: Any = run.tensor
        run.forward()
        inputs = [x for x in tensor.inputs if isinstance(x, Tensor) and x in run.grads]
        if any(is_bad(run.grads[x]) for x in inputs):
            run.back()
            return edge_at(run, tensor)
    return None


def edge_at(run: BackwardPass, tensor: Tensor) -> BackwardFinding:
    """The first contribution of a step that is not finite, or makes a gradient that is not."""
    grad_out = run.grads[tensor]
    grads = dict(run.grads)
    for position, x in enumerate(tensor.inputs):
        if not isinstance(x, Tensor) or x not in grads:
            continue
        contribution = contribution_of(tensor, position, grad_out)
        if is_bad(contribution):
            index, value, count = first_bad(contribution)
            cause = cause_in_rule(tensor, position, grad_out, contribution, index)
            break
        before = grads[x]
        grads[x] = contribution if before is None else before + contribution
        if is_bad(grads[x]):
            index, value, count = first_bad(grads[x])
            a, b = number(before[index]), number(contribution[index])
            cause = f"overflow where contributions are added up: {a} + {b}"
            break
    else:
        raise GraphError(f"the rule of {tensor!r} gives another gradient when it runs again")
    return BackwardFinding(
        number=run.position + 1,
        total=len(run),
        tensor=tensor,
        input=x,
        rule=rule_name(tensor, position),
        formula=formula_of(tensor, position),
        index=index,
        value=value,
        count=count,
        size=contribution.size,
        source=source_of(tensor),
        cause=cause,
    )


def cause_in_rule(
    tensor: Tensor, position: int, grad_out: Array, contribution: Array, index: Index
) -> str:
    op: Any = tensor.op
    names = ["dL/dout", "out", *names_of_inputs(tensor)]
    values = [grad_out, tensor.data, *tensor.arrays]
    rule, formula = rule_name(tensor, position), formula_of(tensor, position)
    given = names, values, tensor.params
    return cause_of(op.rules[position], *given, contribution, index, rule, formula)
