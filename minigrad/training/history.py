"""History: what a training run measured, epoch by epoch."""

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from math import inf, isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minigrad.data.files import replace_bytes
from minigrad.errors import DomainError, StateError
from minigrad.training.plotting import history_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["History", "direction"]

SHOWN_ROWS = 8


class History(Mapping[str, list[float]]):
    """One row of numbers for each finished epoch; by name, one list over the epochs.

    `fit` returns one. Its columns are ``epoch`` (from 1), ``loss`` and each metric by its name on
    the training data, ``validation_loss`` and ``validation_<metric>`` if there are validation data,
    ``lr`` (the learning rate at the epoch's start) and ``seconds`` (of the whole epoch).

    Parameters
    ----------
    names : iterable of str
        The columns; without any, the first row's.

    Attributes
    ----------
    names : tuple of str
        The columns.
    rows : list of dict
        One for each epoch, from column name to number.
    stopped_early : bool
        Whether a callback ended the run before its last epoch.
    interrupted : bool
        Whether Ctrl-C did.

    Examples
    --------
    >>> from minigrad.training import History
    >>> history = History()
    >>> history.append({"loss": 0.75, "validation_loss": 0.5, "seconds": 0.1})
    >>> history.append({"loss": 0.25, "validation_loss": 1.0, "seconds": 0.1})
    >>> history["loss"]
    [0.75, 0.25]
    >>> history.best()["epoch"]
    1
    >>> history
    History of 2 epochs, * the best by validation_loss
      epoch    loss  validation_loss  seconds
    *     1    0.75              0.5      0.1
          2    0.25                1      0.1
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names = tuple(names)
        self.rows: list[dict[str, float]] = []
        self.stopped_early = False
        self.interrupted = False

    @property
    def epochs(self) -> int:
        """How many epochs are finished."""
        return len(self.rows)

    def append(self, row: Mapping[str, float]) -> None:
        """Add an epoch's numbers, one for each column; ``epoch`` is counted here.

        Raises
        ------
        StateError
            If the columns are others than those of the rows before.
        """
        numbered = {"epoch": 0, **row} | {"epoch": self.epochs + 1}
        names = self.names or tuple(numbered)
        if set(numbered) != set(names):
            raise StateError(
                f"History.append: the row has {', '.join(numbered)}; the columns are "
                f"{', '.join(names)}"
            )
        self.names = names
        self.rows.append({name: numbered[name] for name in names})

    def __getitem__(self, name: str) -> list[float]:
        if name not in self.names:
            raise KeyError(f"no column {name!r}; there are {', '.join(self.names) or 'none'}")
        return [row[name] for row in self.rows]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __bool__(self) -> bool:
        return True

    def best(self, name: str | None = None, mode: str | None = None) -> dict[str, float]:
        """The row of the best epoch, the earliest of equal ones; NaN is the worst.

        Parameters
        ----------
        name : str, optional
            The column to judge by: by default ``validation_loss`` where there is one, else
            ``loss``.
        mode : {"min", "max"}, optional
            Whether less or more is better. Names that end in loss or error, or in accuracy, tell.

        Raises
        ------
        KeyError
            If there is no such column.
        DomainError
            If no epoch is finished, or the mode is neither given nor told by the name.
        """
        name = name or self.judge()
        if not self.rows:
            raise DomainError("History.best: no epoch is finished yet")
        column = self[name]
        sign = direction("History.best", name, mode)
        worst = -sign * inf
        ranked = [worst if isnan(number) else number for number in column]
        return dict(self.rows[ranked.index(max(ranked) if sign > 0 else min(ranked))])

    def judge(self) -> str:
        """The column by which epochs are compared if none is named."""
        return "validation_loss" if "validation_loss" in self.names else "loss"

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain lists, numbers and strings, such as JSON can hold."""
        return {
            "columns": {name: self[name] for name in self.names},
            "stopped_early": self.stopped_early,
            "interrupted": self.interrupted,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> "History":
        """The History that `to_dict` described.

        Raises
        ------
        StateError
            If ``state`` is no such description.
        """
        try:
            columns = {str(name): list(values) for name, values in state["columns"].items()}
            history = cls(columns)
            history.stopped_early = bool(state["stopped_early"])
            history.interrupted = bool(state["interrupted"])
            for values in zip(*columns.values(), strict=True):
                history.rows.append(dict(zip(columns, values, strict=True)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StateError(f"History.from_dict: not what to_dict() gives: {error!r}") from error
        return history

    def plot(self, path: str | Path | None = None) -> "Figure":
        """Draw the curves: the losses, and beside them the metrics if there are any.

        Training curves are solid, validation curves dashed, the best epoch by `best` is marked.

        Parameters
        ----------
        path : str or Path, optional
            Also save the figure there, as PNG, PDF or SVG by its suffix. No display is needed.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        DomainError
            If no epoch is finished.
        """
        if not self.rows:
            raise DomainError("History.plot: no epoch is finished yet")
        figure = history_figure(self, self.judge(), int(self.best()["epoch"]))
        if path is not None:
            content = BytesIO()
            figure.savefig(content, format=Path(path).suffix.removeprefix(".").lower() or "png")
            replace_bytes("History.plot", path, content.getvalue())
        return figure

    def __repr__(self) -> str:
        state = "stopped early" if self.stopped_early else ""
        state = "interrupted" if self.interrupted else state
        title = f"History of {self.epochs} epoch{'s' * (self.epochs != 1)}"
        title += f" ({state})" if state else ""
        if not self.rows:
            return title
        best = int(self.best()["epoch"]) if self.judge() in self.names else 0
        if best:
            title += f", * the best by {self.judge()}"
        rows, half = self.rows, SHOWN_ROWS // 2
        shown = rows if len(rows) <= SHOWN_ROWS else rows[:half] + rows[-half:]
        if best and self.rows[best - 1] not in shown:
            shown = [*rows[:half], rows[best - 1], *rows[-half:]]
        width = {name: max(len(name), 6) for name in self.names}
        lines = [title, "  " + "  ".join(f"{name:>{width[name]}}" for name in self.names)]
        previous = 0
        for row in shown:
            if row["epoch"] != previous + 1:
                lines.append("  ...")
            previous = int(row["epoch"])
            mark = "* " if previous == best else "  "
            lines.append(mark + "  ".join(f"{row[name]:>{width[name]}.4g}" for name in self.names))
        return "\n".join(lines)


def direction(owner: str, name: str, mode: str | None) -> int:
    """-1 if less is better and 1 if more is, as ``mode`` says or else the column's name."""
    if mode is None:
        mode = "min" if name.endswith(("loss", "error")) else mode
        mode = "max" if name.endswith("accuracy") else mode
    if mode not in ("min", "max"):
        raise DomainError(
            f"{owner}: mode is {mode!r}; say with 'min' or 'max' whether less or more {name} is "
            "better"
        )
    return 1 if mode == "max" else -1
