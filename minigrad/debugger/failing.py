"""A step that cannot be made: which of its rules is to blame, in words."""

from typing import Any

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.contributions import contribution_of, rule_name
from minigrad.errors import GradientError
from minigrad.tensor import Tensor

__all__ = ["failure"]


def failure(run: BackwardPass, error: Exception) -> str:
    """What stopped the step at hand: ``Log.grad_x raises ValueError: ...``.

    Rules are pure: they are run once more, and the first that raises is the one. Where none does,
    what one gave was refused, and the error says so.
    """
    tensor: Any = run.tensor
    for index, x in enumerate(tensor.inputs):
        rule = tensor.op.rules[index]
        if rule is None or not isinstance(x, Tensor) or x not in run.grads:
            continue
        try:
            contribution_of(tensor, index, run.grads[tensor])
        except GradientError as refused:
            return str(refused)
        except Exception as raised:
            return f"{rule_name(tensor, index)} raises {type(raised).__name__}: {raised}"
    return str(error)
