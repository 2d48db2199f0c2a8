"""Every op of the table, compiled: the value, and the gradient under a random cotangent."""

import numpy as np
import pytest

import minigrad as mg
from tests.op_cases import CASES, Case


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_value_and_gradients(case: Case, dtype: type, backend: str) -> None:
    if backend == "numba":
        pytest.importorskip("numba")
    rng = np.random.default_rng(3)
    inputs = [values.draw(rng).astype(dtype) for values in case.inputs]
    shape = np.shape(case.function(*inputs))
    cotangent = rng.normal(size=shape).astype(dtype)

    def value_and_gradients(arrays, cotangent):
        tensors = [mg.Tensor(x, requires_grad=True) for x in arrays]
        out = case.function(*tensors)
        out.backward(cotangent.astype(out.dtype))
        return out, [t.grad for t in tensors]

    compiled = mg.compile(value_and_gradients, backend=backend, check=False)
    out, grads = compiled(inputs, cotangent)
    expected, expected_grads = value_and_gradients(inputs, cotangent)
    rtol = 2e-5 if dtype is np.float32 else 1e-11
    assert out.dtype == expected.dtype
    np.testing.assert_allclose(out.data, expected.data, rtol, rtol)
    for grad, expected_grad in zip(grads, expected_grads, strict=True):
        np.testing.assert_allclose(grad, expected_grad, rtol, rtol)
