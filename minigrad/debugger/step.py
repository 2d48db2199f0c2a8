"""What one step of a backward pass does: what arrived, what it is multiplied by, what leaves.

A `Step` shows the state just before it is made. Rules are pure, so it runs them itself whenever it
is asked for a contribution: the numbers are those the pass gets, and nothing needs to be recorded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.contributions import contribution_of, norm, ratio, rule_name
from minigrad.debugger.formula import formula_of, source_of_rule
from minigrad.debugger.source import Source, source_of
from minigrad.drawing.nodes import names_of_inputs
from minigrad.tensor import Tensor

__all__ = ["Arrival", "Flow", "Step", "steps"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Arrival:
    """A contribution to a gradient, and which use of the tensor gave it.

    Attributes
    ----------
    consumer : Tensor or None
        What was computed from the tensor; None for the gradient that the pass started from.
    rule : str
        ``Multiply.grad_x``, or ``start``.
    contribution : ndarray
    """

    consumer: Tensor | None
    rule: str
    contribution: Array

    def __repr__(self) -> str:
        return f"Arrival({self.rule}, {self.contribution.shape})"


@dataclass(frozen=True)
class Flow:
    """What one input of an op gets in a step.

    Attributes
    ----------
    argument : str
        What the op calls it: ``x``, ``weight``, ``arrays[2]``.
    tensor : Tensor
    rule : str
        ``Linear.grad_weight``.
    formula : str
        The rule's last formula, as mathematics: ``dL/dx = dL/dout * out * (1 - out)``.
    contribution : ndarray
        What this use of the tensor adds to its gradient.
    before, after : ndarray or None
        Its gradient before and after that; None before anything has arrived.
    gain : float
        ‖contribution‖ / ‖grad_out‖ in the Euclidean norm; NaN if both are 0.
    zeros : float
        Share of the contribution's entries that are 0, from 0 to 1.
    finite : bool
        Whether all of them are finite.
    waiting : int
        How many more contributions its gradient waits for after this one.
    """

    argument: str
    tensor: Tensor
    rule: str
    formula: str
    contribution: Array
    before: Array | None
    after: Array
    gain: float
    zeros: float
    finite: bool
    waiting: int

    def __repr__(self) -> str:
        return f"Flow({self.rule} {self.contribution.shape} to {self.tensor!r})"


class Step:
    """One step of a backward pass: one op, the gradient of its output, and what its inputs get.

    Attributes
    ----------
    number, total : int
        It is the ``number``-th of ``total`` steps, counted from 1.
    tensor : Tensor
        The op's output.
    op : str
        Name of the op.
    params : Mapping
        The op's keyword arguments, such as an axis.
    out : ndarray
        Its value.
    grad_out : ndarray
        The gradient of the root with respect to it: all its contributions added up.
    values : dict of str to ndarray or number
        The values of the op's inputs that forward saw, by what the op calls them.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.debugger import steps
    >>> x = mg.Tensor([1.0, -2.0], requires_grad=True, name="x")
    >>> for step in steps((x * x).sum()):
    ...     print(step.number, step.op, step.grad_out, [flow.contribution for flow in step.flows])
    1 Sum 1.0 [array([1., 1.])]
    2 Multiply [1. 1.] [array([ 1., -2.]), array([ 1., -2.])]
    >>> x.grad
    array([ 2., -4.])
    """

    def __init__(self, run: BackwardPass, position: int | None = None) -> None:
        position = run.position if position is None else position
        tensor = run.order[position]
        self.number = position + 1
        self.total = len(run)
        self.tensor = tensor
        op: Any = tensor.op
        self.op: str = op.__name__
        self.params = tensor.params
        self.out: Array = tensor.data
        self.grad_out: Array = run.grads[tensor]
        self.values = dict(zip(names_of_inputs(tensor), tensor.arrays, strict=True))
        inputs = [x for x in tensor.inputs if isinstance(x, Tensor)]
        self.before = {x: run.grads[x] for x in inputs if x in run.grads}
        self.waiting = {x: len(run.pending(x)) for x in self.before}
        self.uses = [(consumer, index, run.grads[consumer]) for consumer, index in run.uses[tensor]]
        self.is_root = tensor is run.root

    def __repr__(self) -> str:
        return f"Step({self.number} of {self.total}: {self.tensor!r})"

    @property
    def source(self) -> Source | None:
        """The sub-expression of the user's source that called the op."""
        return source_of(self.tensor)

    @property
    def numbers(self) -> int:
        """How many numbers its op computes with and gives."""
        return self.out.size + sum(np.size(value) for value in self.values.values())

    @property
    def layer(self) -> str | None:
        """Dotted name of the layer whose parameters the op takes, or None."""
        for x in self.tensor.inputs:
            if isinstance(x, Tensor) and x.op is None and x.name and "." in x.name:
                return x.name.rpartition(".")[0]
        return None

    @property
    def parameters(self) -> list[str]:
        """Names of the named leaves among the op's inputs."""
        inputs = [x for x in self.tensor.inputs if isinstance(x, Tensor)]
        return [x.name for x in inputs if x.op is None and x.name]

    @cached_property
    def arrivals(self) -> list[Arrival]:
        """Every contribution that ``grad_out`` is the sum of, in the order they came."""
        if self.is_root:
            return [Arrival(None, "start", self.grad_out)]
        return [
            Arrival(consumer, rule_name(consumer, index), contribution_of(consumer, index, grad))
            for consumer, index, grad in self.uses
        ]

    @cached_property
    def flows(self) -> list[Flow]:
        """What each input that takes part gets, in the order of the op's arguments."""
        found = []
        gradients = dict(self.before)
        waiting = dict(self.waiting)
        for index, x in enumerate(self.tensor.inputs):
            if not isinstance(x, Tensor) or x not in gradients:
                continue
            contribution = contribution_of(self.tensor, index, self.grad_out)
            before = gradients[x]
            gradients[x] = contribution if before is None else before + contribution
            waiting[x] -= 1
            found.append(
                Flow(
                    argument=list(self.values)[index],
                    tensor=x,
                    rule=rule_name(self.tensor, index),
                    formula=formula_of(self.tensor, index),
                    contribution=contribution,
                    before=before,
                    after=gradients[x],
                    gain=ratio(norm(contribution), norm(self.grad_out)),
                    zeros=1 - np.count_nonzero(contribution) / max(contribution.size, 1),
                    finite=bool(np.isfinite(contribution).all()),
                    waiting=waiting[x],
                )
            )
        return found

    def rule_source(self, argument: str | None = None) -> str:
        """The text of a rule as it stands in its file; by default of all rules that run here."""
        flows = [flow for flow in self.flows if argument in (None, flow.argument)]
        names = list(self.values)
        return "\n".join(source_of_rule(self.tensor, names.index(f.argument)) for f in flows)


def steps(root: Tensor, gradient: ArrayLike | None = None) -> Iterator[Step]:
    """Backpropagate from ``root`` step by step: each is yielded, then made.

    When the last has been made, every ``.grad`` is what ``root.backward(gradient)`` would have made
    it, bit by bit; if the loop is left early, none has changed.

    Parameters
    ----------
    root : Tensor
        Where the pass starts, usually a loss.
    gradient : array_like, optional
        The gradient with respect to ``root``; 1 for a single element.

    Yields
    ------
    Step

    Raises
    ------
    GraphError, GradientError
        As `Tensor.backward`.

    Examples
    --------
    >>> import minigrad as mg
    >>> w = mg.Tensor(0.5, requires_grad=True, name="w")
    >>> for step in mg.steps(mg.sigmoid(w * 3.0)):
    ...     print(step.number, step.op, step.flows[0].formula)
    1 Sigmoid dL/dx = dL/dout * out * (1 - out)
    2 Multiply dL/dx = dL/dout * y
    """
    run = BackwardPass(root, gradient)
    while not run.done:
        yield Step(run)
        run.forward()
    run.store()
