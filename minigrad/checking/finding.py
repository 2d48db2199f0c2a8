"""What one comparison found, and the row that the comparisons of a tensor make together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from minigrad.checking.differences import Difference
from minigrad.checking.slope import Slope
from minigrad.checking.verdict import VERDICTS, Comparison, Row
from minigrad.tensor import Tensor

__all__ = ["Finding", "in_units", "row_from"]

CLOSE = 2.0**-10
"""Of the tensor's scale: a kink that is nearer than this is told, for steps had to be small."""


@dataclass(frozen=True)
class Finding:
    """One comparison: of an entry, whose ``scale`` it moved by, or along a direction."""

    comparison: Comparison
    slope: Slope
    index: tuple[int, ...] | None = None
    scale: float = 1.0
    note: str = ""
    thorough: bool = True

    @property
    def rank(self) -> tuple[int, bool, float]:
        return VERDICTS.index(self.verdict), self.thorough, self.comparison.error

    @property
    def verdict(self) -> str:
        return self.comparison.verdict


def row_from(name: str, leaf: Tensor, mode: str, checked: int, found: Sequence[Finding]) -> Row:
    """The row for a tensor: the worst comparison; vacuous only if all of them are."""
    if not found:
        nothing = Comparison(0.0, 0.0, 0.0, "vacuous", 0.0)
        return Row(name, leaf.shape, mode, 0, leaf.size, nothing, None, "vacuous", "no entries")
    verdicts = {finding.comparison.verdict for finding in found}
    verdict = max(verdicts, key=VERDICTS.index)
    if verdict == "vacuous" and len(verdicts) > 1:
        verdict = "ok"
    same = [finding for finding in found if finding.comparison.verdict == verdict]
    worst = max(same or found, key=lambda finding: finding.rank)
    row = Row(name, leaf.shape, mode, checked, leaf.size, in_units(worst), worst.index, verdict)
    row.detail = worst.note or worst.comparison.kink or worst.comparison.note
    row.ladder = ladder_of(worst)
    if verdict == "ok" and not row.detail:
        row.detail = kink_close_by(found)
    if worst.slope.estimate is not None and worst.slope.estimate.value.size:
        row.step = float(np.ravel(worst.slope.estimate.step)[worst.comparison.output] * worst.scale)
    return row


def kink_close_by(found: Sequence[Finding]) -> str:
    """The kink that is closest to an entry, if it is so close that steps had to be small."""
    closest, text = np.inf, ""
    for finding in found:
        kink = finding.slope.nearest_kink
        if kink is not None and finding.index is not None and kink[0] < min(closest, CLOSE):
            closest, index = kink[0], list(finding.index)
            text = f"a kink is less than {closest * finding.scale:.1e} from {index}: {kink[1]}"
    return text


def in_units(finding: Finding) -> Comparison:
    """A derivative along a scaled entry as one with respect to the entry itself."""
    c, scale = finding.comparison, finding.scale
    return replace(
        c,
        analytic=c.analytic / scale,
        numeric=c.numeric / scale,
        bar=c.bar / scale,
        reach=c.reach / scale,
    )


def ladder_of(finding: Finding) -> list[Difference]:
    """The plain differences of the output that stands worst, in units of the entry."""
    i, scale = finding.comparison.output, finding.scale
    return [
        Difference(
            taken.step * scale,
            np.ravel(taken.value)[i] / scale,
            np.ravel(taken.rounding)[i] / scale,
        )
        for taken in finding.slope.differences
        if taken.value.size
    ]
