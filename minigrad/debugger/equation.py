"""A rule in numbers: which entries were multiplied and added to make one entry of a contribution.

The rule's own text is taken apart, with the values of the step. Nothing is derived a second time:
if what comes out is not the contribution itself, nothing is told.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.debugger.arithmetic import Number, seen_through, written
from minigrad.debugger.parts import Part, argument, result_of
from minigrad.debugger.places import Index, bracketed
from minigrad.debugger.step import Flow, Step
from minigrad.debugger.tracing import entry

__all__ = ["Equation", "Number", "Reading"]


@dataclass(frozen=True)
class Equation:
    """How one number was computed.

    Attributes
    ----------
    target : str
        What it is: ``dL/dx[0, 1]``.
    tokens : tuple of str or Number
        The right-hand side: numbers, and what stands between them.
    value : float
    """

    target: str
    tokens: tuple[str | Number, ...]
    value: float

    def __str__(self) -> str:
        return f"{self.target} = {''.join(map(str, self.tokens))} = {self.value:.4g}"


class Reading:
    """The rule of one flow, read so that it can tell how each entry was computed.

    Parameters
    ----------
    step : Step
    flow : Flow
        One of its flows.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.Tensor([[1.0, 2.0]], requires_grad=True)
    >>> loss = (x @ mg.Tensor([[3.0], [5.0]], requires_grad=True)).sum()
    >>> product = list(mg.steps(loss))[1]
    >>> for equation in Reading(product, product.flows[1]).at((1, 0)):
    ...     print(equation)
    dL/dy[1, 0] = 2 * 1 = 2
    """

    def __init__(self, step: Step, flow: Flow) -> None:
        self.target = f"dL/d{flow.argument}"
        self.result = result_of_rule(step, flow)

    def at(self, index: Index) -> list[Equation]:
        """The equations that lead to one entry of the contribution, the last one being its own."""
        if self.result is None:
            return []
        try:
            return equations(self.result, self.target, index)
        except Exception:  # a rule is anything Python can say; the formula remains
            return []


def equations(result: Part, target: str, index: Index) -> list[Equation]:
    """Those of an entry of what a rule returns, and of all variables on the way to it."""
    result = seen_through(result)
    wanted = {result: index}
    found: dict[Part, Equation] = {}
    while unread := [part for part in wanted if part not in found]:
        part = max(unread, key=line_of)
        place = wanted[part]
        name = target if part is result else part.name
        tokens = tuple(written(part, place, wanted))
        found[part] = Equation(f"{name}{bracketed(place)}", tokens, entry(part, place))
    return list(found.values())[::-1]


def result_of_rule(step: Step, flow: Flow) -> Part | None:
    """What the rule returns, taken apart; None if that is not what it gave in this step."""
    op: Any = step.tensor.op
    rule = op.rules[list(step.values).index(flow.argument)]
    names = ["dL/dout", "out", *step.values]
    values = [step.grad_out, step.out, *step.values.values()]
    # A rule that writes into what it gets must not reach the graph.
    own = [x.copy("K") if isinstance(x, np.ndarray) else x for x in values]
    given = [argument(name, x) for name, x in zip(names, own, strict=True)]
    try:
        with np.errstate(all="ignore"):
            result = result_of(rule, given, step.params, inside=False)
    except Exception:  # a rule is anything Python can say; the formula remains
        return None
    if result is None:
        return None
    value = np.asarray(result.value, flow.contribution.dtype)
    return result if np.array_equal(value, flow.contribution, True) else None


def line_of(part: Part) -> int:
    """Where it stands in the rule's text: what is computed last is told last."""
    return getattr(part.node, "lineno", 0)
