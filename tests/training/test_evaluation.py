"""Evaluating and predicting leave a model as it was."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DTypeError
from minigrad.nn import Linear, mlp
from minigrad.training import evaluate, predict


def test_each_module_gets_its_mode_back():
    model = mlp([2, 3, 2], dropout=0.5, rng=0)
    model[0].eval()
    modes = [module.training for module in model.modules()]
    predict(model, np.ones((4, 2)))
    evaluate(model, mg.softmax_cross_entropy, (np.ones((4, 2)), np.zeros(4, int)))
    assert [module.training for module in model.modules()] == modes


def test_a_loss_by_name_is_refused():
    with pytest.raises(DTypeError, match="evaluate: loss is 'mse'"):
        evaluate(Linear(2, 1), "mse", (np.ones((3, 2)), np.ones((3, 1))))
