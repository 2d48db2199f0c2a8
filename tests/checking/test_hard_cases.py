"""Wrong rules that hide behind kinks, sums, shares or dtypes, and right ones hard to see."""

import re

import numpy as np
import pytest

import minigrad as mg
from minigrad.checking import check_graph, check_model, gradcheck, numerical_gradient
from minigrad.errors import DomainError, DTypeError, GraphError, ShapeError


def op_with(forward, rule, branch=None):
    members = {"forward": staticmethod(lambda x: forward(x)), "grad_x": staticmethod(rule)}
    if branch is not None:
        members["branch"] = staticmethod(branch)
    return type("Own", (mg.Op,), members)


def relu(x):
    return np.maximum(x, 0)


def relu_with(rule, branch=True):
    return op_with(relu, rule, (lambda x: np.sign(x)) if branch else None)


def half_zeros():
    x = np.random.default_rng(0).normal(size=200)
    x[::2] = 0
    return x


@pytest.mark.parametrize("total", [False, True], ids=["elementwise", "sum"])
def test_ties_do_not_excuse_what_is_beside_them(total):
    wrong = relu_with(lambda grad_out, out, x: grad_out * 1.1 * (x > 0))

    def function(x):
        out = mg.call(wrong, x)
        return out.sum() if total else out

    assert gradcheck(function, half_zeros(), mode="fast").verdict == "FAIL"
    right = relu_with(lambda grad_out, out, x: grad_out * (x > 0))
    assert gradcheck(lambda x: mg.call(right, x), half_zeros(), mode="fast").verdict == "kink"


@pytest.mark.parametrize("total", [False, True], ids=["elementwise", "sum"])
def test_kinks_that_no_op_tells_of_do_not_either(total):
    wrong = relu_with(
        lambda grad_out, out, x: grad_out * (x > 0) * np.where(x > 2.5, 1.2, 1.0), branch=False
    )
    x = np.zeros(40)
    x[1], x[2] = 3.0, 1.0

    def function(x):
        out = mg.call(wrong, x)
        return out.sum() ** 2 if total else out

    assert gradcheck(function, x).verdict == "FAIL"


@pytest.mark.parametrize("rows", [2, 6])
def test_ties_of_several_entries_in_a_row(rows):
    x = np.random.default_rng(0).integers(0, 3, size=(rows, 10)).astype(float)
    for seed in range(3):
        assert gradcheck(lambda x: mg.max(x, axis=1), x, seed=seed).verdict == "kink"
    assert gradcheck(lambda x: mg.max(x, axis=1).mean(), x).verdict == "kink"


@pytest.mark.parametrize(
    ("mode", "x"),
    [
        *((mode, [[1.0, 1.0, 0.0], [2.0, 3.0, 4.0]]) for mode in ("full", "subset", "fast")),
        *((mode, np.ones((1, 6))) for mode in ("full", "subset")),
        ("auto", np.ones((1, 20))),
    ],
    ids=str,
)
def test_the_shares_of_a_tie_sum_to_one(mode, x):
    """Moved together, tied entries stay tied: there the function is smooth, its slope 1."""

    def largest(x):
        return x.max(-1)

    def whole_to_each(grad_out, out, x):
        return grad_out[..., None] * (x == x.max(-1, keepdims=True))

    wrong = op_with(largest, whole_to_each)
    assert gradcheck(lambda x: mg.call(wrong, x), np.array(x), mode=mode).verdict == "FAIL"
    assert gradcheck(lambda x: mg.max(x, axis=-1), np.array(x), mode=mode).verdict == "kink"


def test_a_tie_in_a_permutation():
    """Of two equal numbers, sorting lets the smaller part go first, whichever it is."""
    weights = np.array([1.0, 2.0, 3.0])
    for seed in range(4):
        report = gradcheck(
            lambda x: x[np.argsort(x.data)] * weights, np.array([1.0, 1.0, 2.0]), seed=seed
        )
        assert report.verdict == "kink", report


@pytest.mark.parametrize("mode", ["full", "fast"])
@pytest.mark.parametrize("distance", [1e-9, 1e-12, 1e-13])
def test_steps_that_are_not_representable(mode, distance):
    """Just below 1, x + h·d has one binary place less than x − h·d; and ln x is about 1e-13."""
    for seed in range(4):
        u = np.random.default_rng(seed).uniform(0.3, 1, 4)
        report = gradcheck(mg.log, 1 - distance * u, mode=mode, seed=seed)
        assert report.verdict == "ok", report
    wrong = op_with(np.log, lambda grad_out, out, x: grad_out / x * (1 + 1e-8))
    assert gradcheck(lambda x: mg.call(wrong, x), 1 - distance * u, mode=mode).verdict == "FAIL"


@pytest.mark.parametrize("mode", ["full", "fast"])
def test_entries_far_smaller_than_their_tensor(mode):
    assert gradcheck(lambda x: 1 / x, np.array([1e-15, 1.0]), mode=mode).verdict == "ok"
    assert gradcheck(mg.log, np.array([1e-3, 1e5]), mode=mode).verdict == "ok"
    wrong = op_with(lambda x: 1 / x, lambda grad_out, out, x: -grad_out * out * out * (1 + 1e-6))
    report = gradcheck(lambda x: mg.call(wrong, x), np.array([1e-15, 1.0]), mode=mode)
    assert report.verdict == "FAIL"


def test_a_function_known_to_few_digits_convicts_no_rule():
    """The numbers next to 1e14 are 1/64 apart: sin is known to two digits there."""
    assert gradcheck(mg.sin, np.array([1e14, 2.0])).verdict == "inconclusive"


P = np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])


@pytest.mark.parametrize("mode", ["full", "fast"])
@pytest.mark.parametrize(
    "function",
    [
        lambda p: mg.cross_entropy(p, np.array([0, 1])),
        lambda p: mg.kl_divergence(p, np.full((2, 3), 1 / 3)),
        mg.entropy,
    ],
    ids=["cross entropy", "KL divergence", "entropy"],
)
def test_steps_stay_in_the_domain_of_a_function_that_refuses_others(function, mode):
    assert gradcheck(function, P, mode=mode).verdict == "ok"


def at_least_one(x):
    if (x.data < 1).any():
        raise ValueError("must be at least 1")
    return x


@pytest.mark.parametrize("size", [3, 40])
def test_the_edge_of_a_domain(size):
    x = np.linspace(1, 3, size)
    right = gradcheck(lambda x: mg.sqrt(at_least_one(x)), x)
    assert right.verdict == "kink"
    assert "edge of the function's domain: ValueError: must be at least 1" in repr(right)
    wrong = op_with(np.sqrt, lambda grad_out, out, x: grad_out / out)
    assert gradcheck(lambda x: mg.call(wrong, at_least_one(x)), x).verdict == "FAIL"


def test_rules_that_cannot_run_fail_in_their_own_row():
    class Added(mg.Op):
        @staticmethod
        def forward(x, y):
            return x + y

        @staticmethod
        def grad_x(grad_out, out, x, y):
            return grad_out

        @staticmethod
        def grad_y(grad_out, out, x, y):
            return grad_out  # y was broadcast

    report = gradcheck(lambda x, y: mg.call(Added, x, y), [np.ones((3, 2)), np.ones(2)])
    assert [row.verdict for row in report.rows] == ["ok", "FAIL"]
    assert "backward raised GradientError: " in report.rows[1].detail
    assert "Added.grad_y returned shape (3, 2)" in report.rows[1].detail

    def raising(grad_out, out, x):
        raise ZeroDivisionError("no rule")

    report = gradcheck(lambda x: mg.call(op_with(np.sin, raising), x), np.ones(2))
    assert report.verdict == "FAIL"
    assert "backward raised ZeroDivisionError: no rule" in report.rows[0].detail


@pytest.mark.parametrize(
    "rule",
    [
        lambda grad_out, out, x: 2 * x,
        lambda grad_out, out, x: np.mean(grad_out) * 2 * x,
        lambda grad_out, out, x: np.abs(grad_out) * 2 * x,
        lambda grad_out, out, x: np.clip(grad_out, -5, 5) * 2 * x,
    ],
    ids=["ignored", "mean", "absolute", "clipped"],
)
def test_rules_that_are_right_under_ones_alone(rule):
    x = mg.Tensor([1.0, -2.0, 3.0], requires_grad=True)
    report = check_graph(mg.call(op_with(np.square, rule), x).sum())
    assert [row.verdict for row in report.rows] == ["ok", "FAIL"]
    assert gradcheck(lambda x: mg.call(op_with(np.square, rule), x), x).verdict == "FAIL"


def test_a_rule_that_is_wrong_in_float32_only():
    def rule(grad_out, out, x):
        return grad_out * np.cos(x) * (2 if x.dtype == np.float32 else 1)

    wrong = op_with(np.sin, rule)
    x = mg.Tensor(np.float32([1, 2]), requires_grad=True)
    row = check_graph(mg.call(wrong, x).sum())["Own.grad_x"]
    assert (row.verdict, row.precision) == ("FAIL", pytest.approx(1.0))
    model = mg.nn.Sequential(
        mg.nn.Linear(2, 2, rng=0, dtype=np.float32), mg.nn.Function(lambda x: mg.call(wrong, x))
    )
    batch = np.float32([[1, 2]]), np.float32([[0, 0]])
    assert check_model(model, mg.mean_squared_error, batch).verdict == "FAIL"


def test_order_two_is_with_respect_to_the_cotangent_too():
    def cut(grad_out, out, x):
        return (grad_out.detach() if isinstance(grad_out, mg.Tensor) else grad_out) * mg.cos(x)

    report = gradcheck(lambda x: mg.call(op_with(np.sin, cut), x), np.ones(2), order=2)
    assert [row.verdict for row in report.rows] == ["ok", "ok", "FAIL"]
    assert report.rows[2].name == "grad of the cotangent"


def test_order_two_says_when_it_does_not_come_to_it():
    wrong = op_with(np.sin, lambda grad_out, out, x: grad_out)
    report = gradcheck(lambda x: mg.call(wrong, x), np.ones(2), order=2)
    assert "order 2 not checked" in repr(report)


def slope_of_square_and(error):
    return lambda grad_out, out, x: grad_out * (2 * x + error)


def test_single_wrong_entries_of_many():
    """The least error that is promised: 1e-8 in one of 1,024 slopes, at 9 of 10 seeds."""
    caught = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        factor = np.zeros(1024)
        factor[rng.integers(1024)] = 1e-8
        wrong = op_with(np.square, slope_of_square_and(factor))
        x = rng.uniform(1, 3, 1024)
        report = gradcheck(lambda x, op=wrong: mg.call(op, x), x, mode="fast", seed=seed)
        caught += report.verdict == "FAIL" and report.rows[0].index == (int(factor.argmax()),)
    assert caught >= 9


def test_it_says_where_outputs_are_compared_in_their_sum_only():
    def filled(grad_out, out, x):
        grad_x = np.empty(x.shape)
        grad_x[...] = grad_out * 2 * x
        return grad_x

    report = gradcheck(lambda x: mg.call(op_with(np.square, filled), x), np.ones(40) * 2)
    assert report.verdict == "ok"
    assert "outputs compared in their sum only" in repr(report)


def test_gradients_that_were_there_are_kept():
    w = mg.Tensor([1.0, 2.0], requires_grad=True)
    (w * 3).sum().backward()
    assert gradcheck(lambda x: (x * w).sum(), np.ones(2)).ok
    np.testing.assert_array_equal(w.grad, [3.0, 3.0])


def test_a_model_gets_its_state_back():
    class Counting(mg.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = mg.nn.Linear(3, 2, rng=0)
            self.mean, self.calls = np.zeros(2), 0

        def forward(self, x):
            h = self.layer(x)
            self.mean += h.data.mean(0)
            self.calls += 1
            return h

    model, mean = Counting(), None
    mean = model.mean
    assert check_model(model, mg.mean_squared_error, (np.ones((4, 3)), np.zeros((4, 2)))).ok
    assert (model.calls, model.mean is mean) == (0, True)
    np.testing.assert_array_equal(mean, [0.0, 0.0])


def test_a_function_that_writes_into_its_input():
    def writing(x):
        x.data += 1
        return x * x

    report = gradcheck(writing, np.ones(2))
    assert report.verdict == "FAIL"
    assert "the function writes into its input: input 0" in repr(report)


def test_no_op_leads_to_the_output():
    report = gradcheck(lambda x: mg.Tensor(1.0), np.ones(2))
    assert (report.verdict, report.rows[0].detail) == (
        "vacuous",
        "no op leads from it to the output",
    )


def test_random_shapes_are_nondeterministic():
    rng = np.random.default_rng(0)
    report = gradcheck(lambda x: x[: rng.integers(1, 100)], np.ones(100))
    assert report.verdict == "nondeterministic"
    assert " numbers: the function keeps state between calls, or draws" in report.rows[0].detail


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gradcheck(3, np.ones(2)), DTypeError, "fn must be a function, got 3"),
        (lambda: gradcheck(mg.sin, None), DTypeError, "inputs are missing"),
        (lambda: gradcheck(mg.sin, np.array("a")), DTypeError, "floating-point dtype: <U1"),
        (lambda: gradcheck(mg.sin, np.ones(2), rng=0), DTypeError, "rng must be the numpy Gen"),
        (lambda: check_graph(mg.Tensor(1.0, requires_grad=True)), GraphError, "is a leaf"),
        (
            lambda: check_graph(mg.sin(mg.Tensor(1.0, requires_grad=True)), np.nan),
            DomainError,
            "gradient must be finite, got nan",
        ),
        (
            lambda: check_model(mg.nn.Linear(2, 2), 3, (np.ones((1, 2)), np.zeros((1, 2)))),
            DTypeError,
            "loss must be a function, got 3",
        ),
        (lambda: numerical_gradient(lambda x: None, 1.0), DomainError, "single number, got None"),
        (lambda: numerical_gradient(np.sin, 1.0, step=0), DomainError, "step is 0"),
    ],
)
def test_what_is_given_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()


def norm(x):
    return float(np.sqrt(np.sum(x * x)))


@pytest.mark.parametrize("mode", ["full", "fast"])
def test_a_gradient_derived_by_hand_for_a_plain_function(mode):
    x = np.random.default_rng(0).normal(size=(4, 5))
    right = gradcheck(norm, x, gradient=lambda x: x / norm(x), mode=mode)
    assert right.verdict == "ok"
    assert right.title == "gradcheck of norm"
    wrong = gradcheck(norm, x, gradient=lambda x: x / norm(x) * (1 + 1e-7), mode=mode)
    assert wrong.verdict == "FAIL"
    assert "gradient=gradient" in wrong.reproduce
    kink = gradcheck(lambda x: np.sum(np.abs(x)), np.array([0.0, 1.0]), gradient=np.sign)
    assert kink.verdict == "kink"


def test_a_gradient_that_does_not_fit():
    report = gradcheck(norm, np.ones(3), gradient=norm)
    assert "gradient returned shape () for input 0 of shape (3,)" in report.rows[0].detail
    with pytest.raises(ShapeError, match=r"fn must return a single number, .* shape \(3,\)"):
        gradcheck(np.sin, np.ones(3), gradient=np.cos)
    with pytest.raises(DTypeError, match="gradient must be a function, got 1"):
        gradcheck(norm, np.ones(3), gradient=1)
    with pytest.raises(DomainError, match="order 2 cannot be checked"):
        gradcheck(norm, np.ones(3), gradient=np.sign, order=2)
    with pytest.raises(DTypeError, match=r"give the gradient as well: gradcheck\(fn, x, grad"):
        gradcheck(lambda x: x.data.sum(), np.ones(3))


def test_numerical_gradients_of_small_numbers_and_near_an_edge():
    np.testing.assert_allclose(numerical_gradient(np.log, 1e-8), 1e8, rtol=1e-9)
    np.testing.assert_allclose(numerical_gradient(lambda x: (x * x).sum(), [1e-12]), 2e-12)
    near = numerical_gradient(lambda x: np.log(x).sum(), [1e-9, 1.0])
    np.testing.assert_allclose(near, [1e9, 1.0], rtol=1e-5)
    np.testing.assert_array_equal(numerical_gradient(lambda x: (x * x).sum(), np.zeros(2)), [0, 0])


def test_the_distance_of_a_kink_is_told():
    row = gradcheck(mg.relu, np.array([1e-6, 1.0, 2.0])).rows[0]
    assert row.verdict == "ok"
    told = re.fullmatch(r"a kink is less than (\S+) from \[0\]: .* = Relu\(.*", row.detail)
    assert 1e-6 < float(told[1]) < 1.7e-5
    assert gradcheck(mg.relu, np.array([0.3, 1.0])).rows[0].detail == ""
    assert "element [0], distance 0" in gradcheck(mg.relu, np.array([0.0, 1.0])).rows[0].detail


@pytest.mark.parametrize(
    ("function", "values"),
    [
        (mg.sqrt, [0.0, 1.0]),
        (lambda x: x**0.5, [0.0, 1.0]),
        (lambda x: 1 / x, [0.0, 1.0]),
        (mg.log1p, [-1.0, 0.0]),
        (mg.exp, [800.0, 1.0]),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_right_rule_that_gives_infinity_is_not_said_to_be_wrong(function, values):
    x = mg.Tensor(values, requires_grad=True)
    report = check_graph(mg.sum(function(x)))
    assert "FAIL" not in [row.verdict for row in report.rows]


def test_a_forward_that_rounded_is_no_state_that_was_kept():
    class Scaled(mg.Op):
        @staticmethod
        def forward(x, y):
            return x * np.exp(y)

        @staticmethod
        def grad_x(grad_out, out, x, y):
            grad_x = grad_out * np.exp(y)
            return grad_x

    x = mg.Tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    y = mg.Tensor(np.array([10.1, 9.3, 8.7, 9.9], np.float16))
    assert check_graph(mg.sum(mg.call(Scaled, x, y))).verdict == "ok"


def test_any_seed_will_do():
    assert gradcheck(mg.tanh, np.array([1.0]), seed=None).verdict == "ok"


def test_a_gradient_in_a_tuple():
    report = gradcheck(lambda x: x[0] ** 2, np.array([3.0]), gradient=lambda x: (2 * x[0],))
    assert report.verdict == "ok"
