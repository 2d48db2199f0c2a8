"""Random numbers in a trace."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.refusing import refused
from minigrad.compiler.sources import Draw
from minigrad.compiler.tracer import Tracer

__all__ = ["Drawing"]


class Drawing:
    """Stands for a generator: what is drawn becomes an input, drawn anew before each call."""

    def __init__(
        self, generator: np.random.Generator, stand_in: Callable[[NDArray[Any], Draw], Tracer]
    ) -> None:
        self.stand_in = stand_in
        self.generator = generator
        self.rehearsal = deepcopy(generator)

    def __getattr__(self, method: str) -> Callable[..., Tracer]:
        def draw(*args: Any, **kwargs: Any) -> Tracer:
            if any(isinstance(x, Tracer) for x in (*args, *kwargs.values())):
                raise refused(f"a generator's {method} takes values that are not known yet")
            drawn = getattr(self.rehearsal, method)(*args, **kwargs)
            if not isinstance(drawn, (np.ndarray, np.generic, float, int)):
                raise refused(
                    f"a generator's {method} gives no numbers: it would do its work once, now. Use "
                    "permutation in place of shuffle"
                )
            return self.stand_in(np.asarray(drawn), Draw(self.generator, method, args, kwargs))

        return draw
