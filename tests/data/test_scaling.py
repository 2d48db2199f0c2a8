import dataclasses

import numpy as np
import pytest

from minigrad.data import Standardizer, load_digits, load_iris
from minigrad.errors import DomainError, DTypeError, ShapeError


def test_closed_form():
    standardizer = Standardizer.fit([[1, 10], [3, 10], [5, 40], [7, 40]])
    assert standardizer.mean.tolist() == [4.0, 25.0]
    np.testing.assert_allclose(standardizer.std, [np.sqrt(5.0), 15.0], rtol=1e-15)
    np.testing.assert_allclose(
        standardizer.transform([[4, 40], [4 + np.sqrt(5.0), 25]]), [[0, 1], [1, 0]], atol=1e-15
    )


def test_training_set_gets_mean_0_and_deviation_1():
    x = load_iris().x
    z = Standardizer.fit(x).transform(x)
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=1e-14)
    np.testing.assert_allclose(z.std(axis=0), 1.0, rtol=1e-14)


def test_equals_scikit_learns_on_a_test_set_and_with_constant_pixels():
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    x_train, x_test = np.split(load_digits().x, [1000])
    assert (x_train.min(axis=0) == x_train.max(axis=0)).any()
    theirs = preprocessing.StandardScaler().fit(x_train).transform(x_test)
    ours = Standardizer.fit(x_train).transform(x_test)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def test_constant_columns_become_zero():
    # The mean of seven times 0.1 is not 0.1, nor is the deviation exactly zero.
    x = np.stack([np.full(7, 0.1), np.arange(7.0)], axis=1)
    standardizer = Standardizer.fit(x)
    assert standardizer.std[0] == 1.0
    assert standardizer.transform(x)[:, 0].tolist() == [0.0] * 7


def test_a_deviation_too_small_for_floating_point_counts_as_constant():
    standardizer = Standardizer.fit([[0.0], [1e-200]])
    assert standardizer.std.tolist() == [1.0]


def test_saved_and_built_again():
    x = load_iris().x
    fitted = Standardizer.fit(x)
    again = Standardizer(mean=fitted.mean.tolist(), std=fitted.std.tolist())
    np.testing.assert_array_equal(again.transform(x), fitted.transform(x))
    with pytest.raises(dataclasses.FrozenInstanceError):
        fitted.mean = np.zeros(4)


def test_dtypes():
    x = load_iris(dtype=np.float32).x
    standardizer = Standardizer.fit(x)
    assert standardizer.mean.dtype == standardizer.std.dtype == np.float64
    assert standardizer.transform(x).dtype == np.float32
    assert standardizer.transform(x.astype(np.int8)).dtype == np.float64


def test_the_input_is_left_alone():
    x = load_iris().x
    Standardizer.fit(x).transform(x)
    np.testing.assert_array_equal(x, load_iris().x)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_located(bad):
    x = np.ones((5, 3))
    x[3, 1] = bad
    with pytest.raises(DomainError, match=rf"Standardizer.fit: x\[3, 1\] is {bad}; expected a fin"):
        Standardizer.fit(x)
    standardizer = Standardizer.fit(np.eye(3))
    with pytest.raises(DomainError, match=rf"Standardizer.transform: x\[3, 1\] is {bad}"):
        standardizer.transform(x)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.ones(3), ShapeError, r"fit: x has shape \(3,\); expected \(N, D\)"),
        (np.ones((0, 3)), ShapeError, r"fit: x has shape \(0, 3\): no rows"),
        ([["a"]], DTypeError, "fit: x has dtype <U1; expected real numbers"),
        ([[1j]], DTypeError, "fit: x has dtype complex128"),
    ],
)
def test_fit_errors(x, error, message):
    with pytest.raises(error, match=message):
        Standardizer.fit(x)


@pytest.mark.parametrize("huge", [1e308, 1e200])
def test_values_too_large_for_a_deviation_are_named(huge):
    x = np.ones((4, 2))
    x[:2, 1] = huge, -huge
    with pytest.raises(DomainError, match=r"fit: x\[:, 1\] has values up to 1e\+[23]0[08], whose"):
        Standardizer.fit(x)


def test_transform_with_another_number_of_features():
    with pytest.raises(ShapeError, match=r"x has shape \(2, 4\), 4 features, but was fitted to 3"):
        Standardizer.fit(np.eye(3)).transform(np.ones((2, 4)))


@pytest.mark.parametrize(
    ("mean", "std", "error", "message"),
    [
        ([0.0], [1.0, 1.0], ShapeError, r"mean has shape \(1,\) and std \(2,\)"),
        ([[0.0]], [[1.0]], ShapeError, r"mean has shape \(1, 1\)"),
        ([0.0, np.nan], [1.0, 1.0], DomainError, r"mean\[1\] is nan; expected a finite number"),
        ([0.0, 0.0], [1.0, 0.0], DomainError, r"std\[1\] is 0.0; expected a finite number above"),
        ([0.0], [-1.0], DomainError, r"std\[0\] is -1.0"),
        ([0.0], [np.inf], DomainError, r"std\[0\] is inf"),
    ],
)
def test_bad_statistics(mean, std, error, message):
    with pytest.raises(error, match=f"Standardizer: {message}"):
        Standardizer(mean, std)
