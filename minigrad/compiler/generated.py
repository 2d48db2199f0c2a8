"""What a back end makes of a plan."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from minigrad.compiler.program import Value

__all__ = ["Generated"]


@dataclass(frozen=True, slots=True)
class Generated:
    """A program that runs.

    Attributes
    ----------
    source
        Its Python text, with the user's line beside each instruction.
    run
        Takes the program's inputs in order: C-contiguous arrays of the dtypes declared, Python
        numbers for weak ones. Returns ``(refused, *numbers)``: whether a check failed, in which
        case nothing was written, and the outputs without axes.
    arrays
        For each output with axes the array that holds it until the next run.
    """

    source: str
    run: Callable[..., tuple[Any, ...]]
    arrays: Mapping[Value, NDArray[Any]]
