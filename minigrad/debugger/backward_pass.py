"""A backward pass that stands still between its steps, and can go back.

It drives the same `minigrad.graph.backward_step` as ``Tensor.backward()``, so that its gradients
are the same bit by bit. Rules are pure and gradients are added out of place: no array that has
arrived is ever written to again. A step is therefore undone by putting back the references that
were in the dict of gradients before it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minigrad.errors import DTypeError, GraphError
from minigrad.graph import backward_step, topological_order
from minigrad.tensor import Tensor, store

__all__ = ["BackwardPass", "Use"]

Array = NDArray[Any]
Use = tuple[Tensor, int]
"""A tensor that was computed from another, and as its which input."""


class BackwardPass:
    """The backward pass from a tensor, one step at a time, in both directions.

    Parameters
    ----------
    root : Tensor
        Where it starts, usually a loss.
    gradient : array_like, optional
        The gradient with respect to ``root``, as for `Tensor.backward`.

    Attributes
    ----------
    root : Tensor
    order : list of Tensor
        The tensors whose gradient is passed on, in the order of the pass: one step for each.
    grads : dict
        The gradient of every tensor that takes part, as far as it has arrived; None before.
    position : int
        How many steps have been made, 0 to ``len(order)``.
    edited : bool
        Whether a gradient that was replaced by hand is in force: what follows is then no longer the
        pass of the program.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.debugger import BackwardPass
    >>> x = mg.Tensor(3.0, requires_grad=True)
    >>> run = BackwardPass(mg.exp(x * x))
    >>> [tensor.op.__name__ for tensor in run.order]
    ['Exp', 'Multiply']
    >>> run.forward()
    >>> run.tensor
    Tensor() float64 9 = Multiply(x, y) <doctest...>:1
    >>> run.back()
    >>> run.position
    0
    """

    def __init__(self, root: Tensor, gradient: ArrayLike | None = None) -> None:
        if not isinstance(root, Tensor):
            raise DTypeError(f"a backward pass starts from a Tensor, got {root!r}")
        self.root = root
        start = root.initial_gradient(gradient)
        taking_part = topological_order(root)
        self.order: list[Tensor] = [tensor for tensor in taking_part if tensor.inputs]
        self.grads: dict[Tensor, Any] = dict.fromkeys(taking_part)
        self.grads[root] = start
        self.uses = uses_of(self.order, self.grads)
        self.positions = {tensor: position for position, tensor in enumerate(self.order)}
        self.earlier: list[list[tuple[Tensor, Any]]] = []
        self.replaced: dict[Tensor, Any] = {}

    def __repr__(self) -> str:
        return f"BackwardPass({self.position} of {len(self.order)} steps, from {self.root!r})"

    def __len__(self) -> int:
        return len(self.order)

    @property
    def position(self) -> int:
        return len(self.earlier)

    @property
    def done(self) -> bool:
        return self.position == len(self.order)

    @property
    def tensor(self) -> Tensor | None:
        """The tensor whose gradient the next step passes on; None at the end."""
        return None if self.done else self.order[self.position]

    @property
    def edited(self) -> bool:
        return any(self.grads[tensor] is grad for tensor, grad in self.replaced.items())

    def forward(self) -> None:
        """Make the next step.

        Raises
        ------
        GraphError
            At the end of the pass, or as `Tensor.backward` does. Nothing has moved then.
        """
        tensor = self.tensor
        if tensor is None:
            raise GraphError(f"all {len(self.order)} steps have been made; there is no next one")
        inputs = {x for x in tensor.inputs if isinstance(x, Tensor) and x in self.grads}
        earlier = [(x, self.grads[x]) for x in inputs]
        try:
            backward_step(tensor, self.grads)
        except BaseException:
            self.grads.update(earlier)
            raise
        self.earlier.append(earlier)

    def back(self) -> None:
        """Undo the last step.

        Raises
        ------
        GraphError
            At the start of the pass.
        """
        if not self.earlier:
            raise GraphError("no step has been made yet; there is none to go back")
        self.grads.update(self.earlier.pop())

    def go_to(self, position: int) -> None:
        """Go forward or back until ``position`` steps have been made, 0 to ``len(order)``."""
        if not 0 <= position <= len(self.order):
            raise GraphError(f"there is no position {position}; it must be 0 to {len(self.order)}")
        while self.position < position:
            self.forward()
        while self.position > position:
            self.back()

    def replace_gradient(self, gradient: ArrayLike) -> None:
        """Go on with another gradient of the tensor at hand; it must have its shape."""
        tensor = self.tensor
        if tensor is None:
            raise GraphError("the pass is at its end; there is no gradient to replace")
        array = np.array(gradient, tensor.dtype)
        if array.shape != tensor.shape:
            raise GraphError(
                f"the gradient given has shape {array.shape}, but {tensor!r} has {tensor.shape}"
            )
        self.grads[tensor] = self.replaced[tensor] = array

    def store(self) -> None:
        """Make the steps that are left and fill ``.grad``, as `Tensor.backward` does at its end."""
        self.go_to(len(self.order))
        store(self.grads)

    def pending(self, tensor: Tensor) -> list[Use]:
        """The uses of ``tensor`` whose contribution to its gradient has yet to arrive."""
        return [use for use in self.uses[tensor] if self.positions[use[0]] >= self.position]

    @property
    def nbytes(self) -> int:
        """Bytes of all gradients it holds, earlier ones that `back` would restore included."""
        held = [*self.grads.values(), *(grad for step in self.earlier for _, grad in step)]
        return sum({id(grad): grad.nbytes for grad in held if grad is not None}.values())


def uses_of(order: list[Tensor], taking_part: Mapping[Tensor, Any]) -> dict[Tensor, list[Use]]:
    """For every tensor that takes part its uses, in the order in which they contribute."""
    uses: dict[Tensor, list[Use]] = {tensor: [] for tensor in taking_part}
    for tensor in order:
        for index, x in enumerate(tensor.inputs):
            if isinstance(x, Tensor) and x in uses:
                uses[x].append((tensor, index))
    return uses
