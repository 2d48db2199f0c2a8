"""The pass that can stand still and go back makes the same gradients as backward()."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.debugger import BackwardPass, Step, source_of


def network_loss(dtype=np.float32):
    rng = np.random.default_rng(0)
    model = nn.mlp([6, 5, 4, 3], activation="tanh", rng=rng, dtype=dtype)
    x = rng.standard_normal((7, 6)).astype(dtype)
    return model, mg.softmax_cross_entropy(model(x), rng.integers(0, 3, 7))


def reused():
    x = mg.Tensor([0.3, -1.7, 2.9], requires_grad=True, name="x")
    h = mg.tanh(x * x)
    return x, (h * x + mg.exp(h) * h).sum()


def test_gradients_are_those_of_backward_bit_by_bit():
    model, loss = network_loss()
    loss.backward()
    expected = [parameter.grad for parameter in model.parameters()]
    model.zero_grad()
    for _ in mg.steps(loss):
        assert all(parameter.grad is None for parameter in model.parameters())
    for parameter, gradient in zip(model.parameters(), expected, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient, strict=True)


def test_interior_tensors_get_their_gradients_too():
    _, loss = reused()
    loss.backward()
    interior = loss.inputs[0]
    expected = interior.grad
    interior.grad = None
    list(mg.steps(loss))
    np.testing.assert_array_equal(interior.grad, expected)


def test_leaving_the_loop_early_changes_no_gradient():
    x, loss = reused()
    for step in mg.steps(loss):
        if step.number == 3:
            break
    assert x.grad is None


@given(st.lists(st.integers(0, 8), max_size=12))
def test_wherever_one_goes_the_gradients_are_those_of_that_place(places):
    _, loss = reused()
    straight = BackwardPass(loss)
    seen = [dict(straight.grads)]
    while not straight.done:
        straight.forward()
        seen.append(dict(straight.grads))
    run = BackwardPass(loss)
    for place in places:
        run.go_to(min(place, len(run)))
        for tensor, gradient in seen[run.position].items():
            here = run.grads[tensor]
            assert (here is None) == (gradient is None)
            assert here is None or here.tobytes() == gradient.tobytes()


def test_back_restores_the_references_themselves():
    _, loss = reused()
    run = BackwardPass(loss)
    run.go_to(4)
    before = dict(run.grads)
    run.forward()
    run.back()
    assert all(run.grads[tensor] is gradient for tensor, gradient in before.items())


def test_contributions_add_up_to_the_gradient():
    _, loss = reused()
    for step in mg.steps(loss):
        total = None
        for arrival in step.arrivals:
            part = arrival.contribution
            total = part if total is None else total + part
        assert np.asarray(total).tobytes() == np.asarray(step.grad_out).tobytes()


def test_flows_tell_before_and_after_of_each_use():
    x = mg.Tensor([2.0, 3.0], requires_grad=True, name="x")
    run = BackwardPass((x * x).sum())
    run.forward()
    step = Step(run)
    first, second = step.flows
    assert first.before is None
    assert (first.waiting, second.waiting) == (1, 0)
    np.testing.assert_array_equal(second.before, first.contribution)
    np.testing.assert_array_equal(second.after, [4.0, 6.0])
    assert first.gain == pytest.approx(np.sqrt(13) / np.sqrt(2))
    assert first.formula == "dL/dx = dL/dout * y"
    assert step.arrivals[0].rule == "Sum.grad_x"


def test_share_of_zeros_and_finiteness():
    x = mg.Tensor([-1.0, 2.0, -3.0, 4.0], requires_grad=True)
    run = BackwardPass(mg.relu(x).sum())
    run.forward()
    assert Step(run).flows[0].zeros == 0.5
    y = mg.Tensor([0.0, 1.0], requires_grad=True)
    with np.errstate(divide="ignore"):
        run = BackwardPass(mg.sqrt(y).sum())
        run.forward()
        assert not Step(run).flows[0].finite


def test_replaced_gradient_is_what_goes_on():
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    run = BackwardPass((x * 3.0).sum())
    run.forward()
    run.replace_gradient([10.0, 0.0])
    assert run.edited
    run.store()
    np.testing.assert_array_equal(x.grad, [30.0, 0.0])
    with pytest.raises(mg.errors.GraphError, match="at its end"):
        run.replace_gradient([1.0, 1.0])


def test_ends_of_the_pass_are_named():
    _, loss = reused()
    run = BackwardPass(loss)
    with pytest.raises(mg.errors.GraphError, match="none to go back"):
        run.back()
    run.go_to(len(run))
    with pytest.raises(mg.errors.GraphError, match="no next one"):
        run.forward()
    with pytest.raises(mg.errors.GraphError, match=f"0 to {len(run)}"):
        run.go_to(len(run) + 1)


def test_a_failing_rule_leaves_the_pass_where_it_was():
    class Bad(mg.Op):
        @staticmethod
        def forward(x, y):
            return x + y

        @staticmethod
        def grad_x(grad_out, out, x, y):
            return grad_out * 1

        @staticmethod
        def grad_y(grad_out, out, x, y):
            return grad_out[:1]

    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    y = mg.Tensor([1.0, 2.0], requires_grad=True)
    run = BackwardPass(mg.call(Bad, x, y).sum())
    run.forward()
    with pytest.raises(mg.errors.GradientError, match=r"Bad\.grad_y"):
        run.forward()
    assert run.position == 1
    assert run.grads[x] is None


def test_memory_held_counts_every_array_once():
    x = mg.Tensor(np.zeros(1000), requires_grad=True)
    run = BackwardPass((x * 2.0).sum())
    assert run.nbytes == 8
    run.go_to(2)
    assert run.nbytes == 8 + 8000 + 8000


def test_the_exact_piece_of_source_among_two_alike_on_a_line():
    a = mg.Tensor([1.0, 2.0], requires_grad=True)
    both = mg.log(a) + mg.log(a * a)
    first, second = (source_of(x) for x in both.inputs)
    assert (first.expression, second.expression) == ("mg.log(a)", "mg.log(a * a)")
    line, marks = second.marked()
    assert line[marks.index("^") :] == "mg.log(a * a)"
    assert marks.count("^") == len("mg.log(a * a)")


def test_columns_are_characters_even_after_letters_of_two_bytes():
    σ = mg.sigmoid
    x = mg.Tensor(1.0, requires_grad=True)
    y = σ(x) + σ(x * 2.0)
    assert [source_of(part).expression for part in y.inputs] == ["σ(x)", "σ(x * 2.0)"]
    assert source_of(x) is None


def test_an_expression_over_several_lines():
    a = mg.Tensor([1.0, 2.0], requires_grad=True)
    y = (
        a * 2.0
        + mg.exp(
            a
        )
    )  # fmt: skip
    source = source_of(y)
    assert source.expression == "a * 2.0 + mg.exp( a )"
    assert source.end_line - source.line == 3
    assert len(source.marked()) == 8


def test_source_that_cannot_be_read_has_no_text():
    names = {"mg": mg, "a": mg.Tensor(1.0, requires_grad=True)}
    exec(compile("y = mg.exp(a)", "<typed>", "exec"), names)
    source = source_of(names["y"])
    assert (source.place, source.lines, source.expression, source.marked()) == (
        "<typed>:1",
        [],
        "",
        [],
    )
