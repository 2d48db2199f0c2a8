"""Text for a terminal of 80 columns: sentences, and places in the source."""

import re
from textwrap import fill

from minigrad.debugger.source import Source

__all__ = ["place_lines", "wrapped"]

WIDTH = 80
INDENT = 20


def wrapped(text: str, start: str = "") -> str:
    """The text in lines of which all but the first are indented; ``x[3, 1] = 0`` stays in one."""
    text = re.sub(r"\[[\d, ]*\] = \S+| = \S+$", lambda found: found[0].replace(" ", "\xa0"), text)
    lines = fill(text, WIDTH, initial_indent=start, subsequent_indent="  ", break_on_hyphens=False)
    return lines.replace("\xa0", " ")


def place_lines(source: Source | None) -> list[str]:
    """Where it is in the source, with carets under the sub-expression."""
    if source is None:
        return []
    lines = source.marked()
    start = first_column(lines)
    return [f"  {source.place}", *(f"    {line[start : start + WIDTH - 4]}" for line in lines)]


def first_column(lines: list[str]) -> int:
    """From which column to show long lines, so that what is marked in the first is seen."""
    if max(map(len, lines), default=0) <= WIDTH - 4:
        return 0
    return max(0, lines[1].find("^") - INDENT)
