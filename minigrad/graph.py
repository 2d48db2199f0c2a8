"""Backpropagation: an order, a step, and the loop over both.

The graph is the Tensors themselves: each remembers the op it came out of and that op's inputs.
``grads`` is the only state of a backward pass, an ordinary dict: for every tensor that takes part,
the gradient that has arrived so far, or None before anything has.
"""

from collections.abc import Callable
from contextvars import ContextVar
from operator import attrgetter
from typing import Any

import numpy as np

from minigrad.errors import GradientError, GraphError
from minigrad.ops.base import Node, UnknownArray

__all__ = [
    "backpropagate",
    "backward_pass",
    "backward_step",
    "forget",
    "leaves_behind",
    "topological_order",
]

Grads = dict[Any, Any]


def backpropagate(
    root: Any, grad_root: Any, inputs: list[Any] | None = None, free_graph: bool = False
) -> Grads:
    """Carry ``grad_root`` from ``root`` back through the graph; return every tensor's gradient.

    Parameters
    ----------
    root : Tensor
        Where to start, usually a loss.
    grad_root : array or Tensor
        The gradient of the quantity of interest with respect to ``root``. If it is a Tensor, all
        rules run on Tensors, and the gradients carry a graph of their own.
    inputs : list of Tensor, optional
        Go only where it leads to one of these; by default everywhere.
    free_graph : bool
        Forget each tensor's graph and gradient as soon as the gradient has been passed on.

    Returns
    -------
    dict
        The gradient of each tensor that takes part, in the order of the pass; with ``free_graph``
        those of the leaves.
    """
    order = topological_order(root)
    if inputs is not None:
        order = leading_to(order, inputs)
    grads: Grads = dict.fromkeys(order)
    grads[root] = grad_root
    order.reverse()
    tensor = root
    try:
        while order:
            tensor = order.pop()  # so that the list keeps nothing alive that is done with
            if tensor.inputs:  # a leaf has nothing to pass on
                backward_step(tensor, grads)
                if free_graph:
                    forget(tensor, grads)
    except Exception as error:
        error.add_note(f"in the backward step of {tensor!r}")
        raise
    return grads


def forget(tensor: Any, grads: Grads) -> None:
    """Let go of a tensor's graph and gradient: its memory is free, unless somebody has a name."""
    tensor.inputs = tensor.arrays = ()
    tensor.grad = None
    del grads[tensor]


backward_pass: ContextVar[Callable[..., Grads]] = ContextVar("backward_pass", default=backpropagate)
"""What ``Tensor.backward()`` runs: `backpropagate`, unless a debugger makes the same steps."""


def backward_step(tensor: Any, grads: Grads) -> None:
    """Pass the gradient of ``tensor`` on to those of its inputs that take part."""
    grad_out = grads[tensor]
    if isinstance(grad_out, Node):
        out, inputs = tensor, as_tensors(tensor)
    else:
        out, inputs = tensor.data, tensor.arrays
    op, params, stamp = tensor.op, tensor.params, tensor.stamp
    arguments = (grad_out, out, *inputs)
    for index, x in enumerate(tensor.inputs):
        if not isinstance(x, Node):
            continue
        if x.stamp > stamp:
            raise changed_since(tensor, x)
        if x not in grads:
            continue
        rule = op.rules[index]
        if rule is None:
            raise no_rule(tensor, x, index)
        contribution = rule(*arguments, **params)
        data = x.data
        if getattr(contribution, "shape", None) != data.shape:
            raise wrong_shape(x, rule, contribution)
        if contribution.dtype is not data.dtype:
            if data.dtype.kind != "f" or contribution.dtype.kind == "c":
                raise GraphError(
                    f"no gradient of dtype {contribution.dtype} for {x!r}: only real "
                    "floating-point tensors have one"
                )
            contribution = contribution.astype(data.dtype)
        arrived = grads[x]
        if arrived is not None:
            grads[x] = arrived + contribution
        elif contribution is grad_out and not isinstance(grad_out, np.generic):
            grads[x] = contribution.copy()  # no two gradients share memory
        else:
            grads[x] = contribution


def as_tensors(tensor: Any) -> list[Any]:
    """Its inputs, arrays as Tensors too: ``array.dot(grad_out)`` would lose the graph silently."""
    arrays = (np.ndarray, UnknownArray)
    return [type(tensor)(x) if isinstance(x, arrays) else x for x in tensor.inputs]


def topological_order(root: Any) -> list[Any]:
    """All tensors between ``root`` and the leaves, each after everything that used it.

    What an op returns is always younger than its inputs, so that going from the youngest to the
    oldest is such an order. Nothing recurses, however deep the graph.
    """
    found = {root: None}
    pending = [root]
    for tensor in pending:  # which grows as it goes
        inputs = tensor.inputs
        if not inputs and tensor.op is not None:
            raise GraphError(
                f"the graph behind {tensor!r} was freed; run the forward pass again. What a "
                "compiled function returns has no graph: call backward() inside it"
            )
        for x in inputs:
            if isinstance(x, Node) and x.requires_grad and x not in found:
                found[x] = None
                if x.op is not None:
                    pending.append(x)
    return sorted(found, key=stamp_of, reverse=True)


stamp_of = attrgetter("stamp")


def leaves_behind(root: Any, most: int = 1000) -> list[Any]:
    """The leaves that a gradient from ``root`` would reach; none if there are too many tensors."""
    found = {root: None} if root.requires_grad else {}
    pending = list(found)
    while pending and len(found) <= most:
        for x in pending.pop().inputs:
            if isinstance(x, Node) and x.requires_grad and x not in found:
                found[x] = None
                pending.append(x)
    return [] if pending else [tensor for tensor in found if tensor.op is None]


def leading_to(order: list[Any], inputs: list[Any]) -> list[Any]:
    """Those tensors of a topological order from which some of ``inputs`` can be reached."""
    leading = set(inputs)
    for tensor in reversed(order):
        if any(isinstance(x, Node) and x in leading for x in tensor.inputs):
            leading.add(tensor)
    return [tensor for tensor in order if tensor in leading]


def changed_since(tensor: Any, x: Any) -> GraphError:
    return GraphError(
        f"{x!r} has changed since {tensor!r} was computed from it, so that its gradient would mix "
        "old values with new ones; run the forward pass again before backward()"
    )


def no_rule(tensor: Any, x: Any, index: int) -> GraphError:
    names = tensor.op.input_names
    rule = f"{tensor.op.__name__}.grad_{names[min(index, len(names) - 1)]}"
    return GraphError(
        f"{x!r} requires a gradient, but there is no rule {rule}: write one, or pass x.detach()"
    )


def wrong_shape(x: Any, rule: Any, contribution: Any) -> GradientError:
    shape = getattr(contribution, "shape", None)
    found = f"shape {shape}" if shape is not None else f"{contribution!r}, not an array"
    name = getattr(getattr(rule, "func", rule), "__qualname__", rule)
    return GradientError(f"{name} returned {found} for {x!r}; it must have shape {x.data.shape}")
