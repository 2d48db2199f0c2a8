"""Right rules must pass: every op of the table, and random networks, shapes, scales and values."""

import numpy as np
import pytest
from op_cases import CASES

import minigrad as mg
from minigrad.checking import gradcheck

GOOD = {"ok", "vacuous"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_op_of_the_table(case):
    report = gradcheck(case.function, case.draw())
    assert report.ok, report
    assert {row.verdict for row in report.rows} <= GOOD, report


@pytest.mark.parametrize("mode", ["full", "fast", "subset"])
@pytest.mark.parametrize("case", CASES[::14], ids=lambda case: case.id)
def test_every_mode(case, mode):
    rng = np.random.default_rng(7)
    report = gradcheck(case.function, [x.draw(rng) for x in case.inputs], mode=mode)
    assert report.ok, report


@pytest.mark.parametrize("mode", ["full", "fast"])
@pytest.mark.parametrize("case", CASES[4::25], ids=lambda case: case.id)
def test_second_order(case, mode):
    report = gradcheck(case.function, case.draw(), mode=mode, order=2)
    assert report.ok, report
    assert len(report.rows) == 2 * len(case.inputs) + 1  # the cotangent has one too


def labels(z):
    return np.arange(z.shape[0]) % z.shape[1]


def layer_norm(x):
    return (x - mg.mean(x, axis=-1, keepdims=True)) / mg.std(x, axis=-1, keepdims=True)


RNG = np.random.default_rng(0)
EQUAL_ROWS = np.ones((1, 5)) * RNG.normal(size=(4, 1))
HAIRBREADTH = 1 + 1e-9 * RNG.normal(size=(4, 3))
FOUR = RNG.normal(size=4)
LOGITS = 30 * RNG.normal(size=(4, 5))

NOTHING_BUT_ROUNDING = {
    "gelu in its tail": (mg.gelu, [-np.linspace(6, 40, 12).reshape(4, 3)]),
    "tanh gelu in its tail": (
        lambda x: mg.gelu(x, approximate="tanh"),
        [-np.linspace(5, 9, 12).reshape(4, 3)],
    ),
    "variance of equal values": (lambda x: mg.var(x, axis=-1), [100 * EQUAL_ROWS]),
    "variance of many equal values": (mg.var, [np.full((3, 4), 53.2381)]),
    "deviation of nearly equal values": (lambda x: mg.std(x, axis=-1), [HAIRBREADTH]),
    "variance around a million": (lambda x: mg.var(x, axis=-1), [1e6 + 1e-3 * FOUR]),
    "softmax of one large logit": (mg.softmax, [200 * np.eye(4) + 0.1]),
    "log softmax, saturated": (mg.log_softmax, [100 * RNG.normal(size=(7, 7))]),
    "loss of certain and right": (
        lambda z: mg.softmax_cross_entropy(z, labels(z)),
        [200 * np.eye(5) + RNG.normal()],
    ),
    "loss of large logits": (lambda z: mg.softmax_cross_entropy(z, labels(z)), [LOGITS]),
    "loss of logits around a million": (
        lambda z: mg.softmax_cross_entropy(z, labels(z)),
        [1e6 + LOGITS],
    ),
    "layer norm far from 0": (layer_norm, [1e3 + 0.1 * RNG.normal(size=(5, 2))]),
    "a number lost in a large one": (lambda x: (mg.sum(x) + 1e8) - 1e8, [1e-3 * FOUR]),
    "a sum less itself": (lambda x, y: (x + y) - x, [1e4 * FOUR, RNG.normal(size=4)]),
    "two ways to a difference of squares": (
        lambda x, y: (x * x - y * y) - (x + y) * (x - y),
        [FOUR, RNG.normal(size=4)],
    ),
    "exponentials that underflow": (mg.exp, [np.array([-725.0, -740.0])]),
    "powers that overflow": (mg.power, [np.array([150.0, 90.0]), np.array([250.0, 3.0])]),
}


@pytest.mark.parametrize("mode", ["full", "fast"])
@pytest.mark.parametrize("name", NOTHING_BUT_ROUNDING)
def test_values_that_are_nothing_but_rounding(name, mode):
    function, inputs = NOTHING_BUT_ROUNDING[name]
    report = gradcheck(function, inputs, mode=mode, seed=0)
    assert report.verdict not in ("FAIL", "nondeterministic"), report


def test_nan_where_there_are_slopes_is_no_false_alarm():
    """√ of a variance of 0: a kink with slopes on both sides, and the rule gives NaN."""
    report = gradcheck(mg.std, np.ones(4))
    assert report.verdict == "FAIL"
    assert "4 of 4 entries are not finite" in report.rows[0].detail


@pytest.mark.parametrize("mode", ["full", "fast"])
def test_a_wrong_rule_among_values_that_cancel(mode):
    """The error is small beside what cancels, 1e8, but can be seen beside the rounding of that."""

    class Slightly(mg.Op):
        @staticmethod
        def forward(x):
            return (x + 1e8) - 1e8

        @staticmethod
        def grad_x(grad_out, out, x):
            return grad_out * 1.01

    assert gradcheck(lambda x: mg.call(Slightly, x), FOUR, mode=mode).verdict == "FAIL"


SMOOTH = [mg.exp, mg.sin, mg.cos, mg.tanh, mg.sigmoid, mg.erf, mg.softplus, mg.silu, mg.gelu]
KINKED = [mg.abs, mg.relu, mg.leaky_relu, mg.elu, lambda x: mg.clip(x, -0.3, 0.4)]
REDUCTIONS = [mg.sum, mg.mean, mg.max, mg.min, mg.prod, mg.var, mg.logsumexp]


def random_function(rng):
    """A function of a random network of ops, and inputs of a random shape and scale."""
    ndim = int(rng.integers(0, 4))
    shape = tuple(int(n) for n in rng.integers(1, 6, ndim))
    scale = 10.0 ** rng.uniform(-4, 1.5)
    x = rng.normal(size=shape) * scale
    y = rng.normal(size=shape[1:]) * 10.0 ** rng.uniform(-3, 1)
    first, second = (rng.choice(SMOOTH + KINKED) for _ in range(2))
    reduce, axis = rng.choice(REDUCTIONS), int(rng.integers(0, max(ndim, 1)))
    joined = rng.choice([mg.add, mg.subtract, mg.multiply, mg.maximum, mg.minimum])
    factor = 10.0 ** rng.uniform(-6, 6)
    inner = min(1.0, 1.0 / scale)

    def function(x, y):
        h = second(joined(first(x * inner), y))
        if ndim:
            h = reduced(reduce, h, axis)
        return h * factor

    return function, [np.asarray(x), np.asarray(y)]


def reduced(reduce, h, axis):
    return reduce(h, axis=axis, keepdims=axis % 2 == 0)


def check_random(number, mode="auto"):
    function, inputs = random_function(np.random.default_rng(number))
    return gradcheck(function, inputs, mode=mode, seed=number)


@pytest.mark.parametrize("thirty", range(2))
def test_random_networks(thirty):
    for number in range(30 * thirty, 30 * thirty + 30):
        report = check_random(number, ("auto", "fast")[number % 2])
        assert report.ok, f"number {number}: {report}"


def test_larger_tensors_in_fast_mode():
    rng = np.random.default_rng(0)
    x, weight, bias = rng.normal(size=(32, 100)), rng.normal(size=(100, 20)), rng.normal(size=20)

    def network(x, weight, bias):
        return mg.log_softmax(mg.relu(mg.linear(x, weight / 10, bias)))

    report = gradcheck(network, [x, weight, bias])
    assert report.ok, report
    assert [row.mode for row in report.rows] == ["fast", "fast", "fast"]
