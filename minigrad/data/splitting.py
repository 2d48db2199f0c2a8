"""Splitting a data set into a part to train on and a part to test on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minigrad.errors import DomainError, DTypeError, ShapeError


def train_test_split(
    x: ArrayLike,
    y: ArrayLike,
    *,
    test_size: float = 0.2,
    shuffle: bool = True,
    stratify: bool = False,
    rng: np.random.Generator | int | None = None,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Split paired samples into a training and a test set.

    Parameters
    ----------
    x, y : array_like, shapes (N, ...)
        Samples and targets, paired along axis 0.
    test_size : float or int
        A float in (0, 1) is the share of samples to test on, rounded to the nearest number of them;
        an int in 1 .. N-1 is that number.
    shuffle : bool
        Draw the test samples at random, and return both sets in random order. Without it the test
        samples are the last ones (of each class, if stratified), and order is kept.
    stratify : bool
        Keep the shares of the classes in ``y``, shape (N,), in both sets. Class k, with N_k
        samples, has the quota ``N_k * N_test / N`` of test samples: it gets the whole part, and
        what is still missing goes to the classes with the largest remainders (the lower class first
        in a tie), so that the sizes are exactly those without stratification.
    rng : numpy.random.Generator, int or None
        Where the random order comes from.

    Returns
    -------
    x_train, x_test, y_train, y_test : ndarray
        Copies, in scikit-learn's order.

    Raises
    ------
    ShapeError
        If ``x`` and ``y`` differ in length, or ``stratify`` is asked for a ``y`` that is not 1-D.
    DTypeError
        If ``test_size`` is not a number, or ``stratify`` not a bool.
    DomainError
        If ``test_size`` is out of range or leaves one set empty, or if stratification leaves a
        class without a sample in one of the sets.

    References
    ----------
    The largest remainder is Hamilton's method of apportionment.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.data import load_iris, train_test_split
    >>> iris = load_iris()
    >>> x_train, x_test, y_train, y_test = train_test_split(iris.x, iris.y, stratify=True, rng=0)
    >>> x_train.shape, x_test.shape
    ((120, 4), (30, 4))
    >>> np.bincount(y_test)
    array([10, 10, 10])
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise ShapeError(
            f"train_test_split: x has shape {x.shape} but y has shape {y.shape}; both need the "
            "same number of samples on axis 0"
        )
    if stratify is not None and not isinstance(stratify, int | np.bool):
        raise DTypeError(
            f"train_test_split: stratify is of type {type(stratify).__name__}; expected a bool: "
            "True keeps the shares of the classes in y"
        )
    num_samples = len(x)
    num_test = _number_of_test_samples(num_samples, test_size)
    order = (
        np.random.default_rng(rng).permutation(num_samples) if shuffle else np.arange(num_samples)
    )
    if stratify:
        is_test = _stratified(y, num_test, order)
    else:
        is_test = np.zeros(num_samples, dtype=bool)
        is_test[order[num_samples - num_test :]] = True
    train, test = order[~is_test[order]], order[is_test[order]]
    return x[train], x[test], y[train], y[test]


def _number_of_test_samples(num_samples: int, test_size: float) -> int:
    if isinstance(test_size, bool) or not isinstance(test_size, int | float | np.number):
        raise DTypeError(f"train_test_split: test_size is {test_size!r}; expected a number")
    if isinstance(test_size, int | np.integer):
        num_test = int(test_size)
    elif 0 < test_size < 1:
        num_test = round(num_samples * float(test_size))
    else:
        raise DomainError(
            f"train_test_split: test_size is {test_size}; a float is a share and lies between 0 "
            "and 1, a number of samples is an int"
        )
    if not 1 <= num_test <= num_samples - 1:
        raise DomainError(
            f"train_test_split: test_size={test_size} puts {num_test} of {num_samples} samples in "
            "the test set; both sets need at least 1"
        )
    return num_test


def _stratified(y: NDArray[Any], num_test: int, order: NDArray[np.int64]) -> NDArray[np.bool_]:
    if y.ndim != 1:
        raise ShapeError(
            f"train_test_split: y has shape {y.shape}; stratify needs one class per sample, shape "
            "(N,): for one-hot rows pass y.argmax(axis=1)"
        )
    classes, class_of, counts = np.unique(y, return_inverse=True, return_counts=True)
    # In integers, since a quota in floats may fall just short of a whole number.
    test_counts, remainders = np.divmod(counts * num_test, len(y))
    missing = num_test - test_counts.sum()
    test_counts[np.argsort(-remainders, kind="stable")[:missing]] += 1
    is_test = np.zeros(len(y), dtype=bool)
    for index, (count, test_count) in enumerate(zip(counts, test_counts, strict=True)):
        if test_count in (0, count):
            raise DomainError(
                f"train_test_split: class {classes[index]} has {count} of {len(y)} samples, and "
                f"{num_test} test samples would take {test_count} of them; both sets need at least "
                "1 of each class: change test_size or split without stratify"
            )
        members = order[class_of[order] == index]
        is_test[members[count - test_count :]] = True
    return is_test
