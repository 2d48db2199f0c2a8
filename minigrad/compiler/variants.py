"""The programs of one function: which one a call needs, and how many are kept."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from minigrad.compiler.keys import difference
from minigrad.compiler.variant import Variant

__all__ = ["Variants"]

MANY = 16
"""Programs of one function from which on its user is told that there are many."""

MOST = 64
"""Programs that are kept: with one more, the one that has not run for longest is dropped."""


class Variants:
    """All of them, the one that ran last first.

    Attributes
    ----------
    made
        How many have been compiled, those included that are no longer kept.
    callers
        The functions that run those which need no comparison any more, in the same order.
    """

    def __init__(self) -> None:
        self.kept: list[Variant] = []
        self.made = 0
        self.callers: list[Callable[..., Any]] = []

    def __iter__(self) -> Iterator[Variant]:
        return iter(self.kept)

    def __len__(self) -> int:
        return len(self.kept)

    @property
    def latest(self) -> Variant:
        """The one that ran last."""
        return self.kept[0]

    @property
    def add_to_grads(self) -> bool:
        """Whether it matters which gradients there are before a call."""
        return any(variant.key[-1] is not None for variant in self.kept)

    def serving(self, key: tuple[Any, ...], arguments: Mapping[str, Any]) -> Variant | None:
        """The one for a call, if it has been compiled."""
        return next((v for v in self.kept if v.serves(key, arguments)), None)

    def add(self, variant: Variant, name: str) -> None:
        """Keep another one."""
        self.made += 1
        if self.made == MANY and self.kept:
            warnings.warn(
                f"{name} has been compiled {MANY} times, last because "
                f"{difference(variant.key, self.kept[0].key)} changed. Ints, strings and what "
                "variables hold belong to a program: hand over what changes as a float or an "
                f"array. Beyond {MOST} programs, the one that has not run for longest is dropped",
                RuntimeWarning,
                stacklevel=5,
            )
        for dropped in self.kept[MOST - 1 :]:
            self.drop(dropped)
        self.kept.insert(0, variant)

    def drop(self, variant: Variant) -> None:
        self.kept.remove(variant)
        self.callers = [caller for caller in self.callers if caller is not variant.caller]

    def ran(self, variant: Variant) -> None:
        """Note that this is the one that runs now."""
        self.kept.remove(variant)
        self.kept.insert(0, variant)

    def to_front(self, caller: Callable[..., Any]) -> None:
        """Note that this caller's program is the one that runs now."""
        self.callers.remove(caller)
        self.callers.insert(0, caller)
        self.ran(next(variant for variant in self.kept if variant.caller is caller))

    def trust(self, calls: int) -> None:
        """Let those run by their callers alone that have been called so many times."""
        self.callers = [v.caller for v in self.kept if v.caller is not None and v.calls >= calls]
