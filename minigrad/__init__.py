"""minigrad: reverse-mode automatic differentiation on NumPy, to be read, stepped and checked."""

import importlib as _importlib
import os as _os
import typing as _typing

from minigrad.gradients import grad, hessian, jacobian
from minigrad.information import (
    continuous_kl_divergence,
    entropy,
    information_content,
    kl_divergence,
)
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
from minigrad.quadrature import integral
from minigrad.tensor import Tensor, enable_grad, is_grad_enabled, no_grad
from minigrad.version import __version__

if _typing.TYPE_CHECKING:
    from minigrad import checking, data, debugger, drawing, nn, optim, training
    from minigrad.debugger import breakpoint, debug, debugging, replay, steps
    from minigrad.drawing import draw

__all__ = [
    "Op",
    "Tensor",
    "__version__",
    "abs",
    "add",
    "astype",
    "binary_cross_entropy",
    "breakpoint",
    "broadcast_to",
    "call",
    "checking",
    "clip",
    "compile",
    "compiler",
    "concatenate",
    "continuous_kl_divergence",
    "copy",
    "cos",
    "cross_entropy",
    "data",
    "debug",
    "debugger",
    "debugging",
    "divide",
    "dot",
    "draw",
    "drawing",
    "elu",
    "enable_grad",
    "entropy",
    "erf",
    "exp",
    "expand_dims",
    "expm1",
    "flatten",
    "flip",
    "gelu",
    "getitem",
    "grad",
    "hessian",
    "information_content",
    "integral",
    "is_grad_enabled",
    "jacobian",
    "kl_divergence",
    "leaky_relu",
    "linear",
    "log",
    "log1p",
    "log2",
    "log_softmax",
    "logsumexp",
    "matmul",
    "max",
    "maximum",
    "mean",
    "mean_squared_error",
    "min",
    "minimum",
    "multiply",
    "negative",
    "nn",
    "no_grad",
    "optim",
    "outer",
    "pad",
    "power",
    "prod",
    "relu",
    "replay",
    "reshape",
    "scatter_add",
    "sigmoid",
    "sigmoid_cross_entropy",
    "silu",
    "sin",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "steps",
    "subtract",
    "sum",
    "sum_squared_error",
    "swapaxes",
    "tanh",
    "training",
    "transpose",
    "unbroadcast",
    "unstack",
    "var",
    "where",
    "xlogy",
]


_ROOM_OF = {
    "breakpoint": "debugger",
    "compile": "compiler",
    "debug": "debugger",
    "debugging": "debugger",
    "draw": "drawing",
    "replay": "debugger",
    "steps": "debugger",
}


def __getattr__(name: str) -> _typing.Any:
    """Import a room when it is first used: ``mg.nn`` needs no import of its own."""
    if name in _ROOM_OF:
        return getattr(_importlib.import_module(f"minigrad.{_ROOM_OF[name]}"), name)
    if name in __all__:
        return _importlib.import_module(f"minigrad.{name}")
    raise AttributeError(f"module 'minigrad' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


if _os.environ.get("MINIGRAD_DEBUG"):
    _importlib.import_module("minigrad.debugger.driver").debug_as_environment_says()
