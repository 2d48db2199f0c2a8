"""At kinks and at singular points: the conventions that the docstrings promise."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops.activation import Relu
from minigrad.ops.piecewise import Clip, Maximum
from minigrad.ops.reduction import Max


def gradient(function, *values, grad_out=None):
    """Gradients of ``function`` at these values, under a cotangent that tells elements apart."""
    inputs = [mg.Tensor(value, requires_grad=True) for value in values]
    out = function(*inputs)
    if grad_out is None:
        grad_out = 1.0 + np.arange(out.size).reshape(out.shape)
    out.backward(grad_out)
    return inputs[0].grad if len(inputs) == 1 else [x.grad for x in inputs]


def test_relu_and_its_kin_at_zero():
    at_zero = np.array([0.0, -0.0])
    np.testing.assert_array_equal(gradient(mg.relu, at_zero), [0, 0])
    np.testing.assert_array_equal(gradient(mg.abs, at_zero), [0, 0])
    leaky = gradient(lambda x: mg.leaky_relu(x, 0.25), at_zero)
    np.testing.assert_array_equal(leaky, [0.25, 0.5])
    np.testing.assert_array_equal(gradient(lambda x: mg.elu(x, 3.0), at_zero), [3, 6])


def test_ties_of_two_operands_share_equally():
    for function in (mg.maximum, mg.minimum):
        x, y = gradient(function, [1.0, 2.0, 5.0], [1.0, 2.0, 5.0])
        np.testing.assert_array_equal(x, [0.5, 1.0, 1.5])
        np.testing.assert_array_equal(y, [0.5, 1.0, 1.5])


def test_ties_within_a_reduction_share_equally():
    np.testing.assert_array_equal(
        gradient(mg.max, [3.0, 1.0, 3.0, 3.0], grad_out=6.0), [2, 0, 2, 2]
    )
    rows = [[1.0, 1.0], [0.0, 2.0]]
    np.testing.assert_array_equal(
        gradient(lambda x: mg.min(x, axis=1), rows), [[0.5, 0.5], [2.0, 0.0]]
    )
    np.testing.assert_array_equal(
        gradient(mg.max, np.zeros((2, 2)), grad_out=1.0), [[0.25] * 2] * 2
    )


def test_half_of_the_gradient_passes_a_clip_at_its_limits():
    clipped = gradient(
        lambda x: mg.clip(x, 0.0, 1.0), [-1.0, 0.0, 0.5, 1.0, 2.0], grad_out=np.ones(5)
    )
    np.testing.assert_array_equal(clipped, [0, 0.5, 1, 0.5, 0])
    below = gradient(lambda x: mg.clip(x, high=1.0), [1.0, 0.5], grad_out=np.ones(2))
    np.testing.assert_array_equal(below, [0.5, 1])


@pytest.mark.parametrize(
    "x", [[2.0, 3.0, 5.0], [2.0, 0.0, 5.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 7.0]]
)
def test_products_with_zeros_have_exact_first_and_second_derivatives(x):
    """Of a product, each derivative is the product of the factors that are left."""
    n = len(x)
    slope = [np.prod(np.delete(x, i)) for i in range(n)]
    curvature = np.zeros((n, n))
    for i, j in itertools.permutations(range(n), 2):
        curvature[i, j] = np.prod(np.delete(x, [i, j]))
    np.testing.assert_array_equal(gradient(mg.prod, x), slope)
    np.testing.assert_array_equal(mg.hessian(mg.prod, x), curvature)


def test_powers_of_zero():
    at_zero = [0.0, 0.0]
    np.testing.assert_array_equal(gradient(lambda x: x**0, at_zero), [0, 0])
    np.testing.assert_array_equal(gradient(lambda x: x**1, at_zero), [1, 2])
    np.testing.assert_array_equal(gradient(lambda x: x**2, at_zero), [0, 0])
    np.testing.assert_array_equal(mg.hessian(lambda x: (x**2).sum(), at_zero), 2 * np.eye(2))
    x, y = gradient(mg.power, [0.0, 0.0, 3.0], [0.0, 2.0, 0.0])
    np.testing.assert_array_equal(x, [0, 0, 0])
    np.testing.assert_allclose(y, [0, 0, 3 * np.log(3)], rtol=1e-15)


def test_zero_times_log_zero():
    assert mg.xlogy(0.0, 0.0) == 0.0
    x, y = gradient(mg.xlogy, [0.0, 0.0, 2.0], [0.0, 4.0, 0.5])
    np.testing.assert_allclose(x, [0, 2 * np.log(4), 3 * np.log(0.5)], rtol=1e-15)
    np.testing.assert_array_equal(y, [0, 0, 12])


def test_where_blocks_what_it_does_not_take_even_if_it_is_not_finite():
    x, y = gradient(
        lambda x, y: mg.where([False, True, True], x, y),
        np.ones(3),
        np.ones(3),
        grad_out=[np.inf, 3.0, np.nan],
    )
    np.testing.assert_array_equal(x, [0, 3, np.nan])
    np.testing.assert_array_equal(y, [np.inf, 0, 0])


def test_branches_tell_kinks_apart():
    x = np.array([-1.0, 0.0, 1.0])
    np.testing.assert_array_equal(Relu.branch(x), [-1, 0, 1])
    np.testing.assert_array_equal(Maximum.branch(x, np.zeros(3)), [-1, 0, 1])
    limits = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    np.testing.assert_array_equal(Clip.branch(limits, low=-1, high=1), [-2, -1, 0, 1, 2])
    tied = np.array([2.0, 2.0, 0.0])
    np.testing.assert_array_equal(Max.branch(tied, axis=None, keepdims=False), [True, True, False])


def test_elu_at_infinity():
    x = mg.Tensor([np.inf, -np.inf], requires_grad=True)
    mg.elu(x).sum().backward()
    np.testing.assert_array_equal(x.grad, [1.0, 0.0])


def test_clip_to_a_single_value_is_constant():
    x = mg.Tensor([0.0, 1.0, 2.0], requires_grad=True)
    mg.clip(x, 1.0, 1.0).sum().backward()
    np.testing.assert_array_equal(x.grad, [0.0, 0.0, 0.0])
