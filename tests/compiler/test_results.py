"""What compiled functions give back: what the functions themselves do, except for the graph."""

import numpy as np
import pytest
from comparing import assert_close

import minigrad as mg
from minigrad.errors import GraphError
from minigrad.nn import mlp

X = np.random.default_rng(0).normal(size=(6, 4))
CALLS = 4  # two are compared with the function itself, later ones are not


@pytest.mark.parametrize("check", [True, False])
def test_no_gradient_is_lost_behind_a_result(backend, check):
    """A weight penalty added outside would get its gradient, and the rest none."""
    w = mg.Tensor(np.ones(4), requires_grad=True)
    compiled = mg.compile(lambda x: (w * x).sum(), backend=backend, check=check)
    for _ in range(CALLS):
        loss = compiled(X)
        assert loss.requires_grad
        assert_close(loss.data, X.sum())
        with pytest.raises(GraphError, match=r"behind .* = CompiledFunction\(\) test_results\.py"):
            (loss + (w * w).sum()).backward()
        with pytest.raises(GraphError, match="CompiledFunction"):
            mg.grad(loss + (w * w).sum(), [w])
        assert w.grad is None
        (loss.detach() + (w * w).sum()).backward()
        assert_close(w.grad, np.full(4, 2.0))
        w.grad = None


def test_results_without_axes_are_numbers_of_numpys():
    def function(x):
        return x.sum(), (x > 0).any(), x[0, 0], mg.Tensor(x).sum().data, x.astype(np.float32).max()

    compiled = mg.compile(function, backend="numpy")
    for _ in range(CALLS):
        found = compiled(X)
        assert [type(x) for x in found] == [np.float64, np.bool, np.float64, np.float64, np.float32]
        assert_close(found[0], X.sum())


def test_results_keep_their_gradients_and_names(backend):
    model = mlp([4, 3], rng=0)

    def saliency(x):
        pixels = mg.Tensor(x, requires_grad=True, name="pixels")
        hidden = model(pixels)
        (hidden * hidden).sum().backward()
        return pixels, hidden

    compiled = mg.compile(saliency, backend=backend)
    expected, expected_hidden = saliency(X)
    for _ in range(CALLS):
        pixels, hidden = compiled(X)
        assert pixels.name == "pixels"
        assert pixels.requires_grad
        assert pixels.op is None
        assert_close(pixels.grad, expected.grad)
        assert_close(hidden.grad, expected_hidden.grad)
        pixels.grad[...] = 0  # the caller's own
        (pixels * 2).sum().backward()
        assert_close(pixels.grad, np.full((6, 4), 2.0))


def test_results_share_no_memory_and_numbers_keep_their_types():
    held = np.ones(4)
    w = mg.Tensor(np.ones((2, 3)), requires_grad=True)
    compiled = mg.compile(lambda x, s: (x, held, w.data, w.T, s * 2 > 3, s * 2), backend="numpy")
    for _ in range(CALLS):
        *arrays, turned, is_more, twice = compiled(X, 2.0)
        assert not any(map(np.shares_memory, arrays, (X, held, w.data)))
        assert not np.shares_memory(turned.data, w.data)
        assert is_more is True
        assert type(twice) is float
