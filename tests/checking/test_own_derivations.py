"""Rules and gradients as people derive them, with their slips: is what they are told true?"""

import numpy as np
import pytest

import minigrad as mg
from minigrad.checking import check_graph, check_model, gradcheck

X = np.random.default_rng(0).normal(size=(3, 2))


def op_with(forward, **rules):
    members = {"forward": staticmethod(forward)}
    return type("Own", (mg.Op,), members | {k: staticmethod(rule) for k, rule in rules.items()})


def test_a_rule_that_raises_does_not_end_the_check_of_the_other_input():
    def raising(grad_out, out, x, y):
        raise ZeroDivisionError("no rule")

    product = op_with(
        lambda x, y: np.mean(x * y),
        grad_x=lambda grad_out, out, x, y: grad_out * y,  # without 1/N
        grad_y=raising,
    )
    report = gradcheck(lambda x, y: mg.call(product, x, y), [X, X + 1])
    assert [row.verdict for row in report.rows] == ["FAIL", "FAIL"]
    assert "6 being the number of elements" in report.rows[0].detail
    assert "backward raised ZeroDivisionError: no rule" in report.rows[1].detail


def test_numbers_told_of_a_function_in_float32_are_its_slopes():
    """Its values are stairs: at the smallest steps they are flat, which is not its slope."""
    report = gradcheck(lambda x: np.sum(np.float32(x) ** 2), X, gradient=lambda x: 3 * x)
    worst = report.rows[0].worst
    assert report.verdict == "FAIL"
    np.testing.assert_allclose(worst.analytic / worst.numeric, 1.5, rtol=1e-5)


def test_slopes_to_the_right_and_left_are_known_as_well_as_they_agree():
    """Deviations of 1e-9: far steps to one side end up 1 % off, by themselves believable."""
    rng = np.random.default_rng(0)
    rng.normal(size=4)
    report = gradcheck(lambda x: mg.std(x, axis=-1), 1 + 1e-9 * rng.normal(size=(4, 3)), seed=7)
    assert report.verdict == "inconclusive"
