"""One step against finite differences, and the first wrong one of a pass."""

import numpy as np
import pytest
from op_cases import CASES

import minigrad as mg
from minigrad import nn
from minigrad.checking import check_graph
from minigrad.debugger import (
    BackwardPass,
    Step,
    check_step,
    finite_difference,
    first_wrong_step,
    steps,
)
from minigrad.debugger.cutting import part_around
from minigrad.errors import DomainError
from minigrad.ops.linalg import Linear, Matmul


class WrongTanh(mg.Op):
    """Its rule forgets the square."""

    @staticmethod
    def forward(x):
        return np.tanh(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        grad_x = grad_out * (1 - out)
        return grad_x


def network(wrong=None, dtype=np.float64):
    """A net of 10 layers, of which the ``wrong``-th has the wrong tanh."""
    rng = np.random.default_rng(0)
    h = mg.Tensor(rng.standard_normal((3, 4)).astype(dtype))
    for layer in range(10):
        weight = mg.Tensor(rng.standard_normal((4, 4)).astype(dtype) / 2, requires_grad=True)
        h = h @ weight
        h = mg.call(WrongTanh, h) if layer == wrong else mg.tanh(h)
    return (h * h).sum()


# The first wrong step


@pytest.mark.parametrize("wrong", [0, 6, 9])
def test_the_wrong_rule_of_a_net_of_ten_layers_is_found(wrong):
    number, report = first_wrong_step(network(wrong))
    # Sum and Multiply come first, then a tanh and a product for each layer from the last.
    assert number == 3 + 2 * (9 - wrong)
    assert report["WrongTanh.grad_x"].verdict == "FAIL"
    assert not report.ok


def test_two_wrong_rules_the_one_nearer_to_the_loss_comes_first():
    x = mg.Tensor([0.5, -0.3], requires_grad=True)
    loss = mg.call(WrongTanh, mg.call(WrongTanh, x) * 2.0).sum()
    assert first_wrong_step(loss)[0] == 2


def test_a_right_net_has_none():
    assert first_wrong_step(network()) is None
    assert first_wrong_step(network(dtype=np.float32)) is None
    kinks = mg.relu(mg.Tensor([0.0, 1.0, -1.0], requires_grad=True))
    assert first_wrong_step((kinks * 2.0).sum()) is None
    assert first_wrong_step((kinks * 0.0).sum()) is None


def test_a_pass_stays_where_it_is_and_its_gradient_is_taken():
    out = mg.call(WrongTanh, mg.Tensor([0.5, -0.3], requires_grad=True)) * 3.0
    run = BackwardPass(out, [1.0, 10.0])
    run.go_to(2)
    before = dict(run.grads)
    number, report = first_wrong_step(run)
    assert number == 2
    assert run.position == 2
    expected = np.array([3.0, 30.0]) * (1 - np.tanh([0.5, -0.3]))
    assert report.rows[0].worst.analytic == pytest.approx(expected[report.rows[0].index])
    assert all(run.grads[tensor] is grad for tensor, grad in before.items())


def test_a_rule_of_the_wrong_shape_is_found_before_the_pass_meets_it():
    class Short(mg.Op):
        @staticmethod
        def forward(x):
            return x * 2.0

        @staticmethod
        def grad_x(grad_out, out, x):
            return grad_out[:1] * 2.0

    out = mg.call(Short, mg.Tensor([1.0, 2.0], requires_grad=True))
    number, report = first_wrong_step(out.sum())
    assert number == 2
    assert "must have shape (2,)" in str(report)


def test_an_op_that_draws_at_random_counts_as_wrong():
    class Noise(mg.Op):
        @staticmethod
        def forward(x):
            return x * np.random.default_rng().random(x.shape)

        @staticmethod
        def grad_x(grad_out, out, x):
            return grad_out * out / x

    out = mg.call(Noise, mg.Tensor([1.0, 2.0], requires_grad=True))
    assert first_wrong_step(out.sum())[1].verdict == "nondeterministic"


# One step


def test_rows_are_those_of_the_whole_graphs_check():
    model = nn.mlp([5, 4, 3], activation="tanh", rng=0)
    x = np.random.default_rng(1).standard_normal((6, 5))
    loss = mg.softmax_cross_entropy(model(x), [0, 1, 2, 0, 1, 2])
    expected = check_graph(loss, mode="full").rows
    found = [row for step in steps(loss) for row in check_step(step, mode="full").rows]
    assert [(row.name, row.verdict) for row in found] == [(r.name, r.verdict) for r in expected]
    for row, other in zip(found, expected, strict=True):
        assert row.worst.analytic == other.worst.analytic


def test_title_and_what_reproduces_it():
    x = mg.Tensor([0.5], requires_grad=True)
    report = check_step(next(iter(steps(mg.call(WrongTanh, x), [1.0]))), seed=3)
    assert report.title.startswith("check of step 1, Tensor(1) float64")
    assert report.reproduce == "check_step(step, mode='auto', directions=3, seed=3)"
    with pytest.raises(DomainError, match="mode is 'all'"):
        check_step(next(iter(steps(mg.tanh(x), [1.0]))), mode="all")


# One number


def test_the_largest_entry_by_default():
    x = mg.Tensor([[0.5, -2.0], [3.0, 0.0]], requires_grad=True)
    upstream = np.array([[1.0, 2.0], [10.0, -30.0]])
    found = finite_difference(next(iter(steps(mg.tanh(x), upstream))), "x")
    assert found.index == (1, 1)
    assert found.contribution == -30.0
    assert found.verdict == "ok"
    assert abs(found.numeric + 30.0) <= 10 * found.bar + 1e-9 * 30
    assert found.bar < 1e-9


def test_a_chosen_entry():
    x = mg.Tensor([[0.5, -2.0], [3.0, 0.0]], requires_grad=True)
    step = next(iter(steps(mg.tanh(x), np.ones((2, 2)))))
    found = finite_difference(step, 0, (0, 1))
    assert found.numeric == pytest.approx(1 / np.cosh(2.0) ** 2, rel=1e-9)
    assert finite_difference(step, "x", (0, -1)).index == (0, 1)
    assert str(found).splitlines()[0] == (
        f"dL/dx[0, 1] by Tanh.grad_x: {1 - np.tanh(2.0) ** 2:.10g}"
    )


def test_a_scalar_and_a_vector_by_its_number():
    x = mg.Tensor(2.0, requires_grad=True)
    found = finite_difference(next(iter(steps(x**3.0))), "x")
    assert found.index == ()
    assert found.numeric == pytest.approx(12.0, rel=1e-9)
    assert str(found).startswith("dL/dx by PowerOfConstant.grad_x: 12\n")
    y = mg.Tensor([1.0, 2.0], requires_grad=True)
    assert finite_difference(next(iter(steps(y * y, [1.0, 1.0]))), "x", 1).index == (1,)


def test_a_wrong_rule_fails():
    x = mg.Tensor([0.5, 1.0], requires_grad=True)
    found = finite_difference(next(iter(steps(mg.call(WrongTanh, x), [1.0, 2.0]))), "x")
    assert (found.verdict, found.ok) == ("FAIL", False)
    assert found.contribution == pytest.approx((1 - np.tanh(0.5)) * 1.0)
    assert found.numeric == pytest.approx(1 - np.tanh(0.5) ** 2, rel=1e-9)


def test_float32_is_judged_in_float64():
    x = mg.Tensor(np.array([0.1, 0.7], np.float32), requires_grad=True)
    found = finite_difference(next(iter(steps(mg.tanh(x), [1.0, 1.0]))), "x")
    exact = 1 - np.tanh(np.float64(np.float32(0.1))) ** 2
    assert found.verdict == "ok"
    assert found.analytic == pytest.approx(exact, rel=1e-14)
    assert found.contribution == np.float32(found.contribution)
    assert found.contribution == pytest.approx(exact, rel=1e-6)


def test_a_kink_is_called_one():
    x = mg.Tensor([0.0, 1.0], requires_grad=True)
    found = finite_difference(next(iter(steps(mg.relu(x), [1.0, 1.0]))), "x", 0)
    assert (found.verdict, found.ok) == ("kink", True)
    assert "kink" in str(found).splitlines()[-1]


def test_where_there_is_nothing_to_compare_with():
    x = mg.Tensor([4.0, 0.0], requires_grad=True)
    root = mg.sqrt(x)
    with np.errstate(divide="ignore"):
        found = finite_difference(next(iter(steps(root, [1.0, 1.0]))), "x")
    assert found.index == (1,)
    assert found.verdict in ("inconclusive", "FAIL", "kink")
    assert found.contribution == np.inf
    run = BackwardPass(root * 1.0, [np.nan, 1.0])
    run.forward()
    found = finite_difference(Step(run), "x", 0)
    assert found.verdict == "inconclusive"
    assert found.detail == "the gradient here is not finite"


def test_a_rule_that_fails_is_told():
    class Fails(mg.Op):
        @staticmethod
        def forward(x):
            return x * 2.0

        @staticmethod
        def grad_x(grad_out, out, x):
            raise ValueError("not today")

    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    found = finite_difference(next(iter(steps(mg.call(Fails, x), [1.0, 1.0]))), "x")
    assert found.verdict == "FAIL"
    assert "not today" in str(found)


@pytest.mark.parametrize("index", [(0,), (2, 0), (0, 0, 0), 1])
def test_entries_that_do_not_exist(index):
    x = mg.Tensor([[0.5, -2.0], [3.0, 0.0]], requires_grad=True)
    step = next(iter(steps(mg.tanh(x), np.ones((2, 2)))))
    with pytest.raises(DomainError, match=r"x has the shape \(2, 2\); there is no entry"):
        finite_difference(step, "x", index)


def test_there_is_nothing_to_compare_in_an_empty_array():
    empty = mg.Tensor(np.zeros((0, 3)), requires_grad=True)
    step = next(mg.steps(empty.sum()))
    with pytest.raises(DomainError, match=r"x has the shape \(0, 3\); there is no entry"):
        finite_difference(step, "x")


# The part of an op that an entry goes into

CUT = [
    case
    for case in CASES
    if case.op in (Matmul, Linear)
    or (case.op.__module__.rpartition(".")[2] in ("elementwise", "arithmetic", "activation"))
]


@pytest.mark.parametrize("case", CUT, ids=lambda case: case.id)
def test_no_more_than_the_part_moves_with_an_entry(case):
    """Forward once more with an entry moved: outside of the part nothing is another number."""
    rng = np.random.default_rng(0)
    root = case.function(*[mg.Tensor(x, requires_grad=True) for x in case.draw()])
    for step in mg.steps(root, np.ones(root.shape)):
        tensor = step.tensor
        for index, x in enumerate(tensor.inputs):
            if not isinstance(x, mg.Tensor) or 0 in x.shape:
                continue
            at = tuple(int(rng.integers(size)) for size in x.shape)
            part, place, places = part_around(tensor, index, at)
            arrays = list(tensor.arrays)
            arrays[index] = np.array(arrays[index])
            arrays[index][at] *= 1.001
            moved = tensor.op.forward(*arrays, **tensor.params) != tensor.data
            inside = np.zeros(tensor.shape, bool)
            inside[place] = True
            assert not (moved & ~inside).any()
            assert part.shape == tensor.data[place].shape
            np.testing.assert_allclose(
                tensor.op.forward(*part.arrays, **tensor.params), tensor.data[place], rtol=1e-12
            )
            assert x.data[places[index]].size >= 1


def test_a_part_is_small_where_that_is_known():
    x, y, b = (mg.Tensor(np.ones(s), requires_grad=True) for s in [(50, 40), (40, 30), (30,)])
    sizes = [
        part_around(tensor, index, at)[0].shape
        for tensor, index, at in [
            (x @ y, 0, (3, 7)),
            (x @ y, 1, (3, 7)),
            (mg.linear(x, y, b), 1, (3, 7)),
            (mg.linear(x, y, b), 2, (3,)),
            (mg.tanh(x), 0, (3, 7)),
            (x * np.ones(40), 0, (3, 7)),
            (mg.relu(x), 0, (3, 7)),  # a kink is told with the entry it is at, of the whole
            (mg.softmax(x), 0, (3, 7)),
        ]
    ]
    assert sizes == [(1, 30), (50, 1), (50, 1), (50, 1), (1, 1), (1, 1), (50, 40), (50, 40)]


@pytest.mark.parametrize(("argument", "index"), [("x", (5, 2)), ("weight", (2, 4)), ("bias", (4,))])
def test_an_entry_of_a_linear_layer_against_its_closed_form(argument, index):
    rng = np.random.default_rng(3)
    shapes = [(6, 3), (3, 5), (5,)]
    x, weight, bias = (mg.Tensor(rng.standard_normal(s), requires_grad=True) for s in shapes)
    grad_out = rng.standard_normal((6, 5))
    step = next(mg.steps(mg.linear(x, weight, bias), grad_out))
    exact = {
        "x": grad_out @ weight.data.T,
        "weight": x.data.T @ grad_out,
        "bias": grad_out.sum(axis=0),
    }
    found = finite_difference(step, argument, index)
    assert (found.verdict, found.index) == ("ok", index)
    assert found.numeric == pytest.approx(exact[argument][index], rel=1e-10)
    assert found.analytic == pytest.approx(exact[argument][index], rel=1e-13)


def test_a_wrong_entry_of_a_matrix_product_fails(monkeypatch):
    def transposed(grad_out, out, x, y):
        return (x.T @ grad_out).T

    rng = np.random.default_rng(3)
    x, y = (mg.Tensor(rng.standard_normal((4, 4)), requires_grad=True) for _ in "xy")
    grad_out = rng.standard_normal((4, 4))
    step = next(mg.steps(x @ y, grad_out))
    monkeypatch.setattr(Matmul, "rules", (Matmul.rules[0], transposed))
    found = finite_difference(step, "y", (1, 3))
    assert found.verdict == "FAIL"
    assert found.numeric == pytest.approx((x.data.T @ grad_out)[1, 3], rel=1e-9)
    assert finite_difference(step, "y", (2, 2)).verdict == "ok"


def test_a_number_near_zero_in_float32_is_not_nondeterministic():
    x = mg.Tensor(np.array([-6, 1], np.float32), requires_grad=True)
    (step,) = [step for step in steps(mg.gelu(x).sum()) if step.op == "Gelu"]
    assert finite_difference(step, "x", (0,)).verdict == "ok"
