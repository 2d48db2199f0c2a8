"""Divergence of densities against closed forms, and what it refuses."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError, ShapeError


def normal(mean, std):
    factor = 1 / (std * math.sqrt(2 * math.pi))
    return lambda x: factor * mg.exp(-0.5 * ((x - mean) / std) ** 2)


def exponential(rate):
    return lambda x: rate * mg.exp(-rate * x)


def between_normals(mean_p, std_p, mean_q, std_q):
    """C. Bishop, Pattern Recognition and Machine Learning, 2006, exercise 1.30."""
    ratio = (std_p**2 + (mean_p - mean_q) ** 2) / (2 * std_q**2)
    return math.log(std_q / std_p) + ratio - 0.5


@pytest.mark.parametrize(
    "parameters",
    [(0.0, 1.0, 0.0, 1.0), (0.0, 1.0, 1.0, 2.0), (1.0, 2.0, 0.0, 1.0), (-1, 0.7, 2, 3)],
)
def test_two_normal_distributions(parameters):
    mean_p, std_p, mean_q, std_q = parameters
    low, high = mean_p - 12 * std_p, mean_p + 12 * std_p
    divergence = mg.continuous_kl_divergence(
        normal(mean_p, std_p), normal(mean_q, std_q), low, high
    )
    np.testing.assert_allclose(divergence, between_normals(*parameters), rtol=1e-9, atol=1e-12)


def test_two_exponential_distributions_in_bits():
    divergence = mg.continuous_kl_divergence(exponential(2.0), exponential(0.5), 0, 20, base=2)
    expected = (math.log(2.0 / 0.5) + 0.5 / 2.0 - 1) / math.log(2)
    np.testing.assert_allclose(divergence, expected, rtol=1e-12)


def test_an_unlikely_region_of_p_may_be_impossible_in_p_only():
    def uniform(x):
        return np.where(x < 1, 1.0, 0.0)

    divergence = mg.continuous_kl_divergence(uniform, lambda x: np.full_like(x, 0.5), 0, 2)
    np.testing.assert_allclose(divergence, math.log(2), rtol=1e-12)


def test_its_gradient_is_that_of_the_closed_form():
    mean, std = mg.Tensor(0.4, requires_grad=True), mg.Tensor(1.3, requires_grad=True)
    mg.continuous_kl_divergence(normal(0.0, 1.0), normal(mean, std), -12, 12).backward()
    np.testing.assert_allclose(mean.grad, 0.4 / 1.3**2, rtol=1e-10)
    np.testing.assert_allclose(std.grad, 1 / 1.3 - (1 + 0.4**2) / 1.3**3, rtol=1e-10)
    mean, std = mg.Tensor(0.4, requires_grad=True), mg.Tensor(1.3, requires_grad=True)
    mg.continuous_kl_divergence(normal(mean, std), normal(0.0, 1.0), -15, 15).backward()
    np.testing.assert_allclose(mean.grad, 0.4, rtol=1e-10)
    np.testing.assert_allclose(std.grad, 1.3 - 1 / 1.3, rtol=1e-10)


def flat(height):
    return lambda x: np.full_like(x, height)


def half(x):
    return np.where(x < 0.5, 2.0, 0.0)


@pytest.mark.parametrize(
    ("p", "q", "error", "words"),
    [
        (flat(1.0), half, DomainError, r"q\(0\.[5-9]\d*\) = 0 where p is 1: the divergence is und"),
        (flat(0.9), flat(1.0), DomainError, "p integrates to 0.9 from low to high, not 1"),
        (flat(1.0), flat(1.1), DomainError, "q integrates to 1.1, more than 1"),
        (lambda x: 2 - 4 * x, flat(1.0), DomainError, r"p\(0\.5\d*\) = -0\.\d+; a density"),
        (flat(1.0), flat(math.nan), DomainError, r"q\(0\.\d+\) = nan; a density is finite"),
        (flat(1.0), lambda x: 1.0, ShapeError, r"q returned shape \(\) for points"),
    ],
)
def test_what_it_refuses(p, q, error, words):
    with pytest.raises(error, match=f"continuous_kl_divergence: {words}"):
        mg.continuous_kl_divergence(p, q, 0, 1)


def test_a_density_that_is_not_resolved_is_refused():
    narrow = normal(0.3, 1e-4)
    with pytest.raises(DomainError, match=r"p integrates to .* more nodes if it is narrow"):
        mg.continuous_kl_divergence(narrow, narrow, -1, 1)
