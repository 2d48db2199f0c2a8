"""NumPy's own functions on Tensors: a Tensor with its gradient, or a TypeError; never an array."""

import numpy as np
import pytest
from finite_differences import numerical_gradient

import minigrad as mg
from minigrad.errors import DTypeError
from minigrad.protocols import CONSTANT_FUNCTIONS, CONSTANT_UFUNCS, FUNCTIONS, REDUCTIONS, UFUNCS

A = np.array([[0.5, 1.5, 2.5], [3.0, 1.0, 0.25]])

CALLS = {
    "exp": lambda x: np.exp(x),
    "log": lambda x: np.log(x),
    "log2": lambda x: np.log2(x),
    "log1p": lambda x: np.log1p(x),
    "expm1": lambda x: np.expm1(x),
    "sqrt": lambda x: np.sqrt(x),
    "square": lambda x: np.square(x),
    "sin": lambda x: np.sin(x),
    "cos": lambda x: np.cos(x),
    "tanh": lambda x: np.tanh(x),
    "negative": lambda x: np.negative(x),
    "abs": lambda x: np.abs(x),
    "fabs": lambda x: np.fabs(x),
    "array + t": lambda x: A + x,
    "array - t": lambda x: A - x,
    "array * t": lambda x: A * x,
    "array / t": lambda x: A / x,
    "array ** t": lambda x: A**x,
    "array @ t": lambda x: A.T @ x,
    "float64 * t": lambda x: np.float64(2) * x,
    "float32 - t": lambda x: np.float32(2) - x,
    "float64 ** t": lambda x: np.float64(2) ** x,
    "int64 / t": lambda x: np.int64(2) / x,
    "add": lambda x: np.add(x, x),
    "power": lambda x: np.power(x, 3),
    "maximum": lambda x: np.maximum(x, 1.1),
    "minimum": lambda x: np.minimum(A, x),
    "add.reduce": lambda x: np.add.reduce(x),
    "add.reduce axis": lambda x: np.add.reduce(x, axis=(0, 1), keepdims=True),
    "maximum.reduce": lambda x: np.maximum.reduce(x, axis=1),
    "minimum.reduce": lambda x: np.minimum.reduce(x, 1),
    "multiply.reduce": lambda x: np.multiply.reduce(x, axis=0),
    "sum": lambda x: np.sum(x, axis=0),
    "mean": lambda x: np.mean(x, axis=1, keepdims=True),
    "max": lambda x: np.max(x, axis=-1),
    "min": lambda x: np.min(x),
    "prod": lambda x: np.prod(x, 1),
    "var": lambda x: np.var(x, axis=0, ddof=1),
    "std": lambda x: np.std(x),
    "clip": lambda x: np.clip(x, 0.6, 1.9),
    "clip min": lambda x: np.clip(x, min=0.6),
    "clip None": lambda x: np.clip(x, None, 1.9),
    "where": lambda x: np.where(A > 1, x, 0.0),
    "dot": lambda x: np.dot(x, A.T),
    "outer": lambda x: np.outer(x[0], A[1]),
    "reshape": lambda x: np.reshape(x, (3, 2)),
    "ravel": lambda x: np.ravel(x),
    "transpose": lambda x: np.transpose(x, (1, 0)),
    "swapaxes": lambda x: np.swapaxes(x, 0, 1),
    "squeeze": lambda x: np.squeeze(x[:1], axis=0),
    "expand_dims": lambda x: np.expand_dims(x, 1),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 2, 3)),
    "concatenate": lambda x: np.concatenate([x, A], axis=1),
    "concatenate None": lambda x: np.concatenate([x, A], axis=None),
    "stack": lambda x: np.stack([A, x], axis=-1),
    "split": lambda x: np.split(x, 3, axis=1)[1],
    "flip": lambda x: np.flip(x, 1),
    "pad": lambda x: np.pad(x, 1, constant_values=2.0),
}


@pytest.mark.parametrize("function", CALLS.values(), ids=CALLS.keys())
def test_values_and_gradients_of_numpys_functions(function):
    x = np.random.default_rng(0).uniform(0.7, 1.8, (2, 3))
    t = mg.Tensor(x.copy(), requires_grad=True)
    out = function(t)
    assert type(out) is mg.Tensor
    np.testing.assert_allclose(out.data, function(x), rtol=1e-14)
    grad_out = np.random.default_rng(1).normal(size=out.shape)
    out.backward(grad_out)
    expected = numerical_gradient(lambda x: np.sum(function(x) * grad_out), [x], 0)
    np.testing.assert_allclose(t.grad, expected, rtol=1e-8, atol=1e-9)


T = mg.Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
UNSUPPORTED = {
    "np.linalg.norm": lambda: np.linalg.norm(T),
    "np.linalg.inv": lambda: np.linalg.inv(T),
    "np.cumsum": lambda: np.cumsum(T),
    "np.sort": lambda: np.sort(T),
    "np.einsum": lambda: np.einsum("ij->i", T),
    "np.tensordot": lambda: np.tensordot(T, T),
    "np.diff": lambda: np.diff(T),
    "np.copyto": lambda: np.copyto(np.zeros((2, 2)), T),
    "np.arctan": lambda: np.arctan(T),
    "np.floor_divide": lambda: np.floor_divide(T, 2),
    "np.add.accumulate": lambda: np.add.accumulate(T),
    "np.multiply.outer": lambda: np.multiply.outer(T, T),
    "np.subtract.reduce": lambda: np.subtract.reduce(T),
    "np.add.at": lambda: np.add.at(np.zeros(4), [0, 1], T),
    "np.modf": lambda: np.modf(T),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_is_not_supported_says_its_name(name):
    with pytest.raises(DTypeError, match=rf"^{name} on a Tensor is not supported.*t\.numpy\(\)"):
        UNSUPPORTED[name]()


OPTIONS = {
    r"np\.exp on a Tensor does not take out=": lambda: np.exp(T, out=np.zeros((2, 2))),
    r"np\.add on a Tensor does not take out=": lambda: np.add(np.ones((2, 2)), 1.0, out=T),
    r"np\.exp on a Tensor does not take where=": lambda: np.exp(T, where=np.ones((2, 2), bool)),
    r"np\.exp on a Tensor does not take dtype=": lambda: np.exp(T, dtype=np.float32),
    r"np\.add\.reduce on a Tensor does not take initial=": lambda: np.add.reduce(T, initial=1.0),
    r"np\.sum on a Tensor does not work so \(.*'dtype'": lambda: np.sum(T, dtype=np.float32),
    r"np\.sum on a Tensor does not work so \(.*'out'": lambda: np.sum(T, out=np.zeros(())),
    r"np\.reshape on a Tensor does not work so \(.*'order'": lambda: np.reshape(T, 4, order="F"),
    r"np\.clip on a Tensor does not work so \(.*'out'": lambda: np.clip(
        T, 0, 1, out=np.ones((2, 2))
    ),
    r"np\.pad on a Tensor supports mode='constant', not 'edge'": lambda: np.pad(T, 1, mode="edge"),
}


@pytest.mark.parametrize("message", OPTIONS)
def test_options_that_are_not_supported(message):
    with pytest.raises(DTypeError, match=message):
        OPTIONS[message]()


def test_questions_about_values_get_plain_answers():
    t = mg.Tensor([3.0, -1.0, np.nan], requires_grad=True)
    for function in (np.isnan, np.isfinite, np.signbit, np.sign, np.floor, np.round):
        answer = function(t)
        assert type(answer) is np.ndarray
        np.testing.assert_array_equal(answer, function(t.data))
    assert np.argmax(T) == 3
    assert (np.shape(T), np.ndim(T), np.size(T)) == ((2, 2), 2, 4)
    assert np.allclose(T, T.data)
    assert np.array_equal([T], [T.data])
    assert type(np.zeros_like(T)) is np.ndarray
    np.testing.assert_array_equal(np.where(t > 0)[0], [0])
    np.testing.assert_array_equal(np.nonzero(T - 1)[0], [0, 1, 1])


def test_assertions_of_numpy_see_the_values():
    np.testing.assert_allclose(T, T.data)
    np.testing.assert_array_equal(T, [[1, 2], [3, 4]])


def test_nothing_is_listed_twice():
    assert set(UFUNCS).isdisjoint(CONSTANT_UFUNCS)
    assert set(FUNCTIONS).isdisjoint(CONSTANT_FUNCTIONS)
    assert set(REDUCTIONS) <= set(UFUNCS)


class Series:
    """What pandas' own do with an operand: leave it to one of higher priority, else take values."""

    __array_ufunc__ = None
    __pandas_priority__ = 3000

    def __init__(self, values):
        self.values = np.array(values)

    def __array__(self, dtype=None, copy=None):
        return self.values

    def __mul__(self, other):
        if getattr(other, "__pandas_priority__", 0) > self.__pandas_priority__:
            return NotImplemented
        return Series(self.values * np.asarray(other))


def test_pandas_leaves_operators_to_the_tensor():
    t = mg.Tensor([1.0, 2.0], requires_grad=True)
    product = Series([3.0, 4.0]) * t
    assert isinstance(product, mg.Tensor)
    product.sum().backward()
    np.testing.assert_array_equal(t.grad, [3.0, 4.0])
