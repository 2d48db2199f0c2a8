"""Checks of what losses and information measures are given, and targets in one form."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.errors import DomainError, DTypeError, MinigradError, ShapeError
from minigrad.ops.base import Node, as_array, shape_of

__all__ = [
    "check_distributions",
    "check_no_impossible",
    "check_range",
    "check_same_shape",
    "distributions_from",
    "log_of_base",
    "values",
]


def values(x: Any) -> Any:
    """The plain array of an array or Tensor."""
    return x.data if isinstance(x, Node) else x


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


def check_range(name: str, argument: str, p: Any, for_logits: str | None = None) -> None:
    """Every value in [0, 1]; NaN is not."""
    outside = ~((p >= 0) & (p <= 1))
    if outside.any():
        index = first(outside)
        hint = f"; for logits use {for_logits}" if for_logits else ""
        raise DomainError(
            f"{name}: {entry(argument, index)} = {p[index]} is not in [0, 1], as a probability "
            f"must be{hint}"
        )


def check_distributions(
    name: str, argument: str, p: Any, for_logits: str | None = None, tolerance: float = 1e-3
) -> None:
    """Values in [0, 1] whose last axis sums to 1."""
    p = values(p)
    if p.ndim not in (1, 2):
        raise ShapeError(f"{name}: {argument} has shape {p.shape}; it must be (N, K) or (K,)")
    check_range(name, argument, p, for_logits)
    totals = np.add.reduce(p, axis=-1)
    wrong = ~(np.abs(totals - 1) <= tolerance)
    if wrong.any():
        index = first(wrong)
        hint = f"; for logits use {for_logits}" if for_logits else ""
        raise DomainError(
            f"{name}: {entry(argument, index) if index else argument} sums to {totals[index]}, "
            f"not to 1, as probabilities must{hint}"
        )


def check_no_impossible(name: str, p_name: str, p: Any, t_name: str, t: Any) -> None:
    """No p = 0 where t > 0: the logarithm would be infinite."""
    impossible = (p == 0) & (t > 0)
    if impossible.any():
        index = first(impossible)
        raise DomainError(
            f"{name}: {entry(p_name, index)} = 0 where {entry(t_name, index)} = {t[index]}: "
            "the result would be infinite. Probabilities that underflow are best avoided by "
            "computing the loss from logits"
        )


def distributions_from(name: str, t: Any, scores: NDArray[Any]) -> Any:
    """Targets as distributions in the shape and dtype of ``scores``, from indices or rows."""
    t = as_array(t)
    shape = scores.shape
    if t.shape == shape[:-1] and t.dtype.kind in "iu":
        return one_hot_rows(name, values(t), scores)
    if len(shape) not in (1, 2):
        raise ShapeError(f"{name}: predictions have shape {shape}; they must be (N, K) or (K,)")
    if t.shape == shape:
        check_distributions(name, "t", t)
        return t if t.dtype.kind == "f" else t.astype(scores.dtype)
    if t.shape != shape[:-1]:
        raise ShapeError(
            f"{name}: targets of shape {t.shape} do not fit predictions of shape {shape}; give "
            f"class indices of shape {shape[:-1]} or distributions of shape {shape}"
        )
    raise DTypeError(
        f"{name}: targets of shape {t.shape} are class indices and must be integers, got {t.dtype}"
    )


def one_hot_rows(name: str, indices: NDArray[Any], scores: NDArray[Any]) -> NDArray[Any]:
    """Class indices as one-hot rows in the shape and dtype of ``scores``, their range checked."""
    rows = np.zeros(scores.shape, scores.dtype)
    try:
        if indices.ndim == 1:
            rows[np.arange(indices.size), indices] = 1
        else:
            rows[indices] = 1
    except IndexError:
        raise not_a_class(name, indices, scores) from None
    if indices.size and np.minimum.reduce(indices, axis=None) < 0:
        raise not_a_class(name, indices, scores)
    return rows


def not_a_class(name: str, indices: NDArray[Any], scores: NDArray[Any]) -> MinigradError:
    shape = scores.shape
    if len(shape) not in (1, 2):
        return ShapeError(f"{name}: predictions have shape {shape}; they must be (N, K) or (K,)")
    index = first((indices < 0) | (indices >= shape[-1]))
    return DomainError(
        f"{name}: {entry('t', index)} = {indices[index]} is not a class index; "
        f"with {shape[-1]} classes they run from 0 to {shape[-1] - 1}"
    )


def log_of_base(name: str, base: float) -> float:
    """ln of the logarithm's base, checked."""
    if not (math.isfinite(base) and base > 0 and base != 1):
        raise DomainError(f"{name}: base is {base}; a logarithm needs a positive base other than 1")
    return math.log(base)
