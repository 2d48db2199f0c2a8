"""Values that a loss refuses: the error that eager code raises, and nothing has been written."""

import numpy as np
import pytest
from comparing import bits

import minigrad as mg
from minigrad.errors import DomainError, GradientError, IndexingError
from minigrad.nn import Dropout, Linear, Sequential
from minigrad.optim import Adam

X = np.random.default_rng(0).normal(size=(4, 3))
INDICES = np.array([0, 1, 2, 0])
ROWS = np.eye(3)[INDICES]
BAD_ROWS = np.where(ROWS == 1, np.nan, ROWS)

WRONG = {
    "label": (mg.softmax_cross_entropy, INDICES, INDICES + 1, "not a class index"),
    "negative label": (mg.softmax_cross_entropy, INDICES, INDICES - 1, "not a class index"),
    "nan": (mg.softmax_cross_entropy, ROWS, BAD_ROWS, "nan is not in"),
    "sum": (mg.softmax_cross_entropy, ROWS, ROWS * 0.5, "not to 1"),
    "above 1": (mg.sigmoid_cross_entropy, ROWS, ROWS * 2, "not in"),
}


@pytest.fixture
def backend():
    """What is tested here does not depend on the back end, and NumPy's is ready at once."""
    return "numpy"


@pytest.mark.parametrize(
    ("name", "backend"), [*((name, "numpy") for name in WRONG), ("label", "numba")]
)
def test_wrong_values_at_a_later_call(name, backend):
    loss, good, bad, message = WRONG[name]
    model = Sequential(Linear(3, 3, rng=0), Dropout(0.2, rng=1), Linear(3, 3, rng=2))
    optimizer = Adam(model.parameters(), lr=0.1)

    def step(x, t):
        optimizer.zero_grad()
        value = loss(model(x), t)
        value.backward()
        optimizer.step()

    compiled = mg.compile(step, backend=backend)
    for _ in range(4):
        compiled(X, good)
    things = [*model.parameters(), optimizer, model[1].rng]
    before = bits(*things)
    with pytest.raises(DomainError, match=message) as found:
        compiled(X, bad)
    assert bits(*things) == before
    with pytest.raises(DomainError) as expected:
        step(X, bad)
    assert str(found.value) == str(expected.value)


def test_wrong_values_at_the_first_and_second_call(backend):
    w = mg.Tensor(np.ones((3, 3)), requires_grad=True)
    w.grad = np.full((3, 3), 5.0)

    def step(x, t):
        w.grad = None
        mg.softmax_cross_entropy(x @ w, t).backward()

    compiled = mg.compile(step, backend=backend)
    for _ in range(2):
        before = bits(w)
        with pytest.raises(DomainError, match="class index"):
            compiled(X, INDICES + 7)
        assert bits(w) == before
        compiled(X, INDICES)


@pytest.mark.parametrize("wrong", [[0, 4], [-5, 0]])
def test_positions_out_of_range(wrong, backend):
    w = mg.Tensor(np.arange(4.0), requires_grad=True)

    def step(positions):
        w.grad = None
        (w[positions] ** 2).sum().backward()
        return w[positions]

    compiled = mg.compile(step, backend=backend)
    for positions in ([0, 3], [-4, -1], [2, 2], [1, -2]):
        np.testing.assert_array_equal(compiled(np.array(positions)).data, w.data[positions])
    before = bits(w)
    with pytest.raises(IndexingError):
        compiled(np.array(wrong))
    assert bits(w) == before


def test_a_gradient_of_another_shape(backend):
    w = mg.Tensor(np.ones(2), requires_grad=True)

    def step(x):
        (w * x).sum().backward()

    compiled = mg.compile(step, backend=backend)
    for _ in range(4):
        compiled(np.ones(2))
    w.grad = np.ones(3)
    with pytest.raises((GradientError, ValueError)):
        compiled(np.ones(2))
    assert type(w.data) is np.ndarray
