"""Losses: published and closed-form values, reductions, forms of input, place in the graph."""

import inspect
import math
import re

import numpy as np
import pytest
from loss_cases import INDICES, LOGITS, ONE_HOT, PER_SAMPLE, SOFT, K, N, P

import minigrad as mg
from minigrad.errors import DomainError, ShapeError
from minigrad.ops.loss import SigmoidCrossEntropy, SoftmaxCrossEntropy

Y = np.array([0.0, 0.1, 0.7, 0.15, 0.05])
WORSE = np.array([0.0, 0.1, 0.1, 0.4, 0.4])
T = np.array([0.0, 0.0, 1.0, 0.0, 0.0])
"""A worked example: the network's output for five classes, of which the third is the true one."""

LOGARITHMIC = [name for name in PER_SAMPLE if "entropy" in name]

every_loss = pytest.mark.parametrize("name", PER_SAMPLE)
every_logarithmic_loss = pytest.mark.parametrize("name", LOGARITHMIC)


# Worked figures


def test_squared_error_of_the_worked_example():
    assert math.isclose(mg.sum_squared_error(Y, T, factor=0.5), 0.0625, rel_tol=1e-14)
    assert math.isclose(mg.sum_squared_error(WORSE, T, factor=0.5), 0.57, rel_tol=1e-14)
    assert math.isclose(mg.sum_squared_error(Y, T), 0.125, rel_tol=1e-14)
    assert math.isclose(mg.mean_squared_error(Y, T), 0.125 / 5, rel_tol=1e-14)


@pytest.mark.parametrize("t", [2, T, T.astype(int), T == 1])
def test_cross_entropy_of_the_worked_example(t):
    assert round(float(mg.cross_entropy(Y, t)), 4) == 0.3567
    assert round(float(mg.cross_entropy(WORSE, t)), 3) == 2.303
    assert math.isclose(mg.cross_entropy(Y, t), -math.log(0.7), rel_tol=1e-14)
    assert math.isclose(mg.cross_entropy(WORSE, t), math.log(10), rel_tol=1e-14)


@pytest.mark.parametrize("base", [2, 10, 2.0, np.float64(2), np.int64(3)])
def test_cross_entropy_of_the_worked_example_in_other_bases(base):
    expected = -math.log(0.7) / math.log(base)
    assert math.isclose(mg.cross_entropy(Y, 2, base=base), expected, rel_tol=1e-14)
    assert math.isclose(mg.cross_entropy([Y], [2], base=base), expected, rel_tol=1e-14)
    logits = np.log(Y[1:])
    assert math.isclose(mg.softmax_cross_entropy(logits, 1, base=base), expected, rel_tol=1e-14)


def test_in_base_2_a_guess_among_8_classes_costs_3_bits():
    assert math.isclose(mg.softmax_cross_entropy(np.zeros(8), 5, base=2), 3, rel_tol=1e-15)
    assert math.isclose(mg.cross_entropy(np.full(8, 1 / 8), 5, base=2), 3, rel_tol=1e-15)
    assert math.isclose(mg.sigmoid_cross_entropy([[0.0] * 8], [[1.0] * 8], base=2), 8)
    assert math.isclose(mg.binary_cross_entropy([[0.5] * 8], [[1.0] * 8], base=2), 8)


# Definitions and reductions


@every_loss
def test_each_sample_then_reduced(name):
    loss, y, t, expected = PER_SAMPLE[name]
    np.testing.assert_allclose(loss(y, t, reduction="none"), expected, rtol=1e-13)
    np.testing.assert_allclose(loss(y, t, reduction="sum"), expected.sum(), rtol=1e-13)
    np.testing.assert_allclose(loss(y, t, reduction="mean"), expected.sum() / N, rtol=1e-13)


@every_loss
def test_the_default_reduction(name):
    loss, y, t, _ = PER_SAMPLE[name]
    default = "sum" if loss is mg.sum_squared_error else "mean"
    assert loss(y, t) == loss(y, t, reduction=default)


@every_logarithmic_loss
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_every_base_divides_by_its_logarithm(name, reduction):
    loss, y, t, _ = PER_SAMPLE[name]
    nats = loss(y, t, reduction=reduction)
    for base in (2, 10):
        in_base = loss(y, t, reduction=reduction, base=base)
        np.testing.assert_allclose(in_base, nats / math.log(base), rtol=1e-14)


def test_the_factor_of_the_sum_of_squares():
    squares = ((LOGITS - SOFT) ** 2).sum(axis=1)
    for reduction, whole in [("none", squares), ("sum", squares.sum()), ("mean", squares.mean())]:
        half = mg.sum_squared_error(LOGITS, SOFT, factor=0.5, reduction=reduction)
        np.testing.assert_allclose(half, whole / 2, rtol=1e-14)


def test_probabilities_and_logits_give_the_same():
    softmax, sigmoid = mg.softmax(LOGITS), mg.sigmoid(LOGITS)
    for reduction in ("none", "sum", "mean"):
        np.testing.assert_allclose(
            mg.softmax_cross_entropy(LOGITS, SOFT, reduction=reduction),
            mg.cross_entropy(softmax, SOFT, reduction=reduction),
            rtol=1e-13,
        )
        np.testing.assert_allclose(
            mg.sigmoid_cross_entropy(LOGITS, SOFT, reduction=reduction),
            mg.binary_cross_entropy(sigmoid, SOFT, reduction=reduction),
            rtol=1e-13,
        )


def test_two_classes_are_one_label():
    """A softmax over (0, z) is a sigmoid of z."""
    z = LOGITS[:, 0]
    two = np.stack([np.zeros(N), z], axis=1)
    np.testing.assert_allclose(
        mg.softmax_cross_entropy(two, [0, 1, 1, 0], reduction="none"),
        mg.sigmoid_cross_entropy(z, [0, 1, 1, 0], reduction="none"),
        rtol=1e-13,
    )


# Forms of input


@pytest.mark.parametrize("loss", [mg.cross_entropy, mg.softmax_cross_entropy])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_a_single_sample_may_come_without_its_axis(loss, reduction):
    (row,) = loss(P[:1], SOFT[:1], reduction="none")
    single = loss(P[0], SOFT[0], reduction=reduction)
    assert np.shape(single) == ()
    assert math.isclose(single, row, rel_tol=1e-14)
    np.testing.assert_allclose(loss(P[0], 2, reduction=reduction), loss(P[0], [0, 0, 1]))


@pytest.mark.parametrize(
    "loss",
    [
        mg.sum_squared_error,
        mg.mean_squared_error,
        mg.binary_cross_entropy,
        mg.sigmoid_cross_entropy,
    ],
)
def test_one_value_for_each_sample(loss):
    """Shape (N,): as many samples, each of one element, as a column (N, 1) has."""
    y, t = P[:, 0], SOFT[:, 0]
    for reduction in ("none", "sum", "mean"):
        flat = loss(y, t, reduction=reduction)
        assert np.shape(flat) == ((N,) if reduction == "none" else ())
        np.testing.assert_allclose(flat, loss(y[:, None], t[:, None], reduction=reduction))


@pytest.mark.parametrize(
    "loss",
    [
        mg.sum_squared_error,
        mg.mean_squared_error,
        mg.binary_cross_entropy,
        mg.sigmoid_cross_entropy,
    ],
)
def test_samples_of_any_shape(loss):
    """Images, say: (N, height, width) gives what (N, height * width) gives; numbers are one."""
    rng = np.random.default_rng(0)
    y, t = rng.uniform(0.1, 0.9, (2, 3, 4, 5))
    for reduction in ("none", "sum", "mean"):
        np.testing.assert_allclose(
            loss(y, t, reduction=reduction),
            loss(y.reshape(3, 20), t.reshape(3, 20), reduction=reduction),
            rtol=1e-13,
        )
        number = loss(0.25, 0.75, reduction=reduction)
        assert np.shape(number) == ()
        np.testing.assert_allclose(number, loss([0.25], [0.75], reduction="sum"))


@every_loss
def test_lists_arrays_and_tensors(name):
    """The values agree; with a Tensor anywhere a Tensor comes out, else an array or its number."""
    loss, y, t, _ = PER_SAMPLE[name]
    for reduction, shape in [("none", (N,)), ("sum", ()), ("mean", ())]:
        expected = loss(y, t, reduction=reduction)
        assert isinstance(expected, (np.ndarray, np.float64))
        assert np.shape(expected) == shape
        np.testing.assert_array_equal(loss(y.tolist(), t.tolist(), reduction=reduction), expected)
        for inputs in [(mg.Tensor(y), t), (mg.Tensor(y), mg.Tensor(t)), (mg.Tensor(y), t.tolist())]:
            out = loss(*inputs, reduction=reduction)
            assert isinstance(out, mg.Tensor)
            assert out.shape == shape
            np.testing.assert_allclose(out.data, expected, rtol=1e-15)


@every_loss
def test_a_tensor_among_the_targets_suffices(name):
    loss, y, t, _ = PER_SAMPLE[name]
    if t is not INDICES:
        assert isinstance(loss(y, mg.Tensor(t)), mg.Tensor)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.uint64])
def test_class_indices_of_every_integer_dtype(dtype):
    expected = mg.softmax_cross_entropy(LOGITS, ONE_HOT, reduction="none")
    for t in (INDICES.astype(dtype), mg.Tensor(INDICES.astype(dtype))):
        np.testing.assert_array_equal(
            mg.softmax_cross_entropy(LOGITS, t, reduction="none"), expected
        )


@pytest.mark.parametrize("loss", [mg.sum_squared_error, mg.mean_squared_error])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, bool])
def test_integers_do_not_wrap_around(loss, dtype):
    """In uint8, 0 - 1 is 255 and 20 * 20 is 144."""
    y, t = np.array([0, 20], dtype), np.array([20, 0], dtype)
    expected = {"sum": 2.0, "mean": 1.0} if dtype is bool else {"sum": 800.0, "mean": 400.0}
    for reduction, value in expected.items():
        out = loss(y, t, reduction=reduction)
        assert out == value
        assert out.dtype == np.float64


def test_integer_scores_are_taken_as_floats():
    scores = np.array([[1, 2]], np.uint8)
    np.testing.assert_allclose(mg.softmax_cross_entropy(scores, [1]), np.log1p(np.exp(-1)))
    np.testing.assert_allclose(mg.softmax_cross_entropy([[1, 2]], [1]), np.log1p(np.exp(-1)))
    np.testing.assert_allclose(mg.sigmoid_cross_entropy([1], [1]), np.log1p(np.exp(-1)))
    assert mg.cross_entropy([[0, 1]], [1]) == 0
    assert mg.binary_cross_entropy([[0, 1]], [[0, 1]]) == 0


def test_the_inputs_are_left_as_they_are():
    for loss, y, t, _ in PER_SAMPLE.values():
        before = y.copy(), t.copy()
        x = mg.Tensor(y, requires_grad=True)
        loss(x, t).backward()
        np.testing.assert_array_equal(y, before[0])
        np.testing.assert_array_equal(t, before[1])


# Empty batches


@pytest.mark.parametrize("name", ["softmax_cross_entropy, indices", "sigmoid_cross_entropy, soft"])
def test_an_empty_batch_sums_to_nothing(name):
    loss, y, t, _ = PER_SAMPLE[name]
    assert loss(y[:0], t[:0], reduction="sum") == 0
    assert loss(y[:0], t[:0], reduction="none").shape == (0,)
    z = mg.Tensor(y[:0], requires_grad=True)
    loss(z, t[:0], reduction="sum").backward()
    assert z.grad.shape == (0, K)


# Losses are ordinary parts of the graph


def test_the_fused_losses_are_one_op():
    z = mg.Tensor(LOGITS, requires_grad=True)
    for reduction in ("none", "sum", "mean"):
        loss = mg.softmax_cross_entropy(z, INDICES, reduction=reduction)
        assert loss.op is SoftmaxCrossEntropy
        assert loss.inputs[0] is z
        np.testing.assert_array_equal(loss.inputs[1], ONE_HOT)
        assert loss.params == {"reduction": reduction}
    column = mg.Tensor(LOGITS[:, 0], requires_grad=True)
    loss = mg.sigmoid_cross_entropy(column, ONE_HOT[:, 0], reduction="none")
    assert loss.op is SigmoidCrossEntropy
    assert loss.inputs[0] is column


def test_a_loss_shows_its_op_its_inputs_and_the_users_line():
    z = mg.Tensor(LOGITS, requires_grad=True, name="scores")
    line = inspect.currentframe().f_lineno + 1
    loss = mg.softmax_cross_entropy(z, INDICES)
    assert re.fullmatch(
        rf"Tensor\(\) float64 \d\.\d+ = SoftmaxCrossEntropy\(scores, targets, shift\) "
        rf"test_losses\.py:{line}",
        repr(loss),
    )


@every_loss
def test_every_tensor_of_a_loss_names_the_users_line(name):
    loss, y, t, _ = PER_SAMPLE[name]
    x = mg.Tensor(y, requires_grad=True)
    line = inspect.currentframe().f_lineno + 1
    tensor = loss(x, t)
    while tensor is not x:
        assert repr(tensor).endswith(f"test_losses.py:{line}")
        tensor = next(i for i in tensor.inputs if isinstance(i, mg.Tensor))


@every_loss
def test_constant_predictions_record_nothing(name):
    loss, y, t, _ = PER_SAMPLE[name]
    assert loss(mg.Tensor(y), t).op is None
    with mg.no_grad():
        assert loss(mg.Tensor(y, requires_grad=True), t).op is None


# Class indices of every kind, and logits of integers


@pytest.mark.parametrize("classes", [3, 128, 129])
@pytest.mark.parametrize("samples", [2, 64])
@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8, np.uint64])
def test_labels_of_any_integer_type_are_one_hot_rows(classes, samples, dtype):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(samples, classes))
    labels = rng.integers(0, min(classes, 127), samples)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = -log_p[np.arange(samples), labels].mean()
    z = mg.Tensor(logits, requires_grad=True)
    loss = mg.softmax_cross_entropy(z, labels.astype(dtype))
    np.testing.assert_allclose(loss.item(), expected, rtol=1e-13)
    loss.backward()
    one_hot = np.arange(classes) == labels[:, None]
    np.testing.assert_allclose(z.grad, (np.exp(log_p) - one_hot) / samples, rtol=1e-12, atol=1e-16)
    targets = loss.inputs[1]
    targets[...] = 7.0  # what a loss holds is its own
    np.testing.assert_allclose(
        mg.softmax_cross_entropy(logits, labels.astype(dtype)), expected, rtol=1e-13
    )


@pytest.mark.parametrize("classes", [3, 129])
def test_a_label_that_is_no_class_is_named_as_it_was_given(classes):
    logits = np.zeros((3, classes))
    for wrong in (-1, classes, -classes - 1):
        with pytest.raises(DomainError, match=rf"t\[1\] = {wrong} is not a class index"):
            mg.softmax_cross_entropy(logits, np.array([0, wrong, 1]))
    with pytest.raises(DomainError, match=r"t\[1\] = 18446744073709551615 is not"):
        mg.softmax_cross_entropy(logits, np.array([0, 2**64 - 1, 1], np.uint64))


def test_no_classes_and_no_samples_at_once():
    with pytest.raises(ShapeError, match="softmax_cross_entropy: predictions have shape"):
        mg.softmax_cross_entropy(np.zeros((0, 0)), np.zeros(0, int), reduction="sum")


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, bool])
def test_logits_of_integers_are_computed_as_floats(dtype):
    logits = np.array([[0, 1]] * 100, dtype) * (1 if dtype is bool else np.array(60, dtype))
    expected = mg.softmax_cross_entropy(logits.astype(float), np.zeros(100, int), reduction="sum")
    for given in (logits, mg.Tensor(logits)):
        found = mg.softmax_cross_entropy(given, np.zeros(100, int), reduction="sum")
        np.testing.assert_allclose(float(found), float(expected), rtol=1e-12)
