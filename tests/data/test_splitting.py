import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.data import load_digits, train_test_split
from minigrad.errors import DomainError, DTypeError, ShapeError

X = np.arange(20).reshape(10, 2)
Y = np.arange(10)


@pytest.mark.parametrize("stratify", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
def test_parts_are_disjoint_complete_and_paired(shuffle, stratify):
    labels = np.array([0, 1] * 5)
    rows = np.stack([labels, np.arange(10)], axis=1)
    x_train, x_test, y_train, y_test = train_test_split(
        rows, labels, test_size=4, shuffle=shuffle, stratify=stratify, rng=1
    )
    assert (x_train.shape, x_test.shape) == ((6, 2), (4, 2))
    assert sorted(x_train[:, 1].tolist() + x_test[:, 1].tolist()) == list(range(10))
    np.testing.assert_array_equal(x_train[:, 0], y_train)
    np.testing.assert_array_equal(x_test[:, 0], y_test)


@pytest.mark.parametrize(
    ("test_size", "expected"), [(0.2, 2), (0.25, 2), (0.26, 3), (3, 3), (np.int64(9), 9), (0.07, 1)]
)
def test_size(test_size, expected):
    *_, y_test = train_test_split(X, Y, test_size=test_size, rng=0)
    assert len(y_test) == expected


def test_a_share_does_not_gain_a_sample_by_rounding_error():
    # 0.07 * 100 is 7.000000000000001 in floating point.
    *_, y_test = train_test_split(np.zeros((100, 1)), np.zeros(100), test_size=0.07, rng=0)
    assert len(y_test) == 7


def test_without_shuffling_the_last_samples_are_the_test_set():
    _, _, y_train, y_test = train_test_split(X, Y, test_size=0.3, shuffle=False)
    assert y_train.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert y_test.tolist() == [7, 8, 9]


def test_stratified_without_shuffling_takes_the_last_of_each_class():
    labels = np.array(["a", "a", "a", "b", "b", "b"])
    x_train, x_test, _, y_test = train_test_split(
        np.arange(6), labels, test_size=2, shuffle=False, stratify=True
    )
    assert x_train.tolist() == [0, 1, 3, 4]
    assert x_test.tolist() == [2, 5]
    assert y_test.tolist() == ["a", "b"]


def test_same_seed_same_split():
    first = train_test_split(X, Y, rng=4)
    second = train_test_split(X, Y, rng=np.random.default_rng(4))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert train_test_split(X, Y, rng=5)[2].tolist() != first[2].tolist()


@pytest.mark.parametrize("stratify", [False, True])
def test_both_parts_are_in_random_order(stratify):
    labels = np.repeat([0, 1], 50)
    x_train, x_test, _, _ = train_test_split(np.arange(100), labels, stratify=stratify, rng=0)
    assert x_train.tolist() != sorted(x_train.tolist())
    assert x_test.tolist() != sorted(x_test.tolist())


def test_largest_remainder():
    # Quotas of 10 test samples: 3.3, 3.35 and 3.35; the one missing goes to the first of the ties.
    labels = np.repeat([0, 1, 2], [66, 67, 67])
    *_, y_test = train_test_split(np.zeros((200, 1)), labels, test_size=10, stratify=True, rng=0)
    assert np.bincount(y_test).tolist() == [3, 4, 3]


@given(
    st.lists(st.integers(4, 40), min_size=2, max_size=6),
    st.floats(0.3, 0.7),
    st.integers(0, 1000),
)
def test_stratified_sizes_are_exact_and_within_one_of_the_quota(counts, test_size, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    _, _, y_train, y_test = train_test_split(
        labels, labels, test_size=test_size, stratify=True, rng=seed
    )
    n_test = round(sum(counts) * test_size)
    assert len(y_test) == n_test
    assert len(y_train) == sum(counts) - n_test
    quotas = np.array(counts) * n_test / sum(counts)
    assert (abs(np.bincount(y_test, minlength=len(counts)) - quotas) < 1).all()


def test_digits_keep_their_shares_as_in_scikit_learn():
    model_selection = pytest.importorskip("sklearn.model_selection")
    digits = load_digits()
    ours = train_test_split(digits.x, digits.y, test_size=360, stratify=True, rng=0)
    theirs = model_selection.train_test_split(
        digits.x, digits.y, test_size=360, stratify=digits.y, random_state=0
    )
    assert [part.shape for part in ours] == [part.shape for part in theirs]
    assert abs(np.bincount(ours[3]) - np.bincount(theirs[3])).max() <= 1


@pytest.mark.parametrize(
    ("test_size", "error", "message"),
    [
        (1.0, DomainError, "test_size is 1.0; a float is a share"),
        (0.0, DomainError, "test_size is 0.0; a float is a share"),
        (3.0, DomainError, "test_size is 3.0; .*a number of samples is an int"),
        (float("nan"), DomainError, "test_size is nan"),
        (0, DomainError, "test_size=0 puts 0 of 10 samples in the test set"),
        (10, DomainError, "test_size=10 puts 10 of 10 samples"),
        (-1, DomainError, "test_size=-1 puts -1 of 10"),
        (0.01, DomainError, "test_size=0.01 puts 0 of 10"),
        (0.99, DomainError, "test_size=0.99 puts 10 of 10"),
        ("0.2", DTypeError, "test_size is '0.2'; expected a number"),
        (True, DTypeError, "test_size is True; expected a number"),
    ],
)
def test_bad_test_size(test_size, error, message):
    with pytest.raises(error, match=f"train_test_split: {message}"):
        train_test_split(X, Y, test_size=test_size)


def test_lengths_that_differ():
    with pytest.raises(ShapeError, match=r"x has shape \(10, 2\) but y has shape \(9,\)"):
        train_test_split(X, Y[:9])


def test_a_class_too_small_for_both_sets():
    labels = np.array([0] * 9 + [7])
    message = "class 7 has 1 of 10 samples, and 2 test samples would take 0 of them"
    with pytest.raises(DomainError, match=message):
        train_test_split(X, labels, stratify=True)


def test_stratify_by_one_hot_rows():
    with pytest.raises(ShapeError, match=r"y has shape \(10, 10\); .* pass y.argmax\(axis=1\)"):
        train_test_split(X, np.eye(10), stratify=True)


@pytest.mark.parametrize("stratify", [Y, Y.tolist(), "y"])
def test_stratify_is_no_array_of_classes(stratify):
    with pytest.raises(DTypeError, match=r"stratify is of type .*: True keeps the shares"):
        train_test_split(X, Y, stratify=stratify)


def test_stratify_may_be_none():
    found = train_test_split(np.arange(8), np.arange(8) % 2, stratify=None, rng=0)
    expected = train_test_split(np.arange(8), np.arange(8) % 2, stratify=False, rng=0)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
