"""The error bars of derivatives by differences are honest, whatever the function and its scale."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.checking.differences import EPS, Difference, extrapolate
from minigrad.checking.line import Line
from minigrad.checking.problem import Problem
from minigrad.checking.slope import direction_scale, slope_of

SMOOTH = {
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "cube": (lambda x: x**3, lambda x: 3 * x**2),
    "arctan": (np.arctan, lambda x: 1 / (1 + x * x)),
    "bell": (lambda x: np.exp(-x * x), lambda x: -2 * x * np.exp(-x * x)),
    "rational": (lambda x: x / (1 + x * x), lambda x: (1 - x * x) / (1 + x * x) ** 2),
    "log": (lambda x: np.log(np.abs(x)), lambda x: 1 / x),
    "root": (lambda x: np.sqrt(np.abs(x)), lambda x: np.sign(x) / 2 / np.sqrt(np.abs(x))),
}


def slope_at(forward, x, contracted=True):
    """The derivative of a plain NumPy function at ``x``, moved by its own scale."""

    class Plain(mg.Op):
        @staticmethod
        def forward(x):
            return forward(x)

        @staticmethod
        def grad_x(grad_out, out, x):
            return grad_out

    leaf = mg.Tensor(np.asarray(x, float), requires_grad=True)
    problem = Problem({"x": leaf}, lambda: mg.call(Plain, leaf))
    scale = direction_scale(leaf.data)
    with np.errstate(all="ignore"):
        line = Line(problem, leaf, scale, problem.outcome()).with_replays()
        slope = slope_of(line.contracted(np.ones(leaf.size)) if contracted else line)
    return slope, scale


@given(
    st.sampled_from(sorted(SMOOTH)),
    st.floats(0.01, 20).flatmap(lambda x: st.sampled_from([x, -x])),
    st.floats(-12, 12),
    st.floats(-9, 3),
)
def test_the_truth_lies_within_ten_bars(name, x, exponent, shift):
    forward, derivative = SMOOTH[name]
    factor, shift = 10.0**exponent, 10.0 ** (exponent + shift)
    slope, scale = slope_at(lambda x: factor * forward(x) + shift, x)
    truth = factor * derivative(x) * scale
    assert slope.kink == ""
    assert abs(slope.estimate.value - truth) <= 10 * slope.estimate.bar + 4 * EPS * abs(truth)


@given(st.sampled_from(sorted(SMOOTH)), st.floats(0.1, 3), st.floats(-6, 6))
def test_bars_are_small_where_nothing_is_in_the_way(name, x, exponent):
    forward, derivative = SMOOTH[name]
    factor = 10.0**exponent
    slope, scale = slope_at(lambda x: factor * forward(x), x)
    size = factor * max(abs(derivative(x)) * scale, abs(forward(x)))
    assert slope.estimate.bar <= 1e-10 * size


@given(st.integers(0, 10**6))
def test_noise_inside_a_function_widens_the_bar(seed):
    rng = np.random.default_rng(seed)
    large = 10.0 ** rng.uniform(2, 9)
    slope, _ = slope_at(lambda x: (np.sin(x) + large) - large, 1.0)
    assert abs(slope.estimate.value - np.cos(1.0)) <= 10 * slope.estimate.bar
    assert slope.estimate.bar > 1e-17 * large


def test_outputs_one_by_one():
    x = np.array([0.5, 2.0, -3.0])
    slope, scale = slope_at(np.sin, x, contracted=False)
    assert slope.estimate.value.shape == (3,)
    assert (abs(slope.estimate.value - np.cos(x) * scale) <= 10 * slope.estimate.bar).all()


def test_float32_inside_is_seen_as_noise():
    slope, _ = slope_at(lambda x: np.sin(x.astype(np.float32)).astype(float), 1.0)
    assert abs(slope.estimate.value - np.cos(1.0)) <= 10 * slope.estimate.bar
    assert 1e-10 < slope.estimate.bar < 1e-4


def test_a_cubic_is_exact_after_one_step_of_richardson():
    """D(h) = 3 + h² for x³ at 1: two differences determine it, in exact arithmetic."""
    estimate = extrapolate(lambda h: Difference(h, np.array(3 + h * h), np.array(0.0)), 0.5)
    assert estimate.value == 3.0
    assert estimate.bar == 0.0
    assert [taken.step for taken in estimate.ladder[:3]] == [0.5, 0.25, 0.125]


def test_one_sided_differences_have_errors_of_first_order():
    def forward_difference(h):
        return Difference(h, np.array((np.exp(h) - 1) / h), np.array(EPS / h))

    estimate = extrapolate(forward_difference, 0.125, order=1)
    assert abs(estimate.value - 1) <= 10 * estimate.bar < 1e-9


def test_where_no_difference_can_be_taken_there_is_no_estimate():
    assert extrapolate(lambda h: None, 0.125) is None


@pytest.mark.parametrize("x", [[0.0, 0.0], [3.0, 4.0], [1e-300, 2e-300], [1e300, -1e300]])
def test_scales_are_powers_of_two_no_smaller_than_the_elements(x):
    x = np.array(x)
    scale = direction_scale(x)
    assert (scale >= abs(x)).all()
    assert (np.frexp(scale)[0] == 0.5).all()
    assert (scale <= 2 * max(abs(x).max(), 0.5 if not x.any() else 0)).all()
