"""Backward passes under the debugger: where nobody answers, at a prompt, by the environment."""

import bdb
import os
import subprocess
import sys

import numpy as np
import pytest
from prompting import session, typed
from replay_cases import Broken

import minigrad as mg
from minigrad.debugger import DebuggerQuit
from minigrad.errors import DomainError, DTypeError, GradientError, GraphError, NonFiniteError
from minigrad.graph import backpropagate, backward_pass


def with_a_nan():
    p = mg.Tensor([0.5, 0.0], requires_grad=True, name="p")
    with np.errstate(divide="ignore"):
        return p, (mg.log(p * 1.0) * 2.0).sum()


def with_an_infinite_slope():
    p = mg.Tensor([0.5, 0.0], requires_grad=True, name="p")
    return p, mg.sqrt(p).sum()


def square():
    w = mg.Tensor([1.0, -3.0], requires_grad=True, name="w")
    return w, (w * w).sum()


# Where nobody answers


def test_nothing_prompts_without_a_terminal(capsys):
    w, loss = square()
    mg.debug(loss)
    with mg.debugging(at=1):
        loss.backward()
    np.testing.assert_array_equal(w.grad, [4.0, -12.0])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("make", "message", "note"),
    [
        (with_a_nan, r"pass 2: Tensor\(\) float64 -inf = Sum.* is not finite", "log of 0 in Log"),
        (
            with_an_infinite_slope,
            "pass 2: a gradient of .*Sum.* is not finite",
            "an infinite slope",
        ),
    ],
)
def test_without_a_terminal_the_report_is_a_note_of_the_error(make, message, note):
    p, loss = make()
    _, fine = square()
    with mg.debugging(on="nonfinite"):
        fine.backward()
        with pytest.raises(NonFiniteError, match=message) as error:
            loss.backward()
    assert note in error.value.__notes__[0]
    assert "test_driver.py:" in error.value.__notes__[0]
    assert p.grad is None


def test_an_infinity_that_reaches_neither_loss_nor_gradient_is_fine():
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    masked = mg.where(np.array([True, False]), x, -np.inf)
    with mg.debugging(on="nonfinite"):
        mg.softmax(masked)[0].backward()
    np.testing.assert_array_equal(x.grad, [0.0, 0.0])


def test_an_error_of_backward_is_that_error():
    w, _ = square()
    with mg.debugging(on="nonfinite"), pytest.raises(GradientError, match="gradient of shape"):
        (w * w).backward()
    with pytest.raises(GraphError, match="requires no gradient"):
        mg.debug(w.detach().sum())
    with pytest.raises(DTypeError, match=r"debug: loss must be a Tensor, got 0\.5"):
        mg.debug(0.5)


# At a prompt


def test_it_stops_at_the_step_that_is_to_blame():
    _, loss = with_an_infinite_slope()
    files = typed("step.number, step.op", "c")
    with mg.debugging(on="nonfinite", **files):
        loss.backward()
    text = files["stdout"].getvalue()
    assert "(2, 'Sqrt')" in text
    assert "in Sqrt.grad_x: dL/dx = dL/dout / (2 * out)" in text
    assert "1 inf" in text


def test_at_the_prompt_what_is_finite_goes_by():
    files = typed()
    w, loss = square()
    with mg.debugging(on="nonfinite", **files):
        loss.backward()
    assert files["stdout"].getvalue() == ""
    np.testing.assert_array_equal(w.grad, [2.0, -6.0])


def test_both_at_and_on():
    files = typed("c", "c")
    with mg.debugging(on="nonfinite", at=1, **files):
        square()[1].backward()
        with_an_infinite_slope()[1].backward()
    text = files["stdout"].getvalue()
    assert "start of backward pass 1" in text
    assert "backward pass 2 is complete" in text


def test_quitting_is_what_pdb_raises_and_can_be_caught():
    w, loss = square()
    with pytest.raises(bdb.BdbQuit):
        mg.debug(loss, **typed("q"))
    assert issubclass(DebuggerQuit, bdb.BdbQuit)
    assert w.grad is None
    assert backward_pass.get() is backpropagate


def test_a_gradient_to_start_from():
    w = mg.Tensor([1.0, -3.0], requires_grad=True)
    files = typed("g", "c")
    mg.debug(w * w, [1.0, 10.0], **files)
    assert "\n(mg) g\n[ 1. 10.]\n" in files["stdout"].getvalue()
    np.testing.assert_array_equal(w.grad, [2.0, -60.0])


def test_a_graph_that_is_to_be_freed_is_kept_until_the_end_of_the_pass():
    w, loss = square()
    files = typed("n", "back", "n", "c")
    with mg.debugging(**files):
        loss.backward(free_graph=True)
    assert files["stdout"].getvalue().count("step 2 of 2") == 2
    np.testing.assert_array_equal(w.grad, [2.0, -6.0])
    assert loss.grad is None
    with pytest.raises(GraphError, match="was freed"):
        loss.backward()


def test_gradients_accumulate_as_ever():
    w, loss = square()
    session(loss, "c")
    session(loss, "c")
    np.testing.assert_array_equal(w.grad, [4.0, -12.0])


def test_blocks_nest_and_end():
    _, loss = square()
    outer, inner = typed("c", "c"), typed("c")
    with mg.debugging(at=2, **outer):
        loss.backward()
        with mg.debugging(**inner):
            loss.backward()
        loss.backward()
    loss.backward()
    assert "start of backward pass 1\n" in inner["stdout"].getvalue()
    assert "start of backward pass 2\n" in outer["stdout"].getvalue()
    assert backward_pass.get() is backpropagate


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"on": "nan"}, "on must be 'nonfinite' or None, found 'nan'"),
        ({"at": 0}, "at must be a whole number from 1 on, found 0"),
        ({"at": 1.5}, "at must be a whole number from 1 on, found 1.5"),
        ({"at": True}, "at must be a whole number from 1 on, found True"),
    ],
)
def test_what_is_asked_for_must_make_sense(arguments, message):
    with pytest.raises(DomainError, match=message), mg.debugging(**arguments):
        pass


@pytest.mark.parametrize("options", [{"at": 9}, {"on": "nonfinite"}])
def test_a_rule_that_fails_before_any_stop_fails_as_backward_does(options):
    loss = mg.call(Broken, mg.Tensor([1.0], requires_grad=True)).sum()
    with mg.debugging(**options, **typed()), pytest.raises(ArithmeticError) as error:
        loss.backward()
    assert error.value.__notes__[0].startswith(
        "in the backward step of Tensor(1) float64 1 = Broken"
    )


# From the environment

SCRIPT = """
import numpy as np
import minigrad as mg

p = mg.Tensor([0.5, 0.0], requires_grad=True, name="p")
with np.errstate(divide="ignore"):
    loss = mg.log(p).sum()
loss.backward()
print("not here")
"""


def run_script(tmp_path, value):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "MINIGRAD_DEBUG": value}
    return subprocess.run(
        [sys.executable, "-W", "ignore", script],
        capture_output=True,
        text=True,
        env=environment,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_the_environment_asks_for_it(tmp_path):
    run = run_script(tmp_path, "nonfinite")
    assert run.returncode == 1
    assert "NonFiniteError: backward pass 1: Tensor() float64 -inf = Sum(x)" in run.stderr
    assert "log of 0 in Log: out = np.log(x) with x[1] = 0" in run.stderr
    assert run.stdout == ""


def test_an_empty_value_asks_for_nothing(tmp_path):
    assert run_script(tmp_path, "").stdout == "not here\n"


def test_an_unknown_value_is_refused(tmp_path):
    run = run_script(tmp_path, "nan")
    assert "DomainError: MINIGRAD_DEBUG must be 'nonfinite', found 'nan'" in run.stderr


@pytest.mark.parametrize("calls", [0, 1, 3])
def test_a_compiled_function_stops_as_well(calls):
    """Whether it has been compiled already or not."""
    w = mg.Tensor([1.0, -3.0], requires_grad=True, name="w")

    @mg.compile(backend="numpy")
    def step(v):
        w.grad = None
        loss = (w * w * v).sum()
        loss.backward()
        return loss

    for _ in range(calls):
        step(np.array([1.0, 1.0]))
    files = typed("c")
    with mg.debugging(at=1, **files) as driver:
        assert step(np.array([1.0, 10.0])).item() == 91.0
    np.testing.assert_array_equal(w.grad, [2.0, -60.0])
    assert "start of backward pass 1" in files["stdout"].getvalue()
    assert driver.passes == 1
    with mg.debugging(on="nonfinite"), pytest.raises(NonFiniteError):
        step(np.array([1.0, np.inf]))


def test_every_batch_of_a_compiled_training_is_a_pass():
    x, y = np.random.default_rng(0).normal(size=(12, 3)), np.arange(12) % 2
    model = mg.nn.mlp([3, 4, 2], rng=0)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1)
    with mg.debugging(on="nonfinite") as driver:
        mg.training.fit(
            model,
            mg.softmax_cross_entropy,
            optimizer,
            (x, y),
            epochs=5,
            batch_size=4,
            compile="numpy",
            progress=False,
        )
    assert driver.passes == 15
