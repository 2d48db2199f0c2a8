"""Accuracy has no slope: its finite differences are exactly 0, those of the loss the gradient."""

import numpy as np
import pytest

import minigrad as mg

DIGITS = mg.data.load_digits()
X, X_VALID, Y, Y_VALID = mg.data.train_test_split(DIGITS.x, DIGITS.y, stratify=True, rng=0)


@pytest.fixture(scope="module")
def model():
    model = mg.nn.mlp([64, 32, 10], activation="sigmoid", rng=0)
    mg.training.fit(
        model,
        mg.softmax_cross_entropy,
        mg.optim.SGD(model.parameters(), lr=1.0),
        (X, Y),
        epochs=5,
        rng=0,
        progress=False,
    )
    return model


def measure(model):
    with mg.no_grad():
        logits = model(X_VALID)
        loss = mg.softmax_cross_entropy(logits, Y_VALID)
    return np.array([loss.item(), mg.training.accuracy(logits, Y_VALID)])


def difference(model, parameter, index, h):
    value = parameter.data[index]
    parameter.data[index] = value + h
    above = measure(model)
    parameter.data[index] = value - h
    below = measure(model)
    parameter.data[index] = value
    return (above - below) / (2 * h)


def test_the_differences_of_300_parameters_of_a_trained_net(model):
    model.zero_grad()
    mg.softmax_cross_entropy(model(X_VALID), Y_VALID).backward()
    entries = [(p, index) for p in model.parameters() for index in np.ndindex(p.shape)]
    chosen = np.random.default_rng(0).choice(len(entries), size=300, replace=False)
    slopes = np.array([difference(model, *entries[n], h=1e-6) for n in chosen])
    gradient = [entries[n][0].grad[entries[n][1]] for n in chosen]
    np.testing.assert_allclose(slopes[:, 0], gradient, atol=1e-8)
    np.testing.assert_array_equal(slopes[:, 1], np.zeros(300))
    assert 0.9 < measure(model)[1] < 1


def test_it_is_no_constant_either(model):
    """Moved far enough, the same parameters change it, in steps of one image."""
    change = difference(model, model[2].bias, (8,), h=1.0)[1] * 2 * 359
    assert change != 0
    assert change == pytest.approx(round(change), abs=1e-9)
