"""Layers one after another."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, overload

from minigrad.errors import DTypeError
from minigrad.nn.module import Module
from minigrad.tensor import Tensor

__all__ = ["Function", "Sequential"]


class Function(Module):
    """A plain function as a layer, so that it has a name and a place in the printed model.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.nn import Function
    >>> Function(mg.relu)
    Function(relu)
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)

    def extra_repr(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)


class Sequential(Module):
    """Layers applied one after another, each to the output of the one before.

    Parameters
    ----------
    *layers : Module or function
        A plain function, such as ``mg.relu``, is wrapped in a `Function`.

    Raises
    ------
    DTypeError
        If a layer is neither, or a class instead of an instance.

    Notes
    -----
    An int index gives a layer; a slice gives a Sequential of the same layers, whose parameters
    keep the names they have in the whole. Without layers it returns its input.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> from minigrad.nn import Linear, Sequential, Sigmoid
    >>> model = Sequential(Linear(4, 8, rng=0), Sigmoid(), Linear(8, 3, rng=1))
    >>> model
    Sequential(
      (0): Linear(4, 8)
      (1): Sigmoid()
      (2): Linear(8, 3)
    )
    >>> model(np.ones((5, 4))).shape, model[:2](np.ones((5, 4))).shape
    ((5, 3), (5, 8))
    >>> model[2].weight
    Tensor(8, 3) float64 '2.weight' requires_grad
    """

    def __init__(self, *layers: Module | Callable[[Any], Any]) -> None:
        self.layers = [as_layer(index, layer) for index, layer in enumerate(layers)]

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    if TYPE_CHECKING:  # so that an editor knows what a model returns

        def __call__(self, *inputs: Any) -> Tensor: ...

    def append(self, layer: Module | Callable[[Any], Any]) -> "Sequential":
        """Add a layer at the end; returns the Sequential itself."""
        added = as_layer(len(self.layers), layer)
        self.layers.append(added)
        self.name_parameters(added)
        return self

    def named_members(self) -> list[tuple[str, Tensor | Module]]:
        return [(name.removeprefix("layers."), member) for name, member in super().named_members()]

    def __len__(self) -> int:
        return len(self.layers)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> "Sequential": ...
    def __getitem__(self, index: int | slice) -> Module:
        if not isinstance(index, slice):
            return self.layers[index]
        part = Sequential()
        # Not through the constructor, which would rename the parameters of the whole.
        part.layers.extend(self.layers[index])
        part.training = self.training
        return part


def as_layer(index: int, layer: Any) -> Module:
    if isinstance(layer, type):
        raise DTypeError(
            f"Sequential: layer {index} is the class {layer.__name__}; write {layer.__name__}(...)"
        )
    if isinstance(layer, Module):
        return layer
    if not callable(layer):
        raise DTypeError(
            f"Sequential: layer {index} is {layer!r} ({type(layer).__name__}), neither a Module "
            "nor a function; a list of layers is passed as Sequential(*layers)"
        )
    return Function(layer)
