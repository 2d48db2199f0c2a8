"""How a tensor is shown."""

import sys

import numpy as np
import pytest

import minigrad as mg

FILE = "test_printing.py"


def this_line():
    return sys._getframe(1).f_lineno


def test_a_leaf():
    assert repr(mg.Tensor(np.zeros((3, 2)))) == "Tensor(3, 2) float64"
    w = mg.Tensor(np.zeros((3, 2), np.float32), requires_grad=True, name="w")
    assert repr(w) == "Tensor(3, 2) float32 'w' requires_grad"


def test_a_single_element_shows_its_value():
    assert repr(mg.Tensor(0.5)) == "Tensor() float64 0.5"
    assert repr(mg.Tensor([[2]])) == "Tensor(1, 1) int64 2"
    assert repr(mg.Tensor(np.nan)) == "Tensor() float64 nan"
    assert repr(mg.Tensor(1 + 2j)) == "Tensor() complex128 1+2j"
    assert repr(mg.Tensor(np.zeros((0, 3)))) == "Tensor(0, 3) float64"


def test_what_came_out_of_an_op_shows_op_inputs_and_line():
    x = mg.Tensor(np.zeros((32, 64)))
    weight = mg.Tensor(np.zeros((64, 10)), requires_grad=True, name="weight")
    logits, line = mg.linear(x, weight, np.zeros(10)), this_line()
    logits.name = "logits"
    expected = f"Tensor(32, 10) float64 'logits' = Linear(x, weight, bias) {FILE}:{line}"
    assert repr(logits) == expected


def test_numbers_are_shown_as_operands():
    w = mg.Tensor([1.0, 2.0], requires_grad=True, name="w")
    assert "= Multiply(w, 2.5) " in repr(w * 2.5)
    assert "= Add(3, w) " in repr(3 + w)
    assert "= Add(w, 2.0) " in repr(w + np.float64(2))
    assert "= Power(1.5, w) " in repr(1.5**w)
    numbers = [1.0, 2.0]
    assert "= Add(w, y) " in repr(w + numbers)


def test_many_inputs_are_counted_off():
    w = mg.Tensor([1.0], requires_grad=True, name="w")
    two = mg.concatenate([w, w * 2])
    many = mg.concatenate([w] * 9)
    assert "= Concatenate(w, arrays[1]) " in repr(two)
    assert "= Concatenate(w, w, w, w, ...) " in repr(many)


def test_the_line_is_the_users_wherever_the_op_ran():
    """Methods, operators, NumPy's functions and nested calls all lead to the caller's line."""
    w = mg.Tensor([1.0, 2.0], requires_grad=True)
    made = [
        (w + 1, this_line()),
        (2 - w, this_line()),
        (np.exp(w), this_line()),
        (np.ones(2) * w, this_line()),
        (w.mean(), this_line()),
        (mg.stack([w, w]), this_line()),
        (mg.std(w), this_line()),
        (next(iter(w)), this_line()),
        (w[0], this_line()),
        (np.add.reduce(w), this_line()),
        (mg.grad((w * w).sum(), w, create_graph=True), this_line()),
    ]
    for tensor, line in made:
        assert repr(tensor).endswith(f"{FILE}:{line}"), tensor


def test_an_expression_over_several_lines_shows_the_line_of_its_part():
    w = mg.Tensor([1.0, 2.0], requires_grad=True)
    line = this_line()
    product = mg.sum(
        w
        * 2.0
    )  # fmt: skip
    assert repr(product.inputs[0]).endswith(f"{FILE}:{line + 2}")
    assert repr(product).endswith(f"{FILE}:{line + 1}")


def test_code_without_a_file():
    w = mg.Tensor([1.0, 2.0], requires_grad=True)
    assert repr(eval("w * 2", {"w": w})).endswith(" <string>:1")


def test_str_adds_the_values_shortened():
    t = mg.Tensor([1.0, 0.123456789], name="t")
    assert str(t) == "Tensor(2) float64 't'\n[1.     0.1235]"
    assert f"{t}" == str(t)
    assert "..." in str(mg.Tensor(np.zeros(1000)))
    assert len(repr(mg.Tensor(np.zeros(1000)))) < 100


@pytest.mark.parametrize("free", [False, True])
def test_what_was_differentiated_or_freed_still_prints(free):
    x = mg.Tensor(2.0, requires_grad=True)
    y = x * 3.0
    y.backward(free_graph=free)
    assert repr(y).startswith("Tensor() float64 6 = Multiply(")
    assert str(y)


def test_without_a_graph_no_op_is_shown():
    with mg.no_grad():
        y = mg.Tensor(2.0, requires_grad=True) * 3.0
    assert repr(y) == "Tensor() float64 6"
