"""minigrad, with each step compiled: ``mg.compile``, and ``fit(compile=True)`` for whole epochs."""

from functools import partial

import minigrad as mg
from minigrad import optim
from minigrad.training.compiled_steps import CompiledSteps
from speed.peers import minigrad_eager
from speed.peers.minigrad_eager import model_of

PACKAGE = "numba"
CANNOT = {
    "backward": "a compiled step has no backward of its own",
    "chain": "a graph of its own for each length: the steps of a network are what is compiled",
    "stepping": "no stepping through a native program",
    "gradient_check": "minigrad's checker runs the function itself",
    "import_time": "as minigrad",
}


def step(net):
    model = model_of(net)
    optimizer = optim.SGD(model.parameters(), lr=net.lr)
    compiled = mg.compile(model, mg.softmax_cross_entropy, optimizer)
    return (partial(compiled, net.x, net.labels),)


def epoch(net):
    model = model_of(net.start)
    optimizer = optim.SGD(model.parameters(), lr=net.lr)
    steps = CompiledSteps(
        *(model, mg.softmax_cross_entropy, optimizer, net.x, net.y),
        keep_predictions=False,
        backend="auto",
    )

    def run():
        losses, start = [], 0
        while start < len(net.order):
            some, _ = steps.run(net.order, start, net.batch_size, one=False)
            losses += some
            start += net.batch_size * len(some)
        return losses[-1]

    return (run,)


def fit(task):
    return minigrad_eager.fit(task, compile=True)


def elementwise(arrays):
    x, y, z = (mg.Tensor(v, requires_grad=True) for v in (arrays.x, arrays.y, arrays.z))

    @mg.compile
    def gradients():
        x.grad = y.grad = z.grad = None
        ((x * y + z) * mg.exp(-x)).sum().backward()

    def run():
        gradients()
        return float(x.grad.sum())

    return (run,)


def hessian_vector(net):
    return minigrad_eager.hessian_vector(net, mg.compile)
