"""Dropout: switching units off at random while training."""

from typing import Any

import numpy as np

from minigrad.errors import DomainError
from minigrad.nn.initializers import Rng
from minigrad.nn.module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """While training, zeroes each element with probability ``p`` and divides the rest by 1 − p.

    So the expected output is the input, and in evaluation mode the layer returns its input as it
    is (inverted dropout).

    Parameters
    ----------
    p : float
        Share of elements dropped, 0 ≤ p < 1.
    rng : numpy.random.Generator, int or None
        Where the masks come from.

    Raises
    ------
    DomainError
        If ``p`` is outside [0, 1).

    Notes
    -----
    The mask is an ordinary constant of the graph: backward() meets the very mask that forward drew.
    Every call in training mode draws another one, so compare gradients with finite differences in
    evaluation mode.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, "Dropout: a simple way to
    prevent neural networks from overfitting".

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.nn import Dropout
    >>> layer = Dropout(0.5, rng=0)
    >>> layer(np.ones(6))
    array([2., 0., 0., 0., 2., 2.])
    >>> layer.eval()(np.ones(6))
    array([1., 1., 1., 1., 1., 1.])
    """

    def __init__(self, p: float, rng: Rng = None) -> None:
        if not (isinstance(p, (int, float, np.number)) and 0 <= p < 1):
            raise DomainError(f"Dropout: p is {p!r}; it must be at least 0 and below 1")
        self.p = float(p)
        self.rng = np.random.default_rng(rng)

    def forward(self, x: Any) -> Any:
        if not self.training or self.p == 0:
            return x
        kept = self.rng.random(x.shape) >= self.p
        mask = kept.astype(np.result_type(x.dtype, 0.0)) / (1 - self.p)
        return x * mask

    def extra_repr(self) -> str:
        return f"p={self.p}"
