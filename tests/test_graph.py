"""Backpropagation: what arrives where, how often, in what order, and what stops it."""

import gc
import sys
import threading
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import GradientError, GraphError
from minigrad.graph import backpropagate, backward_step, topological_order


def leaf(values, **options):
    return mg.Tensor(values, requires_grad=True, **options)


# Accumulation


def test_leaves_accumulate_over_calls_and_the_rest_does_not():
    x = leaf([1.0, 2.0])
    h = x * 3
    y = (h * h).sum()
    y.backward()
    np.testing.assert_array_equal(h.grad, [6, 12])
    np.testing.assert_array_equal(x.grad, [18, 36])
    y.backward()
    np.testing.assert_array_equal(h.grad, [6, 12])
    np.testing.assert_array_equal(x.grad, [36, 72])
    assert y.grad == 1.0


def test_leaves_accumulate_over_graphs():
    x = leaf([1.0, 2.0])
    (x * 3).sum().backward()
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [3 + 2, 3 + 4])
    x.grad = None
    (x * 3).sum().backward()
    np.testing.assert_array_equal(x.grad, [3, 3])


def test_the_gradient_given_is_where_it_starts():
    x = leaf([1.0, 2.0])
    h = x * 3
    h.backward([1.0, 10.0])
    np.testing.assert_array_equal(x.grad, [3, 30])
    h.backward(mg.Tensor([1.0, 0.0]))
    np.testing.assert_array_equal(x.grad, [6, 30])
    x.backward([1.0, 1.0])
    np.testing.assert_array_equal(x.grad, [7, 31])


def test_only_what_requires_a_gradient_gets_one():
    x, constant = leaf([1.0, 2.0]), mg.Tensor([3.0, 4.0])
    product = constant * 2
    (x * product).sum().backward()
    np.testing.assert_array_equal(x.grad, [6, 8])
    assert constant.grad is None
    assert product.grad is None
    assert not product.requires_grad


# Shapes of graphs


def test_a_tensor_used_twice_by_one_op():
    x = leaf(3.0)
    (x * x).backward()
    assert x.grad == 6.0
    y = leaf(3.0)
    (y + y).backward()
    assert y.grad == 2.0
    z = leaf([[1.0, 2.0], [3.0, 4.0]])
    (z @ z).sum().backward()
    ones = np.ones((2, 2))
    np.testing.assert_array_equal(z.grad, ones @ z.data.T + z.data.T @ ones)


def test_a_diamond():
    """y = (3x)² + sin(3x): both paths meet in h before it passes its gradient on."""
    x = leaf(0.5)
    h = x * 3
    (h * h + mg.sin(h)).backward()
    np.testing.assert_allclose(h.grad, 3 + np.cos(1.5), rtol=1e-15)
    np.testing.assert_allclose(x.grad, 3 * (3 + np.cos(1.5)), rtol=1e-15)


def test_a_ladder_of_diamonds_visits_each_tensor_once():
    """Walking all its 2^100 paths would never end."""
    x = leaf(1.0)
    y = x
    for _ in range(100):
        y = y + y
    y.backward()
    assert x.grad == 2.0**100
    assert len(topological_order(y)) == 101


def test_a_shortcut_past_a_long_branch():
    """The use close to the root must wait for the one far from it."""
    x = leaf(2.0)
    h = x * x
    long = h
    for _ in range(10):
        long = long * 1.5
    (long + h).backward()
    np.testing.assert_allclose(h.grad, 1.5**10 + 1)
    np.testing.assert_allclose(x.grad, 4 * (1.5**10 + 1))


def test_several_roots_over_a_shared_part():
    x = leaf(2.0)
    shared = x * x
    (shared * 3).backward()
    (shared * 5).backward()
    assert x.grad == 4 * 3 + 4 * 5
    assert shared.grad == 5


def test_every_tensor_comes_after_all_that_use_it():
    rng = np.random.default_rng(0)
    tensors = [leaf(1.0), leaf(2.0)]
    for _ in range(60):
        a, b = rng.integers(0, len(tensors), 2)
        tensors.append(tensors[a] + tensors[b])
    root = sum(tensors)
    order = topological_order(root)
    position = {tensor: place for place, tensor in enumerate(order)}
    assert len(position) == len(order)
    assert order[0] is root
    for tensor in order:
        assert all(position[x] > position[tensor] for x in tensor.inputs if x in position)


def test_a_long_chain_runs_backward_and_is_freed_without_recursion():
    """A million ops work as well; fewer keep the suite short."""
    length = 200_000
    x = leaf(1.0)
    y = x
    for _ in range(length):
        y = y + 1.0
    y.backward()
    assert y.item() == length + 1.0
    assert x.grad == 1.0
    first = weakref.ref(x)
    del x, y
    assert first() is None


# Memory


def test_a_rule_that_passes_its_gradient_on_makes_no_alias():
    """Add hands the very array it receives to both inputs."""
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    out = x + y
    start = np.array([1.0, 1.0])
    out.backward(start)
    arrays = [x.grad, y.grad, out.grad, start, x.data, y.data, out.data]
    for i, array in enumerate(arrays):
        assert not any(np.shares_memory(array, other) for other in arrays[i + 1 :])
    kept = x.grad
    out.backward(start)
    np.testing.assert_array_equal(kept, [1, 1])
    np.testing.assert_array_equal(x.grad, [2, 2])


def test_gradients_of_views_are_their_own():
    x = leaf(np.ones((2, 3)))
    flat = x.reshape(6)
    turned = x.T
    (flat.sum() + turned.sum()).backward()
    flat.grad[:] = 0
    turned.grad[:] = 0
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 2.0))


def test_gradients_are_plain_arrays_even_of_a_scalar():
    x = leaf(2.0)
    y = mg.exp(x * 3)
    y.backward()
    assert type(x.grad) is type(y.grad) is np.ndarray
    assert x.grad.shape == ()


def test_a_dropped_graph_is_freed_at_once():
    """By reference counts alone: nothing waits for the garbage collector."""
    x = leaf([1.0, 2.0])
    gc.disable()
    try:
        h = x * 3
        loss = (h * h).sum()
        loss.backward()
        dropped = [weakref.ref(h), weakref.ref(loss)]
        del h, loss
        assert [reference() for reference in dropped] == [None, None]
        slope = mg.grad((x**3).sum(), x, create_graph=True)
        dropped = weakref.ref(slope)
        del slope
        assert dropped() is None
    finally:
        gc.enable()


def test_freeing_the_graph_releases_it_and_keeps_values_and_gradients():
    x = leaf([1.0, 2.0])
    h = x * 3
    inner = weakref.ref(h)
    loss = (h * h).sum()
    loss.backward(free_graph=True)
    del h
    assert inner() is None
    assert loss.item() == 45
    np.testing.assert_array_equal(x.grad, [18, 36])


def test_freeing_the_graph_leaves_gradients_to_leaves_alone():
    def branching():
        x, w = leaf(np.arange(6.0).reshape(2, 3)), leaf(np.full((3, 2), 0.3))
        h = mg.tanh(x @ w)
        return x, w, h, (h * h + h).sum()

    *leaves, _, loss = branching()
    loss.backward()
    *others, h, freed = branching()
    freed.backward()  # leaves a gradient behind that is not this call's
    freed = (h * h + h).sum()
    for other in others:
        other.grad = None
    freed.backward(free_graph=True)
    assert h.grad is None
    assert freed.grad is None
    for tensor, other in zip(leaves, others, strict=True):
        np.testing.assert_array_equal(other.grad, tensor.grad)


class Watched(mg.Op):
    """Tells, while its rule runs, which of the tensors it knows of are still there."""

    known: list[weakref.ref] = []
    alive: list[bool] = []

    @staticmethod
    def forward(x):
        return x + 0.0

    @staticmethod
    def grad_x(grad_out, out, x):
        Watched.alive[:] = [reference() is not None for reference in Watched.known]
        return grad_out * 1.0


@pytest.mark.parametrize("free", [False, True])
def test_the_graph_is_freed_while_the_pass_goes_on(free):
    early = mg.call(Watched, leaf([1.0, 2.0]))
    late = early * 2.0
    later = mg.exp(late)
    Watched.known[:] = [weakref.ref(late), weakref.ref(later)]
    loss = later.sum()
    del late, later
    loss.backward(free_graph=free)
    assert Watched.alive == [not free, not free]


def test_an_error_while_the_graph_is_freed_changes_no_leaf():
    x, w = leaf(2.0), leaf(3.0)
    old = mg.exp(x * w)
    w.mark_changed()
    with pytest.raises(GraphError, match="has changed since"):
        old.backward(free_graph=True)
    assert x.grad is None
    assert w.grad is None


# Precision


def test_a_float32_parameter_keeps_its_dtype_beside_float64_data():
    w = leaf(np.ones((3, 2), np.float32))
    h = np.ones((4, 3)) @ w
    assert h.dtype == np.float64
    h.backward(np.ones((4, 2)))
    assert w.grad.dtype == np.float32
    assert mg.grad(h, w, np.ones((4, 2)), create_graph=True).dtype == np.float32


# Constants


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x ** [2.0, 3.0],
        lambda x: mg.linear([[1.0, 2.0]], mg.reshape(x, (2, 1)), np.array([0.5])),
        lambda x: mg.concatenate([[3.0], x]),
        lambda x: mg.matmul([[1.0, 2.0], [3.0, 4.0]], x),
        lambda x: mg.maximum(x, [0.0, 5.0]),
        lambda x: mg.where([True, False], x, [1.0, 2.0]),
    ],
)
def test_lists_as_operands_have_gradients_around_them(function):
    x = leaf([1.5, 2.5])
    out = function(x)
    grad_out = np.random.default_rng(0).normal(size=out.shape)
    gradient = mg.grad(out, x, grad_out)
    slope = mg.grad(out, x, mg.Tensor(grad_out), create_graph=True)
    np.testing.assert_array_equal(gradient.data, slope.data)
    along = (function(x.data + 1e-6) - function(x.data - 1e-6)) / 2e-6
    np.testing.assert_allclose(gradient.data.sum(), np.sum(grad_out * along), rtol=1e-8)


# Errors, none of which may touch a gradient


def test_a_root_of_many_elements_needs_a_gradient():
    x = leaf([1.0, 2.0])
    with pytest.raises(GradientError, match=r"needs a gradient of shape \(2,\).*Reduce it"):
        (x * 3).backward()
    x[:1].backward()
    np.testing.assert_array_equal(x.grad, [1, 0])


def test_the_gradient_given_must_have_the_shape_of_the_root():
    x = leaf([1.0, 2.0])
    for wrong in (1.0, [1.0], [[1.0, 1.0]]):
        with pytest.raises(
            GradientError, match=r"the gradient given has shape .* has shape \(2,\)"
        ):
            (x * 3).backward(wrong)
    assert x.grad is None


@pytest.mark.parametrize("gradient", ["a", [None, 1.0], [1j, 1.0], {"a": 1}])
def test_a_gradient_that_is_no_number_is_refused(gradient):
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(GradientError, match="the gradient given must be real numbers, got"):
        (x * 2).backward(gradient)
    assert x.grad is None


def test_a_root_that_requires_no_gradient():
    x = leaf(2.0)
    with mg.no_grad():
        y = x * 3
    for root in (y, mg.Tensor(1.0), x.detach()):
        with pytest.raises(GraphError, match=r"requires no gradient.*no_grad\(\)"):
            root.backward()


def test_a_root_that_is_not_a_float():
    with pytest.raises(GraphError, match=r"complex128.*not of a floating-point dtype"):
        (leaf(2.0) * 1j).backward()


def test_a_freed_graph():
    x = leaf(2.0)
    h = x * 3
    y = h * h
    y.backward(free_graph=True)
    for root in (y, h, h + 1.0):
        with pytest.raises(GraphError, match="was freed; run the forward pass again"):
            root.backward()
    assert x.grad == 36


def test_a_leaf_that_changed_after_the_forward_pass():
    x, w = leaf(2.0, name="x"), leaf(3.0, name="w")
    old = x * w
    w.data -= 0.5
    w.mark_changed()
    with pytest.raises(GraphError, match=r"'w' requires_grad has changed since .* forward pass"):
        old.backward()
    with pytest.raises(GraphError, match="'w'"):
        mg.grad(old, x)
    assert (x.grad, w.grad) == (None, None)
    (x * w).backward()
    assert (x.grad, w.grad) == (2.5, 2.0)


def test_a_change_elsewhere_does_no_harm():
    x, w = leaf(2.0), leaf(3.0)
    y = x * 5
    w.mark_changed()
    y.backward()
    assert x.grad == 5


class Wrong(mg.Op):
    """An op whose rules fail, each in its own way."""

    @staticmethod
    def forward(x, *, way):
        return x * 2

    @staticmethod
    def grad_x(grad_out, out, x, *, way):
        if way == "raises":
            raise ZeroDivisionError("in the rule")
        return {"shape": np.zeros(7), "none": None, "number": 2.0}[way]


@pytest.mark.parametrize(
    ("way", "error", "message"),
    [
        ("shape", GradientError, r"Wrong\.grad_x returned shape \(7,\) for .*'x'.*shape \(2,\)"),
        ("none", GradientError, r"Wrong\.grad_x returned None, not an array"),
        ("number", GradientError, r"Wrong\.grad_x returned 2\.0, not an array"),
        ("raises", ZeroDivisionError, "in the rule"),
    ],
)
def test_a_rule_that_fails_is_named_with_the_users_line_and_no_gradient_changes(
    way, error, message
):
    x, y = leaf([1.0, 2.0], name="x"), leaf(1.0)
    wrong, line = mg.call(Wrong, x, way=way), sys._getframe().f_lineno
    loss = (wrong * y).sum()
    loss.grad = y.grad = "untouched"
    with pytest.raises(error, match=message) as caught:
        loss.backward()
    assert x.grad is None
    assert (y.grad, loss.grad) == ("untouched", "untouched")
    assert caught.value.__notes__ == [
        f"in the backward step of Tensor(2) float64 = Wrong(x) test_graph.py:{line}"
    ]


class NoRule(mg.Op):
    """An op that can be differentiated with respect to x only."""

    @staticmethod
    def forward(x, table):
        return x + table

    @staticmethod
    def grad_x(grad_out, out, x, table):
        return grad_out


def test_an_input_without_a_rule():
    x, table = leaf([1.0, 2.0]), leaf([3.0, 4.0], name="table")
    out = mg.call(NoRule, x, table)
    with pytest.raises(GraphError, match=r"'table'.* there is no rule NoRule\.grad_table.*detach"):
        out.sum().backward()
    assert x.grad is None
    mg.call(NoRule, x, table.detach()).sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 1])


def test_an_error_in_forward_names_op_and_shapes():
    with pytest.raises(ValueError, match=r"Divide: .*\(x: \(2, 3\) float64, y: \(2,\) float32\)"):
        leaf(np.zeros((2, 3))) / np.zeros(2, np.float32)


# The pieces


def test_backpropagate_is_the_loop_over_the_step():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    y = (x * w + x).sum()
    grads = dict.fromkeys(topological_order(y))
    grads[y] = np.ones(())
    for tensor in topological_order(y):
        backward_step(tensor, grads)
    for tensor, gradient in backpropagate(y, np.ones(())).items():
        np.testing.assert_array_equal(grads[tensor], gradient)
    np.testing.assert_array_equal(grads[x], [4, 5])
    assert (x.grad, w.grad, y.grad) == (None, None, None)


# no_grad


def test_no_grad_as_a_block_nested_and_after_an_error():
    x = leaf(2.0)
    with mg.no_grad():
        assert not mg.is_grad_enabled()
        with mg.no_grad():
            assert not (x * 3).requires_grad
        y = x * 3
        assert (y.requires_grad, y.op, y.inputs) == (False, None, ())
    assert (x * 3).requires_grad
    with pytest.raises(KeyError), mg.no_grad():
        raise KeyError
    assert mg.is_grad_enabled()


def test_no_grad_as_a_decorator():
    @mg.no_grad()
    def predict(x):
        return x * 3

    x = leaf(2.0)
    assert not predict(x).requires_grad
    assert not predict(x).requires_grad
    assert mg.is_grad_enabled()


def test_no_grad_holds_in_its_own_thread_only():
    x = leaf(2.0)
    inside, seen = threading.Event(), {}

    def without():
        with mg.no_grad():
            inside.set()
            assert done.wait(5)
            seen["without"] = (x * 3).requires_grad

    done = threading.Event()
    thread = threading.Thread(target=without)
    thread.start()
    assert inside.wait(5)
    seen["main"] = (x * 3).requires_grad
    done.set()
    thread.join()
    assert seen == {"main": True, "without": False}


def test_backward_passes_run_in_threads():
    results = {}

    def work(seed):
        x = leaf(np.random.default_rng(seed).normal(size=50))
        for _ in range(50):
            mg.tanh(x * x).sum().backward()
        expected = 50 * 2 * x.data * (1 - np.tanh(x.data**2) ** 2)
        results[seed] = np.allclose(x.grad, expected, rtol=1e-12)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == dict.fromkeys(range(4), True)
