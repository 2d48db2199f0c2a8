"""The graphs whose pages are tested, and what a page's cells must hold."""

import numpy as np

import minigrad as mg
from minigrad import nn


def neuron():
    """One sigmoid neuron with quadratic cost."""
    w = mg.Tensor(0.6, requires_grad=True, name="w")
    b = mg.Tensor(0.9, requires_grad=True, name="b")
    return mg.square(mg.sigmoid(w * 1.0 + b) - 0.0) / 2.0


def small_network():
    """4-5-3 with softmax cross entropy."""
    model = nn.mlp([4, 5, 3], activation="sigmoid", rng=0)
    x = np.random.default_rng(1).standard_normal((2, 4))
    return mg.softmax_cross_entropy(model(x), [0, 2])


def network():
    """64-32-10 with a batch of 32 in float32."""
    model = nn.mlp([64, 32, 10], activation="sigmoid", rng=0, dtype=np.float32)
    rng = np.random.default_rng(2)
    x = rng.random((32, 64), np.float32)
    return mg.softmax_cross_entropy(model(x), rng.integers(0, 10, 32))


HOSTILE = "</script><!-- \"'`${x} & \\"


def not_finite():
    """0 * log(0), and a name made to break out of the page."""
    p = mg.Tensor([[0.2, 0.0], [0.5, 0.3]], requires_grad=True, name=HOSTILE)
    with np.errstate(all="ignore"):
        return (-(p * mg.log(p)) + mg.log(p + 1.0)).sum()


def reused():
    """A tensor with three uses."""
    x = mg.Tensor([0.3, -1.7, 2.9], requires_grad=True, name="x")
    h = mg.tanh(x * x)
    return (h * x + mg.exp(h) * h).sum()


class Broken(mg.Op):
    """A copy, with a rule that raises."""

    @staticmethod
    def forward(x):
        return x * 1.0

    @staticmethod
    def grad_x(grad_out, out, x):
        raise ArithmeticError("no rule today")


def failing():
    """Of the three steps the second cannot be made."""
    return mg.call(Broken, mg.tanh(mg.Tensor([0.5, 1.0], requires_grad=True, name="x"))).sum()


CASES = {
    "neuron": neuron,
    "small network": small_network,
    "network": network,
    "not finite": not_finite,
    "reused": reused,
}
