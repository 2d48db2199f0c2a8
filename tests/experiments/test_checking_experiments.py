"""Checking: a mistake put in on purpose is found, in a neuron and in a network; kinks are none."""

import numpy as np
import pytest

import minigrad as mg

DIGITS = mg.data.load_digits()
BATCH = DIGITS.x[:20], DIGITS.y[:20]
W, B = np.array(2.0), np.array(2.0)
OUTPUT = 1 / (1 + np.exp(-4.0))


class Logistic(mg.Op):
    @staticmethod
    def forward(x):
        return 1 / (1 + np.exp(-x))

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out * out  # the factor (1 - out) is missing
        return grad_x


class Repaired(Logistic):
    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out * out * (1 - out)
        return grad_x


class Layer(mg.nn.Module):
    def __init__(self, op):
        super().__init__()
        self.op = op

    def forward(self, x):
        return mg.call(self.op, x)


def cost(w, b):
    return 0.5 * (0.0 - mg.sigmoid(w * 1.0 + b)) ** 2


def wrong_cost(w, b):
    return 0.5 * (0.0 - mg.call(Logistic, w * 1.0 + b)) ** 2


def network(op):
    first, _, last = mg.nn.mlp([64, 32, 10], activation="sigmoid", rng=0)
    return mg.nn.Sequential(first, Layer(op), last)


def difference(h):
    return (cost(2.0 + h, 2.0) - cost(2.0 - h, 2.0)) / (2 * h)


def derivatives(order):
    """Of the cost with respect to w, from the first on."""
    w = mg.Tensor(W, requires_grad=True)
    found = [cost(w, B)]
    for _ in range(order):
        found.append(mg.grad(found[-1], w, create_graph=True))
    return [value.item() for value in found[1:]]


def test_the_truncation_of_a_difference_is_that_of_taylor():
    """(f(x + h) − f(x − h)) / 2h = f' + f''' h² / 6 + O(h⁴)."""
    first, _, third = derivatives(3)
    for h in (1e-1, 1e-2, 1e-3):
        np.testing.assert_allclose(difference(h) - first, third * h**2 / 6, rtol=0.5 * h + 1e-4)
    assert abs(third / 6) == pytest.approx(2.4e-3, rel=0.02)  # the line in the picture


def test_its_rounding_grows_until_nothing_is_left():
    (first,) = derivatives(1)
    errors = [
        np.abs([difference(h * k) - first for k in (1, 2, 3, 5)]).max() for h in (1e-6, 1e-12)
    ]
    assert errors[0] < 1e-8
    assert errors[1] > 100 * errors[0]
    assert difference(1e-17) == 0


def test_the_neuron_is_right_and_with_the_wrong_rule_it_is_not():
    assert mg.checking.gradcheck(cost, [W, B]).ok
    report = mg.checking.gradcheck(wrong_cost, [W, B])
    assert not report.ok
    for row in report.rows:
        assert row.verdict == "FAIL"
        np.testing.assert_allclose(
            row.worst.analytic / row.worst.numeric, 1 / (1 - OUTPUT), rtol=1e-6
        )


def test_the_graph_names_the_rule_and_the_repair_passes():
    w, b = (mg.Tensor(value, requires_grad=True) for value in (W, B))
    report = mg.checking.check_graph(wrong_cost(w, b))
    assert [row.name for row in report.rows if row.verdict == "FAIL"] == ["Logistic.grad_x"]
    assert {row.verdict for row in report.rows} == {"ok", "FAIL"}
    assert mg.checking.gradcheck(lambda z: mg.call(Repaired, z), np.array([-3.0, 0.0, 4.0])).ok
    assert not mg.checking.gradcheck(lambda z: mg.call(Logistic, z), np.array([-3.0, 0.0, 4.0])).ok


@pytest.mark.parametrize(("function", "last"), [(cost, "0.20"), (wrong_cost, "0.08")])
def test_learning_does_not_tell(function, last):
    w, b = (mg.Tensor(value.copy(), requires_grad=True) for value in (W, B))
    optimizer = mg.optim.SGD([w, b], lr=0.15)
    for _ in range(300):
        optimizer.zero_grad()
        function(w, b).backward()
        optimizer.step()
    assert f"{mg.sigmoid(w * 1.0 + b).item():.2f}" == last


def test_a_kink_and_a_check_that_checks_nothing():
    points, z = np.array([-1.0, 0.0, 1.0]), np.array([1.0, 0.0, -1.0])
    report = mg.checking.gradcheck(mg.relu, points)
    assert (report.verdict, report.ok) == ("kink", True)
    assert not mg.checking.gradcheck(mg.relu, points, strict=True).ok
    assert mg.checking.gradcheck(lambda z: mg.softmax(z).sum(), z).verdict == "vacuous"
    assert mg.checking.gradcheck(mg.softmax, z).verdict == "ok"


def test_the_network_and_which_of_its_gradients_are_wrong():
    report = mg.checking.check_model(network(Repaired), mg.softmax_cross_entropy, BATCH)
    assert report.ok
    wrong = network(Logistic)
    report = mg.checking.check_model(wrong, mg.softmax_cross_entropy, BATCH)
    failed = [row.name for row in report.rows if row.verdict == "FAIL"]
    assert failed == ["0.weight", "0.bias", "x"]
    images, labels = BATCH
    report = mg.checking.check_graph(mg.softmax_cross_entropy(wrong(images), labels))
    assert [row.name for row in report.rows if row.verdict == "FAIL"] == ["Logistic.grad_x"]


def test_the_wrong_network_learns_too_only_worse():
    accuracies = []
    for op in (Repaired, Logistic):
        model = network(op)
        history = mg.training.fit(
            model,
            mg.softmax_cross_entropy,
            mg.optim.SGD(model.parameters(), lr=0.1),
            (DIGITS.x[:1400], DIGITS.y[:1400]),
            (DIGITS.x[1400:], DIGITS.y[1400:]),
            epochs=10,
            metrics=[mg.training.accuracy],
            rng=0,
            progress=False,
        )
        accuracies.append(history["validation_accuracy"][-1])
    assert [f"{accuracy:.2f}" for accuracy in accuracies] == ["0.79", "0.59"]
