"""The variables and attributes that a function reads: what they hold belongs to its program.

Each that the function, or one it calls, mentions by name is compared before every call, and a
program is only run for what it was made of. One that the function itself changes is refused: that
would happen once, while it is traced, and not at every call.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from minigrad.compiler.belongings import (
    PLAIN,
    Belongings,
    cells_of,
    is_library,
    is_own_class,
    is_users_function,
    named_by,
    names_in,
    slots_of,
)
from minigrad.compiler.sources import Names
from minigrad.nn.module import Module
from minigrad.optim.optimizer import Optimizer

__all__ = ["Variable", "key_of", "same_items", "special_attributes", "variables_of"]

MISSING = object()
CONTAINERS = (list, dict, set, deque)
INLINE = 16
"""Containers of so many items are compared item by item in the text of a caller."""


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A place that holds something, and what it held.

    Attributes
    ----------
    kind
        "cell": ``holder`` is Python's cell of an outer variable. "item": a dict of globals,
        "attribute": an object, with ``name`` for what is looked up there. "items": a container,
        whose items are what counts.
    """

    kind: str
    holder: Any
    name: str
    content: Any

    def now(self) -> Any:
        """What it holds now."""
        match self.kind:
            case "cell":
                return self.holder.cell_contents
            case "item":
                return self.holder.get(self.name, MISSING)
            case "attribute":
                return getattr(self.holder, self.name, MISSING)
        return items(self.holder)

    @property
    def unchanged(self) -> bool:
        if self.kind == "items":
            return same_items(self.holder, self.content)
        return self.now() is self.content

    def put_back(self) -> None:
        """Let it hold again what it held."""
        if self.kind == "items":
            refill(self.holder, self.content)
        else:
            self.assign(self.content)

    def assign(self, content: Any) -> None:
        """Let it hold something else, whatever the object's own rules for assignments are."""
        if self.kind == "cell":
            self.holder.cell_contents = content
        elif self.kind == "item":
            self.holder[self.name] = content
        elif isinstance(self.holder, type):
            setattr(self.holder, self.name, content)
        elif content is getattr(type(self.holder), self.name, MISSING):
            vars(self.holder).pop(self.name, None)  # what it has by way of its class
        else:
            object.__setattr__(self.holder, self.name, content)

    def tests(self, names: Names) -> Iterator[str]:
        """Python text that is true as long as it holds the same."""
        holder = names.of(self.holder, "cell" if self.kind == "cell" else "object")
        match self.kind:
            case "cell":
                yield f"{holder}.cell_contents is {names.of(self.content, 'content')}"
            case "item":
                yield f"{holder}[{self.name!r}] is {names.of(self.content, 'content')}"
            case "attribute":
                yield f"{holder}.{self.name} is {names.of(self.content, 'content')}"
            case _ if isinstance(self.holder, list) and len(self.content) <= INLINE:
                yield f"len({holder}) == {len(self.content)}"
                for index, item in enumerate(self.content):
                    yield f"{holder}[{index}] is {names.of(item, 'content')}"
            case _:
                same = names.of(same_items, "same_items")
                yield f"{same}({holder}, {names.of(self.content, 'items')})"

    def __str__(self) -> str:
        match self.kind:
            case "cell" | "item":
                return f"the variable {self.name!r}"
            case "attribute":
                kind = self.holder if isinstance(self.holder, type) else type(self.holder)
                return f"{kind.__name__}.{self.name}"
        return f"the {type(self.holder).__name__} {self.name!r}"


def items(container: Any) -> tuple[Any, ...]:
    """The items of a container, keys included; one that is held keeps them alive."""
    if isinstance(container, Mapping):
        return (*container.keys(), *container.values())
    return tuple(container)


def same_items(container: Any, content: tuple[Any, ...]) -> bool:
    """Whether a container holds the very things it held, in the same order."""
    found = items(container)
    return len(found) == len(content) and all(
        here is there for here, there in zip(found, content, strict=True)
    )


def refill(container: Any, content: tuple[Any, ...]) -> None:
    if isinstance(container, dict):
        half = len(content) // 2
        pairs = list(zip(content[:half], content[half:], strict=True))
        container.clear()
        container.update(pairs)
    elif isinstance(container, list):
        container[:] = content
    elif isinstance(container, deque):
        container.clear()
        container.extend(content)
    elif isinstance(container, set):
        container.clear()
        container.update(content)


def variables_of(belongings: Belongings) -> list[Variable]:
    """All places that the functions found mention, and the containers in them."""
    mentioned: dict[str, None] = {}
    found: list[Variable] = []
    for function in belongings.functions:
        mentioned.update(names_in(function.__code__))
        found += outer_variables(function)
    for function in filter(is_users_function, belongings.functions):
        found += own_parts(function)
        found += attributes(function, mentioned)
    for thing in belongings.objects:
        if not isinstance(thing, type):
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


def key_of(variable: Variable) -> Any:
    """What two variables must have in common to belong to the same program."""
    if variable.kind == "items":
        content: Any = tuple(map(content_key, variable.content))
    else:
        content = content_key(variable.content)
    return id(variable.holder), variable.name, content


def content_key(content: Any) -> Any:
    return (type(content), content) if isinstance(content, PLAIN) else id(content)
