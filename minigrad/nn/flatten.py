"""Flattening samples, such as images, into the vectors that linear layers take."""

import math
from typing import Any

from minigrad.nn.module import Module
from minigrad.ops.base import shape_of
from minigrad.ops.shape import reshape

__all__ = ["Flatten"]


class Flatten(Module):
    """Every sample's elements in one axis: (N, ...) becomes (N, size of a sample).

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.nn import Flatten
    >>> Flatten()(np.zeros((5, 8, 8))).shape
    (5, 64)
    """

    def forward(self, x: Any) -> Any:
        batch, *sample = shape_of(x)
        return reshape(x, (batch, math.prod(sample)))
