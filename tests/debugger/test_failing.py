"""A rule that raises, or gives nonsense: what is known up to there, and whose fault it is."""

import numpy as np
import pytest
from prompting import answers, typed

import minigrad as mg
from minigrad.debugger import DebuggerQuit, nan_report, why


class Broken(mg.Op):
    """out = x * y, whose second rule raises."""

    @staticmethod
    def forward(x, y):
        return x * y

    @staticmethod
    def grad_x(grad_out, out, x, y):
        return grad_out * y

    @staticmethod
    def grad_y(grad_out, out, x, y):
        raise ArithmeticError("no rule today")


class Misshapen(mg.Op):
    """out = x, whose rule gives two entries too many."""

    @staticmethod
    def forward(x):
        return x * 1.0

    @staticmethod
    def grad_x(grad_out, out, x):
        return np.ones(4)


class Nothing(mg.Op):
    """out = x, whose rule forgets to return."""

    @staticmethod
    def forward(x):
        return x * 1.0

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_out * 1.0


RAISES = "Broken.grad_y raises ArithmeticError: no rule today"


def broken():
    """Sum(early + Broken(tanh(w), v)); of the seven steps the fifth fails."""
    early = mg.Tensor([1.0, 2.0], requires_grad=True, name="early")
    w = mg.Tensor([0.5, -1.0], requires_grad=True, name="w")
    v = mg.Tensor([3.0, 4.0], requires_grad=True, name="v")
    return ((early * 5.0) + mg.call(Broken, mg.tanh(w), v) * 1.0).sum() * 1.0


def said(text):
    return " ".join(text.split())


def left(loss, *commands):
    """The answers to commands, the last of which leaves a pass that cannot be completed."""
    files = typed(*commands, "q")
    with pytest.raises(DebuggerQuit):
        mg.debug(loss, **files)
    return answers(files["stdout"].getvalue())


def test_the_page_ends_at_the_step_that_fails(tmp_path):
    page = tmp_path / "page.html"
    told = left(broken(), f"html {page}")[0][1]
    assert said(told) == f"written to {page} it ends at step 5 of 7: {RAISES}"
    recorded = mg.replay(broken())
    assert recorded.problem == RAISES
    assert recorded.steps == 5
    assert "the last one fails" in repr(recorded)
    *made, failing = recorded.data["steps"]
    assert [step["problem"] for step in made] == [None] * 4
    assert (failing["op"], failing["flows"], failing["problem"]) == ("Broken", [], RAISES)
    assert failing["gradient"]["cells"] == [[1.0, 1.0]]
    assert [value["array"]["cells"] for value in failing["values"]] == [
        [list(np.tanh([0.5, -1.0]))],
        [[3.0, 4.0]],
    ]
    assert RAISES in page.read_text(encoding="utf-8")
    assert mg.replay(mg.tanh(mg.Tensor(0.5, requires_grad=True))).problem is None


def test_why_answers_from_what_is_known():
    loss = broken()
    found = why(loss, "v")
    assert found.kind == "failed"
    assert said(str(found)).startswith(
        f"'v' has no gradient: the pass fails in step 5 of 7, when 0 of its 1 contributions have "
        f"arrived. {RAISES} test_failing.py:"
    )
    assert found.source.expression == "mg.call(Broken, mg.tanh(w), v)"
    loss = mg.call(Broken, mg.relu(-mg.exp(mg.Tensor(1.0, requires_grad=True, name="z"))), 1.0)
    assert "all 1 inputs are <= 0" in str(why(loss, "z"))


def test_why_knows_a_gradient_that_was_complete_before():
    late = mg.Tensor([1.0, 2.0], requires_grad=True, name="late")
    inner = mg.call(Broken, mg.Tensor([0.5, 1.0], requires_grad=True), late)
    early = mg.Tensor([1.0, 2.0], requires_grad=True, name="early")
    found = why((inner * early).sum(), early)
    assert found.kind == "not run"
    assert "norm 2.06" in said(str(found))  # of [0.5, 2]
    assert said(str(found)).endswith(f"The pass fails later, in step 3 of 3: {RAISES}")


@pytest.mark.parametrize("command", ["c", "n 9", "goto end", "unt op:tanh"])
def test_moving_ends_in_front_of_it(command):
    told = left(broken(), command, command)
    assert "step 5 of 7" in told[0][1]
    assert f"this step fails: {RAISES}" in said(told[0][1])
    assert told[1][1] == f"*** {RAISES}"


@pytest.mark.parametrize(
    ("op", "problem"),
    [
        (Misshapen, r"Misshapen.grad_x returned shape (4,) for"),
        (Nothing, r"Nothing.grad_x returned None, not an array for"),
    ],
)
def test_what_is_no_gradient_is_told_as_backward_tells_it(op, problem):
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    loss = mg.call(op, x).sum()
    told = left(loss, "n", "n")
    assert f"this step fails: {problem}" in said(told[0][1])
    assert told[1][1].startswith(f"*** {problem}")
    with pytest.raises(mg.errors.GradientError) as error:
        loss.backward()
    assert said(told[1][1]) == f"*** {error.value}"
    assert mg.replay(loss).problem == str(error.value)


def test_the_nan_report_names_the_rule():
    assert nan_report(broken()).problem == RAISES


class Twice(mg.Op):
    """out = x * y: the first rule gives a wrong shape, the second raises as well."""

    @staticmethod
    def forward(x, y):
        return x * y

    @staticmethod
    def grad_x(grad_out, out, x, y):
        return np.zeros(5)

    @staticmethod
    def grad_y(grad_out, out, x, y):
        raise ArithmeticError("never reached")


def test_the_first_of_two_wrong_rules_is_blamed():
    x, y = (mg.Tensor([1.0, 2.0], requires_grad=True, name=name) for name in "xy")
    problem = mg.replay(mg.call(Twice, x, y).sum()).problem
    assert "Twice.grad_x returned shape (5,)" in problem
    assert "never reached" not in problem
