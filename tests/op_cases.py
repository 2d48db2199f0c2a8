"""One table of every op. Adding an op means adding a row; `tests/ops/test_every_op*` do the rest.

A row gives a function of one or more arrays or Tensors, how to draw its inputs, the same function
in plain NumPy, and in PyTorch where it has one. Inputs stay away from kinks and poles, further
than a finite difference reaches; the kinks themselves are tested one by one elsewhere.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import minigrad as mg
from minigrad.ops.activation import (
    Elu,
    Gelu,
    GeluTanh,
    LeakyRelu,
    LogSoftmax,
    Relu,
    Sigmoid,
    Silu,
    Softmax,
    Softplus,
)
from minigrad.ops.arithmetic import (
    Add,
    Divide,
    Multiply,
    Negative,
    Power,
    PowerOfConstant,
    Subtract,
)
from minigrad.ops.broadcasting import BroadcastTo
from minigrad.ops.elementwise import (
    Cast,
    Copy,
    Cos,
    Erf,
    Exp,
    Expm1,
    Log,
    Log1p,
    Log2,
    Sin,
    Sqrt,
    Square,
    Tanh,
)
from minigrad.ops.indexing import GetItem, ScatterAdd
from minigrad.ops.linalg import Linear, Matmul
from minigrad.ops.loss import SigmoidCrossEntropy, SoftmaxCrossEntropy, XLogY
from minigrad.ops.piecewise import Absolute, Clip, Maximum, Minimum, Where
from minigrad.ops.reduction import Logsumexp, Max, Mean, Min, Prod, Sum, Var
from minigrad.ops.shape import Concatenate, Reshape, Transpose


@dataclass(frozen=True)
class Values:
    """An input: its shape, and where its elements lie."""

    kind: str
    shape: tuple[int, ...]

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        return np.asarray(KINDS[self.kind](rng, self.shape))


KINDS = {
    "real": lambda rng, shape: rng.normal(size=shape),
    "positive": lambda rng, shape: rng.uniform(0.5, 2.5, shape),
    "fraction": lambda rng, shape: rng.uniform(0.1, 0.9, shape),
    "nonzero": lambda rng, shape: rng.uniform(0.6, 2.0, shape) * alternating_signs(shape),
    "whole": lambda rng, shape: rng.integers(-3, 4, shape).astype(float),
    "half": lambda rng, shape: rng.integers(-3, 4, shape) + 0.5,
    "distinct": lambda rng, shape: rng.permutation(
        np.linspace(-2.0, 2.0, int(np.prod(shape)))
    ).reshape(shape),
}


def alternating_signs(shape: tuple[int, ...]) -> np.ndarray:
    """Not at random: few elements would often share one sign, and leave half a rule untested."""
    return (-1.0) ** np.arange(math.prod(shape)).reshape(shape)


ERF = np.vectorize(math.erf, otypes=[float])


def real(*shape: int) -> Values:
    return Values("real", shape)


@dataclass(frozen=True)
class Case:
    """A row of the table: ``function(*inputs)`` runs ``op``, as ``numpy`` and ``torch`` do."""

    op: type[mg.Op]
    function: Callable[..., Any]
    numpy: Callable[..., Any]
    inputs: tuple[Values, ...]
    torch: Callable[..., Any] | None = None
    """Takes the torch module, then the inputs."""
    note: str = ""

    @property
    def id(self) -> str:
        shapes = "-".join(str(x.shape).replace(" ", "") for x in self.inputs)
        return "-".join(filter(None, [self.op.__name__, self.note.replace(" ", ""), shapes]))

    def draw(self, dtype: Any = np.float64) -> list[np.ndarray]:
        rng = np.random.default_rng(0)
        return [x.draw(rng).astype(dtype) for x in self.inputs]


def elementwise() -> list[Case]:
    functions = [
        (Negative, mg.negative, np.negative, "real", "neg"),
        (Absolute, mg.abs, np.abs, "nonzero", "abs"),
        (Exp, mg.exp, np.exp, "real", "exp"),
        (Expm1, mg.expm1, np.expm1, "real", "expm1"),
        (Log, mg.log, np.log, "positive", "log"),
        (Log1p, mg.log1p, np.log1p, "positive", "log1p"),
        (Log2, mg.log2, np.log2, "positive", "log2"),
        (Sqrt, mg.sqrt, np.sqrt, "positive", "sqrt"),
        (Square, mg.square, np.square, "real", "square"),
        (Sin, mg.sin, np.sin, "real", "sin"),
        (Cos, mg.cos, np.cos, "real", "cos"),
        (Tanh, mg.tanh, np.tanh, "real", "tanh"),
        (Erf, mg.erf, ERF, "real", "erf"),
        (Sigmoid, mg.sigmoid, lambda x: (1 + np.tanh(x / 2)) / 2, "real", "sigmoid"),
    ]
    shapes = [(2, 3), (), (0,), (2, 0)]
    return [
        Case(
            op, f, same, (Values(kind, shape),), lambda torch, x, name=name: getattr(torch, name)(x)
        )
        for op, f, same, kind, name in functions
        for shape in shapes
    ] + [
        case
        for shape in shapes
        for case in (
            Case(Cast, lambda x: mg.astype(x, x.dtype), np.array, (real(*shape),)),
            Case(Copy, mg.copy, np.array, (real(*shape),)),
        )
    ]


def binary() -> list[Case]:
    functions = [
        (Add, mg.add, np.add, "real", "real", "add"),
        (Subtract, mg.subtract, np.subtract, "real", "real", "sub"),
        (Multiply, mg.multiply, np.multiply, "real", "real", "mul"),
        (Divide, mg.divide, np.divide, "real", "nonzero", "div"),
        (Power, mg.power, np.power, "positive", "real", "pow"),
        (Maximum, mg.maximum, np.maximum, "whole", "half", "maximum"),
        (Minimum, mg.minimum, np.minimum, "whole", "half", "minimum"),
        (XLogY, mg.xlogy, lambda x, y: x * np.log(y), "fraction", "positive", "xlogy"),
    ]
    shapes = [
        ((2, 3), (2, 3)),
        ((3, 1), (1, 4)),
        ((4,), (2, 3, 4)),
        ((), (3,)),
        ((2, 1), ()),
        ((), ()),
        ((0,), (1,)),
        ((1, 3), (0, 3)),
    ]
    return [
        Case(
            op,
            f,
            same,
            (Values(x_kind, x_shape), Values(y_kind, y_shape)),
            lambda torch, x, y, name=name: getattr(torch, name)(x, y),
        )
        for op, f, same, x_kind, y_kind, name in functions
        for x_shape, y_shape in shapes
    ]


def numbers_as_operands() -> list[Case]:
    """Python numbers on either side: the same text in all three libraries."""
    whole = Values("whole", (2, 3))
    functions = [
        (Add, lambda x: 2 + x, "real"),
        (Subtract, lambda x: 2.5 - x, "real"),
        (Multiply, lambda x: x * -3, "real"),
        (Divide, lambda x: 2 / x, "nonzero"),
        (Divide, lambda x: x / 4.0, "real"),
        (Power, lambda x: 1.5**x, "real"),
        (PowerOfConstant, lambda x: x**3, "real"),
        (PowerOfConstant, lambda x: x**2, "real"),
        (PowerOfConstant, lambda x: x**1, "real"),
        (PowerOfConstant, lambda x: x**0, "real"),
        (PowerOfConstant, lambda x: x**-2, "nonzero"),
        (PowerOfConstant, lambda x: x**0.5, "positive"),
    ]
    return [
        Case(op, f, f, (Values(kind, shape),), lambda torch, x, f=f: f(x), note=f"number{i}")
        for i, (op, f, kind) in enumerate(functions)
        for shape in [(2, 3), (), (0,)]
    ] + [
        Case(
            Maximum,
            lambda x: mg.maximum(x, 0.5),
            lambda x: np.maximum(x, 0.5),
            (whole,),
            note="number",
        ),
        Case(
            Minimum,
            lambda x: mg.minimum(0.5, x),
            lambda x: np.minimum(0.5, x),
            (whole,),
            note="number",
        ),
        Case(XLogY, lambda x: mg.xlogy(x, 2.0), lambda x: x * np.log(2.0), (whole,), note="number"),
        Case(
            XLogY,
            lambda x: mg.xlogy(2, x),
            lambda x: 2 * np.log(x),
            (Values("positive", (3,)),),
            note="number",
        ),
    ]


def piecewise() -> list[Case]:
    condition = np.array([[True], [False]])
    return [
        Case(
            Where,
            lambda x, y: mg.where(condition, x, y),
            lambda x, y: np.where(condition, x, y),
            (real(2, 3), real(3)),
            lambda torch, x, y: torch.where(torch.tensor(condition), x, y),
        ),
        Case(
            Where,
            lambda x, y: mg.where(x > y, x, 2.0 * y),
            lambda x, y: np.where(x > y, x, 2.0 * y),
            (Values("whole", (2, 3)), Values("half", ())),
            lambda torch, x, y: torch.where(x > y, x, 2.0 * y),
            note="condition of the inputs",
        ),
        Case(
            Where,
            lambda x: mg.where(np.zeros(0, bool), x, 1.0),
            lambda x: np.where(np.zeros(0, bool), x, 1.0),
            (real(1),),
            note="empty",
        ),
        Case(
            Clip,
            lambda x: mg.clip(x, -1.5, 1.5),
            lambda x: np.minimum(np.maximum(x, -1.5), 1.5),
            (Values("whole", (3, 4)),),
            lambda torch, x: torch.clamp(x, -1.5, 1.5),
        ),
        Case(
            Clip,
            lambda x: mg.clip(x, low=0.5),
            lambda x: np.maximum(x, 0.5),
            (Values("whole", (4,)),),
            lambda torch, x: torch.clamp(x, min=0.5),
            note="low",
        ),
        Case(
            Clip,
            lambda x: mg.clip(x, high=0.5),
            lambda x: np.minimum(x, 0.5),
            (Values("whole", ()),),
            lambda torch, x: torch.clamp(x, max=0.5),
            note="high",
        ),
        Case(Clip, lambda x: mg.clip(x, 0, 1), np.array, (real(0, 2),), note="empty"),
    ]


def reduction() -> list[Case]:
    def logsumexp(x, axis, keepdims):
        return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))

    functions = [
        (Sum, mg.sum, np.sum, "real", "sum"),
        (Mean, mg.mean, np.mean, "real", "mean"),
        (Max, mg.max, np.max, "distinct", "amax"),
        (Min, mg.min, np.min, "distinct", "amin"),
        (Prod, mg.prod, np.prod, "nonzero", None),
        (Var, mg.var, np.var, "real", None),
        (Logsumexp, mg.logsumexp, logsumexp, "real", "logsumexp"),
    ]
    ways = [
        ((2, 3, 4), None, False),
        ((2, 3, 4), None, True),
        ((2, 3, 4), 0, False),
        ((2, 3, 4), -1, True),
        ((2, 3, 4), (0, 2), False),
        ((2, 3, 4), (1, -1), True),
        ((1, 3), 0, False),
        ((3,), 0, False),
        ((), None, False),
        ((0, 3), 1, False),
        ((0, 3), -1, True),
    ]
    empty_ways = [((0,), None, False), ((0, 3), 0, False), ((2, 0), (0, 1), True)]
    rows = []
    for op, f, same, kind, name in functions:
        for shape, axis, keepdims in ways + (empty_ways if op in (Sum, Prod) else []):
            options = {"axis": axis, "keepdims": keepdims}

            def with_torch(torch, x, name=name, axis=axis, keepdims=keepdims):
                axes = tuple(range(x.ndim)) if axis is None else axis
                return getattr(torch, name)(x, dim=axes, keepdim=keepdims)

            rows.append(
                Case(
                    op,
                    lambda x, f=f, options=options: f(x, **options),
                    lambda x, same=same, options=options: same(x, **options),
                    (Values(kind, shape),),
                    with_torch if name else None,
                    note=f"axis={axis}" + ",keepdims" * keepdims,
                )
            )
    return rows


def reduction_with_options() -> list[Case]:
    return [
        Case(
            Var,
            lambda x: mg.var(x, axis=1, ddof=1),
            lambda x: np.var(x, axis=1, ddof=1),
            (real(3, 4),),
            lambda torch, x: torch.var(x, dim=1, correction=1),
            note="ddof=1",
        ),
        Case(
            Var,
            lambda x: mg.std(x, axis=(0, 1), keepdims=True),
            lambda x: np.std(x, axis=(0, 1), keepdims=True),
            (real(3, 4),),
            lambda torch, x: torch.std(x, dim=(0, 1), correction=0, keepdim=True),
            note="std",
        ),
        Case(
            Prod,
            lambda x: mg.prod(x, axis=1),
            lambda x: np.prod(x, axis=1),
            (Values("nonzero", (2, 5)),),
            lambda torch, x: torch.prod(x, dim=1),
            note="against torch",
        ),
        Case(
            Prod,
            lambda x: mg.prod(x),
            lambda x: np.prod(x),
            (Values("whole", (2, 4)),),
            lambda torch, x: torch.prod(x),
            note="whole numbers, zero among them",
        ),
    ]


def matrix_products() -> list[Case]:
    shapes = [
        ((3, 4), (4, 2)),
        ((4,), (4, 2)),
        ((3, 4), (4,)),
        ((4,), (4,)),
        ((2, 3, 4), (4, 2)),
        ((3, 4), (2, 4, 2)),
        ((2, 1, 3, 2), (3, 2, 2)),
        ((2, 3, 4), (4,)),
        ((3,), (2, 3, 2)),
        ((0, 4), (4, 2)),
        ((3, 0), (0, 2)),
        ((2, 0, 4), (4, 0)),
    ]
    rows = [
        Case(
            Matmul,
            mg.matmul,
            np.matmul,
            (real(*x), real(*y)),
            lambda torch, x, y: torch.matmul(x, y),
        )
        for x, y in shapes
    ]
    rows.append(Case(Matmul, mg.dot, np.dot, (real(2, 3), real(3, 2)), note="dot"))
    rows.append(
        Case(
            Multiply,
            mg.outer,
            np.outer,
            (real(2), real(3)),
            lambda torch, x, y: torch.outer(x, y),
            note="outer",
        )
    )
    rows += [
        Case(
            Linear,
            mg.linear,
            lambda x, weight, bias: np.einsum("...i,ij->...j", x, weight) + bias,
            (real(*shape), real(3, 2), real(2)),
            lambda torch, x, weight, bias: torch.nn.functional.linear(x, weight.T, bias),
        )
        for shape in [(4, 3), (2, 2, 3), (3,), (0, 3)]
    ]
    rows.append(Case(Matmul, mg.linear, np.dot, (real(4, 3), real(3, 2)), note="linear, no bias"))
    return rows


INDICES = [
    ((4,), 2),
    ((4,), -1),
    ((3, 4), (1, 2)),
    ((3, 4), 1),
    ((5,), slice(1, 4)),
    ((5,), slice(None, None, -1)),
    ((5,), slice(3, 0, -2)),
    ((5,), slice(2, 2)),
    ((3, 4), (slice(None), slice(None, None, 2))),
    ((3,), None),
    ((2, 3), (None, ..., 0)),
    ((2, 3), ...),
    ((), ()),
    ((), None),
    ((0, 3), slice(None)),
    ((4,), [0, 2, 2]),
    ((4,), np.array(-2)),
    ((4,), np.array([[0, 1], [1, -1]])),
    ((3, 4), ([0, 1, 0], [2, 2, 2])),
    ((3, 4), (np.array([[0], [1]]), [2, 3, 3])),
    ((3, 4), (slice(None), [0, 0, 1])),
    ((2, 3, 4), ([0, 1, 1], slice(None), [1, 1, 1])),
    ((2, 3, 4), (0, slice(1, None), [3, 3])),
    ((2, 3, 4), (..., [1, 1], None)),
    ((3,), []),
    ((3,), np.array([True, False, True])),
    ((2, 3), np.array([[True, False, True], [False, False, True]])),
    ((2, 3), (np.array([False, True]), 1)),
    ((2, 3), (np.array([True, True]), [0, 0])),
    ((3,), np.zeros(3, bool)),
    ((3,), True),
]


def indexing() -> list[Case]:
    rows = []
    for shape, index in INDICES:
        plain = np.array(index) if isinstance(index, list) and index else index
        note = str(index).replace("\n", "")
        taken = np.zeros(shape)[index].shape

        def scattered(x, index=index, shape=shape):
            """By counting, not by NumPy's scattering."""
            positions = np.arange(np.prod(shape, dtype=int)).reshape(shape)[index]
            sums = np.bincount(positions.ravel(), x.ravel(), minlength=int(np.prod(shape)))
            return sums.reshape(shape)

        rows.append(
            Case(
                GetItem,
                lambda x, index=index: mg.getitem(x, index),
                lambda x, plain=plain: x[plain],
                (real(*shape),),
                note=note,
            )
        )
        rows.append(
            Case(
                ScatterAdd,
                lambda x, index=index, shape=shape: mg.scatter_add(x, index, shape),
                scattered,
                (real(*taken),),
                note=note,
            )
        )
    return rows


def shaping() -> list[Case]:
    return [
        Case(
            Reshape,
            lambda x: mg.reshape(x, (4, -1)),
            lambda x: x.reshape(4, 3),
            (real(3, 4),),
            lambda torch, x: x.reshape(4, 3),
        ),
        Case(Reshape, mg.flatten, np.ravel, (real(2, 3),), note="flatten"),
        Case(Reshape, mg.flatten, np.ravel, (real(),), note="flatten"),
        Case(Reshape, lambda x: mg.reshape(x, (3, 0)), lambda x: x.reshape(3, 0), (real(0, 2),)),
        Case(Reshape, mg.squeeze, np.squeeze, (real(1, 3, 1),), note="squeeze"),
        Case(
            Reshape,
            lambda x: mg.expand_dims(x, -1),
            lambda x: x[:, None],
            (real(3),),
            note="expand_dims",
        ),
        Case(Transpose, mg.transpose, np.transpose, (real(2, 3, 2),)),
        Case(Transpose, mg.transpose, np.transpose, (real(),)),
        Case(Transpose, mg.transpose, np.transpose, (real(0, 2),)),
        Case(
            Transpose,
            lambda x: mg.transpose(x, (2, 0, -2)),
            lambda x: np.transpose(x, (2, 0, 1)),
            (real(2, 3, 2),),
            lambda torch, x: x.permute(2, 0, 1),
            note="(2,0,-2)",
        ),
        Case(
            Transpose,
            lambda x: mg.swapaxes(x, 0, -1),
            lambda x: np.swapaxes(x, 0, -1),
            (real(2, 3, 2),),
            note="swapaxes",
        ),
        Case(
            BroadcastTo,
            lambda x: mg.broadcast_to(x, (2, 3, 4)),
            lambda x: np.broadcast_to(x, (2, 3, 4)),
            (real(3, 1),),
            lambda torch, x: torch.broadcast_to(x, (2, 3, 4)),
        ),
        Case(
            BroadcastTo,
            lambda x: mg.broadcast_to(x, (3,)),
            lambda x: np.broadcast_to(x, (3,)),
            (real(),),
        ),
        Case(
            BroadcastTo,
            lambda x: mg.broadcast_to(x, (0, 2)),
            lambda x: np.broadcast_to(x, (0, 2)),
            (real(1, 2),),
        ),
        Case(
            ScatterAdd,
            lambda x: mg.pad(x, ((1, 0), (2, 1)), 7.0),
            lambda x: np.pad(x, ((1, 0), (2, 1)), constant_values=7.0),
            (real(2, 2),),
            lambda torch, x: torch.nn.functional.pad(x, (2, 1, 1, 0), value=7.0),
            note="pad",
        ),
        Case(
            GetItem,
            lambda x: mg.flip(x, (0, -1)),
            lambda x: np.flip(x, (0, -1)),
            (real(2, 2, 3),),
            lambda torch, x: torch.flip(x, (0, -1)),
            note="flip",
        ),
    ]


def joining() -> list[Case]:
    return [
        Case(
            Concatenate,
            lambda x, y: mg.concatenate([x, y]),
            lambda x, y: np.concatenate([x, y]),
            (real(2, 2), real(1, 2)),
            lambda torch, x, y: torch.cat([x, y]),
        ),
        Case(
            Concatenate,
            lambda x, y: mg.concatenate([x, np.full((1, 2), 5, x.dtype), y, x], axis=-1),
            lambda x, y: np.concatenate([x, np.full((1, 2), 5, x.dtype), y, x], axis=-1),
            (real(1, 2), real(1, 3)),
            note="one input twice, axis=-1",
        ),
        Case(
            Concatenate,
            lambda x, y: mg.concatenate([x, y], axis=None),
            lambda x, y: np.concatenate([x, y], axis=None),
            (real(2, 2), real(3)),
            note="axis=None",
        ),
        Case(Concatenate, lambda x: mg.concatenate([x]), np.array, (real(0, 2),)),
        Case(
            Concatenate,
            lambda x, y: mg.stack([x, y, x], axis=1),
            lambda x, y: np.stack([x, y, x], axis=1),
            (real(2, 3), real(2, 3)),
            lambda torch, x, y: torch.stack([x, y, x], dim=1),
            note="stack",
        ),
        Case(
            Concatenate,
            lambda x, y: mg.stack([x, y], axis=-1),
            lambda x, y: np.stack([x, y], axis=-1),
            (real(), real()),
            note="stack",
        ),
        Case(
            GetItem,
            lambda x: mg.multiply(*mg.split(x, 2, axis=1)),
            lambda x: np.multiply(*np.split(x, 2, axis=1)),
            (real(2, 4),),
            note="split",
        ),
        Case(
            GetItem,
            lambda x: mg.concatenate(mg.split(x, [1, 3])[::-1]),
            lambda x: np.concatenate(np.split(x, [1, 3])[::-1]),
            (real(5),),
            note="split before positions",
        ),
        Case(
            GetItem,
            lambda x: mg.multiply(*mg.unstack(x, axis=-1)),
            lambda x: x[:, 0] * x[:, 1],
            (real(3, 2),),
            lambda torch, x: torch.mul(*torch.unbind(x, -1)),
            note="unstack",
        ),
    ]


def activations() -> list[Case]:
    functions = [
        (Relu, mg.relu, lambda x: np.where(x > 0, x, 0), "relu"),
        (LeakyRelu, mg.leaky_relu, lambda x: np.where(x > 0, x, 0.01 * x), "leaky_relu"),
        (Elu, mg.elu, lambda x: np.where(x > 0, x, np.exp(x) - 1), "elu"),
        (Softplus, mg.softplus, lambda x: np.logaddexp(0, x), "softplus"),
        (Silu, mg.silu, lambda x: x / (1 + np.exp(-x)), "silu"),
        (Gelu, mg.gelu, lambda x: x * (1 + ERF(x / np.sqrt(2))) / 2, "gelu"),
    ]
    rows = [
        Case(
            op,
            f,
            same,
            (Values("nonzero", shape),),
            lambda torch, x, name=name: getattr(torch.nn.functional, name)(x),
        )
        for op, f, same, name in functions
        for shape in [(3, 4), (), (0,)]
    ]
    return [
        *rows,
        Case(
            LeakyRelu,
            lambda x: mg.leaky_relu(x, 0.3),
            lambda x: np.where(x > 0, x, 0.3 * x),
            (Values("nonzero", (5,)),),
            lambda torch, x: torch.nn.functional.leaky_relu(x, 0.3),
            note="slope",
        ),
        Case(
            Elu,
            lambda x: mg.elu(x, 2.5),
            lambda x: np.where(x > 0, x, 2.5 * (np.exp(x) - 1)),
            (Values("nonzero", (5,)),),
            lambda torch, x: torch.nn.functional.elu(x, 2.5),
            note="alpha",
        ),
        Case(
            GeluTanh,
            lambda x: mg.gelu(x, approximate="tanh"),
            lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
            (real(3, 4),),
            lambda torch, x: torch.nn.functional.gelu(x, approximate="tanh"),
        ),
    ]


def softmaxes() -> list[Case]:
    def softmax(x, axis):
        return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)

    rows = []
    for shape, axis in [((3, 4), -1), ((3, 4), 0), ((2, 3, 2), 1), ((4,), 0), ((0, 3), 1)]:
        rows += [
            Case(
                Softmax,
                lambda x, axis=axis: mg.softmax(x, axis),
                lambda x, axis=axis: softmax(x, axis),
                (real(*shape),),
                lambda torch, x, axis=axis: torch.softmax(x, axis),
                note=f"axis={axis}",
            ),
            Case(
                LogSoftmax,
                lambda x, axis=axis: mg.log_softmax(x, axis),
                lambda x, axis=axis: np.log(softmax(x, axis)),
                (real(*shape),),
                lambda torch, x, axis=axis: torch.log_softmax(x, axis),
                note=f"axis={axis}",
            ),
        ]
    for shape, axis in [((2, 3), None), ((2, 3, 2), (0, 2)), ((), None)]:
        rows += [
            Case(
                Softmax,
                lambda x, axis=axis: mg.softmax(x, axis),
                lambda x, axis=axis: softmax(x, axis),
                (real(*shape),),
                note=f"axis={axis}",
            ),
            Case(
                LogSoftmax,
                lambda x, axis=axis: mg.log_softmax(x, axis),
                lambda x, axis=axis: np.log(softmax(x, axis)),
                (real(*shape),),
                note=f"axis={axis}",
            ),
        ]
    return rows


def losses() -> list[Case]:
    def softmax(x):
        return np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)

    rows = []
    for shape in [(4, 3), (3,)]:
        for reduction in ["none", "sum", "mean"]:
            rng = np.random.default_rng(1)  # other draws than the logits', or the gradient is 0
            targets = softmax(rng.normal(size=shape))
            shift = rng.normal(size=(*shape[:-1], 1))  # any will do

            def ours(logits, targets=targets, shift=shift, reduction=reduction):
                t, shift = targets.astype(logits.dtype), shift.astype(logits.dtype)
                return mg.call(SoftmaxCrossEntropy, logits, t, shift, reduction=reduction)

            def by_numpy(logits, targets=targets, reduction=reduction):
                each = -np.sum(targets * np.log(softmax(logits)), axis=-1)
                return {"none": each, "sum": each.sum(), "mean": each.mean()}[reduction]

            def by_torch(torch, logits, targets=targets, reduction=reduction):
                targets = torch.tensor(targets)
                return torch.nn.functional.cross_entropy(logits, targets, reduction=reduction)

            inputs = (real(*shape),)
            rows.append(Case(SoftmaxCrossEntropy, ours, by_numpy, inputs, by_torch, note=reduction))
    return rows + [
        Case(
            SigmoidCrossEntropy,
            lambda logits, t: mg.call(SigmoidCrossEntropy, logits, t),
            lambda logits, t: (
                -t * np.log(1 / (1 + np.exp(-logits))) - (1 - t) * np.log(1 / (1 + np.exp(logits)))
            ),
            (Values("nonzero", shape), Values("fraction", shape)),
            lambda torch, logits, t: torch.nn.functional.binary_cross_entropy_with_logits(
                logits, t, reduction="none"
            ),
        )
        for shape in [(4, 3), (), (0, 3)]
    ]


CASES = [
    *elementwise(),
    *binary(),
    *numbers_as_operands(),
    *piecewise(),
    *reduction(),
    *reduction_with_options(),
    *matrix_products(),
    *indexing(),
    *shaping(),
    *joining(),
    *activations(),
    *softmaxes(),
    *losses(),
]
