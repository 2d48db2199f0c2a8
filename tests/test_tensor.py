"""The Tensor: construction, operators, comparisons, conversions, copies."""

import copy
import operator
import pickle
import re
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DTypeError, GraphError, MinigradError, ShapeError


def leaf(values, **options):
    return mg.Tensor(values, requires_grad=True, **options)


# Construction


def test_an_array_is_shared_and_keeps_its_dtype():
    array = np.zeros(3, np.float32)
    t = mg.Tensor(array)
    array[0] = 7
    assert t.data is array
    assert t.numpy() is array
    assert t.dtype == np.float32
    assert t.data[0] == 7


def test_numbers_and_lists_become_arrays():
    assert mg.Tensor(2.0).dtype == np.float64
    assert mg.Tensor([1, 2]).dtype.kind == "i"
    assert mg.Tensor([[1.0, 2.0]]).shape == (1, 2)
    assert mg.Tensor([1, 2], requires_grad=True, dtype=np.float32).dtype == np.float32
    assert mg.Tensor(True).dtype == np.bool


def test_shape_ndim_size_and_transpose():
    t = mg.Tensor(np.arange(6.0).reshape(2, 3))
    assert (t.shape, t.ndim, t.size, t.T.shape) == ((2, 3), 2, 6, (3, 2))
    np.testing.assert_array_equal(t.T.data, t.data.T)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "Tensor: needs numbers, got dtype object from None"),
        (["a", "b"], "Tensor: needs numbers, got dtype <U1"),
        ([[1.0], [1.0, 2.0]], "Tensor: cannot make an array of"),
        (object(), "needs numbers"),
        ([mg.Tensor(1.0), mg.Tensor(2.0)], "join them with mg.stack"),
        ([[1.0, mg.Tensor(1.0)], [2.0, 3.0]], "join them with mg.stack"),
        (mg.Tensor(1.0), "is a Tensor already; use t.detach"),
    ],
)
def test_what_cannot_become_a_tensor(data, message):
    with pytest.raises(DTypeError, match=message):
        mg.Tensor(data)


@pytest.mark.parametrize("data", [[1, 2], [True], [1j]])
def test_only_floats_can_require_a_gradient(data):
    with pytest.raises(DTypeError, match="requires_grad needs a floating-point dtype, got"):
        leaf(data)


# Operators

BINARY = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.pow,
]
OTHERS = {
    "Python float": 1.5,
    "Python int": 2,
    "bool": True,
    "float64 scalar": np.float64(1.5),
    "float32 scalar": np.float32(1.5),
    "int64 scalar": np.int64(2),
    "0-d array": np.array(1.5),
    "array": np.array([0.5, 2.0]),
    "column": np.array([[0.5], [2.0]]),
    "list": [0.5, 2.0],
    "nested list": [[0.5], [2.0]],
    "int array": np.array([1, 2]),
}


@pytest.mark.parametrize("operation", BINARY, ids=lambda f: f.__name__)
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
def test_operators_with_everything_on_either_side(operation, other):
    x = np.array([1.25, 0.75])
    for left, right in [("tensor", "other"), ("other", "tensor")]:
        t = leaf(x.copy())
        operands = {"tensor": t, "other": other}
        out = operation(operands[left], operands[right])
        plain = {"tensor": x, "other": np.asarray(other)}
        assert type(out) is mg.Tensor
        np.testing.assert_allclose(out.data, operation(plain[left], plain[right]), rtol=1e-15)
        out.sum().backward()
        h = 1e-6
        up = operation(*[plain[k] + h * (k == "tensor") for k in (left, right)])
        down = operation(*[plain[k] - h * (k == "tensor") for k in (left, right)])
        slope = np.broadcast_to((up - down) / (2 * h), out.shape).reshape(-1, 2).sum(axis=0)
        np.testing.assert_allclose(t.grad, slope, rtol=1e-6, atol=1e-9)


def test_matmul_with_everything_on_either_side():
    array = np.arange(4.0).reshape(2, 2)
    for other in (array, array.tolist(), mg.Tensor(array)):
        t = leaf([[1.0, 2.0], [3.0, 4.0]])
        ((t @ other) + (other @ t)).sum().backward()
        ones = np.ones((2, 2))
        np.testing.assert_array_equal(t.grad, ones @ array.T + array.T @ ones)


def test_unary_operators():
    t = leaf([-1.5, 2.0])
    np.testing.assert_array_equal((-t).data, [1.5, -2.0])
    np.testing.assert_array_equal(abs(t).data, [1.5, 2.0])
    assert +t is t


def test_float32_stays_float32_beside_python_numbers():
    t = leaf(np.ones(2, np.float32))
    for out in [
        t + 1,
        2.5 * t,
        t / 3,
        1 - t,
        t**2,
        t**0.5,
        2**t,
        2.0 / t,
        t + True,
        mg.xlogy(t, 2.0),
    ]:
        assert out.dtype == np.float32
        assert mg.grad(out, t, np.ones(2)).dtype == np.float32


def test_numpys_promotion_holds_beside_arrays():
    t = leaf(np.ones(2, np.float32))
    assert (t + np.ones(2)).dtype == np.float64
    assert (t * np.float64(2)).dtype == np.float64
    assert mg.grad(t * np.float64(2), t, np.ones(2)).dtype == np.float32


@pytest.mark.parametrize("other", ["a", None, object(), {"a": 1}])
def test_an_operand_that_is_no_number(other):
    with pytest.raises(DTypeError, match="Add: cannot compute with"):
        leaf([1.0]) + other
    with pytest.raises(DTypeError, match="Add: cannot compute with"):
        other + leaf([1.0])


def test_a_list_of_tensors_as_operand_would_lose_their_gradients():
    with pytest.raises(DTypeError, match=r"Multiply: a list of Tensors .* mg\.stack"):
        leaf([1.0, 2.0]) * [leaf(1.0), 2.0]
    with pytest.raises(DTypeError, match="Sum: a list of Tensors"):
        mg.sum([leaf(1.0), leaf(2.0)])


def test_a_tensor_as_parameter_would_lose_its_gradient():
    with pytest.raises(DTypeError, match=r"LeakyRelu: one of its parameters, .* is a Tensor"):
        mg.leaky_relu(leaf([-1.0]), leaf(0.1))
    with pytest.raises(DTypeError, match=r"clip: low .* must be numbers"):
        mg.clip(leaf([-1.0]), leaf(0.0), 1.0)


def test_a_tensor_put_into_data_is_told():
    w = leaf([1.0, 2.0])
    w.data = w * 0.5
    with pytest.raises(DTypeError, match=r"Multiply: .* the \.data of an input, is a Tensor"):
        w * 2


@pytest.mark.parametrize("values", [[["a", "b"]], np.array([[1.0, 2.0]], object)])
def test_arrays_that_hold_no_numbers_are_named(values):
    layer = mg.nn.Linear(2, 3, rng=0)
    words = r" \(1, [23]\) has dtype (<U1|object), not that of numbers; .*, x\.astype\(float\)"
    with pytest.raises(DTypeError, match="(Linear|Sigmoid): x" + words):
        mg.sigmoid(layer(np.array(values)))
    with pytest.raises(DTypeError, match="Exp: x" + words):
        mg.exp(np.array(values))


def test_operands_of_shapes_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"Add: .*\(x: \(2,\) float64, y: \(3,\) float64\)"):
        leaf([1.0, 2.0]) + np.ones(3)


def test_operators_that_have_no_gradient_are_not_there():
    for operation in (operator.floordiv, operator.mod):
        with pytest.raises(TypeError):
            operation(leaf(1.5), 2)
        with pytest.raises(TypeError):
            operation(np.ones(2), leaf([1.5, 2.0]))


# In place


def test_elements_cannot_be_assigned():
    t = leaf([1.0, 2.0])
    with pytest.raises(GraphError, match=r"cannot be assigned.*mg\.where or mg\.concatenate"):
        t[0] = 1.0


def test_augmented_assignment_of_a_result_rebinds_the_name():
    start = leaf([1.0, 2.0])
    t = start + 1
    result = t
    t *= t
    t -= 1
    t /= 2
    t **= 3
    t @= np.ones(2)
    t.backward()
    assert t is not result
    np.testing.assert_array_equal(start.data, [1.0, 2.0])
    # d/dx of (((x + 1)² - 1) / 2)³
    inner = (np.array([2.0, 3.0]) ** 2 - 1) / 2
    np.testing.assert_allclose(start.grad, 3 * inner**2 * [2.0, 3.0], rtol=1e-14)


def test_augmented_assignment_of_a_constant_sums_losses():
    w, total = leaf(2.0), mg.Tensor(0.0)
    for factor in (1.0, 10.0):
        total += w * factor
    total.backward()
    assert (total.item(), w.grad) == (22.0, 11.0)


@pytest.mark.parametrize("recording", [mg.enable_grad, mg.no_grad])
@pytest.mark.parametrize(
    ("operation", "sign"),
    [
        (operator.iadd, r"\+"),
        (operator.isub, "-"),
        (operator.imul, r"\*"),
        (operator.itruediv, "/"),
        (operator.ipow, r"\*\*"),
        (operator.imatmul, "@"),
    ],
)
def test_an_update_that_would_be_lost_is_refused(operation, sign, recording):
    w = leaf([1.0, 2.0], name="w")
    with recording(), pytest.raises(GraphError, match=rf"'w' .* or t\.data {sign}= "):
        operation(w, np.ones(2))
    np.testing.assert_array_equal(w.data, [1.0, 2.0])


@pytest.mark.parametrize(
    "operation", [operator.iadd, operator.isub, operator.imul, operator.itruediv]
)
def test_an_array_cannot_take_a_tensor_in_place(operation):
    array = np.ones(2)
    with pytest.raises(DTypeError, match=r"np\.\w+ on a Tensor does not take out="):
        operation(array, leaf([1.0, 2.0]))
    np.testing.assert_array_equal(array, np.ones(2))


# Comparisons


@pytest.mark.parametrize(
    "relation",
    [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge],
    ids=lambda f: f.__name__,
)
def test_comparisons_give_arrays_of_bools(relation):
    values = np.array([1.0, 2.0, 3.0])
    t = leaf(values)
    for other in (2.0, np.array([3.0, 2.0, 1.0]), [3.0, 2.0, 1.0], leaf([1.0, 0.0, 4.0])):
        plain = other.data if isinstance(other, mg.Tensor) else other
        result = relation(t, other)
        assert type(result) is np.ndarray
        assert result.dtype == np.bool
        np.testing.assert_array_equal(result, relation(values, plain))
        np.testing.assert_array_equal(relation(other, t), relation(plain, values))


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_the_place_of_the_largest_and_smallest_is_plain(axis):
    values = np.array([[3.0, -1.0, 2.0], [0.5, 4.0, -2.0]])
    assert type(leaf(values).argmax(axis=1)) is np.ndarray
    np.testing.assert_array_equal(leaf(values).argmax(axis), np.argmax(values, axis))
    np.testing.assert_array_equal(leaf(values).argmin(axis), np.argmin(values, axis))


def test_comparing_with_what_is_no_number_gives_no_equals():
    t = leaf([1.0, 2.0])
    for other in (None, "a"):
        np.testing.assert_array_equal(t == other, [False, False])
        np.testing.assert_array_equal(t != other, [True, True])


# Conversions


def test_a_single_element_as_a_number():
    t = leaf([[2.5]])
    assert t.item() == 2.5
    assert float(t) == 2.5
    assert int(t) == 2
    assert f"{t:.3f}" == "2.500"
    assert type(mg.Tensor(3).item()) is int
    for convert in (float, int, mg.Tensor.item):
        with pytest.raises(ValueError, match="size 1"):
            convert(leaf([1.0, 2.0]))


def test_truth_is_that_of_a_single_element():
    assert leaf(1.0)
    assert not leaf([0.0])
    with pytest.raises(ValueError, match="ambiguous"):
        bool(leaf([1.0, 2.0]))


def test_length_and_iteration():
    t = leaf([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert len(t) == 3
    first, *_, last = t
    (first * last).sum().backward()
    np.testing.assert_array_equal(t.grad, [[5, 6], [0, 0], [1, 2]])
    with pytest.raises(DTypeError, match="has no axis to iterate over"):
        iter(leaf(1.0))
    with pytest.raises(TypeError):
        len(leaf(1.0))


def test_as_an_array():
    t = leaf([1.0, 2.0])
    assert np.asarray(t) is t.data
    assert not np.shares_memory(np.array(t), t.data)
    assert np.asarray(t, dtype=np.float32).dtype == np.float32
    assert t.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="copy"):
        np.asarray(t, dtype=np.float32, copy=False)


def test_tensors_are_keys_by_identity():
    a, b = leaf([1.0, 2.0]), leaf([1.0, 2.0])
    table = {a: "a", b: "b"}
    assert (table[a], table[b], len({a, b, a})) == ("a", "b", 2)


# Methods


def test_methods_are_the_public_functions():
    x = np.random.default_rng(0).uniform(0.5, 1.5, (3, 4))
    for name in [
        "abs", "exp", "flatten", "flip", "log", "log_softmax", "logsumexp", "max", "mean", "min",
        "prod", "ravel", "relu", "sigmoid", "softmax", "sqrt", "square", "squeeze", "std", "sum",
        "tanh", "transpose", "var",
    ]:  # fmt: skip
        function = getattr(mg, {"ravel": "flatten"}.get(name, name))
        np.testing.assert_array_equal(getattr(leaf(x), name)().data, function(x))
    t = leaf(x)
    np.testing.assert_array_equal(t.clip(0.7, 1.2).data, x.clip(0.7, 1.2))
    np.testing.assert_array_equal(t.sum(axis=0, keepdims=True).data, x.sum(axis=0, keepdims=True))
    np.testing.assert_array_equal(t.swapaxes(0, 1).data, x.T)
    np.testing.assert_array_equal(t.expand_dims(1).data, x[:, None])
    np.testing.assert_array_equal(t.dot(x.T).data, x @ x.T)
    assert t.astype(np.float32).dtype == np.float32


def test_reshape_and_transpose_take_sizes_or_a_tuple():
    t = leaf(np.zeros((2, 3, 4)))
    assert t.reshape(6, 4).shape == t.reshape((6, 4)).shape == t.reshape(-1, 4).shape == (6, 4)
    assert t.reshape(24).shape == t.reshape(-1).shape == (24,)
    assert t[0, 0, 0].reshape().shape == ()
    assert t.transpose().shape == t.transpose(None).shape == (4, 3, 2)
    assert t.transpose(1, 0, 2).shape == t.transpose((1, 0, 2)).shape == (3, 2, 4)


def test_indexing_with_comparisons_of_tensors():
    t = leaf([-1.0, 2.0, 3.0])
    t[t > 0].sum().backward()
    np.testing.assert_array_equal(t.grad, [0, 1, 1])
    np.testing.assert_array_equal(t[mg.Tensor([2, 0])].data, [3.0, -1.0])


def test_detach_shares_the_values_and_stops_the_gradient():
    t = leaf([1.0, 2.0], name="t")
    h = t * 3
    d = h.detach()
    assert d.data is h.data
    assert not d.requires_grad
    assert t.detach().name == "t"
    (h * d).sum().backward()
    np.testing.assert_array_equal(t.grad, 3 * h.data)


# Copies


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copy_keeps_values_name_and_requires_grad_and_drops_the_graph(duplicate):
    t = leaf([1.0, 2.0], name="w")
    h = t * 2
    h.name = "h"
    h.backward([1.0, 1.0])
    for original in (t, h):
        twin = duplicate(original)
        assert type(twin) is mg.Tensor
        np.testing.assert_array_equal(twin.data, original.data)
        assert (twin.name, twin.requires_grad) == (original.name, True)
        assert (twin.op, twin.inputs, twin.grad) == (None, (), None)
    constant = duplicate(mg.Tensor([1]))
    assert not constant.requires_grad


def test_a_deep_copy_has_its_own_values_and_a_shallow_one_shares_them():
    t = leaf([1.0, 2.0])
    assert np.shares_memory(copy.copy(t).data, t.data)
    assert not np.shares_memory(copy.deepcopy(t).data, t.data)


def test_a_copy_of_a_long_chain_does_not_recurse():
    t = leaf(1.0)
    for _ in range(5000):
        t = t + 1.0
    assert copy.deepcopy(t).item() == pickle.loads(pickle.dumps(t)).item() == 5001.0


def test_tensors_can_be_referred_to_weakly_and_take_no_other_attributes():
    t = leaf(1.0)
    assert weakref.ref(t)() is t
    with pytest.raises(AttributeError):
        t.gradient = 1.0


def test_every_error_is_one_of_the_packages_own():
    for wrong in (lambda: mg.Tensor("a"), lambda: leaf(1) + 1, lambda: leaf(1.0) + "a"):
        with pytest.raises(MinigradError):
            wrong()


def test_an_error_in_forward_says_where_the_inputs_were_made():
    x = mg.Tensor(np.ones(3), requires_grad=True)
    y = x * 2
    with pytest.raises(ShapeError) as caught:
        y + np.ones(5)
    (note,) = caught.value.__notes__
    assert re.fullmatch(r"x is Tensor\(3\) float64 = Multiply\(x, 2\) test_tensor.py:\d+", note)
