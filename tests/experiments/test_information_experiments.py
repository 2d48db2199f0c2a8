"""Information: divergence is cross entropy minus entropy, in value and in gradient."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError

P = np.array([[0.5, 0.25, 0.25]])
Q = np.array([[0.1, 0.1, 0.8]])


def test_information_of_a_coin_and_a_die():
    bits = mg.information_content(mg.Tensor([1 / 2, 1 / 6, 1 / 12]), base=2)
    np.testing.assert_allclose(bits.data, [1, math.log2(6), 1 + math.log2(6)], rtol=1e-14)


def test_entropy_of_three_dice_and_of_a_coin():
    """Of the coin also the derivative, log2((1 − p) / p), which vanishes at one half."""
    dice = mg.Tensor(
        [[1 / 6] * 6, [0.5, 0.1, 0.1, 0.1, 0.1, 0.1], [0, 0, 0, 0, 0, 1.0]], requires_grad=True
    )
    loaded = 0.5 + 0.5 * math.log2(10)
    bits = mg.entropy(dice, base=2)
    np.testing.assert_allclose(bits.data, [math.log2(6), loaded, 0], rtol=1e-14, atol=1e-15)
    p = mg.Tensor(np.linspace(0.005, 0.995, 199), requires_grad=True)
    mg.entropy(mg.stack([p, 1 - p], axis=1), base=2).sum().backward()
    np.testing.assert_allclose(p.grad, np.log2((1 - p.data) / p.data), rtol=1e-12, atol=1e-14)
    assert abs(p.grad[99]) < 1e-14


def test_divergence_is_cross_entropy_minus_entropy():
    p, q = mg.Tensor(P), mg.Tensor(Q, requires_grad=True)
    difference = mg.cross_entropy(q, p) - mg.entropy(p)[0]
    np.testing.assert_allclose(mg.kl_divergence(p, q).data, [difference.item()], rtol=1e-14)


def test_divergence_is_not_symmetric():
    p, q = mg.Tensor(P, requires_grad=True), mg.Tensor(Q, requires_grad=True)
    forward, backward = mg.kl_divergence(p, q).data, mg.kl_divergence(q, p).data
    expected = 0.5 * np.log(5) + 0.25 * np.log(2.5) + 0.25 * np.log(0.3125)
    np.testing.assert_allclose(forward, [expected], rtol=1e-14)
    expected = 0.1 * np.log(0.2) + 0.1 * np.log(0.4) + 0.8 * np.log(3.2)
    np.testing.assert_allclose(backward, [expected], rtol=1e-14)
    assert abs(forward[0] - backward[0]) > 0.05


def test_zero_is_harmless_in_p_and_an_error_in_q():
    half = mg.Tensor([0.5, 0.5, 0.0], requires_grad=True)
    divergence = mg.kl_divergence(half, mg.Tensor(Q[0], requires_grad=True))
    np.testing.assert_allclose(divergence.data, np.log(5), rtol=1e-14)
    with pytest.raises(DomainError, match=r"kl_divergence: q\[2\] = 0 where p\[2\] = 0.25"):
        mg.kl_divergence(mg.Tensor(P[0]), half)


def test_minimizing_either_is_the_same():
    rng = np.random.default_rng(0)
    p, start = rng.dirichlet(np.ones(5), 4), rng.normal(size=(4, 5))
    by_cross, by_divergence, by_formula = [], [], mg.softmax(start) - p
    for gradients, loss in (
        (by_cross, lambda q: mg.cross_entropy(q, p, reduction="sum")),
        (by_divergence, lambda q: mg.kl_divergence(p, q).sum()),
    ):
        logits = mg.Tensor(start, requires_grad=True)
        loss(mg.softmax(logits)).backward()
        gradients.append(logits.grad)
    np.testing.assert_allclose(by_cross, by_divergence, rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(by_cross[0], by_formula, rtol=1e-12, atol=1e-15)


def normal(mean, std):
    factor = 1 / (std * np.sqrt(2 * np.pi))
    return lambda x: factor * mg.exp(-0.5 * ((x - mean) / std) ** 2)


def closed_form(mean_p, std_p, mean_q, std_q):
    spread = (std_p**2 + (mean_p - mean_q) ** 2) / (2 * std_q**2)
    return mg.log(std_q / std_p) + spread - 0.5


def test_two_gaussians_by_quadrature_and_by_the_closed_form():
    """Values and the gradients of all four parameters."""
    start = (0.0, 1.0, 1.0, 2.0)
    results = []
    for divergence in (
        lambda a, b, c, d: mg.continuous_kl_divergence(normal(a, b), normal(c, d), -12, 12),
        closed_form,
    ):
        parameters = [mg.Tensor(value, requires_grad=True) for value in start]
        D = divergence(*parameters)
        D.backward()
        results.append([D.item(), *(parameter.grad.item() for parameter in parameters)])
    np.testing.assert_allclose(results[0], results[1], rtol=0, atol=1e-8)
    np.testing.assert_allclose(results[1][0], math.log(2) + 2 / 8 - 0.5, rtol=1e-14)


def test_descending_on_the_integral_finds_the_moments_of_the_truth():
    """The Gaussian next to a density in D(truth‖q) has its mean and its variance."""

    def truth(x):
        return 0.6 * normal(-2.0, 0.7)(x) + 0.4 * normal(2.0, 0.8)(x)

    mean = mg.Tensor(-1.0, requires_grad=True)
    log_std = mg.Tensor(0.0, requires_grad=True)
    optimizer = mg.optim.Adam([mean, log_std], lr=0.1)
    for _ in range(300):
        loss = mg.continuous_kl_divergence(truth, normal(mean, mg.exp(log_std)), -9, 9)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    variance = 0.6 * (0.7**2 + 1.6**2) + 0.4 * (0.8**2 + 2.4**2)
    np.testing.assert_allclose(mean.item(), -0.4, atol=1e-4)
    np.testing.assert_allclose(np.exp(log_std.item()), np.sqrt(variance), atol=1e-4)
