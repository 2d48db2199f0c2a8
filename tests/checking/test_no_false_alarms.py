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
@pytest.mark.parametrize("case", CASES[::9], ids=lambda case: case.id)
def test_every_mode(case, mode):
    rng = np.random.default_rng(7)
    report = gradcheck(case.function, [x.draw(rng) for x in case.inputs], mode=mode)
    assert report.ok, report


@pytest.mark.parametrize("mode", ["full", "fast"])
@pytest.mark.parametrize("case", CASES[4::17], ids=lambda case: case.id)
def test_second_order(case, mode):
    report = gradcheck(case.function, case.draw(), mode=mode, order=2)
    assert report.ok, report
    assert len(report.rows) == 2 * len(case.inputs)


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


@pytest.mark.parametrize("hundred", range(2))
def test_random_networks(hundred):
    for number in range(100 * hundred, 100 * hundred + 100):
        report = check_random(number, ("auto", "fast")[number % 2])
        assert report.ok, f"number {number}: {report}"


def test_larger_tensors_in_fast_mode():
    rng = np.random.default_rng(0)
    x, weight, bias = rng.normal(size=(32, 100)), rng.normal(size=(100, 20)), rng.normal(size=20)

    def network(x, weight, bias):
        return mg.log_softmax(mg.relu(mg.linear(x, weight / 10, bias)))

    report = gradcheck(network, [x, weight, bias])
    assert report.ok, report
    assert [row.mode for row in report.rows] == ["fast", "fast", "full"]
