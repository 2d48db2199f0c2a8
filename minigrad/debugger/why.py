"""Why the gradient of a tensor is None, or zero: what cuts it off from the root, and where."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.cause import number
from minigrad.debugger.cuts import (
    Constant,
    computed_from,
    constants_of,
    detached_from,
    graph_of,
    living_tensors,
)
from minigrad.debugger.dead import dead_units
from minigrad.debugger.paragraphs import place_lines, wrapped
from minigrad.debugger.source import Source, source_of
from minigrad.debugger.step import norm, rule_name
from minigrad.debugger.tangent import ends_of_influence
from minigrad.errors import DomainError, GraphError
from minigrad.graph import topological_order
from minigrad.nn.module import Module
from minigrad.tensor import Tensor

__all__ = ["Explanation", "why"]

SHOWN = 3


@dataclass(frozen=True)
class Explanation:
    """Why a tensor's gradient is as it is; ``str()`` is the text.

    Attributes
    ----------
    tensor : Tensor
    kind : str
        "gradient" (there is one, not zero), "not run", "cleared", "zero", "unused", "detached",
        "constant", "no_grad", "requires_grad" or "freed".
    text : str
        In sentences, at most 80 columns wide, with lines of source.
    source : Source or None
        Where it is cut, or dies.
    is_certain : bool
        False where nothing that is still alive links the tensor to the cut.
    """

    tensor: Tensor
    kind: str
    text: str
    source: Source | None = None
    is_certain: bool = True

    def __str__(self) -> str:
        return self.text


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
    GraphError, GradientError
        As `Tensor.backward`, where the pass from ``root`` fails.

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
        return told(x, kind, [f"{called(x)} has no gradient: {reason}"], source)
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


def called(x: Tensor) -> str:
    return repr(x.name) if x.name else repr(x)


def told(
    x: Tensor, kind: str, sentences: list[str], source: Source | None = None, sure: bool = True
) -> Explanation:
    """Sentences wrapped to the width of a terminal, the place in the source below them."""
    lines = [wrapped(sentence) for sentence in sentences]
    return Explanation(x, kind, "\n".join([*lines, *place_lines(source)]), source, sure)


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


def of_a_gradient(root: Tensor, x: Tensor) -> Explanation:
    """For a tensor that the root depends on."""
    given = root.grad
    if given is None and root.size != 1:
        given = np.random.default_rng(0).standard_normal(root.shape)
    run = BackwardPass(root, given)
    run.go_to(len(run))
    gradient = run.grads[x]
    nonzero = int(np.count_nonzero(gradient))
    name = called(x)
    if x.grad is not None and nonzero and not x.grad.any():
        kind, it = "cleared", "It"
        state = f"the .grad of {name} is 0: it was overwritten after backward(). "
    elif x.grad is not None:
        kind, state, it = "gradient", "", f"the gradient of {name}"
    elif root.grad is None:
        kind, it = "not run", "It"
        state = f"{name} has no .grad yet: backward() from this root has not run. "
    else:
        kind, it = "cleared", "It"
        state = f"{name} has no .grad any more: it was cleared after backward(), by zero_grad(). "
    if nonzero:
        size = f"norm {number(norm(gradient))}, and {x.size - nonzero} of {x.size} entries are 0"
        return told(x, kind, [f"{state}{it} is not zero: {size}"])
    return of_a_zero(root, x, run, f"{state}{it} is 0 everywhere")


def of_a_zero(root: Tensor, x: Tensor, run: BackwardPass, state: str) -> Explanation:
    """For a gradient that is 0 in all its entries."""
    try:
        ends = ends_of_influence(root, x)
    except Exception:  # a rule that cannot run on Tensors: the backward pass alone must do
        ends = []
    if not ends:
        return told(x, "zero", [f"{state}.", *vanishing(x, run)])
    lines = [wrapped(f"{state}:")]
    for end in ends[:SHOWN]:
        op: Any = end.tensor.op
        lines.append(wrapped(f"it ends in {op.__name__}: {dead_units(end)}"))
        lines += place_lines(source_of(end.tensor))
    if len(ends) > SHOWN:
        lines.append(f"and in {len(ends) - SHOWN} more ops")
    return Explanation(x, "zero", "\n".join(lines), source_of(ends[0].tensor))


def vanishing(x: Tensor, run: BackwardPass) -> list[str]:
    """Where a gradient that was not 0 gave one that is, if no op alone explains it."""
    found = []
    seen = {x}
    pending = [x]
    while pending:
        for user, index in run.uses[pending.pop()]:
            grad_out = run.grads[user]
            if np.any(grad_out):
                largest = number(float(np.max(np.abs(grad_out))))
                found.append(
                    f"{rule_name(user, index)} gives 0 for a gradient whose largest entry is "
                    f"{largest}, in step {run.positions[user] + 1} of {len(run)}: {user!r}"
                )
            elif user not in seen:
                seen.add(user)
                pending.append(user)
    return found[:SHOWN] or ["the gradient that the pass starts from is 0"]


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
        f"{name} has no gradient: no op connects it with the root, and nothing computed from it is "
        "still alive. The root does not use it, or only what was cut off from the graph:"
    )
    lines = [wrapped(sentences[0])]
    for constant in cuts[:SHOWN]:
        how = "detach() at" if constant.is_detached else "computed without a graph, no_grad(), for"
        lines += [f"- {how}", *place_lines(constant.source)]
    return Explanation(x, "unused", "\n".join(lines), cuts[0].source, False)


def linked(x: Tensor, tensor: Tensor, constant: Constant) -> Explanation:
    """For a constant in the graph that holds the values of ``tensor``, computed from ``x``."""
    what = "its values" if tensor is x else f"the values of {tensor!r}, computed from it,"
    op: Any = constant.user.op
    used = f"are the constant {constant.argument!r} of {op.__name__}"
    if constant.is_detached:
        kind, how = "detached", "cut off from the graph by detach()"
    elif constant.is_unrecorded:
        kind, how = "no_grad", "of an op that recorded no graph, under no_grad() or after detach()"
    else:
        kind, how = "constant", "taken as a plain array (.data or .numpy())"
    return told(x, kind, [f"{called(x)} has no gradient: {what} {used}, {how}:"], constant.source)
