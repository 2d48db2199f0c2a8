"""Losses in every dtype, for perfect predictions, and for logits so far out that e^z overflows."""

import math

import numpy as np
import pytest
from loss_cases import INDICES, LOGITS, PER_SAMPLE, SOFT

import minigrad as mg

every_loss = pytest.mark.parametrize("name", PER_SAMPLE)
every_logarithmic_loss = pytest.mark.parametrize(
    "name", [name for name in PER_SAMPLE if "entropy" in name]
)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


# Dtypes


def forms_of(t, dtype):
    """Targets in the dtype of the predictions, wider, narrower, listed, a Tensor, whole, bool."""
    yield t.astype(dtype)
    yield from (t.astype(other) for other in (np.float16, np.float32, np.float64))
    yield t.tolist()
    yield mg.Tensor(t)
    if np.array_equal(t, t.astype(int)):
        yield from (t.astype(other) for other in (np.int64, np.uint8))
        if t.ndim == 2:
            yield t.astype(bool)


@every_loss
@both_dtypes
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_the_loss_and_its_gradient_have_the_dtype_of_the_predictions(name, dtype, reduction):
    loss, y, t, expected = PER_SAMPLE[name]
    forms = [t, t.tolist()] if t is INDICES else forms_of(t, dtype)
    expected = {"none": expected, "sum": expected.sum(), "mean": expected.mean()}[reduction]
    for targets in forms:
        assert loss(y.astype(dtype), targets, reduction=reduction).dtype == dtype
        x = mg.Tensor(y, dtype=dtype, requires_grad=True)
        out = loss(x, targets, reduction=reduction)
        out.backward(np.ones(out.shape))
        assert out.dtype == x.grad.dtype == dtype
        np.testing.assert_allclose(out.data, expected, rtol=5e-3)


@every_logarithmic_loss
@both_dtypes
def test_a_base_does_not_change_the_dtype(name, dtype):
    loss, y, t, _ = PER_SAMPLE[name]
    for base in (2, 10.0, np.float64(2), np.int64(2)):
        assert loss(y.astype(dtype), t, base=base).dtype == dtype


@both_dtypes
def test_a_factor_does_not_change_the_dtype(dtype):
    for factor in (0.5, 2, np.float64(0.5), np.int64(2)):
        assert mg.sum_squared_error(LOGITS.astype(dtype), SOFT, factor=factor).dtype == dtype


@every_loss
def test_half_precision(name):
    loss, y, t, expected = PER_SAMPLE[name]
    y = y.astype(np.float16)
    if loss is mg.cross_entropy:
        y = mg.softmax(LOGITS.astype(np.float16))
    out = loss(y, t, reduction="none")
    assert out.dtype == np.float16
    np.testing.assert_allclose(out, expected, rtol=1e-2)


def test_rounded_softmax_rows_are_distributions_in_every_dtype():
    for dtype in (np.float16, np.float32, np.float64):
        for classes in (2, 10, 1000):
            scores = np.random.default_rng(0).normal(size=(50, classes)).astype(dtype)
            p = mg.softmax(scores)
            entropy = mg.cross_entropy(p, p.argmax(axis=1))
            assert np.isfinite(entropy)
            assert np.isfinite(mg.softmax_cross_entropy(scores.astype(np.float64), p))


# Perfect and impossible predictions


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize(
    "loss",
    [
        lambda **options: mg.cross_entropy([[0.0, 1.0]], [1], **options),
        lambda **options: mg.cross_entropy([0.0, 1.0], 1, **options),
        lambda **options: mg.softmax_cross_entropy([[0.0, 1e4]], [1], **options),
        lambda **options: mg.softmax_cross_entropy([0.0, 1e4], 1, **options),
        lambda **options: mg.binary_cross_entropy([[0.0, 1.0]], [[0, 1]], **options),
        lambda **options: mg.sigmoid_cross_entropy([[-1e4, 1e4]], [[0, 1]], **options),
        lambda **options: mg.sum_squared_error([[0.0, 1.0]], [[0, 1]], **options),
        lambda **options: mg.mean_squared_error([[0.0, 1.0]], [[0, 1]], **options),
    ],
)
def test_a_perfect_prediction_costs_plus_zero(loss, reduction):
    value = np.asarray(loss(reduction=reduction))
    assert value.ravel().tolist() == [0.0]
    assert not np.signbit(value).any()


def test_certain_classes_have_finite_gradients():
    """p = 0 where t = 0, as a one-hot target has it, is nothing to warn about."""
    p = mg.Tensor([[0.0, 0.25, 0.75]], requires_grad=True)
    mg.cross_entropy(p, [1]).backward()
    np.testing.assert_array_equal(p.grad, [[0, -4, 0]])
    p = mg.Tensor([[0.0, 1.0, 0.25]], requires_grad=True)
    mg.binary_cross_entropy(p, [[0, 1, 1]]).backward()
    np.testing.assert_array_equal(p.grad, [[1, -1, -4]])


# Logits far out


@both_dtypes
def test_softmax_cross_entropy_far_out(dtype):
    """A badly wrong prediction costs the distance of the logits, a right one nothing."""
    z = mg.Tensor([[1e4, -1e4, 0], [1e4, -1e4, 0], [1e4, 1e4, -1e4]], dtype=dtype)
    z.requires_grad = True
    losses = mg.softmax_cross_entropy(z, [0, 1, 0], reduction="none")
    np.testing.assert_allclose(losses.data, [0, 2e4, math.log(2)], rtol=1e-6)
    losses.sum().backward()
    np.testing.assert_array_equal(z.grad, [[0, 0, 0], [1, -1, 0], [-0.5, 0.5, 0]])
    mean = mg.softmax_cross_entropy(z, [0, 1, 1], base=2)
    np.testing.assert_allclose(mean.item(), (2e4 + math.log(2)) / 3 / math.log(2), rtol=1e-6)


@both_dtypes
def test_sigmoid_cross_entropy_far_out(dtype):
    z = mg.Tensor([1e4, 1e4, -1e4, -1e4, 1e4], dtype=dtype, requires_grad=True)
    losses = mg.sigmoid_cross_entropy(z, [1, 0, 1, 0, 0.5], reduction="none")
    np.testing.assert_array_equal(losses.data, [0, 1e4, 1e4, 0, 5e3])
    losses.sum().backward()
    np.testing.assert_allclose(z.grad, [0, 1, -1, 0, 0.5], atol=1e-30)


def test_small_losses_keep_their_digits():
    """ln(1 + e^(−z)) ≈ e^(−z): far below the rounding of z itself, for labels of either kind."""
    for z in (20.0, 40.0, 300.0):
        exact = math.log1p(math.exp(-z))
        for logit, label in [(z, 1), (-z, 0)]:
            assert math.isclose(mg.sigmoid_cross_entropy(logit, label), exact, rel_tol=1e-14)
    z = np.float32(30)
    np.testing.assert_allclose(mg.sigmoid_cross_entropy(z, 1), math.exp(-30), rtol=1e-5)


@both_dtypes
def test_squares_far_out(dtype):
    y = mg.Tensor([[1e4, -1e4]], dtype=dtype, requires_grad=True)
    loss = mg.sum_squared_error(y, [[0, 0]], factor=0.5)
    loss.backward()
    np.testing.assert_allclose(loss.data, 1e8, rtol=1e-6)
    np.testing.assert_array_equal(y.grad, [[1e4, -1e4]])


def test_nan_stays_visible():
    for loss in (mg.softmax_cross_entropy, mg.sigmoid_cross_entropy, mg.sum_squared_error):
        assert np.isnan(loss(np.array([[np.nan, 0.0]]), [[0.0, 1.0]]))
