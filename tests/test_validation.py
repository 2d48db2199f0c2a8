"""Checks as functions: what passes unchanged, what is converted, what is said about the rest."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError, DTypeError, ShapeError
from minigrad.validation import (
    as_floats,
    check_distributions,
    check_no_impossible,
    check_range,
    check_same_shape,
    distributions_from,
    floats_in_one_shape,
    log_of_base,
    values,
)

SCORES = np.zeros((3, 4), np.float32)


def test_values_of_arrays_and_tensors():
    array = np.ones(2)
    assert values(array) is array
    assert values(mg.Tensor(array)) is array


# Floats


def test_floats_stay_what_they_are():
    for dtype in (np.float16, np.float32, np.float64, np.longdouble):
        array = np.ones(2, dtype)
        assert as_floats("f", "x", array) is array
        assert as_floats("f", "x", array, dtype) is array
        tensor = mg.Tensor(array, requires_grad=True)
        assert as_floats("f", "x", tensor, dtype) is tensor


@pytest.mark.parametrize("x", [1, True, [1, 2], np.ones(2, np.uint8), np.ones(2, bool)])
def test_integers_become_floats(x):
    out = as_floats("f", "x", x)
    assert (type(out), out.dtype, out.shape) == (np.ndarray, np.float64, np.shape(x))
    assert as_floats("f", "x", x, np.float32).dtype == np.float32


def test_a_tensor_is_converted_within_the_graph():
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    (as_floats("f", "x", x, np.float32) * 3).sum().backward()
    np.testing.assert_array_equal(x.grad, [3, 3])
    assert x.grad.dtype == np.float64


def test_what_makes_no_floats():
    with pytest.raises(DTypeError, match=r"^f: x must be real numbers, got <U1$"):
        as_floats("f", "x", ["a"])
    with pytest.raises(DTypeError, match=r"^f: x must be real numbers, got complex128$"):
        as_floats("f", "x", mg.Tensor([1j]))
    with pytest.raises(DTypeError, match=r"^f: x is a list of Tensors, .*mg\.stack$"):
        as_floats("f", "x", [[mg.Tensor([1.0])]])
    with pytest.raises(ShapeError, match=r"^f: x makes no array: "):
        as_floats("f", "x", [[1.0], [1.0, 2.0]])


def test_two_of_one_shape():
    y, t = floats_in_one_shape("f", "y", np.ones(2, np.float32), [0, 1])
    assert y.dtype == t.dtype == np.float32
    y, t = floats_in_one_shape("f", "y", [1, 2], np.ones(2, np.float32))
    assert y.dtype == t.dtype == np.float64
    with pytest.raises(ShapeError, match=r"^f: predictions have shape \(2, 1\) but targets \(2,\)"):
        floats_in_one_shape("f", "y", [[1], [2]], [1, 2])


def test_same_shape():
    check_same_shape("f", [[1, 2]], np.ones((1, 2)))
    check_same_shape("f", 1.0, mg.Tensor(2.0))
    with pytest.raises(ShapeError, match="nothing is broadcast"):
        check_same_shape("f", 1.0, [2.0])


# Probabilities


def test_a_range_includes_its_ends():
    check_range("f", "p", np.array([0.0, -0.0, 0.5, 1.0]))
    check_range("f", "p", np.zeros((0, 3)))
    check_range("f", "p", np.float64(1))


@pytest.mark.parametrize(
    ("p", "wanted"),
    [
        (np.array(2.0), r"^f: p = 2\.0 is not in \[0, 1\], as a probability must be; hint$"),
        (np.array([0.5, np.nan]), r"^f: p\[1\] = nan is not in"),
        (np.array([[0.5, 0.5], [-1e-300, 2]]), r"^f: p\[1, 0\] = -1e-300 is not in"),
    ],
)
def test_the_first_value_out_of_range_is_named(p, wanted):
    with pytest.raises(DomainError, match=wanted):
        check_range("f", "p", p, "; hint")


def test_sums_may_be_off_by_the_tolerance():
    for row in ([0.5, 0.4995], [0.5, 0.5005], [1, 0], [True, False]):
        check_distributions("f", "p", np.array(row))
    check_distributions("f", "p", mg.Tensor([[0.5, 0.5]]))
    check_distributions("f", "p", np.zeros((0, 3)))
    for row in ([0.5, 0.4985], [0.5, 0.5015]):
        with pytest.raises(DomainError, match=r"^f: p sums to .*, not to 1.* must; hint$"):
            check_distributions("f", "p", np.array(row), "; hint")
    with pytest.raises(DomainError, match=r"^f: p\[1\] sums to 0\.9995, not to 1"):
        check_distributions("f", "p", np.array([[0.5, 0.5], [0.5, 0.4995]]), tolerance=1e-5)


def test_an_overflow_of_narrow_integers_is_no_distribution():
    """256 ones are 0 in uint8, and 257 are 1."""
    with pytest.raises(DomainError, match=r"sums to 257\.?0?, not to 1"):
        check_distributions("f", "p", np.ones(257, np.uint8))


def test_impossible_entries():
    p = np.array([[0.0, 1.0], [0.5, 0.0]])
    check_no_impossible("f", "p", p, "t", np.array([[0.0, 1.0], [1.0, 0.0]]))
    with pytest.raises(DomainError, match=r"^f: p\[1, 1\] = 0 where t\[1, 1\] = 1e-300: "):
        check_no_impossible("f", "p", p, "t", np.array([[0.0, 1.0], [1.0, 1e-300]]))


# Targets


@pytest.mark.parametrize(
    "indices", [[3, 0, 1], np.array([3, 0, 1], np.uint8), mg.Tensor([3, 0, 1])]
)
def test_class_indices_become_one_hot_rows(indices):
    rows = distributions_from("f", indices, SCORES)
    assert (type(rows), rows.dtype) == (np.ndarray, np.float32)
    np.testing.assert_array_equal(rows, [[0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]])


def test_one_class_index_for_one_row():
    for index in (2, np.int8(2), np.array(2), mg.Tensor(2)):
        np.testing.assert_array_equal(distributions_from("f", index, SCORES[0]), [0, 0, 1, 0])


def test_distributions_of_the_right_dtype_are_not_copied():
    rows = np.full((3, 4), 0.25, np.float32)
    assert distributions_from("f", rows, SCORES) is rows
    tensor = mg.Tensor(rows, requires_grad=True)
    assert distributions_from("f", tensor, SCORES) is tensor


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int64, np.uint8, bool])
def test_distributions_take_the_dtype_of_the_scores(dtype):
    rows = np.eye(4)[[3, 0, 1]].astype(dtype)
    for t in (rows, rows.tolist(), mg.Tensor(rows)):
        out = distributions_from("f", t, SCORES)
        assert out.dtype == np.float32
        np.testing.assert_array_equal(values(out), rows)


def test_beside_integer_scores_distributions_are_not_truncated():
    out = distributions_from("f", [[0.25, 0.75]], np.array([[1, 2]]))
    np.testing.assert_array_equal(out, [[0.25, 0.75]])


def test_no_samples():
    assert distributions_from("f", np.zeros(0, int), SCORES[:0]).shape == (0, 4)
    assert distributions_from("f", np.zeros((0, 4)), SCORES[:0]).shape == (0, 4)


def test_a_vector_of_integers_beside_a_vector_of_scores_is_a_distribution():
    np.testing.assert_array_equal(distributions_from("f", [0, 0, 1, 0], SCORES[0]), [0, 0, 1, 0])
    with pytest.raises(DomainError, match=r"^f: t\[1\] = 3\.0 is not in \[0, 1\]"):
        distributions_from("f", [0, 3, 1, 2], SCORES[0])


def test_the_first_index_that_is_no_class_is_named():
    with pytest.raises(DomainError, match=r"^f: t\[1\] = -1 is not a class index; with 4 classes"):
        distributions_from("f", [0, -1, 7], SCORES)
    with pytest.raises(DomainError, match=r"^f: t\[2\] = 255 is not a class"):
        distributions_from("f", np.array([0, 1, -1]).astype(np.uint8), SCORES)


# Bases


@pytest.mark.parametrize("base", [2, 10, math.e, 1.5, np.float32(2), np.int64(10)])
def test_logarithms_of_bases(base):
    assert log_of_base("f", base) == math.log(base)
    assert type(log_of_base("f", base)) is float


@pytest.mark.parametrize("base", [1, 0, -1, math.nan, math.inf, "e", None, True])
def test_bases_without_logarithms(base):
    with pytest.raises(DomainError, match=r"^f: base is .*; a logarithm's base must be a number"):
        log_of_base("f", base)
