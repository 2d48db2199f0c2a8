"""A multilayer perceptron in one line."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from minigrad.errors import DomainError, DTypeError
from minigrad.nn.activations import (
    ELU,
    GELU,
    Identity,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from minigrad.nn.dropout import Dropout
from minigrad.nn.initializers import Rng
from minigrad.nn.linear import Linear
from minigrad.nn.module import Module
from minigrad.nn.sequential import Sequential

__all__ = ["mlp"]

ACTIVATIONS: dict[str, type[Module]] = {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "elu": ELU,
    "gelu": GELU,
    "silu": SiLU,
    "softplus": Softplus,
    "softmax": Softmax,
    "log_softmax": LogSoftmax,
    "identity": Identity,
}
RELU_FAMILY = (ReLU, LeakyReLU, ELU, GELU, SiLU, Softplus)


def mlp(
    sizes: Sequence[int],
    activation: str | type[Module] = "sigmoid",
    output: str | type[Module] | None = None,
    *,
    dropout: float = 0.0,
    rng: Rng = None,
    dtype: DTypeLike = np.float64,
) -> Sequential:
    """A multilayer perceptron: linear layers with an activation between them.

    Parameters
    ----------
    sizes : sequence of int
        Sizes of the input, of every hidden layer, and of the output.
    activation : str or Module class
        What follows every hidden layer: "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu",
        "silu", "softplus", "softmax", "log_softmax", "identity", or a layer class. Weights start
        by Kaiming's rule for relu and its relatives (up to softplus), by Xavier's for the others.
    output : str, Module class or None
        What follows the last layer, from the same choice. By default nothing: the model's outputs
        are logits, for `softmax_cross_entropy` and the like.
    dropout : float
        Share of hidden units dropped while training, 0 ≤ dropout < 1; see `Dropout`.
    rng : numpy.random.Generator, int or None
        Where initial weights and dropout masks come from. Weights do not depend on ``dropout``.
    dtype : dtype_like
        Floating-point type of the parameters.

    Returns
    -------
    Sequential

    Raises
    ------
    DTypeError
        If ``sizes`` is no sequence of ints, or ``dtype`` no floating-point type.
    DomainError
        If ``sizes`` has fewer than 2 entries or one below 1, an activation is unknown, or
        ``dropout`` is outside [0, 1).

    Examples
    --------
    >>> from minigrad.nn import mlp
    >>> mlp([64, 32, 10], activation="relu", output="softmax", rng=0)
    Sequential(
      (0): Linear(64, 32)
      (1): ReLU()
      (2): Linear(32, 10)
      (3): Softmax(axis=-1)
    )
    """
    if isinstance(sizes, (int, np.integer)):
        raise DTypeError(f"mlp: sizes is {sizes}; it must be a list of sizes, input to output")
    if len(sizes) < 2:
        raise DomainError(
            f"mlp: sizes is {list(sizes)}; it needs at least 2, those of the input and the output"
        )
    hidden_layer = layer_class("activation", activation)
    output_layer = Identity if output is None else layer_class("output", output)
    init = "kaiming" if issubclass(hidden_layer, RELU_FAMILY) else "xavier"
    rng = np.random.default_rng(rng)
    # A generator of their own, so that the weights are the same with and without dropout.
    (dropout_rng,) = rng.spawn(1)
    *hidden_sizes, n_out = sizes[1:]
    n_in = sizes[0]
    model = Sequential()
    for size in hidden_sizes:
        model.append(Linear(n_in, size, init=init, rng=rng, dtype=dtype))
        model.append(hidden_layer())
        if dropout != 0:
            model.append(Dropout(dropout, dropout_rng))
        n_in = size
    model.append(Linear(n_in, n_out, init=init, rng=rng, dtype=dtype))
    if output is not None:
        model.append(output_layer())
    return model


def layer_class(argument: str, choice: str | type[Module]) -> type[Module]:
    if isinstance(choice, type) and issubclass(choice, Module):
        return choice
    if isinstance(choice, str) and choice in ACTIVATIONS:
        return ACTIVATIONS[choice]
    raise DomainError(
        f"mlp: {argument} is {choice!r}; it must be one of {', '.join(ACTIVATIONS)}, "
        "or a layer class such as ReLU"
    )
