"""Where NaN and infinity come from: the right entry, the right piece of source, the right cause."""

import warnings

import numpy as np
import pytest
from op_cases import CASES

import minigrad as mg
from minigrad.debugger import nan_report, steps
from minigrad.debugger.parts import argument, result_of
from minigrad.drawing.nodes import names_of_inputs

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def tensor(values, **options):
    return mg.Tensor(values, requires_grad=True, **options)


# Three ways to a NaN, each at the right of two alike on a line


def test_logarithm_of_zero_among_two_logarithms_on_a_line():
    p = tensor([[0.5, 0.25], [1.0, 0.0]], name="p")
    loss = -(mg.log(p + 1.0) + mg.log(p)).sum()
    report = nan_report(loss)
    found = report.forward
    assert not report.ok
    assert (found.origin, found.name, found.index, found.value) == ("op", "Log", (1, 1), -np.inf)
    assert (found.count, found.total) == (1, 4)
    assert found.source.expression == "mg.log(p)"
    assert found.tensor.inputs[0] is p
    assert found.cause == "log of 0 in Log: out = np.log(x) with x[1, 1] = 0"
    back = report.backward
    assert (back.number, back.total, back.rule, back.index) == (4, 6, "Log.grad_x", (1, 1))
    assert back.source.expression == "mg.log(p)"
    assert back.input is p
    assert back.cause == (
        "(-1) / 0 (an infinite slope) in Log.grad_x: dL/dx = dL/dout / x with dL/dout[1, 1] = -1 "
        "and x[1, 1] = 0"
    )


def test_zero_by_zero_in_a_normalisation_among_two_on_a_line():
    x, y = tensor([1.0, 3.0]), tensor([0.0, 0.0], name="y")
    out = x / mg.sum(x) + y / mg.sum(y)
    found = nan_report(out.sum()).forward
    assert found.source.expression == "y / mg.sum(y)"
    assert np.isnan(found.value)
    assert found.cause == "0 / 0 in Divide: out = x / y with x[0] = 0 and y = 0"


def test_overflow_of_an_exponential_among_two_on_a_line():
    z = tensor([1.0, 800.0])
    out = mg.exp(z) / mg.exp(z / 2.0).sum() - mg.exp(z)[0]
    found = nan_report(out.sum()).forward
    assert found.source.expression == "mg.exp(z)"
    assert found.source.column == len("    out = ")
    assert found.index == (1,)
    assert found.cause.startswith("overflow of exp of 800 (float64 ends at 1.8e+308) in Exp")


# A finite loss with gradients that are not


def test_slope_of_a_square_root_at_zero():
    x = tensor([4.0, 0.0])
    report = nan_report(mg.sqrt(x).sum())
    assert report.forward is None
    assert not report.ok
    assert report.backward.value == np.inf
    assert "1 / 0 (an infinite slope) in Sqrt.grad_x" in report.backward.cause
    assert "out[1] = 0" in report.backward.cause


def test_branch_not_taken_multiplies_zero_by_infinity():
    x = tensor([[1.0, 2.0], [3.0, 0.0]], name="x")
    report = nan_report(mg.where(x.data > 0, mg.log(x), 0.0).sum())
    assert np.isnan(report.backward.value)
    assert report.backward.cause == (
        "0 * inf in Log.grad_x: dL/dx = dL/dout / x with dL/dout[1, 1] = 0 and x[1, 1] = 0"
    )
    assert report.forward.source.expression == "mg.log(x)"
    assert "the root is finite all the same" in str(report)


def test_zero_times_infinity_inside_a_rule():
    x = tensor([0.0, 4.0])
    report = nan_report(((x**0.5) * 0.0).sum())
    assert report.backward.cause.startswith("0 * inf in PowerOfConstant.grad_x: lowered = ")
    assert report.backward.cause.endswith("with dL/dout[0] = 0 and x[0] = 0")


# Broadcasting, products, reductions, dtypes


def test_operands_at_their_own_index_where_they_were_broadcast():
    x, scale = tensor(np.ones((3, 2))), np.array([2.0, 0.0])
    report = nan_report((x / scale).sum())
    assert report.forward.index == (0, 1)
    assert report.forward.cause.endswith("with x[0, 1] = 1 and y[1] = 0")


def test_gradient_summed_over_a_broadcast_axis_names_the_row():
    y = tensor([1.0, 1.0])
    x = np.array([[1.0, 1.0], [1.0, 1e200], [1.0, 1.0]])
    report = nan_report((x * y).sum(), gradient=1e200)
    assert report.backward.index == (1,)
    assert "overflow of 1e+200 * 1e+200" in report.backward.cause
    assert "x[1, 1] = 1e+200" in report.backward.cause


def test_row_and_column_of_a_matrix_product():
    x = np.ones((3, 4))
    x[2, 1] = 1e200
    weight = np.ones((4, 2))
    weight[1, 0] = 1e200
    for out in (tensor(x) @ weight, mg.linear(tensor(x), weight, np.zeros(2))):
        found = nan_report(out.sum()).forward
        assert found.index == (2, 0)
        assert "overflow of a sum of products" in found.cause
        assert "x[2, 1] = 1e+200 and " in found.cause
        assert "[1, 0] = 1e+200" in found.cause


def test_a_nan_in_a_row_is_followed_to_its_entry():
    x = np.ones((2, 5))
    x[1, 3] = np.nan
    x[0, 2] = np.inf
    found = nan_report((x @ tensor(np.ones((5, 2)))).sum()).backward
    assert found.index == (2, 0)
    assert found.cause == (
        "x is inf in Matmul.grad_y: dL/dy = x.swapaxes(-1, -2) @ dL/dout with x[0, 2] = inf and "
        "dL/dout[0, 0] = 1"
    )
    x[0, 2] = 1.0
    found = nan_report((x @ tensor(np.ones((5, 2)))).sum()).backward
    assert found.index == (3, 0)
    assert "x[1, 3] = nan and dL/dout[1, 0] = 1" in found.cause


def test_stacked_matrix_product_with_a_broadcast_stack():
    x = np.ones((2, 3, 4))
    x[1, 2, 3] = 1e308
    y = np.full((1, 4, 2), 10.0)
    found = nan_report((tensor(x) @ y).sum()).forward
    assert found.index == (1, 2, 0)
    assert "x[1, 2, 3] = 1e+308 and y[0, 3, 0] = 10" in found.cause


def test_reductions_name_the_largest_entry():
    x = tensor([[1.0, 2.0], [1.7e308, 1e308]])
    found = nan_report(x.sum(axis=1).mean()).forward
    assert found.index == (1,)
    assert "overflow of a sum (float64 ends at 1.8e+308), the largest 1.7e+308" in found.cause
    assert found.cause.endswith("with x[1, 0] = 1.7e+308")
    assert "overflow of a product" in nan_report(mg.prod(tensor([1e200, 1e200]))).forward.cause
    deviation = nan_report(mg.var(tensor([1e300, 0.0]))).forward
    assert "overflow of square of 5e+299" in deviation.cause
    assert deviation.cause.endswith("with x[0] = 1e+300")


def cause_of_forward(forward, values):
    """The cause for an op with this forward."""
    op = type("Made", (mg.Op,), {"forward": staticmethod(forward)})
    return nan_report(mg.call(op, tensor(values))).forward.cause


def test_sums_that_keep_their_axes():
    def forward(x):
        total = np.add.reduce(x, axis=1, keepdims=True)
        return x / total

    values = [[[1.0, 2.0], [3.0, 4.0]], [[1.0, -2.0], [3.0, 2.0]]]
    assert cause_of_forward(forward, values) == (
        "(-2) / 0 in Made: out = x / total with x[1, 0, 1] = -2"
    )

    def overflowing(x):
        return np.add.reduce(x, axis=(0, 2), keepdims=True)

    values = [[[1.0, 2.0], [1.0, 1e308]], [[1.0, -2.0], [1.5e308, 2.0]]]
    assert "x[1, 1, 0] = 1.5e+308" in cause_of_forward(overflowing, values)


def test_a_choice_is_followed_to_what_was_chosen():
    def forward(x):
        return np.where(x >= 0, np.log(x), 1.0 / x)

    assert "log of 0 in Made" in cause_of_forward(forward, [-1.0, 0.0])


def test_a_forward_that_gives_something_else_now_is_not_explained():
    factors = [1.0, 1e300]

    def forward(x):
        return x * factors.pop()

    assert cause_of_forward(forward, [1e300]) == (
        "in Made: its forward, with x from 1e+300 to 1e+300"
    )


def test_overflow_of_float32():
    x = tensor(np.array([1e30, 1.0], np.float32))
    report = nan_report((x * x).sum())
    assert "(float32 ends at 3.4e+38)" in report.forward.cause
    assert report.backward is None
    cast = mg.astype(tensor([1e300]), np.float32)
    assert "overflow of 1e+300 (float32 ends" in nan_report(cast.sum()).forward.cause


def test_gradient_that_overflows_when_cast_back_to_its_input():
    x = tensor(np.ones(2, np.float32))
    y = np.array([1e300, 1.0])
    report = nan_report((x * y).sum())
    assert report.forward is None
    assert report.backward.cause.startswith("overflow of 1e+300 (float32 ends at 3.4e+38), cast")


def test_contributions_that_overflow_only_in_their_sum():
    x = tensor(np.array([1.0, 1.0], np.float32))
    loss = (x * np.float32(2e38)).sum() + (x * np.float32(-2e38)).sum() * np.float32(-1)
    report = nan_report(loss)
    assert report.backward.cause == "overflow where contributions are added up: 2e+38 + 2e+38"


@pytest.mark.parametrize(
    ("out", "words"),
    [
        (lambda: mg.log(tensor([-2.0])), "log of -2 in Log"),
        (lambda: mg.sqrt(tensor([-4.0])), "sqrt of -4 in Sqrt"),
        (lambda: tensor([0.0]) ** -1, "0 ** (-1) (a negative power of 0)"),
        (lambda: tensor([-8.0]) ** 0.5, "(-8) ** 0.5 (a non-integer power of a negative number)"),
        (lambda: mg.xlogy(tensor([1.0]), tensor([0.0])), "log of 0 in XLogY"),
        (lambda: mg.silu(tensor([1e300])) * 1e200, "overflow of 1e+300 * 1e+200"),
        (lambda: tensor([1.5e308]) - tensor([-1.5e308]), "overflow of 1.5e+308 - (-1.5e+308)"),
    ],
)
def test_causes_in_words(out, words):
    assert words in nan_report(out().sum()).forward.cause


def test_infinities_that_cancel_are_told_with_what_they_came_from():
    class Difference(mg.Op):
        @staticmethod
        def forward(x, y):
            grown = np.exp(x)
            return grown - np.exp(y)

        @staticmethod
        def grad_x(grad_out, out, x, y):
            grad_x = grad_out * np.exp(x)
            return grad_x

    found = nan_report(mg.call(Difference, tensor([1.0, 800.0]), np.array([0.0, 900.0])).sum())
    assert found.forward.cause == (
        "inf - inf in Difference: out = grown - np.exp(y) with x[1] = 800 and y[1] = 900"
    )


# What was given with it, and what does no harm


def test_leaves_and_constants_that_hold_it_already():
    x = tensor([1.0, 2.0])
    mask = mg.Tensor([0.0, np.nan], name="mask")
    for constant, name in ((mask, "mask"), (np.array([0.0, np.nan]), "y")):
        found = nan_report((x * constant).sum()).forward
        assert (found.origin, found.name, found.index) == ("constant", name, (1,))
        assert "a constant, y of Multiply" in found.cause
        assert found.source.expression == "x * constant"
    found = nan_report((tensor([[np.nan]], name="w") * 2.0).sum()).forward
    assert (found.origin, found.name, found.index) == ("leaf", "w", (0, 0))


def test_an_infinite_mask_that_does_no_harm_is_not_blamed():
    scores = tensor([[1.0, 2.0], [0.0, -800.0]])
    mask = np.array([[0.0, -np.inf], [0.0, 0.0]])
    p = mg.softmax(scores + mask)
    harmless = nan_report((p * p).sum())
    assert harmless.ok
    assert harmless.forward.origin == "constant"
    assert "the root is finite all the same" in str(harmless)
    found = nan_report((p + mg.log(p[1])).sum()).forward
    assert found.source.expression == "mg.log(p[1])"


def test_everything_finite_says_so():
    report = nan_report((tensor([1.0, 2.0]) * 2.0).sum())
    assert report.ok
    assert str(report) == "forward: all values are finite\nbackward: all gradients are finite"


def test_a_gradient_to_start_from_that_is_not_finite():
    report = nan_report(tensor([1.0, 2.0]) * 2.0, gradient=[1.0, np.nan])
    assert (report.backward.number, report.backward.index) == (0, (1,))


# It never raises


def test_a_root_without_gradient_is_a_problem_not_an_error():
    report = nan_report(mg.Tensor([1.0, np.inf]))
    assert "requires no gradient" in report.problem
    assert "Tensor(2) float64" in str(report)
    assert "needs a gradient of shape (2,)" in nan_report(tensor([1.0, 2.0]) * 2.0).problem
    freed = tensor(0.0) * 1.0
    out = mg.log(freed)
    out.backward(free_graph=True)
    report = nan_report(out)
    assert "was freed" in report.problem
    assert report.forward.tensor is out


class Strange(mg.Op):
    """A user's op whose text is not plain."""

    @staticmethod
    def forward(x):
        out = x.copy()
        for i in range(len(x)):
            out[i] = np.log(x[i])
        return out

    @staticmethod
    def grad_x(grad_out, out, x):
        raise KeyError("nothing here")


def test_an_op_whose_text_is_not_plain_is_told_by_its_operands():
    report = nan_report(mg.call(Strange, tensor([3.0, 0.0])).sum())
    assert report.forward.cause == "in Strange: its forward, with x from 0 to 3"
    assert "nothing here" in report.problem


def test_a_rule_that_writes_into_its_arguments_is_named():
    class Writes(mg.Op):
        @staticmethod
        def forward(x):
            return x * 1.0

        @staticmethod
        def grad_x(grad_out, out, x):
            inverse = np.divide(1.0, x, out=x)
            return grad_out * inverse

    report = nan_report(mg.call(Writes, tensor([1.0, 0.0])).sum())
    assert not report.ok
    assert "Writes" in report.problem
    assert "gives another gradient when it runs again" in report.problem


def test_a_forward_that_writes_into_its_input_does_so_to_a_copy():
    class Grows(mg.Op):
        @staticmethod
        def forward(x):
            grown = np.multiply(x, 10.0, out=x)
            return np.exp(grown)

        @staticmethod
        def grad_x(grad_out, out, x):
            return grad_out * out * 10.0

    x = tensor([100.0])
    report = nan_report(mg.call(Grows, x).sum())
    assert "overflow of exp of 10000 " in report.forward.cause
    np.testing.assert_array_equal(x.data, [1000.0])


def test_no_warning_whatever_numpy_is_told():
    with np.errstate(all="ignore"):
        x = tensor([0.0, -1.0, 1e308])
        loss = (mg.log(x) + mg.sqrt(x) + x * 10.0 + 1.0 / x).sum()
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        report = nan_report(loss)
        str(report)
    assert report.forward is not None
    assert report.backward is not None
    assert report.problem == ""


def test_the_text_fits_a_terminal():
    value_with_a_long_name = tensor(np.zeros((2, 3)), name="value")
    weights = np.ones((3, 2))
    loss = (mg.tanh(value_with_a_long_name @ weights) + mg.log(value_with_a_long_name @ weights)).sum()  # noqa: E501  # fmt: skip
    text = str(nan_report(loss))
    assert max(map(len, text.splitlines())) <= 80
    lines = text.splitlines()
    marks = next(k for k, line in enumerate(lines) if set(line.strip()) == {"^"})
    start = lines[marks].index("^")
    assert lines[marks - 1][start:].startswith("mg.log(value_with_a_long_name")


# A forward or a rule taken apart


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_parts_of_forwards_and_rules_add_up_to_what_they_return(case):
    inputs = [mg.Tensor(x, requires_grad=True) for x in case.draw()]
    out = case.function(*inputs)
    for step in steps(out, np.random.default_rng(1).standard_normal(out.shape)):
        names = names_of_inputs(step.tensor)
        given = [argument(n, x) for n, x in zip(names, step.tensor.arrays, strict=True)]
        if step.op in ("Concatenate", "ScatterAdd", "BroadcastTo"):
            continue
        whole = result_of(step.tensor.op.forward, given, step.params)
        np.testing.assert_array_equal(whole.value, step.out)
        if step.op == "Transpose":
            continue
        arriving = [argument("dL/dout", step.grad_out), argument("out", step.out)]
        for flow in step.flows:
            rule = step.tensor.op.rules[names.index(flow.argument)]
            whole = result_of(rule, [*arriving, *given], step.params)
            np.testing.assert_array_equal(whole.value, flow.contribution)


def test_of_two_bad_leaves_on_one_line_the_one_used_first_is_told():
    first, second = (
        mg.Tensor([1.0, np.nan], requires_grad=True, name=name) for name in ("first", "second")
    )
    for loss, name, text in [
        ((first * 2.0 + second * 3.0).sum(), "first", "first * 2.0"),
        ((second * 3.0 + first * 2.0).sum(), "second", "second * 3.0"),
        ((first * second).sum(), "first", "first * second"),
        ((np.array([1.0, np.inf]) * first + second).sum(), "x", "np.array([1.0, np.inf]) * first"),
    ]:
        found = nan_report(loss).forward
        assert (found.name, found.source.expression) == (name, text)
    assert nan_report(first.sum() * 0.0 + 1.0).forward.name == "first"
