"""Stepping through backward() in pdb: how many presses, and what the frames show."""

import io
import pdb
import re
import sys

import numpy as np
import pytest

import minigrad as mg

QUIET = ["numpy.*", "minigrad.graph", "minigrad.tensor"]


def small_loss():
    x = mg.Tensor(np.array([[0.5, -1.0]]), requires_grad=True, name="x")
    w = mg.Tensor(np.array([[1.0], [2.0]]), requires_grad=True, name="w")
    return mg.sigmoid(x @ w).sum()


def session(commands, skip):
    """What pdb prints when it stops at loss.backward() and is given these commands."""
    output = io.StringIO()
    to_the_call = ["n"] if sys.version_info >= (3, 13) else []  # there it stops at set_trace()
    script = "\n".join([*to_the_call, *commands, "c", ""])
    debugger = pdb.Pdb(stdin=io.StringIO(script), stdout=output, skip=skip)
    debugger.use_rawinput = False
    debugger.prompt = "(Pdb) "
    loss = small_loss()
    debugger.set_trace()
    loss.backward()
    text = output.getvalue()
    return text[text.index("-> loss.backward()") :]


def stops(text):
    """The functions pdb stopped in after that, in order, with the line it stood on."""
    return re.findall(r"> \S+\(\d+\)(\w+)\(\)(?:->.*)?\n-> (.*)", text)


def test_with_the_loop_skipped_the_second_step_is_in_the_first_rule():
    text = session(["s", "s", "a"], QUIET)
    where = stops(text)
    assert where[0][0] == "grad_x"
    assert where[1] == ("grad_x", "grad_kept = grad_out.reshape(kept_shape(x.shape, axis))")
    assert re.search(r"\bgrad_out = ", text)
    assert re.search(r"\bout = ", text)
    assert re.search(r"\bx = ", text)


@pytest.mark.parametrize("skip", [["numpy.*"], None])
def test_a_breakpoint_on_a_rule_takes_two_commands(skip):
    text = session(["tbreak mg.ops.activation.Sigmoid.grad_x", "c", "p out.round(3)", "n"], skip)
    where = stops(text)
    assert where[0] == ("grad_x", "grad_x = grad_out * out * (1 - out)")
    assert where[1] == ("grad_x", "return grad_x")
    assert "array([[0.182]])" in text


def test_every_line_between_backward_and_the_rules_can_be_stepped():
    text = session(["s"] * 400, ["numpy.*"])
    functions = [function for function, _ in stops(text)]
    for function in ["backward", "backpropagate", "topological_order", "backward_step", "grad_x"]:
        assert function in functions
    rules = [line for function, line in stops(text) if function == "grad_x"]
    assert "grad_x = grad_out * out * (1 - out)" in rules
    assert "grad_x = grad_out @ y.swapaxes(-1, -2)" in rules
