"""Gradients as values: grad, jacobian and hessian, against closed forms and PyTorch."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DTypeError, GradientError, GraphError


def leaf(values, **options):
    return mg.Tensor(values, requires_grad=True, **options)


def rosenbrock(x):
    """Σ 100·(x[i+1] − x[i]²)² + (1 − x[i])²."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def gradient_of_rosenbrock(x):
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    gradient[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return gradient


def hessian_of_rosenbrock(x):
    diagonal = np.zeros_like(x)
    diagonal[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    diagonal[1:] += 200
    beside = -400 * x[:-1]
    return np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)


# grad


def test_one_input_gives_one_tensor_and_a_list_gives_a_list():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    y = (x * w).sum()
    one = mg.grad(y, x)
    assert type(one) is mg.Tensor
    np.testing.assert_array_equal(one.data, [3, 4])
    both = mg.grad(y, [w, x])
    assert type(both) is list
    np.testing.assert_array_equal([g.data for g in both], [[1, 2], [3, 4]])
    np.testing.assert_array_equal([g.data for g in mg.grad(y, (x, x))], [[3, 4], [3, 4]])


def test_no_grad_attribute_is_touched():
    x = leaf([1.0, 2.0])
    h = x * 3
    y = (h * h).sum()
    x.grad = h.grad = y.grad = "untouched"
    mg.grad(y, [x, h])
    mg.grad(y, x, create_graph=True)
    assert [t.grad for t in (x, h, y)] == ["untouched"] * 3


def test_inputs_may_be_anywhere_in_the_graph():
    x = leaf([1.0, 2.0])
    h = x * 3
    y = (h * h).sum()
    of_h, of_x, of_y = mg.grad(y, [h, x, y])
    np.testing.assert_array_equal(of_h.data, [6, 12])
    np.testing.assert_array_equal(of_x.data, [18, 36])
    assert of_y.item() == 1.0


def test_the_gradient_to_start_from():
    x = leaf([1.0, 2.0])
    for start in ([1.0, 10.0], np.array([1, 10]), mg.Tensor([1.0, 10.0])):
        np.testing.assert_array_equal(mg.grad(x * 3, x, start).data, [3, 30])
        np.testing.assert_array_equal(mg.grad(x * 3, x, start, create_graph=True).data, [3, 30])
    with pytest.raises(GradientError, match="needs a gradient of shape"):
        mg.grad(x * 3, x)
    with pytest.raises(GradientError, match="the gradient given has shape"):
        mg.grad(x * 3, x, [1.0])


def test_results_carry_a_graph_only_if_asked():
    x = leaf(2.0)
    assert not mg.grad(x**3, x).requires_grad
    slope = mg.grad(x**3, x, create_graph=True)
    assert slope.requires_grad
    slope.backward()
    assert x.grad == 12.0


def test_results_share_no_memory():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    start = np.ones(2)
    of_x, of_y = mg.grad(x + y, [x, y], start)
    assert not np.shares_memory(of_x.data, of_y.data)
    assert not np.shares_memory(of_x.data, start)
    turned = x.reshape(2, 1)
    of_x, of_turned = mg.grad(turned, [x, turned], np.ones((2, 1)))
    assert not np.shares_memory(of_x.data, of_turned.data)


def test_five_derivatives_of_a_power():
    x = leaf(1.5)
    y = x**5
    for factor, exponent in [(5, 4), (20, 3), (60, 2), (120, 1), (120, 0)]:
        y = mg.grad(y, x, create_graph=True)
        np.testing.assert_allclose(y.item(), factor * 1.5**exponent, rtol=1e-14)


def test_derivatives_of_sine_go_round():
    x = leaf(0.7)
    y = mg.sin(x)
    for expected in [np.cos(0.7), -np.sin(0.7), -np.cos(0.7), np.sin(0.7)] * 2:
        y = mg.grad(y, x, create_graph=True)
        np.testing.assert_allclose(y.item(), expected, rtol=1e-14)


def test_a_gradient_penalty():
    """∂/∂w of |∂f/∂x|² for f = Σ tanh(x·w): the gradient of a gradient with respect to others."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))
    ours_x, ours_w = leaf(x), leaf(w)
    of_x = mg.grad(mg.tanh(ours_x @ ours_w).sum(), ours_x, create_graph=True)
    (of_x**2).sum().backward()
    torch_x, torch_w = torch.tensor(x, requires_grad=True), torch.tensor(w, requires_grad=True)
    (of_x,) = torch.autograd.grad(torch.tanh(torch_x @ torch_w).sum(), torch_x, create_graph=True)
    (of_x**2).sum().backward()
    np.testing.assert_allclose(ours_w.grad, torch_w.grad.numpy(), rtol=1e-12)
    np.testing.assert_allclose(ours_x.grad, torch_x.grad.numpy(), rtol=1e-12)


def test_what_does_not_depend():
    x, other, constant = leaf(2.0, name="x"), leaf(3.0, name="other"), mg.Tensor(1.0, name="c")
    y = x * 3 + constant
    with pytest.raises(GraphError, match=r"does not depend on .*'other'.*: no op connects them"):
        mg.grad(y, other)
    with pytest.raises(GraphError, match=r"does not depend on .*'c': it requires no gradient"):
        mg.grad(y, [x, constant])
    with pytest.raises(GraphError, match="requires no gradient"):
        mg.grad(constant * 2, x)


def test_what_is_no_tensor():
    x = leaf(2.0)
    for output, inputs in [(np.ones(()), x), (x * 2, [x, 3.0]), (x * 2, np.ones(1))]:
        with pytest.raises(DTypeError, match="grad: output and inputs must be Tensors, got"):
            mg.grad(output, inputs)


class Counted(mg.Op):
    """A product that counts how often each of its rules runs."""

    runs = {"x": 0, "y": 0}

    @staticmethod
    def forward(x, y):
        return x * y

    @staticmethod
    def grad_x(grad_out, out, x, y):
        Counted.runs["x"] += 1
        return grad_out * y

    @staticmethod
    def grad_y(grad_out, out, x, y):
        Counted.runs["y"] += 1
        return grad_out * x


def test_rules_that_nobody_needs_do_not_run():
    x, y, z = leaf(2.0), leaf(3.0), leaf(5.0)
    product = mg.call(Counted, x, y)
    out = mg.call(Counted, product, z)
    Counted.runs.update(x=0, y=0)
    assert mg.grad(out, z).item() == 6.0
    assert Counted.runs == {"x": 0, "y": 1}
    Counted.runs.update(x=0, y=0)
    assert mg.grad(out, product).item() == 5.0
    assert Counted.runs == {"x": 1, "y": 0}
    Counted.runs.update(x=0, y=0)
    assert mg.grad(out, x).item() == 15.0
    assert Counted.runs == {"x": 2, "y": 0}
    Counted.runs.update(x=0, y=0)
    mg.call(Counted, x, mg.Tensor(3.0)).backward()
    assert Counted.runs == {"x": 1, "y": 0}


# jacobian and hessian


def test_derivatives_of_the_rosenbrock_function():
    """The formulas are those of More, Garbow and Hillstrom's test function, chained."""
    x = np.random.default_rng(0).normal(size=5)
    np.testing.assert_allclose(mg.jacobian(rosenbrock, x), gradient_of_rosenbrock(x), rtol=1e-12)
    np.testing.assert_allclose(
        mg.hessian(rosenbrock, x), hessian_of_rosenbrock(x), rtol=1e-12, atol=1e-11
    )
    np.testing.assert_array_equal(mg.jacobian(rosenbrock, np.ones(5)), np.zeros(5))


def test_derivatives_of_a_quadratic_form():
    rng = np.random.default_rng(0)
    A, x = rng.normal(size=(4, 4)), rng.normal(size=4)
    np.testing.assert_allclose(mg.jacobian(lambda x: x @ (A @ x), x), (A + A.T) @ x, rtol=1e-12)
    np.testing.assert_allclose(mg.hessian(lambda x: x @ (A @ x), x), A + A.T, rtol=1e-12)
    np.testing.assert_allclose(mg.jacobian(lambda x: A @ x, x), A)


def test_the_jacobian_of_softmax():
    """∂p_i/∂x_j = p_i·(δ_ij − p_j)."""
    x = np.array([0.5, -1.0, 2.0])
    p = np.exp(x) / np.exp(x).sum()
    np.testing.assert_allclose(mg.jacobian(mg.softmax, x), np.diag(p) - np.outer(p, p), atol=1e-16)


def test_the_hessian_of_logsumexp_is_the_jacobian_of_softmax():
    x = np.array([0.5, -1.0, 2.0])
    np.testing.assert_allclose(mg.hessian(mg.logsumexp, x), mg.jacobian(mg.softmax, x), atol=1e-15)


def test_against_torch():
    functional = pytest.importorskip("torch.autograd.functional")
    torch = pytest.importorskip("torch")
    w = np.random.default_rng(0).normal(size=(3, 4))
    x = np.random.default_rng(1).normal(size=(2, 3))

    def layer(x):
        return mg.tanh(x @ w) ** 2

    def torch_layer(x):
        return torch.tanh(x @ torch.tensor(w)) ** 2

    def torch_loss(x):
        return torch_layer(x).sum()

    jacobian = functional.jacobian(torch_layer, torch.tensor(x)).numpy()
    hessian = functional.hessian(torch_loss, torch.tensor(x)).numpy()
    assert mg.jacobian(layer, x).shape == (2, 4, 2, 3)
    np.testing.assert_allclose(mg.jacobian(layer, x), jacobian, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(
        mg.hessian(lambda x: layer(x).sum(), x), hessian, rtol=1e-11, atol=1e-13
    )


def test_second_derivatives_of_a_layer_on_an_array_against_torch():
    """The batch is an array, no Tensor: no gradient may get lost in what the rules do with it."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    x, labels = rng.normal(size=(5, 3)), rng.integers(0, 2, 5)
    values = [rng.normal(size=shape) for shape in [(3, 4), (4,), (4, 2), (2,)]]
    along = [rng.normal(size=v.shape) for v in values]

    w1, b1, w2, b2 = leaves = [leaf(v) for v in values]
    h = mg.sigmoid(mg.linear(x, w1, b1))
    loss = mg.softmax_cross_entropy(mg.linear(h, w2, b2), labels)
    grads = mg.grad(loss, leaves, create_graph=True)
    slope = sum((g * v).sum() for g, v in zip(grads, along, strict=True))
    products = mg.grad(slope, leaves)

    w1, b1, w2, b2 = theirs = [torch.tensor(v, requires_grad=True) for v in values]
    logits = torch.sigmoid(torch.tensor(x) @ w1 + b1) @ w2 + b2
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(labels))
    grads = torch.autograd.grad(loss, theirs, create_graph=True)
    expected = torch.autograd.grad(grads, theirs, [torch.tensor(v) for v in along])
    for ours, right in zip(products, expected, strict=True):
        np.testing.assert_allclose(ours.data, right.numpy(), rtol=1e-10, atol=1e-13)


def test_a_method_of_an_array_loses_no_second_derivative():
    """d²/dw² of Σ (x·w)³ is 6·Σ x²·(x·w), with a rule that calls ``dot`` of the array x."""

    class Rows(mg.Op):
        @staticmethod
        def forward(x, w):
            return x.dot(w)

        @staticmethod
        def grad_w(grad_out, out, x, w):
            grad_w = x.T.dot(grad_out)
            return grad_w

    x = np.array([[1.0], [2.0], [-3.0]])
    w = leaf([0.5])
    slope = mg.grad((mg.call(Rows, x, w) ** 3).sum(), w, create_graph=True)
    assert mg.grad(slope.sum(), w).item() == 6 * np.sum(x**3 * 0.5)


def test_shapes_and_dtypes():
    assert mg.jacobian(lambda x: x * 2, 3.0).shape == ()
    assert mg.jacobian(lambda x: x.sum(), np.ones((2, 3))).shape == (2, 3)
    assert mg.jacobian(lambda x: x.reshape(3, 2), np.ones((2, 3))).shape == (3, 2, 2, 3)
    assert mg.jacobian(lambda x: x[:0], np.ones(3)).shape == (0, 3)
    assert mg.hessian(lambda x: (x * x).sum(), np.ones((2, 2))).shape == (2, 2, 2, 2)
    assert mg.jacobian(lambda x: x * 2, np.ones(2, np.float32)).dtype == np.float32
    assert mg.hessian(lambda x: (x * x).sum(), mg.Tensor([1.0])).tolist() == [[2.0]]


def test_zero_where_nothing_depends():
    constant = mg.Tensor([1.0, 2.0])
    np.testing.assert_array_equal(mg.jacobian(lambda x: constant, [1.0]), np.zeros((2, 1)))
    np.testing.assert_array_equal(mg.hessian(lambda x: constant.sum(), [1.0]), [[0.0]])
    np.testing.assert_array_equal(mg.hessian(lambda x: x.sum(), [1.0, 2.0]), np.zeros((2, 2)))
    np.testing.assert_array_equal(mg.jacobian(lambda x: x * 0.0, [1.0]), [[0.0]])


def test_functions_that_cannot_be_differentiated():
    with pytest.raises(DTypeError, match="fn must return a Tensor"):
        mg.jacobian(lambda x: x.data, [1.0])
    with pytest.raises(GradientError, match="hessian: fn must return a single element"):
        mg.hessian(lambda x: x * 2, [1.0, 2.0])
    with pytest.raises(DTypeError, match="floating-point"):
        mg.jacobian(lambda x: x * 2, [1, 2])


def test_nothing_outside_is_touched():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    mg.jacobian(lambda x: x * w, x)
    mg.hessian(lambda x: (x * x * w).sum(), x)
    assert (x.grad, w.grad) == (None, None)


def test_derivatives_under_no_grad():
    with mg.no_grad():
        np.testing.assert_array_equal(mg.jacobian(lambda x: 2 * x, [1.0, 2.0]), 2 * np.eye(2))
        np.testing.assert_array_equal(mg.hessian(lambda x: (x**2).sum(), [1.0]), [[2.0]])
        assert not mg.is_grad_enabled()


def test_an_integer_leaf_that_was_made_to_require_a_gradient():
    x = mg.Tensor([1, 2])
    x.requires_grad = True
    with pytest.raises(GraphError, match="no gradient of dtype float64 for Tensor"):
        (x * 2.5).sum().backward()


def test_complex_values_have_no_gradient():
    x = mg.Tensor([2.0, -3.0], requires_grad=True)
    with pytest.raises(GraphError, match="no gradient of dtype complex128 for Tensor"):
        mg.abs(x * 1j).sum().backward()
