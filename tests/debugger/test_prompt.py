"""Commands of the prompt, one by one, with what each says when it is misused."""

import io

import numpy as np
import pytest
from prompting import answer, answers, session, typed
from replay_cases import Broken

import minigrad as mg
from minigrad.debugger import BackwardPass, DebuggerQuit
from minigrad.debugger.prompt import GROUPS, Prompt


def neuron():
    """One sigmoid neuron, w = b = 2, on the input 1 with the target 0, and the quadratic cost."""
    w = mg.Tensor(2.0, requires_grad=True, name="w")
    b = mg.Tensor(2.0, requires_grad=True, name="b")
    a = mg.sigmoid(w * 1.0 + b)
    return 0.5 * (a - 0.0) ** 2


def reused():
    x = mg.Tensor([[0.3, -1.7, 2.9]], requires_grad=True, name="x")
    h = mg.tanh(x * x)
    h.name = "h"
    return (h * x + mg.exp(h) * h).sum()


# The slow neuron: the output 1 / (1 + e^-4) is 0.982014, the gradient 0.982 * 0.982 * 0.018.


def test_the_screen_shows_the_chain_rule_in_numbers():
    lines = answer(neuron(), "n 3").splitlines()
    assert lines[1].startswith("[==========>.........] step 4 of 6")
    assert lines[2].startswith("Tensor() float64 0.982014 = Sigmoid(x) test_prompt.py:")
    source, marks = lines[5:7]
    assert source[marks.index("^") : marks.rindex("^") + 1] == "mg.sigmoid(w * 1.0 + b)"
    assert "  arrived   dL/dout = 0.982" in lines
    assert "            from Subtract.grad_x (step 3)" in lines
    assert "  leaves    dL/dx for Add (step 5): gain 0.01766, complete" in lines
    assert "    dL/dx = dL/dout * out * (1 - out)" in lines
    assert "    dL/dx = 0.982 * 0.982 * (1 - 0.982) = 0.01735" in lines


def test_a_reused_tensor_shows_who_gave_what():
    text = answer(reused(), "unt op:tanh")
    assert "Tensor(1, 3) float64 'h' = Tanh(x)" in text
    assert "the sum of 3 contributions:" in text
    assert "from Multiply.grad_y (step 3)" in text
    assert "from Exp.grad_x (step 4)" in text
    assert "from Multiply.grad_x (step 5)" in text


def test_what_had_arrived_is_told_and_a_rule_that_is_no_formula_is_pointed_to():
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    loss = (mg.concatenate([x, x]) * [1.0, 10.0, 100.0, 1000.0]).sum()
    text = answer(loss, "goto 3")
    assert "    dL/darrays[1]: see the rule (ll arrays[1])" in text
    assert "    with what had arrived (2,) = [101 1.01e+03]" in text


def test_what_is_still_missing_is_told():
    text = answer(reused(), "unt op:exp")
    assert "dL/dx for h = Tanh (step 6): gain" in text
    assert "1 more to come" in text


def test_no_line_is_wider_than_80_columns():
    rng = np.random.default_rng(0)
    model = mg.nn.mlp([4, 5, 3], rng=rng)
    loss = mg.softmax_cross_entropy(model(rng.standard_normal((7, 4))), rng.integers(0, 3, 7))
    helps = [f"help {name}" for names in GROUPS.values() for name in ["", *names.split()]]
    for one in [neuron(), reused(), loss]:
        looks = ["w", "tree", "a", "contrib", "check", "fd", "jac", "bisect", "nan"]
        text = session(one, *["n"] * 20, "back", *looks, "goto 2", *looks, *helps, "c")
        assert [line for line in text.splitlines() if len(line) > 80] == []


# Moving


def test_grad_is_that_of_backward_when_the_pass_is_completed():
    loss = reused()
    loss.backward()
    (x,) = (t for t in BackwardPass(loss).grads if t.name == "x")
    expected, x.grad = x.grad, None
    session(loss, "n 3", "back 2", "goto end", "goto 2", "c")
    np.testing.assert_array_equal(x.grad, expected, strict=True)


def test_leaving_before_the_end_raises_and_changes_no_grad():
    loss = reused()
    (x,) = (t for t in BackwardPass(loss).grads if t.name == "x")
    for commands in (["n", "q"], ["n"], ["n", "exit"]):
        with pytest.raises(DebuggerQuit, match=r"pass 1 at step 2 of 7; no \.grad has changed"):
            mg.debug(loss, **typed(*commands))
        assert x.grad is None


def test_leaving_at_the_end_completes_it():
    loss = reused()
    (x,) = (t for t in BackwardPass(loss).grads if t.name == "x")
    text = session(loss, "goto end", "q")
    assert "leaf x (1, 3) = [[" in text
    assert "backward pass 1 is complete: .grad is filled" in text
    assert x.grad is not None


def bars(text):
    return [
        line.split("]")[1].split("  ")[0].strip() for line in text.splitlines() if "===" in line
    ]


def test_moving_lands_where_it_says():
    text = session(neuron(), "n", "n 2", "back", "goto 6", "n", "back 3", "until op:add", "rc", "c")
    places = ["step 2 of 6", "step 4 of 6", "step 3 of 6", "step 6 of 6", "at the end of 6 steps"]
    assert bars(text) == [*places, "step 4 of 6", "step 5 of 6"]
    assert answers(text)[7][1].startswith("\n[>...................] step 1 of 6")


def test_an_empty_line_does_the_last_command_again():
    assert bars(session(neuron(), "n", "", "c")) == ["step 2 of 6", "step 3 of 6"]


@pytest.mark.parametrize(
    ("commands", "message"),
    [
        (["n 0"], "expected a number of steps from 1 on, found '0'"),
        (["n x"], "expected a number of steps from 1 on, found 'x'"),
        (["goto end", "n"], "every step has been made; c ends the pass, back goes back"),
        (["back"], "no step has been made yet; there is none to go back"),
        (["rc"], "no step has been made yet; there is none to go back"),
        (["back -1"], "expected a number of steps from 1 on, found '-1'"),
        (["c 3"], "c takes no argument, found '3'"),
        (["goto 7"], "expected a step from 1 to 6 or end, found '7'"),
        (["tree 7"], "expected a step from 1 to 6, found '7'"),
        (["quit(1)"], "q takes no argument, found '(1)'"),
        (["b op:add", "b op:add"], "breakpoint 1 is that already"),
        (["goto"], "expected a step from 1 to 6 or end, found ''"),
        (["unt"], "'' is not a SPEC; write op:log, name:0.weight, layer:2, train.py:12, 12,"),
        (["goto end", "unt op:add"], "every step has been made; back goes back"),
        (["s z"], "no gradient goes to 'z'; here it goes to y"),
        (["goto end", "s"], "the pass is at its end: there is no step here"),
        (["goto end", "l"], "the pass is at its end: there is no step here"),
        (["w up"], "w takes no argument, found 'up'"),
        (["ll q"], "no gradient goes to 'q'; here it goes to y"),
        (["g nobody"], "no tensor here is named 'nobody'; there are b, w"),
        (["jac q"], "no gradient goes to 'q'; here it goes to y"),
        (["fd y [a]"], "expected an index such as [3, 1], found '[a]'"),
        (["fd y [7]"], "y has the shape (); there is no entry [7]"),
        (["check all"], "check takes no argument, found 'all'"),
        (["bisect 3"], "bisect takes no argument, found '3'"),
        (["nan g"], "nan takes no argument, found 'g'"),
        (["why"], "write why NAME, with a variable or the name of a tensor"),
        (["why nobody"], "no tensor is called 'nobody'; there are b, w"),
        (["watch ("], "SyntaxError: '(' was never closed"),
        (["unwatch 1"], "there is no watched expression '1'; watch lists them"),
        (["p"], "write p EXPR"),
        (["pp"], "write pp EXPR"),
        (["set w = 3"], "write set g = EXPR; only the gradient can be set, found 'w = 3'"),
        (["set g ="], "write set g = EXPR"),
        (["set g = [1.0, 2.0]"], "the gradient given has shape (2,), but"),
        (["set g = nobody"], "NameError: name 'nobody' is not defined"),
        (["html"], "write html FILE, such as html backprop.html"),
        (["html /nowhere/page.html"], "cannot write '/nowhere/page.html'"),
        (["help nobody"], "there is no command 'nobody'; help lists them"),
        (["1 / 0"], "ZeroDivisionError: division by zero"),
        (["nobody"], "NameError: name 'nobody' is not defined"),
        (["for"], "SyntaxError: invalid syntax"),
        (["g = 3"], "g belongs to the step and stays as it is; set g = EXPR replaces the gradient"),
        (["node = 3"], "node belongs to the step and stays as it is"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(commands, message):
    told = answer(neuron(), *commands)
    assert told.startswith("*** ")
    assert message in told
    assert "\n" not in told


# Looking


def test_path_from_the_loss():
    lines = answer(neuron(), "goto 4", "w").splitlines()
    assert [line[:7] for line in lines] == ["     1 ", "     2 ", "     3 ", ">    4 "]
    assert "Sigmoid(x)" in lines[3]
    chain = mg.Tensor(1.0, requires_grad=True)
    for _ in range(1000):
        chain = chain * 1.0
    lines = answer(chain, "goto 1000", "w").splitlines()
    assert lines[0] == "  ... 970 more steps from the loss on"
    assert lines[-1].startswith("> 1000  Tensor() float64 1 = Multiply(x, 1.0)")
    assert len(lines) == 31


def test_source_around_the_sub_expression():
    lines = answer(neuron(), "goto 4", "l").splitlines()
    (place,) = (k for k, line in enumerate(lines) if "->" in line)
    assert lines[place].endswith("->     a = mg.sigmoid(w * 1.0 + b)")
    marks = lines[place + 1]
    assert lines[place][marks.index("^") :][: marks.count("^")] == "mg.sigmoid(w * 1.0 + b)"
    assert "return 0.5 * (a - 0.0) ** 2" in lines[place + 2]


def test_source_that_cannot_be_read():
    scope = {"mg": mg, "x": mg.Tensor(1.0, requires_grad=True)}
    exec(compile("loss = mg.exp(x)", "<gone>", "exec"), scope)
    assert answer(scope["loss"], "l").startswith("*** the source of Tensor() float64 2.71828")


def test_the_rule():
    assert answer(neuron(), "goto 4", "ll").splitlines()[1:3] == [
        "def grad_x(grad_out, out, x):",
        "    grad_x = grad_out * out * (1 - out)",
    ]
    assert answer(neuron(), "goto 5", "ll").count("def grad_") == 2
    assert answer(neuron(), "goto 5", "ll y").count("def grad_") == 1


def test_gradients_inputs_and_contributions():
    loss = reused()
    assert answer(loss, "goto 2", "g") == "[[1. 1. 1.]]"
    assert answer(loss, "g x").startswith("3 of 3 contributions are still to come\nnothing")
    assert answer(loss, "goto end", "g x").startswith("0 of 3 contributions are still to come\n[[")
    assert "h (1, 3)" not in answer(loss, "a")
    assert answer(loss, "a").splitlines()[1:3] == ["axis = None", "keepdims = False"]
    text = answer(loss, "goto 6", "contrib")
    assert text.count("adds") == 3
    run = BackwardPass(loss)
    run.go_to(5)
    entries = ", ".join(f"{g:.3g}" for g in run.grads[run.tensor][0])
    assert text.splitlines()[-1] == f"  sum  [[{entries.replace(',', '')}]]"


def test_a_name_that_several_have_is_no_answer():
    x, y = (mg.Tensor([1.0, 2.0], requires_grad=True, name="x") for _ in "xy")
    files = typed("g x", "goto end", "p grads[y]", "c")
    mg.debug((x * y).sum(), **files)
    told = dict(answers(files["stdout"].getvalue()))
    assert told["g x"] == "*** 2 tensors are named 'x'; try grads[VARIABLE]"
    assert told["p grads[y]"] == "[1. 2.]"


def test_tree_tells_what_has_been_made_and_what_is_shared():
    lines = answer(reused(), "goto 4", "tree").splitlines()
    assert lines[0].startswith("*     1  Sum ()")
    first_seen = [line[:7] for line in lines if "leaf" not in line and "above" not in line]
    assert first_seen == [
        "*     1",
        "*     2",
        "      5",
        "      6",
        "      7",
        "*     3",
        ">     4",
    ]
    assert any(line.endswith("h = Tanh (above)") for line in lines)


def test_arrays_in_a_dict_are_told_by_their_corners():
    x = mg.Tensor(np.arange(400.0).reshape(100, 4), requires_grad=True, name="x")
    loss = (x * 2.0).sum()
    for command in ("inputs", "pp inputs", "p inputs"):
        text = answer(loss, "goto 2", command)
        assert text.count("\n") < 8
        assert "398., 399." in text
    assert answer(loss, "pp list(range(3))") == "[0, 1, 2]"


def test_a_tree_may_begin_at_a_step():
    lines = answer(reused(), "tree 5").splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["5", "Multiply"], ["6", "h"]]
    chain = mg.Tensor([1.0], requires_grad=True, name="x")
    for _ in range(300):
        chain = mg.tanh(chain)
    assert answer(chain.sum(), "tree").endswith("the first 200 lines; tree k begins at step k")
    assert "leaf x" in answer(chain.sum(), "tree 290")


def test_parentheses_after_q_do_no_harm():
    files = typed("quit()", "n")
    with pytest.raises(DebuggerQuit, match="at step 1 of 6"):
        mg.debug(neuron(), **files)


def test_a_deep_tree_says_how_deep_it_is():
    x = mg.Tensor([1.0], requires_grad=True, name="x")
    deep = x
    for _ in range(30):
        deep = mg.tanh(deep)
    lines = answer(deep.sum(), "tree").splitlines()
    assert [line.index("Tanh") for line in lines[1:16]] == list(range(11, 41, 2))
    assert lines[15][9 + 30 :].startswith("Tanh (1,)")
    assert lines[16][9 + 30 :].startswith("16: Tanh (1,) test_prompt.py:")
    assert lines[30][9 + 30 :].startswith("30: Tanh (1,) test_prompt.py:")
    assert lines[31][9 + 30 :] == "31: leaf x (1,)"


def test_python_sees_the_stop_and_the_program():
    factor = 3.0
    loss = neuron() * factor
    files = typed("factor * 2", "node is loss", "c")
    mg.debug(loss, **files)
    told = dict(answers(files["stdout"].getvalue()))
    assert told["factor * 2"] == "6.0"
    assert told["node is loss"] == "True"
    assert answer(loss, "step.number, out.shape, list(inputs), nth") == "(1, (), ['x', 'y'], 1)"
    assert answer(loss, "g.max()") == "1.0"
    assert answer(loss, "g * 2") == "2.0"
    assert answer(loss, "g - 1") == "0.0"
    assert answer(loss, "p = [7, 8]", "p [1]") == "[1]"
    assert answer(loss, "p = [7, 8]", "p[1]") == "8"
    assert answer(loss, "k = [g + i for i in range(2)]", "p k[1]") == "2.0"
    assert answer(loss, "!c = 5", "!c") == "5"
    assert answer(loss, "print(len(grads))") == "9"
    assert answer(loss, "pp {'b': 1, 'a': 2}") == "{'b': 1, 'a': 2}"
    assert factor == 3.0


def test_backward_typed_at_the_prompt_does_not_prompt_again():
    loss = neuron()
    files = typed("loss.backward()", "!loss.grad", "c")
    mg.debug(loss, **files)
    assert answers(files["stdout"].getvalue())[1] == ("!loss.grad", "1.")


def test_watched_expressions_at_every_stop():
    text = session(
        neuron(), "watch out * 2", "watch 1 / 0", "n", "unwatch 2", "n", "unwatch", "n", "c"
    )
    stops = [lines for command, lines in answers(text) if command == "n"]
    assert "  watch     out * 2 = 1.92870" in stops[0]
    assert "  watch     1 / 0 = *** ZeroDivisionError: division by zero" in stops[0]
    assert "1 / 0" not in stops[1]
    assert "watch" not in stops[2]


def test_the_pass_as_a_page(tmp_path):
    page = tmp_path / "page.html"
    assert answer(neuron(), f"html {page}") == f"written to {page}"
    assert "Sigmoid" in page.read_text(encoding="utf-8")


# Judging and changing


def test_local_jacobian_and_finite_difference():
    loss = neuron()
    assert "diagonal" in answer(loss, "goto 4", "jac")
    assert "0.0177" in answer(loss, "goto 4", "jac 0")
    told = answer(loss, "goto 4", "fd x")
    assert "0.01734502107" in told
    assert told.endswith("ok")
    assert "Sigmoid.grad_x" in answer(loss, "goto 4", "check")
    assert answer(loss, "bisect").startswith("no step fails its check: all 6 are right")
    assert answer(loss, "nan").splitlines() == [
        "forward: all values are finite",
        "backward: all gradients are finite",
    ]


def test_what_takes_long_is_announced():
    x = mg.Tensor(np.ones((500, 300)), requires_grad=True)
    lines = answer((x * 2.0).sum(), "goto 2", "fd x [3, 1]").splitlines()
    assert lines[0] == "an op with 300,001 numbers is run many times: Ctrl-C gives up"
    assert lines[1].startswith("dL/dx[3, 1] by Multiply.grad_x: 2")
    assert "Ctrl-C" not in answer(neuron(), "bisect")


def test_an_edited_gradient_goes_on_and_is_marked():
    loss = neuron()
    (w,) = (t for t in BackwardPass(loss).grads if t.name == "w")
    text = session(loss, "goto 4", "set g = g * 2", "c")
    assert "step 4 of 6 EDITED" in text
    assert "set by hand, in place of" in text
    assert "backward pass 1 is complete, with a gradient that was edited: .grad is filled" in text
    y = 1 / (1 + np.exp(-4))
    assert w.grad == pytest.approx(2 * y * y * (1 - y), rel=1e-14)


def test_an_edit_that_was_gone_back_over_is_no_longer_in_force():
    loss = neuron()
    (w,) = (t for t in BackwardPass(loss).grads if t.name == "w")
    text = session(loss, "goto 4", "set g = g * 2", "contrib", "back", "n", "c")
    told = answers(text)
    assert told[2][1].endswith("set by hand instead: 1.964")
    assert ["EDITED" in lines for _, lines in told[1:]] == [True, False, False, False, False]
    assert "backward pass 1 is complete: .grad is filled" in text
    y = 1 / (1 + np.exp(-4))
    assert w.grad == pytest.approx(y * y * (1 - y), rel=1e-14)


def test_an_edit_stays_in_force_where_going_back_does_not_undo_it():
    loss = reused()
    # The last contribution to h comes in step 5.
    told = answers(session(loss, "goto 6", "set g = g * 2", "n", "back", "goto 5", "c"))
    assert ["EDITED" in lines for _, lines in told] == [False, True, True, True, False, False]


def test_help_is_pointed_to_once():
    text = session(neuron(), "n", "c")
    assert text.count("help lists the commands") == 1
    assert answers(text)[0][0] == "n"
    assert text.index("help lists the commands") < text.index("(mg) ")


def test_what_is_watched_at_a_step_is_not_watched_behind_the_last():
    text = answer(neuron(), "watch g", "watch nth", "goto end")
    assert "watch     nth = 1" in text
    assert "watch     g" not in text


def test_a_failing_rule_is_told_and_can_be_left():
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    loss = mg.call(Broken, x).sum()
    files = typed("n", "n", "q")
    with pytest.raises(DebuggerQuit):
        mg.debug(loss, **files)
    told = dict(answers(files["stdout"].getvalue()))
    assert told["n"] == "*** Broken.grad_x raises ArithmeticError: no rule today"
    assert "  this step fails: Broken.grad_x raises Arith" in files["stdout"].getvalue()


def test_ctrl_c_interrupts_a_command_and_not_the_session():
    class Interrupted(type(typed()["stdin"])):
        def readline(self, *size):
            line = super().readline(*size)
            if "interrupt" in line:
                raise KeyboardInterrupt
            return line

    files = typed()
    output = files["stdout"]
    mg.debug(neuron(), stdin=Interrupted(["n", "interrupt", "g", "c"], output), stdout=output)
    text = output.getvalue()
    assert "--KeyboardInterrupt--" in text
    assert "(mg) g\n0.5\n" in text
    assert "backward pass 1 is complete" in text


# Stepping into a rule


def test_s_lands_on_the_first_line_of_the_rule():
    text = session(neuron(), "goto 4", "s", "a", "n", "c", "n", "c")
    stop = text[text.index("(mg) s\n") :].splitlines()
    assert stop[1].endswith("grad_x()")
    assert stop[2] == "-> grad_x = grad_out * out * (1 - out)"
    assert any(line.startswith("grad_out = ") for line in stop)
    assert "-> return grad_x" in stop
    assert "back at step 4, which has not been made yet" in stop
    assert bars(text) == ["step 4 of 6", "step 5 of 6"]


def test_s_with_several_rules_takes_the_input_that_is_named():
    assert "grad_x()" in session(neuron(), "goto 5", "s", "c", "c")
    assert "grad_y()" in session(neuron(), "goto 5", "s y", "q", "c")


# Help and completion


def test_help_for_every_command():
    told = answer(neuron(), "help")
    prompt = Prompt()
    commands = {name.removeprefix("do_") for name in prompt.get_names() if name.startswith("do_")}
    listed = {name for names in GROUPS.values() for name in names.split()}
    long_names = {"next", "continue", "cont", "until", "quit", "exit", "break", "where", "bt"}
    assert commands - listed == long_names | {"list", "longlist", "args", "EOF", "help", "h"}
    for name in listed:
        assert f"  {name}" in told
        assert answer(neuron(), f"help {name}").startswith(name)
    assert "step" in answer(neuron(), "help python")


def completions(line, loss):
    prompt = Prompt()
    prompt.enter(BackwardPass(loss), 1, {"model": 0})
    words = line.replace(":", " ").split(" ")
    text = words[-1]
    command = line.split(" ")[0]
    complete = getattr(prompt, f"complete_{command}", prompt.completedefault)
    if " " not in line:
        complete = prompt.completenames
    return complete(text, line, len(line) - len(text), len(line))


def test_completion_knows_this_graph():
    loss = neuron()
    assert completions("b op:s", loss) == ["subtract", "sigmoid"]
    assert completions("tbreak name:", loss) == ["b", "w"]
    assert completions("unt no", loss) == ["nonfinite", "norm>"]
    assert completions("g ", loss) == ["b", "w"]
    assert completions("s ", loss) == ["y"]
    assert completions("tb", loss) == ["tbreak"]
    assert "model" in completions("mo", loss)
    assert "model" in completions("why mo", loss)
    assert completions("why w", loss)[0] == "w"
    assert completions("help c", loss) == [
        "c",
        "check",
        "clear",
        "condition",
        "cont",
        "continue",
        "contrib",
    ]
    assert completions("help py", loss) == ["python"]
    assert "python" not in completions("py", loss)
    assert completions("inputs[", loss) == []
    assert "node.data" in completions("p node.da", loss)


def test_colour_on_a_terminal_alone(monkeypatch):
    class Terminal(type(typed()["stdout"])):
        def isatty(self):
            return True

    def shown():
        files = typed("c") | {"stdout": Terminal()}
        mg.debug(neuron(), **files)
        return files["stdout"].getvalue()

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1m" in shown()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown()
    assert "\x1b" not in session(neuron(), "c")


@pytest.mark.parametrize("line", ["out[0, 0] = 5", "g[...] = 0", "inputs['x'][0, 0] = 5"])
def test_nothing_is_changed_in_passing(line):
    """What arrived and what was computed is not written to: ``set g`` edits, and says so."""
    loss = reused()
    text = answer(loss, "unt op:tanh", line)
    assert "read-only" in text
    assert "EDITED" not in text


@pytest.mark.parametrize("start", [mg.steps, mg.replay])
def test_a_pass_starts_from_a_tensor(start):
    with pytest.raises(mg.errors.DTypeError, match="starts from a Tensor, got None"):
        list(start(None))


def test_the_marks_stand_under_wide_characters_too():
    σ = mg.Tensor([1.0, 2.0], requires_grad=True)
    変数 = mg.exp(σ)
    lines = answer((変数 + mg.log(σ)).sum(), "unt op:log", "l").splitlines()
    (place,) = (k for k, line in enumerate(lines) if line.split()[1:2] == ["->"])
    # In a terminal 変数 takes four columns.
    source = lines[place].replace("変数", "....")
    assert source[lines[place + 1].index("^") :][: lines[place + 1].count("^")] == "mg.log(σ)"


@pytest.mark.parametrize(
    ("encoding", "shown"), [("ascii", "'\\u03c3\\udc80'"), ("utf-8", "'σ\\udc80'")]
)
def test_what_a_terminal_cannot_show_is_escaped(encoding, shown):
    x = mg.Tensor(2.0, requires_grad=True, name="σ\udc80")
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    loss = mg.tanh(x)
    loss.name = x.name
    mg.debug(loss, stdin=io.StringIO("n\nc\n"), stdout=output)
    output.flush()
    text = output.buffer.getvalue().decode(encoding)
    assert f"Tensor() float64 0.964028 {shown} = Tanh" in text
    assert "backward pass 1 is complete" in text
