"""A rule in numbers: what the equations say is what the rule computed, entry by entry."""

import re

import numpy as np
import pytest

import minigrad as mg
from minigrad.debugger.equation import Number, Reading

rng = np.random.default_rng(7)


def readings(loss):
    """The rule's name, the contribution and the reading of every flow."""
    found = {}
    for step in mg.steps(loss):
        for flow in step.flows:
            found[flow.rule] = (flow.contribution, Reading(step, flow))
    return found


def computed(equation):
    """The right-hand side, computed from the numbers as they stand there."""
    text = "".join(
        token if isinstance(token, str) else f"({token.value!r})" for token in equation.tokens
    )
    return eval(re.sub(r"np\.", "numpy.", text), {"numpy": np, "nan": np.nan, "inf": np.inf})


def tensor(*shape):
    return mg.Tensor(rng.uniform(0.5, 2.0, shape), requires_grad=True)


LOSSES = {
    "sigmoid": lambda: mg.sigmoid(tensor(3)).sum(),
    "broadcast": lambda: (tensor(2, 3) * tensor(3) + tensor(2, 1)).sum(),
    "power": lambda: (tensor(2, 3) ** 3.0 / tensor(3)).mean(axis=0).sum(),
    "matmul": lambda: (tensor(2, 9) @ tensor(9, 3)).var(),
    "batched": lambda: (tensor(4, 2, 3) @ tensor(3, 2)).sum(),
    "linear": lambda: mg.tanh(mg.linear(tensor(8, 4), tensor(4, 2), tensor(2))).sum(),
    "moves": lambda: mg.exp(mg.concatenate([tensor(2, 3).T, tensor(3, 1)], axis=1)).sum(),
    "logits": lambda: mg.softmax_cross_entropy(tensor(4, 3), [0, 2, 1, 1]),
    "choices": lambda: (mg.relu(tensor(4)) + mg.where([True, False] * 2, tensor(4), 0.0)).sum(),
    "logs": lambda: (mg.log(tensor(3)) * mg.sqrt(tensor(3))).sum(),
}


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "choices"])
def test_the_numbers_shown_give_the_number_shown_and_it_is_the_contribution(name):
    for rule, (contribution, reading) in readings(LOSSES[name]()).items():
        for index in np.ndindex(contribution.shape):
            equations = reading.at(index)
            assert equations, rule
            assert equations[-1].value == contribution[index], rule
            for equation in equations:
                np.testing.assert_allclose(computed(equation), equation.value, rtol=1e-12)


def test_a_condition_chooses_among_the_numbers_shown():
    (_, reading) = readings(LOSSES["choices"]())["Where.grad_x"]
    assert [str(line) for line in reading.at((0,))] == ["dL/dx[0] = where(1, 1, 0) = 1"]
    assert [str(line) for line in reading.at((1,))] == ["dL/dx[1] = where(0, 1, 0) = 0"]


def test_numbers_say_where_they_stand():
    x = mg.Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    y = mg.Tensor(np.arange(3.0).reshape(3, 1), requires_grad=True)
    (_, reading) = readings((x @ y).sum())["Matmul.grad_y"]
    (equation,) = reading.at((2, 0))
    numbers = [token for token in equation.tokens if isinstance(token, Number)]
    assert [(number.text, number.value) for number in numbers] == [
        ("x[0, 2]", 2.0),
        ("dL/dout[0, 0]", 1.0),
        ("x[1, 2]", 5.0),
        ("dL/dout[1, 0]", 1.0),
    ]
    assert str(equation) == "dL/dy[2, 0] = 2 * 1 + 5 * 1 = 7"


def test_what_was_broadcast_is_added_up_again():
    x = mg.Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    scale = mg.Tensor([10.0, 20.0], requires_grad=True)
    (_, reading) = readings((x * scale).sum())["Multiply.grad_y"]
    assert [str(line) for line in reading.at((1,))] == [
        "grad_y[0, 1] = 1 * 2 = 2",
        "dL/dy[1] = 2 + 4 = 6",
    ]


def test_of_a_long_sum_the_largest_terms_are_written_out():
    x = mg.Tensor([1.0, 50.0, 2.0, 60.0, 3.0, 70.0, 4.0, 80.0, 5.0, 90.0], requires_grad=True)
    scale = mg.Tensor([0.5], requires_grad=True)
    (_, reading) = readings((x * scale).sum())["Multiply.grad_y"]
    *_, last = reading.at((0,))
    assert str(last) == "dL/dy[0] = 50 + 60 + 70 + 80 + 90 + 15 = 365"
    assert last.tokens[-1].text == "5 smaller terms together"


def test_nan_and_infinity_are_shown_as_they_met():
    p = mg.Tensor([0.5, 0.0], requires_grad=True)
    with np.errstate(all="ignore"):
        (_, reading) = readings((p * mg.log(p)).sum())["Log.grad_x"]
        assert str(reading.at((1,))[-1]) == "dL/dx[1] = 0 / 0 = nan"


class Curious(mg.Op):
    """A rule that returns out of a loop, and one that is not what its text says."""

    calls = 0

    @staticmethod
    def forward(x, y):
        return x * y

    @staticmethod
    def grad_x(grad_out, out, x, y):
        for factor in (y, x):
            return grad_out * factor
        return None

    @staticmethod
    def grad_y(grad_out, out, x, y):
        Curious.calls += 1
        grad_y = grad_out * x * Curious.calls
        return grad_y


def test_a_rule_that_cannot_be_read_tells_nothing_rather_than_something_wrong():
    loss = mg.call(Curious, tensor(2), tensor(2)).sum()
    found = readings(loss)
    assert found["Curious.grad_x"][1].at((0,)) == []
    assert found["Curious.grad_y"][1].at((0,)) == []


class Branching(mg.Op):
    """A rule with a branch, a loop, and a name for a view."""

    @staticmethod
    def forward(x):
        return (x * x * x).T

    @staticmethod
    def grad_x(grad_out, out, x):
        turned = grad_out.T
        power = x
        if x.ndim == 2:
            power = x * x
        factor = 0
        for _ in range(3):
            factor = factor + 1
        return turned * (factor * power)


def test_branches_loops_and_views_are_followed():
    x = mg.Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    (step,) = mg.steps(mg.call(Branching, x), [[1.0, 10.0], [100.0, 1000.0]])
    equations = Reading(step, step.flows[0]).at((0, 1))
    assert [str(line) for line in equations] == [
        "power[0, 1] = 2 * 2 = 4",
        "dL/dx[0, 1] = 100 * (3 * 4) = 1200",
    ]
    assert [token.text for token in equations[1].tokens if isinstance(token, Number)] == [
        "dL/dout[1, 0]",
        "factor",
        "power[0, 1]",
    ]


class Writing(mg.Op):
    """A rule that writes into what it gets."""

    @staticmethod
    def forward(x):
        return x * 2.0

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = np.multiply(grad_out, 2.0, out=x)
        return grad_x


def test_reading_a_rule_that_writes_into_what_it_gets_leaves_the_graph_alone():
    x = mg.Tensor([1.0, 3.0], requires_grad=True)
    step = next(mg.steps(mg.call(Writing, x), [5.0, 6.0]))
    flow = step.flows[0]
    x.data[...] = [1.0, 3.0]
    Reading(step, flow)
    np.testing.assert_array_equal(x.data, [1.0, 3.0])


class Growing(mg.Op):
    """A rule that gives one name to several arrays."""

    @staticmethod
    def forward(x):
        return x * x * x

    @staticmethod
    def grad_x(grad_out, out, x):
        total = grad_out
        total = total * x
        total = total * x
        total = total * 3.0
        return total


def test_a_name_given_to_several_arrays_is_explained_for_each():
    (step,) = mg.steps(mg.call(Growing, mg.Tensor([5.0, 2.0], requires_grad=True)), [1.0, 10.0])
    assert [str(line) for line in Reading(step, step.flows[0]).at((1,))] == [
        "total[1] = 10 * 2 = 20",
        "total[1] = 20 * 2 = 40",
        "dL/dx[1] = 40 * 3.0 = 120",
    ]
