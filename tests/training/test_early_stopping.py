import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError, DTypeError, StateError
from minigrad.nn import Linear, mlp
from minigrad.optim import SGD
from minigrad.training import EarlyStopping, History, Run, fit


def run_through(stopping, values):
    """Feed monitored values epoch by epoch; the weight is the epoch. Returns the run at its end."""
    model = Linear(1, 1)
    run = Run(model, SGD(model.parameters(), lr=0.1), callbacks=[stopping])
    stopping.on_fit_start(run)
    for value in values:
        model.weight.data[...] = run.history.epochs + 1
        run.history.append({stopping.monitor: value})
        if stopping.on_epoch_end(run):
            break
    stopping.on_fit_end(run)
    return run


def test_stops_after_patience_epochs_without_improvement_and_restores_the_best():
    stopping = EarlyStopping(patience=3)
    run = run_through(stopping, [5, 3, 4, 3, 3.5, 1, 1])
    assert run.history.epochs == 5
    assert (stopping.best_epoch, stopping.best) == (2, 3)
    assert run.model.weight.item() == 2


def test_the_best_is_restored_even_if_the_run_was_not_stopped():
    run = run_through(EarlyStopping(patience=3), [5, 3, 4])
    assert run.history.epochs == 3
    assert run.model.weight.item() == 2


def test_without_restoring():
    run = run_through(EarlyStopping(patience=2, restore_best=False), [5, 3, 4, 4, 4])
    assert run.history.epochs == 4
    assert run.model.weight.item() == 4


def test_min_delta():
    assert run_through(EarlyStopping(patience=2), [1.0, 0.9, 0.8, 0.7]).history.epochs == 4
    run = run_through(EarlyStopping(patience=2, min_delta=0.25), [1.0, 0.9, 0.8, 0.7])
    assert run.history.epochs == 3


def test_more_is_better_for_accuracy():
    stopping = EarlyStopping("validation_accuracy", patience=2)
    assert run_through(stopping, [0.5, 0.8, 0.7, 0.8, 0.9]).history.epochs == 4
    stopping = EarlyStopping("f1", patience=1, mode="max")
    assert run_through(stopping, [0.5, 0.8, 0.7]).model.weight.item() == 2


def test_nan_is_no_improvement():
    stopping = EarlyStopping("f1", patience=2, mode="max")
    assert run_through(stopping, [float("nan")] * 5).history.epochs == 2


def test_a_second_run_starts_afresh():
    stopping = EarlyStopping(patience=1)
    run_through(stopping, [0.1, 0.2])
    run = run_through(stopping, [5, 4, 3, 4])
    assert run.history.epochs == 4
    assert run.model.weight.item() == 3


def test_in_fit_the_model_is_the_best_one():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 8)), rng.integers(0, 2, 30)
    held_out = rng.normal(size=(30, 8)), rng.integers(0, 2, 30)
    model = mlp([8, 30, 2], rng=0)
    stopping = EarlyStopping(patience=5)
    history = fit(
        model,
        mg.softmax_cross_entropy,
        SGD(model.parameters(), lr=0.5),
        (x, y),
        held_out,
        epochs=500,
        callbacks=[stopping],
        rng=0,
        progress=False,
    )
    assert history.stopped_early
    assert history.epochs == stopping.best_epoch + 5
    assert stopping.best == history.best()["validation_loss"] < history["validation_loss"][-1]
    loss = mg.softmax_cross_entropy(model(held_out[0]), held_out[1]).item()
    assert loss == pytest.approx(stopping.best, rel=1e-12)


def test_state_round_trip():
    stopping = EarlyStopping(patience=3)
    run_through(stopping, [5, 3, 4])
    other = EarlyStopping(patience=3)
    other.load_state_dict(stopping.state_dict())
    assert (other.best, other.best_epoch) == (3, 2)
    np.testing.assert_array_equal(other.best_parameters["weight"], [[2.0]])
    with pytest.raises(StateError, match="needs best and best_epoch"):
        other.load_state_dict({"best": 1.0})


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"patience": 0}, DomainError, "patience is 0"),
        ({"patience": 1.5}, DTypeError, "patience is 1.5"),
        ({"patience": 1, "min_delta": -1.0}, DomainError, "min_delta is -1.0"),
        ({"patience": 1, "monitor": "f1"}, DomainError, "whether less or more f1 is better"),
        ({"patience": 1, "mode": "auto"}, DomainError, "mode is 'auto'"),
    ],
)
def test_arguments_out_of_range(options, error, words):
    with pytest.raises(error, match=words):
        EarlyStopping(**options)


def test_a_column_that_is_not_recorded_is_told_before_the_first_epoch():
    model = Linear(1, 1)
    run = Run(model, SGD(model.parameters(), lr=0.1), history=History(["epoch", "loss"]))
    with pytest.raises(DomainError, match=r"monitor is 'validation_loss', but .* epoch, loss"):
        EarlyStopping(patience=1).on_fit_start(run)
