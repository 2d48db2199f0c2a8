"""Stepping: where the gradient becomes small, and where a NaN is born, told by the steps."""

import io

import numpy as np
import pytest

import minigrad as mg

DIGITS = mg.data.load_digits()
IMAGES, LABELS = DIGITS.x[:32], DIGITS.y[:32]
TARGETS = mg.data.one_hot(LABELS, num_classes=10)


@pytest.fixture
def neuron():
    """The slow neuron at its bad start: parameters, and the output for the input 1."""
    w = mg.Tensor(2.0, requires_grad=True, name="w")
    b = mg.Tensor(2.0, requires_grad=True, name="b")
    return w, b, mg.sigmoid(w * 1.0 + b)


def quadratic(a):
    return 0.5 * (0.0 - a) ** 2


def cross_entropy(a):
    return -mg.log(1 - a)


def build(scale):
    model = mg.nn.mlp([64, 32, 10], activation="sigmoid", rng=0)
    model[2].weight.data *= scale
    return model


def squared_error(logits):
    return mg.sum_squared_error(mg.softmax(logits), TARGETS, factor=0.5, reduction="mean")


def gains(loss):
    """By rule; of a rule that runs more than once, the last."""
    return {flow.rule: flow.gain for step in mg.steps(loss) for flow in step.flows}


def test_the_sigmoid_multiplies_the_gradient_away(neuron):
    w, b, a = neuron
    found = gains(quadratic(a))
    slope = a.item() * (1 - a.item())
    assert f"{found['Sigmoid.grad_x']:.4f}" == "0.0177"
    np.testing.assert_allclose(found["Sigmoid.grad_x"], slope, rtol=1e-12)
    assert found["Subtract.grad_y"] == found["Add.grad_x"] == found["Add.grad_y"] == 1
    np.testing.assert_allclose([w.grad, b.grad], a.item() * slope, rtol=1e-13)


def test_with_cross_entropy_the_logarithm_makes_up_for_it(neuron):
    w, _, a = neuron
    found = gains(cross_entropy(a))
    assert f"{found['Log.grad_x']:.1f}" == "55.6"
    np.testing.assert_allclose(found["Log.grad_x"] * found["Sigmoid.grad_x"], a.item(), rtol=1e-13)
    np.testing.assert_allclose(w.grad, a.item(), rtol=1e-13)


@pytest.mark.parametrize("cost", [quadratic, cross_entropy])
def test_steps_leave_what_backward_would(neuron, cost):
    w, b, a = neuron
    for _ in mg.steps(cost(a)):
        pass
    by_steps = w.grad.tobytes(), b.grad.tobytes(), a.grad.tobytes()
    w.grad = b.grad = None
    cost(a).backward()
    assert (w.grad.tobytes(), b.grad.tobytes(), a.grad.tobytes()) == by_steps


def test_a_session_at_the_prompt(neuron):
    w, _, a = neuron
    said = io.StringIO()
    typed = io.StringIO("b op:Sigmoid\nc\nround(1 - float(out), 4)\nback\nn\nc\n")
    mg.debug(quadratic(a), stdin=typed, stdout=said)
    stops = [line for line in said.getvalue().splitlines() if "] step " in line]
    assert [line.split("step ")[1].split(" of")[0] for line in stops] == ["1", "4", "3", "4"]
    assert "dL/dx = 0.982 * 0.982 * (1 - 0.982) = 0.01735" in said.getvalue()
    assert "(mg) 0.018\n" in said.getvalue()
    np.testing.assert_allclose(w.grad, a.item() ** 2 * (1 - a.item()), rtol=1e-13)


def test_the_squared_error_of_a_network_loses_its_gradient_in_the_softmax():
    lost = gains(squared_error(build(20.0)(IMAGES)))
    assert lost["Softmax.grad_x"] < 1e-3
    assert min(gain for rule, gain in lost.items() if rule[:7] in ("Linear.", "Sigmoid")) > 0.1
    assert gains(squared_error(build(1.0)(IMAGES)))["Softmax.grad_x"] > 0.05
    kept = gains(mg.softmax_cross_entropy(build(20.0)(IMAGES), LABELS))
    assert kept["SoftmaxCrossEntropy.grad_logits"] > 0.2


def test_the_nan_of_a_cross_entropy_by_hand_comes_from_the_logarithm():
    model = build(1000.0)
    with np.errstate(all="ignore"):
        by_hand = -(TARGETS * mg.log(mg.softmax(model(IMAGES)))).sum() / 32
    said = io.StringIO()
    with mg.debugging(on="nonfinite", stdin=io.StringIO("c\n"), stdout=said):
        by_hand.backward()
    told = " ".join(said.getvalue().split())
    assert "first value that is not finite is -inf in Log[0, 0]" in told
    assert "log of 0 in Log" in told
    assert np.isnan(model[0].weight.grad).any()

    model.zero_grad()
    mg.softmax_cross_entropy(model(IMAGES), LABELS).backward()
    assert all(np.isfinite(parameter.grad).all() for parameter in model.parameters())


def test_pages_and_drawings_of_both(neuron):
    *_, a = neuron
    loss = mg.softmax_cross_entropy(build(1.0)(IMAGES), LABELS)
    assert mg.replay(quadratic(a)).steps == 6
    assert mg.replay(loss).steps == 4
    assert mg.draw(quadratic(a)).svg().count("data-node=") == 8  # 6 ops, w and b
    drawn = mg.draw(build(1.0), input_shape=64, direction="right").svg()
    assert all(text in drawn for text in ("(N, 64)", "(N, 32)", "(N, 10)", "2,410"))
