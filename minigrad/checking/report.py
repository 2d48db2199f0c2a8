"""The report of a check: a row for each tensor or rule, and the rule it was judged by."""

from collections.abc import Sequence

from minigrad.checking.verdict import RULE, VERDICTS, Row

__all__ = ["Report"]


class Report:
    """What a gradient check found.

    Attributes
    ----------
    title : str
        What was checked.
    rows : list of Row
        One for each tensor or rule, in the order they were checked.
    problems : list of str
        What the structure checks found; see `minigrad.checking.structure`.
    strict : bool
        Whether kinks and vacuous gradients count as failures too.
    """

    def __init__(
        self,
        title: str,
        rows: Sequence[Row],
        problems: Sequence[str] = (),
        strict: bool = False,
        reproduce: str = "",
    ) -> None:
        self.title = title
        self.rows = list(rows)
        self.problems = list(problems)
        self.strict = strict
        self.reproduce = reproduce

    @property
    def ok(self) -> bool:
        """False for FAIL, nondeterministic or inconclusive; strict: for anything but ok."""
        accepted = {"ok"} if self.strict else {"ok", "vacuous", "kink"}
        return not self.problems and all(row.verdict in accepted for row in self.rows)

    @property
    def verdict(self) -> str:
        """The worst verdict of all rows."""
        if self.problems:
            return "FAIL"
        return max((row.verdict for row in self.rows), key=VERDICTS.index, default="vacuous")

    def __getitem__(self, name: str) -> Row:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"{name!r} is not in the report; it has {[row.name for row in self.rows]}")

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        header = ("name", "shape", "checked", "error", "at", "analytic", "numeric ± bar", "verdict")
        table = [header, *(cells(row) for row in self.rows)]
        widths = [max(len(line[k]) for line in table) for k in range(len(header))]
        lines = [f"{self.title}: {self.verdict}"]
        for number, line in enumerate(table):
            lines.append(
                "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
            )
            if number:
                lines.extend(f"    {note}" for note in notes(self.rows[number - 1]))
        lines += [f"  {problem}" for problem in self.problems]
        lines.append(RULE)
        if not self.ok and self.reproduce:
            lines.append(f"reproduce: {self.reproduce}")
        return "\n".join(lines)


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table, as text."""
    worst = row.worst
    at = "" if row.index is None else str(list(row.index))
    return (
        row.name,
        str(row.shape),
        f"{row.mode} {row.checked}/{row.total}",
        f"{worst.error:.1e}",
        at,
        f"{worst.analytic:.10g}",
        f"{worst.numeric:.10g} ± {worst.bar:.0e}",
        row.verdict,
    )


def notes(row: Row) -> list[str]:
    """What is said below a row."""
    found = []
    if row.source:
        found.append(row.source)
    if row.detail:
        found.append(row.detail)
    if row.precision is not None:
        found.append(f"float32 gradient against float64: {row.precision:.1e}")
    return found
