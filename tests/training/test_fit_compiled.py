"""``fit(compile=True)`` gives what eager training gives, and ends as it does."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.compiler.batch_loop import BatchLoop
from minigrad.data import Standardizer, load_iris
from minigrad.errors import CompileError, DomainError, MissingExtraError, NonFiniteError
from minigrad.nn import Flatten, Linear, Sequential, mlp
from minigrad.optim import SGD, Adam, AdamW, ExponentialLR
from minigrad.training import Callback, EarlyStopping, accuracy, fit

iris = load_iris()
X = Standardizer.fit(iris.x).transform(iris.x)
Y = iris.y

OPTIMIZERS = {
    "SGD": lambda parameters: SGD(parameters, lr=0.3),
    "momentum": lambda parameters: SGD(parameters, lr=0.1, momentum=0.9, weight_decay=1e-3),
    "Adam": lambda parameters: Adam(parameters, lr=0.02),
    "AdamW": lambda parameters: AdamW(parameters, lr=0.02, weight_decay=0.1),
}


@pytest.fixture
def backend():
    """What fit does does not depend on the back end, and NumPy's is ready at once."""
    return "numpy"


def trained(compile, optimizer="SGD", dtype=np.float64, **options):
    model = mlp([4, 8, 3], rng=0, dtype=dtype, **options.pop("model", {}))
    x = X.astype(dtype)
    settings = {"epochs": 5, "batch_size": 16, "metrics": [accuracy], "rng": 0}
    made = OPTIMIZERS[optimizer](model.parameters())
    schedule = options.pop("schedule", lambda optimizer: None)(made)
    history = fit(
        model,
        options.pop("loss", mg.softmax_cross_entropy),
        made,
        options.pop("train", (x, Y)),
        (x[:40], Y[:40]),
        **settings | options,
        schedule=schedule,
        progress=False,
        compile=compile,
    )
    return model, made, history


def assert_same(eager, compiled, rtol):
    for name in eager[2].names:
        if name != "seconds":
            np.testing.assert_allclose(compiled[2][name], eager[2][name], rtol, err_msg=name)
    for one, other in zip(eager[0].parameters(), compiled[0].parameters(), strict=True):
        np.testing.assert_allclose(other.data, one.data, rtol, rtol)
        assert other.dtype == one.dtype


@pytest.mark.parametrize(
    ("optimizer", "backend"),
    [*((name, "numpy") for name in OPTIMIZERS), ("Adam", "numba")],
)
def test_history_and_parameters_are_those_of_eager_training(optimizer, backend):
    eager, compiled = trained(False, optimizer), trained(backend, optimizer)
    assert_same(eager, compiled, 1e-9)
    state, expected = compiled[1].state_dict(), eager[1].state_dict()
    assert state.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(state[name], expected[name], 1e-9, 1e-12, err_msg=name)


def test_in_float32(backend):
    assert_same(trained(False, dtype=np.float32), trained(backend, dtype=np.float32), 2e-4)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_samples_and_targets_of_more_axes(backend):
    """Each row of a batch is several elements, also where x and y lie in Fortran order."""
    x, y = np.asfortranarray(X.reshape(150, 2, 2)), np.asfortranarray(np.eye(3)[Y] - X[:, :3])

    def run(compile):
        model = Sequential(Flatten(), Linear(4, 3, rng=0))
        optimizer = SGD(model.parameters(), lr=0.3)
        settings = {"epochs": 3, "batch_size": 16, "rng": 0}
        loss = mg.mean_squared_error  # which would take wrong rows, too
        history = fit(model, loss, optimizer, (x, y), **settings, progress=False, compile=compile)
        return model, optimizer, history

    assert_same(run(False), run(backend), 1e-9)


def test_metrics_need_the_predictions_of_every_batch(backend):
    """150 samples in batches of 16: nine whole ones and one of six."""
    seen = []

    def shapes(predictions, targets):
        seen.append((predictions.shape, targets.shape))
        return accuracy(predictions, targets)

    trained(backend, metrics={"accuracy": shapes}, epochs=2)
    assert seen[::2] == [((150, 3), (150,))] * 2  # the others are the validation set's


def test_dropout_meets_the_same_masks(backend):
    options = {"model": {"dropout": 0.5}}
    assert_same(trained(False, **options), trained(backend, **options), 1e-9)


@pytest.mark.parametrize("every", ["epoch", "batch"])
def test_schedules(every, backend):
    options = {"schedule": lambda o: ExponentialLR(o, 0.9), "schedule_every": every}
    assert_same(trained(False, **options), trained(backend, **options), 1e-9)


def test_early_stopping_and_checkpoints(tmp_path, backend):
    def run(compile):
        path = tmp_path / f"{compile}.npz"
        callbacks = [EarlyStopping(patience=1, monitor="loss", min_delta=0.05)]
        return trained(compile, "momentum", epochs=40, callbacks=callbacks, checkpoint=path)

    eager, compiled = run(False), run(backend)
    assert eager[2].epochs < 40
    assert_same(eager, compiled, 1e-9)


def test_a_run_goes_on_from_its_checkpoint(tmp_path, backend):
    path = tmp_path / "run.npz"
    whole = trained(backend, "momentum", epochs=6)
    trained(backend, "momentum", epochs=3, checkpoint=path)
    resumed = trained(backend, "momentum", epochs=6, checkpoint=path, resume=True)
    assert_same(whole, resumed, 1e-9)


def test_a_loss_that_is_not_finite_stops_before_the_update(backend):
    x = X.copy()
    x[77, 2] = np.nan
    errors = []
    for compile in (False, backend):
        with pytest.raises(NonFiniteError) as caught:
            trained(compile, train=(x, Y))
        errors.append(str(caught.value))
    assert errors[0] == errors[1]
    assert "Rows of train x with such values: 77" in errors[0]


def test_a_wrong_label_is_told_as_eager_training_tells_it(backend):
    y = Y.copy()
    y[100] = 3
    for compile in (False, backend):
        with pytest.raises(DomainError, match=r"with 3 classes they run from 0 to 2") as caught:
            trained(compile, train=(X, y), shuffle=False, batch_size=25)
        assert caught.value.__notes__ == ["fit: in epoch 1, batch 5"]


def test_interruption_between_two_epochs(backend):
    class Interrupt(Callback):
        def on_epoch_end(self, run):
            if run.history.epochs == 2:
                raise KeyboardInterrupt

    _, _, history = trained(backend, callbacks=[Interrupt()])
    assert history.interrupted
    assert history.epochs == 2


def test_what_a_callback_changes_holds_from_the_next_epoch_on(backend):
    """There and back again: the programs of both losses are known then."""

    def run(compile):
        factor = [1.0]

        class Change(Callback):
            def on_epoch_end(self, run):
                factor[0] = 2.0 if run.history.epochs in (1, 2) else 1.0

        def loss(y, t):
            return mg.softmax_cross_entropy(y, t) * factor[0]

        return trained(compile, loss=loss, callbacks=[Change()])

    assert_same(run(False), run(backend), 1e-9)


def test_arrays_that_a_callback_replaces_are_trained(backend):
    def run(compile):
        class Replace(Callback):
            def on_epoch_end(self, run):
                for parameter in run.model.parameters():
                    parameter.data = np.asfortranarray(parameter.data * 0.5).copy("C")

        return trained(compile, callbacks=[Replace()])

    assert_same(run(False), run(backend), 1e-9)


@pytest.mark.parametrize("batch_size", [16, 25])
def test_gradients_are_there_after_each_epoch(batch_size, backend):
    """150 samples: nine batches of 16 and a shorter one, or six of 25."""

    def run(compile):
        seen = []

        class Look(Callback):
            def on_epoch_end(self, run):
                seen.append([p.grad.copy() for p in run.model.parameters()])

        trained(compile, callbacks=[Look()], batch_size=batch_size)
        return seen

    for eager, compiled in zip(run(False), run(backend), strict=True):
        for one, other in zip(eager, compiled, strict=True):
            np.testing.assert_allclose(other, one, 1e-9, 1e-12)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_interruption_within_the_loop_over_batches(backend, monkeypatch):
    """The steps that were made are counted: the parameters show them."""
    run, made = BatchLoop.run, []

    def interrupted(self, *args):
        loop = self.loop

        def pressed(chunk):
            made.append(loop(chunk))
            raise KeyboardInterrupt

        self.loop = pressed
        return run(self, *args)

    monkeypatch.setattr(BatchLoop, "run", interrupted)
    _, optimizer, history = trained(backend, "Adam", metrics=[])
    assert history.interrupted
    assert made[0] > 0
    # Before it: Adam's first step, and the two that are compared.
    assert [state["steps"] for state in optimizer.state] == [3 + made[0]] * 4


def test_what_cannot_be_compiled_is_named(backend):
    def loss(y, t):
        value = mg.softmax_cross_entropy(y, t)
        return value * 2 if value.item() > 1 else value

    with pytest.raises(CompileError, match=r"test_fit_compiled.py:\d+.*item"):
        trained(backend, loss=loss)


def test_without_numba(monkeypatch):
    from minigrad.compiler import back_ends, numba_backend

    for module in (back_ends, numba_backend):
        monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert_same(trained(False), trained(True), 1e-9)
    with pytest.raises(MissingExtraError, match=r"pip install 'minigrad\[compile\]'"):
        trained("numba")
    with pytest.raises(DomainError, match="backend is 'fortran'"):
        trained("fortran")
