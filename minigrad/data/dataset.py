"""Dataset: the arrays of a supervised learning problem and what their columns mean."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minigrad.errors import DTypeError, ShapeError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Features, targets and their names.

    Parameters
    ----------
    x : ndarray of float, shape (N, D)
        One row per sample, one column per feature.
    y : ndarray, shape (N,)
        Class indices, int64, 0 .. K-1; for regression the target values, float64.
    feature_names : tuple of D str
        What each column of ``x`` holds.
    target_names : tuple of str
        The name of each class, in order of its index; for regression the one name of the target.
    description : str
        Where the data come from, their units or scale, and their licence.

    Raises
    ------
    ShapeError
        If ``x`` is not 2-D, ``x`` and ``y`` differ in length, or a column has no name.

    Examples
    --------
    >>> import numpy as np
    >>> from minigrad.data import Dataset
    >>> x = np.array([[0.0, 1.0], [1.0, 1.0]])
    >>> Dataset(x, np.array([1, 0]), ("a", "b"), ("equal", "different"), "exclusive or, in part")
    Dataset(x=(2, 2) float64, y=(2,) int64, 2 target names)
    """

    x: NDArray[np.floating[Any]]
    y: NDArray[Any]
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    description: str

    def __post_init__(self) -> None:
        if self.x.ndim != 2:
            raise ShapeError(f"Dataset: x has shape {self.x.shape}; expected (N, D)")
        if len(self.x) != len(self.y):
            raise ShapeError(f"Dataset: x has {len(self.x)} rows but y has {len(self.y)}")
        if self.x.shape[1] != len(self.feature_names):
            raise ShapeError(
                f"Dataset: x has {self.x.shape[1]} columns but feature_names has "
                f"{len(self.feature_names)} names"
            )

    def __repr__(self) -> str:
        return (
            f"Dataset(x={self.x.shape} {self.x.dtype}, y={self.y.shape} {self.y.dtype}, "
            f"{len(self.target_names)} target names)"
        )


def float_dtype(function: str, dtype: DTypeLike) -> np.dtype[np.floating[Any]]:
    """``dtype`` as a floating NumPy dtype: scaled features cannot be stored as integers."""
    result: np.dtype[Any] = np.dtype(dtype)
    if not np.issubdtype(result, np.floating):
        raise DTypeError(f"{function}: dtype is {result}; features need float64 or float32")
    return result
