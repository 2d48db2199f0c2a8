"""Rounding errors by replaying a graph: as large as they are, where they are."""

import numpy as np
import pytest
from op_cases import CASES

import minigrad as mg
from minigrad.checking.rounding import rounding_of_gradient, rounding_of_output

SEEDS = range(4)
EPS = np.finfo(float).eps
X = np.random.default_rng(0).normal(size=1000)


def leaf(values):
    return mg.Tensor(np.array(values, float), requires_grad=True)


def spread(function, *inputs):
    """The root mean square of the rounding of each output, over the seeds and inputs."""
    leaves = [leaf(x) for x in inputs]
    out = function(*leaves)
    draws = [rounding_of_output(out, x, seed) for seed in SEEDS for x in leaves]
    return np.sqrt(np.mean(np.square(draws), axis=0))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_op_and_rule_can_be_replayed(case):
    leaves = [leaf(x) for x in case.draw()]
    out = case.function(*leaves)
    cotangent = np.random.default_rng(0).normal(size=out.shape)
    found = spread(case.function, *case.draw())
    assert found.shape == out.shape
    assert np.max(found, initial=0) <= 100 * EPS * np.max(np.abs(out.data), initial=1)
    for x in leaves:
        gradient = mg.grad(out, x, cotangent).data
        found = rounding_of_gradient(out, x, cotangent, gradient, 0)
        assert found.shape == x.shape
        assert np.max(np.abs(found), initial=0) <= 100 * EPS * np.max(np.abs(gradient), initial=1)


@pytest.mark.parametrize(
    ("function", "largest_inside"),
    [
        (lambda x: (x + 1e8) - 1e8, 1e8),
        (lambda x: x * 1e5 - x * 99999, 1e5),
        (lambda x: mg.sin(x) * mg.sin(x) + mg.cos(x) * mg.cos(x) - 1, 1.0),
        (
            lambda x: mg.broadcast_to(mg.sum(mg.stack([x, -x, x * 1e6, x * -1e6])), (1000,)),
            1e6 * 1000,
        ),
    ],
)
def test_what_cancels_leaves_its_rounding(function, largest_inside):
    size = np.sqrt(np.mean(np.square(spread(function, X))))
    assert 0.01 * EPS * largest_inside < size < 10 * EPS * largest_inside


def test_cancellation_inside_an_op():
    """1 + erf(x) at -8 is a few units in the last place of 1: nothing of it is left."""
    assert (spread(mg.gelu, [-8.0, -9.0]) > 0.1 * 8 * EPS / 2).all()
    assert spread(mg.var, np.full(5, 1 / 3) + 1e6 * np.eye(5)[0]) > 1e-6


def test_a_product_of_matrices_is_rounded_by_the_size_of_its_terms():
    x, y = np.array([[1e8, 1.0, -1e8]]), np.array([[1.0], [1.0], [1.0]])
    for function in (mg.matmul, mg.linear):
        assert 0.1e-8 < spread(function, x, y)[0, 0] < 4e-8


def test_exact_ops_have_no_rounding():
    for function in (mg.relu, mg.negative, mg.abs, mg.flip, lambda x: mg.maximum(x, 0.5)):
        assert not spread(function, X).any()


def test_what_does_not_move_is_rounded_the_same_way_again():
    moved = X.copy()
    moved[0] += 1e-9
    for function in (mg.exp, lambda x: mg.softplus(x) * 3, lambda x: (x + 1e8) - 1e8):
        leaves = [leaf(X), leaf(moved)]
        one, other = (rounding_of_output(function(x), x, 1) for x in leaves)
        assert one[0] != other[0]
        np.testing.assert_array_equal(one[1:], other[1:])


def test_what_does_not_depend_on_the_leaf_is_left_out():
    x, y = leaf(X), leaf(X)
    out = mg.exp(y) + mg.abs(x)
    assert np.std(rounding_of_output(out, y, 0)) > np.std(rounding_of_output(out, x, 0)) > 0
    assert not rounding_of_output(mg.exp(y), x, 0).any()


def test_seeds_differ_and_repeat():
    x = leaf(X)
    out = mg.exp(x)
    one, again, other = (rounding_of_output(out, x, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.2
    assert abs(np.mean(one)) < 0.1 * np.std(one)


def test_the_graph_is_left_as_it_was():
    x = leaf(X)
    out = mg.exp(x)
    values = out.data.copy()
    rounding_of_output(out, x, 0)
    rounding_of_gradient(out, x, np.ones(1000), out.data, 0)
    np.testing.assert_array_equal(x.data, X)
    np.testing.assert_array_equal(out.data, values)
    assert (type(x.data), type(out.data), x.grad) == (np.ndarray, np.ndarray, None)


def test_an_op_of_no_ufuncs_is_off_in_its_result():
    class Table(mg.Op):
        @staticmethod
        def forward(x):
            return np.interp(np.asarray(x), [-9, 9], [-9.0, 9.0])

        @staticmethod
        def grad_x(grad_out, out, x):
            return grad_out + 0

    size = np.sqrt(np.mean(np.square(spread(lambda x: mg.call(Table, x), X))))
    assert 0.05 * EPS < size < EPS


def test_a_gradient_that_cancels():
    """Of var at values around 1e6 the gradient is a difference of numbers of that size."""
    x = leaf(1e6 + X[:8])
    out = mg.var(x)
    gradient = mg.grad(out, x, np.ones(())).data
    found = np.abs(rounding_of_gradient(out, x, np.ones(()), gradient, 0))
    assert 1e-12 < np.max(found) < 1e-9
