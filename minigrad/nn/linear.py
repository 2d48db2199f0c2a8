"""The linear (fully connected, dense) layer."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.errors import DomainError, DTypeError, ShapeError
from minigrad.nn.initializers import (
    Initializer,
    Rng,
    kaiming_normal,
    kaiming_uniform,
    xavier_normal,
    xavier_uniform,
    zeros,
)
from minigrad.nn.module import Module
from minigrad.ops import linalg
from minigrad.ops.base import shape_of
from minigrad.tensor import NO_PARAMS, Tensor, apply

__all__ = ["Linear"]

INITIALIZERS: dict[str, Initializer] = {
    "xavier": xavier_uniform,
    "xavier_uniform": xavier_uniform,
    "xavier_normal": xavier_normal,
    "kaiming": kaiming_uniform,
    "kaiming_uniform": kaiming_uniform,
    "kaiming_normal": kaiming_normal,
    "zeros": zeros,
}


class Linear(Module):
    """A linear layer: ``x @ weight + bias``.

    Parameters
    ----------
    n_in, n_out : int
        How many numbers a sample has before and after the layer.
    bias : bool
        Whether a bias is added.
    init : str or function
        How the weight starts: "xavier" (short for "xavier_uniform"; fits sigmoid and tanh),
        "kaiming" (short for "kaiming_uniform"; fits relu), "xavier_normal", "kaiming_normal",
        "zeros", or a function of (shape, rng, dtype) such as those of the same names. The bias
        starts at 0.
    rng : numpy.random.Generator, int or None
        Where the initial weight comes from. Layers given the same int start alike: hand one
        Generator to all of them.
    dtype : dtype_like
        Floating-point type of the parameters.

    Attributes
    ----------
    weight : Tensor, shape (n_in, n_out)
        The transpose of what PyTorch keeps.
    bias : Tensor, shape (n_out,), or None

    Raises
    ------
    DomainError
        If a size is below 1 or ``init`` is unknown.
    DTypeError
        If a size is no int or ``dtype`` no floating-point type.
    ShapeError
        When called, if the input's last axis is not of size ``n_in``; or if a function given as
        ``init`` returns another shape than asked for.

    Notes
    -----
    Inputs have the shape (..., n_in), outputs (..., n_out). By NumPy's rules a float32 layer gives
    float32 on float32 inputs and float64 on float64 ones.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.nn import Linear
    >>> layer = Linear(4, 3, rng=0)
    >>> layer(np.ones((8, 4))).shape
    (8, 3)
    >>> layer.weight
    Tensor(4, 3) float64 'weight' requires_grad
    """

    bias: Tensor | None

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        bias: bool = True,
        init: str | Initializer = "xavier",
        rng: Rng = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.n_in = checked_size("n_in", n_in)
        self.n_out = checked_size("n_out", n_out)
        if np.dtype(dtype).kind != "f":
            raise DTypeError(
                f"Linear: dtype is {np.dtype(dtype)}; it must be a floating-point type"
            )
        shape = (self.n_in, self.n_out)
        values = initializer(init)(shape, rng, dtype)
        if np.shape(values) != shape:
            raise ShapeError(f"Linear: init returned shape {np.shape(values)}, it must be {shape}")
        self.weight = Tensor(values, requires_grad=True, dtype=dtype)
        self.bias = Tensor(zeros((self.n_out,), dtype=dtype), requires_grad=True) if bias else None

    def forward(self, x: Any) -> Any:
        try:
            if self.bias is not None and getattr(x, "ndim", None) == 2:
                # Nothing left to check.
                return apply(linalg.Linear, (x, self.weight, self.bias), NO_PARAMS)
            return linalg.linear(x, self.weight, self.bias)
        except ShapeError:
            if shape_of(x)[-1:] == (self.n_in,):
                raise
            raise ShapeError(
                f"{self.with_name()}: input has shape {shape_of(x)}, needs (..., {self.n_in})"
            ) from None

    def with_name(self) -> str:
        """The layer and, once it is part of a model, its dotted name: ``Linear(64, 32) '0'``."""
        name = (self.weight.name or "").removesuffix("weight").removesuffix(".")
        return f"{self!r} {name!r}" if name else repr(self)

    if TYPE_CHECKING:  # so that an editor knows what a model returns

        def __call__(self, *inputs: Any) -> Tensor: ...

    def extra_repr(self) -> str:
        return f"{self.n_in}, {self.n_out}" + (", bias=False" if self.bias is None else "")


def checked_size(argument: str, size: Any) -> int:
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)):
        raise DTypeError(f"Linear: {argument} is {size!r}; it must be an int")
    if size < 1:
        raise DomainError(f"Linear: {argument} is {size}; it must be at least 1")
    return int(size)


def initializer(init: str | Initializer) -> Initializer:
    if callable(init):
        return init
    if init not in INITIALIZERS:
        raise DomainError(
            f"Linear: init is {init!r}; it must be one of {', '.join(INITIALIZERS)}, "
            "or a function of (shape, rng, dtype)"
        )
    return INITIALIZERS[init]
