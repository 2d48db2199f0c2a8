"""The learning rate as a hyperparameter: the sweep, momentum and schedules on the digits."""

import math

import minigrad as mg

DIGITS = mg.data.load_digits()
X, X_TEST, Y, Y_TEST = mg.data.train_test_split(DIGITS.x, DIGITS.y, stratify=True, rng=0)


def last_loss(lr, epochs=5, momentum=0.0, schedule=None):
    model = mg.nn.mlp([64, 32, 10], activation="sigmoid", rng=0)
    optimizer = mg.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    history = mg.training.fit(
        model,
        mg.softmax_cross_entropy,
        optimizer,
        (X, Y),
        epochs=epochs,
        schedule=schedule(optimizer) if schedule else None,
        rng=0,
        progress=False,
    )
    return history["loss"][-1]


def test_the_sweep_is_a_valley():
    small, low, good, wall = (last_loss(lr) for lr in (0.001, 0.1, 1.0, 30.0))
    assert abs(small - math.log(10)) < 0.2
    assert 1.5 < low < 2
    assert good < 0.3
    assert wall > math.log(10)


def test_momentum_makes_a_rate_work_as_one_ten_times_as_large():
    assert last_loss(0.01) > 2.2
    with_momentum, ten_times = last_loss(0.01, momentum=0.9), last_loss(0.1)
    assert abs(with_momentum - ten_times) < 0.1


def test_schedules_forgive_a_rate_that_is_too_large():
    constant = last_loss(1.5, epochs=15, momentum=0.9)
    for schedule in (
        lambda optimizer: mg.optim.StepLR(optimizer, step_size=5, gamma=0.25),
        lambda optimizer: mg.optim.ExponentialLR(optimizer, gamma=0.8),
        lambda optimizer: mg.optim.CosineAnnealingLR(optimizer, T_max=15),
    ):
        assert last_loss(1.5, epochs=15, momentum=0.9, schedule=schedule) < constant / 3
