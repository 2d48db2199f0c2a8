"""A wrong gradient is described by the slip that made it."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.checking import gradcheck
from minigrad.checking.diagnosis import diagnose, sizes_in_graph

RIGHT = np.random.default_rng(0).normal(size=(3, 4))
SQUARE = np.random.default_rng(1).normal(size=(3, 3))


def only_one():
    wrong = RIGHT.copy()
    wrong[1, 2] += 1
    return wrong


def one_column():
    wrong = RIGHT.copy()
    wrong[:, 2] *= np.array([2.0, 3.0, 4.0])
    return wrong


@pytest.mark.parametrize(
    ("analytic", "numeric", "text"),
    [
        (-RIGHT, RIGHT, "analytic/numeric is -1 everywhere: is a sign wrong?"),
        (2 * RIGHT, RIGHT, "is 2 everywhere: is it counted twice, or a factor 1/2 missing?"),
        (RIGHT / 2, RIGHT, "is 1/2 everywhere: is a factor 2 missing?"),
        (RIGHT * 1.000001, RIGHT, "analytic/numeric is 1.000001 everywhere"),
        (RIGHT * 32, RIGHT, "32 being the batch: is a division by it missing?"),
        (RIGHT / 32, RIGHT, "1/32 everywhere, 32 being the batch: is it divided by that twice?"),
        (RIGHT * 0, RIGHT, "zero everywhere: is the cotangent ignored, or the graph cut?"),
        (SQUARE.T, SQUARE, "equal after a transpose"),
        (RIGHT.T.reshape(3, 4), RIGHT, "equal after a transpose"),
        (RIGHT[::-1], RIGHT, "equal after reversing axis 0"),
        (np.roll(RIGHT, 1), RIGHT, "the same numbers in another order"),
        (RIGHT, 0 * RIGHT + RIGHT.sum(0), "equal after the sum over axis 0: is a broadcast axis"),
        (0 * RIGHT + RIGHT.mean(1, keepdims=True), RIGHT, "the mean of the right ones over axis 1"),
        (only_one(), RIGHT, "only entry [1, 2] is wrong"),
        (np.where(RIGHT > 0, RIGHT, 0), RIGHT, "and right elsewhere: does the rule drop them?"),
        (RIGHT, np.where(RIGHT > 0, RIGHT, 0), "should be zero: is a mask missing?"),
        (RIGHT + 0.5, RIGHT, "analytic - numeric is 0.5 everywhere"),
        (one_column(), RIGHT, "only entries with index 2 on axis 1 are wrong"),
        (RIGHT**2, RIGHT, "12 of 12 entries are wrong; no simple pattern"),
        (np.where(RIGHT > 0, np.nan, RIGHT), RIGHT, "entries are not finite, the first at [0, 0]"),
    ],
)
def test_slips(analytic, numeric, text):
    assert text in diagnose(analytic, numeric, {32: "the batch"})


def test_entries_that_are_not_known_are_left_out():
    numeric = np.where(np.arange(12).reshape(3, 4) % 2, RIGHT, np.nan)
    assert "is -1 everywhere" in diagnose(-RIGHT, numeric)
    assert "6 of 6 entries are wrong" in diagnose(RIGHT**2, numeric)


def test_scales_do_not_matter():
    assert "is -1 everywhere" in diagnose(-1e-200 * RIGHT, 1e-200 * RIGHT)
    assert "is -1 everywhere" in diagnose(-1e200 * RIGHT, 1e200 * RIGHT)


def test_sizes_are_named_after_where_they_are_found():
    x = mg.Tensor(np.ones((5, 3)), requires_grad=True, name="x")
    sizes = sizes_in_graph(mg.sum(mg.exp(x)))
    assert sizes == {
        5: "the size of axis 0 of Exp",
        3: "the size of axis 1 of Exp",
        15: "the number of elements",
    }


class MeanWithoutItsDivision(mg.Op):
    @staticmethod
    def forward(x):
        return np.mean(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        return grad_out * np.ones_like(x)


class ProductWithoutTranspose(mg.Op):
    @staticmethod
    def forward(x, w):
        return x @ w

    @staticmethod
    def grad_x(grad_out, out, x, w):
        return grad_out @ w


@pytest.mark.parametrize("size", [6, 40, 700])
def test_in_a_report(size):
    report = gradcheck(lambda x: mg.call(MeanWithoutItsDivision, x), np.arange(1.0, size + 1))
    assert not report.ok, report
    assert f"is {size} everywhere" in report.rows[0].detail
    assert "is a division by it missing?" in repr(report)


def test_a_product_whose_operand_is_not_transposed():
    x, w = np.eye(3), SQUARE
    report = gradcheck(lambda x: mg.call(ProductWithoutTranspose, x, w), x)
    assert report.rows[0].verdict == "FAIL"
    assert "9 of 9 entries are wrong" in report.rows[0].detail
