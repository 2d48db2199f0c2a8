"""Why a gradient is None or zero: the cut or the dead unit, its line, and how many units."""

import gc

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.debugger import source_of, why
from minigrad.errors import DomainError

X = np.array([[1.0, -2.0, 0.5], [0.3, 1.0, -1.0]])


def parameter(name, *shape):
    values = np.random.default_rng(0).uniform(0.5, 1.5, shape)
    return mg.Tensor(values, requires_grad=True, name=name)


def sentences(found):
    """The text without the lines of source, which may hold any words."""
    lines = [line for line in str(found).splitlines() if not line.startswith("    ")]
    return " ".join(line.strip() for line in lines)


def weights():
    return parameter("first", 3, 4), parameter("second", 4, 1)


# Cut off


def test_detached_with_the_line_of_the_detach():
    first, second = weights()
    h = mg.tanh(X @ first)
    cut = h.detach()
    loss = (cut @ second).sum()
    found = why(loss, first)
    assert found.kind == "detached"
    assert found.is_certain
    assert found.source.expression == "h.detach()"
    assert "cut = h.detach()" in str(found)
    assert "Tanh" in sentences(found)


def test_of_two_views_of_the_same_memory_the_one_detached_last_is_told():
    first, second = weights()
    h = mg.tanh(X @ first)
    turned = h.T
    loss = (turned.detach() * second).sum()
    found = why(loss, first)
    assert found.kind == "detached"
    assert "Transpose" in sentences(found)
    loss = (turned.detach().T @ second).sum()
    found = why(loss, first)
    assert found.kind == "no_grad"
    assert "no_grad() or after detach()" in sentences(found)
    assert found.source.expression == "turned.detach().T @ second"


def test_detached_and_used_by_ops_that_record_nothing():
    first, second = weights()
    h = mg.tanh(X @ first)
    cut = h.detach()
    loss = ((cut * 2.0) @ second).sum()
    found = why(loss, first)
    assert (found.kind, found.is_certain) == ("detached", False)
    assert found.source.expression == "h.detach()"


def test_detached_where_nothing_links_it_any_more():
    first, second = weights()
    h = mg.tanh(X @ first).detach()
    loss = (h @ second).sum()
    found = why(loss, first)
    assert (found.kind, found.is_certain) == ("detached", True)
    assert found.source.expression == "mg.tanh(X @ first).detach()"
    assert sentences(found).startswith(
        "'first' has no gradient: what was computed from it was cut off by detach():"
    )
    other = why(loss, parameter("other", 3))
    assert str(other) == "'other' has no gradient: the root does not use it."
    assert other.is_certain


def test_of_several_detached_the_one_that_cut_it_off_is_told():
    first, second = weights()
    other = parameter("other", 3, 4)
    h = mg.tanh(X @ other).detach() + mg.tanh(X @ first).detach()
    loss = (h @ second).sum() + (mg.tanh(X @ first).detach() @ second).sum()
    assert why(loss, first).source.expression == "mg.tanh(X @ first).detach()"
    loss = ((mg.tanh(X @ other).detach() * (X @ first @ second)).sum() + second.detach()).sum()
    assert why(loss, other).source.expression == "mg.tanh(X @ other).detach()"


def test_detached_from_a_graph_too_large_to_look_through():
    first, second = weights()
    h = X @ first
    for _ in range(1_500):
        h = h + 1.0
    cut = h.detach()
    del h
    assert cut.params["cut_from"] == []
    found = why((cut @ second).sum(), first)
    assert (found.kind, found.is_certain) == ("unused", False)
    assert found.source.expression == "h.detach()"
    assert "- the constant 'x' of Matmul, by detach() at" in sentences(found)


def test_parameter_that_was_itself_detached_is_found_by_the_name_both_have():
    twice = parameter("used twice", 3, 4)
    loss = (mg.Tensor(X, requires_grad=True) @ twice.detach()).sum()
    found = why(loss, "used twice")
    assert found.tensor is twice
    assert found.kind == "detached"
    assert found.source.expression == "twice.detach()"
    constant = loss.inputs[0].inputs[1]
    assert constant.name == "used twice"
    found = why(loss, constant)
    assert found.kind == "detached"
    assert "detach() made it" in sentences(found)


@pytest.mark.parametrize("taken", [lambda h: h.data, lambda h: h.numpy(), lambda h: h.data.T.T])
def test_turned_into_a_constant_with_the_line_that_uses_it(taken):
    first, second = weights()
    h = mg.tanh(X @ first)
    plain = taken(h)
    loss = (plain @ second).sum()
    found = why(loss, first)
    assert found.kind == "constant"
    assert found.source.expression == "plain @ second"
    assert ".data or .numpy()" in sentences(found)


def test_turned_into_another_tensor():
    first, second = weights()
    h = mg.tanh(X @ first)
    loss = (mg.Tensor(h.data) @ second).sum()
    found = why(loss, first)
    assert found.kind == "constant"
    assert "mg.Tensor(h.data) @ second" in str(found)


def test_computed_under_no_grad():
    first, second = weights()
    with mg.no_grad():
        h = mg.tanh(X @ first)
    loss = (h @ second).sum()
    found = why(loss, h)
    assert found.kind == "no_grad"
    assert found.source.expression == "h @ second"
    assert (
        "under no_grad() or from tensors that all have requires_grad=False It is the constant "
        "'x' of Matmul: test_why.py:" in sentences(found)
    )
    found = why(loss, first)
    assert (found.kind, found.is_certain) == ("unused", False)
    assert "alive" not in sentences(found)  # h is, and there is no telling that it came from first
    assert "no_grad()" in sentences(found)
    assert "- the constant 'x' of Matmul, computed without a graph, used at" in sentences(found)
    assert found.source.expression == "h @ second"


def test_unused():
    first, second = weights()
    unused = parameter("unused", 3)
    loss = (X @ first @ second).sum()
    found = why(loss, unused)
    assert (found.kind, found.is_certain) == ("unused", True)
    assert str(found) == "'unused' has no gradient: the root does not use it."


def test_used_by_something_else():
    first, second = weights()
    other = mg.exp(first)
    found = why(second.sum(), first)
    assert found.kind == "unused"
    assert repr(other) in sentences(found)


def test_root_without_a_graph():
    first, _ = weights()
    with mg.no_grad():
        loss = (X @ first).sum()
    found = why(loss, first)
    assert found.kind == "no_grad"
    assert "the root itself" in sentences(found)
    assert why(first.sum().detach(), first).kind == "detached"


def test_without_requires_grad():
    first, _ = weights()
    fixed = mg.Tensor([1.0, 2.0], name="fixed")
    labels = mg.Tensor([1, 2], name="labels")
    loss = first.sum() * fixed.sum()
    assert why(loss, fixed).kind == "requires_grad"
    assert "requires_grad=False" in sentences(why(loss, "fixed"))
    assert "int64" in sentences(why(loss, labels))


def test_freed_graph():
    alone = parameter("in a freed graph", 2)
    loss = alone.sum()
    loss.backward(free_graph=True)
    assert why(loss, alone).kind == "freed"
    assert why(loss, "in a freed graph").kind == "freed"


# There, but None, or not zero


def test_backward_has_not_run_or_was_cleared_after():
    first, second = weights()
    loss = (X @ first @ second).sum()
    assert why(loss, "first").kind == "not run"
    assert first.grad is None
    loss.backward()
    found = why(loss, "first")
    assert found.kind == "gradient"
    assert f"norm {np.linalg.norm(first.grad):.6g}, and 0 of 12 entries are 0" in sentences(found)
    first.grad = None
    assert why(loss, "first").kind == "cleared"
    assert "zero_grad()" in sentences(why(loss, "first"))
    second.grad[...] = 0
    found = why(loss, "second")
    assert found.kind == "cleared"
    assert "overwritten" in sentences(found)


# Zero


def test_dead_relu_says_how_many_units_and_where():
    first, second = weights()
    hidden = mg.relu(abs(X) @ first - 100.0)
    loss = (hidden @ second).sum()
    loss.backward()
    found = why(loss, first)
    assert found.kind == "zero"
    assert found.source.expression == "mg.relu(abs(X) @ first - 100.0)"
    largest = f"{(abs(X) @ first.data - 100.0).max():.6g}"
    assert f"it ends in Relu: all 8 inputs are <= 0, the largest is {largest}" in sentences(found)


def test_dead_through_two_ops_each_of_which_lets_half_pass():
    x = mg.Tensor([-1.0, -2.0, 3.0, 4.0], requires_grad=True, name="x")
    positive = mg.relu(x)
    loss = mg.clip(positive, 1e-9, 1.0).sum()
    found = why(loss, x)
    words = "the 2 of 4 inputs it reaches are outside of [1e-09, 1]: 0 below, 2 above"
    assert words in sentences(found)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: mg.clip(x, 5.0, 6.0), "outside of [5, 6]: 3 below, 0 above"),
        (lambda x: mg.clip(x, 1.0, 1.0), "clipped to the single value 1"),
        (lambda x: mg.where(x.data > 5, x, 0.0), "not chosen: the condition is False"),
        (lambda x: mg.where(x.data < 5, 0.0, x), "not chosen: the condition is True"),
        (lambda x: mg.maximum(x, 9.0), "are below the other operand"),
        (lambda x: mg.minimum(-9.0, x), "are above the other operand"),
        (lambda x: mg.sigmoid(x + 800.0), "are saturated: |x| >= 801"),
        (lambda x: mg.tanh(x * 100.0), "are saturated: |x| >= 100"),
        (lambda x: x * 0.0, "are multiplied by exactly 0"),
        (lambda x: x * np.zeros((2, 3)), "are multiplied by exactly 0"),
        (lambda x: mg.max(mg.concatenate([x, [7.0]])), "the 3 of 4 inputs it reaches are not the"),
        (lambda x: mg.min(mg.concatenate([x, [-7.0]])), "are not the minimum: the smallest"),
        (lambda x: mg.concatenate([x, [7.0]])[3:], "not among the entries that the index takes"),
        (lambda x: x.reshape(1, 3) @ np.zeros((3, 2)), "by y, which is 0 everywhere"),
        (lambda x: x - x, "what comes through x and y cancels"),
        (lambda x: mg.abs(x * 2.0 - [2.0, 4.0, 6.0]), "have slope 0: dL/dx = dL/dout * np.sign(x)"),
    ],
)
def test_where_a_zero_comes_from(function, words):
    x = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True, name="x")
    loss = (function(x) * np.float64(3.0)).sum()
    found = why(loss, x)
    assert found.kind == "zero"
    assert words in sentences(found)
    loss.backward()
    assert not x.grad.any()


def test_weights_that_meet_only_zeros():
    row = mg.Tensor([[1.0, 2.0]], requires_grad=True, name="row")
    weight = mg.concatenate([row, [[3.0, 4.0]]])
    out = np.array([[0.0, 1.0]]) @ weight
    words = "the 2 of 4 inputs it reaches meet entries of x that are exactly 0"
    assert words in sentences(why(out.sum(), row))


def test_gradient_that_underflows_on_the_way():
    x = mg.Tensor(np.array([0.5], np.float32), requires_grad=True, name="x")
    h = x
    for _ in range(100):
        h = mg.sigmoid(h)
    found = why(h.sum(), x)
    assert found.kind == "zero"
    assert "Sigmoid.grad_x gives 0 for a gradient whose largest entry is 1.4013e-45" in sentences(
        found
    )


def test_rule_that_cannot_run_on_tensors():
    class Plain(mg.Op):
        @staticmethod
        def forward(x):
            return x * 0.0

        @staticmethod
        def grad_x(grad_out, out, x):
            return np.zeros(x.shape) * np.asarray(grad_out, dtype=float)

    x = mg.Tensor([1.0], requires_grad=True)
    found = why(mg.call(Plain, x).sum(), x)
    assert found.kind == "zero"
    assert "Plain.grad_x" in sentences(found)


def test_several_ends_are_told_the_oldest_first():
    x = mg.Tensor([-1.0, -2.0], requires_grad=True, name="x")
    loss = mg.relu(x).sum() + (x * 0.0).sum()
    lines = [line for line in str(why(loss, x)).splitlines() if line.startswith("it ends in")]
    assert [line.split()[3] for line in lines] == ["Relu:", "Multiply:"]


# Names


def test_names_are_looked_up_in_graph_model_and_memory():
    model = nn.mlp([3, 4, 1], rng=0)
    loss = model(X).sum()
    weight = dict(model.named_parameters())["0.weight"]
    assert why(loss, "0.weight").tensor is weight
    other = nn.mlp([3, 4, 1], rng=1)
    assert why(loss, "2.bias", model).tensor is dict(model.named_parameters())["2.bias"]
    assert why(parameter("p", 2).sum(), "0.weight", other).kind == "unused"
    alone = parameter("only one is called so", 2)
    assert why(loss, "only one is called so").tensor is alone
    del other
    gc.collect()


def test_names_that_nobody_or_several_have():
    a, b = parameter("a twin", 2), parameter("a twin", 2)
    with pytest.raises(DomainError, match="2 tensors are called 'a twin'"):
        why((a + b).sum(), "a twin")
    with pytest.raises(DomainError, match="no tensor is called 'nobody'; there are a twin"):
        why((a + b).sum(), "nobody")


# What detach keeps for it


def test_detach_keeps_its_place_and_nothing_else():
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    h = x * 2.0
    cut = h.detach()
    assert source_of(cut).expression == "h.detach()"
    assert repr(cut) == "Tensor(2) float64"
    assert repr(x.detach()) == "Tensor(2) float64 'x'"
    assert cut.inputs == ()
    (leaf,) = cut.params["cut_from"]
    assert leaf() is x
    assert cut.detach().params["cut_from"] == []
    assert not any(isinstance(held, mg.Tensor) for held in gc.get_referents(cut))


def test_every_explanation_fits_a_terminal():
    first, second = weights()
    a_rather_long_name_for_a_hidden_layer = mg.relu(X @ first - 1000.0)
    loss = (a_rather_long_name_for_a_hidden_layer.detach() @ second).sum() + (a_rather_long_name_for_a_hidden_layer @ second).sum()  # noqa: E501  # fmt: skip
    for text in (str(why(loss, first)), str(why(loss, second))):
        assert max(map(len, text.splitlines())) <= 80


def test_a_gradient_that_is_not_finite_is_no_answer_but_points_to_one():
    x = parameter("x", 2, 2)
    x.data[0, 1] = 0.0
    with np.errstate(divide="ignore"):
        loss = mg.log(abs(x)).sum() + mg.sqrt(abs(x)).sum()
        found = why(loss, x)
    assert "It is not finite: 1 nan of 4 entries; nan at the prompt" in sentences(found)


def test_a_gradient_without_entries():
    x = mg.Tensor(np.zeros((0, 3)), requires_grad=True, name="x")
    assert "It has no entries: the shape is (0, 3)" in sentences(why(mg.exp(x).sum(), x))
