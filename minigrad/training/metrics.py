"""How good predictions are, for people to read: accuracy and the confusion matrix.

A metric is any function of (predictions, targets), both arrays, that returns a number.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minigrad.errors import DomainError, DTypeError, ShapeError
from minigrad.validation import check_same_shape, distributions_from, values

__all__ = ["accuracy", "confusion_matrix", "format_confusion_matrix", "multilabel_accuracy"]


def accuracy(predictions: ArrayLike, targets: ArrayLike) -> float:
    """Share of samples whose highest score is that of the true class: 0 to 1.

    ``accuracy = (1/N) · Σ_n [argmax_k predictions[n, k] = targets[n]]``

    Parameters
    ----------
    predictions : array_like, shape (N, K)
        Scores of K ≥ 2 classes: probabilities or logits, which gives the same. Of equal scores the
        first counts.
    targets : array_like, shape (N,) or (N, K)
        Class indices, or one-hot rows (or distributions, whose highest entry counts).

    Returns
    -------
    float

    Raises
    ------
    ShapeError
        If the shapes do not fit together, or there are no samples.
    DTypeError
        If class indices are not integers.
    DomainError
        If an index is out of range, a target row does not sum to 1, or a score is NaN.

    Examples
    --------
    >>> from minigrad.training import accuracy
    >>> accuracy([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]], [0, 1, 1, 1])
    0.75
    """
    predicted, true, _ = classes("accuracy", predictions, targets)
    return float(np.mean(predicted == true))


def multilabel_accuracy(
    predictions: ArrayLike, targets: ArrayLike, *, threshold: float = 0.5
) -> float:
    """Share of labels that are predicted right, each on its own: 0 to 1.

    ``(1/NK) · Σ_nk [(predictions[n, k] > threshold) = targets[n, k]]``, that is 1 − Hamming loss.

    Parameters
    ----------
    predictions : array_like, shape (N, K) or (N,)
        Probabilities of each label, or their logits with ``threshold=0``.
    targets : array_like, same shape
        0 or 1: n-hot rows.
    threshold : float
        Above it a label counts as predicted: 0.5 for probabilities, 0 for logits.

    Raises
    ------
    ShapeError
        If the shapes differ, or there are no samples.
    DomainError
        If a target is neither 0 nor 1, or a prediction is NaN.

    Examples
    --------
    >>> from minigrad.training import multilabel_accuracy
    >>> multilabel_accuracy([[0.9, 0.7], [0.2, 0.8]], [[1, 0], [0, 1]])
    0.75
    """
    name = "multilabel_accuracy"
    predictions, targets = np.asarray(values(predictions)), np.asarray(values(targets))
    check_same_shape(name, predictions, targets)
    check_scores(name, predictions)
    labels = (targets == 0) | (targets == 1)
    if not labels.all():
        index = tuple(np.argwhere(~labels)[0].tolist())
        raise DomainError(f"{name}: targets{list(index)} = {targets[index]}; it must be 0 or 1")
    return float(np.mean((predictions > threshold) == (targets == 1)))


def confusion_matrix(
    predictions: ArrayLike, targets: ArrayLike, num_classes: int | None = None
) -> NDArray[np.int64]:
    """How often each class was taken for each: ``matrix[true, predicted]`` counts samples.

    Parameters
    ----------
    predictions : array_like, shape (N, K) or (N,)
        Scores, of which the highest counts, or class indices.
    targets : array_like, shape (N,) or (N, K)
        Class indices, or one-hot rows if predictions are scores.
    num_classes : int, optional
        K. For scores it is their number of columns; for class indices by default the highest plus
        one.

    Returns
    -------
    ndarray of int64, shape (K, K)
        Its diagonal counts the right ones, its sum is N.

    Raises
    ------
    ShapeError, DTypeError, DomainError
        As `accuracy`; or if ``num_classes`` is not the number of columns.

    Examples
    --------
    >>> from minigrad.training import confusion_matrix
    >>> confusion_matrix([0, 1, 1, 2], [0, 1, 2, 2])
    array([[1, 0, 0],
           [0, 1, 0],
           [0, 1, 1]])
    """
    predicted, true, count = classes("confusion_matrix", predictions, targets, num_classes)
    pairs = np.bincount(true * count + predicted, minlength=count * count)
    return pairs.reshape(count, count).astype(np.int64)


def format_confusion_matrix(matrix: ArrayLike, names: Sequence[str] | None = None) -> str:
    """A confusion matrix as text: a row for each true class, a column for each predicted one.

    Parameters
    ----------
    matrix : array_like of int, shape (K, K)
        As `confusion_matrix` gives it.
    names : sequence of K str, optional
        The classes' names; by default their indices.

    Raises
    ------
    ShapeError
        If the matrix is not square, or the number of names is not K.

    Examples
    --------
    >>> from minigrad.training import format_confusion_matrix
    >>> print(format_confusion_matrix([[9, 1], [0, 10]], ["cat", "dog"]))
    true \\ predicted  cat  dog
    cat                 9    1
    dog                 0   10
    """
    counts = np.asarray(matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ShapeError(f"format_confusion_matrix: matrix has shape {counts.shape}, needs (K, K)")
    names = [str(name) for name in (range(len(counts)) if names is None else names)]
    if len(names) != len(counts):
        raise ShapeError(
            f"format_confusion_matrix: {len(names)} names for a matrix of {len(counts)} classes"
        )
    corner = "true \\ predicted"
    left = max(map(len, [corner, *names]))
    widths = [
        max(len(name), *(len(str(n)) for n in column))
        for name, column in zip(names, counts.T, strict=True)
    ]
    lines = []
    for label, cells in [(corner, names), *zip(names, counts.tolist(), strict=True)]:
        columns = [f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)]
        lines.append("  ".join([f"{label:{left}}", *columns]))
    return "\n".join(lines)


def classes(
    name: str, predictions: Any, targets: Any, num_classes: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Predicted and true class of each sample, and the number of classes."""
    predictions, targets = np.asarray(values(predictions)), np.asarray(values(targets))
    if predictions.ndim == 1 and name == "confusion_matrix":
        return class_indices(name, predictions, targets, num_classes)
    if predictions.ndim != 2 or predictions.shape[1] < 2:
        raise ShapeError(
            f"{name}: predictions have shape {predictions.shape}; they must be scores (N, K) of at "
            "least 2 classes. For one yes-or-no score per sample use multilabel_accuracy"
        )
    check_scores(name, predictions)
    if num_classes not in (None, predictions.shape[1]):
        raise ShapeError(
            f"{name}: num_classes is {num_classes}, but predictions have shape {predictions.shape}"
        )
    true = np.argmax(distributions_from(name, targets, predictions), axis=1)
    return np.argmax(predictions, axis=1), true, predictions.shape[1]


def class_indices(
    name: str, predicted: NDArray[Any], true: NDArray[Any], num_classes: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    check_same_shape(name, predicted, true)
    check_scores(name, predicted)
    highest = int(max(predicted.max(), true.max()))
    count = highest + 1 if num_classes is None else num_classes
    for argument, indices in (("predictions", predicted), ("targets", true)):
        if indices.dtype.kind not in "iu":
            raise DTypeError(f"{name}: {argument} are class indices of dtype {indices.dtype}")
        outside = (indices < 0) | (indices >= count)
        if outside.any():
            first = int(np.argmax(outside))
            raise DomainError(
                f"{name}: {argument}[{first}] = {indices[first]} is not a class index; with "
                f"{count} classes they run from 0 to {count - 1}"
            )
    return predicted.astype(np.int64), true.astype(np.int64), count


def check_scores(name: str, predictions: NDArray[Any]) -> None:
    if len(predictions) == 0:
        raise ShapeError(f"{name}: predictions have shape {predictions.shape}: no samples")
    if predictions.dtype.kind not in "biuf":
        raise DTypeError(f"{name}: predictions have dtype {predictions.dtype}; expected numbers")
    missing = np.isnan(predictions)
    if missing.any():
        index = np.argwhere(missing)[0].tolist()
        raise DomainError(f"{name}: predictions{index} is nan, which is no score")
