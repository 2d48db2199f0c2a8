"""A report's table as text, at most a hundred columns wide, and its rows as plain values."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from minigrad.checking.verdict import Row

__all__ = ["HEADER", "cells", "notes", "plain", "table_lines"]

WIDTH = 100
HEADER = ("name", "shape", "mode", "checked", "error", "analytic", "numeric ± bar", "verdict")
SHORTEST_NAME = 16
LEFT_ALIGNED = (0, 1, 2, 7)


def table_lines(rows: Sequence[Row]) -> list[str]:
    """The header and a line for each row, with what there is to say below it."""
    table = [HEADER, *(cells(row) for row in rows)]
    widths = [max(len(line[k]) for line in table) for k in range(len(HEADER))]
    others = sum(widths[1:]) + 2 * (len(HEADER) - 1)
    widths[0] = min(widths[0], max(WIDTH - others, SHORTEST_NAME))
    lines = []
    for number, line in enumerate(table):
        padded = [
            shortened(cell, width).ljust(width) if k in LEFT_ALIGNED else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
        if number:
            lines += [f"    {note}" for note in notes(rows[number - 1])]
    return lines


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table, as text."""
    worst = row.worst
    return (
        row.name,
        str(row.shape),
        row.mode,
        f"{row.checked} of {row.total}",
        f"{worst.error:.1e}",
        f"{worst.analytic:.5g}",
        f"{worst.numeric:.5g} ± {worst.bar:.0e}",
        row.verdict,
    )


def notes(row: Row) -> list[str]:
    """What is said below a row."""
    found = []
    worst = row.worst
    if row.verdict in ("FAIL", "inconclusive", "kink") and row.checked:
        where = "along a direction: " if row.index is None else f"at {list(row.index)}: "
        where = "" if row.index == () else where
        numeric = f"{worst.numeric:.12g}"
        if worst.reach:
            low, high = worst.numeric - worst.reach, worst.numeric + worst.reach
            numeric = f"from {low:.9g} to {high:.9g}"
        numbers = f"analytic {worst.analytic:.12g}, numeric {numeric} ± {worst.bar:.1e}"
        found.append(f"{where}{numbers}")
    source = "" if row.verdict == "ok" else row.source
    found += [text for text in (source, row.detail) if text]
    if row.precision is not None:
        found.append(f"{row.dtype} gradient against float64: {row.precision:.1e}")
    return found


def plain(row: Row) -> dict[str, Any]:
    """A row as plain values that JSON knows."""
    worst = row.worst
    return {
        "name": row.name,
        "shape": list(row.shape),
        "mode": row.mode,
        "checked": row.checked,
        "total": row.total,
        "verdict": row.verdict,
        "index": None if row.index is None else list(row.index),
        "analytic": number(worst.analytic),
        "numeric": number(worst.numeric),
        "bar": number(worst.bar),
        "reach": number(worst.reach),
        "error": number(worst.error),
        "detail": row.detail,
        "source": row.source,
        "precision": None if row.precision is None else number(row.precision),
        "step": None if row.step is None else number(row.step),
        "differences": [
            {
                "step": number(taken.step),
                "value": number(float(taken.value)),
                "rounding": number(float(taken.rounding)),
            }
            for taken in row.ladder
        ],
    }


def number(value: float) -> float | str:
    """JSON has no NaN and no infinities: they become their names."""
    return float(value) if isfinite(value) else str(float(value))


def shortened(text: str, width: int) -> str:
    """The beginning and the end of a text that is too long."""
    if len(text) <= width:
        return text
    end = (width - 1) // 2
    return f"{text[: width - 1 - end]}…{text[len(text) - end :]}"
