import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.data import batches
from minigrad.errors import DomainError, DTypeError, ShapeError

X = np.arange(20.0).reshape(10, 2)
Y = np.arange(10)


def test_in_order_with_a_shorter_last_batch():
    pairs = list(batches(X, Y, 4))
    assert [y.tolist() for _, y in pairs] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in pairs]), X)


def test_drop_last():
    assert [y.tolist() for _, y in batches(X, Y, 4, drop_last=True)] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert len(list(batches(X, Y, 5, drop_last=True))) == 2


@given(st.integers(1, 30), st.integers(1, 12), st.booleans(), st.integers(0, 99))
def test_every_sample_once_and_beside_its_target(n, batch_size, shuffle, seed):
    x = np.arange(2 * n).reshape(n, 2)
    pairs = list(batches(x, np.arange(n), batch_size, shuffle=shuffle, rng=seed))
    assert len(pairs) == -(-n // batch_size)
    y = np.concatenate([y_batch for _, y_batch in pairs])
    assert sorted(y.tolist()) == list(range(n))
    np.testing.assert_array_equal(np.concatenate([x_batch for x_batch, _ in pairs]), x[y])


def epoch(rng):
    return [y.tolist() for _, y in batches(X, Y, 4, shuffle=True, rng=rng)]


def test_shuffle_is_one_permutation_of_the_generator():
    expected = np.random.default_rng(7).permutation(10)
    assert np.concatenate(epoch(np.random.default_rng(7))).tolist() == expected.tolist()
    assert epoch(7) == epoch(np.random.default_rng(7))


def test_epochs_differ_and_are_reproducible():
    first, second = np.random.default_rng(3), np.random.default_rng(3)
    orders = [epoch(first), epoch(first)]
    assert orders[0] != orders[1]
    assert orders == [epoch(second), epoch(second)]


def test_the_generator_advances_at_the_call():
    rng = np.random.default_rng(3)
    batches(X, Y, 4, shuffle=True, rng=rng)
    expected = np.random.default_rng(3)
    expected.permutation(10)
    assert rng.random() == expected.random()


def test_without_shuffling_batches_are_views_and_rng_is_untouched():
    rng = np.random.default_rng(3)
    x_batch, _ = next(batches(X, Y, 4, rng=rng))
    assert np.shares_memory(x_batch, X)
    assert rng.random() == np.random.default_rng(3).random()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((X, Y[:9], 4), {}, ShapeError, r"x has shape \(10, 2\) but y has shape \(9,\)"),
        ((X, 3, 4), {}, ShapeError, r"y has shape \(\)"),
        ((X[:0], Y[:0], 4), {}, ShapeError, r"x has shape \(0, 2\): no samples"),
        ((X, Y, 0), {}, DomainError, "batch_size is 0; expected at least 1"),
        ((X, Y, -2), {}, DomainError, "batch_size is -2; expected at least 1"),
        ((X, Y, 2.0), {}, DTypeError, "batch_size is 2.0; expected an integer"),
        ((X, Y, True), {}, DTypeError, "batch_size is True; expected an integer"),
        (
            (X, Y, 11),
            {"drop_last": True},
            DomainError,
            "batch_size is 11 but there are 10 samples, so that drop_last=True leaves no batch",
        ),
    ],
)
def test_errors_come_at_the_call(arguments, options, error, message):
    with pytest.raises(error, match=f"batches: .*{message}"):
        batches(*arguments, **options)
