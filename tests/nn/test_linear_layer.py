import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError, DTypeError, ShapeError
from minigrad.nn import Linear, Module, Sequential, Sigmoid, kaiming_normal


def test_computes_x_weight_plus_bias_over_leading_axes():
    layer = Linear(2, 3)
    layer.weight.data[...] = [[1, 2, 3], [10, 20, 30]]
    layer.bias.data[...] = [0.5, 0, -0.5]
    np.testing.assert_array_equal(layer(np.array([1.0, 2.0])).data, [21.5, 42, 62.5])
    out = layer(np.ones((4, 5, 2)))
    assert out.shape == (4, 5, 3)
    np.testing.assert_array_equal(out.data[3, 4], [11.5, 22, 32.5])


def test_without_bias():
    layer = Linear(2, 3, bias=False)
    assert layer.bias is None
    assert [name for name, _ in layer.named_parameters()] == ["weight"]
    assert repr(layer) == "Linear(2, 3, bias=False)"
    np.testing.assert_array_equal(layer(np.eye(2)).data, layer.weight.data)


def test_starts_with_xavier_and_zero_bias():
    layer = Linear(30, 20, rng=0)
    bound = np.sqrt(6 / 50)
    assert 0.95 * bound < np.abs(layer.weight.data).max() < bound
    assert not layer.bias.data.any()
    assert layer.weight.requires_grad
    assert layer.bias.requires_grad


def test_init_by_name_and_by_function():
    kaiming = Linear(30, 20, init="kaiming", rng=0).weight.data
    assert 0.95 * np.sqrt(6 / 30) < np.abs(kaiming).max() < np.sqrt(6 / 30)
    by_name = Linear(30, 20, init="kaiming_normal", rng=0)
    by_function = Linear(30, 20, init=kaiming_normal, rng=0)
    np.testing.assert_array_equal(by_name.weight.data, by_function.weight.data)
    assert not Linear(3, 2, init="zeros").weight.data.any()


def test_same_seed_same_weight_and_a_generator_goes_on():
    np.testing.assert_array_equal(Linear(3, 4, rng=5).weight.data, Linear(3, 4, rng=5).weight.data)
    rng = np.random.default_rng(5)
    first, second = Linear(3, 4, rng=rng), Linear(3, 4, rng=rng)
    np.testing.assert_array_equal(first.weight.data, Linear(3, 4, rng=5).weight.data)
    assert (first.weight.data != second.weight.data).all()


def test_float32_stays_float32_through_forward_and_backward():
    layer = Linear(3, 2, dtype=np.float32)
    x = mg.Tensor(np.ones((4, 3), np.float32), requires_grad=True)
    out = layer(x)
    out.sum().backward()
    dtypes = {a.dtype for a in (out, x.grad, layer.weight.grad, layer.bias.grad)}
    assert dtypes == {np.dtype(np.float32)}


@pytest.mark.parametrize("bias", [True, False])
def test_wrong_input_shape_names_the_layer(bias):
    layer = Linear(64, 32, bias=bias)
    shown = "Linear(64, 32)" if bias else "Linear(64, 32, bias=False)"
    with pytest.raises(ShapeError) as caught:
        layer(np.ones((8, 63)))
    assert str(caught.value) == f"{shown}: input has shape (8, 63), needs (..., 64)"
    model = Module()
    model.encoder = Sequential(Sigmoid(), layer)
    with pytest.raises(ShapeError) as caught:
        layer(mg.Tensor(np.ones((8, 63))))
    assert str(caught.value) == (f"{shown} 'encoder.1': input has shape (8, 63), needs (..., 64)")


def test_scalar_input_is_a_wrong_shape_too():
    with pytest.raises(ShapeError, match=r"input has shape \(\), needs \(\.\.\., 2\)"):
        Linear(2, 3)(1.0)


def test_an_error_that_is_not_about_the_input_stays_as_it_is():
    layer = Linear(2, 3)
    layer.bias = mg.Tensor(np.zeros(4))
    with pytest.raises(ShapeError, match=r"bias.*\(4,\)"):
        layer(np.ones((1, 2)))


@pytest.mark.parametrize("size", [0, -3])
def test_size_below_one(size):
    with pytest.raises(DomainError, match=f"Linear: n_in is {size}; it must be at least 1"):
        Linear(size, 3)
    with pytest.raises(DomainError, match=f"Linear: n_out is {size}; it must be at least 1"):
        Linear(3, size)


@pytest.mark.parametrize("size", [2.0, "2", True, None])
def test_size_that_is_no_int(size):
    with pytest.raises(DTypeError, match=f"Linear: n_out is {size!r}; it must be an int"):
        Linear(3, size)


def test_numpy_ints_are_sizes():
    assert repr(Linear(np.int64(3), np.int32(2))) == "Linear(3, 2)"


def test_unknown_init_lists_the_choices():
    with pytest.raises(DomainError, match=r"init is 'he'; it must be one of xavier, .*kaiming"):
        Linear(3, 2, init="he")


def test_init_of_a_wrong_shape():
    with pytest.raises(ShapeError, match=r"init returned shape \(2, 3\), it must be \(3, 2\)"):
        Linear(3, 2, init=lambda shape, rng, dtype: np.zeros(shape[::-1]))


@pytest.mark.parametrize("dtype", [int, np.complex128, bool])
def test_dtype_must_be_floating_point(dtype):
    with pytest.raises(DTypeError, match=r"Linear: dtype is .*; it must be a floating-point type"):
        Linear(3, 2, dtype=dtype)
