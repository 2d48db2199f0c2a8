"""Every row of the table of ops: dtypes, memory layouts, purity, and rules as functions."""

import numpy as np
import pytest
from op_cases import CASES, Values

import minigrad as mg
from minigrad.graph import backpropagate, topological_order

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def run(case, arrays):
    """The output, and the gradients under a random cotangent."""
    inputs = [mg.Tensor(array, requires_grad=True) for array in arrays]
    out = case.function(*inputs)
    out.backward(np.random.default_rng(1).normal(size=out.shape))
    return out, [x.grad for x in inputs]


def rules_of(out, grads):
    """(rule, its arguments, the input it belongs to) for each rule that a backward pass runs."""
    for tensor in topological_order(out):
        for index, x in enumerate(tensor.inputs):
            if isinstance(x, mg.Tensor) and x.requires_grad:
                yield tensor.op.rules[index], tensor, grads[tensor], x


@every_case
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_narrow_dtype_stays_through_values_and_gradients(case, dtype):
    arrays = case.draw(dtype)
    out, gradients = run(case, arrays)
    assert out.dtype == dtype
    assert case.function(*arrays).dtype == dtype
    for gradient, array in zip(gradients, arrays, strict=True):
        assert gradient.dtype == dtype
        assert gradient.shape == array.shape

    wide_out, wide_gradients = run(case, [array.astype(np.float64) for array in arrays])
    tolerance = {np.float32: 2e-4, np.float16: 0.1}[dtype]
    np.testing.assert_allclose(out.data, wide_out.data, rtol=tolerance, atol=tolerance)
    for gradient, wide in zip(gradients, wide_gradients, strict=True):
        np.testing.assert_allclose(gradient, wide, rtol=tolerance, atol=tolerance)


@every_case
def test_rules_compute_in_float32_for_float32_without_a_detour(case):
    inputs = [mg.Tensor(array, requires_grad=True) for array in case.draw(np.float32)]
    out = case.function(*inputs)
    grads = backpropagate(out, np.ones(out.shape, np.float32))
    for rule, tensor, grad_out, _ in rules_of(out, grads):
        arrays = [x.data if isinstance(x, mg.Tensor) else x for x in tensor.inputs]
        if not any(isinstance(x, np.ndarray) and x.dtype != np.float32 for x in arrays):
            assert rule(grad_out, tensor.data, *arrays, **tensor.params).dtype == np.float32


def strided(array):
    """The same values, every other element of a wider array."""
    wide = np.full((*array.shape, 2), np.nan)
    wide[..., 1] = array
    return wide[..., 1]


def reversed_axes(array):
    """The same values in column-major order."""
    return array.T.copy().T


@every_case
@pytest.mark.parametrize("layout", [strided, reversed_axes])
def test_the_layout_in_memory_makes_no_difference(case, layout):
    arrays = case.draw()
    out, gradients = run(case, arrays)
    other_out, other_gradients = run(case, [layout(array) for array in arrays])
    np.testing.assert_allclose(other_out.data, out.data, rtol=1e-13, atol=1e-14)
    for gradient, other in zip(gradients, other_gradients, strict=True):
        np.testing.assert_allclose(other, gradient, rtol=1e-12, atol=1e-13)


@every_case
def test_nothing_is_mutated(case):
    """All arrays are locked, so that any write into one raises."""
    inputs = [mg.Tensor(array, requires_grad=True) for array in case.draw()]
    out = case.function(*inputs)
    for tensor in topological_order(out):
        tensor.data.flags.writeable = False
    grad_out = np.random.default_rng(1).normal(size=out.shape)
    grad_out.flags.writeable = False
    backpropagate(out, grad_out)


@every_case
def test_gradients_share_no_memory(case):
    inputs = [mg.Tensor(array, requires_grad=True) for array in case.draw()]
    out = case.function(*inputs)
    grad_out = np.random.default_rng(1).normal(size=out.shape)
    out.backward(grad_out)
    tensors = topological_order(out)
    arrays = [t.grad for t in tensors] + [t.data for t in tensors] + [grad_out]
    for position in range(len(tensors)):
        for other in arrays[position + 1 :]:
            assert not np.shares_memory(arrays[position], other)


@every_case
def test_rules_are_linear_in_the_cotangent(case):
    inputs = [mg.Tensor(array, requires_grad=True) for array in case.draw()]
    out = case.function(*inputs)
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, *out.shape))
    both = mg.grad(out, inputs, 2.0 * first - 3.0 * second)
    of_first, of_second = mg.grad(out, inputs, first), mg.grad(out, inputs, second)
    for combined, a, b in zip(both, of_first, of_second, strict=True):
        np.testing.assert_allclose(combined.data, 2.0 * a.data - 3.0 * b.data, atol=1e-11)


@every_case
def test_rules_run_on_tensors_and_give_what_they_give_on_arrays(case):
    inputs = [mg.Tensor(array, requires_grad=True) for array in case.draw()]
    out = case.function(*inputs)
    grads = backpropagate(out, np.random.default_rng(1).normal(size=out.shape))
    for rule, tensor, grad_out, x in rules_of(out, grads):
        arrays = [y.data if isinstance(y, mg.Tensor) else y for y in tensor.inputs]
        of_arrays = rule(grad_out, tensor.data, *arrays, **tensor.params)
        start = mg.Tensor(grad_out, requires_grad=True)
        of_tensors = rule(start, tensor, *tensor.inputs, **tensor.params)
        assert not isinstance(of_arrays, mg.Tensor)
        assert isinstance(of_tensors, mg.Tensor)
        assert of_tensors.requires_grad
        assert of_tensors.shape == x.shape
        np.testing.assert_array_equal(of_tensors.data, of_arrays)


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if getattr(c.op, "branch", None) is not None],
    ids=lambda case: case.id,
)
def test_branches_do_not_change_where_the_table_stays_away_from_kinks(case):
    arrays = case.draw()
    out = case.function(*[mg.Tensor(array, requires_grad=True) for array in arrays])
    moved = case.function(*[mg.Tensor(array * 1.001, requires_grad=True) for array in arrays])
    for tensor, other in zip(topological_order(out), topological_order(moved), strict=True):
        if tensor.op is not None and tensor.op.branch is not None:
            before, after = (
                t.op.branch(
                    *[x.data if isinstance(x, mg.Tensor) else x for x in t.inputs], **t.params
                )
                for t in (tensor, other)
            )
            np.testing.assert_array_equal(before, after)


def test_every_kind_of_values_is_away_from_what_it_avoids():
    rng = np.random.default_rng(0)
    drawn = {kind: Values(kind, (50,)).draw(rng) for kind in ["positive", "nonzero", "half"]}
    assert drawn["positive"].min() >= 0.5
    assert np.abs(drawn["nonzero"]).min() >= 0.5
    assert np.abs(drawn["half"] % 1 - 0.5).max() == 0
