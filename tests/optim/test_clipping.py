"""Gradient clipping: closed forms, untouched originals, and what is refused."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError, DTypeError, GradientError, NonFiniteError
from minigrad.optim import clip_grad_norm, clip_grad_value


def with_gradient(grad, name=None):
    grad = np.array(grad)
    tensor = mg.Tensor(np.zeros_like(grad), requires_grad=True, name=name)
    tensor.grad = grad
    return tensor


def test_the_norm_is_taken_over_all_gradients():
    # 2² + 3² + 6² = 7²
    a, b, c = with_gradient([2.0, 3.0]), with_gradient([[6.0]]), with_gradient([0.0])
    c.grad = None
    assert clip_grad_norm((p for p in (a, b, c)), 3.5) == 7.0
    scale = 3.5 / (7 + 1e-6)
    np.testing.assert_allclose(a.grad, [2 * scale, 3 * scale], rtol=1e-15)
    np.testing.assert_allclose(b.grad, [[6 * scale]], rtol=1e-15)
    assert c.grad is None
    np.testing.assert_allclose(clip_grad_norm([a, b], 3.5), 3.5, rtol=1e-6)


def test_a_short_gradient_is_kept_as_it_is():
    a = with_gradient([3.0, 4.0])
    assert clip_grad_norm([a], 6.0) == 5.0
    assert a.grad.tolist() == [3.0, 4.0]


def test_no_gradients_have_norm_zero():
    a = with_gradient([1.0])
    a.grad = None
    assert clip_grad_norm([a], 1.0) == 0.0
    clip_grad_value([a], 1.0)
    assert a.grad is None


@pytest.mark.parametrize("clip", [clip_grad_norm, clip_grad_value])
@pytest.mark.parametrize("shape", [(), (4,), (2, 2)])
def test_out_of_place_and_in_the_same_dtype(clip, shape):
    a = with_gradient(np.full(shape, 9.0, np.float32))
    original = a.grad
    clip([a], 1.0)
    assert (original == 9).all()
    assert type(a.grad) is np.ndarray
    assert a.grad.dtype == np.float32
    assert a.grad.shape == shape
    assert not np.shares_memory(a.grad, original)


def test_float32_gradients_whose_squares_overflow_float32():
    a = with_gradient(np.array([3e30, 4e30], np.float32))
    np.testing.assert_allclose(clip_grad_norm([a], 1.0), 5e30, rtol=1e-6)
    np.testing.assert_allclose(a.grad, [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e200])
def test_a_norm_that_is_not_finite_names_the_parameter_and_changes_nothing(value):
    good, bad = with_gradient([30.0, 40.0], "good"), with_gradient([1.0, value], "layer 2 bias")
    with pytest.raises(
        NonFiniteError, match=r"clip_grad_norm: the gradient of .*'layer 2 bias'.* has the norm"
    ):
        clip_grad_norm([good, bad], 1.0)
    assert good.grad.tolist() == [30.0, 40.0]


def test_values_are_clipped_on_both_sides():
    a, b = with_gradient([-3.0, -0.5, 0.5, 3.0]), with_gradient([np.inf, -np.inf, np.nan])
    clip_grad_value([a, b], 1)
    assert a.grad.tolist() == [-1.0, -0.5, 0.5, 1.0]
    np.testing.assert_array_equal(b.grad, [1.0, -1.0, np.nan])


@pytest.mark.parametrize(
    ("clip", "name"), [(clip_grad_norm, "max_norm"), (clip_grad_value, "limit")]
)
def test_wrong_limits_and_parameters(clip, name):
    a = with_gradient([1.0])
    with pytest.raises(
        DomainError, match=f"{clip.__name__}: {name} is -1; it must be a finite number > 0"
    ):
        clip([a], -1)
    with pytest.raises(DTypeError, match=f"{clip.__name__}: {name} is '1'"):
        clip([a], "1")
    with pytest.raises(DomainError, match=f"{clip.__name__}: parameters is empty"):
        clip([], 1.0)
    with pytest.raises(DTypeError, match=f"{clip.__name__}: parameters is .*pass an iterable"):
        clip(a, 1.0)
    a.grad = np.ones(2)
    with pytest.raises(GradientError, match=rf"{clip.__name__}: .* is of shape \(2,\)"):
        clip([a], 1.0)
