"""Class labels as vectors of zeros and ones."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from minigrad.errors import DomainError, DTypeError, ShapeError


def one_hot(
    labels: ArrayLike, num_classes: int | None = None, dtype: DTypeLike = np.float64
) -> NDArray[Any]:
    """One row per label, with a 1 in the label's column and 0 elsewhere.

    ``out[n, k] = 1 if labels[n] == k else 0``

    Parameters
    ----------
    labels : array_like of int, shape (N,)
        Class indices 0 .. K-1. Floats that are whole numbers are taken as such.
    num_classes : int, optional
        K, at least 1. The default, the highest label plus one, depends on which labels happen to be
        there: give K when several sets must agree.
    dtype : dtype
        Of the result.

    Returns
    -------
    ndarray, shape (N, K)

    Raises
    ------
    ShapeError
        If ``labels`` is not 1-D.
    DTypeError
        If ``labels`` does not hold numbers or ``num_classes`` is not an integer.
    DomainError
        If a label is negative, K or more, fractional or NaN; if ``num_classes`` is below 1, or not
        given for no labels at all.

    Examples
    --------
    >>> from minigrad.data import one_hot
    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    indices = _class_indices("one_hot: labels", labels, num_classes)
    if num_classes is None:
        if len(indices) == 0:
            raise DomainError("one_hot: labels is empty; without labels give num_classes")
        num_classes = int(indices.max()) + 1
    rows = np.zeros((len(indices), num_classes), dtype=dtype)
    rows[np.arange(len(indices)), indices] = 1
    return rows


def n_hot(
    label_lists: Iterable[Iterable[int]], num_classes: int, dtype: DTypeLike = np.float64
) -> NDArray[Any]:
    """One row per sample, with a 1 in the column of each of its labels: multi-label targets.

    ``out[n, k] = 1 if k in label_lists[n] else 0``

    Parameters
    ----------
    label_lists : iterable of iterables of int, length N
        For each sample the set of its class indices, in any order; it may be empty, and a label
        that is repeated counts once.
    num_classes : int
        K, at least 1.
    dtype : dtype
        Of the result.

    Returns
    -------
    ndarray, shape (N, K)

    Raises
    ------
    ShapeError
        If an entry is not a flat collection of labels.
    DTypeError
        If an entry does not hold numbers or ``num_classes`` is not an integer.
    DomainError
        If a label is negative, K or more, fractional or NaN; if ``num_classes`` is below 1.

    Examples
    --------
    >>> from minigrad.data import n_hot
    >>> n_hot([{0, 2}, set(), [1]], 3)
    array([[1., 0., 1.],
           [0., 0., 0.],
           [0., 1., 0.]])
    """
    _check_num_classes("n_hot", num_classes)
    all_indices = []
    for n, entry in enumerate(label_lists):
        if isinstance(entry, str) or not isinstance(entry, Iterable):
            raise ShapeError(
                f"n_hot: label_lists[{n}] is {entry!r}; expected a collection of class indices "
                "(for one label per sample there is one_hot)"
            )
        name = f"n_hot: label_lists[{n}]"
        all_indices.append(_class_indices(name, list(entry), num_classes))
    rows = np.zeros((len(all_indices), num_classes), dtype=dtype)
    for row, indices in zip(rows, all_indices, strict=True):
        row[indices] = 1
    return rows


def _class_indices(name: str, labels: ArrayLike, num_classes: int | None) -> NDArray[np.int64]:
    """``labels`` as int64 once each is known to be a class index; ``name`` is for the errors."""
    if num_classes is not None:
        _check_num_classes(name.split(":")[0], num_classes)
    try:
        array = np.asarray(labels)
    except ValueError as error:
        raise ShapeError(
            f"{name} has entries of different lengths; for several labels per sample use n_hot"
        ) from error
    if array.ndim != 1:
        raise ShapeError(
            f"{name} has shape {array.shape}; expected one axis of class indices, (N,)"
        )
    if array.dtype.kind not in "iuf":
        raise DTypeError(
            f"{name} has dtype {array.dtype}; expected integers: np.unique(labels, "
            "return_inverse=True) numbers other labels"
        )
    limit = np.inf if num_classes is None else num_classes
    valid = (array == np.floor(array)) & (array >= 0) & (array < limit)
    if not valid.all():
        first = int(np.argmin(valid))
        allowed = "from 0" if num_classes is None else f"from 0 to {num_classes - 1}"
        raise DomainError(f"{name}[{first}] is {array[first]}; expected a whole number {allowed}")
    return array.astype(np.int64)


def _check_num_classes(function: str, num_classes: int) -> None:
    if isinstance(num_classes, bool) or not isinstance(num_classes, int | np.integer):
        raise DTypeError(f"{function}: num_classes is {num_classes!r}; expected an integer")
    if num_classes < 1:
        raise DomainError(f"{function}: num_classes is {num_classes}; expected at least 1")
