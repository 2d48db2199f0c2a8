"""What a type checker, and so an editor, knows of a user's program. `mypy` reads this file, too."""

from typing import assert_type

import numpy as np

import minigrad as mg
from minigrad import Tensor


def test_a_training_step() -> None:
    x, labels = np.ones((2, 3)), np.array([0, 1])
    model = mg.nn.mlp([3, 4, 2], rng=0)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1)
    logits = assert_type(model(x), Tensor)
    loss = assert_type(mg.softmax_cross_entropy(logits, labels), Tensor)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    hidden = assert_type(mg.nn.Linear(3, 4)(x), Tensor)
    for found in (logits, loss, hidden):
        assert isinstance(found, Tensor)


def test_operators_and_functions() -> None:
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    tensors = [
        assert_type(x + 1, Tensor),
        assert_type(np.ones(3) * x, Tensor),
        assert_type(x @ x.T, Tensor),
        assert_type(x.exp(), Tensor),
        assert_type(mg.sigmoid(x), Tensor),
        assert_type(mg.sum(x, axis=0), Tensor),
        assert_type(mg.sum_squared_error(x, np.zeros((2, 3))), Tensor),
        assert_type(mg.grad(x.sum(), x), Tensor),
    ]
    for found in tensors:
        assert isinstance(found, Tensor)
    assert isinstance(mg.relu(np.ones(3)), np.ndarray)
