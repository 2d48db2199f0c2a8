"""Graphs made at random: compiled they give the values and gradients that they give eagerly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg

SHAPES = [(3, 3), (3,), (1, 3), (3, 1), ()]
UNARY = {
    "tanh": mg.tanh,
    "sigmoid": mg.sigmoid,
    "relu": mg.relu,
    "softmax": lambda x: mg.softmax(x) if x.ndim else x,
    "sin": mg.sin,
    "square": mg.square,
    "turned": lambda x: x.T,
    "row": lambda x: x[0] if x.ndim else x,
    "picked": lambda x: x[[2, 0, 2]] if x.shape[:1] == (3,) else x,
    "sum": lambda x: x.sum(),
    "rows": lambda x: x.sum(axis=0) if x.ndim else x,
    "mean": lambda x: x.mean(axis=-1, keepdims=True) if x.ndim else x,
    "largest": lambda x: x.max(axis=0) if x.ndim else x,
    "flat": lambda x: x.reshape(-1, 1),
}
BINARY = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / (y * y + 1),
    "maximum": mg.maximum,
    "product": lambda x, y: x @ y if x.shape == y.shape == (3, 3) else x * y,
    "where": lambda x, y: mg.where(x.data > 0.1, x, y),
}
STEP = st.tuples(st.sampled_from([*UNARY, *BINARY]), st.integers(0, 9), st.integers(0, 9))


def run(steps, tensors):
    values = list(tensors)
    for name, i, j in steps:
        x, y = values[i % len(values)], values[j % len(values)]
        try:
            values.append(UNARY[name](x) if name in UNARY else BINARY[name](x, y))
        except mg.errors.ShapeError:
            continue
    loss = sum((value * value).mean() for value in values)
    loss.backward()
    return loss, [t.grad for t in tensors]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(steps=st.lists(STEP, min_size=1, max_size=12), seed=st.integers(0, 100))
@settings(max_examples=60)
def test_with_numpy(dtype, steps, seed):
    check(steps, seed, dtype, "numpy")


@given(steps=st.lists(STEP, min_size=3, max_size=12), seed=st.integers(0, 100))
@settings(max_examples=4)
def test_with_numba(steps, seed):
    check(steps, seed, np.float64, "numba")


def check(steps, seed, dtype, backend):
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=shape).astype(dtype) for shape in SHAPES]

    def function(*arrays):
        return run(steps, [mg.Tensor(x, requires_grad=True) for x in arrays])

    found, grads = mg.compile(function, backend=backend, check=False)(*arrays)
    expected, expected_grads = function(*arrays)
    tolerance = 1e-3 if dtype is np.float32 else 1e-9
    scale = max(1.0, abs(float(expected)))
    assert abs(float(found) - float(expected)) <= tolerance * scale
    for here, there in zip(grads, expected_grads, strict=True):
        assert here.dtype == there.dtype
        np.testing.assert_allclose(here, there, tolerance, tolerance * max(1, np.abs(there).max()))
