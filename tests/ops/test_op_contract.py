"""What an op is, what ``call`` does with it, and what the public functions refuse."""

import re

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError, DTypeError, ShapeError
from minigrad.ops.arithmetic import Multiply
from minigrad.ops.elementwise import Cast
from minigrad.ops.linalg import Linear
from minigrad.ops.piecewise import Where
from minigrad.ops.shape import Concatenate


def test_an_op_knows_its_inputs_and_their_rules_by_name():
    assert Linear.input_names == ("x", "weight", "bias")
    assert list(Linear.rules) == [Linear.grad_x, Linear.grad_weight, Linear.grad_bias]
    assert Where.rules[0] is None
    assert Concatenate.input_names == ("arrays",)


def test_a_rule_for_no_input_is_a_mistake_found_when_the_class_is_written():
    with pytest.raises(TypeError, match=r"Typo\.grad_z belongs to no input: forward takes x, y"):

        class Typo(mg.Op):
            @staticmethod
            def forward(x, y):
                return x + y

            @staticmethod
            def grad_z(grad_out, out, x, y):
                return grad_out


def test_an_op_of_ones_own_works_like_the_others():
    class Cube(mg.Op):
        @staticmethod
        def forward(x):
            return x * x * x

        @staticmethod
        def grad_x(grad_out, out, x):
            grad_x = grad_out * 3 * x * x
            return grad_x

    assert mg.hessian(lambda x: mg.call(Cube, x), 2.0) == 12.0


def test_arrays_give_arrays_and_tensors_give_tensors():
    x = np.array([1.0, 2.0])
    assert type(mg.call(Multiply, x, 3.0)) is np.ndarray
    assert type(mg.call(Multiply, x, mg.Tensor(3.0))) is mg.Tensor
    assert type(mg.exp([1.0, 2.0])) is np.ndarray
    assert mg.matmul([[1.0, 2.0]], [[3.0], [4.0]]).tolist() == [[11.0]]
    assert not mg.call(Multiply, x, mg.Tensor(3.0)).requires_grad


def test_integers_are_computed_as_numpy_does():
    assert mg.sigmoid(np.array([0, 1000])).tolist() == [0.5, 1.0]
    assert mg.add([1, 2], 3).dtype.kind == "i"
    assert mg.mean(np.array([1, 2])) == 1.5


def test_astype_changes_the_precision_and_its_gradient_comes_back():
    x = mg.Tensor(np.array([1.5, 2.5], np.float32), requires_grad=True)
    wide = mg.astype(x, np.float64)
    assert wide.dtype == np.float64
    wide.backward([0.1, 0.2])
    assert x.grad.dtype == np.float32
    np.testing.assert_allclose(x.grad, [0.1, 0.2], rtol=1e-7)
    assert Cast.grad_x(np.ones(2), wide.data, x.data, dtype=np.float64).dtype == np.float32
    slope = mg.grad((wide**3).sum(), x, create_graph=True)
    assert mg.grad(slope.sum(), x).data.tolist() == [9.0, 15.0]


def test_a_copy_has_memory_of_its_own():
    x = np.array([1.0, 2.0])
    assert not np.shares_memory(mg.copy(x), x)
    assert not np.shares_memory(mg.Tensor(x).copy().data, x)


x = np.zeros((2, 3))
REFUSALS = {
    "call": (DTypeError, "Multiply: cannot compute with 'a'", lambda: mg.multiply(x, "a")),
    "object array": (DTypeError, "Exp:", lambda: mg.exp(np.array([None]))),
    "shapes": (
        ShapeError,
        r"Add: operands could not be .*\(x: \(2, 3\) float64, y: \(2,\) float64\)",
        lambda: mg.add(x, np.zeros(2)),
    ),
    "numbers in errors": (ShapeError, r"y: \(2,\) int64\)", lambda: mg.add(x, [1, 2])),
    "axis": (ShapeError, r"Sum: axis 2 is out of bounds.*axis=2", lambda: mg.sum(x, axis=2)),
    "max of nothing": (ShapeError, "Max: zero-size array", lambda: mg.max(x[:0])),
    "index": (IndexError, r"GetItem: index 5 is out of bounds", lambda: mg.getitem(x, 5)),
    "indices": (IndexError, "GetItem: too many indices", lambda: mg.Tensor(x)[0, 0, 0]),
    "float index": (IndexError, "GetItem: only integers", lambda: mg.getitem(x, 1.0)),
    "scatter": (
        ShapeError,
        r"ScatterAdd: .*\(x: \(2, 3\) float64, index=0, shape=\(4,\)\)",
        lambda: mg.scatter_add(x, 0, (4,)),
    ),
    "broadcast_to": (ShapeError, "BroadcastTo: ", lambda: mg.broadcast_to(x, (3, 3))),
    "reshape": (
        ShapeError,
        r"Reshape: cannot reshape .*\(x: \(2, 3\) float64, shape=\(4,\)\)",
        lambda: mg.reshape(x, (4,)),
    ),
    "squeeze": (ShapeError, "squeeze: axis 0 of shape", lambda: mg.squeeze(x, 0)),
    "squeeze axis": (ShapeError, "squeeze: axis 2 is out of range", lambda: mg.squeeze(x, 2)),
    "expand_dims": (ShapeError, "expand_dims: axis 3 is out", lambda: mg.expand_dims(x, 3)),
    "transpose": (ShapeError, "do not permute the axes", lambda: mg.transpose(x, (0, 0))),
    "transpose few": (ShapeError, r"axes \(0,\) do not permute", lambda: mg.transpose(x, (0,))),
    "swapaxes": (ShapeError, "swapaxes: axis 2 is out of range", lambda: mg.swapaxes(x, 0, 2)),
    "flip": (ShapeError, "flip: axis -3 is out of range", lambda: mg.flip(x, -3)),
    "concatenate": (ShapeError, "concatenate: no arrays given", lambda: mg.concatenate([])),
    "concatenate sizes": (
        ShapeError,
        r"Concatenate: .*\(arrays\[0\]: \(2, 3\) float64, arrays\[1\]: \(2, 2\) float64, axis=0\)",
        lambda: mg.concatenate([x, np.zeros((2, 2))]),
    ),
    "stack": (ShapeError, r"stack: needs arrays of one shape", lambda: mg.stack([x, x.T])),
    "stack nothing": (ShapeError, "stack: needs arrays of one shape", lambda: mg.stack([])),
    "split": (ShapeError, "split: 2 sections do not divide axis 1", lambda: mg.split(x, 2, 1)),
    "split zero": (ShapeError, "split: 0 sections", lambda: mg.split(x, 0)),
    "unstack": (ShapeError, "unstack: axis 2 is out of range", lambda: mg.unstack(x, 2)),
    "pad": (ShapeError, "pad: pad_width .* does not fit", lambda: mg.pad(x, (1, 2, 3))),
    "pad value": (DTypeError, "pad: value is Tensor", lambda: mg.pad(x, 1, mg.Tensor(1.0))),
    "broadcast_to axes": (
        ShapeError,
        r"broadcast_to: \(1, 3\) has more axes",
        lambda: mg.broadcast_to(np.ones((1, 3)), (3,)),
    ),
    "pad negative": (ShapeError, "pad: pad_width -1 is negative", lambda: mg.pad(x, -1)),
    "matmul scalar": (ShapeError, r"matmul: .*\(\) @ \(2, 3\); use \*", lambda: mg.matmul(2.0, x)),
    "matmul sizes": (ShapeError, r"matmul: x \(2, 3\) @ y \(2, 3\): ", lambda: mg.matmul(x, x)),
    "dot": (ShapeError, "dot: needs vectors or matrices", lambda: mg.dot(x, np.zeros((2, 3, 1)))),
    "outer": (ShapeError, "outer: needs two vectors", lambda: mg.outer(x, x)),
    "linear": (
        ShapeError,
        r"Linear: .*\(x: \(2, 3\) float64, weight: \(2, 3\) float64",
        lambda: mg.linear(x, x, np.zeros(3)),
    ),
    "linear bias": (
        ShapeError,
        r"linear: bias \(3,\) does not fit weight \(3, 2\)",
        lambda: mg.linear(x, x.T, np.zeros(3)),
    ),
    "linear scalar": (
        ShapeError,
        "linear: x is a single number",
        lambda: mg.linear(np.array(2.0), x.T, np.zeros(2)),
    ),
    "clip": (DomainError, "clip: give low, high or both", lambda: mg.clip(x)),
    "clip order": (DomainError, r"clip: low \(2\) must not exceed", lambda: mg.clip(x, 2, 1)),
    "clip nan": (DomainError, "clip: low", lambda: mg.clip(x, np.nan, 1)),
    "clip array": (DTypeError, "use maximum and minimum", lambda: mg.clip(x, x, x)),
    "gelu": (DomainError, "gelu: approximate is 'fast'", lambda: mg.gelu(x, "fast")),
    "var": (DomainError, r"var: 1 element\(s\) with ddof=1", lambda: mg.var([1.0], ddof=1)),
    "var axis": (ShapeError, "axis 2 is out of range", lambda: mg.var(x, axis=2)),
    "prod axis": (ShapeError, "axis 2 is out of range", lambda: mg.prod(x, axis=2)),
    "astype": (DTypeError, "astype: int64 is not a floating-point", lambda: mg.astype(x, np.int64)),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_does_not_fit_is_refused_by_name(name):
    error, message, wrong = REFUSALS[name]
    with pytest.raises(error, match=message) as caught:
        wrong()
    assert re.match(r"\w+: |axis ", str(caught.value))


@pytest.mark.parametrize("name", ["shapes", "axis", "index", "reshape"])
def test_the_error_numpy_raised_is_its_cause(name):
    error, _, wrong = REFUSALS[name]
    with pytest.raises(error) as caught:
        wrong()
    assert caught.value.__cause__ is not None


def test_warnings_of_numpy_come_through_with_the_name_of_the_op():
    with pytest.raises(RuntimeWarning, match="divide by zero") as caught:
        mg.log(np.array([0.0]))
    assert caught.value.__notes__ == ["Log: divide by zero encountered in log (x: (1,) float64)"]


def test_a_rule_with_its_arguments_in_another_order_is_refused():
    with pytest.raises(TypeError, match=r"Half\.grad_x takes \(grad_out, x, out\); a rule takes"):

        class Half(mg.Op):
            @staticmethod
            def forward(x):
                return x / 2

            @staticmethod
            def grad_x(grad_out, x, out):
                return grad_out / 2


def test_a_forward_with_a_context_is_refused():
    with pytest.raises(TypeError, match=r"Half\.forward must be a @staticmethod: no self"):

        class Half(mg.Op):
            def forward(ctx, x):  # noqa: N805
                return x / 2


def test_a_forward_without_named_arguments_is_refused():
    with pytest.raises(TypeError, match=r"Sine\.forward is <ufunc 'sin'>; it must be a Python fu"):

        class Sine(mg.Op):
            forward = staticmethod(np.sin)


def test_a_forward_that_returns_two_arrays_is_refused():
    class Both(mg.Op):
        @staticmethod
        def forward(x):
            return x, x

    with pytest.raises(DTypeError, match=r"Both\.forward returned a tuple, not one array"):
        mg.call(Both, mg.Tensor([1.0]))
