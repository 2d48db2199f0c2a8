"""The Jacobian of one op: closed forms, its structure, and what is shown of it."""

import numpy as np
import pytest
from op_cases import CASES

import minigrad as mg
from minigrad.debugger import local_jacobian, steps
from minigrad.debugger.contributions import contribution_of
from minigrad.debugger.tangent import pushed
from minigrad.drawing.nodes import names_of_inputs
from minigrad.errors import DomainError


def tensor(*shape, seed=0):
    values = np.random.default_rng(seed).standard_normal(shape)
    return mg.Tensor(values, requires_grad=True)


def step_of(out):
    return next(iter(steps(out, np.ones(out.shape))))


# Closed forms


def test_softmax_is_diag_p_minus_p_p_transposed():
    out = mg.softmax(tensor(5))
    jacobian = local_jacobian(step_of(out), "x")
    p = out.data
    assert jacobian.kind == "dense"
    assert jacobian.shape == (5, 5)
    np.testing.assert_allclose(jacobian.values, np.diag(p) - np.outer(p, p), rtol=1e-12)
    assert jacobian.norm == pytest.approx(np.linalg.norm(np.diag(p) - np.outer(p, p)))


def test_matrix_product():
    x, y = tensor(2, 3), tensor(3, 4, seed=1)
    step = step_of(x @ y)
    identity = np.eye(2), np.eye(4)
    of_x = np.einsum("ni,kj->njik", identity[0], y.data)
    of_y = np.einsum("nk,jl->njkl", x.data, identity[1])
    np.testing.assert_allclose(local_jacobian(step, "x").values, of_x)
    np.testing.assert_allclose(local_jacobian(step, 1).values, of_y)


def test_elementwise_ops_are_diagonal_whatever_their_name():
    class Cube(mg.Op):
        @staticmethod
        def forward(x):
            return x * x * x

        @staticmethod
        def grad_x(grad_out, out, x):
            return grad_out * 3 * x * x

    x = tensor(3, 50, 50)
    jacobian = local_jacobian(step_of(mg.call(Cube, x)), "x")
    assert (jacobian.kind, jacobian.values.shape) == ("diagonal", (3, 50, 50))
    np.testing.assert_allclose(jacobian.values, 3 * x.data**2)
    assert jacobian.zeros == pytest.approx(1 - 1 / 7500)
    np.testing.assert_allclose(
        local_jacobian(step_of(mg.tanh(x)), "x").values, 1 - np.tanh(x.data) ** 2
    )


def test_infinite_slopes_stay_where_they_are():
    x = mg.Tensor([4.0, 0.0], requires_grad=True)
    jacobian = local_jacobian(step_of(mg.sqrt(x)), "x")
    assert jacobian.kind == "diagonal"
    np.testing.assert_array_equal(jacobian.values, [0.25, np.inf])


def test_a_row_that_was_broadcast_is_not_diagonal():
    x, bias = tensor(2, 3), tensor(3, seed=1)
    jacobian = local_jacobian(step_of(x + bias), "y")
    assert jacobian.kind == "dense"
    np.testing.assert_array_equal(jacobian.values, np.broadcast_to(np.eye(3), (2, 3, 3)))


def test_a_transposition_is_not_called_diagonal():
    jacobian = local_jacobian(step_of(tensor(3, 3).T), "x")
    assert jacobian.kind == "dense"
    expected = np.einsum("il,jk->ijkl", np.eye(3), np.eye(3))
    np.testing.assert_array_equal(jacobian.values, expected)


def test_one_slope_of_a_scalar():
    x = mg.Tensor(2.0, requires_grad=True)
    jacobian = local_jacobian(step_of(x * x), "x")
    assert jacobian.kind == "diagonal"
    assert jacobian.values == 2.0
    assert "1 x 1, diagonal" in str(jacobian)


# Structure above the limit


def expanded(jacobian):
    """The whole matrix of a block-diagonal Jacobian over single axes."""
    ((own, other),) = jacobian.pairs
    out, x = jacobian.out_shape, jacobian.argument_shape
    number = out[own]
    blocks = jacobian.values
    if blocks.ndim == 2:
        blocks = np.broadcast_to(blocks, (number, *blocks.shape))
    rest_out = out[:own] + out[own + 1 :]
    rest_x = x[:other] + x[other + 1 :]
    whole = np.zeros((number, *rest_out, number, *rest_x))
    for k in range(number):
        slices = (k, *[slice(None)] * len(rest_out), k)
        whole[slices] = blocks[k].reshape(*rest_out, *rest_x)
    whole = np.moveaxis(whole, 0, own)
    return np.moveaxis(whole, len(out), len(out) + other)


def test_a_layer_is_block_diagonal_over_the_rows_or_over_the_units():
    x, weight, bias = tensor(6, 5), tensor(5, 4, seed=1), tensor(4, seed=2)
    step = step_of(mg.linear(x, weight, bias))
    for argument, pair, blocks in (
        ("x", (0, 0), (4, 5)),
        ("weight", (1, 1), (6, 5)),
        ("bias", (1, 0), (6, 1)),
    ):
        jacobian = local_jacobian(step, argument, limit=20)
        assert (jacobian.kind, jacobian.pairs) == ("block-diagonal", [pair])
        assert jacobian.values.shape == blocks
        dense = local_jacobian(step, argument)
        np.testing.assert_array_equal(expanded(jacobian), dense.values)
        assert jacobian.zeros == pytest.approx(dense.zeros)
        assert jacobian.norm == pytest.approx(dense.norm)
    np.testing.assert_array_equal(local_jacobian(step, "x", limit=20).values, weight.data.T)
    text = str(local_jacobian(step, "x", limit=20))
    assert "over axis 0 of out and axis 0 of x: 6 equal blocks of 4 x 5" in text


def test_blocks_that_differ_are_kept_up_to_the_limit():
    out = mg.softmax(tensor(8, 3))
    jacobian = local_jacobian(step_of(out), "x", limit=100)
    assert jacobian.kind == "block-diagonal"
    expected = [np.diag(p) - np.outer(p, p) for p in out.data]
    np.testing.assert_allclose(jacobian.values, expected, rtol=1e-12)
    few = local_jacobian(step_of(out), "x", limit=20)
    np.testing.assert_array_equal(few.values, jacobian.values[:2])
    assert few.norm == jacobian.norm


def test_what_has_no_structure_is_sampled():
    x, y = tensor(30, 1), tensor(1, 40, seed=1)
    flat = (x @ y).reshape(1200)
    jacobian = local_jacobian(step_of(flat), "x", limit=1000)
    assert jacobian.kind == "sampled"
    assert jacobian.values.shape == (16, 30, 40)
    assert jacobian.zeros == pytest.approx(1 - 1 / 1200)
    assert jacobian.norm == pytest.approx(np.sqrt(1200))
    np.testing.assert_array_equal(jacobian.values.sum(axis=(1, 2)), np.ones(16))
    assert "too large to hold" in str(jacobian)


def test_a_single_row_is_never_too_long():
    x = tensor(200, 100)
    jacobian = local_jacobian(step_of(mg.mean(x)), "x", limit=10)
    np.testing.assert_allclose(jacobian.values.ravel(), np.full(20_000, 1 / 20_000))


# Against what else is known


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_of_every_op_it_is_what_rules_and_finite_differences_say(case):
    """Differences take forward alone; Jᵀv is the rule's, and J·d what `pushed` makes of it."""
    rng = np.random.default_rng(3)
    inputs = [mg.Tensor(x, requires_grad=True) for x in case.draw()]
    for step in steps(out := case.function(*inputs), rng.standard_normal(out.shape)):
        if not step.out.size:
            continue
        for flow in step.flows:
            index = names_of_inputs(step.tensor).index(flow.argument)
            jacobian = local_jacobian(step, flow.argument)
            if jacobian.kind == "diagonal":
                matrix = np.diag(jacobian.values.ravel())
            else:
                matrix = jacobian.values.reshape(step.out.size, flow.contribution.size)
            along = rng.standard_normal(flow.contribution.shape)
            moved = [list(step.tensor.arrays), list(step.tensor.arrays)]
            for arrays, side in zip(moved, (1e-6, -1e-6), strict=True):
                arrays[index] = arrays[index] + side * along
            above, below = (step.tensor.op.forward(*arrays, **step.params) for arrays in moved)
            expected = np.ravel((above - below) / 2e-6)
            np.testing.assert_allclose(matrix @ along.ravel(), expected, rtol=1e-5, atol=1e-7)
            push = pushed(step.tensor, index, along, np.random.default_rng(0))
            np.testing.assert_allclose(push.ravel(), matrix @ along.ravel(), rtol=1e-9, atol=1e-12)
            v = rng.standard_normal(step.out.shape)
            pulled = contribution_of(step.tensor, index, np.asarray(v))
            np.testing.assert_allclose(v.ravel() @ matrix, pulled.ravel(), rtol=1e-9, atol=1e-12)


# What is shown, and what is refused


def test_text_fits_a_terminal():
    x, weight = tensor(32, 64), tensor(64, 10, seed=1)
    step = step_of(x @ weight)
    for argument in ("x", "y"):
        text = str(local_jacobian(step, argument))
        assert max(map(len, text.splitlines())) <= 80
        assert len(text.splitlines()) < 12
    bias = tensor(10)
    tall = str(local_jacobian(step_of(mg.linear(x, weight, bias)), "bias", limit=100))
    assert len(tall.splitlines()) < 12
    assert repr(local_jacobian(step, "x")) == (
        "LocalJacobian(Matmul.grad_x, block-diagonal, shape (32, 10, 32, 64))"
    )


def test_arguments_that_are_none_or_get_no_gradient():
    step = step_of(tensor(2) * np.array([1.0, 2.0]))
    with pytest.raises(DomainError, match="Multiply: 'y' is a constant here; a gradient goes to x"):
        local_jacobian(step, "y")
    with pytest.raises(DomainError, match="'z' is no argument of it"):
        local_jacobian(step, "z")
    with pytest.raises(DomainError, match="5 is no argument of it"):
        local_jacobian(step, 5)
