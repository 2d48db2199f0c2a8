"""What the structure checks find: rules with the right values that are wrong all the same."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.checking import gradcheck
from minigrad.ops.arithmetic import Multiply

X = np.array([0.5, -1.5, 2.0])


def cube_with(rule):
    """An op out = x³ with that rule, as a function."""
    cube = type(
        "Cube",
        (mg.Op,),
        {"forward": staticmethod(lambda x: x * x * x), "grad_x": staticmethod(rule)},
    )
    return lambda x: mg.call(cube, x)


MEMORY = np.empty(3)


def in_one_memory(grad_out, out, x):
    grad_x = grad_out * 3 * x * x
    if isinstance(grad_x, np.ndarray):
        MEMORY[...] = grad_x
        return MEMORY
    return grad_x


def writes_to_the_output(grad_out, out, x):
    grad_x = grad_out * 3 * x * x
    if isinstance(out, np.ndarray):
        out[0] = 7.0
    return grad_x


def writes_to_its_input(grad_out, out, x):
    if isinstance(x, np.ndarray):
        np.maximum(x, 0, out=x)
    grad_x = grad_out * 3 * x * x
    return grad_x


def writes_to_the_incoming_gradient(grad_out, out, x):
    grad_x = grad_out * 3 * x * x
    if isinstance(grad_out, np.ndarray):
        grad_out[0] = 7.0
    return grad_x


def right(grad_out, out, x):
    grad_x = grad_out * 3 * x * x
    return grad_x


def test_a_right_rule_has_no_problems():
    assert gradcheck(cube_with(right), X).problems == []


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (in_one_memory, "input 0: its gradient was overwritten by a later backward"),
        (writes_to_its_input, "a rule of Cube writes to input 0"),
        (writes_to_the_output, "a rule of Cube writes to its output"),
        (writes_to_the_incoming_gradient, "a rule of Cube writes to the incoming gradient"),
    ],
)
def test_rules_with_side_effects(rule, problem):
    report = gradcheck(cube_with(rule), X)
    assert not report.ok
    assert any(problem in found for found in report.problems)


def test_a_rule_that_is_right_only_while_it_is_alone():
    cube = cube_with(in_one_memory)

    def two_cubes(x, y):
        first, second = x * 1.0, y * 2.0
        return cube(first) + cube(second)

    report = gradcheck(two_cubes, [X, X + 1])
    problem = "backward for all leaves gives another gradient than for it alone"
    assert any(problem in found for found in report.problems)


@pytest.mark.parametrize("function", [mg.sin, mg.tanh, mg.log_softmax])
def test_a_wrong_product_is_not_blamed_on_what_is_multiplied_with(function, monkeypatch):
    """Fast mode runs rules on Tensors, where the products in them are ops with rules too."""
    wrong = (lambda grad_out, out, x, y: -Multiply.grad_x(grad_out, out, x, y), Multiply.rules[1])
    monkeypatch.setattr(Multiply, "rules", wrong)
    assert gradcheck(function, X, mode="fast").verdict == "ok"
    assert gradcheck(mg.multiply, [X, X], mode="fast")["input 0"].verdict == "FAIL"
