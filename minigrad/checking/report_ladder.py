"""The differences behind a row: error against step, as a picture or as a table."""

from typing import TYPE_CHECKING

import numpy as np

from minigrad.checking.report_text import shortened
from minigrad.checking.verdict import Row
from minigrad.errors import DomainError, MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ladder_figure", "ladder_table"]


def ladder_table(row: Row) -> str:
    """Step, plain difference, its distance from the extrapolated value, and its rounding."""
    steps, values, errors, rounding = numbers(row)
    lines = [heading(row), f"{'step':>10}  {'difference':>20}  {'error':>8}  {'rounding':>8}"]
    for h, value, error, noise in zip(steps, values, errors, rounding, strict=True):
        chosen = "  chosen" if h == row.step else ""
        lines.append(f"{h:10.1e}  {value:20.12g}  {error:8.1e}  {noise:8.1e}{chosen}")
    return "\n".join(lines)


def ladder_figure(row: Row) -> "Figure":
    """Error against step on logarithmic axes, with the slopes of truncation and rounding."""
    steps, _, errors, rounding = numbers(row)
    try:
        # Not pyplot: that would start a GUI backend, and keep every figure alive.
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "train", "Report.plot") from error
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xscale("log")
    axes.set_yscale("log")
    draw_slopes(axes, steps, errors, rounding)
    seen = errors > 0
    axes.plot(steps[seen], errors[seen], "o", color="tab:blue", label="plain central difference")
    worst = row.worst
    if 0 < worst.bar < np.inf:
        axes.axhline(
            worst.bar, color="tab:green", label=f"bar of the extrapolated value: {worst.bar:.0e}"
        )
    gap = abs(worst.analytic - worst.numeric)
    if row.verdict == "FAIL" and gap > 0:
        axes.axhline(gap, color="tab:red", label=f"analytic value: off by {gap:.0e}")
    if row.step is not None:
        axes.axvline(
            row.step, color="grey", linestyle=":", label=f"smallest step used: {row.step:.0e}"
        )
    axes.set_xlabel("step h")
    axes.set_ylabel("distance from the extrapolated value")
    axes.set_title(heading(row), fontsize="medium")
    figure.legend(fontsize="small", loc="outside lower center", ncols=2)  # never over a line
    return figure


def draw_slopes(axes: "Axes", steps: np.ndarray, errors: np.ndarray, rounding: np.ndarray) -> None:
    """The two guides, each through what the differences themselves say, and their region."""
    level = float(np.median(rounding * steps))
    lowest = min([*errors[errors > 0], *(rounding[rounding > 0])], default=0.0) / 10
    truncated = errors > 10 * rounding
    if truncated.any():
        factor = float(np.median(errors[truncated] / steps[truncated] ** 2))
        line = factor * steps**2
        shown = line > lowest
        axes.plot(steps[shown], line[shown], "--", color="tab:orange", label="truncation, slope 2")
    if level > 0:
        axes.plot(steps, level / steps, "--", color="tab:purple", label="rounding, slope −1")


def heading(row: Row) -> str:
    worst = row.worst
    where = "" if row.index is None else f" at {list(row.index)}"
    name = shortened(row.name, 30)
    return (
        f"{name}{where}: analytic {worst.analytic:.10g}, "
        f"numeric {worst.numeric:.10g} ± {worst.bar:.0e}"
    )


def numbers(row: Row) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Steps, differences, their distance from the extrapolated value, and their rounding."""
    if not row.ladder:
        raise DomainError(
            f"{row.name}: there are no central differences to show; its verdict is {row.verdict}"
        )
    steps = np.array([taken.step for taken in row.ladder])
    values = np.array([float(taken.value) for taken in row.ladder])
    rounding = np.array([float(taken.rounding) for taken in row.ladder])
    return steps, values, np.abs(values - row.worst.numeric), rounding
