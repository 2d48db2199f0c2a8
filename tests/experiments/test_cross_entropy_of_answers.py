"""Cross entropy of two answers: natural and in bits, for one sample and over a training set."""

import numpy as np
import pytest

import minigrad as mg

GOOD = [0.0, 0.1, 0.7, 0.15, 0.05]
BAD = [0.0, 0.1, 0.1, 0.4, 0.4]
T = mg.data.one_hot([2], num_classes=5)


@pytest.mark.parametrize(("output", "printed"), [(GOOD, "0.3567"), (BAD, "2.303")])
def test_minus_log_of_the_true_class(output, printed):
    y = mg.Tensor([output], requires_grad=True)
    digits = len(printed) - 2
    for E in (
        -mg.log(y[0, 2]),
        0 - mg.xlogy(T, y).sum(),
        mg.cross_entropy(y, T),
        mg.cross_entropy(y, [2]),
    ):
        assert E.op is not None
        assert f"{E.item():.{digits}f}" == printed


def test_only_the_term_of_the_true_class_survives():
    y = mg.Tensor([GOOD], requires_grad=True)
    terms = 0 - mg.xlogy(T, y)
    np.testing.assert_array_equal(np.flatnonzero(terms.data), [2])
    mg.cross_entropy(y, T).backward()
    np.testing.assert_allclose(y.grad, [[0, 0, -1 / 0.7, 0, 0]], rtol=1e-14)
    same_truth = [[0.0, 0.0, 0.7, 0.3, 0.0]]
    assert mg.cross_entropy(mg.Tensor(same_truth), T).item() == mg.cross_entropy(y, T).item()


def test_the_mean_in_bits_over_a_training_set():
    y = mg.Tensor([GOOD, BAD], requires_grad=True)
    z = mg.data.one_hot([2, 2], num_classes=5)
    spelled_out = 0 - (mg.xlogy(z, y) / np.log(2)).sum() / len(z)
    expected = -(np.log2(0.7) + np.log2(0.1)) / 2
    np.testing.assert_allclose(spelled_out.item(), expected, rtol=1e-14)
    np.testing.assert_allclose(mg.cross_entropy(y, z, base=2).item(), expected, rtol=1e-14)
    each = mg.cross_entropy(y, z, base=2, reduction="none")
    np.testing.assert_allclose(each.data, [-np.log2(0.7), -np.log2(0.1)], rtol=1e-14)


def test_the_curve_of_minus_log():
    """Halving the probability of the truth costs one bit more, all along the curve."""
    y = np.linspace(0.02, 1, 50)
    curve = mg.information_content(mg.Tensor(y, requires_grad=True), base=2)
    halved = mg.information_content(mg.Tensor(y / 2, requires_grad=True), base=2)
    np.testing.assert_allclose((halved - curve).data, np.ones(50), rtol=1e-13)
    assert curve.data[-1] == 0
