"""`gradcheck` itself: what goes in, what it finds besides numbers, what it refuses."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.checking import gradcheck, numerical_gradient
from minigrad.errors import DomainError, DTypeError

X = np.array([[0.5, -1.0, 2.0], [0.3, 1.1, -0.4]])


def op(function, rule):
    class Own(mg.Op):
        forward = staticmethod(lambda x: function(x))
        grad_x = staticmethod(rule)

    return lambda x: mg.call(Own, x)


# Inputs


def test_one_input_as_an_array_or_tensor_or_alone_in_a_list():
    for given in (np.array([[0.5, -2.0]]), mg.Tensor([[0.5, -2.0]]), [[[0.5, -2.0]]]):
        (row,) = gradcheck(mg.tanh, given).rows
        assert (row.shape, row.verdict) == ((1, 2), "ok")


def test_rows_are_named_after_tensors_or_positions():
    inputs = [mg.Tensor(X, name="x"), X, mg.Tensor(X, name="x")]
    report = gradcheck(lambda a, b, c: a * b + c, inputs)
    assert [row.name for row in report.rows] == ["x", "input 1", "x (2)"]


def test_integers_are_passed_on_as_they_are():
    seen = []

    def pick(x, index):
        seen.append(index)
        return x[index]

    index = np.array([1, 0, 1])
    report = gradcheck(pick, [X, index])
    assert [row.name for row in report.rows] == ["input 0"]
    assert report.ok
    assert all(given is index for given in seen)


def test_the_inputs_are_left_alone():
    x = X.copy()
    tensor = mg.Tensor(X.copy(), requires_grad=True)
    gradcheck(lambda a, b: a * b, [x, tensor])
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(tensor.data, X)
    assert tensor.grad is None


def test_float32_inputs_are_checked_in_float64():
    report = gradcheck(mg.tanh, X.astype(np.float32))
    assert report.ok
    assert report.rows[0].worst.error < 1e-9


def test_an_input_without_influence_is_vacuous():
    report = gradcheck(lambda x, y: mg.exp(x), [X, X])
    assert [row.verdict for row in report.rows] == ["ok", "vacuous"]
    assert report.ok
    assert not gradcheck(lambda x, y: mg.exp(x), [X, X], strict=True).ok


def test_a_cut_graph_fails():
    report = gradcheck(lambda x: x * 2 + x.detach(), X)
    assert report.rows[0].verdict == "FAIL"
    assert "analytic/numeric is 0.66666667 everywhere" in report.rows[0].detail


@pytest.mark.parametrize("mode", ["full", "fast", "subset", "auto"])
def test_modes(mode):
    (row,) = gradcheck(mg.sin, np.linspace(-3, 3, 40), mode=mode).rows
    assert row.verdict == "ok"
    assert row.mode == ("fast" if mode == "auto" else mode)
    assert row.total == 40
    assert (row.checked < 40) is (mode == "subset")


def test_subset_takes_the_largest_smallest_and_zero():
    x = np.linspace(-3, 3, 101)

    def worst(where):
        masked = np.ones(101)
        masked[where] = 1.5
        fn = op(np.sin, lambda grad_out, out, x: grad_out * np.cos(x) * masked)
        return gradcheck(fn, x, mode="subset").rows[0].index

    assert [worst(where) for where in (0, 50, 100)] == [(0,), (50,), (100,)]


# What it refuses


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": 3}, "gradcheck: order is 3; it must be 1 or 2"),
        ({"mode": "quick"}, "mode is 'quick'; it must be 'auto', 'full', 'fast' or 'subset'"),
        ({"directions": 0}, "directions is 0; it must be at least 1"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(DomainError, match=message):
        gradcheck(mg.tanh, X, **options)


def test_inputs_of_integers_alone():
    with pytest.raises(DTypeError, match="none of the inputs is of a floating-point dtype"):
        gradcheck(mg.add, [1, 2])


def test_a_list_holds_the_inputs_whatever_their_type():
    report = gradcheck(mg.add, [np.float64(1), np.float64(2)])
    assert report.ok
    assert [(row.name, row.shape) for row in report.rows] == [("input 0", ()), ("input 1", ())]
    assert gradcheck(mg.multiply, (2.0, [1.0, 3.0]))["input 1"].shape == (2,)
    assert gradcheck(lambda *xs: xs[0] * xs[1] * xs[2], [1.0, 2.0, 3.0]).ok
    assert [row.name for row in gradcheck(mg.linear, [X, X.T]).rows] == ["input 0", "input 1"]


@pytest.mark.parametrize(
    ("fn", "inputs", "message"),
    [
        (
            mg.tanh,
            [0.5, 1.0],
            r"gradcheck: tanh\(x\) cannot take 2 input\(s\): too many",
        ),
        (mg.add, X, r"gradcheck: add\(x, y\) cannot take 1 input\(s\): missing a required"),
        (mg.add, [X], "one input for each argument, a single input of several numbers is an array"),
    ],
)
def test_inputs_that_the_function_does_not_take(fn, inputs, message):
    with pytest.raises(DTypeError, match=message):
        gradcheck(fn, inputs)


def test_a_function_that_returns_no_tensor():
    with pytest.raises(DTypeError, match="must return a Tensor, got array"):
        gradcheck(lambda x: np.exp(x.data), X)


# Second order


def test_an_error_that_only_the_second_derivative_shows():
    """d/dx x³ as 3·x²: right, but the square's own rule, taken as a constant, is not."""
    fn = op(lambda x: x**3, lambda grad_out, out, x: grad_out * 3 * (x * np.asarray(x)))
    assert gradcheck(fn, X).ok
    report = gradcheck(fn, X, order=2)
    assert not report.ok
    assert [row.name for row in report.rows] == [
        "input 0", "grad of input 0", "grad of the cotangent",
    ]  # fmt: skip
    assert [row.verdict for row in report.rows] == ["ok", "FAIL", "ok"]


def test_second_order_of_a_right_rule():
    report = gradcheck(lambda x: mg.tanh(x) * x, X, order=2)
    assert report.ok
    assert [row.verdict for row in report.rows] == ["ok", "ok", "ok"]


# Nondeterminism


def test_randomness_that_nobody_replays():
    rng = np.random.default_rng(0)
    report = gradcheck(lambda x: x * rng.normal(size=x.shape), X)
    assert not report.ok
    assert report.verdict == "nondeterministic"
    assert "two evaluations differ by up to" in report.rows[0].detail


def test_randomness_that_is_replayed():
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    report = gradcheck(lambda x: x * rng.normal(size=x.shape), X, rng=rng)
    assert report.ok
    assert rng.bit_generator.state == before


# Structure


def problems(rule, function=np.exp):
    return " ".join(gradcheck(op(function, rule), X).problems)


def test_a_rule_that_writes_to_its_input():
    def rule(grad_out, out, x):
        grad_x = grad_out * out
        x *= 1.5
        return grad_x

    assert "writes to input 0" in problems(rule)


def test_a_rule_that_writes_to_the_incoming_gradient():
    def rule(grad_out, out, x):
        grad_out *= out
        return grad_out + 0

    assert "writes to the incoming gradient" in problems(rule)


def test_a_rule_that_is_not_linear_in_the_cotangent():
    assert "not linear in the cotangent" in problems(
        lambda grad_out, out, x: grad_out * out * (1 + grad_out * grad_out)
    )


def test_a_rule_that_gives_the_same_array_twice():
    kept = {}

    def rule(grad_out, out, x):
        return kept.setdefault("array", grad_out * out)

    assert problems(rule) != ""


def test_a_rule_that_ignores_the_cotangent():
    assert "the same under any cotangent" in problems(lambda grad_out, out, x: out + 0)
    assert "not linear in the cotangent" in problems(lambda grad_out, out, x: grad_out + out)


def test_gradients_that_share_their_memory():
    """Two inputs that get the very array that came in, and their sum: right, and not shared."""
    report = gradcheck(lambda x, y: (x + y) + x, [X, X])
    assert report.ok
    assert report.problems == []


# Ties, several at once


def test_many_ties_at_once():
    """Rows of zeros and a bias of zero: every unit of these rows is at its kink."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 3))
    x[:4] = 0
    weight, bias, out = rng.normal(size=(3, 5)), np.zeros(5), rng.normal(size=(5, 2))
    for mode in ("full", "fast"):
        report = gradcheck(
            lambda x, w, b: mg.relu(mg.linear(x, w, b)) @ out, [x, weight, bias], mode=mode
        )
        assert report.ok, report
        assert report["input 2"].verdict == "kink"


def test_a_wrong_rule_beside_many_ties():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 3))
    x[:4] = 0

    class WrongRelu(mg.ops.activation.Relu):
        @staticmethod
        def grad_x(grad_out, out, x):
            return grad_out * (x > 0) * 2.5

    weight, bias = rng.normal(size=(3, 5)), np.zeros(5)
    report = gradcheck(
        lambda w, b: mg.call(WrongRelu, mg.linear(mg.Tensor(x), w, b)), [weight, bias]
    )
    assert report["input 0"].verdict == "FAIL"


# The textbook's version


def test_numerical_gradient_of_a_polynomial():
    gradient = numerical_gradient(lambda x: (x**3).sum(), X)
    np.testing.assert_allclose(gradient, 3 * X**2, rtol=1e-8, atol=1e-9)
    assert gradient.shape == X.shape


def test_numerical_gradient_takes_a_step_and_tensors():
    assert numerical_gradient(lambda x: mg.Tensor(x).sum(), [1.0], step=0.5) == [1.0]
    coarse = numerical_gradient(lambda x: (x**3).sum(), [1.0], step=0.1)
    assert coarse == pytest.approx(3.01)


def test_numerical_gradient_of_several_numbers():
    with pytest.raises(DomainError, match="fn must return a single number"):
        numerical_gradient(np.exp, [1.0, 2.0])
