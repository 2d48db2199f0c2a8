"""Rules and gradients as people derive them, with their slips: is what they are told true?"""

import numpy as np
import pytest

import minigrad as mg
from minigrad.checking import check_graph, check_model, gradcheck

X = np.random.default_rng(0).normal(size=(3, 2))


def op_with(forward, **rules):
    members = {"forward": staticmethod(forward)}
    return type("Own", (mg.Op,), members | {k: staticmethod(rule) for k, rule in rules.items()})


def test_a_rule_that_raises_does_not_end_the_check_of_the_other_input():
    def raising(grad_out, out, x, y):
        raise ZeroDivisionError("no rule")

    product = op_with(
        lambda x, y: np.mean(x * y),
        grad_x=lambda grad_out, out, x, y: grad_out * y,  # without 1/N
        grad_y=raising,
    )
    report = gradcheck(lambda x, y: mg.call(product, x, y), [X, X + 1])
    assert [row.verdict for row in report.rows] == ["FAIL", "FAIL"]
    assert "6 being the number of elements" in report.rows[0].detail
    assert "backward raised ZeroDivisionError: no rule" in report.rows[1].detail


def test_numbers_told_of_a_function_in_float32_are_its_slopes():
    """Its values are stairs: at the smallest steps they are flat, which is not its slope."""
    report = gradcheck(lambda x: np.sum(np.float32(x) ** 2), X, gradient=lambda x: 3 * x)
    worst = report.rows[0].worst
    assert report.verdict == "FAIL"
    np.testing.assert_allclose(worst.analytic / worst.numeric, 1.5, rtol=1e-5)


def test_slopes_to_the_right_and_left_are_known_as_well_as_they_agree():
    """Deviations of 1e-9: far steps to one side end up 1 % off, by themselves believable."""
    rng = np.random.default_rng(0)
    rng.normal(size=4)
    report = gradcheck(lambda x: mg.std(x, axis=-1), 1 + 1e-9 * rng.normal(size=(4, 3)), seed=7)
    assert report.verdict == "inconclusive"


def test_a_function_that_calls_backward_itself():
    def function(x):
        out = (x * x).sum()
        out.backward()
        return out

    report = gradcheck(function, X)
    assert report.problems == [
        "input 0: the function calls backward() itself; after another one .grad is the sum of both"
    ]
    assert report.verdict == "FAIL"
    x = mg.Tensor(X, requires_grad=True)
    function(x).backward()
    np.testing.assert_array_equal(x.grad, 4 * X)  # what is told is true


def test_a_function_that_takes_gradients_inside_is_right():
    def penalty(x):
        slope = mg.grad((x**3).sum(), x, create_graph=True)
        return (slope * slope).sum()

    assert gradcheck(penalty, X).ok


def test_a_rule_that_writes_is_told_without_what_follows_from_it():
    def writing(grad_out, out, x):
        out *= out
        return grad_out * (1 - out)

    tanh = op_with(lambda x: np.tanh(x), grad_x=writing)
    report = gradcheck(lambda x: mg.call(tanh, x), X)
    (problem,) = report.problems
    assert problem.endswith("a rule of Own writes to its output")


def test_a_rule_without_its_grad_out():
    sigmoid = op_with(lambda x: 1 / (1 + np.exp(-x)), grad_x=lambda grad_out, out, x: out - out**2)
    report = gradcheck(lambda x: mg.call(sigmoid, x), X)
    assert report.problems == [
        "input 0: its gradient is the same under any cotangent: is grad_out left out of a rule?"
    ]


@pytest.mark.parametrize("calls", [9, 30])
def test_a_function_that_changes_from_call_to_call(calls):
    """The first calls all give the same: that is not enough."""
    state = [0]

    def forward(x):
        state[0] += 1
        return x * x * (1 if state[0] < calls else 1.5)

    square = op_with(forward, grad_x=lambda grad_out, out, x: 2 * x * grad_out)
    report = gradcheck(lambda x: mg.call(square, x), X)
    assert report.verdict == "nondeterministic"
    assert "later it gives other values" in report.rows[0].detail


def test_a_rule_that_uses_what_the_last_forward_left():
    kept = {}

    def forward(x):
        kept["x"] = x
        return x * x

    square = op_with(forward, grad_x=lambda grad_out, out, x: grad_out * 2 * kept["x"])
    x = mg.Tensor(X, requires_grad=True)
    once = check_graph(mg.call(square, x).sum())
    assert once.ok
    twice = check_graph(mg.call(square, mg.call(square, x)).sum())
    assert [row.verdict for row in twice.rows] == ["ok", "ok", "FAIL"]
    assert "does it keep something from a forward" in twice.rows[2].detail


def test_a_gradient_of_several_inputs():
    labels = np.array([0.0, 1.0, 1.0])

    def loss(w, b, rows):
        return np.sum((X[rows] @ w + b - labels) ** 2)

    def slopes(w, b, rows):
        gap = X[rows] @ w + b - labels
        return 2 * X[rows].T @ gap, 2 * gap.sum(), None

    inputs = [np.array([1.0, -0.5]), 0.25, np.array([2, 0, 1])]
    for mode in ("full", "fast"):
        right = gradcheck(loss, inputs, gradient=slopes, mode=mode)
        assert [row.verdict for row in right.rows] == ["ok", "ok"]
    wrong = gradcheck(loss, inputs, gradient=lambda *a: (slopes(*a)[0], slopes(*a)[1] / 2, None))
    assert [row.verdict for row in wrong.rows] == ["ok", "FAIL"]
    assert "1/2 everywhere" in wrong.rows[1].detail


def test_a_gradient_that_does_not_fit_several_inputs():
    def check(gradient):
        return gradcheck(lambda x, y: np.sum(x * y), [X, X], gradient=gradient).rows[1].detail

    assert "one for each of the 2 inputs" in check(lambda x, y: y)
    assert "one for each of the 2 inputs" in check(lambda x, y: (y, x, x))
    assert "gradient returned shape () for input 1 of shape (3, 2)" in check(lambda x, y: (y, 1.0))
    assert "gradient returned None for input 1" in check(lambda x, y: (y, None))


@pytest.mark.parametrize("value", [None, "3", 1j])
def test_a_plain_function_that_returns_no_number(value):
    with pytest.raises(mg.errors.DTypeError, match="fn must return a single number, got "):
        gradcheck(lambda x: value, X, gradient=np.cos)


def test_what_is_computed_in_float16_cannot_be_resolved():
    """In float16 even x² is stairs that differences at any step fall down."""
    report = gradcheck(lambda x: np.sum(np.float16(x) ** 2), X, gradient=lambda x: 2 * x)
    assert report.verdict == "inconclusive"
    assert "Opaque(input 0)" in report.rows[0].detail
    assert "is computed in float16" in report.rows[0].detail
    report = gradcheck(lambda x: mg.exp(x.astype(np.float16)) * 2, X)
    assert report.verdict == "inconclusive"
    assert "Cast(input 0)" in report.rows[0].detail


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (lambda x: (x, x * 2), "must return one Tensor, got a tuple of 2; check each on its own"),
        (lambda x: 3.0, "must return a Tensor, got 3.0; of a plain NumPy function"),
    ],
)
def test_a_function_that_returns_no_tensor(returned, message):
    with pytest.raises(mg.errors.DTypeError, match=message):
        gradcheck(returned, X)


def test_inputs_in_a_dict_or_of_whole_numbers():
    with pytest.raises(mg.errors.DTypeError, match=r"inputs is a dict; .*\[\*inputs.values\(\)\]"):
        gradcheck(lambda p: p["w"] * 2, {"w": X})
    with pytest.raises(mg.errors.DTypeError, match=r"int64; give numbers such as 1\.0"):
        gradcheck(lambda x: x * 2, np.array([1, 2]))


def test_a_model_that_keeps_state_is_not_told_to_give_a_generator():
    class Alternating(mg.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.calls = mg.nn.Linear(2, 2, rng=0), 0

        def forward(self, x):
            self.calls += 1
            return self.layer(x) * (1 + self.calls % 2)

    report = check_model(Alternating(), mg.mean_squared_error, (X, X))
    assert report.verdict == "nondeterministic"
    assert "keeps state between calls" in report.rows[0].detail


def test_precision_is_told_of_the_dtype_that_it_is_of():
    model = mg.nn.Linear(2, 2, rng=0, dtype=np.float16)
    report = check_model(model, mg.mean_squared_error, (X.astype(np.float16), np.float16(X)))
    assert "float16 gradient against float64: " in repr(report)
    assert "float32" not in repr(report)
    loss = mg.sin(mg.Tensor(np.float16([1, 2]), requires_grad=True)).sum()
    assert "float16 gradient against float64: " in repr(check_graph(loss))


def naive_sigmoid(x):
    return 1 / (1 + mg.exp(-x))


@pytest.mark.parametrize("x", [-400.0, -700.0])
def test_what_underflows_on_the_way_convicts_no_rule(x):
    """y² is more than floats hold, so that the slope of 1/y, below 1e-154, comes out as 0."""
    report = gradcheck(naive_sigmoid, np.array([x]))
    assert report.verdict == "inconclusive"
    assert "products of numbers as small as this slope are 0 in floats" in report.rows[0].detail
    graph = check_graph(naive_sigmoid(mg.Tensor([x, 0.3], requires_grad=True)).sum())
    assert graph["Divide.grad_y"].verdict == "inconclusive"


def test_small_slopes_that_are_wrong_fail_all_the_same():
    half = op_with(lambda x: x * x, grad_x=lambda grad_out, out, x: grad_out * x)
    assert gradcheck(lambda x: mg.call(half, x) * 1e-250, X).verdict == "FAIL"
    none = op_with(lambda x: x * x, grad_x=lambda grad_out, out, x: grad_out * x * 0)
    assert gradcheck(lambda x: mg.call(none, x) * 1e-150, X).verdict == "FAIL"
    assert not gradcheck(lambda x: mg.call(none, x) * 1e-250, X).ok


@pytest.mark.filterwarnings("ignore:overflow")
def test_where_a_gradient_stops_being_finite():
    report = gradcheck(naive_sigmoid, np.array([-750.0, 1.0]))
    assert report.verdict == "FAIL"
    assert "the first of these comes out of a rule of Exp: Tensor(2) " in report.rows[0].detail
    norm = gradcheck(lambda x: mg.sqrt((x * x).sum()) * 2.0, np.zeros(3))
    assert "the first of these comes out of a rule of Sqrt: Tensor() " in norm.rows[0].detail


def test_a_function_that_is_flat_close_by():
    rounded = op_with(lambda x: np.round(x), grad_x=lambda grad_out, out, x: grad_out * 1.0)
    report = gradcheck(lambda x: mg.call(rounded, x), X)
    assert report.verdict == "FAIL"
    assert report.rows[0].detail == (
        "the function does not change close by: is a mask missing in the rule, or does the "
        "function round, count or compare?"
    )


@pytest.mark.parametrize("seed", [0, 1])
def test_the_cotangent_is_not_what_the_input_was_drawn_as(seed):
    """Along its input, the gradient of a layer norm is 0 whatever the rule."""

    def layer_norm(x):
        return (x - mg.mean(x, axis=-1, keepdims=True)) / mg.std(x, axis=-1, keepdims=True)

    x = np.random.default_rng(seed).normal(size=(4, 3))
    assert gradcheck(layer_norm, x, seed=seed).verdict == "ok"
    model = mg.nn.Function(layer_norm)
    found = check_model(model, lambda y, t: y * t, (x, np.ones((4, 3))), seed=seed)
    assert found.verdict == "ok"


def test_of_a_single_output_the_gradient_itself_is_told():
    report = gradcheck(lambda x: (x**2).sum(), np.array([3.0, 5.0, 1.0]))
    assert (report.rows[0].worst.analytic / 2) in (3.0, 5.0, 1.0)
    by_hand = gradcheck(lambda x: x**2, 3.0, gradient=lambda x: 2 * x)
    assert by_hand.rows[0].worst.analytic == 6.0


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "rule",
    [
        lambda grad_out, out, x: np.abs(grad_out) * 2 * x,
        lambda grad_out, out, x: grad_out**2 * 2 * x,
        lambda grad_out, out, x: 2 * x,
        lambda grad_out, out, x: np.sign(grad_out) * 2 * x,
        lambda grad_out, out, x: np.clip(grad_out, -5, 5) * 2 * x,
    ],
    ids=["absolute", "squared", "left out", "sign", "clipped"],
)
def test_rules_that_are_right_under_one_alone(rule, seed):
    total = op_with(lambda x: np.sum(x * x), grad_x=rule)
    assert gradcheck(lambda x: mg.call(total, x), X, seed=seed).verdict == "FAIL"


def test_a_number_has_no_index():
    report = gradcheck(lambda x: x**2, 3.0, gradient=lambda x: x)
    assert "\n    analytic 3, numeric 6 ± " in repr(report)
    assert "at []" not in repr(report)


def test_a_wrong_value_at_a_tie_behind_another_is_found_in_the_graph():
    class Relu(mg.ops.activation.Relu):
        @staticmethod
        def grad_x(grad_out, out, x):
            return grad_out * np.where(x == 0, 1.2, x > 0)

    x = mg.Tensor([0.0, 1.0], requires_grad=True)
    report = check_graph(mg.call(Relu, mg.call(Relu, x)).sum())
    assert [row.verdict for row in report.rows] == ["ok", "FAIL", "FAIL"]


def test_a_second_opinion_on_a_gradient_by_hand():
    report = gradcheck(lambda x: np.sum(x**2), X, gradient=lambda x: 2 * x, complex_step=True)
    assert "complex step: agrees" in report.rows[0].detail


def test_the_first_rule_that_is_not_finite_is_one_on_the_way():
    """Of two branches, for each input the op of its own."""
    to_nan = {"grad_x": lambda grad_out, out, x: grad_out * np.nan}
    one = op_with(lambda x: x * 1.0, **to_nan)
    other = op_with(lambda x: x * 1.0, **to_nan)
    one.__name__, other.__name__ = "One", "Other"
    report = gradcheck(lambda x, y: mg.call(one, x) + mg.call(other, y), [X, X])
    assert "a rule of One:" in report.rows[0].detail
    assert "a rule of Other:" in report.rows[1].detail
