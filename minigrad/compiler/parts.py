"""A long program as several functions: what compiling one takes grows faster than its length."""

import re
from collections.abc import Iterable, Sequence

from minigrad.compiler.fusion import Group
from minigrad.compiler.plan import Plan

__all__ = ["LONGEST", "call", "is_long", "parts_of", "words"]

LONGEST = 60
"""Instructions in one function."""


def is_long(plan: Plan) -> bool:
    """Whether a program is written as several functions."""
    return sum(len(group.instructions) for group in plan.groups) > LONGEST


def parts_of(plan: Plan) -> list[list[Group]]:
    """The groups in order, cut where a part is long enough and where the checks are known."""
    parts: list[list[Group]] = []
    length = LONGEST if is_long(plan) else 0
    for k, group in enumerate(plan.groups):
        if not parts or k == plan.check_at or (is_long(plan) and length >= LONGEST):
            parts.append([])
            length = 0
        parts[-1].append(group)
        length += len(group.instructions)
    return parts


def words(lines: Iterable[str]) -> set[str]:
    """All names in a text."""
    return {word for line in lines for word in re.findall(r"\w+", line.partition("  #")[0])}


def call(name: str, arguments: Sequence[str], results: Sequence[str]) -> str:
    """A statement that runs a part."""
    given = f"{', '.join(results)}, = " if results else ""
    return f"{given}{name}({', '.join(arguments)})"
