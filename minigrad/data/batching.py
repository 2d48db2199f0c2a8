"""Mini-batches of a data set, for one pass over it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minigrad.errors import DomainError, DTypeError, ShapeError


def batches(
    x: ArrayLike,
    y: ArrayLike,
    batch_size: int,
    *,
    shuffle: bool = False,
    rng: np.random.Generator | int | None = None,
    drop_last: bool = False,
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Cut ``x`` and ``y`` into pairs of ``batch_size`` samples: one epoch.

    Parameters
    ----------
    x, y : array_like, shapes (N, ...)
        Samples and targets, paired along axis 0. To learn the input itself pass ``x`` twice; for
        ``x`` alone a slice is enough.
    batch_size : int
        Samples in a batch, at least 1. The last batch has what is left.
    shuffle : bool
        Take the samples in the order of one random permutation. Without it a batch is a view.
    rng : numpy.random.Generator, int or None
        Where the permutation comes from. A Generator moves on with each call, so that one Generator
        gives every epoch another order, and the same orders in the next run; an int gives the same
        order in every call.
    drop_last : bool
        Leave a shorter last batch out.

    Returns
    -------
    iterator of (x_batch, y_batch)
        ``ceil(N / batch_size)`` pairs, or ``floor(N / batch_size)`` with ``drop_last``.

    Raises
    ------
    ShapeError
        If ``x`` and ``y`` differ in length, have none, or are empty.
    DTypeError
        If ``batch_size`` is not an integer.
    DomainError
        If ``batch_size`` is below 1, or ``drop_last`` would leave no batch at all.

        All are raised by the call itself, before the first batch is asked for.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.data import batches
    >>> x, y = np.arange(10).reshape(5, 2), np.arange(5)
    >>> for x_batch, y_batch in batches(x, y, 2):
    ...     print(x_batch.shape, y_batch)
    (2, 2) [0 1]
    (2, 2) [2 3]
    (1, 2) [4]
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise ShapeError(
            f"batches: x has shape {x.shape} but y has shape {y.shape}; both need the same number "
            "of samples on axis 0"
        )
    if len(x) == 0:
        raise ShapeError(f"batches: x has shape {x.shape}: no samples")
    if isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer):
        raise DTypeError(f"batches: batch_size is {batch_size!r}; expected an integer")
    if batch_size < 1:
        raise DomainError(f"batches: batch_size is {batch_size}; expected at least 1")
    if drop_last and batch_size > len(x):
        raise DomainError(
            f"batches: batch_size is {batch_size} but there are {len(x)} samples, so that "
            "drop_last=True leaves no batch; lower batch_size or keep the last batch"
        )
    order = np.random.default_rng(rng).permutation(len(x)) if shuffle else None
    stop = len(x) - len(x) % batch_size if drop_last else len(x)
    return _cut(x, y, int(batch_size), order, stop)


def _cut(
    x: NDArray[Any], y: NDArray[Any], batch_size: int, order: NDArray[np.int64] | None, stop: int
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    for start in range(0, stop, batch_size):
        rows = slice(start, start + batch_size)
        chosen = rows if order is None else order[rows]
        yield x[chosen], y[chosen]
