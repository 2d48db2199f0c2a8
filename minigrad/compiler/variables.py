"""The variables and attributes that a function reads: what they hold belongs to its program.

Each that the function, or one it calls, mentions by name is compared before every call, and a
program is only run for what it was made of. One that the function itself changes is refused: that
would happen once, while it is traced, and not at every call.
"""

import builtins
from collections.abc import Iterable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from minigrad.compiler.belongings import (
    REFLECTION,
    Belongings,
    cells_of,
    globals_in,
    is_library,
    is_own_class,
    is_users_function,
    named_by,
    names_in,
    slots_of,
)
from minigrad.compiler.variable import CONTAINERS, MISSING, Variable, items
from minigrad.nn.module import Module
from minigrad.optim.optimizer import Optimizer

__all__ = ["special_attributes", "variables_of"]


def variables_of(belongings: Belongings) -> list[Variable]:
    """All places that the functions found mention, and the containers in them."""
    mentioned: dict[str, None] = {}
    found: list[Variable] = []
    looks_up_names = False
    for function in belongings.functions:
        mentioned.update(names_in(function.__code__))
        found += outer_variables(function)
    for function in filter(is_users_function, belongings.functions):
        looks_up_names |= not REFLECTION.isdisjoint(names_in(function.__code__))
        found += own_parts(function)
        found += attributes(function, mentioned)
    for thing in belongings.objects:
        if not isinstance(thing, type):
            if looks_up_names and not is_own_class(type(thing)):
                found += all_attributes(thing)
            found += attributes(thing, mentioned)
        elif not is_own_class(thing):
            data = class_data(thing)
            found += [
                Variable("attribute", thing, n, getattr(thing, n)) for n in data if n in mentioned
            ]
            found += methods(thing, mentioned)
    unique = {(id(v.holder), v.name): v for v in found}
    return [*unique.values(), *containers(list(unique.values()))]


def outer_variables(function: FunctionType) -> Iterator[Variable]:
    names = function.__code__.co_freevars
    by_cell = dict(zip(map(id, function.__closure__ or ()), names, strict=True))
    for cell, content in cells_of(function):
        if not is_import(content):
            yield Variable("cell", cell, by_cell[id(cell)], content)
    for space, name in named_by(function):
        if not is_import(space[name]):
            yield Variable("item", space, name, space[name])
    if is_users_function(function):
        for name in globals_in(function.__code__):
            if name not in function.__globals__ and not hasattr(builtins, name):
                yield Variable("item", function.__globals__, name, MISSING)  # so far


def own_parts(function: FunctionType) -> Iterator[Variable]:
    """What makes a function do what it does: IPython's autoreload puts new code into old ones.

    Without defaults every call passes everything, and later ones change nothing.
    """
    for name in ("__code__", "__defaults__", "__kwdefaults__"):
        content = getattr(function, name)
        if content is not None:
            yield Variable("attribute", function, name, content)


def is_import(content: Any) -> bool:
    return isinstance(content, ModuleType)


def attributes(thing: Any, mentioned: Mapping[str, None]) -> Iterator[Variable]:
    """The attributes of an object that are mentioned somewhere, and hold data."""
    special = special_attributes(thing)
    own = list(getattr(thing, "__dict__", ())) + slots_of(thing)
    for name in dict.fromkeys([*own, *class_data(type(thing))]):
        if name in mentioned and name not in special:
            content = getattr(thing, name, MISSING)
            if content is not MISSING:
                yield Variable("attribute", thing, name, content)


def all_attributes(thing: Any) -> list[Variable]:
    """Those of an object that has them by name, and which they are."""
    if not isinstance(getattr(thing, "__dict__", None), dict):
        return []
    names = tuple(vars(thing))
    count = Variable("names", thing, "", names)
    return [count, *attributes(thing, dict.fromkeys([*names, *class_data(type(thing))]))]


def class_data(kind: type) -> list[str]:
    """Names of what the objects of a user's class have by way of the class, methods left out."""
    kinds = [k for k in kind.__mro__ if not is_library(k) and not is_own_class(k)]
    return [
        name
        for k in kinds
        for name, member in vars(k).items()
        if not hasattr(member, "__get__") and not name.startswith("__")
    ]


def methods(kind: type, mentioned: Mapping[str, None]) -> Iterator[Variable]:
    """The methods that a user's class has, as long as nothing else takes their place."""
    for name in dict.fromkeys(name for k in kind.__mro__ for name in vars(k)):
        method = getattr(kind, name, None) if name in mentioned else None
        if isinstance(method, FunctionType) and is_users_function(method):
            yield Variable("attribute", kind, name, method)


def special_attributes(thing: Any) -> Iterable[str]:
    """Those that are looked after by other means."""
    if isinstance(thing, Module):
        return ("training",)
    if isinstance(thing, Optimizer):
        return ("state", *thing.hyperparameters)
    return ()


def containers(variables: list[Variable]) -> list[Variable]:
    """The lists, dicts and sets that variables hold, and those inside them."""
    found: dict[int, Variable] = {}
    pending = [(v.name, v.content) for v in variables]
    for name, content in pending:  # which grows as it goes
        if isinstance(content, CONTAINERS) and id(content) not in found:
            found[id(content)] = Variable("items", content, name, items(content))
        if isinstance(content, (*CONTAINERS, tuple)):
            pending += [
                (name, item)
                for item in items(content)
                if isinstance(item, (*CONTAINERS, tuple)) and id(item) not in found
            ]
    return list(found.values())
