"""Why the gradient of a tensor is None, or zero: what cuts it off from the root, and where."""

import numpy as np

from minigrad.debugger.cuts import (
    Constant,
    computed_from,
    constants_of,
    detached_from,
    graph_of,
    living_tensors,
)
from minigrad.debugger.explanation import Explanation, called, told
from minigrad.debugger.paragraphs import place_lines, wrapped
from minigrad.debugger.source import Source, source_of
from minigrad.debugger.zero import SHOWN, of_a_gradient
from minigrad.errors import DomainError, GraphError
from minigrad.graph import topological_order
from minigrad.nn.module import Module
from minigrad.tensor import Tensor

__all__ = ["Explanation", "why"]


def why(root: Tensor, what: Tensor | str, model: Module | None = None) -> Explanation:
    """Explain why the gradient of a tensor with respect to ``root`` is None or zero.

    Parameters
    ----------
    root : Tensor
        Usually a loss.
    what : Tensor or str
        The tensor, or its name: that of one in the graph of ``root``, of a parameter of ``model``,
        or of the only living tensor called so.
    model : Module, optional

    Returns
    -------
    Explanation

    Raises
    ------
    DomainError
        If no tensor has this name, or several have.

    Notes
    -----
    No ``.grad`` is touched. If ``root`` has several elements and no ``.grad``, a Gaussian gradient
    stands for the one that will arrive.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.debugger import why
    >>> w = mg.Tensor([1.0, -2.0], requires_grad=True, name="w")
    >>> loss = mg.relu(-abs(w)).sum()
    >>> loss.backward()
    >>> print(why(loss, "w"))
    the gradient of 'w' is 0 everywhere:
    it ends in Relu: all 2 inputs are <= 0, the largest is -1
      <doctest ...>:1
        loss = mg.relu(-abs(w)).sum()
               ^^^^^^^^^^^^^^^^
    """
    x = what if isinstance(what, Tensor) else tensor_called(what, root, model)
    with np.errstate(all="ignore"):
        return explanation(root, x)


def tensor_called(name: str, root: Tensor, model: Module | None) -> Tensor:
    """The tensor of this name: in the graph, in the model, or else anywhere."""
    graph = graph_of(root)
    constants = [c.value for c in constants_of(root) if isinstance(c.value, Tensor)]
    parameters = dict(model.named_parameters()) if model is not None else {}
    # A detached tensor keeps the name of what it was taken from: that is meant, not the constant.
    alive = living_tensors()
    with_gradient = [x for x in alive if x.requires_grad]
    of_model = [parameters[name]] if name in parameters else []
    for places in (graph, of_model, with_gradient, constants, alive):
        found = {x: None for x in places if x.name == name or places is of_model}
        if len(found) > 1:
            raise DomainError(f"why: {len(found)} tensors are called {name!r}; give the one meant")
        if found:
            return next(iter(found))
    known = {x.name for x in [*graph, *constants] if x.name} | set(parameters)
    names = ", ".join(sorted(known)) or "none with a name"
    raise DomainError(f"why: no tensor is called {name!r}; there are {names}")


def explanation(root: Tensor, x: Tensor) -> Explanation:
    if not x.requires_grad:
        kind, reason, source = without_gradient(x)
        sentences = [f"{called(x)} has no gradient: {reason}"]
        uses = [constant for constant in constants_of(root) if constant.value is x is not root]
        if uses and source is None:
            sentences.append(f"It is {uses[0]}:")
            source = uses[0].source
        return told(x, kind, sentences, source)
    if not root.requires_grad:
        kind, reason, source = without_gradient(root)
        return told(x, kind, [f"the root itself, {root!r}, has no gradient: {reason}"], source)
    try:
        taking_part = topological_order(root)
    except GraphError as error:
        return told(x, "freed", [str(error)])
    if x in set(taking_part):
        return of_a_gradient(root, x)
    return of_a_cut(root, x)


def without_gradient(x: Tensor) -> tuple[str, str, Source | None]:
    """Kind, reason and place for a tensor with requires_grad False."""
    if x.code is not None:
        return "detached", "detach() made it, where the graph ends:", source_of(x)
    if x.dtype.kind != "f":
        return "requires_grad", f"numbers of dtype {x.dtype} have none", None
    if x.stamp > 0:
        reason = (
            "it was computed without a graph, under no_grad() or from tensors that all have "
            "requires_grad=False"
        )
        return "no_grad", reason, None
    return "requires_grad", "it was made with requires_grad=False", None


def of_a_cut(root: Tensor, x: Tensor) -> Explanation:
    """For a tensor that no op connects with the root."""
    name = called(x)
    reached = computed_from(x)
    constants = list(constants_of(root))
    for constant in constants:
        for tensor in reversed(reached):
            if constant.value is not tensor and np.may_share_memory(constant.array, tensor.data):
                return linked(x, tensor, constant)
    for constant in constants:
        if constant.was_cut_from(x):
            text = f"{name} has no gradient: what was computed from it was cut off by detach():"
            return told(x, "detached", [text], constant.source)
    detached = detached_from(reached)
    if detached is not None:
        sentences = [
            f"{name} has no gradient from this root: no op connects them.",
            "what was computed from it was cut off from the graph by detach():",
        ]
        return told(x, "detached", sentences, source_of(detached), False)
    sentences = [f"{name} has no gradient: the root does not use it."]
    if len(reached) > 1:
        sentences.append(f"something else does, last {reached[-1]!r}")
        return told(x, "unused", sentences)
    cuts = [constant for constant in constants if constant.may_hide(x)]
    if not cuts:
        return told(x, "unused", sentences)
    sentences[0] = (
        f"{name} has no gradient: no op connects it with the root. Either the root does not use "
        "it, or only where no graph was kept, before detach() or under no_grad(), for:"
    )
    lines = [wrapped(sentences[0])]
    for constant in cuts[:SHOWN]:
        how = "by detach() at" if constant.is_detached else "computed without a graph, used at"
        lines += [wrapped(f"- {constant}, {how}"), *place_lines(constant.source)]
    return Explanation(x, "unused", "\n".join(lines), cuts[0].source, False)


def linked(x: Tensor, tensor: Tensor, constant: Constant) -> Explanation:
    """For a constant in the graph that holds the values of ``tensor``, computed from ``x``."""
    what = "its values" if tensor is x else f"the values of {tensor!r}, computed from it,"
    if constant.is_detached:
        kind, how = "detached", "cut off from the graph by detach()"
    elif constant.is_unrecorded:
        kind, how = "no_grad", "of an op that recorded no graph, under no_grad() or after detach()"
    else:
        kind, how = "constant", "taken as a plain array (.data or .numpy())"
    return told(
        x, kind, [f"{called(x)} has no gradient: {what} are {constant}, {how}:"], constant.source
    )
