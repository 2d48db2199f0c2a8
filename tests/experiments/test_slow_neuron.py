"""The slow neuron: M. Nielsen, Neural Networks and Deep Learning (2015), chapter 3.

One sigmoid neuron with input 1 and target 0 learns for 300 steps at the rate 0.15.
"""

import numpy as np
import pytest

import minigrad as mg

X, TARGET = 1.0, 0.0
GOOD_START = (0.6, 0.9)
BAD_START = (2.0, 2.0)
both_starts = pytest.mark.parametrize("start", [GOOD_START, BAD_START])


def quadratic(a):
    return mg.sum_squared_error(a, TARGET, factor=0.5)


def cross_entropy(a):
    return mg.binary_cross_entropy(a, TARGET)


def learn(cost, start, steps=300):
    """Output, cost, ∂C/∂w and σ'(z) of each step, and the output after the last one."""
    w, b = (mg.Tensor(value, requires_grad=True) for value in start)
    optimizer = mg.optim.SGD([w, b], lr=0.15)
    rows = []
    for _ in range(steps):
        z = w * X + b
        a = mg.sigmoid(z)
        C = cost(a)
        optimizer.zero_grad()
        C.backward()
        slope = mg.grad(mg.sigmoid(z), z)
        rows.append((a.item(), C.item(), w.grad.item(), slope.item()))
        optimizer.step()
    outputs, costs, gradients, slopes = np.array(rows).T
    return np.append(outputs, mg.sigmoid(w * X + b).item()), costs, gradients, slopes


@pytest.mark.parametrize(
    ("start", "first", "last"), [(GOOD_START, "0.82", "0.09"), (BAD_START, "0.98", "0.20")]
)
def test_with_the_quadratic_cost(start, first, last):
    outputs, *_ = learn(quadratic, start)
    assert (f"{outputs[0]:.2f}", f"{outputs[-1]:.2f}") == (first, last)


def test_with_the_quadratic_cost_the_bad_start_is_slow():
    outputs, costs, *_ = learn(quadratic, BAD_START)
    better, better_costs, *_ = learn(quadratic, GOOD_START)
    assert outputs[100] > 0.96
    assert better[100] < 0.22
    assert costs[0] - costs[10] < 0.02 * (better_costs[0] - better_costs[10])


def test_with_cross_entropy_the_bad_start_learns_faster():
    _, costs, gradients, _ = learn(cross_entropy, BAD_START)
    _, better_costs, better_gradients, _ = learn(cross_entropy, GOOD_START)
    assert abs(gradients[0]) > abs(better_gradients[0])
    assert costs[0] - costs[10] > 1.5 * (better_costs[0] - better_costs[10])


@both_starts
def test_cross_entropy_is_faster_than_the_quadratic_cost(start):
    outputs, *_ = learn(quadratic, start)
    faster, *_ = learn(cross_entropy, start)
    assert 4 * np.argmax(faster < 0.5) < np.argmax(outputs < 0.5)
    assert faster[-1] < 0.0125


@pytest.mark.parametrize(
    ("cost", "start", "steps"),
    [
        (quadratic, GOOD_START, 36),
        (quadratic, BAD_START, 232),
        (cross_entropy, GOOD_START, 8),
        (cross_entropy, BAD_START, 17),
    ],
)
def test_how_many_steps_bring_the_output_below_one_half(cost, start, steps):
    outputs, *_ = learn(cost, start)
    assert np.argmax(outputs < 0.5) == steps


@both_starts
def test_the_gradient_of_the_quadratic_cost_at_every_step(start):
    outputs, _, gradients, slopes = learn(quadratic, start)
    expected = (outputs[:-1] - TARGET) * slopes * X
    np.testing.assert_allclose(gradients, expected, rtol=1e-13)
    np.testing.assert_allclose(slopes, outputs[:-1] * (1 - outputs[:-1]), rtol=1e-12)


@both_starts
def test_the_gradient_of_cross_entropy_at_every_step(start):
    outputs, _, gradients, _ = learn(cross_entropy, start)
    np.testing.assert_allclose(gradients, (outputs[:-1] - TARGET) * X, rtol=1e-13)


def test_another_input_and_target():
    """(a − y)x, with an x and a y that are neither 0 nor 1."""
    w, b = (mg.Tensor(value, requires_grad=True) for value in (0.7, -0.2))
    a = mg.sigmoid(w * 2.5 + b)
    mg.binary_cross_entropy(a, 0.3).backward()
    np.testing.assert_allclose(w.grad, (a.item() - 0.3) * 2.5, rtol=1e-14)
    np.testing.assert_allclose(b.grad, a.item() - 0.3, rtol=1e-14)


@pytest.mark.parametrize(("start", "last"), [(GOOD_START, "0.19"), (BAD_START, "0.20")])
def test_a_cost_of_ones_own(start, last):
    """The fourth power: quick at the start, slow at the end."""

    def fourth_power(a):
        return (a - TARGET) ** 4

    outputs, *_ = learn(fourth_power, start)
    assert f"{outputs[-1]:.2f}" == last
    assert mg.checking.gradcheck(
        lambda w, b: fourth_power(mg.sigmoid(w * X + b)), [np.array(value) for value in start]
    ).ok
