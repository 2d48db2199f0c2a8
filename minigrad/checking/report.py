"""The report of a check: a row for each tensor or rule, and the rule it was judged by."""

import json
from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING

from minigrad.checking.report_html import report_html
from minigrad.checking.report_ladder import ladder_figure, ladder_table
from minigrad.checking.report_text import plain, table_lines
from minigrad.checking.verdict import RULE, VERDICTS, Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
        accepted = self.accepted()
        return not self.problems and all(row.verdict in accepted for row in self.rows)

    def accepted(self) -> set[str]:
        """The verdicts that a row may have."""
        return {"ok"} if self.strict else {"ok", "vacuous", "kink"}

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
        lines = [f"{self.title}: {self.verdict}{self.where()}", *table_lines(self.rows)]
        lines += [f"  {problem}" for problem in self.problems]
        lines.append(RULE)
        if not self.ok and self.reproduce:
            lines.append(f"reproduce: {self.reproduce}")
        return "\n".join(lines)

    def where(self) -> str:
        """`` in w at [0, 1]``: where it went wrong first; empty if the report is ok."""
        accepted = self.accepted()
        for row in self.rows:
            if row.verdict not in accepted:
                entry = f" at {list(row.index)}" if row.index else ""
                return f" in {row.name}{entry}"
        return ""

    def _repr_html_(self) -> str:
        return report_html(self)

    def to_json(self) -> str:
        """The report as JSON: everything it says, and numbers that are not finite as strings.

        Examples
        --------
        >>> import json
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad.checking import gradcheck
        >>> found = json.loads(gradcheck(mg.tanh, np.array([0.5])).to_json())
        >>> found["verdict"], found["rows"][0]["checked"], found["rows"][0]["analytic"]
        ('ok', 1, 0.78644...)
        """
        content = {
            "title": self.title,
            "ok": self.ok,
            "verdict": self.verdict,
            "strict": self.strict,
            "rule": RULE.replace("\n", " "),
            "rows": [plain(row) for row in self.rows],
            "problems": self.problems,
            "reproduce": self.reproduce,
        }
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)

    def plot(self, name: str, path: str | PathLike[str] | None = None) -> "Figure":
        """Draw the error of plain differences against their step, on logarithmic axes.

        To the right the error of truncation grows like h², to the left that of rounding like 1/h.

        Parameters
        ----------
        name : str
            Of a row.
        path : path_like, optional
            Where to save the picture; the suffix tells the format.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed; `ladder_text` says the same without it.
        KeyError
            If there is no such row.
        DomainError
            If no differences could be taken for it, at a kink for instance.
        """
        figure = ladder_figure(self[name])
        if path is not None:
            figure.savefig(path)
        return figure

    def ladder_text(self, name: str) -> str:
        """What `plot` draws, as a table: step, plain difference, its error, and its rounding.

        Examples
        --------
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad.checking import gradcheck
        >>> print(gradcheck(mg.exp, np.array([0.5])).ladder_text("input 0"))
        input 0 at [0]: analytic 1.648721..., numeric 1.648721... ± ...
              step            difference     error  rounding
           6.2e-02        1.64979...         1.1e-03   ...
           3.1e-02        1.64898...         2.7e-04   ...
        ...
        """
        return ladder_table(self[name])
