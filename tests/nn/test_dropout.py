import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError
from minigrad.nn import Dropout


def test_in_training_mode_a_share_p_is_dropped_and_the_expectation_kept():
    out = Dropout(0.3, rng=0)(np.ones(100_000))
    assert set(np.unique(out)) == {0.0, 1 / 0.7}
    # One standard deviation of the share is 0.00145.
    assert (out == 0).mean() == pytest.approx(0.3, abs=0.006)
    assert out.mean() == pytest.approx(1.0, abs=0.01)


def test_in_evaluation_mode_it_is_the_identity_and_draws_nothing():
    layer = Dropout(0.5, rng=0).eval()
    x = mg.Tensor(np.ones(5))
    assert layer(x) is x
    np.testing.assert_array_equal(layer.train()(np.ones(9)), Dropout(0.5, rng=0)(np.ones(9)))


def test_p_zero_is_the_identity_in_training_too():
    x = mg.Tensor(np.ones(5))
    assert Dropout(0)(x) is x


def test_gradient_meets_the_mask_of_the_forward_pass_however_often():
    x = mg.Tensor(np.full((6, 50), 2.0), requires_grad=True)
    out = Dropout(0.5, rng=3)(x)
    cotangent = np.random.default_rng(0).normal(size=x.shape)
    out.backward(cotangent)
    np.testing.assert_allclose(x.grad, cotangent * out.data / 2.0, rtol=1e-15)
    first = x.grad.copy()
    out.backward(cotangent)
    np.testing.assert_allclose(x.grad, 2 * first, rtol=1e-15)


def test_mask_is_a_plain_array_in_the_inputs_of_the_op():
    x = mg.Tensor(np.ones(8, np.float32), requires_grad=True)
    out = Dropout(0.5, rng=0)(x)
    mask = out.inputs[1]
    assert type(mask) is np.ndarray
    assert (mask.dtype, out.dtype) == (np.float32, np.float32)
    np.testing.assert_array_equal(out.data, mask)


def test_integers_are_scaled_rightly():
    np.testing.assert_allclose(np.unique(Dropout(0.2, rng=0)(np.ones(99, int))), [0, 1.25])


def test_seed_makes_it_reproducible_and_calls_differ():
    layer, other = Dropout(0.5, rng=7), Dropout(0.5, rng=7)
    x = np.ones(100)
    first = layer(x)
    np.testing.assert_array_equal(first, other(x))
    assert (first != layer(x)).any()


@pytest.mark.parametrize("p", [1, 1.5, -0.1, float("nan")])
def test_p_out_of_range(p):
    with pytest.raises(DomainError, match=r"Dropout: p is .*; it must be at least 0 and below 1"):
        Dropout(p)
