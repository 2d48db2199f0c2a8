"""What a user who got something wrong is told: named, with shapes and values, and what to do.

``python tests/test_messages.py`` prints them all.
"""

import tempfile
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad import data, nn, optim, training
from minigrad.errors import MinigradError

N, K = 4, 3


def logits():
    return mg.Tensor(np.zeros((N, K)), requires_grad=True)


def weight():
    return mg.Tensor(np.ones((2, 3)), requires_grad=True, name="weight")


def file(content):
    path = Path(tempfile.mkdtemp()) / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def after_update():
    w = weight()
    loss = (w * w).sum()
    w.grad = np.ones((2, 3))
    optim.SGD([w], lr=0.1).step()
    loss.backward()


def diverge():
    x = np.array([[1.0], [2.0]])
    model = nn.Linear(1, 1, rng=0)
    optimizer = optim.SGD(model.parameters(), lr=1e200)
    training.fit(model, mg.mean_squared_error, optimizer, (x, x), epochs=5, progress=False)


def freed():
    loss = (weight() * 2).sum()
    loss.backward(free_graph=True)
    loss.backward()


class HalfOp(mg.Op):
    """An op whose rule is of the wrong shape."""

    @staticmethod
    def forward(x):
        return x * 2

    @staticmethod
    def grad_x(grad_out, out, x):
        return grad_out[0]


CASES = {
    "shapes of a sum": lambda: weight() + np.ones(4),
    "inner sizes of a product": lambda: weight() @ np.ones((2, 3)),
    "a bias that does not fit": lambda: mg.linear(np.ones((5, 2)), weight(), np.ones(4)),
    "input of a layer": lambda: nn.mlp([64, 32, 10], rng=0)(np.ones((8, 63))),
    "reshape": lambda: weight().reshape(4, 2),
    "axis out of range": lambda: weight().sum(axis=2),
    "index out of range": lambda: weight()[5],
    "concatenate": lambda: mg.concatenate([weight(), np.ones((2, 3, 1))]),
    "stack": lambda: mg.stack([weight(), np.ones(3)]),
    "gradients for integers": lambda: mg.Tensor([1, 2, 3], requires_grad=True),
    "text for numbers": lambda: mg.Tensor("abc"),
    "a list of tensors": lambda: mg.Tensor([weight(), weight()]),
    "an unmapped NumPy function": lambda: np.linalg.norm(weight()),
    "out=": lambda: np.exp(weight(), out=np.ones((2, 3))),
    "assigning an element": lambda: weight().__setitem__(0, 1.0),
    "backward from many elements": lambda: (weight() * 2).backward(),
    "backward without a gradient": lambda: mg.Tensor([1.0]).backward(),
    "gradient of the wrong shape": lambda: (weight() * 2).backward(np.ones(3)),
    "a graph that was freed": freed,
    "weights moved under a graph": after_update,
    "a rule of the wrong shape": lambda: mg.call(HalfOp, weight()).sum().backward(),
    "grad of something unconnected": lambda: mg.grad((weight() * 2).sum(), weight()),
    "(N, 1) against (N,)": lambda: mg.mean_squared_error(np.ones((N, 1)), np.ones(N)),
    "too few targets": lambda: mg.softmax_cross_entropy(logits(), [0, 1, 2]),
    "a class index out of range": lambda: mg.softmax_cross_entropy(logits(), [0, 1, 3, 2]),
    "a negative class index": lambda: mg.softmax_cross_entropy(logits(), [0, -1, 1, 2]),
    "class indices as floats": lambda: mg.softmax_cross_entropy(logits(), np.zeros(N)),
    "logits for probabilities": lambda: mg.cross_entropy(np.full((1, K), 2.0), [0]),
    "a probability of 0": lambda: mg.cross_entropy(np.array([[0.0, 1.0]]), [0]),
    "NaN in targets": lambda: mg.binary_cross_entropy([[0.5]], [[np.nan]]),
    "KL where q is 0": lambda: mg.kl_divergence([0.5, 0.5], [1.0, 0.0]),
    "an unknown reduction": lambda: mg.softmax_cross_entropy(logits(), [0] * N, reduction="avg"),
    "a negative learning rate": lambda: optim.SGD([weight()], lr=-0.1),
    "momentum of 1": lambda: optim.SGD([weight()], lr=0.1, momentum=1.0),
    "nothing to optimize": lambda: optim.SGD([], lr=0.1),
    "an unknown activation": lambda: nn.mlp([2, 3], activation="sigmod"),
    "a state of another model": lambda: nn.Linear(3, 2).load_state_dict(
        {"weight": np.ones((2, 3)), "offset": np.ones(2)}
    ),
    "samples without labels": lambda: data.batches(np.ones((5, 2)), np.ones(4), 2),
    "a class beyond num_classes": lambda: data.one_hot([0, 3], 3),
    "training that diverges": diverge,
    "a file that is not there": lambda: data.read_csv("no-such-file.csv"),
    "an empty file": lambda: data.read_csv(file("")),
    "a column that is not there": lambda: data.read_csv(file("a,b\n1,2\n"), target="c"),
    "a ragged row": lambda: data.read_csv(file("a,b\n1,x\n2\n")),
    "a cell that is no number": lambda: data.read_csv(file("a,b\n1,x\ntwo,y\n")),
    "a missing number": lambda: data.read_csv(file("a,b\n1,x\nnan,y\n")),
    "an IDX file that is none": lambda: data.read_idx(file(b"\x89PNG....")),
    "a folder without MNIST": lambda: data.load_mnist(tempfile.mkdtemp()),
    "a model file that is none": lambda: training.load_model_state(file("a,b\n")),
}


EXPECTED = {
    "shapes of a sum": "ShapeError: Add: operands could not be broadcast together with shapes",
    "inner sizes of a product": "ShapeError: matmul: x (2, 3) @ y (2, 3): the last axis of x (3)",
    "a bias that does not fit": "ShapeError: linear: bias (4,) does not fit weight (2, 3)",
    "input of a layer": "ShapeError: Linear(64, 32) '0': input has shape (8, 63), needs (..., 64)",
    "reshape": "ShapeError: Reshape: cannot reshape array of size 6 into shape (4,2)",
    "axis out of range": "ShapeError: Sum: axis 2 is out of bounds for array of dimension 2",
    "index out of range": "IndexingError: GetItem: index 5 is out of bounds for axis 0 with size 2",
    "concatenate": "arrays[1]: (2, 3, 1) float64",
    "stack": "ShapeError: stack: needs arrays of one shape, got [(2, 3), (3,)]",
    "gradients for integers": "DTypeError: requires_grad needs a floating-point dtype, got int64",
    "text for numbers": "DTypeError: Tensor: needs numbers, got dtype <U3 from 'abc'",
    "a list of tensors": "join them with mg.stack",
    "an unmapped NumPy function": "DTypeError: np.linalg.norm on a Tensor is not supported",
    "out=": "DTypeError: np.exp on a Tensor does not take out=",
    "assigning an element": "GraphError: a Tensor's elements cannot be assigned",
    "backward from many elements": "needs a gradient of shape (2, 3)",
    "backward without a gradient": "GraphError: Tensor(1) float64 1 requires no gradient",
    "gradient of the wrong shape": "GradientError: the gradient given has shape (3,)",
    "a graph that was freed": "was freed; run the forward pass again",
    "weights moved under a graph": "'weight' requires_grad has changed since Tensor(2, 3) float64",
    "a rule of the wrong shape": "GradientError: HalfOp.grad_x returned shape (3,)",
    "grad of something unconnected": "does not depend on Tensor(2, 3) float64 'weight'",
    "(N, 1) against (N,)": "predictions have shape (4, 1) but targets (4,)",
    "too few targets": "targets of shape (3,) do not fit predictions of shape (4, 3)",
    "a class index out of range": "t[2] = 3 is not a class index; with 3 classes they run from 0",
    "a negative class index": "t[1] = -1 is not a class index",
    "class indices as floats": "are class indices and must be integers, got float64",
    "logits for probabilities": "p[0, 0] = 2.0 is not in [0, 1]",
    "a probability of 0": "cross_entropy: p[0, 0] = 0 where t[0, 0] = 1.0",
    "NaN in targets": "t[0, 0] = nan is not in [0, 1]",
    "KL where q is 0": "kl_divergence: q[1] = 0 where p[1] = 0.5",
    "an unknown reduction": "reduction is 'avg'; it must be 'mean', 'sum' or 'none'",
    "a negative learning rate": "SGD: lr is -0.1; it must be a finite number >= 0",
    "momentum of 1": "SGD: momentum is 1.0; it must be in [0, 1)",
    "nothing to optimize": "SGD: parameters is empty",
    "an unknown activation": "mlp: activation is 'sigmod'; it must be one of sigmoid, tanh",
    "a state of another model": "the model's is (3, 2)\n  bias: missing\n  offset: unexpected",
    "samples without labels": "x has shape (5, 2) but y has shape (4,)",
    "a class beyond num_classes": "one_hot: labels[1] is 3; expected a whole number from 0 to 2",
    "training that diverges": "the loss is inf in epoch 2, batch 1, at lr 1e+200: the first tensor",
    "a file that is not there": "cannot read 'no-such-file.csv': No such file",
    "an empty file": "is empty; expected a header row",
    "a column that is not there": "has no column 'c'; its columns are 'a', 'b'",
    "a ragged row": "line 3: expected 2 cells, one per column, found 1",
    "a cell that is no number": "line 3, column 'a': expected a finite number, found 'two'",
    "a missing number": "line 3, column 'a': expected a finite number, found 'nan'",
    "an IDX file that is none": "begins with the bytes 89 50 4e 47; expected an IDX file",
    "a folder without MNIST": "has no train-images file: looked for train-images-idx3-ubyte",
    "a model file that is none": "is no minigrad model",
}


@pytest.mark.parametrize("case", CASES)
def test_message(case):
    assert EXPECTED[case] in message(case)


def message(case):
    with pytest.raises(MinigradError) as caught:
        CASES[case]()
    return f"{type(caught.value).__name__}: {caught.value}"


def main():
    for number, case in enumerate(CASES, 1):
        print(f"{number:2}. {case}\n    {message(case)}\n")


if __name__ == "__main__":
    main()
