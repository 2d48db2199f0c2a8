"""What a function works on besides its arguments: parameters, modules, optimizers, generators.

A compiled step reads and writes the user's own arrays, and so has to know them beforehand. They are
found where Python keeps them: in the function's closure, its defaults, the globals it names, the
object it is a method of, and in what those hold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from minigrad.nn.module import Module
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor, is_own_file

__all__ = ["Belongings", "belongings_of"]

PLAIN = (str, bytes, int, float, complex, bool, type(None), np.ndarray, np.generic, type)


@dataclass(frozen=True, slots=True)
class Variable:
    """A global or an outer variable that the user's code reads, and what it held."""

    holder: Any
    name: str | None
    content: Any


@dataclass(slots=True)
class Belongings:
    """Everything found, each once, in the order of finding."""

    tensors: dict[Tensor, None] = field(default_factory=dict)
    modules: dict[Module, None] = field(default_factory=dict)
    optimizers: dict[Optimizer, None] = field(default_factory=dict)
    generators: dict[int, np.random.Generator] = field(default_factory=dict)
    variables: list["Variable"] = field(default_factory=list)

    def add_tensor(self, tensor: Tensor) -> None:
        """A leaf; what came out of an op is computed anew at each call."""
        if tensor.op is None:
            self.tensors[tensor] = None


def belongings_of(roots: Iterable[Any]) -> Belongings:
    """Look through ``roots`` and whatever they hold, without running anything."""
    found = Belongings()
    seen: set[int] = set()
    pending = list(roots)[::-1]
    while pending:
        thing = pending.pop()
        if isinstance(thing, PLAIN) or id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, Tensor):
            found.add_tensor(thing)
        elif isinstance(thing, np.random.Generator):
            found.generators[id(thing)] = thing
        else:
            if isinstance(thing, Module):
                found.modules[thing] = None
            elif isinstance(thing, Optimizer):
                found.optimizers[thing] = None
            if isinstance(thing, FunctionType):
                found.variables += variables_of(thing)
            pending.extend(reversed(list(held_by(thing))))
    return found


def held_by(thing: Any) -> Iterable[Any]:
    """What an object holds, one level down."""
    if isinstance(thing, FunctionType):
        return held_by_function(thing)
    if isinstance(thing, MethodType):
        return [thing.__self__, thing.__func__]
    if isinstance(thing, partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if isinstance(thing, Mapping):
        return list(thing.values())
    if isinstance(thing, (list, tuple, set, frozenset)):
        return list(thing)
    wrapped = getattr(thing, "__wrapped__", None)
    attributes = getattr(thing, "__dict__", None)
    if not isinstance(attributes, dict) or is_module(thing):
        return [wrapped]
    return [wrapped, *attributes.values()]


def is_module(thing: Any) -> bool:
    """Whether it is a module as in ``import``: it holds everything."""
    return type(thing).__name__ == "module"


def held_by_function(function: FunctionType) -> list[Any]:
    cells = [content for _, content in cells_of(function)]
    held = [*cells, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return held + [variable.content for variable in globals_of(function)]


def cells_of(function: FunctionType) -> list[tuple[Any, Any]]:
    """The outer variables of a function, as Python's cells, with what is in them."""
    found = []
    for cell in function.__closure__ or ():
        try:
            found.append((cell, cell.cell_contents))
        except ValueError:
            continue  # not yet assigned
    return found


def globals_of(function: FunctionType) -> list[Variable]:
    """The globals that a function mentions; our own functions keep nothing there."""
    if is_own_file[function.__code__.co_filename]:
        return []
    space = function.__globals__
    names = dict.fromkeys(names_in(function.__code__))
    return [Variable(space, name, space[name]) for name in names if name in space]


def variables_of(function: FunctionType) -> list[Variable]:
    """Those whose change would make another program: all but modules, classes and our own."""
    if is_own_file[function.__code__.co_filename]:
        return []
    outer = [Variable(cell, None, content) for cell, content in cells_of(function)]
    return [v for v in outer + globals_of(function) if not is_fixed(v.content)]


def is_fixed(content: Any) -> bool:
    code = getattr(content, "__code__", None)
    is_ours = code is not None and is_own_file[code.co_filename]
    return is_ours or is_module(content) or isinstance(content, type)


def names_in(code: CodeType) -> list[str]:
    """The global names that a function and those defined in it mention."""
    names = list(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names += names_in(constant)
    return names
