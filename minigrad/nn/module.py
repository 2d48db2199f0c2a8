"""Module: what layers and models have in common.

Nothing is registered. A module is an ordinary object, and its parameters and children are found by
looking through its attributes whenever somebody asks. Assigning an attribute only does one thing
more than usual: it gives the parameters that come with it their dotted names.
"""

from collections.abc import Iterator, Mapping
from reprlib import recursive_repr
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from minigrad.errors import DTypeError
from minigrad.nn.state import holds_result, load_state, results_as_arrays
from minigrad.tensor import Tensor

__all__ = ["Module"]


class Module:
    """Base class of every layer and model: subclass it, assign attributes, write ``forward``.

    Every Tensor assigned as an attribute is a parameter and every Module a child, also inside
    lists, tuples and dicts, nested or not, and also if appended there later. There is no
    ``__init__`` to call first.

    Attributes
    ----------
    training : bool
        True until `eval` is called; `Dropout` acts only while it is.

    Raises
    ------
    AttributeError
        If an attribute would hide one of the methods below.
    DTypeError
        If an array or number is assigned where a trained parameter was.

    Notes
    -----
    Calling a module calls ``forward`` with the same inputs, given by position.

    A parameter's ``name`` is its path from the outermost module it was put into, such as
    ``encoder.0.weight``, and shows wherever the tensor is printed. One used in several places is
    listed once, under its first name.

    A Tensor that came out of an op is a result, not a parameter: it may be kept as an attribute,
    and becomes an array where the module is copied or pickled. Under `no_grad` a result has no op
    and would count as a parameter: keep its ``.data`` there. A Tensor without ``requires_grad``
    is listed and saved with the others, but is not trained. Arrays are constants.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> from minigrad.nn import Linear, Module
    >>> class Residual(Module):
    ...     def __init__(self, width):
    ...         self.inner = Linear(width, width, rng=0)
    ...         self.scale = mg.Tensor(0.5, requires_grad=True)
    ...
    ...     def forward(self, x):
    ...         return x + self.scale * mg.tanh(self.inner(x))
    >>> model = Residual(8)
    >>> [name for name, _ in model.named_parameters()]
    ['scale', 'inner.weight', 'inner.bias']
    >>> model(np.zeros((2, 8))).shape
    (2, 8)
    """

    training: bool = True

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What the module computes; every subclass writes its own."""
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, x)")

    # Inputs are positional: passing keywords on as well would cost 0.5 µs a layer.
    def __call__(self, *inputs: Any) -> Any:
        return self.forward(*inputs)

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and callable(getattr(Module, name, None)):
            raise AttributeError(
                f"{type(self).__name__}.{name} would hide the method Module.{name}(); "
                "choose another name"
            )
        if isinstance(value, (np.ndarray, np.generic, float, int)) and value is not False:
            self.refuse_constant(name)
        object.__setattr__(self, name, value)
        self.name_parameters(value)

    def refuse_constant(self, name: str) -> None:
        """Raise if an attribute is a parameter: as a plain value it would no longer be trained."""
        old = vars(self).get(name)
        if isinstance(old, Tensor) and old.op is None and old.requires_grad:
            raise DTypeError(
                f"{type(self).__name__}.{name} is a parameter, and a plain value in its place "
                f"would not be trained; write values into {name}.data[...], or assign a Tensor: "
                "without requires_grad it is a constant"
            )

    def name_parameters(self, value: Any) -> None:
        """Give the parameters in ``value``, a member of this module, their names as seen here."""
        inside: set[Tensor] = set()
        for _, member in members(value, ""):
            inside.update(member.parameters() if isinstance(member, Module) else [member])
        if inside:
            for name, tensor in self.named_parameters():
                if tensor in inside:
                    tensor.name = name

    # What is in it

    def named_members(self) -> list[tuple[str, "Tensor | Module"]]:
        """The parameters and modules held by the attributes themselves, in order, with names.

        A list's or dict's are named ``attribute.index`` and ``attribute.key``.
        """
        return [pair for name, value in vars(self).items() for pair in members(value, name)]

    def named_children(self) -> list[tuple[str, "Module"]]:
        """The modules directly in this one, with their names."""
        return [
            (name, member) for name, member in self.named_members() if isinstance(member, Module)
        ]

    def children(self) -> list["Module"]:
        """The modules directly in this one."""
        return [module for _, module in self.named_children()]

    def named_modules(self) -> list[tuple[str, "Module"]]:
        """This module, named ``""``, and all modules inside it, each once, parents first."""
        found: list[tuple[str, Module]] = []
        seen = set()
        pending: list[tuple[str, Module]] = [("", self)]
        while pending:
            prefix, module = pending.pop()
            if id(module) not in seen:
                seen.add(id(module))
                found.append((prefix, module))
                children = [(join(prefix, name), m) for name, m in module.named_children()]
                pending.extend(reversed(children))
        return found

    def modules(self) -> list["Module"]:
        """This module and all modules inside it, each once, parents first."""
        return [module for _, module in self.named_modules()]

    def named_parameters(self) -> list[tuple[str, Tensor]]:
        """All parameters in this module and those inside it, each once, with dotted names."""
        found = []
        seen = set()
        for prefix, module in self.named_modules():
            for name, member in module.named_members():
                if isinstance(member, Tensor) and member not in seen:
                    seen.add(member)
                    path = join(prefix, name)
                    # One that came through a list's append has no name yet, or a shorter one.
                    if member.name is None or path.endswith("." + member.name):
                        member.name = path
                    found.append((path, member))
        return found

    def parameters(self) -> list[Tensor]:
        """All parameters in this module and those inside it, each once."""
        return [tensor for _, tensor in self.named_parameters()]

    def num_parameters(self) -> int:
        """How many numbers the parameters hold in all, trained or not."""
        return sum(tensor.size for tensor in self.parameters())

    # Training

    def train(self, mode: bool = True) -> Self:
        """Set ``training`` here and in all modules inside; returns the module itself.

        Raises
        ------
        DTypeError
            If ``mode`` is not a bool.
        """
        if not isinstance(mode, bool):
            raise DTypeError(
                f"{type(self).__name__}.train: mode is {type(mode).__name__}, it must be a bool; "
                "train() only switches to training mode"
            )
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch training mode off, here and in all modules inside; returns the module itself."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Set the ``grad`` of every parameter to None."""
        for tensor in self.parameters():
            tensor.grad = None

    # Saving

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """A copy of every parameter's values, by dotted name; a shared one under its first name.

        Examples
        --------
        >>> from minigrad.nn import Linear
        >>> {name: values.shape for name, values in Linear(3, 2).state_dict().items()}
        {'weight': (3, 2), 'bias': (2,)}
        """
        return {name: tensor.data.copy() for name, tensor in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> None:
        """Copy the values in ``state`` into the parameters, keeping their arrays and dtypes.

        Parameters
        ----------
        state : mapping of str to array_like
            As `state_dict` gives it.
        strict : bool
            Whether every parameter must be in ``state``, and nothing else; if not, the names they
            have in common are loaded.

        Raises
        ------
        DTypeError
            If ``state`` is not a mapping.
        StateError
            If names are missing or unexpected (without ``strict``: if none are in common), or
            values have the wrong shape or a dtype whose values the parameter cannot hold. It
            lists them all, and nothing has been loaded.
        """
        caller = f"{type(self).__name__}.load_state_dict"
        load_state(caller, dict(self.named_parameters()), state, strict)

    def __getstate__(self) -> dict[str, Any]:
        # A copied result has lost its op, and would pass for a parameter.
        return {
            name: results_as_arrays(value) if holds_result(value) else value
            for name, value in vars(self).items()
        }

    # Printing

    def extra_repr(self) -> str:
        """What stands between the parentheses when the module is printed."""
        return ""

    @recursive_repr()
    def __repr__(self) -> str:
        lines = [f"({name}): {child!r}" for name, child in self.named_children()]
        if not lines:
            return f"{type(self).__name__}({self.extra_repr()})"
        body = "\n".join(lines).replace("\n", "\n  ")
        return f"{type(self).__name__}({self.extra_repr()}\n  {body}\n)"


def members(value: Any, name: str) -> Iterator[tuple[str, Tensor | Module]]:
    """The parameters and modules in an attribute's value: itself, or those in a container."""
    if isinstance(value, Module) or (isinstance(value, Tensor) and value.op is None):
        yield name, value
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from members(item, join(name, str(index)))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from members(item, join(name, str(key)))


def join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
