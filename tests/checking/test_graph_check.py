"""`check_graph`: the one wrong rule is named, with its line; nothing of the graph is changed."""

from functools import cache

import numpy as np
import pytest

import minigrad as mg
from minigrad.checking import check_graph
from minigrad.errors import DomainError, DTypeError, GradientError, GraphError
from minigrad.nn import Linear, mlp
from minigrad.nn.mlp import ACTIVATIONS


class TanhOffByOnePower(mg.Op):
    @staticmethod
    def forward(x):
        return np.tanh(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        return grad_out * (1 - out * out * out)


def wrong_tanh(x):
    return mg.call(TanhOffByOnePower, x)


LINE = f"test_graph_check.py:{wrong_tanh.__code__.co_firstlineno + 1}"


def ten_layers(wrong, dtype=np.float64):
    return layers(10, wrong, 5, 6, dtype)


def layers(count, wrong, rows, width, dtype=np.float64):
    x = np.random.default_rng(0).standard_normal((rows, width)).astype(dtype)
    for number in range(1, count + 1):
        x = Linear(width, width, rng=number, dtype=dtype)(x)
        x = wrong_tanh(x) if number == wrong else mg.tanh(x)
    return (x * x).mean()


def verdicts(report):
    return {row.name: row.verdict for row in report.rows}


@cache
def report_of_right_layers(dtype):
    return check_graph(ten_layers(wrong=None, dtype=dtype))


def op_with(rule=None, forward=lambda x: np.exp(x)):
    """The exponential function as an op, with a rule or forward of the test's own."""
    members = {"forward": staticmethod(forward)}
    if rule is not None:
        members["grad_x"] = staticmethod(rule)
    return type("Own", (mg.Op,), members)


def leaf(values=(0.5, -1.0, 2.0), dtype=np.float64):
    return mg.Tensor(np.array(values, dtype), requires_grad=True, name="x")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_wrong_rule_among_ten_layers_is_the_only_one_named(dtype):
    report = check_graph(ten_layers(wrong=4, dtype=dtype))
    wrong = [row for row in report.rows if row.verdict != "ok"]
    assert [row.name for row in wrong] == ["TanhOffByOnePower.grad_x"]
    assert wrong[0].verdict == "FAIL"
    assert wrong[0].source.startswith(f"{LINE}  return mg.call(TanhOffByOnePower, x)  Tensor(5, 6)")
    assert wrong[0].shape == (5, 6)
    assert (wrong[0].checked, wrong[0].total) == (30, 30)
    assert not report.ok
    assert "TanhOffByOnePower.grad_x" in repr(report)


def test_rows_come_in_the_order_of_the_backward_pass():
    report = report_of_right_layers(np.float64)
    assert report.ok
    layer = ["Tanh.grad_x", "Linear.grad_x", "Linear.grad_weight", "Linear.grad_bias"]
    first = ["Tanh.grad_x", "Linear.grad_weight", "Linear.grad_bias"]
    start = ["Mean.grad_x", "Multiply.grad_x", "Multiply.grad_y"]
    assert [row.name for row in report.rows] == [*start, *layer * 9, *first]


def test_the_numbers_are_those_under_the_gradient_that_arrives():
    x = leaf([3.0])
    report = check_graph((x * x * 7).sum())
    first, second = report["Multiply.grad_x"], report["Multiply.grad_y"]
    assert [row.name for row in report.rows] == [
        "Sum.grad_x", "Multiply.grad_x", "Multiply.grad_x", "Multiply.grad_y",
    ]  # fmt: skip
    assert first.worst.analytic == 7  # of h * 7, under 1
    assert second.worst.analytic == 21  # of x * x, under 7
    assert second.worst.numeric == pytest.approx(21, rel=1e-10)


def test_the_gradients_of_several_uses_are_added():
    h = mg.exp(leaf([0.0]))
    report = check_graph((h * 3 + h * 4).sum())
    assert report["Exp.grad_x"].worst.analytic == 7


def test_a_gradient_may_be_given():
    x = leaf([3.0, 1.0])
    report = check_graph(x * 2, [10.0, -1.0])
    assert report.rows[0].worst.analytic in (20.0, -2.0)
    with pytest.raises(GradientError, match=r"needs a gradient of shape \(2,\)"):
        check_graph(x * 2)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_activation_is_right(activation, dtype):
    rng = np.random.default_rng(2)
    model = mlp([7, 12, 3], activation, rng=3, dtype=dtype)
    loss = mg.softmax_cross_entropy(model(rng.standard_normal((9, 7)).astype(dtype)), [0, 1, 2] * 3)
    report = check_graph(loss)
    assert report.ok, report


@pytest.mark.parametrize(
    ("output", "loss", "targets"),
    [
        ("softmax", mg.cross_entropy, [0, 2, 1, 1]),
        ("softmax", mg.sum_squared_error, np.eye(3)[[0, 2, 1, 1]]),
        ("sigmoid", mg.binary_cross_entropy, np.eye(3)[[0, 2, 1, 1]]),
        ("sigmoid", mg.mean_squared_error, np.eye(3)[[0, 2, 1, 1]]),
        (None, mg.softmax_cross_entropy, [0, 2, 1, 1]),
        (None, mg.sigmoid_cross_entropy, np.eye(3)[[0, 2, 1, 1]]),
        ("softmax", lambda p, q: mg.kl_divergence(p, q).sum(), np.full((4, 3), 1 / 3)),
        ("softmax", lambda p, _: mg.entropy(p).sum(), None),
    ],
)
def test_every_loss_is_right(output, loss, targets):
    model = mlp([5, 8, 3], "tanh", output, rng=1)
    x = np.random.default_rng(1).standard_normal((4, 5))
    report = check_graph(loss(model(x), targets))
    assert report.ok, report


def test_precision_is_told_for_float32_only():
    single, double = (report_of_right_layers(dtype) for dtype in (np.float32, np.float64))
    assert {row.precision for row in double.rows} == {None}
    assert all(0 <= row.precision < 2e-6 for row in single.rows)
    assert any(row.precision > 0 for row in single.rows)
    assert [row.verdict for row in single.rows] == [row.verdict for row in double.rows]


def test_precision_shows_a_rule_that_cancels_in_float32():
    op = op_with(lambda grad_out, out, x: grad_out * ((out + 1) - 1))
    report = check_graph(mg.call(op, leaf([-9.0, -8.0], np.float32)).sum())
    row = report["Own.grad_x"]
    assert row.verdict == "ok"
    assert 1e-5 < row.precision < 1e-3


def test_a_cast_is_checked_in_float64():
    x = leaf(dtype=np.float32)
    report = check_graph(mg.exp(mg.astype(x, np.float64)).sum())
    assert verdicts(report) == {"Sum.grad_x": "ok", "Exp.grad_x": "ok", "Cast.grad_x": "ok"}
    assert check_graph(mg.exp(mg.astype(leaf(), np.float32)).sum()).ok


def test_nothing_of_the_graph_changes():
    def writes_everywhere(grad_out, out, x):
        grad_x = grad_out * out
        grad_out *= 5
        out *= 5
        x *= 5
        return grad_x

    x = leaf()
    x.grad = mark = np.array([7.0, 7.0, 7.0])
    h = mg.call(op_with(writes_everywhere), x)
    loss = (h * 2).sum()
    before = [t.data.copy() for t in (x, h, loss)]
    stamps = [t.stamp for t in (x, h, loss)]
    report = check_graph(loss)
    row = report["Own.grad_x"]
    assert row.verdict == "FAIL"
    for name in ("grad_out", "out", "x"):
        assert f"the rule wrote into {name}" in row.detail
    for tensor, values in zip((x, h, loss), before, strict=True):
        assert np.array_equal(tensor.data, values)
    assert stamps == [t.stamp for t in (x, h, loss)]
    assert x.grad is mark
    assert np.array_equal(mark, [7, 7, 7])
    assert h.grad is None
    assert loss.grad is None


@pytest.mark.parametrize(
    ("rule", "detail"),
    [
        (lambda grad_out, out, x: (grad_out * out)[:, None], "returned shape (3, 1)"),
        (lambda grad_out, out, x: (grad_out * out).sum(), "must have shape (3,)"),
        (lambda grad_out, out, x: None, "returned None, not an array"),
        (lambda grad_out, out, x: out, "returned the memory of out, not a new array"),
        (lambda grad_out, out, x: x[::-1], "returned the memory of x, not a new array"),
        (lambda grad_out, out, x: (grad_out * out) > 0, "returned bool for an input of float64"),
        (
            lambda grad_out, out, x: (grad_out * out).astype(np.float32),
            "returned float32 for an input of float64",
        ),
        (lambda grad_out, out, x: 1 // 0, "the rule raised ZeroDivisionError"),
        (None, "there is no rule Own.grad_x: write one, or pass x.detach()"),
    ],
)
def test_a_rule_at_fault_apart_from_its_numbers(rule, detail):
    x = leaf()
    report = check_graph(mg.call(op_with(rule), mg.tanh(x)).sum())
    row = report["Own.grad_x"]
    assert row.verdict == "FAIL"
    assert detail in row.detail
    assert verdicts(report) == {"Sum.grad_x": "ok", "Own.grad_x": "FAIL", "Tanh.grad_x": "ok"}
    assert "test_graph_check.py" in row.source
    assert " ".join(detail.split()) in " ".join(repr(report).split())  # long lines are wrapped


def test_a_rule_that_computes_in_float64_for_float32():
    op = op_with(lambda grad_out, out, x: grad_out * np.float64(1) * out)
    row = check_graph(mg.call(op, leaf(dtype=np.float32)).sum())["Own.grad_x"]
    assert (row.verdict, row.detail) == (
        "FAIL",
        "the rule returned float64 for an input of float32",
    )


def test_rules_after_one_that_gives_nan_are_checked_all_the_same():
    op = op_with(lambda grad_out, out, x: grad_out * np.nan)
    report = check_graph(mg.call(op, mg.tanh(leaf())).sum())
    assert verdicts(report) == {"Sum.grad_x": "ok", "Own.grad_x": "FAIL", "Tanh.grad_x": "ok"}
    assert "under a Gaussian gradient" in report["Tanh.grad_x"].detail


def test_a_wrong_rule_of_one_of_many_arrays():
    class Join(mg.Op):
        @staticmethod
        def forward(*arrays):
            return np.concatenate(arrays)

        @staticmethod
        def grad_arrays(grad_out, out, *arrays, index):
            start = sum(len(array) for array in arrays[:index])
            return grad_out[start : start + len(arrays[index])] * (2 if index == 2 else 1)

    x, y = leaf(), leaf([1.0])
    report = check_graph(mg.call(Join, x, np.ones(2), y, y).sum())
    assert verdicts(report) == {
        "Sum.grad_x": "ok",
        "Join.grad_arrays[0]": "ok",
        "Join.grad_arrays[2]": "FAIL",
        "Join.grad_arrays[3]": "ok",
    }


def test_the_name_of_a_tensor_is_part_of_its_rules():
    h = mg.exp(leaf())
    h.name = "hidden"
    report = check_graph(mg.where(h.data > 1, h, 2.0).sum())
    assert [row.name for row in report.rows] == [
        "Sum.grad_x",
        "Where.grad_x",
        "Exp.grad_x 'hidden'",
    ]
    assert report["Exp.grad_x 'hidden'"].source.endswith("'hidden' = Exp(x)")


def test_a_kink_is_told_with_the_line_of_its_op():
    x = leaf([0.0, 1.0])
    loss = mg.relu(x).sum()
    report = check_graph(loss)
    assert report["Relu.grad_x"].verdict == "kink"
    line = test_a_kink_is_told_with_the_line_of_its_op.__code__.co_firstlineno + 2
    assert f"Relu(x) test_graph_check.py:{line}" in report["Relu.grad_x"].detail
    assert report.ok
    assert not check_graph(loss, strict=True).ok


def test_no_gradient_arriving_is_vacuous():
    x = leaf()
    report = check_graph((mg.exp(x) * 0.0).sum())
    assert report["Exp.grad_x"].verdict == "vacuous"


def test_a_forward_that_stays_in_float32_is_inconclusive():
    op = op_with(
        lambda grad_out, out, x: grad_out * out, forward=lambda x: np.exp(x).astype(np.float32)
    )
    row = check_graph(mg.call(op, leaf()).sum())["Own.grad_x"]
    assert (row.verdict, row.detail) == (
        "inconclusive",
        "forward returns float32 for float64 inputs",
    )


def test_a_forward_that_cannot_run_in_float64_is_inconclusive():
    def forward(x):
        if x.dtype != np.float32:
            raise ValueError("only float32")
        return np.exp(x)

    op = op_with(lambda grad_out, out, x: grad_out * out, forward)
    row = check_graph(mg.call(op, leaf(dtype=np.float32)).sum())["Own.grad_x"]
    assert row.verdict == "inconclusive"
    assert "forward cannot run in float64: Own: only float32" in row.detail


def test_a_forward_that_draws_or_writes():
    rng = np.random.default_rng(0)
    draws = op_with(lambda grad_out, out, x: grad_out, forward=lambda x: x + rng.random(x.shape))
    row = check_graph(mg.call(draws, leaf()).sum())["Own.grad_x"]
    assert (row.verdict, row.detail) == ("nondeterministic", "two evaluations of forward differ")

    def forward(x):
        out = np.exp(x)
        x[0] += 1
        return out

    writes = op_with(lambda grad_out, out, x: grad_out * out, forward)
    row = check_graph(mg.call(writes, leaf()).sum())["Own.grad_x"]
    assert (row.verdict, row.detail) == ("FAIL", "forward wrote into its input")


def test_values_written_after_forward_are_noticed():
    x = leaf()
    loss = mg.exp(x).sum()
    x.data[...] = 0.25
    row = check_graph(loss)["Exp.grad_x"]
    assert row.verdict == "nondeterministic"
    assert row.detail == "forward gives other values now than it gave in this graph"


def test_graphs_that_cannot_be_walked():
    x = leaf()
    loss = mg.exp(x).sum()
    x.mark_changed()
    with pytest.raises(GraphError, match="has changed since"):
        check_graph(loss)
    loss = mg.exp(x).sum()
    loss.backward(free_graph=True)
    with pytest.raises(GraphError, match="was freed"):
        check_graph(loss)
    with pytest.raises(GraphError, match="requires no gradient"):
        check_graph(mg.Tensor(1.0))
    with pytest.raises(DTypeError, match=r"loss must be a Tensor, got 1\.0"):
        check_graph(1.0)
    with pytest.raises(DomainError, match="mode is 'quick'"):
        check_graph(mg.exp(x).sum(), mode="quick")


def test_other_modes():
    loss = layers(2, wrong=1, rows=2, width=3)
    for mode in ("full", "fast", "subset"):
        report = check_graph(loss, mode=mode, directions=2, seed=5)
        assert [row.name for row in report.rows if row.verdict == "FAIL"] == [
            "TanhOffByOnePower.grad_x"
        ]
        assert {row.mode for row in report.rows} == {mode}
    assert report.reproduce == "check_graph(loss, mode='subset', directions=2, seed=5)"
