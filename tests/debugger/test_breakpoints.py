"""What a SPEC means, and breakpoints that are set, met, passed over and cleared."""

import numpy as np
import pytest
from prompting import answer, answers, session, typed

import minigrad as mg
from minigrad import nn
from minigrad.debugger import BackwardPass, Step
from minigrad.debugger.specs import missing, parse_spec
from minigrad.errors import DomainError


def network():
    rng = np.random.default_rng(0)
    model = nn.mlp([4, 5, 3], rng=rng)
    return mg.softmax_cross_entropy(model(rng.standard_normal((7, 4))), rng.integers(0, 3, 7))


LINE = network.__code__.co_firstlineno + 3


def steps_that_match(spec, loss):
    """Numbers of the steps at which a SPEC holds, each judged where the pass stands there."""
    run = BackwardPass(loss)
    parsed = parse_spec(spec, run)
    found = []
    while not run.done:
        if parsed.matches(Step(run)):
            found.append(run.position + 1)
        run.forward()
    return found


# The steps of the network: 1 the loss, 2 and 4 the linear layers, 3 the sigmoid between them.


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("op:linear", [2, 4]),
        ("op:Sigmoid", [3]),
        ("name:0.weight", [4]),
        ("name:2.bias", [2]),
        ("layer:2", [2]),
        (f"test_breakpoints.py:{LINE}", [1, 2, 3, 4]),
        (f"debugger/test_breakpoints.py:{LINE}", [1, 2, 3, 4]),
        (f"{__file__}:{LINE}", [1, 2, 3, 4]),
        (f"{LINE}", [1, 2, 3, 4]),
        ("nonfinite", []),
        ("norm>1e-9", [1, 2, 3, 4]),
        ("norm > 1e9", []),
        ("norm<=1e9", [1, 2, 3, 4]),
        ("zero>0.5", []),
        ("zero>=0", [1, 2, 3, 4]),
    ],
)
def test_a_spec_holds_at(spec, expected):
    assert steps_that_match(spec, network()) == expected


def test_a_name_with_a_colon_and_a_line_alone_by_its_file():
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="a b:c")
    loss = mg.exp(x).sum()
    assert steps_that_match("name:a b:c", loss) == [2]
    spec = parse_spec(f"{LINE}", BackwardPass(network()))
    assert spec.text == f"test_breakpoints.py:{LINE}"


def test_norm_and_zeros_are_those_of_what_leaves():
    x = mg.Tensor([3.0, -4.0, 0.0, 0.0], requires_grad=True)
    loss = (mg.relu(x * x) * 0.5).sum()  # to x goes 0.5 * [2 * 3, -2 * 4, 0, 0] / 2 from each use
    assert steps_that_match("norm>2.4", loss) == [4]
    assert steps_that_match("norm<2.4", loss) == [1, 2, 3]
    assert steps_that_match("zero>=0.5", loss) == [3, 4]


def test_nonfinite_sees_values_and_gradients():
    x = mg.Tensor([0.0, 4.0], requires_grad=True)
    loss = mg.sqrt(x * 1.0).sum()
    with np.errstate(divide="ignore"):
        assert steps_that_match("nonfinite", loss) == [2, 3]
        assert steps_that_match("nonfinite", mg.log(x * 1.0).sum()) == [1, 2, 3]


def test_an_expression_over_several_lines_is_on_each_of_them():
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    first = test_an_expression_over_several_lines_is_on_each_of_them.__code__.co_firstlineno + 3
    loss = mg.sum(
        mg.exp(
            x,
        ),
    )  # fmt: skip
    assert steps_that_match(str(first), loss) == [1]
    assert steps_that_match(str(first + 1), loss) == [1, 2]
    assert steps_that_match(str(first + 4), loss) == [1]
    for beside in (first - 1, first + 5):
        assert steps_that_match(str(beside), loss) == []


def test_a_layer_holds_the_layers_in_it():
    class Block(nn.Module):
        def __init__(self):
            self.inner = nn.Linear(2, 2, rng=0)

        def forward(self, x):
            return self.inner(x)

    class Net(nn.Module):
        def __init__(self):
            self.block = Block()

        def forward(self, x):
            return self.block(x)

    loss = Net()(np.ones((1, 2))).sum()
    assert steps_that_match("layer:block", loss) == [2]
    assert steps_that_match("layer:block.inner", loss) == [2]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "'' is not a SPEC; write op:log"),
        ("linear", "'linear' is not a SPEC; write op:log"),
        ("op:", "'op:' is not a SPEC; write op:log"),
        ("opp:linear", "'opp' is none of op, name and layer"),
        ("norm>many", "'norm>many' is not a SPEC: 'many' is not a number"),
        ("norm=3", "'norm=3' is not a SPEC; write op:log"),
        ("norm>nan", "norm>nan can never hold: norm is from 0 to inf"),
        ("norm<0", "norm<0 can never hold"),
        ("norm<=-1", "norm<=-1 can never hold"),
        ("norm>inf", "norm>inf can never hold"),
        ("zero>1", "zero>1 can never hold: zero is from 0 to 1"),
        ("zero>=1.5", "zero>=1.5 can never hold"),
        ("zero<0", "zero<0 can never hold"),
        ("train.py:0", "there is no line 0"),
        ("0", "there is no line 0"),
        ("train.py:-3", "is not a SPEC"),
    ],
)
def test_what_can_never_match_is_refused(spec, message):
    with pytest.raises(DomainError) as error:
        parse_spec(spec, BackwardPass(network()))
    assert message in str(error.value)


@pytest.mark.parametrize("spec", ["norm>=inf", "norm<=0", "zero>=1", "zero<=0", "norm>-1"])
def test_the_ends_of_a_range_can_be_met(spec):
    assert parse_spec(spec, BackwardPass(network())).text == spec


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("op:liner", "nothing in this graph answers to op:liner; did you mean op:linear?"),
        ("op:xyz", "to op:xyz; there are op:softmaxcrossentropy, op:linear, op:sigmoid"),
        ("name:0.weights", "to name:0.weights; did you mean name:0.weight?"),
        ("layer:7", "to layer:7; there are layer:2, layer:0"),
        ("test_breakpoints.py:3", "to test_breakpoints.py:3; there are test_breakpoints"),
        ("other.py:18", "nothing in this graph answers to other.py:18"),
        ("99999", "nothing in this graph answers to test_breakpoints.py:99999"),
    ],
)
def test_what_is_not_in_this_graph_is_told_and_waited_for(spec, message):
    run = BackwardPass(network())
    assert message in missing(parse_spec(spec, run), run)
    told = answer(network(), f"b {spec}")
    assert told.startswith("breakpoint 1: ")
    assert message in " ".join(told.split())
    assert answer(network(), f"unt {spec}").startswith("*** nothing in this graph answers to")


@pytest.mark.parametrize("spec", ["op:Linear", "name:0.weight", "layer:0", f"{LINE}", "zero>=1"])
def test_of_what_is_there_nothing_is_told(spec):
    run = BackwardPass(network())
    assert missing(parse_spec(spec, run), run) == ""


def test_a_breakpoint_waits_for_the_pass_that_has_what_it_names():
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    files = typed("b op:tanh", "c", "c")
    with mg.debugging(at=1, **files):
        mg.exp(x).sum().backward()
        mg.tanh(x).sum().backward()
    text = files["stdout"].getvalue()
    assert "it waits for another pass: nothing in this graph answers to op:tanh" in text
    assert text.count("breakpoint 1: op:tanh\n") == 2


def test_a_line_alone_needs_a_file_at_hand():
    run = BackwardPass(network())
    run.go_to(4)
    with pytest.raises(DomainError, match="no source file is at hand; write FILE:LINE"):
        parse_spec("18", run)


def numbers(text):
    return [int(words[words.index("step") + 1]) for words in map(str.split, bars(text))]


def bars(text):
    return [line for line in text.splitlines() if line.startswith("[") and " step " in line][1:]


def test_continue_and_reverse_continue_stop_at_breakpoints():
    text = session(network(), "b op:linear", "c", "c", "rc", "rc", "c", "clear", "c")
    assert numbers(text) == [2, 4, 2, 1, 2]
    assert "breakpoint 1: op:linear" in answers(text)[1][1]


def test_a_temporary_one_is_met_once():
    text = session(network(), "tbreak op:linear", "c", "b", "c")
    assert numbers(text) == [2]
    assert answers(text)[2][1] == "no breakpoint is set"


def test_a_condition_over_the_names_of_the_stop():
    assert numbers(session(network(), "b op:linear if out.shape[1] == 5", "c", "c")) == [4]
    assert numbers(session(network(), "b op:linear if 'weight' not in inputs", "c")) == []


def test_a_condition_that_fails_stops_and_says_so():
    told = answer(network(), "b op:sigmoid if nobody > 3", "c")
    assert told.splitlines()[1] == (
        "breakpoint 1: op:sigmoid, whose condition failed: NameError: name 'nobody' is not defined"
    )


def test_ignored_and_disabled_ones_do_not_stop():
    assert numbers(session(network(), "b op:linear", "ignore 1 1", "c", "c")) == [4]
    assert numbers(session(network(), "b op:linear", "disable 1", "c")) == []
    text = session(network(), "b op:linear", "disable op:linear", "enable 1", "c", "clear 1", "c")
    assert numbers(text) == [2]


def test_the_list_tells_all_about_each():
    told = answer(
        network(),
        "b op:linear if nth > 1",
        "b op:sigmoid",
        "tbreak layer:0",
        "disable 1",
        "ignore 3 2",
        "c",
        "b",
    )
    assert told.splitlines() == [
        "1: op:linear  if nth > 1  disabled",
        "2: op:sigmoid  hit 1 time",
        "3: layer:0  temporary  passes over the next 2",
    ]


def test_breakpoints_that_differ_in_condition_alone_are_two():
    told = answer(network(), "b op:linear", "b op:linear if nth > 1", "tbreak op:linear", "b")
    assert [line[:2] for line in told.splitlines()] == ["1:", "2:", "3:"]


def test_a_condition_given_and_taken_later():
    told = answer(network(), "b op:linear", "condition 1 nth > 1", "condition 1", "b")
    assert told == "1: op:linear"
    assert answer(network(), "b op:linear", "condition 1 nth > 1", "c").endswith(".grad is filled")


@pytest.mark.parametrize(
    ("commands", "message"),
    [
        (["b op:linear if ("], "the condition '(': '(' was never closed"),
        (["tbreak"], "'' is not a SPEC"),
        (["disable 3"], "there is no breakpoint 3; b lists them"),
        (["enable op:linear"], "no breakpoint is set at 'op:linear'; b lists them"),
        (["disable"], "no breakpoint is set at ''; b lists them"),
        (["clear 1 2"], "there is no breakpoint 1; b lists them"),
        (["b op:linear", "ignore 1 many"], "expected a breakpoint and a number of hits"),
        (["condition 3 x"], "there is no breakpoint 3; b lists them"),
        (["b op:linear", "condition 1 ("], "the condition '(': '(' was never closed"),
    ],
)
def test_misuse_is_said_in_one_line(commands, message):
    told = answer(network(), *commands)
    assert told.startswith("*** ")
    assert message in told
    assert "\n" not in told


def test_breakpoints_last_from_one_pass_to_the_next():
    files = typed("b op:sigmoid if nth == 3", "c", "g", "clear", "c")
    with mg.debugging(at=1, **files):
        for _ in range(4):
            network().backward()
    text = files["stdout"].getvalue()
    assert numbers(text) == [3]
    assert "backward pass 3" in bars(text)[0]


def test_two_files_of_one_name():
    lines = ("b one/layers.py:2", "b other/layers.py:2", "b one/layers.py:2")
    told = answers(session(network(), *lines, "clear", "c"))[: len(lines)]
    assert ["that already" in text for _, text in told] == [False, False, True]
