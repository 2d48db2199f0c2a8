"""What a function does to Python's objects while it is traced, and would not do at later calls.

Such an effect shows when the function is over. To tell the line, the function is traced once more
and looked at line by line.
"""

import random
import sys
from collections.abc import Callable
from copy import deepcopy
from types import FrameType
from typing import Any

import numpy as np

from minigrad.compiler.belongings import Belongings
from minigrad.compiler.places import is_users_file
from minigrad.compiler.program import Place
from minigrad.errors import CompileError

__all__ = ["Draws", "EffectError", "Watch"]


class EffectError(CompileError):
    """An effect that would happen once; where it happens is still to be found."""


class Watch:
    """A context in which user's lines are followed, up to the one after which ``happened()``.

    Attributes
    ----------
    place
        The last line, or that one.
    """

    def __init__(self, happened: Callable[[], bool]) -> None:
        self.happened = happened
        self.place: Place | None = None
        self.found = False

    def __enter__(self) -> "Watch":
        self.before = sys.gettrace()
        sys.settrace(self.follow)
        return self

    def __exit__(self, *error: Any) -> None:
        sys.settrace(self.before)

    def follow(self, frame: FrameType, event: str, arg: Any) -> Any:
        """What Python calls for each line that is about to run, and each return."""
        if not is_users_frame(frame):
            return None
        if not self.found and event in ("line", "return"):
            self.found = self.place is not None and self.happened()
        if not self.found and event == "line":
            self.place = Place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname)
        return self.follow


def is_users_frame(frame: FrameType) -> bool:
    """Whether it runs a line of the user's, not of a library's or of text made on the way."""
    filename = frame.f_code.co_filename
    module = str(frame.f_globals.get("__name__")).partition(".")[0]
    is_library = module in sys.stdlib_module_names
    return is_users_file(filename) and not is_library and filename != "<string>"


class Draws:
    """The generators that no Module draws from, NumPy's and Python's global ones among them."""

    def __init__(self, belongings: Belongings) -> None:
        self.states = [
            (generator, deepcopy(generator.bit_generator.state))
            for generator in belongings.generators.values()
        ]
        self.numpy = np.random.get_state()  # noqa: NPY002
        self.python = random.getstate()

    @property
    def happened(self) -> bool:
        """Whether one has been drawn from."""
        before, now = self.numpy, np.random.get_state()  # noqa: NPY002
        return (
            random.getstate() != self.python
            or any(not np.array_equal(x, y) for x, y in zip(before, now, strict=True))
            or any(generator.bit_generator.state != state for generator, state in self.states)
        )

    def rewind(self) -> None:
        """Put their states back."""
        random.setstate(self.python)
        np.random.set_state(self.numpy)  # noqa: NPY002
        for generator, state in self.states:
            generator.bit_generator.state = state
