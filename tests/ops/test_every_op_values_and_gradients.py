"""Every row of the table of ops: values, first and second derivatives."""

import importlib
import pkgutil

import numpy as np
import pytest
from finite_differences import directional_derivative, numerical_gradient
from op_cases import CASES

import minigrad as mg
from minigrad.graph import topological_order

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def leaves(arrays):
    return [mg.Tensor(array, requires_grad=True) for array in arrays]


def cotangent(out):
    """A random gradient to start from: ones would hide rules whose rows sum to nothing."""
    return np.random.default_rng(1).normal(size=out.shape)


def ops_of(package):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, pending = [], [mg.Op]
    while pending:
        for op in pending.pop().__subclasses__():
            pending.append(op)
            # One made inside a function, for a gradient by hand, is the package's for a while only.
            if (
                op.__module__.startswith(f"{package.__name__}.")
                and "<locals>" not in op.__qualname__
            ):
                found.append(op)
    return found


def test_every_op_of_the_package_has_a_row():
    missing = set(ops_of(mg)) - {case.op for case in CASES}
    assert missing == set(), "add a row to tests/op_cases.py"


def test_the_rows_run_every_rule_of_every_op():
    ran = set()
    for case in CASES:
        out = case.function(*leaves(case.draw()))
        for tensor in topological_order(out):
            names = tensor.op.input_names if tensor.op else ()
            for index, x in enumerate(tensor.inputs):
                if isinstance(x, mg.Tensor) and x.requires_grad:
                    ran.add((tensor.op, names[min(index, len(names) - 1)]))
    rules = {
        (op, name)
        for op in ops_of(mg)
        for name in op.input_names
        if getattr(op, f"grad_{name}", None) is not None
    }
    assert rules - ran == set()


@every_case
def test_a_row_runs_the_op_it_names(case):
    out = case.function(*leaves(case.draw()))
    assert case.op in {tensor.op for tensor in topological_order(out)}


@every_case
def test_values_are_those_of_numpy(case):
    arrays = case.draw()
    expected = np.asarray(case.numpy(*arrays))
    of_arrays = case.function(*arrays)
    of_tensors = case.function(*leaves(arrays))
    assert not isinstance(of_arrays, mg.Tensor)
    assert isinstance(of_tensors, mg.Tensor)
    assert of_tensors.shape == expected.shape
    np.testing.assert_allclose(of_tensors.data, expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(of_tensors.data, of_arrays)


@every_case
def test_gradients_are_those_of_finite_differences(case):
    arrays = case.draw()
    inputs = leaves(arrays)
    out = case.function(*inputs)
    grad_out = cotangent(out)
    out.backward(grad_out)
    for position, x in enumerate(inputs):
        expected = numerical_gradient(
            lambda *moved: np.sum(case.function(*moved) * grad_out), arrays, position
        )
        assert x.grad.shape == x.shape
        np.testing.assert_allclose(x.grad, expected, rtol=1e-8, atol=1e-9)


@every_case
def test_second_derivatives_are_those_of_finite_differences(case):
    """The gradient, contracted with random vectors, is differentiated once more.

    That includes its derivative with respect to the cotangent: the op's own derivative along
    these vectors.
    """
    arrays = case.draw()
    rng = np.random.default_rng(2)
    vectors = [rng.normal(size=array.shape) for array in arrays]

    def contracted_gradient(*moved):
        inputs = leaves(moved)
        out = case.function(*inputs)
        gradients = mg.grad(out, inputs, grad_out)
        return sum(np.sum(g.data * v) for g, v in zip(gradients, vectors, strict=True))

    inputs = leaves(arrays)
    out = case.function(*inputs)
    grad_out = cotangent(out)
    start = mg.Tensor(grad_out, requires_grad=True)
    gradients = mg.grad(out, inputs, start, create_graph=True)
    contracted = sum((g * v).sum() for g, v in zip(gradients, vectors, strict=True))
    contracted.backward()

    for position, x in enumerate(inputs):
        expected = numerical_gradient(contracted_gradient, arrays, position)
        found = np.zeros(x.shape) if x.grad is None else x.grad
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8)
    along_vectors = directional_derivative(case.function, arrays, vectors)
    np.testing.assert_allclose(start.grad, along_vectors, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("case", [c for c in CASES if c.torch], ids=lambda case: case.id)
def test_values_and_gradients_are_those_of_torch(case):
    torch = pytest.importorskip("torch")
    arrays = case.draw()
    inputs = leaves(arrays)
    out = case.function(*inputs)
    out.backward(cotangent(out))
    torch_inputs = [torch.tensor(array, requires_grad=True) for array in arrays]
    torch_out = case.torch(torch, *torch_inputs)
    torch_out.backward(torch.tensor(cotangent(out)))
    np.testing.assert_allclose(out.data, torch_out.detach().numpy(), rtol=1e-12, atol=1e-13)
    for x, torch_x in zip(inputs, torch_inputs, strict=True):
        expected = np.zeros(x.shape) if torch_x.grad is None else torch_x.grad.numpy()
        np.testing.assert_allclose(x.grad, expected, rtol=1e-10, atol=1e-12)
