"""Every layer without parameters, compiled: values and gradients equal those step by step."""

import numpy as np
import pytest
from comparing import assert_close

import minigrad as mg
from minigrad import nn

LAYERS = {
    name: kind()
    for name, kind in vars(nn).items()
    if isinstance(kind, type)
    and issubclass(kind, nn.Module)
    and name not in ("Function", "Module", "Linear", "Dropout", "Sequential")
}


def test_there_are_layers():
    assert {"Sigmoid", "Softmax", "ReLU", "GELU", "Flatten"} <= set(LAYERS)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer(name):
    layer = LAYERS[name]
    rng = np.random.default_rng(0)

    def value_and_gradient(x, cotangent):
        tensor = mg.Tensor(x, requires_grad=True)
        out = layer(tensor)
        out.backward(cotangent)
        return out, tensor.grad

    compiled = mg.compile(value_and_gradient, backend="numpy")
    for _ in range(3):
        x, cotangent = rng.normal(size=(2, 4, 5))
        found = compiled(x, cotangent)
        for here, there in zip(found, value_and_gradient(x, cotangent), strict=True):
            assert_close(here, there)
    assert len(compiled.variants) == 1


def test_a_slope_that_changes_is_seen():
    layer = nn.LeakyReLU(slope=0.1)
    compiled = mg.compile(layer, backend="numpy")
    x = np.array([-1.0, 2.0])
    for slope in (0.1, 0.1, 0.1, 0.3):
        layer.slope = slope
        assert_close(compiled(x), np.array([-slope, 2.0]))
