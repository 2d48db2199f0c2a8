"""What a function works on besides its arguments: parameters, modules, optimizers, arrays.

A compiled step reads and writes the user's own arrays, and so has to know them beforehand. They are
found where Python keeps them: in the function's closure, its defaults, the globals it names, the
object it is a method of, and in what those hold, however deep.
"""

import gc
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from dis import get_instructions
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any
from weakref import ref

import numpy as np

from minigrad.nn.module import Module
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor, is_own_file

__all__ = [
    "PLAIN",
    "REFLECTION",
    "Belongings",
    "belongings_of",
    "cells_of",
    "globals_in",
    "is_library",
    "is_own_class",
    "is_users_function",
    "named_by",
    "names_in",
    "slots_of",
]

REFLECTION = frozenset(["getattr", "hasattr", "vars", "__dict__", "attrgetter"])
"""A function that mentions one of these may read any attribute, or ask whether it is there."""

PLAIN = (str, bytes, int, float, complex, type(None), np.generic, np.dtype, np.ufunc, CodeType)
OPEN_LIBRARIES = {"builtins", "types", "collections", "functools", "itertools", "weakref", "enum"}
LIBRARIES = (sys.stdlib_module_names | {"numpy", "scipy", "numba"}) - OPEN_LIBRARIES


@dataclass(slots=True)
class Belongings:
    """Everything found, each once, in the order of finding.

    Attributes
    ----------
    tensors, modules, optimizers
        As dicts with keys only.
    generators, arrays
        By ``id``.
    functions
        Python functions, and the user's methods.
    objects
        Everything else that has attributes, classes too.
    """

    tensors: dict[Tensor, None] = field(default_factory=dict)
    modules: dict[Module, None] = field(default_factory=dict)
    optimizers: dict[Optimizer, None] = field(default_factory=dict)
    generators: dict[int, np.random.Generator] = field(default_factory=dict)
    arrays: dict[int, Any] = field(default_factory=dict)
    functions: list[FunctionType] = field(default_factory=list)
    objects: list[Any] = field(default_factory=list)

    def add(self, thing: Any) -> bool:
        """Note one thing; whether to look into what it holds."""
        if isinstance(thing, Tensor):
            self.tensors[thing] = None
            return False
        if isinstance(thing, np.random.Generator):
            self.generators[id(thing)] = thing
            return False
        if isinstance(thing, np.ndarray):
            self.arrays[id(thing)] = thing
            return False
        if isinstance(thing, Module):
            self.modules[thing] = None
        elif isinstance(thing, Optimizer):
            self.optimizers[thing] = None
        if isinstance(thing, FunctionType):
            self.functions.append(thing)
        elif not isinstance(thing, (MethodType, partial, ModuleType, BuiltinFunctionType)):
            self.objects.append(thing)
        return True


def belongings_of(roots: Iterable[Any]) -> Belongings:
    """Look through ``roots`` and whatever they hold, without running anything."""
    found = Belongings()
    seen: dict[int, Any] = {}  # with the things, so that no id comes twice
    pending = list(roots)[::-1]
    while pending:
        thing = pending.pop()
        if isinstance(thing, PLAIN) or id(thing) in seen:
            continue
        seen[id(thing)] = thing
        if not is_library(thing) and found.add(thing):
            pending.extend(reversed(list(held_by(thing))))
    return found


def is_library(thing: Any) -> bool:
    """Whether it comes from Python's or NumPy's own code, which holds nothing of the user's."""
    if isinstance(thing, (np.random.Generator, np.ndarray)):
        return False
    if isinstance(thing, ModuleType):
        module = thing.__name__
    elif isinstance(thing, (FunctionType, type)):
        module = thing.__module__
    else:
        module = type(thing).__module__
    return str(module).partition(".")[0] in LIBRARIES


def held_by(thing: Any) -> Iterable[Any]:
    """What an object holds, one level down."""
    if isinstance(thing, FunctionType):
        return held_by_function(thing)
    if isinstance(thing, MethodType):
        return [thing.__self__, thing.__func__]
    if isinstance(thing, partial):
        return [thing.func, *thing.args, *thing.keywords.values(), *vars(thing).values()]
    if isinstance(thing, ModuleType):
        return []  # it holds everything: what functions name in it is looked up there
    if isinstance(thing, type):
        return held_by_class(thing)
    if isinstance(thing, ref):
        return [thing()]
    if is_own_class(type(thing), "compiler"):
        return [thing.__wrapped__] if hasattr(thing, "__wrapped__") else []
    held = [*items_of(thing), *attributes_of(thing), type(thing)]
    return held if len(held) > 1 else gc.get_referents(thing)


def items_of(thing: Any) -> list[Any]:
    if isinstance(thing, Mapping):
        return list(thing.values())
    return list(thing) if isinstance(thing, (list, tuple, set, frozenset)) else []


def attributes_of(thing: Any) -> list[Any]:
    attributes = getattr(thing, "__dict__", None)
    found = list(attributes.values()) if isinstance(attributes, dict) else []
    return found + [getattr(thing, name) for name in slots_of(thing) if hasattr(thing, name)]


def slots_of(thing: Any) -> list[str]:
    """Names of the attributes that an object keeps outside of a ``__dict__``."""
    found: list[str] = []
    for kind in type(thing).__mro__:
        slots = vars(kind).get("__slots__", ())
        found += [slots] if isinstance(slots, str) else list(slots)
    return [name for name in found if name not in ("__dict__", "__weakref__")]


def held_by_class(kind: type) -> list[Any]:
    """The methods and attributes of a class; of our own modules only what runs in a step."""
    if is_own_class(kind):
        names = STEPS if issubclass(kind, (Module, Optimizer)) else ()
        return [vars(kind)[name] for name in names if name in vars(kind)] + list(kind.__bases__)
    held: list[Any] = list(kind.__bases__)
    for name, member in vars(kind).items():
        if name.startswith("__") and name.strip("_") not in IMPLIED.split():
            continue
        held.append(getattr(member, "__func__", member))  # of a staticmethod or classmethod
        held += [member.fget] if isinstance(member, property) else []
    return held


IMPLIED = """
call get getattr getattribute getitem len iter next contains bool float int index array eq ne lt le
gt ge neg abs add radd sub rsub mul rmul matmul rmatmul truediv rtruediv floordiv rfloordiv mod rmod
pow rpow
"""
"""The methods that a step may run without mentioning them, and that read attributes."""

STEPS = ("forward", "step", "updates")
"""The methods of our own modules and optimizers that read attributes."""


def is_own_class(kind: type, room: str = "") -> bool:
    return f"{kind.__module__}.".startswith(f"minigrad.{room}")


def is_users_function(function: FunctionType) -> bool:
    """Whether it is neither ours nor Python's: those do not change."""
    module = str(function.__module__).partition(".")[0]
    return module not in sys.stdlib_module_names and not is_own_file[function.__code__.co_filename]


def held_by_function(function: FunctionType) -> list[Any]:
    held = [content for _, content in cells_of(function)]
    held += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    held += vars(function).values()  # such as __wrapped__
    return held + [space[name] for space, name in named_by(function)]


def cells_of(function: FunctionType) -> list[tuple[Any, Any]]:
    """The outer variables of a function, as Python's cells, with what is in them."""
    found = []
    for cell in function.__closure__ or ():
        try:
            found.append((cell, cell.cell_contents))
        except ValueError:
            continue  # not yet assigned
    return found


def named_by(function: FunctionType) -> Iterator[tuple[dict[str, Any], str]]:
    """The globals that a user's function names, and what it may name in their modules."""
    if is_own_file[function.__code__.co_filename]:
        return
    names = names_in(function.__code__)
    modules = [content for _, content in cells_of(function)]
    modules += [sys.modules.get(name) for name in names]  # imported within the function
    spaces = [
        function.__globals__,
        *(vars(module) for module in modules if is_users_module(module)),
    ]
    looked_up = set(globals_in(function.__code__))
    for space in spaces:  # which grows as it goes
        for name in looked_up if space is function.__globals__ else names:
            if name in space:
                yield space, name
                content = space[name]
                if is_users_module(content) and not any(vars(content) is known for known in spaces):
                    spaces.append(vars(content))


def is_users_module(thing: Any) -> bool:
    """Whether it is an imported module of the user's."""
    if not isinstance(thing, ModuleType) or is_library(thing):
        return False
    return not is_own_file[getattr(thing, "__file__", None) or ""]


def names_in(code: CodeType) -> dict[str, None]:
    """The globals and attributes that a function and those defined in it mention.

    Also as a string, as in ``getattr(x, "name")``, where something of that kind is mentioned.
    """
    names = dict.fromkeys(code.co_names)
    by_string = not REFLECTION.isdisjoint(names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names.update(names_in(constant))
        elif by_string and isinstance(constant, str) and constant.isidentifier():
            names[constant] = None
    return names


def globals_in(code: CodeType) -> Iterator[str]:
    """The names that a function and those defined in it look up among the globals."""
    for instruction in get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from globals_in(constant)
