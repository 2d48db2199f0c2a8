import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ShapeError
from minigrad.nn import Dropout, Flatten, Linear, Module, Sequential, Sigmoid, mlp, summary


class Branching(Module):
    def __init__(self):
        self.scale = mg.Tensor(np.ones(3), requires_grad=True)
        self.body = Sequential(Linear(6, 3), Sigmoid())
        self.unused = [Linear(2, 2, bias=False)]

    def forward(self, x):
        h = self.body(x)
        self.hidden = h
        return h * self.scale, h.sum(axis=-1)


def test_table_of_an_mlp():
    table = summary(mlp([784, 128, 10], "relu", dropout=0.5, dtype=np.float32), (784,))
    assert str(table).splitlines() == [
        "Name  Layer             Output shape  Parameters",
        "------------------------------------------------",
        "0     Linear(784, 128)  (N, 128)         100,480",
        "1     ReLU()            (N, 128)               0",
        "2     Dropout(p=0.5)    (N, 128)               0",
        "3     Linear(128, 10)   (N, 10)            1,290",
        "------------------------------------------------",
        "101,770 parameters, 101,770 trainable, 407,080 bytes",
    ]


def test_user_defined_nested_modules():
    found = summary(Branching(), 6)
    assert found.rows == (
        ("", "Branching", "(N, 3), (N,)", 3),
        ("body.0", "Linear(6, 3)", "(N, 3)", 21),
        ("body.1", "Sigmoid()", "(N, 3)", 0),
        ("unused.0", "Linear(2, 2, bias=False)", "-", 4),
    )
    assert (found.parameters, found.trainable, found.nbytes) == (28, 28, 224)


def test_frozen_parameters_are_not_trainable():
    model = mlp([4, 3, 2])
    model[0].weight.requires_grad = False
    found = summary(model, (4,))
    assert (found.parameters, found.trainable) == (23, 11)


def test_shared_parameters_count_once():
    layer = Linear(3, 3)
    tied = Linear(3, 3)
    tied.weight = layer.weight
    found = summary(Sequential(layer, tied, layer), (3,))
    assert [row.parameters for row in found.rows] == [12, 3]
    assert found.parameters == 15


def test_plain_functions_and_images():
    found = summary(Sequential(Flatten(), Linear(64, 2), mg.relu), (8, 8))
    assert [(row.layer, row.output_shape) for row in found.rows] == [
        ("Flatten()", "(N, 64)"),
        ("Linear(64, 2)", "(N, 2)"),
        ("Function(relu)", "(N, 2)"),
    ]


def test_a_single_layer():
    assert summary(Linear(3, 2), [3]).rows == (("", "Linear(3, 2)", "(N, 2)", 8),)


def test_dtype_of_the_sample_can_be_chosen():
    class Lookup(Module):
        def __init__(self):
            self.table = mg.Tensor(np.ones((5, 2)), requires_grad=True)

        def forward(self, indices):
            return self.table[indices.data]

    assert summary(Lookup(), (3,), dtype=int).rows[0].output_shape == "(N, 3, 2)"


def test_nothing_about_the_model_changes():
    model = Sequential(Linear(4, 4, rng=0), Dropout(0.5, rng=0), Linear(4, 6, rng=1))
    model[1].eval()
    untouched = copy.deepcopy(model)
    summary(model, (4,))
    assert pickle.dumps(model) == pickle.dumps(untouched)
    assert (model.training, model[1].training) == (True, False)
    assert all("forward" not in vars(module) for module in model.modules())
    model.train()
    untouched.train()
    x = np.ones((50, 4))
    np.testing.assert_array_equal(model(x).data, untouched(x).data)


def test_the_layers_run_in_evaluation_mode():
    class Repeated(Module):
        def forward(self, x):
            return mg.concatenate([x, x], axis=1) if self.training else x

    assert summary(Repeated(), (4,)).rows[0].output_shape == "(N, 4)"


def test_a_layer_that_does_not_fit_is_named():
    model = Sequential(Linear(4, 3), Linear(4, 2))
    with pytest.raises(ShapeError, match=r"Linear\(4, 2\) '1': input has shape \(1, 3\)"):
        summary(model, (4,))
