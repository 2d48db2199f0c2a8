"""Far out, where the formula as written would overflow: exact values, and never a warning."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops.loss import SigmoidCrossEntropy

every_dtype = pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
wide_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def value_and_gradient(function, x, dtype):
    x = mg.Tensor(np.array(x, dtype), requires_grad=True)
    out = function(x)
    out.backward(np.ones(out.shape))
    assert out.dtype == x.grad.dtype == dtype
    return out.data, x.grad


@every_dtype
def test_sigmoid(dtype):
    value, slope = value_and_gradient(mg.sigmoid, [-1e4, 0, 1e4], dtype)
    np.testing.assert_allclose(value, [0, 0.5, 1], atol=2e-5 if dtype == np.float16 else 1e-30)
    np.testing.assert_allclose(slope, [0, 0.25, 0], atol=2e-5 if dtype == np.float16 else 1e-30)


@every_dtype
def test_sigmoid_at_every_magnitude_is_that_of_tanh(dtype):
    """Around the largest argument of exp lies the overflow that a rounded limit lets through."""
    limit = float(np.log(np.finfo(dtype).max))
    x = np.linspace(-limit - 0.1, -limit + 0.1, 201).astype(dtype)
    value, _ = value_and_gradient(mg.sigmoid, x, dtype)
    np.testing.assert_allclose(value, 0, atol=2e-5)
    x = np.linspace(-8, 8, 101).astype(dtype)
    value, _ = value_and_gradient(mg.sigmoid, x, dtype)
    np.testing.assert_allclose(value, (1 + np.tanh(x / 2.0)) / 2, atol=2 * np.finfo(dtype).eps)


@every_dtype
def test_softplus(dtype):
    value, slope = value_and_gradient(mg.softplus, [-1e4, 1e4], dtype)
    np.testing.assert_array_equal(value, np.array([0, 1e4], dtype))
    np.testing.assert_allclose(slope, [0, 1], atol=2e-5)


@wide_dtypes
@pytest.mark.parametrize(
    ("function", "value_far_out"),
    [
        (mg.tanh, [-1, 1]),
        (mg.silu, [0, 1e4]),
        (mg.gelu, [0, 1e4]),
        (lambda x: mg.gelu(x, approximate="tanh"), [0, 1e4]),
        (mg.elu, [-1, 1e4]),
        (mg.erf, [-1, 1]),
    ],
)
def test_activations(function, value_far_out, dtype):
    value, slope = value_and_gradient(function, [-1e4, 1e4], dtype)
    np.testing.assert_allclose(value, value_far_out, atol=1e-30)
    np.testing.assert_allclose(
        slope, [0, np.sign(value_far_out[1]) * (value_far_out[1] > 1)], atol=1e-30
    )


@every_dtype
def test_softmax_and_log_softmax(dtype):
    x = [[1e4, 0, -1e4], [-1e4, -1e4, -1e4]]
    value, slope = value_and_gradient(mg.softmax, x, dtype)
    np.testing.assert_allclose(value, [[1, 0, 0], [1 / 3] * 3], rtol=1e-3)
    assert np.isfinite(slope).all()
    value, slope = value_and_gradient(mg.log_softmax, x, dtype)
    np.testing.assert_allclose(value, [[0, -1e4, -2e4], [-np.log(3)] * 3], rtol=1e-3)
    np.testing.assert_allclose(slope, [[-2, 1, 1], [0, 0, 0]], atol=4e-3)


@every_dtype
def test_logsumexp(dtype):
    value, slope = value_and_gradient(
        lambda x: mg.logsumexp(x, axis=1), [[1e4, 1e4], [-1e4, 0]], dtype
    )
    np.testing.assert_allclose(value, [1e4 + np.log(2), 0], rtol=1e-3)
    np.testing.assert_allclose(slope, [[0.5, 0.5], [0, 1]], atol=1e-3)


def test_logsumexp_of_minus_infinity_is_that_of_the_rest():
    value, slope = value_and_gradient(mg.logsumexp, [-np.inf, 0, 0], np.float64)
    np.testing.assert_allclose(value, np.log(2))
    np.testing.assert_array_equal(slope, [0, 0.5, 0.5])


@every_dtype
def test_softmax_cross_entropy(dtype):
    """A confident mistake costs the distance of the logits; its gradient is softmax - target."""
    targets = np.array([[1, 0], [0, 1]], dtype)

    def loss(logits):
        return mg.softmax_cross_entropy(logits, targets, reduction="none")

    value, slope = value_and_gradient(loss, [[1e4, -1e4], [1e4, -1e4]], dtype)
    np.testing.assert_array_equal(value, np.array([0, 2e4], dtype))
    np.testing.assert_array_equal(slope, [[0, 0], [1, -1]])


@every_dtype
def test_sigmoid_cross_entropy(dtype):
    targets = np.array([1, 0, 1, 0], dtype)

    def loss(logits):
        return mg.call(SigmoidCrossEntropy, logits, targets)

    value, slope = value_and_gradient(loss, [1e4, 1e4, -1e4, -1e4], dtype)
    np.testing.assert_array_equal(value, np.array([0, 1e4, 1e4, 0], dtype))
    np.testing.assert_allclose(slope, [0, 1, -1, 0], atol=2e-5)


def test_small_arguments_keep_their_digits():
    tiny = 1e-20
    assert mg.expm1(np.array([tiny]))[0] == tiny
    assert mg.log1p(np.array([tiny]))[0] == tiny
    value, slope = value_and_gradient(mg.erf, [tiny], np.float64)
    np.testing.assert_allclose([value[0], slope[0]], [2e-20 / np.sqrt(np.pi), 2 / np.sqrt(np.pi)])


def test_the_variance_of_large_numbers_keeps_its_digits():
    np.testing.assert_allclose(mg.var(1e8 + np.array([1.0, 2.0, 3.0])), 2 / 3, rtol=1e-12)
