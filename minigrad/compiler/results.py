"""What a compiled function gives back: values, but no graph behind them.

The function itself gives back Tensors that a gradient can flow through. A program's results cannot
be such, and must not look like constants either: what is added to them outside, such as a weight
penalty, would get its gradient and the rest none. So they refuse ``backward()``, at every call.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.arguments import map_leaves
from minigrad.compiler.program import Value
from minigrad.compiler.sources import Argument, TensorData
from minigrad.tensor import Tensor, next_stamp

__all__ = ["Result", "Same", "TensorKind", "without_graph"]


class CompiledFunction:
    """Stands where the op of a result would: its inputs are not kept, as in a graph once freed."""

    input_names = ()
    rules = ()


@dataclass(frozen=True, slots=True)
class TensorKind:
    """What is known of a Tensor besides its values: whether it is a leaf, and where it was made."""

    requires_grad: bool
    is_leaf: bool
    name: str | None
    code: Any
    instruction: int

    @classmethod
    def of(cls, tensor: Tensor) -> "TensorKind":
        is_leaf = tensor.op is None
        return cls(tensor.requires_grad, is_leaf, tensor.name, tensor.code, tensor.instruction)

    def tensor(self, data: NDArray[Any], grad: NDArray[Any] | None) -> Tensor:
        """Such a one, without the graph behind it."""
        tensor = Tensor(data, requires_grad=self.requires_grad, name=self.name)
        tensor.grad = grad
        if not self.is_leaf:
            op: Any = CompiledFunction
            tensor.op, tensor.stamp = op, next_stamp()
            tensor.code, tensor.instruction = self.code, self.instruction
        return tensor


@dataclass(frozen=True, slots=True)
class Result:
    """In what the function returned: the place of an output.

    Attributes
    ----------
    value
        The output.
    kind
        If it is a Tensor, which.
    grad
        The gradient of that Tensor, if it has one.
    """

    value: Value
    kind: TensorKind | None = None
    grad: Value | None = None


@dataclass(frozen=True, slots=True)
class Same:
    """In what the function returned: a tensor that there was before."""

    holder: Argument | TensorData


def without_graph(result: Any) -> Any:
    """What the function itself returned, as its program would have returned it."""

    def cut(leaf: Any, path: tuple[Any, ...]) -> Any:
        if isinstance(leaf, Tensor) and leaf.op is not None:
            return TensorKind.of(leaf).tensor(leaf.data.copy(), leaf.grad)
        if isinstance(leaf, np.ndarray):
            return leaf.copy() if leaf.shape else leaf[()]  # the caller's own
        return leaf

    return map_leaves(result, (), cut)
