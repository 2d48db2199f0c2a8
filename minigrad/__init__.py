"""minigrad: reverse-mode automatic differentiation on NumPy, to be read, stepped and checked."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minigrad.gradients import grad, hessian, jacobian
from minigrad.information import entropy, information_content, kl_divergence
from minigrad.losses import (
    binary_cross_entropy,
    cross_entropy,
    mean_squared_error,
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    sum_squared_error,
)
from minigrad.ops.activation import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
)
from minigrad.ops.arithmetic import add, divide, multiply, negative, power, subtract
from minigrad.ops.base import Op, call
from minigrad.ops.broadcasting import broadcast_to, unbroadcast
from minigrad.ops.elementwise import (
    astype,
    copy,
    cos,
    erf,
    exp,
    expm1,
    log,
    log1p,
    log2,
    sin,
    sqrt,
    square,
    tanh,
)
from minigrad.ops.indexing import getitem, scatter_add
from minigrad.ops.linalg import dot, linear, matmul, outer
from minigrad.ops.loss import xlogy
from minigrad.ops.piecewise import abs, clip, maximum, minimum, where
from minigrad.ops.reduction import logsumexp, max, mean, min, prod, std, sum, var
from minigrad.ops.shape import (
    concatenate,
    expand_dims,
    flatten,
    flip,
    pad,
    reshape,
    split,
    squeeze,
    stack,
    swapaxes,
    transpose,
    unstack,
)
from minigrad.tensor import Tensor, is_grad_enabled, no_grad
from minigrad.version import __version__

if TYPE_CHECKING:
    from minigrad import checking, data, nn, optim, training

ROOMS = ("checking", "data", "nn", "optim", "training")


def __getattr__(name: str) -> Any:
    """Import a subpackage when it is first used: ``mg.nn`` needs no import of its own."""
    if name in ROOMS:
        return import_module(f"minigrad.{name}")
    raise AttributeError(f"module 'minigrad' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *ROOMS])
