"""The complex step as a second opinion: sharper than differences, and silent where it cannot be."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.checking import gradcheck

X = np.array([[0.5, -1.0, 2.0], [0.3, 1.1, -0.4]])


@pytest.mark.parametrize(
    "fn",
    [mg.exp, mg.sin, mg.tanh, lambda x: (x * x).sum(axis=0), lambda x: mg.exp(x) @ np.ones(3)],
)
def test_it_agrees_to_rounding(fn):
    report = gradcheck(fn, X, complex_step=True)
    assert report.ok
    assert report.rows[0].detail.startswith("complex step: agrees to ")


def test_it_sees_what_differences_are_too_blunt_for():
    class NearlyExp(mg.Op):
        @staticmethod
        def forward(x):
            return np.exp(x)

        @staticmethod
        def grad_x(grad_out, out, x):
            return grad_out * out * (1 + 1e-11)

    def nearly_exp(x):
        return mg.call(NearlyExp, x)

    assert gradcheck(nearly_exp, X).ok
    report = gradcheck(nearly_exp, X, complex_step=True)
    assert not report.ok
    assert report.rows[0].verdict == "FAIL"
    assert "complex step: the rules are off by" in report.rows[0].detail


def test_several_inputs():
    report = gradcheck(lambda x, y: x * mg.sin(y), [X, X + 1], complex_step=True)
    assert [row.detail[:22] for row in report.rows] == ["complex step: agrees t"] * 2


def test_randomness_is_replayed_for_it_too():
    rng = np.random.default_rng(0)
    report = gradcheck(lambda x: x * rng.integers(0, 2, x.shape), X, rng=rng, complex_step=True)
    assert "complex step: agrees to" in report.rows[0].detail


@pytest.mark.parametrize(
    ("fn", "reason"),
    [
        (mg.relu, "not holomorphic, because of Relu"),
        (mg.erf, "fn cannot run on complex arrays: "),
        (lambda x: mg.sqrt(x * x), "agrees to"),
        (lambda x: x.relu() if isinstance(x, mg.Tensor) else abs(x), "because of Relu"),
        (
            lambda x: x * x if isinstance(x, mg.Tensor) else x * np.conj(x),
            "differences say otherwise, fn is not holomorphic",
        ),
        (
            lambda x: x * x if isinstance(x, mg.Tensor) else np.abs(x) ** 2,
            "the imaginary part gets lost: it is not holomorphic",
        ),
    ],
)
def test_where_it_cannot_tell_it_says_so(fn, reason):
    report = gradcheck(fn, X, complex_step=True)
    assert reason in report.rows[0].detail
    assert report.ok


def test_nobody_asked():
    assert gradcheck(mg.exp, X).rows[0].detail == ""
