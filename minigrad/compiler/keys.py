"""What decides which program of a function a call needs."""

from collections.abc import Mapping, Sequence
from typing import Any

from minigrad.compiler.arguments import kinds_of, leaves_of
from minigrad.compiler.belongings import Belongings
from minigrad.compiler.variable import Variable, key_of
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor, is_grad_enabled

__all__ = ["difference", "key_of_call", "tensors_in"]

PARTS = (
    *("an argument", "whether gradients are recorded", "a variable", "a module's mode"),
    *("a tensor", "an optimizer", "which gradients there are"),
)
"""What the parts of a key are."""


def key_of_call(
    arguments: Mapping[str, Any],
    belongings: Belongings,
    variables: Sequence[Variable],
    *,
    with_grads: bool,
) -> tuple[Any, ...]:
    """Equal for two calls that the same program serves, as far as no numbers are branched on."""
    tensors = [*belongings.tensors, *tensors_in(arguments)]
    return (
        kinds_of(arguments, belongings.tensors),
        is_grad_enabled(),
        [key_of(variable) for variable in variables],
        [(id(m), m.training) for m in belongings.modules],
        [(id(t), t.shape, t.dtype, t.requires_grad) for t in belongings.tensors],
        [(id(o), [sorted(state) for state in o.state], flags_of(o)) for o in belongings.optimizers],
        [t.grad is None for t in tensors] if with_grads else None,
    )


def difference(new: tuple[Any, ...], old: tuple[Any, ...]) -> str:
    """In which part two keys differ, in words."""
    parts = zip(PARTS, new, old, strict=True)
    return next((part for part, x, y in parts if x != y), "a number that it branches on")


def tensors_in(arguments: Mapping[str, Any]) -> list[Tensor]:
    return [leaf for _, leaf in leaves_of(arguments) if isinstance(leaf, Tensor)]


def flags_of(optimizer: Optimizer) -> list[Any]:
    """The hyperparameters that are no run-time numbers."""
    values = [getattr(optimizer, name) for name in optimizer.hyperparameters]
    return [value for value in values if isinstance(value, (bool, int))]
