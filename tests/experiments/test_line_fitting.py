"""Fitting a line: gradient descent against the closed form, and the limit of the learning rate."""

import numpy as np
import pytest

import minigrad as mg

RNG = np.random.default_rng(0)
X = RNG.uniform(0, 3, 40)
T = 1.5 * X + 0.5 + RNG.normal(0, 0.4, 40)
BEST = np.linalg.lstsq(np.stack([X, np.ones(40)], axis=1), T)[0]


def loss_at(w, b):
    return mg.mean_squared_error(w * X + b, T)


def descend(lr, steps):
    w, b = mg.Tensor(-0.5, requires_grad=True), mg.Tensor(3.0, requires_grad=True)
    optimizer = mg.optim.SGD([w, b], lr=lr)
    losses = []
    for _ in range(steps):
        loss = loss_at(w, b)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array([w.item(), b.item()]), losses


def hessian():
    return mg.hessian(lambda both: loss_at(both[0], both[1]), BEST)


def test_the_gradient_vanishes_at_the_closed_form():
    w, b = (mg.Tensor(value, requires_grad=True) for value in BEST)
    loss_at(w, b).backward()
    np.testing.assert_allclose([w.grad, b.grad], [0, 0], atol=1e-13)


def test_descent_converges_to_the_closed_form():
    found, losses = descend(lr=0.1, steps=1000)
    np.testing.assert_allclose(found, BEST, rtol=1e-12)
    assert np.all(np.diff(losses) <= 1e-15)


def test_a_rate_that_is_too_small_does_not_arrive():
    found, losses = descend(lr=0.001, steps=1000)
    assert np.abs(found - BEST).max() > 0.5
    assert np.all(np.diff(losses) < 0)


def test_the_hessian_is_that_of_the_normal_equations():
    expected = 2 / 40 * np.array([[X @ X, X.sum()], [X.sum(), 40]])
    np.testing.assert_allclose(hessian(), expected, rtol=1e-13)


@pytest.mark.parametrize(("factor", "diverges"), [(0.98, False), (1.02, True)])
def test_the_largest_curvature_limits_the_learning_rate(factor, diverges):
    limit = 2 / np.linalg.eigvalsh(hessian()).max()
    _, losses = descend(lr=factor * limit, steps=400)
    lowest = loss_at(*BEST)
    assert (losses[-1] > 1000 * losses[0]) == diverges
    if not diverges:
        np.testing.assert_allclose(losses[-1], lowest, rtol=1e-6)


def test_the_same_loop_fits_an_mlp_to_a_sine():
    x = np.linspace(-3, 3, 60)[:, None]
    t = np.sin(x) + np.random.default_rng(1).normal(0, 0.1, x.shape)
    model = mg.nn.mlp([1, 16, 1], activation="tanh", rng=0)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(1000):
        loss = mg.mean_squared_error(model(x), t)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.015  # the noise's variance is 0.01
    assert np.abs(model(x).data - np.sin(x)).max() < 0.15
