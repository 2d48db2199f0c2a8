import sys
import warnings
from functools import partial

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import Dataset, Standardizer, batches, load_iris, one_hot, train_test_split
from minigrad.errors import DomainError, DTypeError, ShapeError
from minigrad.nn import Function, Linear, Sequential, mlp
from minigrad.optim import SGD, ExponentialLR
from minigrad.training import Callback, accuracy, evaluate, fit, predict

iris = load_iris()
X = Standardizer.fit(iris.x).transform(iris.x)
Y = iris.y


def small_fit(model=None, loss=mg.softmax_cross_entropy, train=(X, Y), validation=None, **options):
    model = mlp([4, 5, 3], rng=0) if model is None else model
    options = {"epochs": 1, "rng": 0, "progress": False} | options
    optimizer = options.pop("optimizer", None) or SGD(model.parameters(), lr=0.1)
    return fit(model, loss, optimizer, train, validation, **options)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_iris_is_learned(dtype):
    x_train, x_test, y_train, y_test = train_test_split(
        X.astype(dtype), Y, test_size=0.3, stratify=True, rng=0
    )
    model = mlp([4, 16, 3], rng=0, dtype=dtype)
    history = fit(
        model,
        mg.softmax_cross_entropy,
        SGD(model.parameters(), lr=0.3, momentum=0.9),
        (x_train, y_train),
        (x_test, y_test),
        epochs=60,
        batch_size=16,
        metrics=[accuracy],
        rng=0,
        progress=False,
    )
    assert history["accuracy"][-1] > 0.95
    assert history["validation_accuracy"][-1] > 0.9
    assert history["loss"][-1] < 0.1 < 0.5 < history["loss"][0]
    assert {parameter.dtype for parameter in model.parameters()} == {np.dtype(dtype)}


def test_fit_is_the_loop_one_would_write():
    model = mlp([4, 5, 3], dropout=0.5, rng=0)
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.5)
    rng = np.random.default_rng(7)
    losses = []
    for _ in range(3):
        total = 0.0
        for x, y in batches(X, Y, 40, shuffle=True, rng=rng):
            loss = mg.softmax_cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        losses.append(total / 150)
    other = mlp([4, 5, 3], dropout=0.5, rng=0)
    history = small_fit(
        other,
        optimizer=SGD(other.parameters(), lr=0.1, momentum=0.5),
        epochs=3,
        batch_size=40,
        rng=7,
    )
    assert history["loss"] == losses
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(one.data, two.data)


def standing_still(model=None, **options):
    """A run at learning rate 0: what it measures is the initial model."""
    model = mlp([4, 5, 3], rng=0) if model is None else model
    return model, small_fit(model, optimizer=SGD(model.parameters(), lr=0.0), **options)


def test_epoch_means_count_a_shorter_batch_by_its_size():
    model, history = standing_still(validation=(X[:70], Y[:70]), batch_size=64, metrics=[accuracy])
    logits = model(X)
    assert history["loss"][0] == pytest.approx(
        mg.softmax_cross_entropy(logits, Y).item(), rel=1e-12
    )
    assert history["accuracy"][0] == accuracy(logits, Y)
    first = mg.softmax_cross_entropy(model(X[:70]), Y[:70]).item()
    assert history["validation_loss"][0] == pytest.approx(first, rel=1e-12)
    assert history["validation_accuracy"][0] == accuracy(model(X[:70]), Y[:70])


def test_training_metrics_are_of_the_predictions_met_on_the_way():
    def seen(predictions, targets):
        return float(predictions[0, 0])

    model = mlp([4, 5, 3], rng=0)
    expected = float(model(X[:1]).data[0, 0])
    history = small_fit(model, shuffle=False, metrics=[seen], batch_size=10)
    assert history["seen"] == pytest.approx([expected], rel=1e-12)
    assert float(model(X[:1]).data[0, 0]) != pytest.approx(expected, rel=1e-3)


def test_validation_runs_in_evaluation_mode_without_a_graph():
    seen = []

    def look(x):
        seen.append((model.training, mg.is_grad_enabled(), len(x)))
        return x

    model = Sequential(Linear(4, 3), Function(look))
    small_fit(model, validation=(X[:50], Y[:50]), batch_size=100)
    assert seen == [(True, True, 100), (True, True, 50), (False, False, 50)]
    assert not model.training


def test_order_is_shuffled_anew_in_each_epoch_unless_told_otherwise():
    seen = []

    def look(x):
        seen.append(x[:, 0].tolist())
        return x

    x = np.arange(12.0).reshape(12, 1)
    model = Sequential(Function(look), Linear(1, 2))
    data = x, np.zeros(12, int)
    small_fit(model, train=data, epochs=2, batch_size=12, rng=3)
    rng = np.random.default_rng(3)
    assert seen == [rng.permutation(12).tolist(), rng.permutation(12).tolist()]
    seen.clear()
    small_fit(model, train=data, batch_size=12, shuffle=False)
    assert seen == [list(range(12))]


@pytest.mark.parametrize(
    ("every", "lrs"), [("epoch", [1.0, 0.5, 0.25]), ("batch", [1, 1 / 8, 1 / 64])]
)
def test_schedule(every, lrs):
    model = mlp([4, 3], rng=0)
    optimizer = SGD(model.parameters(), lr=1.0)
    schedule = ExponentialLR(optimizer, 0.5)
    history = small_fit(
        model,
        optimizer=optimizer,
        schedule=schedule,
        schedule_every=every,
        epochs=3,
        batch_size=50,
    )
    assert history["lr"] == lrs


def test_callbacks_are_called_in_order_and_can_stop():
    calls = []

    class Recorder(Callback):
        def on_fit_start(self, run):
            calls.append(("start", run.history.epochs))

        def on_epoch_end(self, run):
            calls.append(("epoch", run.history.epochs))
            return run.history.epochs == 2

        def on_fit_end(self, run):
            calls.append(("end", run.model.training))

    history = small_fit(epochs=9, callbacks=[Recorder(), Recorder()])
    once = [("start", 0), ("epoch", 1), ("epoch", 2), ("end", False)]
    assert calls == [call for call in once for _ in range(2)]
    assert history.stopped_early
    assert history.epochs == 2
    assert history.names == ("epoch", "loss", "lr", "seconds")


def test_ctrl_c_returns_what_is_finished(capsys):
    def loss(predictions, targets):
        nonlocal met
        met += 1
        if met == 8:
            raise KeyboardInterrupt
        return mg.softmax_cross_entropy(predictions, targets)

    met = 0
    history = small_fit(loss=loss, epochs=5, batch_size=50)
    assert history.interrupted
    assert history.epochs == len(history["loss"]) == 2
    assert "(interrupted)" in repr(history)
    assert capsys.readouterr().err == "fit: interrupted after 2 of 5 epochs\n"


def test_a_dataset_and_evaluate_and_predict():
    dataset = Dataset(X, Y, iris.feature_names, iris.target_names, "scaled Iris")
    model, history = standing_still(train=dataset, validation=dataset, metrics={"share": accuracy})
    numbers = evaluate(model, mg.softmax_cross_entropy, dataset, metrics={"share": accuracy})
    assert numbers == {"loss": history["validation_loss"][0], "share": history["share"][0]}
    model.train()
    predictions = predict(model, X, batch_size=40)
    assert model.training
    np.testing.assert_allclose(predictions, model(X).data, rtol=1e-12)
    assert type(predictions) is np.ndarray


def test_a_regression_with_a_summed_loss():
    x = np.linspace(-1, 1, 40)[:, None]
    data = x, 3 * x - 1
    model = Linear(1, 1, init="zeros")
    history = small_fit(
        model,
        loss=mg.sum_squared_error,
        train=data,
        validation=data,
        epochs=50,
        batch_size=10,
        optimizer=SGD(model.parameters(), lr=0.02),
    )
    np.testing.assert_allclose([model.weight.item(), model.bias.item()], [3, -1], atol=1e-6)
    assert history["validation_loss"][-1] < 1e-10


def test_overflow_that_does_not_matter_is_no_warning_and_no_error():
    model = Sequential(Linear(4, 3, init="zeros"))

    def loss(predictions, targets):
        harmless = 1 / (1 + mg.exp(predictions.sum() + 1e4))
        return mg.softmax_cross_entropy(predictions, targets) + harmless.detach()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert small_fit(model, loss=loss).epochs == 1
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="overflow"):
        small_fit(model, loss=loss)
    assert np.geterr()["over"] == "warn"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"model": lambda x: x}, DTypeError, "fit: model is .* must be a Module"),
        ({"optimizer": "sgd"}, DTypeError, "fit: optimizer is 'sgd'"),
        ({"train": X}, DTypeError, r"train is a ndarray; it must be a pair of arrays \(x, y\)"),
        ({"train": (X, Y[:-1])}, ShapeError, r"train has x of shape \(150, 4\) and y of .*149"),
        (
            {"validation": (X[:0], Y[:0])},
            ShapeError,
            r"validation x has shape \(0, 4\)",
        ),
        ({"train": (X.astype(np.float32), Y)}, DTypeError, "float32, but .* float64; convert with"),
        ({"train": (X > 0, Y)}, DTypeError, "train x has dtype bool"),
        ({"train": ([[1.0, 2.0], [3.0]], [0, 1])}, ShapeError, "fit: train x makes no array: "),
        ({"train": (X[:2], [[1], [2, 3]])}, ShapeError, "fit: train y makes no array: "),
        ({"epochs": 0}, DomainError, "fit: epochs is 0; it must be an integer >= 1"),
        ({"epochs": 2.0}, DTypeError, "fit: epochs is 2.0"),
        ({"batch_size": 0}, DomainError, "fit: batch_size is 0"),
        ({"checkpoint_every": 0}, DomainError, "fit: checkpoint_every is 0"),
        ({"schedule_every": "step"}, DomainError, "schedule_every is 'step'"),
        ({"schedule": "cosine"}, DTypeError, "fit: schedule is 'cosine'"),
        ({"callbacks": [Callback]}, DTypeError, "must be an instance of a Callback"),
        ({"progress": "bar"}, DomainError, "progress is 'bar'; it must be True, False or 'auto'"),
        ({"metrics": accuracy}, DTypeError, "metrics is <function accuracy"),
        ({"metrics": ["accuracy"]}, DTypeError, "metrics has 'accuracy' .str., not a fun"),
        ({"loss": "mse"}, DTypeError, r"fit: loss is 'mse' \(str\); it must be a function of"),
        ({"callbacks": Callback()}, DTypeError, r"it must be a list: callbacks=\[\.\.\.\]"),
        ({"metrics": [partial(accuracy)]}, DomainError, "cannot be recorded under the name ''"),
        ({"metrics": {"loss": accuracy}}, DomainError, "under the name 'loss'"),
        ({"metrics": [accuracy, accuracy]}, DomainError, "two metrics have the same name"),
        ({"metrics": {"m": lambda p, t: "x"}}, DTypeError, "metric m returned 'x', not a number"),
    ],
)
def test_arguments_that_cannot_be(options, error, words):
    if "model" in options:
        options = options | {"optimizer": SGD(mlp([4, 3]).parameters(), lr=0.1)}
    with pytest.raises(error, match=words):
        small_fit(**options)


def test_an_optimizer_or_schedule_of_something_else():
    other = SGD(mlp([4, 5, 3]).parameters(), lr=0.1)
    with pytest.raises(DomainError, match="4 of the optimizer's 4 parameters are not in"):
        small_fit(optimizer=other)
    with pytest.raises(DomainError, match="that of another optimizer"):
        small_fit(schedule=ExponentialLR(other, 0.5))


def test_some_of_the_parameters_may_stay_as_they_are():
    model = mlp([4, 5, 3], rng=0)
    before = model.state_dict()
    small_fit(model, optimizer=SGD(model[2].parameters(), lr=0.1))
    changed = [name for name, value in model.state_dict().items() if (value != before[name]).any()]
    assert changed == ["2.weight", "2.bias"]


def test_losses_that_are_none():
    with pytest.raises(ShapeError, match=r"Tensor\(32\).* not a scalar; reduce it with"):
        small_fit(loss=lambda p, t: mg.softmax_cross_entropy(p, t, reduction="none"))
    with pytest.raises(DTypeError, match="not a Tensor; compute it from the predictions"):
        small_fit(loss=lambda p, t: mg.softmax_cross_entropy(p.data, t))


def test_errors_in_a_batch_say_which():
    y = Y.copy()
    y[100] = 3
    with pytest.raises(DomainError, match=r"with 3 classes they run from 0 to 2") as caught:
        small_fit(train=(X, y), shuffle=False, batch_size=25)
    assert caught.value.__notes__ == ["fit: in epoch 1, batch 5"]
    with pytest.raises(ShapeError) as caught:
        small_fit(loss=mg.mean_squared_error, train=(X, one_hot(Y, 4)))
    assert caught.value.__notes__ == ["fit: in epoch 1, batch 1"]


def test_a_step_enters_few_frames():
    """Between two forward passes fit enters its step, the loss's check and the reporter."""
    calls = []

    def trace(frame, event, argument):
        if event == "call" and "minigrad/training" in frame.f_code.co_filename.replace("\\", "/"):
            calls.append(frame.f_code.co_name)

    model = mlp([4, 3], rng=0)
    counts = []
    for size in (15, 10):
        calls.clear()
        sys.settrace(trace)
        try:
            small_fit(model, batch_size=size)
        finally:
            sys.settrace(None)
        counts.append(len(calls))
    assert counts[1] - counts[0] == 3 * (15 - 10)
