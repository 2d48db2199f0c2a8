"""Sum of squares: for regression, for one-hot classification, and with the factor ½."""

import numpy as np
import pytest

import minigrad as mg

T = mg.data.one_hot([2], num_classes=5)
GOOD = [[0.0, 0.1, 0.7, 0.15, 0.05]]
BAD = [[0.0, 0.1, 0.1, 0.4, 0.4]]


@pytest.mark.parametrize(("output", "loss"), [(GOOD, 0.0625), (BAD, 0.570)])
def test_half_the_sum_of_squares_of_two_answers(output, loss):
    y = mg.Tensor(output, requires_grad=True)
    by_ops = 0.5 * ((y - T) ** 2).sum()
    ready = mg.sum_squared_error(y, T, factor=0.5)
    for E in (by_ops, ready):
        assert E.op is not None
        np.testing.assert_allclose(E.item(), loss, rtol=1e-14)


def test_over_a_training_set_samples_add_up():
    y = mg.Tensor(GOOD + BAD, requires_grad=True)
    t = np.concatenate([T, T])
    each = mg.sum_squared_error(y, t, factor=0.5, reduction="none")
    np.testing.assert_allclose(each.data, [0.0625, 0.57], rtol=1e-14)
    np.testing.assert_allclose(mg.sum_squared_error(y, t, factor=0.5).item(), 0.6325, rtol=1e-14)
    np.testing.assert_allclose(mg.sum_squared_error(y, t).item(), 2 * 0.6325, rtol=1e-14)


def test_of_a_straight_line():
    """Deviations 0.4, −0.4, 0.7, 0.1 and 0.9: 0.16 + 0.16 + 0.49 + 0.01 + 0.81."""
    slope = mg.Tensor(0.5, requires_grad=True)
    intercept = mg.Tensor(1.0, requires_grad=True)
    t = np.array([1.4, 1.1, 2.7, 2.6, 3.9])
    y = slope * np.arange(5.0) + intercept
    S = mg.sum_squared_error(y, t)
    np.testing.assert_allclose(S.item(), 1.63, rtol=1e-14)
    np.testing.assert_allclose(((t - y) ** 2).sum().item(), 1.63, rtol=1e-14)
    S.backward()
    # dS/dslope = −2 Σ (t − y) x, dS/dintercept = −2 Σ (t − y)
    np.testing.assert_allclose(slope.grad, -2 * (-0.4 + 1.4 + 0.3 + 3.6), rtol=1e-13)
    np.testing.assert_allclose(intercept.grad, -2 * 1.7, rtol=1e-13)
