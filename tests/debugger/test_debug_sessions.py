"""Whole sessions: what the debugger is for, as a user would type it."""

import re
from itertools import pairwise

import numpy as np
import pytest
from prompting import answers, session, typed

import minigrad as mg
from minigrad import nn, optim
from minigrad.debugger import DebuggerQuit

# Three ways to a NaN. On each line there are two alike, of which one is at fault.


def log_of_zero():
    p = mg.Tensor([[0.5, 0.5], [1.0, 0.0]], requires_grad=True, name="p")
    q = mg.Tensor([[0.5, 0.5], [0.5, 0.5]], requires_grad=True, name="q")
    return ([[0.0, 1.0], [1.0, 0.0]] * (mg.log(q) + mg.log(p))).sum()


def zero_over_zero():
    x = mg.Tensor([[1.0, 3.0], [0.0, 0.0]], requires_grad=True, name="x")
    y = mg.Tensor([[1.0, 3.0], [2.0, 0.0]], requires_grad=True, name="y")
    return (y / y.sum(axis=1, keepdims=True) - x / x.sum(axis=1, keepdims=True)).sum()


def overflow():
    z = mg.Tensor([1.0, 1000.0], requires_grad=True, name="z")
    return (mg.exp(-z) / (mg.exp(z) - mg.exp(z))).sum()


def marked(lines):
    """What the carets stand under, for each line of carets."""
    found = []
    for source, marks in pairwise(lines):
        if marks.strip() and set(marks.strip()) == {"^"}:
            found.append(source[marks.index("^") : marks.rindex("^") + 1])
    return found


@pytest.mark.parametrize(
    ("make", "culprit", "causes"),
    [
        (log_of_zero, "mg.log(p)", ["log of 0", "x[1, 1] = 0", "0 * inf in Log.grad_x"]),
        (zero_over_zero, "x / x.sum(axis=1, keepdims=True)", ["0 / 0 in Divide", "y[1, 0] = 0"]),
        (overflow, "mg.exp(z)", ["overflow of exp of 1000", "x[1] = 1000"]),
    ],
)
def test_the_sub_expression_that_made_the_nan(make, culprit, causes):
    with np.errstate(all="ignore"):
        loss = make()
    files = typed("nan", "l", "q")
    with pytest.raises(DebuggerQuit), mg.debugging(on="nonfinite", **files):
        loss.backward()
    text = files["stdout"].getvalue()
    stop, *_ = text.split("(mg) ")
    told = dict(answers(text))
    assert marked(stop.splitlines())[0] == culprit
    assert marked(stop.splitlines())[-1] == culprit
    assert marked(told["l"].splitlines()) == [culprit]
    for cause in causes:
        assert cause in " ".join(told["nan"].split())


def test_the_first_of_two_alike_if_that_is_at_fault():
    p = mg.Tensor([1.0, 0.0], requires_grad=True, name="p")
    with np.errstate(all="ignore"):
        loss = (mg.log(p) + mg.log(p + 1.0)).sum()
    files = typed("q")
    with pytest.raises(DebuggerQuit), mg.debugging(on="nonfinite", **files):
        loss.backward()
    assert set(marked(files["stdout"].getvalue().splitlines())) == {"mg.log(p)"}


# One wrong rule among ten layers


class Swish(mg.Op):
    """out = x * sigmoid(x), with a rule that forgot a term."""

    @staticmethod
    def forward(x):
        return x / (1 + np.exp(-x))

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out * mg.sigmoid(x)
        return grad_x


def ten_layers(wrong):
    rng = np.random.default_rng(0)
    h = rng.standard_normal((2, 3))
    for number in range(10):
        layer = nn.Linear(3, 3, rng=rng)
        h = mg.call(Swish, layer(h)) if number == wrong else mg.silu(layer(h))
    return (h * h).sum()


@pytest.mark.parametrize("wrong", [0, 6, 9])
def test_bisect_finds_the_one_wrong_rule(wrong):
    loss = ten_layers(wrong)
    text = session(loss, "bisect", "fd", "ll", "goto end", "c")
    told = dict(answers(text))
    assert "Swish.grad_x" in told["bisect"]
    # The sum, its square and two steps for each layer behind it come first.
    assert f"step {3 + 2 * (9 - wrong)} of 22" in told["bisect"]
    assert marked(told["bisect"].splitlines())[-1] == "mg.call(Swish, layer(h))"
    assert told["fd"].endswith("FAIL")
    assert "grad_x = grad_out * mg.sigmoid(x)" in told["ll"]


def test_bisect_where_every_rule_is_right():
    told = session(ten_layers(None), "bisect", "c")
    assert "no step fails its check: all 22 are right" in told


# To the start and forward again


def test_back_to_the_start_and_forward_again_is_bit_identical():
    rng = np.random.default_rng(1)
    model = nn.mlp([6, 5, 4, 3], activation="tanh", rng=rng, dtype=np.float32)
    x, y = rng.standard_normal((7, 6)).astype(np.float32), rng.integers(0, 3, 7)
    loss = mg.softmax_cross_entropy(model(x), y)
    loss.backward()
    expected = [parameter.grad for parameter in model.parameters()]
    model.zero_grad()
    dump = "print([g if g is None else g.tobytes().hex() for g in grads.values()])"
    commands = [dump, "goto end", dump, "back 99", dump, "n 3", "back", "n 99", dump, "c"]
    text = session(loss, *commands)
    start, end, start_again, end_again = (
        told for command, told in answers(text) if command == dump
    )
    assert start == start_again
    assert end == end_again
    assert start.count("None") == 11
    assert "None" not in end
    for parameter, gradient in zip(model.parameters(), expected, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient, strict=True)


# Why a gradient is None or zero


def test_why_a_parameter_gets_no_gradient():
    w = mg.Tensor([[1.0, -1.0], [2.0, 0.5]], requires_grad=True, name="w")
    detached = mg.Tensor([2.0, 3.0], requires_grad=True, name="detached")
    unused = mg.Tensor([1.0, 1.0], requires_grad=True, name="unused")
    dead = mg.Tensor([-9.0, -9.0], requires_grad=True, name="dead")
    scale = (detached * 2.0).detach()
    loss = (mg.relu(mg.abs(w) + dead) * scale).sum() + w.sum()
    files = typed("why detached", "why unused", "why dead", "why w", "c")
    mg.debug(loss, **files)
    told = {
        command: " ".join(lines.split()) for command, lines in answers(files["stdout"].getvalue())
    }
    assert "detach" in told["why detached"]
    assert "(detached * 2.0).detach()" in told["why detached"]
    assert "unused" in told["why unused"]
    assert "Relu" in told["why dead"]
    assert "<= 0" in told["why dead"]
    assert "mg.relu(mg.abs(w) + dead)" in told["why dead"]
    assert detached.grad is None
    assert unused.grad is None
    np.testing.assert_array_equal(dead.grad, [0.0, 0.0])
    assert w.grad is not None


def test_why_by_the_name_that_a_model_gives():
    model = nn.mlp([2, 3, 2], rng=0)
    loss = model[0](np.ones((1, 2))).sum()
    files = typed("why 2.weight", "why 0.weight", "c")
    mg.debug(loss, **files)
    told = dict(answers(files["stdout"].getvalue()))
    assert told["why 2.weight"].startswith("'2.weight'")
    assert "not zero" in " ".join(told["why 0.weight"].split())


# A conditional breakpoint at the 37th training step


def training(steps):
    """Forty steps of gradient descent; the gradients of the last layer's bias on the way."""
    rng = np.random.default_rng(0)
    model = nn.mlp([4, 5, 3], rng=rng)
    sgd = optim.SGD(model.parameters(), lr=0.5)
    x, y = rng.standard_normal((7, 4)), rng.integers(0, 3, 7)
    gradients = []
    for _ in range(steps):
        loss = mg.softmax_cross_entropy(model(x), y)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        gradients.append(model.parameters()[-1].grad)
    return gradients


def test_a_conditional_breakpoint_at_the_37th_training_step():
    expected = training(40)
    files = typed(
        "b name:2.bias if nth == 37",
        "c",
        "len(gradients)",
        "n",
        "print([g.tolist() for t, g in grads.items() if t.name == '2.bias'])",
        "c",
    )
    with mg.debugging(at=1, **files):
        gradients = training(40)
    told = answers(files["stdout"].getvalue())
    assert "breakpoint 1: name:2.bias if nth == 37" in told[1][1]
    assert re.search(r"step 2 of 4 +backward pass 37", told[1][1])
    assert told[2][1] == "36"
    assert told[4][1] == f"[{expected[36].tolist()}]"
    assert told[5][1].strip() == "backward pass 37 is complete: .grad is filled"
    for with_debugger, without in zip(gradients, expected, strict=True):
        np.testing.assert_array_equal(with_debugger, without, strict=True)


def test_the_37th_pass_can_be_asked_for():
    files = typed("nth, step.number", "c")
    with mg.debugging(at=37, **files):
        training(40)
    text = files["stdout"].getvalue()
    assert text.startswith("\nstart of backward pass 37\n")
    assert answers(text)[0][1] == "(37, 1)"
