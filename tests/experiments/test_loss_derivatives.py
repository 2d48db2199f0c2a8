"""The derivatives of the two losses on (0, 1), as backward() gives them."""

import numpy as np
import pytest

import minigrad as mg

POINTS = np.linspace(0.01, 0.99, 99)


def slope_by_backward(loss):
    y = mg.Tensor(POINTS, requires_grad=True)
    loss(y).sum().backward()
    return y.grad


@pytest.mark.parametrize("t", [0.0, 0.3, 1.0])
def test_of_half_the_square_linear_in_y(t):
    for loss in (
        lambda y: 0.5 * (y - t) ** 2,
        lambda y: mg.sum_squared_error(y, np.full(99, t), factor=0.5, reduction="none"),
    ):
        np.testing.assert_allclose(slope_by_backward(loss), POINTS - t, rtol=1e-14)


@pytest.mark.parametrize("t", [0.3, 1.0])
def test_of_cross_entropy_minus_t_over_y(t):
    slope = slope_by_backward(lambda y: 0 - mg.xlogy(t, y))
    np.testing.assert_allclose(slope, -t / POINTS, rtol=1e-14)
    slope = slope_by_backward(lambda y: -t * mg.log(y))
    np.testing.assert_allclose(slope, -t / POINTS, rtol=1e-14)


def test_of_the_cross_entropy_of_rows():
    rng = np.random.default_rng(0)
    p, t = rng.dirichlet(np.ones(4), 6), rng.dirichlet(np.ones(4), 6)
    y = mg.Tensor(p, requires_grad=True)
    mg.cross_entropy(y, t, reduction="sum").backward()
    np.testing.assert_allclose(y.grad, -t / p, rtol=1e-13)
    y = mg.Tensor(p, requires_grad=True)
    mg.sum_squared_error(y, t, factor=0.5).backward()
    np.testing.assert_allclose(y.grad, p - t, rtol=1e-13)
