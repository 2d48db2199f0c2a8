"""Why a gradient that a pass gives is zero, or is not what ``.grad`` says."""

from dataclasses import replace
from typing import Any

import numpy as np

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.cause import number
from minigrad.debugger.contributions import norm, rule_name
from minigrad.debugger.dead import dead_units
from minigrad.debugger.explanation import Explanation, called, told
from minigrad.debugger.failing import failure
from minigrad.debugger.paragraphs import place_lines, wrapped
from minigrad.debugger.shortening import faults
from minigrad.debugger.source import source_of
from minigrad.debugger.tangent import ends_of_influence
from minigrad.tensor import Tensor

__all__ = ["SHOWN", "of_a_gradient"]

SHOWN = 3


def of_a_gradient(root: Tensor, x: Tensor) -> Explanation:
    """For a tensor that the root depends on."""
    given = root.grad
    if given is None and root.size != 1:
        given = np.random.default_rng(0).standard_normal(root.shape)
    run = BackwardPass(root, given)
    try:
        run.go_to(len(run))
    except Exception as error:
        problem = failure(run, error)
        if run.pending(x):
            return of_a_failure(x, run, problem)
        found = of_what_arrived(root, x, run)
        later = f"The pass fails later, in step {run.position + 1} of {len(run)}: {problem}"
        return replace(found, text=f"{found.text}\n{wrapped(later)}")
    return of_what_arrived(root, x, run)


def of_what_arrived(root: Tensor, x: Tensor, run: BackwardPass) -> Explanation:
    """For a gradient that is complete."""
    name = called(x)
    gradient = run.grads[x]
    nonzero = int(np.count_nonzero(gradient))
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
    if x.size == 0:
        return told(x, kind, [f"{state}{it} has no entries: the shape is {x.shape}"])
    if bad := faults(gradient):
        where = "nan at the prompt, or nan_report(root), tells where from"
        return told(x, kind, [f"{state}{it} is not finite: {bad} of {x.size} entries; {where}"])
    if nonzero:
        size = f"norm {number(norm(gradient))}, and {x.size - nonzero} of {x.size} entries are 0"
        return told(x, kind, [f"{state}{it} is not zero: {size}"])
    return of_a_zero(root, x, run, f"{state}{it} is 0 everywhere")


def of_a_failure(x: Tensor, run: BackwardPass, problem: str) -> Explanation:
    """For a tensor whose gradient is not complete when a step fails."""
    uses, missing = len(run.uses[x]), len(run.pending(x))
    told_first = (
        f"{called(x)} has no gradient: the pass fails in step {run.position + 1} of {len(run)}, "
        f"when {uses - missing} of its {uses} contributions have arrived. {problem}"
    )
    return told(x, "failed", [told_first], source_of(run.order[run.position]))


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
