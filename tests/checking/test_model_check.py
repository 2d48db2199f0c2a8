"""`check_model`: which parameters are spoiled, and the model as it was afterwards."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.checking import check_model, gradcheck
from minigrad.checking.problem import Problem
from minigrad.errors import DomainError, DTypeError
from minigrad.nn import Dropout, Function, Linear, Module, Sequential, Tanh, mlp
from minigrad.nn.mlp import ACTIVATIONS

RNG = np.random.default_rng(0)
X = RNG.standard_normal((5, 4))
LABELS = np.array([0, 2, 1, 1, 0])


class TanhOffByOnePower(mg.Op):
    @staticmethod
    def forward(x):
        return np.tanh(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        return grad_out * (1 - out * out * out)


def ten_layers(wrong):
    layers = []
    for number in range(1, 11):
        layers.append(Linear(4 if number == 1 else 6, 3 if number == 10 else 6, rng=number))
        wrong_here = Function(lambda x: mg.call(TanhOffByOnePower, x))
        layers.append(wrong_here if number == wrong else Tanh())
    return Sequential(*layers)


def test_a_wrong_rule_in_layer_4_spoils_what_is_before_it_and_nothing_else():
    report = check_model(ten_layers(wrong=4), mg.softmax_cross_entropy, (X, LABELS))
    assert not report.ok
    wrong = [row.name for row in report.rows if row.verdict == "FAIL"]
    right = [row.name for row in report.rows if row.verdict == "ok"]
    first_four = [f"{2 * k}.{name}" for k in range(4) for name in ("weight", "bias")]
    others = [f"{2 * k}.{name}" for k in range(4, 10) for name in ("weight", "bias")]
    assert wrong == [*first_four, "x"]
    assert right == others


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_activation_is_right(activation, dtype):
    model = mlp([4, 7, 3], activation, rng=4, dtype=dtype)
    report = check_model(model, mg.softmax_cross_entropy, (X.astype(dtype), LABELS))
    assert report.ok, report


@pytest.mark.parametrize(
    ("output", "loss", "targets"),
    [
        ("softmax", mg.cross_entropy, LABELS),
        ("softmax", mg.sum_squared_error, np.eye(3)[LABELS]),
        ("sigmoid", mg.binary_cross_entropy, np.eye(3)[LABELS]),
        ("sigmoid", mg.mean_squared_error, np.eye(3)[LABELS]),
        (None, mg.softmax_cross_entropy, LABELS),
        (None, mg.sigmoid_cross_entropy, np.eye(3)[LABELS]),
    ],
)
def test_every_loss_is_right(output, loss, targets):
    report = check_model(mlp([4, 6, 3], "tanh", output, rng=1), loss, (X, targets))
    assert report.ok, report


def test_the_numbers_are_the_gradient_of_the_loss_itself():
    model = mlp([4, 3], rng=0)
    report = check_model(model, mg.softmax_cross_entropy, (X, LABELS), mode="full")
    mg.softmax_cross_entropy(model(X), LABELS).backward()
    row = report["0.weight"]
    assert row.worst.analytic == pytest.approx(model[0].weight.grad[row.index], rel=1e-12)
    assert (row.mode, row.checked, row.total) == ("full", 12, 12)


def test_a_loss_per_sample_is_checked_under_a_gaussian_cotangent():
    def each(y, t):
        return mg.softmax_cross_entropy(y, t, reduction="none")

    assert check_model(mlp([4, 5, 3], rng=0), each, (X, LABELS)).ok


def test_precision_is_told_for_float32_only():
    single = check_model(
        mlp([4, 7, 3], rng=4, dtype=np.float32),
        mg.softmax_cross_entropy,
        (X.astype(np.float32), LABELS),
    )
    assert all(0 < row.precision < 1e-6 for row in single.rows)
    double = check_model(mlp([4, 7, 3], rng=4), mg.softmax_cross_entropy, (X, LABELS))
    assert {row.precision for row in double.rows} == {None}


def test_the_model_is_as_it_was():
    model = mlp([4, 7, 3], "relu", dropout=0.5, rng=4, dtype=np.float32)
    arrays = [p.data for p in model.parameters()]
    values = [array.copy() for array in arrays]
    stamps = [p.stamp for p in model.parameters()]
    model[0].weight.grad = mark = np.ones((4, 7), np.float32)
    dropout = model[2]
    state = dropout.rng.bit_generator.state
    x = X.astype(np.float32)
    report = check_model(model, mg.softmax_cross_entropy, (x, LABELS))
    assert report.ok
    assert all(p.data is array for p, array in zip(model.parameters(), arrays, strict=True))
    assert all(np.array_equal(*pair) for pair in zip(arrays, values, strict=True))
    assert stamps == [p.stamp for p in model.parameters()]
    assert model[0].weight.grad is mark
    assert np.array_equal(mark, np.ones((4, 7)))
    assert model[0].bias.grad is None
    assert dropout.rng.bit_generator.state == state
    assert all(module.training for module in model.modules())
    assert np.array_equal(x, X.astype(np.float32))


def test_the_model_is_as_it_was_after_an_error():
    model = mlp([4, 3], rng=4, dtype=np.float32)
    arrays = [p.data for p in model.parameters()]
    calls = []

    def loss(y, t):
        calls.append(y.dtype)
        if len(calls) == 3:
            raise ZeroDivisionError
        return mg.softmax_cross_entropy(y, t)

    with pytest.raises(ZeroDivisionError):
        check_model(model, loss, (X, LABELS))
    assert calls[-1] == np.float64
    assert all(p.data is array for p, array in zip(model.parameters(), arrays, strict=True))


def test_dropout_draws_the_same_masks_each_time():
    model = Sequential(Linear(4, 30, rng=0), Tanh(), Dropout(0.5, rng=1), Linear(30, 3, rng=2))
    report = check_model(model, mg.softmax_cross_entropy, (X, LABELS))
    assert report.ok, report
    mg.softmax_cross_entropy(model(X), LABELS).backward()
    assert check_model(model.eval(), mg.softmax_cross_entropy, (X, LABELS)).ok
    assert not model.training


def test_a_generator_out_of_sight_is_told_as_nondeterministic():
    rng = np.random.default_rng(0)
    model = Sequential(Linear(4, 3, rng=0), Function(lambda x: x * rng.random(x.shape)))
    report = check_model(model, mg.softmax_cross_entropy, (X, LABELS))
    assert {row.verdict for row in report.rows} == {"nondeterministic"}
    assert not report.ok


def test_a_frozen_parameter_and_integer_inputs_have_no_row():
    class Embedding(Module):
        def __init__(self):
            self.table = mg.Tensor(RNG.standard_normal((6, 4)), requires_grad=True)
            self.frozen = mg.Tensor(np.float32(2.0))

        def forward(self, index):
            return self.table[index] * self.frozen

    model = Embedding()
    frozen = model.frozen.data
    report = check_model(model, mg.softmax_cross_entropy, (np.array([1, 5, 5]), [0, 3, 2]))
    assert report.ok
    assert [row.name for row in report.rows] == ["table"]
    assert model.frozen.data is frozen


def test_a_parameter_named_x():
    class Shift(Module):
        def __init__(self):
            self.x = mg.Tensor(np.zeros(4), requires_grad=True)

        def forward(self, inputs):
            return inputs + self.x

    report = check_model(Shift(), mg.sum_squared_error, (X, np.ones((5, 4))))
    assert [row.name for row in report.rows] == ["x", "the input x"]


def test_gradients_of_gradients():
    report = check_model(
        mlp([4, 5, 3], "tanh", rng=0), mg.softmax_cross_entropy, (X, LABELS), order=2
    )
    assert report.ok, report
    names = ["0.weight", "0.bias", "2.weight", "2.bias", "x"]
    second = [f"grad of {name}" for name in [*names, "the cotangent"]]
    assert [row.name for row in report.rows] == names + second


def test_gradients_of_gradients_of_a_large_model_are_summed_over_an_axis(monkeypatch):
    model = mlp([200, 30, 3], "relu", rng=0, dtype=np.float32)
    batch = RNG.random((8, 200)).astype(np.float32), np.arange(8) % 3
    sizes = []
    outcome = Problem.outcome

    def counted(problem):
        found = outcome(problem)
        sizes.append(found.values.size)
        return found

    monkeypatch.setattr(Problem, "outcome", counted)
    report = check_model(model, mg.softmax_cross_entropy, batch, mode="fast", order=2)
    assert report.verdict == "ok", report
    assert max(sizes) == 30 + 30 + 90 + 3 + 200  # 0.weight and x have a sum for each column


@pytest.mark.parametrize("entry", [(0, 0), (7, 3), (63, 19)])
def test_one_wrong_entry_of_a_large_second_derivative(entry):
    """The sums over an axis hide no single entry: x² whose slope is right, its slope's is not."""
    factor = np.ones((64, 20))
    factor[entry] = 1 + 1e-6

    class Double(mg.Op):
        @staticmethod
        def forward(x):
            return 2 * x

        @staticmethod
        def grad_x(grad_out, out, x):
            return grad_out * (2 * factor)

    class Squared(mg.Op):
        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def grad_x(grad_out, out, x):
            return grad_out * mg.call(Double, x)

    report = gradcheck(lambda x: mg.call(Squared, x), RNG.uniform(1, 3, (64, 20)), order=2)
    assert [row.verdict for row in report.rows] == ["ok", "FAIL", "ok"], report
    assert report.rows[1].index == entry


def test_a_cast_to_float32_inside_is_refused():
    model = Sequential(Linear(4, 3, rng=0), Function(lambda x: mg.astype(x, np.float32)))
    with pytest.raises(DTypeError, match=r"= Cast\(x\) test_model_check.py:\d+ is computed in flo"):
        check_model(model, mg.softmax_cross_entropy, (X, LABELS))


def test_what_is_given_wrong():
    model = mlp([4, 3], rng=0)
    with pytest.raises(DTypeError, match="model must be a Module"):
        check_model(lambda x: x, mg.softmax_cross_entropy, (X, LABELS))
    with pytest.raises(DTypeError, match=r"batch must be a pair \(x, targets\)"):
        check_model(model, mg.softmax_cross_entropy, X)
    with pytest.raises(DomainError, match="order is 3; it must be 1 or 2"):
        check_model(model, mg.softmax_cross_entropy, (X, LABELS), order=3)
    with pytest.raises(DomainError, match="mode is 'quick'"):
        check_model(model, mg.softmax_cross_entropy, (X, LABELS), mode="quick")


def test_how_to_reproduce_it():
    model = Sequential(Function(lambda x: mg.call(TanhOffByOnePower, x)), Linear(4, 3, rng=0))
    report = check_model(model, mg.softmax_cross_entropy, (X, LABELS), seed=3)
    assert repr(report).endswith(
        "check_model(model, loss, batch, mode='auto', directions=3, order=1, seed=3)"
    )
