"""Breakpoints of a backward pass: those that are set, and whether a step meets one."""

from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any

from minigrad.debugger.specs import Spec
from minigrad.debugger.step import Step
from minigrad.errors import DomainError

__all__ = ["Breakpoint", "Breakpoints"]


@dataclass
class Breakpoint:
    """Where to stop, on which condition, and how often it was met."""

    number: int
    spec: Spec
    condition: str = ""
    code: CodeType | None = None
    temporary: bool = False
    enabled: bool = True
    ignore: int = 0
    hits: int = 0

    def __str__(self) -> str:
        words = [f"{self.number}: {self.spec.text}"]
        words += [f"if {self.condition}"] if self.condition else []
        words += ["temporary"] if self.temporary else []
        words += [] if self.enabled else ["disabled"]
        words += [f"passes over the next {self.ignore}"] if self.ignore else []
        words += [f"hit {self.hits} time{'s' * (self.hits != 1)}"] if self.hits else []
        return "  ".join(words)


class Breakpoints:
    """The breakpoints that are set; they last from one backward pass to the next."""

    def __init__(self) -> None:
        self.table: dict[int, Breakpoint] = {}
        self.last_number = 0

    def add(self, spec: Spec, condition: str = "", temporary: bool = False) -> Breakpoint:
        """Set one.

        Raises
        ------
        DomainError
            If the condition is not a Python expression, or there is one like it.
        """
        for one in self.table.values():
            if (one.spec.text, one.condition, one.temporary) == (spec.text, condition, temporary):
                raise DomainError(f"breakpoint {one.number} is that already")
        made = Breakpoint(self.last_number + 1, spec, temporary=temporary)
        self.set_condition(made, condition)
        self.last_number += 1
        self.table[made.number] = made
        return made

    def set_condition(self, one: Breakpoint, condition: str) -> None:
        """Give it a condition; an empty one holds always."""
        try:
            code = compile(condition, "<condition>", "eval") if condition else None
        except SyntaxError as error:
            raise DomainError(f"the condition {condition!r}: {error.msg}") from None
        one.condition, one.code = condition, code

    def find(self, text: str) -> list[Breakpoint]:
        """Those meant by numbers, ``1 3``, or by the text of a SPEC.

        Raises
        ------
        DomainError
            If there is none.
        """
        words = text.split()
        if words and all(word.isdecimal() for word in words):
            missing = [word for word in words if int(word) not in self.table]
            if missing:
                raise DomainError(f"there is no breakpoint {missing[0]}; b lists them")
            return [self.table[int(word)] for word in words]
        found = [one for one in self.table.values() if one.spec.text == text.strip()]
        if not found:
            raise DomainError(f"no breakpoint is set at {text!r}; b lists them")
        return found

    def hit(self, step: Step, names: Callable[[], dict[str, Any]]) -> list[str]:
        """Count a step against every breakpoint; returns why to stop here, if at all."""
        reasons = []
        for one in list(self.table.values()):
            reason = reason_of(one, step, names)
            if reason is None:
                continue
            one.hits += 1
            if one.ignore:
                one.ignore -= 1
                continue
            reasons.append(reason)
            if one.temporary:
                del self.table[one.number]
        return reasons

    def matching(self, step: Step, names: Callable[[], dict[str, Any]]) -> list[str]:
        """The same without counting."""
        reasons = (reason_of(one, step, names) for one in self.table.values())
        return [reason for reason in reasons if reason is not None]


def reason_of(one: Breakpoint, step: Step, names: Callable[[], dict[str, Any]]) -> str | None:
    """Why a breakpoint stops at a step; None if it does not."""
    if not one.enabled or not one.spec.matches(step):
        return None
    holds, told = condition_of(one, names)
    return f"breakpoint {one.number}: {one.spec.text}{told}" if holds else None


def condition_of(one: Breakpoint, names: Callable[[], dict[str, Any]]) -> tuple[bool, str]:
    """Whether the condition holds; one that cannot be evaluated counts as true, as in pdb."""
    if one.code is None:
        return True, ""
    try:
        return bool(eval(one.code, names())), f" if {one.condition}"
    except Exception as error:
        return True, f", whose condition failed: {type(error).__name__}: {error}"
