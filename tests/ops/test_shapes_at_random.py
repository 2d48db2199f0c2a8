"""Shapes, axes and indices drawn at random: the transpose of an op's derivative.

For a function f with Jacobian J, backward gives g·J for a cotangent g. Checked is that
(g·J)·v equals g·(J·v) for a random direction v, with J·v from NumPy alone.
"""

import numpy as np
from finite_differences import directional_derivative
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def drawn(shape, seed):
    return np.random.default_rng(seed).normal(size=shape)


def check_transpose(function, along, *arrays):
    """Compare backward with ``along(*directions)``, the derivative along these directions."""
    inputs = [mg.Tensor(array, requires_grad=True) for array in arrays]
    out = function(*inputs)
    directions = [drawn(array.shape, 10 + i) for i, array in enumerate(arrays)]
    moved = along(*directions)
    assert out.shape == np.shape(moved)
    grad_out = drawn(out.shape, 20)
    out.backward(grad_out)
    assert [x.grad.shape for x in inputs] == [x.shape for x in inputs]
    through_backward = sum(
        np.sum(x.grad * direction) for x, direction in zip(inputs, directions, strict=True)
    )
    np.testing.assert_allclose(through_backward, np.sum(grad_out * moved), rtol=1e-7, atol=1e-8)


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=4))
def test_binary_ops_on_shapes_that_broadcast(shapes):
    x, y = (drawn(shape, i) for i, shape in enumerate(shapes.input_shapes))
    check_transpose(mg.add, lambda dx, dy: dx + dy, x, y)
    check_transpose(mg.subtract, lambda dx, dy: dx - dy, x, y)
    check_transpose(mg.multiply, lambda dx, dy: dx * y + x * dy, x, y)
    check_transpose(mg.divide, lambda dx, dy: dx / y - x * dy / y**2, x, y)
    check_transpose(mg.maximum, lambda dx, dy: np.where(x > y, dx, dy), x, y)
    check_transpose(mg.minimum, lambda dx, dy: np.where(x < y, dx, dy), x, y)
    check_transpose(
        lambda x, y: mg.where(x > y, x, y), lambda dx, dy: np.where(x > y, dx, dy), x, y
    )


@given(hnp.mutually_broadcastable_shapes(signature="(n,k),(k,m)->(n,m)", max_side=3))
def test_matrix_products_of_shapes_that_broadcast(shapes):
    x, y = (drawn(shape, i) for i, shape in enumerate(shapes.input_shapes))
    check_transpose(mg.matmul, lambda dx, dy: dx @ y + x @ dy, x, y)


@given(
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4).flatmap(
        lambda shape: st.tuples(
            st.just(shape),
            st.none()
            | hnp.valid_tuple_axes(len(shape))
            | (st.integers(-len(shape), len(shape) - 1) if shape else st.none()),
            st.booleans(),
        )
    )
)
def test_reductions_along_any_axes(arguments):
    shape, axis, keepdims = arguments
    x = drawn(shape, 0)
    for ours, numpys in [
        (mg.sum, np.sum),
        (mg.mean, np.mean),
        (mg.max, np.max),
        (mg.min, np.min),
        (mg.prod, np.prod),
        (mg.var, np.var),
    ]:
        np.testing.assert_allclose(
            ours(x, axis=axis, keepdims=keepdims),
            numpys(x, axis=axis, keepdims=keepdims),
            rtol=1e-12,
        )
        check_transpose(
            lambda x, ours=ours: ours(x, axis=axis, keepdims=keepdims),
            lambda dx, numpys=numpys: directional_derivative(
                lambda x: numpys(x, axis=axis, keepdims=keepdims), [x], [dx]
            ),
            x,
        )


@given(
    SHAPES.flatmap(
        lambda shape: st.tuples(
            st.just(shape),
            hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True, max_dims=6),
        )
    )
)
def test_basic_indices(arguments):
    shape, index = arguments
    check_transpose(lambda x: x[index], lambda dx: dx[index], drawn(shape, 0))
    check_scatter(shape, index)


@given(
    hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4).flatmap(
        lambda shape: st.tuples(
            st.just(shape), hnp.integer_array_indices(shape) | hnp.arrays(bool, shape)
        )
    )
)
def test_integer_and_boolean_array_indices(arguments):
    shape, index = arguments
    check_transpose(lambda x: x[index], lambda dx: dx[index], drawn(shape, 0))
    check_scatter(shape, index)


def check_scatter(shape, index):
    """Scattering, defined by counting how often each position is named."""
    size = int(np.prod(shape))
    positions = np.arange(size).reshape(shape)[index]
    check_transpose(
        lambda x: mg.scatter_add(x, index, shape),
        lambda dx: np.bincount(positions.ravel(), dx.ravel(), minlength=size).reshape(shape),
        drawn(np.shape(positions), 0),
    )


@given(SHAPES, st.data())
def test_transposing_and_reshaping(shape, data):
    x = drawn(shape, 0)
    axes = data.draw(st.permutations(range(len(shape))))
    check_transpose(lambda x: x.transpose(*axes), lambda dx: dx.transpose(axes), x)
    check_transpose(lambda x: x.flatten(), lambda dx: dx.ravel(), x)
    check_transpose(lambda x: x.T, lambda dx: dx.T, x)


@given(SHAPES.filter(bool), st.data())
def test_joining_and_cutting(shape, data):
    x = drawn(shape, 0)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    check_transpose(
        lambda x: mg.concatenate([x, x], axis), lambda dx: np.concatenate([dx, dx], axis), x
    )
    check_transpose(lambda x: mg.stack([x, x], axis), lambda dx: np.stack([dx, dx], axis), x)
    check_transpose(lambda x: mg.flip(x, axis), lambda dx: np.flip(dx, axis), x)
    cut = data.draw(st.integers(0, shape[axis]))
    check_transpose(
        lambda x: mg.concatenate(mg.split(x, [cut], axis)[::-1], axis),
        lambda dx: np.concatenate(np.split(dx, [cut], axis)[::-1], axis),
        x,
    )
