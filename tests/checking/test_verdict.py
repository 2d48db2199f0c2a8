"""The rule, at its boundaries, is the one that reports print."""

import numpy as np
import pytest

from minigrad.checking.verdict import RULE, judge, judge_between

F = 1e3
"""The size of the function in all of these."""


def verdict(analytic, numeric, bar):
    return judge(*(np.array([float(x)]) for x in (analytic, numeric, bar, F))).verdict


@pytest.mark.parametrize(
    ("line", "analytic", "numeric", "bar", "expected"),
    [
        ("FAIL unless |a - n| <= 10*bar + 1e-09*size", 2 + 1.1e-8, 2, 1e-9, "ok"),
        ("FAIL unless |a - n| <= 10*bar + 1e-09*size", 2 + 1.3e-8, 2, 1e-9, "FAIL"),
        ("FAIL unless |a - n| <= 10*bar + 1e-09*size", 2 + 1.9e-9, 2, 0, "ok"),
        ("FAIL unless |a - n| <= 10*bar + 1e-09*size", 2 + 2.1e-9, 2, 0, "FAIL"),
        ("FAIL unless |a - n|", np.nan, 2, 1e-9, "FAIL"),
        ("FAIL unless |a - n|", np.inf, 2, 1e-9, "FAIL"),
        ("(or a = 0, |n| < 1e-154: inconclusive", 0, 0.9e-154, 1e-170, "inconclusive"),
        ("(or a = 0, |n| < 1e-154: inconclusive", 0, 1.1e-154, 1e-170, "FAIL"),
        ("(or a = 0, |n| < 1e-154: inconclusive", 1e-200, 0.9e-154, 1e-170, "FAIL"),
        ("vacuous if size <= 10*bar and bar <= 1e-06*|f|", 9.9e-4, 0, 1e-4, "vacuous"),
        ("vacuous if size <= 10*bar and bar <= 1e-06*|f|", 1e-2, 0, 0.99e-3, "FAIL"),
        ("vacuous if size <= 10*bar and bar <= 1e-06*|f|", 1e-4, 0, 1.1e-3, "inconclusive"),
        ("vacuous if size <= 10*bar and bar <= 1e-06*|f|", 0, 0, 0, "vacuous"),
        ("or if 0.0001*size < bar <= 1e-10*|f|; else", 9e-4, 9e-4, 0.95e-7, "vacuous"),
        ("or if 0.0001*size < bar <= 1e-10*|f|; else", 1.05e-3, 1.05e-3, 1.1e-7, "inconclusive"),
        ("or if 0.0001*size < bar <= 1e-10*|f|; else", 1.05e-3, 1.05e-3, 0.95e-7, "ok"),
        ("inconclusive if bar > 0.0001*size; else ok", 2, 2, 1.9e-4, "ok"),
        ("inconclusive if bar > 0.0001*size; else ok", 2, 2, 2.1e-4, "inconclusive"),
        ("inconclusive if bar > 0.0001*size; else ok", 2, 2, np.inf, "inconclusive"),
    ],
)
def test_the_printed_rule(line, analytic, numeric, bar, expected):
    assert line in RULE
    assert verdict(analytic, numeric, bar) == expected


@pytest.mark.parametrize(
    ("analytic", "bar", "expected"),
    [
        (0.0, 1e-9, "kink"),
        (1.0, 1e-9, "kink"),
        (1 + 2e-8, 1e-9, "FAIL"),
        (np.nan, 1e-9, "FAIL"),
        (-np.inf, 1e-9, "FAIL"),
        (0.5, 0.9e-3, "kink"),
        (0.5, 1.1e-3, "inconclusive"),
    ],
)
def test_the_printed_rule_at_a_kink(analytic, bar, expected):
    assert "inconclusive if bar > 0.0001*size and > 1e-06*|f|; else kink or FAIL" in RULE
    half, scale = np.array([0.5]), np.array([F])
    found = judge_between(np.array([analytic]), half, half, np.array([bar]), scale)
    assert found.verdict == expected


def test_it_fits_the_page():
    assert max(map(len, RULE.splitlines())) <= 80
