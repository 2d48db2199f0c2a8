"""mg.breakpoint(): pdb that steps over NumPy and over the loop, straight into rules."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

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


SCRIPT = """\
import minigrad as mg
x = mg.Tensor([0.5, -1.0], requires_grad=True)
loss = mg.sigmoid(x).sum()
{stop}
loss.backward()
"""


def run(folder, typed, *options, stop="", **variables):
    """What Python's pdb, fed with commands, prints for the script."""
    (folder / "script.py").write_text(SCRIPT.format(stop=stop))
    done = subprocess.run(
        [sys.executable, *options, "script.py"],
        cwd=folder,
        env=os.environ | {"HOME": str(folder)} | variables,
        input="\n".join([*typed, ""]),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_the_pdbrc_of_the_readme(tmp_path):
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    sample = re.search(r"a `\.pdbrc` in the project.*?```text\n(.*?)```", readme, re.DOTALL)[1]
    (tmp_path / ".pdbrc").write_text(sample)
    typed = ["tbreak 5", "c", "rule activation.Sigmoid.grad_x", "c", "flow", "q"]
    text = run(tmp_path, typed, "-m", "pdb")
    assert "-> grad_x = grad_out * out * (1 - out)" in text
    assert "{'arrived': array([1., 1.]), 'out': array([0.62245933, 0.26894142])}" in text


def test_breakpoint_of_python_can_be_that_of_minigrad(tmp_path):
    to_the_call = ["n"] if sys.version_info >= (3, 13) else []
    typed = [*to_the_call, "s", "s", "q"]
    text = run(tmp_path, typed, stop="breakpoint()", PYTHONBREAKPOINT="minigrad.breakpoint")
    assert "-> grad_kept = grad_out.reshape" in text
