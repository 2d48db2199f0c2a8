"""Where the inputs of a program come from at each call, and how Python fetches them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.arguments import in_order, is_in_order
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor

__all__ = [
    "Argument",
    "Draw",
    "Grad",
    "Held",
    "Hyperparameter",
    "Names",
    "Slot",
    "Source",
    "TensorData",
]


@dataclass(slots=True)
class Names:
    """Names for the objects that generated Python text mentions, ``taken`` ones left out."""

    taken: frozenset[str] = frozenset()
    objects: dict[str, Any] = field(default_factory=dict)
    by_id: dict[int, str] = field(default_factory=dict)

    def of(self, thing: Any, prefix: str) -> str:
        """The name of an object, the same whenever it is asked for."""
        if id(thing) not in self.by_id:
            name = self.free(f"{prefix}{len(self.objects)}")
            self.objects[name] = thing
            self.by_id[id(thing)] = name
        return self.by_id[id(thing)]

    def free(self, name: str) -> str:
        """``name``, with underscores behind it if it is taken."""
        while name in self.taken:
            name += "_"
        return name


@dataclass(frozen=True, slots=True)
class Argument:
    """An array or a number among the arguments; ``path`` leads to it: ``("x",)``, ``("x", 0)``."""

    path: tuple[Any, ...]
    is_tensor: bool = False
    is_scalar: bool = False
    """Whether it is a number of NumPy's, whose dtype counts."""

    def holder(self, names: Names) -> str:
        first, *rest = self.path
        return str(first) + "".join(f"[{key!r}]" for key in rest)

    def expression(self, names: Names) -> str:
        if self.is_scalar:
            return f"{names.of(np.asarray, 'asarray')}({self.holder(names)})"
        return self.holder(names) + (".data" if self.is_tensor else "")


@dataclass(frozen=True, slots=True)
class TensorData:
    """The values of a Tensor that the function holds: the caller sees to it that it is the array
    it was.
    """

    tensor: Tensor

    def holder(self, names: Names) -> str:
        return names.of(self.tensor, "tensor")

    def expression(self, names: Names) -> str:
        return names.of(self.tensor.data, "array")


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """An array that a variable or attribute of the user's holds."""

    array: NDArray[Any]

    def expression(self, names: Names) -> str:
        text = names.of(self.array, "held")
        return text if is_in_order(self.array) else f"{names.of(in_order, 'in_order')}({text})"


@dataclass(frozen=True, slots=True)
class Grad:
    """The gradient that a Tensor has when the function is called."""

    of: "Argument | TensorData"

    def expression(self, names: Names) -> str:
        text = f"{self.of.holder(names)}.grad"
        return f"{names.of(own_copy, 'own_copy')}({text})"


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """A number of an optimizer; ``position`` in it if it is a pair of numbers."""

    optimizer: Optimizer
    name: str
    position: int | None = None

    def expression(self, names: Names) -> str:
        text = f"{names.of(self.optimizer, 'optimizer')}.{self.name}"
        return text if self.position is None else f"{text}[{self.position}]"


@dataclass(frozen=True, slots=True)
class Slot:
    """What an optimizer remembers of a parameter: an array, or how many steps it made."""

    optimizer: Optimizer
    position: int
    name: str

    @property
    def remembered(self) -> Any:
        return self.optimizer.state[self.position][self.name]

    def dict_text(self, names: Names) -> str:
        return names.of(self.optimizer.state[self.position], "state")

    def holder(self, names: Names) -> str:
        return f"{self.dict_text(names)}[{self.name!r}]"

    def expression(self, names: Names) -> str:
        remembered = self.remembered
        is_array = isinstance(remembered, np.ndarray)
        return names.of(remembered, "slot") if is_array else self.holder(names)


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """Random numbers, drawn before each call by the generator that eager code would have asked."""

    generator: np.random.Generator
    method: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def expression(self, names: Names) -> str:
        generator = names.of(self.generator, "generator")
        args = [names.of(x, "argument") for x in self.args]
        args += [f"{key}={names.of(x, 'argument')}" for key, x in self.kwargs.items()]
        return f"{generator}.{self.method}({', '.join(args)})"


Source = Argument | TensorData | Held | Grad | Hyperparameter | Slot | Draw


def own_copy(array: NDArray[Any]) -> NDArray[Any]:
    """A copy in C order: what is read may be the array that the same call writes its result to."""
    return np.array(array, order="C")
