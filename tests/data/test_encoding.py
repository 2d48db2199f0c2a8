import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.data import n_hot, one_hot
from minigrad.errors import DomainError, DTypeError, ShapeError


def test_one_hot_rows():
    expected = [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0]]
    encoded = one_hot([2, 0, 2], 4)
    assert encoded.tolist() == expected
    assert encoded.dtype == np.float64
    assert one_hot(np.array([2, 0, 2], dtype=np.uint8), 4).tolist() == expected
    assert one_hot([2.0, 0.0, 2.0], 4).tolist() == expected


def test_one_hot_infers_the_number_of_classes():
    assert one_hot([1, 0, 3]).shape == (3, 4)
    assert one_hot([], 3).shape == (0, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
def test_dtype(dtype):
    assert one_hot([0, 1], dtype=dtype).dtype == dtype
    assert n_hot([[0], [1]], 2, dtype).dtype == dtype


@given(st.lists(st.integers(0, 8), min_size=1), st.integers(9, 12))
def test_argmax_is_the_inverse(labels, num_classes):
    encoded = one_hot(labels, num_classes)
    assert encoded.shape == (len(labels), num_classes)
    assert encoded.argmax(axis=1).tolist() == labels
    assert encoded.sum() == len(labels)


def test_one_hot_equals_torchs():
    torch = pytest.importorskip("torch")
    labels = [3, 0, 4, 4]
    theirs = torch.nn.functional.one_hot(torch.tensor(labels), 6).numpy()
    np.testing.assert_array_equal(one_hot(labels, 6), theirs)


def test_n_hot_rows():
    encoded = n_hot([{0, 2}, [], (1,), np.array([2, 1]), [1, 1], range(3)], 3)
    assert encoded.tolist() == [
        [1, 0, 1],
        [0, 0, 0],
        [0, 1, 0],
        [0, 1, 1],
        [0, 1, 0],
        [1, 1, 1],
    ]
    assert n_hot([], 3).shape == (0, 3)


def test_n_hot_equals_scikit_learns():
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    label_lists = [[4, 1], [0], [], [3, 2, 1]]
    theirs = preprocessing.MultiLabelBinarizer(classes=range(5)).fit_transform(label_lists)
    np.testing.assert_array_equal(n_hot(label_lists, 5), theirs)


@pytest.mark.parametrize(
    ("labels", "num_classes", "error", "message"),
    [
        ([0, 3], 3, DomainError, r"labels\[1\] is 3; expected a whole number from 0 to 2"),
        ([0, 1, -1], 3, DomainError, r"labels\[2\] is -1; expected a whole number from 0 to 2"),
        ([-1], None, DomainError, r"labels\[0\] is -1; expected a whole number from 0$"),
        ([0.0, 1.5], 3, DomainError, r"labels\[1\] is 1.5"),
        ([0.0, np.nan], 3, DomainError, r"labels\[1\] is nan"),
        ([np.inf], None, DomainError, r"labels\[0\] is inf"),
        ([], None, DomainError, "labels is empty; without labels give num_classes"),
        ([0], 0, DomainError, "num_classes is 0; expected at least 1"),
        ([0], 2.0, DTypeError, "num_classes is 2.0; expected an integer"),
        (["a", "b"], 2, DTypeError, "labels has dtype <U1; expected integers: np.unique"),
        ([True, False], 2, DTypeError, "labels has dtype bool"),
        ([[0], [1]], 2, ShapeError, r"labels has shape \(2, 1\); expected one axis"),
        (1, 2, ShapeError, r"labels has shape \(\)"),
        ([[0], [1, 2]], 3, ShapeError, "labels has entries of different lengths; .* use n_hot"),
    ],
)
def test_one_hot_errors(labels, num_classes, error, message):
    with pytest.raises(error, match=f"one_hot: {message}"):
        one_hot(labels, num_classes)


@pytest.mark.parametrize(
    ("label_lists", "num_classes", "error", "message"),
    [
        ([[0], [1, 3]], 3, DomainError, r"label_lists\[1\]\[1\] is 3; expected .* from 0 to 2"),
        ([[0], {-1}], 3, DomainError, r"label_lists\[1\]\[0\] is -1"),
        ([[0.5]], 3, DomainError, r"label_lists\[0\]\[0\] is 0.5"),
        ([[0], 1], 3, ShapeError, r"label_lists\[1\] is 1; expected a collection .*one_hot"),
        (np.array([0, 1]), 3, ShapeError, r"label_lists\[0\] is .*0.*; expected a collection"),
        (["01"], 3, ShapeError, r"label_lists\[0\] is '01'; expected a collection"),
        ([[[0], [1]]], 3, ShapeError, r"label_lists\[0\] has shape \(2, 1\)"),
        ([["a"]], 3, DTypeError, r"label_lists\[0\] has dtype <U1"),
        ([], 0, DomainError, "num_classes is 0; expected at least 1"),
        ([[0]], None, DTypeError, "num_classes is None; expected an integer"),
    ],
)
def test_n_hot_errors(label_lists, num_classes, error, message):
    with pytest.raises(error, match=f"n_hot: {message}"):
        n_hot(label_lists, num_classes)
