"""Text for a terminal of 80 columns: sentences, and places in the source."""

import re
from textwrap import fill

from minigrad.debugger.source import Source

__all__ = ["WIDTH", "place_lines", "windowed", "wrapped"]

WIDTH = 80


def wrapped(text: str, start: str = "") -> str:
    """The text in lines of which all but the first are indented; ``x[3, 1] = 0`` stays in one."""
    text = re.sub(r"\[[\d, ]*\] = \S+| = \S+$", lambda found: found[0].replace(" ", "\xa0"), text)
    lines = fill(text, WIDTH, initial_indent=start, subsequent_indent="  ", break_on_hyphens=False)
    return lines.replace("\xa0", " ")


def place_lines(source: Source | None) -> list[str]:
    """Where it is in the source, with carets under the sub-expression."""
    if source is None:
        return []
    return [f"  {source.place}", *(f"    {line}" for line in windowed(source.marked()))]


def windowed(lines: list[str]) -> list[str]:
    """Lines of source; too long ones, shifted so that what is marked can be seen, 4 columns in."""
    width = WIDTH - 4
    if max(map(len, lines), default=0) <= width:
        return lines
    marks = [text.index("^") for text in lines[1::2] if "^" in text]
    start = max(0, min(marks, default=0) - width // 3)
    return [text[start : start + width] for text in lines]
