"""Every op of the table, compiled: the value, and the gradient under a random cotangent."""

from itertools import product

import numpy as np
import pytest
from op_cases import CASES, Case

import minigrad as mg

# Compiling takes seconds: the native back end meets each op once, the NumPy one every row.
ONE_OF_EACH_OP = list({case.op: case for case in CASES if case.inputs[0].shape}.values())
RUNS = [
    *product(CASES, [np.float64, np.float32], ["numpy"]),
    *product(ONE_OF_EACH_OP, [np.float32], ["numba"]),
]


@pytest.mark.parametrize(
    ("case", "dtype", "backend"), RUNS, ids=[f"{c.id}-{d.__name__}-{b}" for c, d, b in RUNS]
)
def test_value_and_gradients(case: Case, dtype: type, backend: str) -> None:
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
