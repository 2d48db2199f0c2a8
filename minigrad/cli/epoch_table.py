"""What a run shows while it trains: a table that grows by the epoch, and a progress bar."""

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from minigrad.training.run import Callback, Run

__all__ = ["EpochTable"]

WITHOUT_SET = ("epoch", "lr", "seconds")
FORMATS = {"epoch": "d", "seconds": ".3g"}


class EpochTable(Callback):
    """A row on stdout for each epoch; on a terminal that has tqdm, also a bar on stderr."""

    def __init__(self, epochs: int, done: int) -> None:
        self.epochs = epochs
        self.done = done
        self.bar: Any = None

    def on_fit_start(self, run: Run) -> None:
        names = run.history.names
        sets = ["" if name in WITHOUT_SET else set_of(name) for name in names]
        print(aligned(sets))
        print(aligned([name.removeprefix("validation_") for name in names]))
        if sys.stderr.isatty() and find_spec("tqdm"):
            from tqdm import tqdm

            self.bar = tqdm(
                total=self.epochs,
                initial=self.done,
                unit="epoch",
                leave=False,
                dynamic_ncols=True,
                file=sys.stderr,
            )

    def on_epoch_end(self, run: Run) -> None:
        line = row_text(run.history.rows[-1])
        if self.bar is None:
            print(line)
        else:
            self.bar.update()
            self.bar.write(line, file=sys.stdout)
        # For whoever follows a file or a pipe.
        sys.stdout.flush()

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()


def set_of(name: str) -> str:
    return "validation" if name.startswith("validation_") else "train"


def row_text(row: Mapping[str, float]) -> str:
    return aligned([format(value, FORMATS.get(name, ".4g")) for name, value in row.items()])


def aligned(cells: list[str]) -> str:
    """The epoch in 5 columns, everything else in 11: 71 in all with loss and accuracy."""
    return (f"{cells[0]:>5}" + "".join(f"{cell:>11}" for cell in cells[1:])).rstrip()
