"""Handwritten digits: a run as in Chainer's example, squared error against cross entropy."""

import numpy as np
import pytest

import minigrad as mg

DIGITS = mg.data.load_digits()
X, X_VALID, Y, Y_VALID = mg.data.train_test_split(DIGITS.x, DIGITS.y, stratify=True, rng=0)


def squared_error(logits, labels):
    t = mg.data.one_hot(labels, num_classes=10)
    return mg.sum_squared_error(mg.softmax(logits), t, factor=0.5, reduction="mean")


def start(scale):
    model = mg.nn.mlp([64, 32, 10], activation="sigmoid", rng=0)
    model[2].weight.data *= scale
    return model


def epochs_to(share, loss, lr, scale=1.0, epochs=20):
    model = start(scale)
    history = mg.training.fit(
        model,
        loss,
        mg.optim.SGD(model.parameters(), lr=lr),
        (X, Y),
        (X_VALID, Y_VALID),
        epochs=epochs,
        metrics=[mg.training.accuracy],
        rng=0,
        progress=False,
    )
    reached = np.array(history["validation_accuracy"]) >= share
    return int(np.argmax(reached)) + 1 if reached.any() else None


def test_a_run_as_in_chainers_example():
    """Two hidden layers with rectifiers, Adam, batches of 100, 20 epochs."""
    model = mg.nn.mlp([64, 100, 100, 10], activation="relu", rng=0)
    history = mg.training.fit(
        model,
        mg.softmax_cross_entropy,
        mg.optim.Adam(model.parameters(), lr=0.005),
        (X, Y),
        (X_VALID, Y_VALID),
        epochs=20,
        batch_size=100,
        metrics=[mg.training.accuracy],
        rng=0,
        progress=False,
    )
    logits = mg.training.predict(model, X_VALID)
    matrix = mg.training.confusion_matrix(logits, Y_VALID)
    assert len(X_VALID) == 359
    assert matrix.sum() == 359
    assert matrix.trace() / 359 == history["validation_accuracy"][-1] > 0.97
    assert history["accuracy"][-1] > 0.995
    best = history.best()
    assert best["validation_loss"] == min(history["validation_loss"])
    assert best["epoch"] < 20


def test_with_the_same_rate_cross_entropy_needs_less_than_half_as_many_epochs():
    assert epochs_to(0.95, mg.softmax_cross_entropy, lr=1.0) == 5
    assert epochs_to(0.95, squared_error, lr=1.0) == 13


def test_with_the_best_rate_for_each_the_difference_is_moderate():
    assert epochs_to(0.95, mg.softmax_cross_entropy, lr=3.0) == 3
    assert epochs_to(0.95, squared_error, lr=5.0) == 5


@pytest.mark.parametrize("lr", [0.1, 0.3, 1.0])
def test_from_a_confidently_wrong_start_only_cross_entropy_learns(lr):
    assert epochs_to(0.9, mg.softmax_cross_entropy, lr, scale=20.0) <= 5
    assert epochs_to(0.9, squared_error, lr, scale=20.0) is None


def test_from_there_the_gradient_of_the_squared_error_is_lost():
    norms = {}
    for name, loss in (("squares", squared_error), ("cross", mg.softmax_cross_entropy)):
        for scale in (1.0, 20.0):
            model = start(scale)
            loss(model(X), Y).backward()
            norms[name, scale] = [np.linalg.norm(p.grad) for p in model.parameters()]
    ordinary = np.divide(norms["cross", 1.0], norms["squares", 1.0])
    bad = np.divide(norms["cross", 20.0], norms["squares", 20.0])
    assert np.all((ordinary > 3) & (ordinary < 10))
    assert np.all(bad > 1000)
