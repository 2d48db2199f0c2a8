"""Points where a derivative is hard to measure, or does not exist, each with its right verdict.

Each row is checked as an opaque NumPy function, whose kinks only differences can show; where it
has ``branch``, as an op that tells its pieces; and where it has ``graph``, as the package's own op.
The rules of the first two return the slopes of the table: right ones get the verdict, wrong ones
must fail, or stay inconclusive where no slope can be told from another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.checking import gradcheck


@dataclass(frozen=True)
class Point:
    name: str
    forward: Callable[[Any], Any]
    x: float
    right: tuple[float, ...]
    wrong: tuple[float, ...]
    verdict: str
    why: str
    branch: Callable[[Any], Any] | None = None
    graph: Callable[[Any], Any] | None = None
    verdict_of_wrong: str = "FAIL"
    """Where a function without branches can only say less."""


def off(slope: float) -> tuple[float, ...]:
    return slope * (1 + 1e-6), slope * 0.5, -slope


def nan_below(x):
    return np.where(x < 1.0, np.nan, x * x)


def nan_within(x):
    return np.where(np.abs(x - 2.0) < 0.25, np.nan, x**3)


def stairs(x):
    return np.where(x > 0, 1.0, 0.0)


def hinge(x):
    return np.where(x > 0, x, 0.0)


def elu(x, alpha):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def leak(x):
    return np.where(x > 0, x, 0.1 * x)


def wiggle(x):
    return np.where(x == 0, 0.0, x * np.sin(1 / np.where(x == 0, 1.0, x)))


def flat(x):
    return np.where(x == 0, 0.0, np.exp(-1 / np.where(x == 0, 1.0, x * x)))


def two(f):
    """A function of two equal inputs as one of x, the other being 1."""
    return lambda x: f(x, np.ones_like(x))


def three_tied(x):
    return mg.max(mg.stack([x, mg.Tensor(1.0), mg.Tensor(1.0)]))


sign = np.sign
BETWEEN = (0.0, 0.5, 1.0)
OUTSIDE = (-1e-6, 1 + 1e-6, 2.0, -1.0)

POINTS = [
    # Kinks: any slope between the two is as good as another.
    Point("abs at 0", np.abs, 0.0, (0.0, 1.0, -1.0), (1.001, -2.0), "kink",
          "slopes -1 and 1 meet", sign, mg.abs),
    Point("abs at 1e-9", np.abs, 1e-9, (1.0,), (0.0, -1.0, 1.001), "ok",
          "steps shrink until they stay right of the kink", sign, mg.abs),
    Point("abs at -2", np.abs, -2.0, (-1.0,), (1.0, 0.0), "ok", "a straight line", sign, mg.abs),
    Point("relu at 0", hinge, 0.0, BETWEEN, OUTSIDE, "kink",
          "slopes 0 and 1 meet", sign, mg.relu),
    Point("relu at 1e-9", hinge, 1e-9, (1.0,), (0.0, 0.5), "ok", "right of the kink", sign,
          mg.relu),
    Point("relu at 1e-13", hinge, 1e-13, (1.0,), (0.0, 0.5), "ok",
          "right of the kink: the steps scale with x", sign, mg.relu),
    Point("relu at -1e-9", hinge, -1e-9, (0.0,), (1.0, 0.5, 1e-3), "vacuous",
          "left of the kink it is constant", sign, mg.relu),
    Point("relu at 3", hinge, 3.0, (1.0,), (0.0, 1 + 1e-8), "ok", "a straight line", sign, mg.relu),
    Point("leaky relu at 0", leak, 0.0, (0.1, 1.0, 0.3), (0.0, 1.1), "kink",
          "slopes 0.1 and 1 meet", sign, lambda x: mg.leaky_relu(x, 0.1)),
    Point("leaky relu at -1", leak, -1.0, (0.1,), (1.0, 0.0), "ok", "left of the kink", sign,
          lambda x: mg.leaky_relu(x, 0.1)),
    Point("elu with alpha 2 at 0", lambda x: elu(x, 2.0), 0.0, (1.0, 2.0, 1.5), (0.9, 2.1), "kink",
          "slopes 2 and 1 meet", sign, lambda x: mg.elu(x, 2.0)),
    Point("elu with alpha 2 at -1", lambda x: elu(x, 2.0), -1.0, (2 / np.e,), off(2 / np.e), "ok",
          "smooth left of the kink", sign, lambda x: mg.elu(x, 2.0)),
    Point("elu with alpha 1 at 0", lambda x: elu(x, 1.0), 0.0, (1.0,), (0.0, 0.5, 1.01), "ok",
          "both slopes are 1: only the curvature jumps", sign, mg.elu),
    Point("clip at its limit", lambda x: np.clip(x, 0, 1), 1.0, BETWEEN, OUTSIDE, "kink",
          "slopes 1 and 0 meet", lambda x: np.sign(x - 1), lambda x: mg.clip(x, 0.0, 1.0)),
    Point("clip within", lambda x: np.clip(x, 0, 1), 0.5, (1.0,), (0.0, 0.5), "ok",
          "a straight line", lambda x: np.sign(x - 1), lambda x: mg.clip(x, 0.0, 1.0)),
    Point("clip beyond", lambda x: np.clip(x, 0, 1), 1.5, (0.0,), (1.0, 0.5), "vacuous",
          "constant there", lambda x: np.sign(x - 1), lambda x: mg.clip(x, 0.0, 1.0)),
    Point("clip just below its limit", lambda x: np.clip(x, 0, 1), 1 - 1e-7, (1.0,), (0.0, 0.5),
          "ok", "below the kink", lambda x: np.sign(x - 1), lambda x: mg.clip(x, 0.0, 1.0)),
    Point("maximum at a tie", two(np.maximum), 1.0, BETWEEN, OUTSIDE, "kink", "slopes 0 and 1 meet",
          lambda x: np.sign(x - 1), lambda x: mg.maximum(x, 1.0)),
    Point("minimum at a tie", two(np.minimum), 1.0, BETWEEN, OUTSIDE, "kink", "slopes 1 and 0 meet",
          lambda x: np.sign(x - 1), lambda x: mg.minimum(x, 1.0)),
    Point("maximum 1e-6 above a tie", two(np.maximum), 1 + 1e-6, (1.0,), (0.0, 0.5), "ok",
          "the larger one alone counts", lambda x: np.sign(x - 1), lambda x: mg.maximum(x, 1.0)),
    Point("max of three equal", two(np.maximum), 1.0, (1 / 3,), (1.5, -0.1), "kink",
          "slopes 0 and 1 meet", lambda x: np.sign(x - 1), three_tied),
    Point("where, continuous, at its border", hinge, 0.0, BETWEEN, OUTSIDE, "kink",
          "slopes 0 and 1 meet", lambda x: x > 0, lambda x: mg.where(x > 0, x, 0.0)),
    Point("where beside its border", leak, 1e-5, (1.0,), (0.1, 0.5), "ok", "right of the border",
          lambda x: x > 0, lambda x: mg.where(x > 0, x, 0.1 * x)),
    Point("distance to the nearest whole number", lambda x: np.abs(x - np.round(x)), 0.5,
          (1.0, -1.0, 0.0), (1.1, -1.1), "kink", "the top of a tent: slopes 1 and -1 meet"),
    # Jumps and infinite slopes: no slope is right, so none is called right or wrong.
    Point("step at 0", stairs, 0.0, (0.0,), (1.0, 100.0), "inconclusive", "it jumps: no slope",
          lambda x: x > 0, lambda x: mg.where(x > 0, x * 0 + 1.0, 0.0),
          verdict_of_wrong="inconclusive"),
    Point("step at 1e-6", stairs, 1e-6, (0.0,), (1.0, 1e-3), "vacuous", "constant right of it",
          lambda x: x > 0, lambda x: mg.where(x > 0, x * 0 + 1.0, 0.0)),
    Point("floor at 2", np.floor, 2.0, (0.0,), (1.0,), "inconclusive", "it jumps",
          np.floor, verdict_of_wrong="inconclusive"),
    Point("floor at 2.5", np.floor, 2.5, (0.0,), (1.0, 0.5), "vacuous", "constant", np.floor),
    Point("floor at 2.999", np.floor, 2.999, (0.0,), (1.0, 0.5), "vacuous",
          "constant up to the jump, which is further than the smaller steps", np.floor),
    Point("sign at 0", np.sign, 0.0, (0.0,), (1.0,), "inconclusive", "it jumps on both sides",
          np.sign, verdict_of_wrong="inconclusive"),
    Point("sign at -1e-3", np.sign, -1e-3, (0.0,), (1.0,), "vacuous", "constant", np.sign),
    Point("round at 0.5", np.round, 0.5, (0.0,), (1.0,), "inconclusive", "it jumps",
          verdict_of_wrong="inconclusive"),
    Point("sqrt at 0", np.sqrt, 0.0, (np.inf, 0.0), (1.0, 1e6), "inconclusive",
          "an edge where the slope grows without bound", None, mg.sqrt,
          verdict_of_wrong="inconclusive"),
    Point("cube root at 0", np.cbrt, 0.0, (np.inf,), (1.0,), "inconclusive",
          "the slope grows without bound", verdict_of_wrong="inconclusive"),
    Point("x·sin(1/x) at 0", wiggle, 0.0, (0.0,), (1.0,), "inconclusive",
          "the slope swings between -1 and 1 for ever", verdict_of_wrong="inconclusive"),
    # Edges of domains, and holes in them.
    Point("x^1.5 at 0", lambda x: x**1.5, 0.0, (0.0,), (1e-7,), "inconclusive",
          "an edge; the slope from the right goes to 0 too slowly to be sure", None,
          lambda x: x**1.5, verdict_of_wrong="inconclusive"),
    Point("x² from 1 on, at 1", nan_below, 1.0, (2.0,), (1.0, 2.001), "kink",
          "an edge: only the slope from the right exists"),
    Point("x² from 1 on, at 1 + 1e-6", nan_below, 1 + 1e-6, (2 + 2e-6,), (1.0, 2.001), "ok",
          "steps shrink until they stay within the domain"),
    Point("x³ beside a hole", nan_within, 2.2501, (3 * 2.2501**2,), off(3 * 2.2501**2), "ok",
          "steps shrink until they stay out of the hole"),
    Point("x³ within a hole", nan_within, 2.0, (12.0,), (1.0,), "inconclusive", "NaN itself",
          verdict_of_wrong="inconclusive"),
    Point("sqrt at 1e-12", np.sqrt, 1e-12, (5e5,), off(5e5), "ok", "steps scale with x",
          None, mg.sqrt),
    Point("log at 1e-3", np.log, 1e-3, (1e3,), off(1e3), "ok", "steps scale with x", None, mg.log),
    Point("log at 1e-300", np.log, 1e-300, (1e300,), off(1e300), "ok", "steps scale with x",
          None, mg.log),
    Point("log at 0", np.log, 0.0, (np.inf,), (1.0,), "inconclusive", "not finite there", None,
          mg.log, verdict_of_wrong="inconclusive"),
    Point("arcsin at 1", np.arcsin, 1.0, (np.inf,), (1.0,), "inconclusive",
          "an edge where the slope grows without bound", verdict_of_wrong="inconclusive"),
    Point("arcsin at 0.999999", np.arcsin, 0.999999, (1 / np.sqrt(1 - 0.999999**2),),
          off(1 / np.sqrt(1 - 0.999999**2)), "ok", "steps shrink until they stay within [-1, 1]"),
    # Poles.
    Point("tan near its pole", np.tan, np.pi / 2 - 1e-4, (1 / np.cos(np.pi / 2 - 1e-4) ** 2,),
          off(1 / np.cos(np.pi / 2 - 1e-4) ** 2), "ok", "steps shrink until the pole is far", None,
          lambda x: mg.sin(x) / mg.cos(x)),
    Point("tan at 1.5", np.tan, 1.5, (1 / np.cos(1.5) ** 2,), off(1 / np.cos(1.5) ** 2), "ok",
          "steps across the pole are not believed", None, lambda x: mg.sin(x) / mg.cos(x)),
    Point("1/x at 1e-8", lambda x: 1 / x, 1e-8, (-1e16,), off(-1e16), "ok", "steps scale with x",
          None, lambda x: 1 / x),
    Point("1/(x - 1) at 1.00001", lambda x: 1 / (x - 1), 1.00001, (-1 / (1.00001 - 1) ** 2,),
          off(-1 / (1.00001 - 1) ** 2), "ok", "steps shrink below the distance to the pole",
          None, lambda x: 1 / (x - 1)),
    Point("1/x at 0", lambda x: 1 / x, 0.0, (-np.inf,), (1.0,), "inconclusive",
          "not finite there", None, lambda x: 1 / x, verdict_of_wrong="inconclusive"),
    # Smooth, though it does not look so.
    Point("x·|x| at 0", lambda x: x * np.abs(x), 0.0, (0.0,), (1.0, 0.01), "vacuous",
          "the slopes 2|x| meet in 0", None, lambda x: x * mg.abs(x)),
    Point("x·|x| at 1e-5", lambda x: x * np.abs(x), 1e-5, (2e-5,), off(2e-5), "ok", "x² there",
          sign, lambda x: x * mg.abs(x)),
    Point("|x|^1.5 at 0", lambda x: np.abs(x) ** 1.5, 0.0, (0.0,), (1.0, 0.01), "vacuous",
          "the slopes meet in 0, if slowly"),
    Point("|x|^1.5 at 1e-4", lambda x: np.abs(x) ** 1.5, 1e-4, (0.015,), off(0.015), "ok",
          "a power there"),
    Point("x·sin(1/x) at 0.05", wiggle, 0.05, (np.sin(20) - 20 * np.cos(20),),
          off(np.sin(20) - 20 * np.cos(20)), "ok", "smooth away from 0"),
    Point("x·sin(1/x) at 1e-3", wiggle, 1e-3, (np.sin(1e3) - 1e3 * np.cos(1e3),),
          off(np.sin(1e3) - 1e3 * np.cos(1e3)), "ok", "smooth away from 0: steps shrink"),
    Point("sin(1e4 x) at 1", lambda x: np.sin(1e4 * x), 1.0, (1e4 * np.cos(1e4),),
          off(1e4 * np.cos(1e4)), "ok", "steps shrink below the wavelength", None,
          lambda x: mg.sin(1e4 * x)),
    Point("sin at 1e12", np.sin, 1e12, (np.cos(1e12),), (0.0, 0.5, 0.792), "ok",
          "steps shrink below the wavelength", None, mg.sin),
    Point("sin(2π·1024·x) at 0.25", lambda x: np.sin(2048 * np.pi * x), 0.25, (2048 * np.pi,),
          (0.0, 2000.0), "ok", "steps that hit whole periods alone see a constant: not believed"),
    # Zero slopes, flat functions and scales.
    Point("x² at 0", np.square, 0.0, (0.0,), (1.0, 1e-6), "vacuous", "a minimum", None, mg.square),
    Point("cos at 0", np.cos, 0.0, (0.0,), (1.0, 1e-6), "vacuous", "a maximum", None, mg.cos),
    Point("a constant", lambda x: x * 0 + 5.0, 2.0, (0.0,), (1.0, 1e-9), "vacuous",
          "it does not move", None, lambda x: x * 0.0 + 5.0),
    Point("tanh at 20", np.tanh, 20.0, (4 * np.exp(-40.0), 0.0), (1e-6, 1.0), "vacuous",
          "its slope of 2e-17 is below rounding", None, mg.tanh),
    Point("exp(-1/x²) at 0", flat, 0.0, (0.0,), (1.0, 1e-3), "vacuous",
          "all its derivatives are zero"),
    Point("exp(-1/x²) at 0.1", flat, 0.1, (2000 * np.exp(-100.0),), off(2000 * np.exp(-100.0)),
          "ok", "e-44 is as good a size as any"),
    Point("exp at 300", np.exp, 300.0, (np.exp(300.0),), off(np.exp(300.0)), "ok",
          "bars scale with the function", None, mg.exp),
    Point("exp at -300", np.exp, -300.0, (np.exp(-300.0),), off(np.exp(-300.0)), "ok",
          "bars scale with the function", None, mg.exp),
    Point("exp at 700", np.exp, 700.0, (np.exp(700.0),), off(np.exp(700.0)), "ok",
          "steps shrink until they do not overflow", None, mg.exp),
    Point("1e6 + x² at 1", lambda x: 1e6 + x * x, 1.0, (2.0,), off(2.0), "ok",
          "rounding of 1e-10 allows a relative error of 1e-9", None, lambda x: 1e6 + x * x),
    Point("1e6 + x² at 1e-3", lambda x: 1e6 + x * x, 1e-3, (2e-3,), (1e-3, 0.0, 2.1e-3), "ok",
          "steps grow until the change stands out of the rounding", None,
          lambda x: 1e6 + x * x),
    Point("1e12 + 1e-6 x at 1", lambda x: 1e12 + 1e-6 * x, 1.0, (1e-6,), (1.0, -1.0),
          "vacuous", "the change is smaller than the rounding of the result", None,
          lambda x: 1e12 + 1e-6 * x),
    Point("1e-12 sin at 1", lambda x: 1e-12 * np.sin(x), 1.0, (1e-12 * np.cos(1.0),),
          off(1e-12 * np.cos(1.0)), "ok", "nothing is absolute", None,
          lambda x: 1e-12 * mg.sin(x)),
    Point("1e12 sin at 1", lambda x: 1e12 * np.sin(x), 1.0, (1e12 * np.cos(1.0),),
          off(1e12 * np.cos(1.0)), "ok", "nothing is absolute", None, lambda x: 1e12 * mg.sin(x)),
    Point("x² at 1e-12", np.square, 1e-12, (2e-12,), off(2e-12), "ok", "steps scale with x", None,
          mg.square),
    Point("x² at 1e12", np.square, 1e12, (2e12,), off(2e12), "ok", "steps scale with x", None,
          mg.square),
    Point("a sum that cancels", lambda x: (x + 1e8) - 1e8, 1.0, (1.0,), (0.5, 1.01), "ok",
          "the rounding inside is measured, not taken from the result", None,
          lambda x: (x + 1e8) - 1e8),
    Point("log1p(exp(x)) at 30", lambda x: np.log1p(np.exp(x)), 30.0, (1 / (1 + np.exp(-30.0)),),
          (0.999, 0.0), "ok", "nearly a line", None, mg.softplus),
]  # fmt: skip


def op_of(point: Point, slope: float, branch: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    class Opaque(mg.Op):
        @staticmethod
        def forward(x):
            return point.forward(x)

        @staticmethod
        def grad_x(grad_out, out, x):
            return grad_out * slope

    if branch is not None:
        Opaque.branch = staticmethod(branch)
    return lambda x: mg.call(Opaque, x)


def row(fn: Callable[[Any], Any], x: Any) -> Any:
    return gradcheck(fn, np.array(x)).rows[0]


every_point = pytest.mark.parametrize(
    "point", POINTS, ids=[point.name.replace("·", "*") for point in POINTS]
)


def test_there_are_enough_points():
    assert len(POINTS) >= 60
    assert len({point.name for point in POINTS}) == len(POINTS)


@every_point
def test_right_rule_of_an_opaque_function(point):
    for slope in point.right:
        found = row(op_of(point, slope, None), point.x)
        assert found.verdict == point.verdict, (slope, point.why, found)


@every_point
def test_wrong_rule_of_an_opaque_function(point):
    for slope in point.wrong:
        found = row(op_of(point, slope, None), point.x)
        assert found.verdict == point.verdict_of_wrong, (slope, point.why, found)


@pytest.mark.parametrize("point", [p for p in POINTS if p.branch], ids=lambda point: point.name)
def test_op_that_tells_its_pieces(point):
    for slope in point.right:
        found = row(op_of(point, slope, point.branch), point.x)
        assert found.verdict == point.verdict, (slope, point.why, found)
    for slope in point.wrong:
        found = row(op_of(point, slope, point.branch), point.x)
        assert found.verdict == point.verdict_of_wrong, (slope, point.why, found)


@pytest.mark.parametrize("point", [p for p in POINTS if p.graph], ids=lambda point: point.name)
def test_op_of_the_package(point):
    found = row(point.graph, point.x)
    assert found.verdict == point.verdict, (point.why, found)


@pytest.mark.parametrize("small", [1e-6, 1e-9, 1e-13, -1e-9, -1e-13])
def test_kink_closer_to_an_entry_than_the_steps_of_its_tensor(small):
    """Steps scale with the tensor's other entries: only the branch tells on which side one is."""

    class HalfAtSmall(mg.Op):
        @staticmethod
        def forward(x):
            return np.maximum(x, 0)

        @staticmethod
        def grad_x(grad_out, out, x):
            return grad_out * np.where(np.abs(x) < 0.1, 0.5, x > 0)

        @staticmethod
        def branch(x):
            return np.sign(x)

    x = np.array([small, 1.0, -2.0])
    right, wrong = gradcheck(mg.relu, x).rows[0], gradcheck(lambda x: mg.call(HalfAtSmall, x), x)
    assert right.verdict == "ok", right
    assert wrong.rows[0].verdict == "FAIL", wrong
    assert wrong.rows[0].index == (0,)


@pytest.mark.parametrize("small", [1e-3, 1e-6, 1e-8])
def test_opaque_kink_close_to_an_entry(small):
    point = next(point for point in POINTS if point.name == "relu at 3")
    x = np.array([small, 1.0, 2.0])
    assert gradcheck(op_of(point, 1.0, None), x).rows[0].verdict == "ok"
    assert gradcheck(op_of(point, 0.5, None), x).rows[0].verdict == "FAIL"


@pytest.mark.parametrize("slope", [np.inf, -np.inf, np.nan])
def test_a_rule_that_is_not_finite_where_the_function_is_smooth(slope):
    point = next(point for point in POINTS if point.name == "exp at 300")
    assert row(op_of(point, slope, None), 0.5).verdict == "FAIL"
    several = row(op_of(point, slope, None), [0.5, 1.0])
    assert several.verdict == "FAIL"
    assert "2 of 2 entries are not finite" in several.detail


def step(x):
    return mg.where(x > 0, x * 0 + 1.0, x * 0)


@pytest.mark.parametrize("mode", ["full", "fast"])
@pytest.mark.parametrize(
    ("graph", "x", "phrase"),
    [
        (mg.sqrt, [0.0, 1.0], "the slope grows without bound"),
        (lambda x: x**0.5, [0.0, 2.0], "the slope grows without bound"),
        (step, [0.0, 1.0, -1.0], "the function jumps here: it has no slope"),
        (lambda x: x + step(x), [0.0, 3.0], "the function jumps here: it has no slope"),
        (mg.log, [0.0, 1.0], "the function is not finite here"),
        (lambda x: 1 / x, [0.0, 2.0], "the function is not finite here"),
    ],
)
def test_one_bad_entry_beside_good_ones_is_explained_in_a_phrase(graph, x, phrase, mode):
    report = gradcheck(graph, np.array(x), mode=mode)
    assert report.verdict == "inconclusive", report
    assert report.rows[0].index in ((0,), None)
    assert phrase in repr(report)
