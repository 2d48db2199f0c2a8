"""Standardizing features: the training set's statistics, applied to every set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minigrad.errors import DomainError, DTypeError, ShapeError


@dataclass(frozen=True, eq=False)
class Standardizer:
    """Shift and scale each feature: ``z = (x - mean) / std``.

    :meth:`fit` takes ``mean`` and ``std`` from the training set, :meth:`transform` applies them to
    any set: the test set must not be scaled by statistics of its own. To keep it with a model save
    the two arrays and build it again from them.

    Parameters
    ----------
    mean, std : ndarray, shape (D,)
        Stored as float64; finite, and ``std`` above 0.

    Raises
    ------
    ShapeError
        If ``mean`` and ``std`` are not 1-D and of the same length.
    DomainError
        If a mean is not finite, or a standard deviation not finite and positive.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.data import Standardizer
    >>> x_train = np.array([[1.0, 7.0], [3.0, 7.0]])
    >>> standardizer = Standardizer.fit(x_train)
    >>> standardizer.transform(x_train)
    array([[-1.,  0.],
           [ 1.,  0.]])
    >>> standardizer.transform(np.array([[2.0, 8.0]]))
    array([[0., 1.]])
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    def __post_init__(self) -> None:
        mean = np.asarray(self.mean, dtype=np.float64)
        std = np.asarray(self.std, dtype=np.float64)
        if mean.ndim != 1 or mean.shape != std.shape:
            raise ShapeError(
                f"Standardizer: mean has shape {mean.shape} and std {std.shape}; expected the same "
                "shape (D,)"
            )
        _check("Standardizer: mean", mean, np.isfinite(mean), "a finite number")
        _check("Standardizer: std", std, np.isfinite(std) & (std > 0), "a finite number above 0")
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "std", std)

    @classmethod
    def fit(cls, x: ArrayLike) -> Standardizer:
        """The statistics of a training set.

        ``mean_d = Σ_n x_nd / N`` and ``std_d = sqrt(Σ_n (x_nd - mean_d)² / N)``, the population's
        standard deviation, as in scikit-learn's ``StandardScaler``. A constant feature has std 1,
        so that it becomes 0 instead of NaN.

        Parameters
        ----------
        x : array_like, shape (N, D)
            The training set, N at least 1.

        Returns
        -------
        Standardizer

        Raises
        ------
        ShapeError
            If ``x`` is not 2-D or has no rows.
        DTypeError
            If ``x`` does not hold real numbers.
        DomainError
            If a value is NaN or infinite, or too large for a standard deviation to be computed;
            the message names its column.
        """
        x = _features("Standardizer.fit", x)
        if len(x) == 0:
            raise ShapeError(f"Standardizer.fit: x has shape {x.shape}: no rows to take a mean of")
        with np.errstate(over="ignore", invalid="ignore"):
            mean = x.mean(axis=0, dtype=np.float64)
            std = x.std(axis=0, dtype=np.float64)
        fits = np.isfinite(mean) & np.isfinite(std)
        if not fits.all():
            feature = int(np.argmin(fits))
            raise DomainError(
                f"Standardizer.fit: x[:, {feature}] has values up to "
                f"{np.abs(x[:, feature]).max():.3g}, whose standard deviation is beyond float64"
            )
        # Compared by value: rounding may give a constant column a tiny deviation, and dividing by
        # that would blow up noise.
        is_constant = (x.min(axis=0) == x.max(axis=0)) | (std == 0)
        return cls(np.where(is_constant, x[0], mean), np.where(is_constant, 1.0, std))

    def transform(self, x: ArrayLike) -> NDArray[np.floating[Any]]:
        """``(x - mean) / std``, computed in float64.

        Parameters
        ----------
        x : array_like, shape (N, D)
            Any set with the features of the training set.

        Returns
        -------
        ndarray, shape (N, D)
            A new array in ``x``'s dtype if that is floating, else float64.

        Raises
        ------
        ShapeError
            If ``x`` is not 2-D, or has another number of features than the training set.
        DTypeError
            If ``x`` does not hold real numbers.
        DomainError
            If a value is NaN or infinite; the message names its row and column.
        """
        x = _features("Standardizer.transform", x)
        if x.shape[1] != len(self.mean):
            raise ShapeError(
                f"Standardizer.transform: x has shape {x.shape}, {x.shape[1]} features, but was "
                f"fitted to {len(self.mean)}"
            )
        standardized = (x - self.mean) / self.std
        return standardized.astype(x.dtype if x.dtype.kind == "f" else np.float64)


def _features(function: str, x: ArrayLike) -> NDArray[Any]:
    x = np.asarray(x)
    if x.ndim != 2:
        raise ShapeError(f"{function}: x has shape {x.shape}; expected (N, D)")
    if x.dtype.kind not in "iuf":
        raise DTypeError(f"{function}: x has dtype {x.dtype}; expected real numbers")
    _check(f"{function}: x", x, np.isfinite(x), "a finite number")
    return x


def _check(name: str, array: NDArray[Any], valid: NDArray[np.bool_], expected: str) -> None:
    if not valid.all():
        place = np.unravel_index(int(np.argmin(valid)), array.shape)
        index = ", ".join(str(i) for i in place)
        raise DomainError(f"{name}[{index}] is {array[place]}; expected {expected}")
