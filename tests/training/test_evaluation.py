"""Evaluating and predicting leave a model as it was."""

import numpy as np

import minigrad as mg
from minigrad.nn import mlp
from minigrad.training import evaluate, predict


def test_each_module_gets_its_mode_back():
    model = mlp([2, 3, 2], dropout=0.5, rng=0)
    model[0].eval()
    modes = [module.training for module in model.modules()]
    predict(model, np.ones((4, 2)))
    evaluate(model, mg.softmax_cross_entropy, (np.ones((4, 2)), np.zeros(4, int)))
    assert [module.training for module in model.modules()] == modes
