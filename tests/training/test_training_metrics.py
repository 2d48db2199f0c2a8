import numpy as np
import pytest

import minigrad as mg
from minigrad.data import n_hot, one_hot
from minigrad.errors import DomainError, DTypeError, ShapeError
from minigrad.training import (
    accuracy,
    confusion_matrix,
    format_confusion_matrix,
    multilabel_accuracy,
)

rng = np.random.default_rng(0)
SCORES = rng.normal(size=(200, 5))
TARGETS = rng.integers(0, 5, 200)
TARGETS[:80] = SCORES[:80].argmax(axis=1)


def test_accuracy_against_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    expected = sklearn.accuracy_score(TARGETS, SCORES.argmax(axis=1))
    assert 0.4 < expected < 0.7
    assert accuracy(SCORES, TARGETS) == expected
    assert accuracy(mg.Tensor(SCORES), one_hot(TARGETS, 5)) == expected
    assert accuracy(mg.softmax(SCORES), TARGETS.astype(np.uint8)) == expected


def test_multilabel_accuracy_against_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    targets = rng.integers(0, 2, (200, 5))
    expected = 1 - sklearn.hamming_loss(targets, SCORES > 0)
    assert multilabel_accuracy(SCORES, targets, threshold=0) == pytest.approx(expected, rel=1e-12)
    assert multilabel_accuracy(mg.sigmoid(SCORES), targets) == pytest.approx(expected, rel=1e-12)


def test_multilabel_accuracy_of_one_label():
    assert multilabel_accuracy([0.9, 0.1, 0.6, 0.2], [1, 0, 0, 0]) == 0.75
    assert multilabel_accuracy([[0.9, 0.1]], n_hot([[0]], 2)) == 1.0


def test_confusion_matrix_against_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    predicted = SCORES.argmax(axis=1)
    expected = sklearn.confusion_matrix(TARGETS, predicted)
    for matrix in (
        confusion_matrix(SCORES, TARGETS),
        confusion_matrix(SCORES, one_hot(TARGETS, 5), 5),
        confusion_matrix(predicted, TARGETS),
    ):
        np.testing.assert_array_equal(matrix, expected)
        assert matrix.dtype == np.int64
    assert np.trace(expected) / 200 == accuracy(SCORES, TARGETS)


def test_confusion_matrix_has_true_rows_and_predicted_columns():
    matrix = confusion_matrix([2, 2, 0], [0, 0, 1], num_classes=4)
    assert matrix.shape == (4, 4)
    assert matrix[0, 2] == 2
    assert matrix[1, 0] == 1
    assert matrix.sum() == 3


def test_confusion_matrix_as_text():
    text = format_confusion_matrix([[10, 0], [3, 1234]], ("setosa", "x"))
    assert text.splitlines() == [
        "true \\ predicted  setosa     x",
        "setosa                10     0",
        "x                      3  1234",
    ]
    assert format_confusion_matrix(np.eye(2, dtype=int)).splitlines()[1] == "0                 1  0"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: accuracy([0, 1], [0, 1]), ShapeError, r"shape \(2,\); they must be scores"),
        (lambda: accuracy([[0.3], [0.4]], [0, 1]), ShapeError, "use multilabel_accuracy"),
        (
            lambda: accuracy(SCORES, TARGETS[:-1]),
            ShapeError,
            r"targets of shape \(199,\)",
        ),
        (lambda: accuracy(SCORES, TARGETS * 1.0), DTypeError, "must be integers, got float64"),
        (lambda: accuracy(SCORES, TARGETS + 1), DomainError, "with 5 classes they run from 0 to 4"),
        (lambda: accuracy(SCORES[:2], [[1, 1, 0, 0, 0]] * 2), DomainError, "sums to 2"),
        (lambda: accuracy([[0.0, np.nan]], [0]), DomainError, r"predictions\[0, 1\] is nan"),
        (lambda: accuracy(SCORES[:0], TARGETS[:0]), ShapeError, "no samples"),
        (lambda: accuracy([["a", "b"]], [0]), DTypeError, "expected numbers"),
        (lambda: multilabel_accuracy(SCORES, TARGETS), ShapeError, "they must agree"),
        (
            lambda: multilabel_accuracy([0.5], [2]),
            DomainError,
            r"targets\[0\] = 2; it must",
        ),
        (lambda: confusion_matrix([0, 1], [0, 2], 2), DomainError, r"targets\[1\] = 2 is not a"),
        (lambda: confusion_matrix([-1, 1], [0, 1]), DomainError, r"predictions\[0\] = -1"),
        (lambda: confusion_matrix([0.0, 1.0], [0, 1]), DTypeError, "of dtype float64"),
        (lambda: confusion_matrix([0, 1], [0]), ShapeError, "they must agree"),
        (lambda: confusion_matrix(SCORES, TARGETS, 4), ShapeError, "num_classes is 4"),
        (lambda: format_confusion_matrix([[1, 2]]), ShapeError, r"needs \(K, K\)"),
        (lambda: format_confusion_matrix([[1]], ["a", "b"]), ShapeError, "2 names for a matrix"),
    ],
)
def test_what_does_not_fit(call, error, words):
    with pytest.raises(error, match=words):
        call()
