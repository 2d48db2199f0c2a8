"""Telling how a run goes, on stderr: a bar over the batches, a line for each epoch, or nothing."""

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from shutil import get_terminal_size
from textwrap import fill
from time import perf_counter
from typing import Any

from minigrad.errors import DomainError, MissingExtraError

__all__ = ["BarProgress", "LineProgress", "Progress", "progress_for"]

SECONDS_BETWEEN_UPDATES = 0.1


class Progress:
    """Tells nothing, except of an interruption."""

    def start(self, epochs: int, batches: int, done: int) -> None:
        """A run of ``epochs`` epochs of ``batches`` batches begins, ``done`` epochs being over."""
        self.epochs = epochs

    def batch(self, loss: float, lr: float) -> None:
        """A batch is over."""

    def epoch(self, row: Mapping[str, float]) -> None:
        """An epoch is over, and these are its numbers."""

    def note(self, text: str) -> None:
        """Something happened that must be told."""
        print(text, file=sys.stderr)

    def interrupted(self, text: str) -> None:
        """Ctrl-C has ended the run. A terminal shows ``^C`` first, wherever the cursor is."""
        if at_a_terminal():
            print(file=sys.stderr)
        self.note(text)

    def close(self) -> None:
        """The run is over."""


class LineProgress(Progress):
    """A line for each epoch."""

    def epoch(self, row: Mapping[str, float]) -> None:
        self.note(epoch_line(row, self.epochs))


class BarProgress(LineProgress):
    """A bar over all batches of the run, and above it a line for each epoch."""

    def __init__(self) -> None:
        try:
            from tqdm import tqdm
        except ImportError as error:
            raise MissingExtraError("tqdm", "train", "fit(progress=True)") from error
        self.tqdm: Any = tqdm
        self.bar: Any = None

    def start(self, epochs: int, batches: int, done: int) -> None:
        self.epochs = epochs
        self.pending = 0
        self.updated = 0.0
        self.bar = self.tqdm(
            total=epochs * batches,
            initial=done * batches,
            unit="batch",
            leave=False,
            dynamic_ncols=True,
            file=sys.stderr,
        )

    def batch(self, loss: float, lr: float) -> None:
        self.pending += 1
        now = perf_counter()
        # A clock of our own: formatting the numbers costs more than a small model's training step.
        if now - self.updated > SECONDS_BETWEEN_UPDATES:
            self.bar.set_postfix_str(f"loss {loss:.4g}, lr {lr:.3g}", refresh=False)
            self.advance()
            self.updated = now

    def epoch(self, row: Mapping[str, float]) -> None:
        self.advance()
        super().epoch(row)

    def advance(self) -> None:
        self.bar.update(self.pending)
        self.pending = 0

    def note(self, text: str) -> None:
        if self.bar is None:
            super().note(text)
        else:
            # The terminal itself would break a long line anywhere, in the middle of a number.
            width = get_terminal_size().columns
            self.bar.write(fill(text, width, subsequent_indent="    "), file=sys.stderr)

    def interrupted(self, text: str) -> None:
        self.note(text)  # in place of the bar

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


def epoch_line(row: Mapping[str, float], epochs: int) -> str:
    """``epoch 3/20: loss 0.1234, accuracy 0.95, lr 0.1, 0.42 s``."""
    numbers = [f"{name} {row[name]:.4g}" for name in row if name not in ("epoch", "seconds")]
    seconds = f"{row['seconds']:.2g} s"
    return f"epoch {row['epoch']:>{len(str(epochs))}}/{epochs}: {', '.join([*numbers, seconds])}"


def progress_for(progress: bool | str) -> Progress:
    """What ``fit(progress=...)`` asks for."""
    if progress is True:
        return BarProgress()
    if progress is False:
        return Progress()
    if progress != "auto":
        raise DomainError(f"fit: progress is {progress!r}; it must be True, False or 'auto'")
    return BarProgress() if at_a_terminal() and find_spec("tqdm") else LineProgress()


def at_a_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()
