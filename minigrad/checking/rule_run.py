"""One run of one rule, watched: what it gives, and what is wrong with it apart from the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.drawing.nodes import names_of_inputs
from minigrad.graph import no_rule
from minigrad.tensor import Tensor

__all__ = ["Step", "run_rule"]

Array = NDArray[Any]

LARGER = -(2.0**20)
SCALING = 1e-6


@dataclass(frozen=True)
class Step:
    """One run of one rule on copies of what it would get in a backward pass.

    ``fault`` says what is wrong with it apart from the numbers; ``contribution`` is None if the
    backward pass could not go on with it.
    """

    name: str
    index: int
    contribution: Array | None
    fault: str = ""


def run_rule(tensor: Tensor, index: int, grad_out: Array) -> Step:
    """Run one rule on copies of what it would get, and look at what it does with them."""
    op: Any = tensor.op
    x = tensor.inputs[index]
    name = rule_name(tensor, index)
    rule = op.rules[index]
    if rule is None:
        return Step(name, index, None, str(no_rule(tensor, x, index)))
    given = [np.array(grad_out), np.array(tensor.data), *map(copied, tensor.arrays)]
    try:
        contribution = rule(*given, **tensor.params)
    except Exception as error:
        return Step(name, index, None, f"the rule raised {type(error).__name__}: {error}")
    if getattr(contribution, "shape", None) != x.shape:
        shape = getattr(contribution, "shape", None)
        found = f"shape {shape}" if shape is not None else f"{contribution!r}, not an array"
        return Step(name, index, None, f"the rule returned {found}; it must have shape {x.shape}")
    fault = fault_of_rule(tensor, x, given, grad_out, contribution)
    fault = fault or fault_of_scaling(tensor, index, grad_out, contribution)
    usable = contribution.dtype.kind == "f"
    return Step(name, index, contribution if usable else None, fault)


def rule_name(tensor: Tensor, index: int) -> str:
    """``Linear.grad_weight 'logits'``: the rule, and the name of the op's output if it has one."""
    op: Any = tensor.op
    name = f"{op.__name__}.grad_{names_of_inputs(tensor)[index]}"
    return name if tensor.name is None else f"{name} {tensor.name!r}"


def fault_of_rule(
    tensor: Tensor, x: Tensor, given: Sequence[Any], grad_out: Array, contribution: Array
) -> str:
    """What is wrong with the way a rule works, in words; empty if nothing is."""
    names = ["grad_out", "out", *names_of_inputs(tensor)]
    found = []
    for name, now, before in zip(
        names, given, (grad_out, tensor.data, *tensor.arrays), strict=True
    ):
        if not np.array_equal(now, before, equal_nan=kind_of(now) == "f"):
            found.append(f"the rule wrote into {name}")
        if name != "grad_out" and contribution.size and np.may_share_memory(contribution, now):
            found.append(f"the rule returned the memory of {name}, not a new array")
    floats = [array.dtype for array in given if kind_of(array) == "f" and hasattr(array, "dtype")]
    if contribution.dtype not in (x.dtype, np.result_type(*floats)):
        found.append(f"the rule returned {contribution.dtype} for an input of {x.dtype}")
    return "; ".join(found)


def fault_of_scaling(tensor: Tensor, index: int, grad_out: Array, contribution: Array) -> str:
    """What is wrong under a much larger gradient of the other sign, in words; empty if nothing.

    Powers of two multiply without rounding: a rule, being linear, gives exactly as much more.
    """
    op: Any = tensor.op
    larger = grad_out * grad_out.dtype.type(LARGER)
    again = op.rules[index](
        larger, np.array(tensor.data), *map(copied, tensor.arrays), **tensor.params
    )
    if getattr(again, "shape", None) != contribution.shape:
        return "the rule returned another shape for another gradient"
    gap = np.abs(again / LARGER - contribution)
    size = np.abs(contribution)
    small = np.finfo(grad_out.dtype).tiny  # what is lost below it
    wrong = np.isfinite(gap) & (gap > SCALING * size + small)
    if not wrong.any():
        return ""
    worst = np.unravel_index(int(np.argmax(np.where(wrong, gap, 0.0))), gap.shape)
    entry = [int(i) for i in worst]
    return (
        f"the rule is not linear in grad_out: for {LARGER:g} * grad_out it gives "
        f"{float(again[worst]):.6g} at {entry} instead of {LARGER * float(contribution[worst]):.6g}"
    )


def kind_of(x: Any) -> str:
    return np.asarray(x).dtype.kind


def copied(x: Any) -> Any:
    return np.array(x) if isinstance(x, np.ndarray) else x
