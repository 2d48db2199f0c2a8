"""Activation functions as layers. What each computes stands with the function it calls.

The three in every small network call their op directly: a frame less on the way.
"""

from typing import Any

from minigrad.errors import DomainError
from minigrad.nn.module import Module
from minigrad.ops import activation, elementwise
from minigrad.ops.activation import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    silu,
    softmax,
    softplus,
)
from minigrad.ops.base import call

__all__ = [
    "ELU",
    "GELU",
    "Identity",
    "LeakyReLU",
    "LogSoftmax",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
]


class Identity(Module):
    """Returns its input as it is: a place holder.

    Examples
    --------
    >>> from minigrad.nn import Identity
    >>> Identity()(3.0)
    3.0
    """

    def forward(self, x: Any) -> Any:
        return x


class Sigmoid(Module):
    """1 / (1 + e^(−x)), elementwise: `minigrad.sigmoid`.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.nn import Sigmoid
    >>> Sigmoid()(np.array([0.0]))
    array([0.5])
    """

    def forward(self, x: Any) -> Any:
        return call(activation.Sigmoid, x)


class Tanh(Module):
    """Hyperbolic tangent, elementwise: `minigrad.tanh`.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.nn import Tanh
    >>> Tanh()(np.array([0.0, 100.0]))
    array([0., 1.])
    """

    def forward(self, x: Any) -> Any:
        return call(elementwise.Tanh, x)


class ReLU(Module):
    """max(x, 0), elementwise: `minigrad.relu`.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.nn import ReLU
    >>> ReLU()(np.array([-2.0, 2.0]))
    array([0., 2.])
    """

    def forward(self, x: Any) -> Any:
        return call(activation.Relu, x)


class LeakyReLU(Module):
    """x where x > 0, ``slope``·x elsewhere: `minigrad.leaky_relu`.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.nn import LeakyReLU
    >>> LeakyReLU(slope=0.1)(np.array([-2.0, 2.0]))
    array([-0.2,  2. ])
    """

    def __init__(self, slope: float = 0.01) -> None:
        self.slope = slope

    def forward(self, x: Any) -> Any:
        return leaky_relu(x, self.slope)

    def extra_repr(self) -> str:
        return f"slope={self.slope}"


class ELU(Module):
    """x where x > 0, ``alpha``·(e^x − 1) elsewhere: `minigrad.elu`.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.nn import ELU
    >>> ELU(alpha=2.0)(np.array([-100.0, 2.0]))
    array([-2.,  2.])
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        return elu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class GELU(Module):
    """x·Φ(x), exactly or with the tanh approximation: `minigrad.gelu`.

    Raises
    ------
    DomainError
        If ``approximate`` is neither "none" nor "tanh".

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.nn import GELU
    >>> GELU()(np.array([0.0, 1.0]))
    array([0.        , 0.84134475])
    """

    def __init__(self, approximate: str = "none") -> None:
        if approximate not in ("none", "tanh"):
            raise DomainError(f"GELU: approximate is {approximate!r}; it must be 'none' or 'tanh'")
        self.approximate = approximate

    def forward(self, x: Any) -> Any:
        return gelu(x, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """x·σ(x), also called swish: `minigrad.silu`.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.nn import SiLU
    >>> SiLU()(np.array([0.0, 1.0]))
    array([0.        , 0.73105858])
    """

    def forward(self, x: Any) -> Any:
        return silu(x)


class Softplus(Module):
    """ln(1 + e^x), elementwise: `minigrad.softplus`.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.nn import Softplus
    >>> Softplus()(np.array([0.0, 1000.0]))
    array([6.93147181e-01, 1.00000000e+03])
    """

    def forward(self, x: Any) -> Any:
        return softplus(x)


class Softmax(Module):
    """exp(x) / Σ exp(x) along ``axis``: `minigrad.softmax`.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.nn import Softmax
    >>> Softmax()(np.array([[0.0, 0.0], [0.0, 1000.0]]))
    array([[0.5, 0.5],
           [0. , 1. ]])
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return softmax(x, self.axis)

    def extra_repr(self) -> str:
        return f"axis={self.axis}"


class LogSoftmax(Module):
    """ln softmax(x) along ``axis``: `minigrad.log_softmax`.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.nn import LogSoftmax
    >>> LogSoftmax()(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return log_softmax(x, self.axis)

    def extra_repr(self) -> str:
        return f"axis={self.axis}"
