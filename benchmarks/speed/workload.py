"""What a workload is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Workload:
    """Some work that all peers do, and how it is measured.

    Parameters
    ----------
    kind
        The name of the function in a peer's file that does it.
    make
        Gives the data that this function gets.
    phases
        What is timed, each for itself.
    hidden
        Phases that only lead to others: timed, not shown.
    per
        Into how many parts a time is divided, for one that is told for each op.
    tolerance
        How far, relatively, a peer's number may be from NumPy's.
    at_least
        Instead of that, what every peer's number must reach.
    warm_up
        Runs before the first that is timed.
    self_timed
        The one phase returns the seconds itself.
    slow
        Left out by ``--quick``.
    turns
        Rounds in each process at most, for runs of many seconds.
    """

    kind: str
    make: Callable[[], Any]
    phases: tuple[str, ...] = ("",)
    hidden: tuple[str, ...] = ()
    per: int = 1
    tolerance: float = 1e-3
    at_least: float | None = None
    warm_up: int = 20
    self_timed: bool = False
    slow: bool = False
    turns: int = 1000
