"""Gradients of losses and measures, first and second: finite differences and closed forms.

Probabilities and targets are the softmax or sigmoid of free numbers here, so that a step in any
direction leaves them probabilities.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from finite_differences import derivative, directional_derivative, numerical_gradient

import minigrad as mg

N, K = 3, 4


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def bernoulli(p, t):
    return -t * np.log(p) - (1 - t) * np.log(1 - p)


@dataclass(frozen=True)
class Case:
    """A loss or measure of two arrays of free numbers, by minigrad and by its definition.

    ``ours`` takes ``reduction``; measures ignore it. ``definition`` gives one value per sample.
    """

    ours: Callable[..., Any]
    definition: Callable[..., Any]


LOSSES = {
    "sum_squared_error": Case(
        lambda y, t, **options: mg.sum_squared_error(y, t, factor=0.7, **options),
        lambda y, t: 0.7 * ((y - t) ** 2).sum(axis=-1),
    ),
    "mean_squared_error": Case(
        mg.mean_squared_error,
        lambda y, t: ((y - t) ** 2).mean(axis=-1),
    ),
    "cross_entropy": Case(
        lambda z, s, **options: mg.cross_entropy(mg.softmax(z), mg.softmax(s), **options),
        lambda z, s: -(softmax(s) * np.log(softmax(z))).sum(axis=-1),
    ),
    "cross_entropy in bits": Case(
        lambda z, s, **options: mg.cross_entropy(mg.softmax(z), mg.softmax(s), base=2, **options),
        lambda z, s: -(softmax(s) * np.log2(softmax(z))).sum(axis=-1),
    ),
    "softmax_cross_entropy": Case(
        lambda z, s, **options: mg.softmax_cross_entropy(z, mg.softmax(s), **options),
        lambda z, s: -(softmax(s) * np.log(softmax(z))).sum(axis=-1),
    ),
    "softmax_cross_entropy in bits": Case(
        lambda z, s, **options: mg.softmax_cross_entropy(z, mg.softmax(s), base=2, **options),
        lambda z, s: -(softmax(s) * np.log2(softmax(z))).sum(axis=-1),
    ),
    "binary_cross_entropy": Case(
        lambda z, s, **options: mg.binary_cross_entropy(mg.sigmoid(z), mg.sigmoid(s), **options),
        lambda z, s: bernoulli(sigmoid(z), sigmoid(s)).sum(axis=-1),
    ),
    "binary_cross_entropy in decimals": Case(
        lambda z, s, **options: mg.binary_cross_entropy(
            mg.sigmoid(z), mg.sigmoid(s), base=10, **options
        ),
        lambda z, s: bernoulli(sigmoid(z), sigmoid(s)).sum(axis=-1) / math.log(10),
    ),
    "sigmoid_cross_entropy": Case(
        lambda z, s, **options: mg.sigmoid_cross_entropy(z, mg.sigmoid(s), **options),
        lambda z, s: bernoulli(sigmoid(z), sigmoid(s)).sum(axis=-1),
    ),
    "sigmoid_cross_entropy in bits": Case(
        lambda z, s, **options: mg.sigmoid_cross_entropy(z, mg.sigmoid(s), base=2, **options),
        lambda z, s: bernoulli(sigmoid(z), sigmoid(s)).sum(axis=-1) / math.log(2),
    ),
}

MEASURES = {
    "information_content": Case(
        lambda z, s: mg.sum(mg.information_content(mg.sigmoid(z - s), base=2), axis=-1),
        lambda z, s: -np.log2(sigmoid(z - s)).sum(axis=-1),
    ),
    "entropy": Case(
        lambda z, s: mg.entropy(mg.softmax(z * s)),
        lambda z, s: -(softmax(z * s) * np.log(softmax(z * s))).sum(axis=-1),
    ),
    "entropy in bits": Case(
        lambda z, s: mg.entropy(mg.softmax(z * s), base=2),
        lambda z, s: -(softmax(z * s) * np.log2(softmax(z * s))).sum(axis=-1),
    ),
    "kl_divergence": Case(
        lambda z, s: mg.kl_divergence(mg.softmax(z), mg.softmax(s)),
        lambda z, s: (softmax(z) * np.log(softmax(z) / softmax(s))).sum(axis=-1),
    ),
    "kl_divergence in decimals": Case(
        lambda z, s: mg.kl_divergence(mg.softmax(z), mg.softmax(s), base=10),
        lambda z, s: (softmax(z) * np.log10(softmax(z) / softmax(s))).sum(axis=-1),
    ),
}

every_loss = pytest.mark.parametrize("name", LOSSES)
every_case = pytest.mark.parametrize("name", [*LOSSES, *MEASURES])


def per_sample(name):
    if name in MEASURES:
        return MEASURES[name]
    loss = LOSSES[name]
    return Case(lambda y, t: loss.ours(y, t, reduction="none"), loss.definition)


def draw(shape=(N, K)):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape), rng.normal(size=shape)]


def leaves(arrays):
    return [mg.Tensor(array, requires_grad=True) for array in arrays]


def joined(case, cotangent):
    """The case as a function of one vector, predictions and targets behind each other."""
    size = N * K

    def function(x):
        y, t = x[:size].reshape(N, K), x[size:].reshape(N, K)
        return mg.sum(case.ours(y, t) * cotangent)

    return function


# First derivatives


@every_case
@pytest.mark.parametrize("shape", [(N, K), (1, K), (N, 2)])
def test_with_respect_to_predictions_and_targets(name, shape):
    case = per_sample(name)
    arrays = draw(shape)
    cotangent = np.random.default_rng(1).normal(size=shape[0])
    inputs = leaves(arrays)
    out = case.ours(*inputs)
    np.testing.assert_allclose(out.data, case.definition(*arrays), rtol=1e-12, atol=1e-15)
    out.backward(cotangent)
    for position, x in enumerate(inputs):
        expected = numerical_gradient(
            lambda *a: (case.definition(*a) * cotangent).sum(), arrays, position
        )
        np.testing.assert_allclose(x.grad, expected, rtol=1e-8, atol=1e-10)


@every_loss
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_through_the_reductions(name, reduction):
    loss = LOSSES[name]
    arrays = draw()
    inputs = leaves(arrays)
    loss.ours(*inputs, reduction=reduction).backward(-1.7)
    factor = -1.7 / (N if reduction == "mean" else 1)
    for position, x in enumerate(inputs):
        expected = numerical_gradient(
            lambda *a: factor * loss.definition(*a).sum(), arrays, position
        )
        np.testing.assert_allclose(x.grad, expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("targets", ["indices", "one-hot", "soft"])
@pytest.mark.parametrize("loss", [mg.cross_entropy, mg.softmax_cross_entropy])
def test_softmax_minus_target_over_n(loss, targets):
    """The textbook gradient: every sample's error, over N. Fused or composed, it is the same."""
    logits, scores = draw()
    indices = np.array([3, 0, 1])
    t = {"indices": indices, "one-hot": np.eye(K)[indices], "soft": softmax(scores)}[targets]
    rows = np.eye(K)[indices] if targets == "indices" else t
    z = mg.Tensor(logits, requires_grad=True)
    loss(z if loss is mg.softmax_cross_entropy else mg.softmax(z), t).backward()
    np.testing.assert_allclose(z.grad, (softmax(logits) - rows) / N, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("loss", [mg.binary_cross_entropy, mg.sigmoid_cross_entropy])
def test_sigmoid_minus_target_over_n(loss):
    logits, scores = draw()
    for t in (np.array(scores > 0, float), sigmoid(scores)):
        z = mg.Tensor(logits, requires_grad=True)
        loss(z if loss is mg.sigmoid_cross_entropy else mg.sigmoid(z), t).backward()
        np.testing.assert_allclose(z.grad, (sigmoid(logits) - t) / N, rtol=1e-13, atol=1e-16)


def test_half_the_squared_error_has_the_gradient_y_minus_t():
    y, t = draw()
    x = mg.Tensor(y, requires_grad=True)
    mg.sum_squared_error(x, t, factor=0.5).backward()
    np.testing.assert_allclose(x.grad, y - t, rtol=1e-15)
    x.grad = None
    mg.mean_squared_error(x, t).backward()
    np.testing.assert_allclose(x.grad, 2 * (y - t) / y.size, rtol=1e-15)


@pytest.mark.parametrize("loss", [mg.cross_entropy, mg.softmax_cross_entropy])
def test_a_single_sample_without_its_axis(loss):
    logits, scores = draw((K,))
    z, s = leaves([logits, scores])
    first = z if loss is mg.softmax_cross_entropy else mg.softmax(z)
    loss(first, mg.softmax(s)).backward(0.3)
    np.testing.assert_allclose(z.grad, 0.3 * (softmax(logits) - softmax(scores)), rtol=1e-13)
    expected = numerical_gradient(
        lambda s: -0.3 * (softmax(s) * np.log(softmax(logits))).sum(), [scores], 0
    )
    np.testing.assert_allclose(s.grad, expected, rtol=1e-8)


def test_the_gradient_of_information_content():
    """d(−log_b p)/dp = −1 / (p·ln b)."""
    p = mg.Tensor([0.1, 0.5, 1.0], requires_grad=True)
    cotangent = np.array([1.0, -2.0, 0.5])
    mg.information_content(p, base=2).backward(cotangent)
    np.testing.assert_allclose(p.grad, -cotangent / (p.data * math.log(2)), rtol=1e-14)


def test_the_gradient_of_entropy():
    """∂H/∂p_k = −(ln p_k + 1) / ln b."""
    p = mg.Tensor([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]], requires_grad=True)
    cotangent = np.array([[1.5], [-0.5]])
    mg.entropy(p, base=10).backward(cotangent[:, 0])
    expected = -cotangent * (np.log(p.data) + 1) / math.log(10)
    np.testing.assert_allclose(p.grad, expected, rtol=1e-14)


def test_divergence_and_cross_entropy_have_the_same_gradient_in_q():
    """D(p‖q) = H(p, q) − H(p): the difference does not depend on q."""
    p, q = softmax(draw()[0]), softmax(draw()[1])
    one, other = leaves([q, q])
    mg.kl_divergence(p, one, base=2).backward(np.arange(1.0, N + 1))
    mg.cross_entropy(other, p, base=2, reduction="none").backward(np.arange(1.0, N + 1))
    np.testing.assert_allclose(one.grad, other.grad, rtol=1e-15)
    expected = -np.arange(1.0, N + 1)[:, None] * p / q / math.log(2)
    np.testing.assert_allclose(one.grad, expected, rtol=1e-14)


def test_impossible_outcomes_send_no_gradient():
    p, q = leaves([[0.0, 0.5, 0.5], [0.0, 0.25, 0.75]])
    mg.kl_divergence(p, q).backward()
    np.testing.assert_allclose(p.grad, [0, math.log(2) + 1, math.log(2 / 3) + 1], rtol=1e-14)
    np.testing.assert_allclose(q.grad, [0, -2, -2 / 3], rtol=1e-14)


# Second derivatives


@every_case
def test_second_derivatives_in_every_pair_of_inputs(name):
    """The Hessian is symmetric, and along a direction it is how the gradient changes."""
    case = per_sample(name)
    x = np.concatenate([array.ravel() for array in draw()])
    rng = np.random.default_rng(2)
    function = joined(case, rng.normal(size=N))
    hessian = mg.hessian(function, x)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-11, atol=1e-12)
    direction = rng.normal(size=x.shape)
    expected = directional_derivative(lambda x: mg.jacobian(function, x), [x], [direction])
    np.testing.assert_allclose(hessian @ direction, expected, rtol=1e-8, atol=1e-9)


@every_loss
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_second_derivatives_through_the_reductions(name, reduction):
    loss = LOSSES[name]
    logits, scores = draw()
    rng = np.random.default_rng(3)
    direction, weight = rng.normal(size=(2, N, K))

    def slope(y):
        leaf = mg.Tensor(y, requires_grad=True)
        out = loss.ours(leaf, scores, reduction=reduction)
        return leaf, mg.grad(out, leaf, create_graph=True)

    leaf, first = slope(logits)
    second = mg.grad(mg.sum(first * weight), leaf)
    expected = derivative(lambda s: (slope(logits + s * direction)[1].data * weight).sum())
    np.testing.assert_allclose((second.data * direction).sum(), expected, rtol=1e-8)


def test_the_hessian_of_softmax_cross_entropy():
    """diag(p) − p·pᵀ for each sample, over N; it does not depend on the targets."""
    logits, _ = draw()
    hessian = mg.hessian(lambda z: mg.softmax_cross_entropy(z, [0, 3, 1]), logits)
    expected = np.zeros((N, K, N, K))
    for i, p in enumerate(softmax(logits)):
        expected[i, :, i] = (np.diag(p) - np.outer(p, p)) / N
    np.testing.assert_allclose(hessian, expected, rtol=1e-12, atol=1e-16)


def test_the_hessian_of_sigmoid_cross_entropy():
    """σ·(1 − σ) for each logit, and nothing between them."""
    logits, scores = draw()
    loss = mg.hessian(
        lambda z: mg.sigmoid_cross_entropy(z, sigmoid(scores), reduction="sum"), logits
    )
    s = sigmoid(logits).ravel()
    np.testing.assert_allclose(
        loss.reshape(N * K, N * K), np.diag(s * (1 - s)), rtol=1e-12, atol=1e-16
    )
