"""One place that holds something a function reads: a variable, an attribute, or a container.

What it holds belongs to a program: it is compared before every call, as text in the program's
caller, and let hold stand-ins while the function is traced.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from minigrad.compiler.belongings import PLAIN
from minigrad.compiler.sources import Names

__all__ = ["CONTAINERS", "MISSING", "Variable", "items", "key_of", "same_items"]

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
        whose items are what counts. "names": an object, of which counts what attributes it has.
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
            case "names":
                return tuple(vars(self.holder))
        return items(self.holder)

    @property
    def unchanged(self) -> bool:
        return self.holds(self.content)

    def holds(self, content: Any) -> bool:
        """Whether it holds this very content now."""
        match self.kind:
            case "items":
                return same_items(self.holder, content)
            case "names":
                return bool(self.now() == content)
        return self.now() is content

    def put_back(self) -> None:
        """Let it hold again what it held."""
        self.assign(self.content)

    def assign(self, content: Any) -> None:
        """Let it hold something else, whatever the object's own rules for assignments are."""
        if self.kind == "names":
            return  # that of each attribute is a variable of its own
        if self.kind == "items":
            refill(self.holder, content)
        elif self.kind == "cell":
            self.holder.cell_contents = content
        elif self.kind == "item" and content is MISSING:
            self.holder.pop(self.name, None)
        elif self.kind == "item":
            self.holder[self.name] = content
        elif isinstance(self.holder, type):
            owners = (one for one in self.holder.__mro__ if self.name in vars(one))
            setattr(next(owners, self.holder), self.name, content)  # where it is inherited from
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
            case "names":
                yield f"len({holder}.__dict__) == {len(self.content)}"
            case "item" if self.content is MISSING:
                yield f"{self.name!r} not in {holder}"
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
            case "names":
                return f"the attributes of a {type(self.holder).__name__}"
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
        container.clear()
        for key, x in zip(content[:half], content[half:], strict=True):
            container[key] = x  # not update(), which counts in a Counter
    elif isinstance(container, list):
        container[:] = content
    elif isinstance(container, deque):
        container.clear()
        container.extend(content)
    elif isinstance(container, set):
        container.clear()
        container.update(content)


def key_of(variable: Variable) -> Any:
    """What two variables must have in common to belong to the same program."""
    if variable.kind in ("items", "names"):
        content: Any = tuple(map(content_key, variable.content))
    else:
        content = content_key(variable.content)
    return id(variable.holder), variable.name, content


def content_key(content: Any) -> Any:
    return (type(content), content) if isinstance(content, PLAIN) else id(content)
