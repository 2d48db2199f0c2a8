import numpy as np
import pytest

import minigrad as mg
from minigrad.data import Standardizer, load_iris, one_hot
from minigrad.errors import DomainError, NonFiniteError
from minigrad.nn import Linear, Module, mlp
from minigrad.optim import SGD, Optimizer
from minigrad.training import fit

iris = load_iris()
X = Standardizer.fit(iris.x).transform(iris.x)
Y = iris.y


def failure(model, loss, train=(X, Y), validation=None, lr=0.1, optimizer=None, **options):
    """The error, always with a history; pytest turns every warning into another error."""
    optimizer = optimizer or SGD(model.parameters(), lr=lr)
    options = {"epochs": 3, "batch_size": 25, "shuffle": False, "progress": False} | options
    with pytest.raises(NonFiniteError) as caught:
        fit(model, loss, optimizer, train, validation, **options)
    assert caught.value.history.names[:2] == ("epoch", "loss")
    assert not model.training
    return caught.value


def test_the_first_tensor_that_overflows_is_named_with_its_entry():
    class Exploding(Module):
        def __init__(self):
            self.inner = Linear(4, 3, rng=0)

        def forward(self, x):
            scores = self.inner(x)
            scores.name = "scores"
            factor = np.where(np.arange(len(x))[:, None] == 4, 1e3, 1.0)
            return mg.log(mg.exp(mg.abs(scores) * factor + 10))

    error = failure(Exploding(), mg.softmax_cross_entropy)
    assert "fit: the loss is" in str(error)
    assert "epoch 1, batch 1, at lr 0.1: the first tensor" in str(error)
    assert "Tensor(25, 3) float64 inf" not in str(error)
    assert "= Exp(x) test_non_finite.py:" in str(error)
    assert "entry [4, 0] is inf" in str(error)
    assert error.history.epochs == 0


def test_parameters_are_as_before_the_update_and_finished_epochs_are_kept():
    met = 0
    before = {}

    def loss(predictions, targets):
        nonlocal met
        met += 1
        value = mg.softmax_cross_entropy(predictions, targets)
        if met == 14:
            before.update(model.state_dict())
            return value * float("inf")
        return value

    model = mlp([4, 5, 3], rng=0)
    error = failure(model, loss)
    assert "the loss is inf in epoch 3, batch 2" in str(error)
    assert "Tensor() float64 inf = Multiply(x, inf)" in str(error)
    assert error.history.epochs == len(error.history["loss"]) == 2
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_a_sample_that_is_not_finite():
    x = X.copy()
    x[[57, 60, 149], [2, 1, 0]] = np.nan, np.inf, np.nan
    error = failure(mlp([4, 5, 3], rng=0), mg.softmax_cross_entropy, (x, Y))
    assert "epoch 1, batch 3, at lr 0.1: the batch itself holds it: x[7, 2] is nan" in str(error)
    assert "Rows of train x with such values: 57, 60, 149 (3 of 150)" in str(error)
    x[:30] = np.nan
    error = failure(mlp([4, 5, 3], rng=0), mg.softmax_cross_entropy, (x, Y))
    assert "0, 1, 2, 3, 4, ... (33 of 150)" in str(error)


def test_a_target_that_is_not_finite():
    targets = one_hot(Y, 3)
    targets[30, 1] = np.inf
    error = failure(mlp([4, 5, 3], rng=0), mg.mean_squared_error, (X, targets))
    assert "batch 2, at lr 0.1: the batch's targets hold it: y[5, 1] is inf" in str(error)


def test_a_parameter_that_is_not_finite_from_the_start():
    model = mlp([4, 5, 3], rng=0)
    model[2].weight.data[3, 1] = np.nan
    error = failure(model, mg.softmax_cross_entropy)
    assert "batch 1, at lr 0.1: parameter 2.weight[3, 1] is nan already, before" in str(error)


class Breaking(Optimizer):
    """Writes infinity into the bias at a certain step."""

    def __init__(self, parameters, at):
        super().__init__(parameters, 0.1)
        self.at = at

    def step(self):
        self.at -= 1
        if self.at == 0:
            self.parameters[1].data[2] = np.inf
            self.parameters[1].mark_changed()


def test_a_parameter_that_an_update_broke():
    model = Linear(4, 3, rng=0)
    error = failure(model, mg.softmax_cross_entropy, optimizer=Breaking(model.parameters(), 3))
    assert "batch 4, at lr 0.1: parameter bias[2] is inf already" in str(error)
    model = Linear(4, 3, rng=0)
    error = failure(model, mg.softmax_cross_entropy, optimizer=Breaking(model.parameters(), 6))
    assert "last update was too large in epoch 1, batch 6, at lr 0.1: parameter bias[2]" in str(
        error
    )


def test_a_broken_epoch_never_reaches_the_checkpoint(tmp_path):
    path = tmp_path / "run.npz"
    model = Linear(4, 3, rng=0)
    optimizer = Breaking(model.parameters(), 12)
    failure(model, mg.softmax_cross_entropy, optimizer=optimizer, checkpoint=path)
    with np.load(path) as archive:
        assert np.isfinite(archive["model/bias"]).all()


def test_a_learning_rate_that_diverges():
    error = failure(mlp([4, 8, 3], "relu", rng=0), mg.softmax_cross_entropy, lr=1e200)
    assert "batch 2, at lr 1e+200: the first tensor with such a value is Tensor(25, 3)" in str(
        error
    )
    assert "2.weight, 2.bias)" in str(error)


def test_a_loss_that_refuses_nan_probabilities():
    model = mlp([4, 8, 3], "relu", output="softmax", rng=0)
    error = failure(model, mg.cross_entropy, lr=1e200)
    assert "the predictions are not finite in epoch 1, batch 2" in str(error)
    assert isinstance(error.__cause__, DomainError)


def test_a_refusal_for_another_reason_stays_what_it_is():
    model = mlp([4, 8, 3], "relu", output="softmax", rng=0)
    with pytest.raises(DomainError, match="the result would be infinite") as caught:
        fit(
            model,
            mg.cross_entropy,
            SGD(model.parameters(), lr=1e3),
            (X, Y),
            epochs=1,
            progress=False,
        )
    assert not isinstance(caught.value, NonFiniteError)


@pytest.mark.parametrize("output", [None, "softmax"])
def test_the_validation_set(output):
    x = X.copy()
    x[80, 3] = -np.inf
    loss = mg.cross_entropy if output else mg.softmax_cross_entropy
    model = mlp([4, 5, 3], "relu", output=output, rng=0)
    error = failure(model, loss, validation=(x, Y), lr=0.01)
    assert "in epoch 1, validation, at lr 0.01: the batch itself holds it: x[5, 3] is -inf" in str(
        error
    )
    assert "Rows of validation x with such values: 80 (1 of 150)" in str(error)


def test_looking_for_the_cause_in_the_validation_set_draws_no_dropout_masks():
    x = X.copy()
    x[80, 3] = np.nan
    model = mlp([4, 5, 3], dropout=0.5, rng=0)
    failure(model, mg.softmax_cross_entropy, validation=(x, Y))
    other = mlp([4, 5, 3], dropout=0.5, rng=0)
    optimizer = SGD(other.parameters(), lr=0.1)
    options = {"epochs": 1, "batch_size": 25, "shuffle": False, "progress": False}
    fit(other, mg.softmax_cross_entropy, optimizer, (X, Y), **options)
    assert model[2].rng.bit_generator.state == other[2].rng.bit_generator.state
