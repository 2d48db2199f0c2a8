import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DTypeError
from minigrad.nn import Function, Linear, ReLU, Sequential, Sigmoid


def three_layers():
    return Sequential(Linear(4, 8, rng=0), Sigmoid(), Linear(8, 3, rng=1))


def test_applies_layers_in_order():
    model = Sequential(lambda x: x + 1, lambda x: x * 10)
    assert model(2.0) == 30.0
    assert Sequential()(2.0) == 2.0


def test_length_iteration_and_index():
    model = three_layers()
    assert len(model) == 3
    assert list(model) == model.layers
    assert model[-1] is model.layers[2]
    with pytest.raises(IndexError):
        model[3]


def test_slice_shares_layers_and_leaves_names_alone():
    model = three_layers().eval()
    part = model[1:]
    assert isinstance(part, Sequential)
    assert list(part) == model.layers[1:]
    assert not part.training
    assert [name for name, _ in part.named_parameters()] == ["1.weight", "1.bias"]
    assert model[2].weight.name == "2.weight"


def test_append_names_the_new_layer():
    model = three_layers()
    assert model.append(Linear(3, 2)) is model
    assert model[3].bias.name == "3.bias"
    assert len(model.parameters()) == 6


def test_plain_functions_are_shown_by_name():
    model = Sequential(Linear(2, 2), mg.relu, np.tanh)
    assert repr(model).splitlines()[2:4] == ["  (1): Function(relu)", "  (2): Function(tanh)"]
    assert isinstance(model[1], Function)


def test_subclass_may_add_parameters_of_its_own():
    class Scaled(Sequential):
        def __init__(self, *layers):
            self.scale = mg.Tensor(2.0, requires_grad=True)
            super().__init__(*layers)

    model = Scaled(Linear(2, 2, bias=False))
    assert [name for name, _ in model.named_parameters()] == ["scale", "0.weight"]


def test_empty_sequential_is_true():
    assert Sequential()


def test_class_instead_of_instance():
    with pytest.raises(DTypeError, match=r"layer 1 is the class ReLU; write ReLU\(\.\.\.\)"):
        Sequential(Linear(2, 2), ReLU)


@pytest.mark.parametrize("layer", [[Sigmoid()], 3, mg.Tensor(1.0)])
def test_what_is_no_layer(layer):
    with pytest.raises(DTypeError, match=r"Sequential: layer 0 is .*Sequential\(\*layers\)"):
        Sequential(layer)
    with pytest.raises(DTypeError, match="Sequential: layer 3 is"):
        three_layers().append(layer)
