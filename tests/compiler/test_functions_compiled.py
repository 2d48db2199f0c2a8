"""NumPy's functions and array methods in a compiled function give what NumPy gives."""

import numpy as np
import pytest
from comparing import assert_close

import minigrad as mg

RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(4, 3))
TIES = np.array([[1, 3, 3], [2, 0, 2], [5, 5, 5]])
WITH_NAN = np.array([[1.0, np.nan, 3.0, np.nan], [np.inf, -np.inf, np.inf, 0.0]])
ARRAYS = [MATRIX, MATRIX.astype(np.float32), TIES, TIES.astype(np.uint8), TIES > 2, WITH_NAN]

REDUCED = {
    "argmax": lambda x: (
        x.argmax(),
        x.argmax(0),
        np.argmax(x, axis=-1),
        x.argmax(1, keepdims=True),
    ),
    "argmin": lambda x: (x.argmin(), x.argmin(0), np.argmin(x, axis=-1, keepdims=True)),
    "whole": lambda x: (np.argmax(x, keepdims=True), np.argmin(x, keepdims=True)),
}
SPREADS = {
    "std": lambda x: (x.std(), x.std(0), np.std(x, axis=-1, keepdims=True), x.std(1, ddof=1)),
    "var": lambda x: (x.var(), x.var(0), np.var(x, axis=(0, 1)), np.var(x, axis=-1, ddof=1)),
    "ddof": lambda x: (x.var(0, ddof=0.5), x[:1].std(0)),
}


def agree(function, *arrays, backend="numpy"):
    compiled = mg.compile(function, backend=backend)
    with np.errstate(all="ignore"):
        for _ in range(3):
            found, expected = compiled(*arrays), function(*arrays)
            if not isinstance(expected, tuple):
                found, expected = (found,), (expected,)
            for here, there in zip(found, expected, strict=True):
                assert type(here) is type(there)
                assert_close(here, there)


@pytest.mark.parametrize("array", ARRAYS, ids=lambda x: str(x.dtype))
@pytest.mark.parametrize("name", REDUCED)
def test_positions_of_extremes(name, array):
    agree(REDUCED[name], array)


def test_positions_in_what_has_no_axes_and_in_nothing():
    agree(lambda x: (x.argmax(), x.argmax(0), x.argmin(-1, keepdims=True)), np.array(3.0))
    with pytest.raises(ValueError, match="zero-size"):
        mg.compile(lambda x: x.argmax(), backend="numpy")(np.ones((0, 3)))


@pytest.mark.parametrize("array", ARRAYS[:5], ids=lambda x: str(x.dtype))
@pytest.mark.parametrize("name", SPREADS)
def test_spreads(name, array):
    agree(SPREADS[name], array)


def test_positions_of_extremes_are_native(backend):
    agree(REDUCED["argmax"], WITH_NAN, backend=backend)
    agree(REDUCED["argmin"], TIES, backend=backend)


@pytest.mark.parametrize(
    "shapes", [((3,), (3,)), ((4, 3), (3,)), ((4,), (4, 3)), ((5, 4, 3), (3,)), ((4,), (5, 4, 3))]
)
def test_products_with_vectors(shapes, backend):
    x, y = (RNG.normal(size=shape) for shape in shapes)
    agree(lambda x, y: x @ y, x, y, backend=backend)
    if max(x.ndim, y.ndim) < 3:
        agree(lambda x, y: (x.dot(y), np.dot(x, y)), x, y)
        agree(lambda x: (np.dot(x, y), x @ y), x)


def test_products_with_numbers_and_wrong_shapes():
    agree(lambda x: (np.dot(x, 2.0), x.dot(np.float32(2))), MATRIX)
    for other in (np.ones(4), 2.0):
        with pytest.raises(ValueError, match="matmul"):
            mg.compile(lambda x, y: x @ y, backend="numpy")(MATRIX, np.asarray(other))


def test_clipping():
    agree(lambda x: (x.clip(0), x.clip(max=0.5), np.clip(x, None, 0.1)), MATRIX)
    agree(lambda x: (np.clip(x, -0.1, x[0]), np.clip(x, min=0)), MATRIX)
    agree(lambda x: (np.clip(MATRIX, x - 1, x), x.clip(min=-0.1, max=0.1)), MATRIX)


def test_integers_that_do_not_fit_where_they_are_put():
    agree(lambda x: (np.where(x > 2, x, -1), np.where(x > 2, 300, x)), TIES.astype(np.uint8))


def test_stacks():
    agree(lambda x: (np.stack([x, x * 2]), np.stack([x[0], x[1]], axis=1)), MATRIX)
    agree(
        lambda x: (np.stack([x, x], axis=-1), np.expand_dims(x, -1), np.expand_dims(x, 1)), MATRIX
    )


def test_accuracy_within_a_step(backend):
    model = mg.nn.mlp([3, 5, 4], rng=0)
    optimizer = mg.optim.Adam(model.parameters(), lr=0.1)
    labels = np.array([0, 3, 1, 2])

    def step(x, y):
        logits = model(x)
        loss = mg.softmax_cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss, (logits.data.argmax(axis=1) == y).mean()

    compiled = mg.compile(step, backend=backend)
    accuracies = [compiled(MATRIX, labels)[1] for _ in range(40)]
    assert accuracies[-1] == 1
    assert min(accuracies) < 1
