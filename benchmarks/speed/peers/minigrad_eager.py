"""minigrad, as its users write it."""

import numpy as np

import minigrad as mg
from minigrad import checking, nn, optim
from minigrad.training import fit as train
from speed.peers.importing import seconds_of
from speed.peers.numpy_by_hand import direction

PACKAGE = "minigrad"
CANNOT: dict[str, str] = {}


def model_of(net):
    model = nn.mlp(net.sizes, activation="sigmoid", dtype=net.weights[0].dtype)
    values = [array for pair in zip(net.weights, net.biases, strict=True) for array in pair]
    model.load_state_dict(dict(zip(model.state_dict(), values, strict=True)))
    return model


def step(net, free_graph=False):
    model = model_of(net)
    optimizer = optim.SGD(model.parameters(), lr=net.lr)

    def run():
        loss = mg.softmax_cross_entropy(model(net.x), net.labels)
        optimizer.zero_grad()
        loss.backward(free_graph=free_graph)
        optimizer.step()
        return loss.item()

    return (run,)


def epoch(net):
    model = model_of(net.start)
    optimizer = optim.SGD(model.parameters(), lr=net.lr)

    def run():
        for batch in net.batches:
            loss = mg.softmax_cross_entropy(model(net.x[batch]), net.y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return loss.item()

    return (run,)


def value_of_first_gradient(model):
    weight = model.parameters()[0]
    return lambda _: float(np.abs(weight.grad).sum())


def backward(net):
    model = model_of(net)

    def first():
        model.zero_grad()
        return mg.softmax_cross_entropy(model(net.x), net.labels)

    def second(loss):
        loss.backward()

    return first, second, value_of_first_gradient(model)


def stepping(net):
    model = model_of(net)

    def first():
        model.zero_grad()
        return mg.softmax_cross_entropy(model(net.x), net.labels)

    def second(loss):
        for _ in mg.steps(loss):
            pass

    return first, second, value_of_first_gradient(model)


def fit(task, compile=False):
    def run():
        model = model_of(task.start)
        optimizer = optim.SGD(model.parameters(), lr=task.lr)
        train(
            model,
            mg.softmax_cross_entropy,
            optimizer,
            (task.x, task.y),
            epochs=task.epochs,
            batch_size=task.batch_size,
            rng=0,
            progress=False,
            compile=compile,
        )
        with mg.no_grad():
            logits = model(task.x_test).data
        return float((logits.argmax(axis=1) == task.y_test).mean())

    return (run,)


def chain(task):
    x = mg.Tensor(task.x, requires_grad=True)
    a, b = task.a, task.b

    def first():
        x.grad = None
        y = x
        for _ in range(task.links):
            y = y * a + b
        return y

    def second(y):
        y.backward()
        return x.grad.item()

    return first, second


def elementwise(arrays):
    x, y, z = (mg.Tensor(v, requires_grad=True) for v in (arrays.x, arrays.y, arrays.z))

    def run():
        x.grad = y.grad = z.grad = None
        ((x * y + z) * mg.exp(-x)).sum().backward()
        return float(x.grad.sum())

    return (run,)


def hessian_vector(net, compile=lambda function: function):
    model = model_of(net)
    weights = [p for p in model.parameters() if p.ndim == 2]
    directions = [direction(w.data) for w in weights]

    @compile
    def products(x, labels):
        loss = mg.softmax_cross_entropy(model(x), labels)
        grads = mg.grad(loss, weights, create_graph=True)
        along = sum((g * v).sum() for g, v in zip(grads, directions, strict=True))
        return mg.grad(along, weights)

    def run():
        return float(sum(np.abs(p.data).sum() for p in products(net.x, net.labels)))

    return (run,)


def gradient_check(net):
    pairs = zip(net.weights, net.biases, strict=True)
    parameters = [mg.Tensor(array, requires_grad=True) for pair in pairs for array in pair]

    def loss(w1, b1, w2, b2):
        h = mg.sigmoid(mg.linear(net.x, w1, b1))
        return mg.softmax_cross_entropy(mg.linear(h, w2, b2), net.labels)

    return (lambda: float(checking.gradcheck(loss, parameters).ok),)


def import_time(_):
    return seconds_of("minigrad")
