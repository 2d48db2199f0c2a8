"""The picture of a model: its tree of layers, chains, shapes."""

from itertools import pairwise

import numpy as np

import minigrad as mg
from minigrad.drawing.model_picture import picture_of_model
from minigrad.nn import Linear, Module, ReLU, Sequential, mlp


class Residual(Module):
    def __init__(self, width):
        self.inner = Linear(width, width, rng=0)
        self.scale = mg.Tensor(0.5, requires_grad=True)

    def forward(self, x):
        return x + self.scale * mg.tanh(self.inner(x))


def arrows(picture):
    titles = [box.title for box in picture.boxes]
    return [(titles[a.source], titles[a.target], a.dashed) for a in picture.arrows]


def test_a_chain_with_shapes():
    picture = picture_of_model(mlp([64, 32, 10], activation="relu"), (64,))
    assert [(box.title, box.shape, box.lines) for box in picture.boxes] == [
        ("input", "(N, 64)", ()),
        ("0", "Linear(64, 32)", ("weight (64, 32)", "bias (32,)", "out (N, 32)")),
        ("1", "ReLU()", ("out (N, 32)",)),
        ("2", "Linear(32, 10)", ("weight (32, 10)", "bias (10,)", "out (N, 10)")),
    ]
    assert arrows(picture) == [("input", "0", False), ("0", "1", False), ("1", "2", False)]
    assert picture.title == "Sequential: 3 layers, 2,410 numbers in 4 parameters"
    assert picture.legend == ("solid line: its output is the input of the next",)


def test_without_an_input_shape_nothing_is_run():
    class Unrunnable(Module):
        def __init__(self):
            self.part = Linear(2, 3)

    picture = picture_of_model(Unrunnable(), None)
    assert [box.title for box in picture.boxes] == ["model", "part"]
    assert [box.lines for box in picture.boxes] == [(), ("weight (2, 3)", "bias (3,)")]
    assert arrows(picture) == [("model", "part", True)]
    assert picture.title == "Unrunnable: 1 layer, 9 numbers in 2 parameters"


def test_an_int_is_a_shape_and_the_dtype_is_the_models():
    picture = picture_of_model(Linear(3, 2, dtype=np.float32), 3)
    assert picture.boxes[0].shape == "(N, 3)"
    assert picture.boxes[1].lines == ("weight (3, 2) float32", "bias (2,) float32", "out (N, 2)")


def test_parts_chains_in_chains_and_layers_used_twice():
    activation = ReLU()
    model = Sequential(
        Linear(4, 4),
        activation,
        Sequential(Linear(4, 4), activation),
        Residual(4),
        Linear(4, 2, bias=False),
    )
    picture = picture_of_model(model, (4,))
    assert arrows(picture) == [
        ("input", "0", False),
        ("0", "1", False),
        ("1", "2.0", False),
        ("2.0", "2.1", False),
        ("2.1", "3", False),
        ("3", "3.inner", True),
        ("3", "4", False),
    ]
    assert picture.groups == ("2: Sequential",)
    assert [box.title for box in picture.boxes if box.group == 0] == ["2.0", "2.1"]
    by_title = {box.title: box for box in picture.boxes}
    assert by_title["2.1"].lines == ("the same as 1", "out (N, 4)")
    assert by_title["3"].lines == ("scale ()", "out (N, 4)")
    assert by_title["4"].lines == ("weight (4, 2)", "out (N, 2)")
    assert len(picture.legend) == 2
    mg.draw(model, input_shape=(4,)).svg()


def test_chains_in_chains_in_chains():
    model = Sequential(Sequential(Linear(2, 2), Sequential(ReLU(), ReLU()), ReLU()), Sequential())
    picture = picture_of_model(model, None)
    titles = ["0.0", "0.1.0", "0.1.1", "0.2", "1"]
    assert [box.title for box in picture.boxes] == titles
    assert [(a, b) for a, b, _ in arrows(picture)] == list(pairwise(titles))
    assert picture.groups == ("0.1: Sequential",)
    mg.draw(model).svg()


def test_many_parameters_and_many_layers():
    class Many(Module):
        def __init__(self):
            self.weights = [mg.Tensor([1.0], requires_grad=True) for _ in range(10)]

    (box,) = picture_of_model(Many(), None).boxes
    assert box.lines[0] == "weights.0 (1,)"
    assert box.lines[5:] == ("weights.5 (1,)", "… 4 more parameters")

    picture = picture_of_model(mlp([2] * 400), None)
    assert [box.title for box in picture.boxes] == ["0", "1", "… 794 layers", "796"]
    assert picture.boxes[2].lines == ("2 to 795", "397 Linear, 397 Sigmoid")
