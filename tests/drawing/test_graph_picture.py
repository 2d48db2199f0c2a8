"""What the picture of a graph says: its boxes, arrows and layers, before and after backward()."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.drawing.collapse import LIMIT, collapsed
from minigrad.drawing.graph_picture import picture_of_graph
from minigrad.drawing.layers import in_order
from minigrad.errors import GraphError
from minigrad.nn import Linear, Module, Sequential, Tanh, mlp


def parameter(values, name):
    return mg.Tensor(values, requires_grad=True, name=name)


def box(picture, title):
    (found,) = [box for box in picture.boxes if box.title == title]
    return found


def arrows(picture):
    """The arrows with titles instead of numbers."""
    titles = [box.title for box in picture.boxes]
    return [(titles[a.source], a.label, titles[a.target], a.dashed) for a in picture.arrows]


def groups(picture):
    """The titles of the boxes in each group."""
    return {
        title: [box.title for box in picture.boxes if box.group == number]
        for number, title in enumerate(picture.groups)
    }


def mlp_loss():
    model = mlp([4, 3, 2], rng=0)
    x = mg.Tensor(np.ones((5, 4)), name="x")
    return model, mg.softmax_cross_entropy(model(x), np.array([0, 1, 1, 0, 1]))


def test_a_tensor_used_several_times_has_one_box_and_an_arrow_for_each_use():
    x = parameter(3.0, "x")
    y = x * x + x
    picture, number = picture_of_graph(y)
    assert [box.title for box in picture.boxes] == ["x", "Multiply", "Add"]
    assert arrows(picture) == [
        ("x", "x", "Multiply", False),
        ("x", "y", "Multiply", False),
        ("Multiply", "x", "Add", False),
        ("x", "y", "Add", False),
    ]
    assert (number[x], number[y]) == (0, 2)
    assert [box.result for box in picture.boxes] == [False, False, True]
    assert picture.title == "Graph of Add: 2 ops, 1 parameter"


def test_no_gradient_yet_before_and_numbers_after():
    x = parameter(3.0, "x")
    y = x * x + x
    before, _ = picture_of_graph(y)
    assert [box.lines[-1] for box in before.boxes] == ["no gradient yet"] * 3
    y.backward()
    after, _ = picture_of_graph(y)
    # d(x² + x)/dx = 2x + 1 = 7 at 3
    assert [box.lines[-1] for box in after.boxes] == ["grad  7", "grad  1", "grad  1"]
    assert box(after, "x").lines == ("parameter", "value 3", "grad  7")
    assert before != after


def test_a_gradient_of_zero_is_zero_and_not_missing():
    x = parameter([1.0, -1.0], "x")
    (x * 0.0).sum().backward()
    picture, _ = picture_of_graph(x)
    assert box(picture, "x").lines[-1] == "grad  all 0"


def test_inputs_and_numbers():
    x = mg.Tensor(np.arange(6.0).reshape(2, 3), name="x")
    w = parameter(np.ones((3, 1), np.float32), "w")
    y = (x @ w) / 4
    picture, _ = picture_of_graph(y)
    assert box(picture, "x").lines == ("input, needs no gradient", "value 0 to 5, mean 2.5")
    assert box(picture, "w").shape == "(3, 1) float32"
    assert box(picture, "Matmul").shape == "(2, 1)"
    # x @ w is [3, 12]
    assert box(picture, "Divide").lines == (
        "y = 4",
        "value 0.75 to 3, mean 1.88",
        "no gradient yet",
    )
    assert ("x", "x", "Matmul", True) in arrows(picture)
    assert ("w", "y", "Matmul", False) in arrows(picture)
    assert len(picture.legend) == 2


def test_an_array_used_twice_has_one_box():
    mask = np.array([1.0, 0.0])
    x = parameter([2.0, 3.0], "x")
    picture, _ = picture_of_graph(x * mask + mask)
    assert [box.title for box in picture.boxes] == ["x", "array", "Multiply", "Add"]
    assert box(picture, "array").kind == "input"


def test_names_and_arguments_are_shown():
    x = parameter(np.ones((2, 3)), "x")
    h = mg.softmax(x, axis=1)
    h.name = "h"
    picture, _ = picture_of_graph(h)
    assert box(picture, "Softmax").lines[:2] == ("'h'", "axis = 1")
    rows = mg.getitem(x, np.array([0, 1, 1]))
    picture, _ = picture_of_graph(rows)
    assert any("array(3,)" in line for line in box(picture, rows.op.__name__).lines)


def test_an_op_with_any_number_of_inputs():
    a, b = parameter([1.0], "a"), parameter([2.0], "b")
    picture, _ = picture_of_graph(mg.concatenate([a, b]))
    labels = [arrow.label for arrow in picture.arrows]
    assert labels == ["arrays[0]", "arrays[1]"]


def test_where_the_values_stop_being_finite():
    x = parameter([0.0, 1.0, 2.0], "x")
    with np.errstate(all="ignore"):
        loss = (mg.log(x) * x).sum()
        loss.backward()
    picture, _ = picture_of_graph(loss)
    log = box(picture, "Log")
    assert "NOT FINITE: 1 of 3 values (1 inf)" in log.lines
    assert "it starts here: all inputs are finite" in log.lines
    multiply = box(picture, "Multiply")
    assert "NOT FINITE: 1 of 3 values (1 NaN)" in multiply.lines
    assert "it starts here: all inputs are finite" not in multiply.lines
    assert "NOT FINITE: 1 of 3 gradients (1 NaN)" in box(picture, "x").lines
    assert "value 0 to 2, mean 1" in box(picture, "x").lines
    assert all(box.warning for box in picture.boxes)


def test_the_layers_of_a_multilayer_perceptron():
    model, loss = mlp_loss()
    picture, number = picture_of_graph(loss)
    assert groups(picture) == {
        "layer 0": ["0.weight", "0.bias", "Linear", "Sigmoid"],
        "layer 2": ["2.weight", "2.bias", "Linear"],
    }
    assert picture.title == "Graph of SoftmaxCrossEntropy: 4 ops, 4 parameters, 3 inputs"
    assert box(picture, "x").group is None
    assert picture.boxes[number[model[2].weight]].title == "2.weight"
    loss.backward()
    after, _ = picture_of_graph(loss)
    weight = model[2].weight
    low, high, mean = weight.grad.min(), weight.grad.max(), weight.grad.mean()
    assert box(after, "2.weight").lines[-1] == f"grad  {low:.3g} to {high:.3g}, mean {mean:.3g}"


def test_a_layer_written_with_operators():
    weight, bias = parameter(np.ones((2, 2)), "h.weight"), parameter(np.ones(2), "h.bias")
    x = mg.Tensor(np.ones((3, 2)), name="x")
    loss = mg.tanh(x @ weight + bias).sum()
    picture, _ = picture_of_graph(loss)
    assert groups(picture) == {"layer h": ["h.weight", "Matmul", "h.bias", "Add", "Tanh"]}


class Shared(Module):
    def __init__(self):
        self.layer = Linear(2, 2, rng=0)
        self.middle = Linear(2, 2, rng=1)

    def forward(self, x):
        return self.layer(self.middle(self.layer(x)))


def test_a_layer_used_twice_is_two_groups_and_its_parameters_stand_outside():
    picture, _ = picture_of_graph(Shared()(np.ones((1, 2))))
    assert groups(picture) == {
        "layer layer, use 1": ["Linear"],
        "layer middle": ["middle.weight", "middle.bias", "Linear"],
        "layer layer, use 2": ["Linear"],
    }
    assert box(picture, "layer.weight").group is None


def test_groups_never_make_a_cycle():
    """A layer that a value leaves and comes back into has no frame: it could not be drawn."""
    a, b, c = (parameter([1.0, 2.0], f"part.{name}") for name in "abc")
    inside = mg.Tensor(np.ones(2), name="x") * a
    outside = mg.cos(mg.sin(inside))
    loss = mg.concatenate([inside * b, outside, c]).sum()
    picture, _ = picture_of_graph(loss)
    assert picture.groups == ()
    mg.draw(loss).svg()
    # Without the way round it has one.
    loss = mg.concatenate([inside * b, c]).sum()
    picture, _ = picture_of_graph(loss)
    assert list(groups(picture)) == ["layer part"]


def test_up_to_300_nodes_nothing_is_collapsed():
    t = parameter(0.5, "t")
    for _ in range(LIMIT - 1):
        t = mg.tanh(t)
    assert len(picture_of_graph(t)[0].boxes) == LIMIT
    picture, number = picture_of_graph(mg.tanh(t))
    assert [box.title for box in picture.boxes] == ["t", "Tanh", "… 298 ops", "Tanh"]
    assert picture.boxes[2].lines[0] == "298 Tanh"
    assert picture.boxes[-1].result
    assert len(number) == LIMIT + 1
    assert set(number.values()) == {0, 1, 2, 3}


def test_a_chain_takes_what_feeds_only_it_along():
    t = parameter(np.full(2, 0.5), "t")
    for step in range(400):
        t = t + np.full(2, 0.001 * step)
    picture, _ = picture_of_graph(t)
    assert picture.boxes[0].title == "t"
    (many,) = [box for box in picture.boxes if box.kind == "many"]
    assert many.title == "… 398 ops"
    assert many.lines[0] == "398 Add"
    assert len(picture.boxes) == 6  # t, the first array and op, the chain, the last array and op


def test_above_300_nodes_a_layer_is_one_box():
    model = mlp([3] + [4] * 100 + [2], rng=0)
    loss = mg.softmax_cross_entropy(model(np.ones((2, 3))), np.array([0, 1]))
    loss.backward()
    picture, number = picture_of_graph(loss)
    titles = [box.title for box in picture.boxes]
    assert titles[1:3] == ["layer 0", "layer 2"]
    assert sum(title.startswith("layer") for title in titles) == 101
    assert picture.groups == ()
    first = picture.boxes[number[model[0].weight]]
    assert first.lines[:3] == ("1 Linear, 1 Sigmoid", "16 numbers in 2 parameters", "out (2, 4)")
    assert first.lines[-1].startswith("grad  ")


def test_what_is_not_finite_shows_in_a_collapsed_box_too():
    t = parameter(0.5, "t")
    for _ in range(200):
        t = mg.tanh(t)
    t = t * np.inf  # which times 1 is not finite either, but its tanh is
    for _ in range(200):
        t = mg.tanh(t * 1.0)
    picture, _ = picture_of_graph(t)
    (many,) = [box for box in picture.boxes if box.kind == "many"]
    assert many.warning
    assert "NOT FINITE: values of 2 of 599 nodes" in many.lines


@pytest.mark.parametrize("kind", ["long", "wide", "random"])
def test_whatever_the_graph_at_most_300_boxes_without_cycles(kind):
    if kind == "long":
        root = parameter(0.1, "t")
        for _ in range(400):
            root = mg.tanh(root) * mg.sin(root)
    elif kind == "wide":
        leaves = [parameter(float(i), f"p{i}") for i in range(60)]
        root = sum(mg.tanh(a * b) for a in leaves[:20] for b in leaves[20:])
    else:
        rng = np.random.default_rng(0)
        tensors = [parameter(0.1, "a")]
        for _ in range(900):
            i, j = rng.integers(len(tensors), size=2)
            tensors.append(tensors[i] - tensors[j])
        root = sum(tensors)
    picture, number = picture_of_graph(root)
    assert 10 < len(picture.boxes) <= LIMIT
    edges = [(arrow.source, arrow.target) for arrow in picture.arrows]
    assert len(in_order(len(picture.boxes), edges)) == len(picture.boxes)
    assert picture.boxes[number[root]].result
    mg.draw(root).svg()


def test_small_graphs_are_left_alone():
    assert collapsed(3, [(0, 1), (1, 2)], [0, 0, None]) == [0, 1, 2]


def test_depth_does_not_matter():
    t = parameter(1.0, "t")
    for _ in range(20_000):
        t = t + 0.0
    assert len(picture_of_graph(t)[0].boxes) == 4


def test_a_tensor_without_a_graph():
    picture, _ = picture_of_graph(mg.Tensor([1, 2, 3]))
    assert [box.lines for box in picture.boxes] == [("input, needs no gradient", "value 1 to 3")]
    assert picture.title == "Graph of a Tensor: 1 input"


def test_a_freed_graph_is_an_error():
    x = parameter(2.0, "x")
    y = x * x
    y.backward(free_graph=True)
    with pytest.raises(GraphError, match=r"draw: the graph behind .* was freed; draw it before"):
        picture_of_graph(y)


def test_the_activation_is_of_the_layer_but_the_loss_is_not():
    model = Sequential(Linear(2, 2, rng=0), Tanh())
    loss = mg.mean_squared_error(model(np.ones((3, 2))), np.zeros((3, 2)))
    picture, _ = picture_of_graph(loss)
    assert groups(picture) == {"layer 0": ["0.weight", "0.bias", "Linear", "Tanh"]}
