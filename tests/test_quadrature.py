"""Integrals against closed forms, and their derivatives against calculus and differences."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError, DTypeError, ShapeError


@pytest.mark.parametrize(
    ("f", "low", "high", "area"),
    [
        (mg.exp, 0, 1, math.e - 1),
        (mg.sin, 0, math.pi, 2),
        (lambda x: 1 / (1 + x**2), -1, 1, math.pi / 2),
        (lambda x: mg.exp(-(x**2)), -8, 8, math.sqrt(math.pi)),
        (lambda x: 3.0, 2, 4, 6),
        (mg.exp, 1, 0, 1 - math.e),
        (mg.exp, 2, 2, 0),
    ],
)
def test_closed_forms(f, low, high, area):
    np.testing.assert_allclose(mg.integral(f, low, high), area, rtol=1e-13)
    as_tensor = mg.integral(lambda x: mg.Tensor(1.0, requires_grad=True) * f(x), low, high)
    np.testing.assert_allclose(as_tensor.item(), area, rtol=1e-13)


@pytest.mark.parametrize("nodes", [1, 2, 5])
def test_exact_up_to_degree_2n_minus_1_and_no_further(nodes):
    """Abramowitz and Stegun 25.4.30 also gives the remainder, which for x^2n is a constant."""
    degree = 2 * nodes - 1
    exact = (3 ** (degree + 1) - 1) / (degree + 1)
    np.testing.assert_allclose(mg.integral(lambda x: x**degree, 1, 3, nodes=nodes), exact)
    beyond = (3 ** (degree + 2) - 1) / (degree + 2)
    missing = beyond - mg.integral(lambda x: x ** (degree + 1), 1, 3, nodes=nodes)
    remainder = (
        2.0 ** (2 * nodes + 1)
        * math.factorial(nodes) ** 4
        / ((2 * nodes + 1) * math.factorial(2 * nodes) ** 2)
    )
    np.testing.assert_allclose(missing, remainder, rtol=1e-6)


def test_several_integrals_at_once():
    rates = mg.Tensor([[1.0], [2.0], [4.0]], requires_grad=True)
    areas = mg.integral(lambda x: mg.exp(-rates * x), 0, 40)
    np.testing.assert_allclose(areas.data, [1, 1 / 2, 1 / 4], rtol=1e-12)
    areas.backward([1.0, -2.0, 3.0])
    expected = [[-1.0], [2 / 4], [-3 / 16]]
    np.testing.assert_allclose(rates.grad, expected, rtol=1e-10)


def test_the_fundamental_theorem_of_calculus():
    low, high = mg.Tensor(0.5, requires_grad=True), mg.Tensor(2.0, requires_grad=True)
    area = mg.integral(lambda x: mg.sin(x) * x, low, high)
    area.backward()
    np.testing.assert_allclose(low.grad, -math.sin(0.5) * 0.5, rtol=1e-12)
    np.testing.assert_allclose(high.grad, math.sin(2.0) * 2.0, rtol=1e-12)


def test_second_derivatives():
    high = mg.Tensor(1.2, requires_grad=True)
    slope = mg.grad(mg.integral(mg.sin, 0, high), high, create_graph=True)
    np.testing.assert_allclose(mg.grad(slope, high).item(), math.cos(1.2), rtol=1e-12)


def test_gradient_against_differences():
    def area(rate, high):
        return mg.integral(lambda x: mg.tanh(rate * x) + x**2, 0.0, high, nodes=20)

    assert mg.checking.gradcheck(area, [np.array(0.7), np.array(1.5)]).ok


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((mg.exp, 0, math.inf), DomainError, r"integral: high is inf; both limits must be finite"),
        ((mg.exp, math.nan, 1), DomainError, r"integral: low is nan"),
        ((mg.exp, [0.0, 1.0], 1), ShapeError, r"integral: low has shape \(2,\)"),
        ((lambda x: x[:3], 0, 1), ShapeError, r"integral: f returned shape \(3,\) for nodes"),
    ],
)
def test_what_it_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        mg.integral(*arguments)


@pytest.mark.parametrize(("nodes", "error"), [(0, DomainError), (2.5, DTypeError)])
def test_nodes_are_counted(nodes, error):
    with pytest.raises(error, match="integral: nodes is"):
        mg.integral(mg.exp, 0, 1, nodes=nodes)
