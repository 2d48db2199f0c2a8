"""Nothing that a training step leaves behind waits for the garbage collector."""

import gc

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.training import fit


def sgd(parameters):
    return optim.SGD(parameters, lr=0.1, momentum=0.9, weight_decay=1e-3)


def left_for_the_collector(run):
    """How many objects in cycles ``run`` leaves when called again, and how many more it keeps."""
    run()  # whatever is made once and kept
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        run()
        kept = len(gc.get_objects()) - before
        return gc.collect(), kept
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("make", "of_probabilities"), [(sgd, False), (optim.Adam, True), (optim.AdamW, False)]
)
def test_training_steps_leave_no_cycles(make, of_probabilities):
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(16, 6)), rng.integers(0, 3, 16)
    model = nn.mlp([6, 5, 3], activation="sigmoid", rng=0)
    optimizer = make(model.parameters())

    def run():
        for _ in range(20):
            logits = model(x)
            if of_probabilities:
                loss = mg.cross_entropy(mg.softmax(logits), labels)
            else:
                loss = mg.softmax_cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    assert left_for_the_collector(run) == (0, 0)


def test_second_derivatives_leave_no_cycles():
    w = mg.Tensor(np.linspace(-1, 1, 6).reshape(3, 2), requires_grad=True)
    x = np.eye(4, 3)

    def run():
        for _ in range(20):
            loss = mg.softmax_cross_entropy(mg.sigmoid(x @ w), [0, 1, 0, 1])
            slope = mg.grad(loss, w, create_graph=True)
            mg.grad((slope * slope).sum(), w)

    assert left_for_the_collector(run) == (0, 0)


def test_fit_leaves_no_graph():
    """Its history and progress may; the tensors of its steps do not."""
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(32, 6)), rng.integers(0, 3, 32)
    model = nn.mlp([6, 5, 3], activation="sigmoid", rng=0)

    def tensors():
        return sum(type(x) is mg.Tensor for x in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = tensors()
        optimizer = sgd(model.parameters())
        fit(model, mg.softmax_cross_entropy, optimizer, (x, labels), epochs=3, progress=False)
        assert tensors() == before
    finally:
        gc.enable()
