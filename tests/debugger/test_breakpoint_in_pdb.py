"""mg.breakpoint(): pdb that steps over NumPy and over the loop, straight into rules."""

import io
import re
import sys

import numpy as np

import minigrad as mg


def stops(*commands):
    """Function and line of each stop of pdb, from ``loss.backward()`` on."""
    x = mg.Tensor(np.array([[0.5, -1.0]]), requires_grad=True, name="x")
    loss = mg.sigmoid(x).sum()
    output = io.StringIO()
    to_the_call = ["n"] if sys.version_info >= (3, 13) else []  # there it stops at breakpoint()
    script = "\n".join([*to_the_call, *commands, "c", ""])
    mg.breakpoint(stdin=io.StringIO(script), stdout=output)
    loss.backward()
    y = mg.exp(x)
    del y
    text = output.getvalue()
    text = text[text.index("-> loss.backward()") :]
    return re.findall(r"> \S+\(\d+\)(\w+)\(\)(?:->.*)?\n-> (.*)", text)


def test_two_presses_reach_the_first_line_of_the_first_rule():
    where = stops("s", "s")
    assert where[0][0] == "grad_x"
    assert where[1] == ("grad_x", "grad_kept = grad_out.reshape(kept_shape(x.shape, axis))")


def test_returning_from_a_rule_leads_to_the_next_one():
    where = stops("s", "s", "r", "s", "s")
    assert where[3:] == [
        ("grad_x", "@staticmethod"),
        ("grad_x", "grad_x = grad_out * out * (1 - out)"),
    ]


def test_a_forward_is_reached_without_the_machinery():
    where = stops("n", "s", "s", "s", "s")
    assert [function for function, _ in where[1:]] == ["exp", "exp", "forward", "forward"]
    assert where[-1][1] == "return np.exp(x)"
