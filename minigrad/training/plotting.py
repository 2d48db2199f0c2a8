"""The curves of a training run as a matplotlib figure."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from minigrad.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["history_figure"]

NOT_DRAWN = ("epoch", "lr", "seconds")
PREFIX = "validation_"


def history_figure(history: Mapping[str, Sequence[float]], judge: str, best: int) -> "Figure":
    """A panel of losses and, if there are metrics, one of them; ``best`` is the epoch to mark."""
    try:
        # Not pyplot: that would start a GUI backend, and keep every figure alive.
        from matplotlib.ticker import MaxNLocator

        from minigrad.training.notebook_figure import NotebookFigure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "train", "History.plot") from error
    names = [name for name in history if name not in NOT_DRAWN and not name.startswith(PREFIX)]
    metrics = [name for name in names if name != "loss"]
    panels = [["loss"], metrics] if metrics else [["loss"]]
    figure = NotebookFigure(figsize=(5.5 * len(panels), 4), layout="constrained")
    for index, panel in enumerate(panels):
        axes = figure.add_subplot(1, len(panels), index + 1)
        draw_panel(axes, history, panel)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.axvline(best, color="grey", linestyle=":", label=f"best {judge}: epoch {best}")
        axes.legend(framealpha=1)  # the line of the best epoch may pass behind it
    return figure


def draw_panel(axes: "Axes", history: Mapping[str, Sequence[float]], names: list[str]) -> None:
    """The curves of ``names``, each with that of its validation column, if there is one."""
    # A single epoch is a point, which a line alone would not show.
    marker = "o" if len(history["epoch"]) == 1 else ""
    for name in names:
        (line,) = axes.plot(history["epoch"], history[name], marker=marker, label=f"train {name}")
        validation = PREFIX + name
        if validation in history:
            axes.plot(
                history["epoch"],
                history[validation],
                linestyle="--",
                marker=marker,
                color="tab:orange" if len(names) == 1 else line.get_color(),
                label=f"validation {name}",
            )
    what = names[0] if len(names) == 1 else "metrics"
    axes.set_title(f"{what.capitalize()} by epoch")
    axes.set_xlabel("epoch")
    axes.set_ylabel(what)
