"""Checks of what losses and information measures are given, and targets in one form."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.errors import DomainError, DTypeError, ShapeError
from minigrad.ops.activation import as_columns
from minigrad.ops.base import Node, UnknownArray, holds_node, shape_of

__all__ = [
    "anywhere",
    "as_floats",
    "as_given",
    "check_distributions",
    "check_no_impossible",
    "check_range",
    "check_same_shape",
    "distributions_from",
    "floats_in_one_shape",
    "log_of_base",
    "values",
]


def values(x: Any) -> Any:
    """The plain array of an array or Tensor."""
    return x.data if isinstance(x, Node) else x


def as_given(name: str, argument: str, x: Any) -> Any:
    """``x`` itself if it is an array or Tensor, else as an array."""
    if isinstance(x, (Node, np.ndarray, UnknownArray)):
        return x
    if holds_node(x):
        raise DTypeError(
            f"{name}: {argument} is a list of Tensors, which would lose their gradients; join them "
            "with mg.stack"
        )
    try:
        return np.asarray(x)
    except ValueError as error:
        raise ShapeError(f"{name}: {argument} makes no array: {error}") from error


def as_floats(name: str, argument: str, x: Any, dtype: Any = None) -> Any:
    """``x`` as an array or Tensor of floats: in ``dtype``, else its own, float64 for integers."""
    x = as_given(name, argument, x)
    given = x.dtype
    if given.kind not in "biuf":
        raise DTypeError(f"{name}: {argument} must be real numbers, got {given}")
    if dtype is None:
        dtype = given if given.kind == "f" else np.float64
    return x if given == dtype else x.astype(dtype)


def floats_in_one_shape(name: str, y_name: str, y: Any, t: Any) -> tuple[Any, Any]:
    """Predictions as floats, and targets of their shape, which is checked, in their dtype."""
    y = as_floats(name, y_name, y)
    t = as_floats(name, "t", t, y.dtype)
    check_same_shape(name, y, t)
    return y, t


def anywhere(wrong: Any) -> bool:
    """Whether a check fails for any element; of values that come later it is said in advance."""
    if isinstance(wrong, UnknownArray):
        wrong.refuse_where_true()
        return False
    return bool(wrong.any())


def first(where: Any) -> tuple[int, ...]:
    """Index of the first True."""
    return tuple(int(i) for i in np.argwhere(where)[0])


def entry(name: str, index: tuple[int, ...]) -> str:
    """``p[3, 2]``, or ``p`` for a scalar."""
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def check_same_shape(name: str, y: Any, t: Any) -> None:
    y_shape, t_shape = shape_of(y), shape_of(t)
    if y_shape != t_shape:
        raise ShapeError(
            f"{name}: predictions have shape {y_shape} but targets {t_shape}; they must agree, "
            "nothing is broadcast. Reshape one, or use one_hot for class indices"
        )


def check_range(name: str, argument: str, p: Any, hint: str = "") -> None:
    """Every value in [0, 1]; NaN is not."""
    outside = ~((p >= 0) & (p <= 1))
    if anywhere(outside):
        index = first(outside)
        raise DomainError(
            f"{name}: {entry(argument, index)} = {p[index]} is not in [0, 1], as a probability "
            f"must be{hint}"
        )


def check_distributions(
    name: str, argument: str, p: Any, hint: str = "", tolerance: float = 1e-3
) -> None:
    """Values in [0, 1] whose last axis sums to 1."""
    p = values(p)
    if p.ndim not in (1, 2):
        raise ShapeError(f"{name}: {argument} has shape {p.shape}; it must be (N, K) or (K,)")
    check_range(name, argument, p, hint)
    totals = np.add.reduce(p, axis=-1)
    wrong = ~(np.abs(totals - 1) <= tolerance)
    if anywhere(wrong):
        index = first(wrong)
        raise DomainError(
            f"{name}: {entry(argument, index)} sums to {totals[index]}, not to 1, as probabilities "
            f"must{hint}"
        )


def check_no_impossible(name: str, p_name: str, p: Any, t_name: str, t: Any) -> None:
    """No p = 0 where t > 0: the logarithm would be infinite."""
    impossible = (p == 0) & (t > 0)
    if anywhere(impossible):
        index = first(impossible)
        raise DomainError(
            f"{name}: {entry(p_name, index)} = 0 where {entry(t_name, index)} = {t[index]}: "
            "the result would be infinite. Probabilities that underflow are best avoided by "
            "computing the loss from logits"
        )


def distributions_from(name: str, t: Any, scores: NDArray[Any]) -> Any:
    """Targets as distributions in the shape and dtype of ``scores``, from indices or rows."""
    if type(t) is not np.ndarray:
        t = as_given(name, "t", t)
    shape = scores.shape
    if t.shape == shape[:-1] and t.dtype.kind in "iu":
        return one_hot_rows(name, values(t), scores)
    if not has_classes(shape):
        raise no_classes(name, shape)
    if t.shape == shape:
        return rows_from(name, t, scores)
    if t.shape != shape[:-1]:
        raise ShapeError(
            f"{name}: targets of shape {t.shape} do not fit predictions of shape {shape}; give "
            f"class indices of shape {shape[:-1]} or distributions of shape {shape}"
        )
    raise DTypeError(
        f"{name}: targets of shape {t.shape} are class indices and must be integers, got "
        f"{t.dtype}; t.astype(int) converts whole numbers"
    )


def rows_from(name: str, t: Any, scores: NDArray[Any]) -> Any:
    """Distributions, checked, in the dtype of ``scores``.

    Their sums are checked more closely than those of predictions: the gradient softmax(logits) − t
    is that of the loss only as far as they are 1.
    """
    t = as_floats(name, "t", t)
    rounding = float(np.finfo(t.dtype).eps)
    check_distributions(name, "t", t, FOR_LABELS, tolerance=max(1e-5, rounding))
    return as_floats(name, "t", t, scores.dtype) if scores.dtype.kind == "f" else t


FOR_LABELS = (
    "; for labels that are not one out of K use binary_cross_entropy or, from logits, "
    "sigmoid_cross_entropy"
)


def one_hot_rows(name: str, indices: NDArray[Any], scores: NDArray[Any]) -> NDArray[Any]:
    """Class indices as one-hot rows in the shape and dtype of ``scores``, their range checked."""
    if isinstance(indices, UnknownArray):
        unknown: NDArray[Any] = unknown_one_hot_rows(name, indices, scores)
        return unknown
    shape = scores.shape
    if not has_classes(shape) or indices.ndim > 1:
        raise no_classes(name, shape)
    positions = indices.astype(np.intp) if indices.dtype.kind == "u" else indices
    try:
        if shape[-1] <= FEW_CLASSES:
            rows = identity(shape[-1], scores.dtype).take(positions, axis=0)
        else:
            rows = np.zeros(shape, scores.dtype)
            rows[(np.arange(positions.size), positions) if positions.ndim else positions] = 1
    except IndexError:
        raise not_a_class(name, indices, shape) from None
    if positions.size and positions.item(positions.argmin()) < 0:  # twice as fast as a reduction
        raise not_a_class(name, indices, shape)
    in_columns: NDArray[Any] = as_columns(rows, -1)  # as the softmax will be
    return in_columns


FEW_CLASSES = 128
"""For up to so many, an identity matrix is kept whose rows are copied."""


@lru_cache(maxsize=8)
def identity(size: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """An identity matrix, made once and never written to."""
    matrix: NDArray[Any] = np.eye(size, dtype=dtype)
    matrix.flags.writeable = False
    return matrix


def unknown_one_hot_rows(name: str, indices: Any, scores: NDArray[Any]) -> Any:
    """The same by comparison: indices that are not known yet cannot tell where to write."""
    if not has_classes(scores.shape) or indices.ndim > 1:
        raise no_classes(name, scores.shape)
    classes = np.arange(scores.shape[-1])
    anywhere((indices < 0) | (indices >= scores.shape[-1]))
    rows = indices.reshape((*indices.shape, 1)) == classes
    return rows.astype(scores.dtype)


def not_a_class(name: str, indices: NDArray[Any], shape: tuple[int, ...]) -> DomainError:
    index = first((indices < 0) | (indices >= shape[-1]))
    hint = "; for one score for each sample use sigmoid_cross_entropy" if shape[-1] == 1 else ""
    return DomainError(
        f"{name}: {entry('t', index)} = {indices[index]} is not a class index; "
        f"with {shape[-1]} classes they run from 0 to {shape[-1] - 1}{hint}"
    )


def has_classes(shape: tuple[int, ...]) -> bool:
    return len(shape) in (1, 2) and shape[-1] > 0


def no_classes(name: str, shape: tuple[int, ...]) -> ShapeError:
    return ShapeError(
        f"{name}: predictions have shape {shape}; they must be (N, K) or (K,) with K classes"
    )


def log_of_base(name: str, base: float) -> float:
    """ln of the logarithm's base, checked."""
    if not (isinstance(base, (int, float, np.number)) and 1 < base < math.inf):
        raise DomainError(
            f"{name}: base is {base!r}; a logarithm's base must be a number greater than 1"
        )
    return math.log(base)
