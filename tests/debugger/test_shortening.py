import numpy as np
import pytest

from minigrad.debugger.paragraphs import windowed
from minigrad.debugger.shortening import cut, faults, fitting, number, percent, short


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (0.98201379, "0.982"),
        (np.float32(1e-5), "1e-05"),
        (3, "3"),
        ([1.0, 0.25, -2.0], "[1 0.25 -2]"),
        ([True, False], "[True False]"),
        (np.arange(7.0), "[0 ... 6]"),
        (np.arange(21.0).reshape(7, 3), "[[0 ... 2] ... [18 ... 20]]"),
        (np.zeros((0, 3)), "[]"),
        ([np.nan, np.inf], "[nan inf]"),
    ],
)
def test_arrays_in_a_few_characters(values, expected):
    assert short(values) == expected


def test_what_is_too_long_keeps_its_first_row():
    values = np.arange(21.0).reshape(7, 3) + 0.125
    assert fitting(values, 50) == "[[0.125 ... 2.12] ... [18.1 ... 20.1]]"
    assert fitting(values, 30) == "[[0.125 ... 2.12] ...]"
    assert fitting(values, 12) == "[[0.125 ...."


def test_numbers_and_shares():
    assert number(0.0173450210) == "0.01735"
    assert [percent(x) for x in (0, 0.004, 0.4, 0.996, 1)] == ["0%", "<1%", "40%", ">99%", "100%"]
    assert cut("abcdef", 5) == "ab..."
    assert cut("abcde", 5) == "abcde"


def test_what_is_not_finite_is_counted():
    assert faults(np.array([1.0, np.nan, np.inf, -np.inf])) == "1 nan, 2 inf"
    assert faults(np.array([1.0])) == ""


def test_a_long_line_is_shifted_to_what_is_marked():
    line = "x" * 100 + "mg.log(p)" + "y" * 50
    marks = " " * 100 + "^" * 9
    shown, shown_marks = windowed([line, marks])
    assert len(shown) == 76
    assert shown[shown_marks.index("^") : shown_marks.rindex("^") + 1] == "mg.log(p)"
    assert windowed(["short", "^^^^^"]) == ["short", "^^^^^"]
