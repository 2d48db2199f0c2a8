"""MyGrad, with memory guarding off as its documentation advises for speed; the update by hand."""

import mygrad as mg
import numpy as np
from mygrad.nnet.activations import sigmoid
from mygrad.nnet.losses import softmax_crossentropy

from speed.peers.importing import seconds_of

PACKAGE = "mygrad"
CANNOT = {
    "hessian_vector": "no second derivatives",
    "gradient_check": "no gradient check",
    "stepping": "no stepping through a backward pass",
}

mg.turn_memory_guarding_off()


def loss_of(parameters, x, labels):
    *hidden, (weight, bias) = parameters
    for hidden_weight, hidden_bias in hidden:
        x = sigmoid(mg.matmul(x, hidden_weight) + hidden_bias)
    return softmax_crossentropy(mg.matmul(x, weight) + bias, labels)


def parameters_of(net):
    pairs = zip(net.weights, net.biases, strict=True)
    return [(mg.tensor(weight), mg.tensor(bias)) for weight, bias in pairs]


def train(parameters, x, labels, lr):
    loss = loss_of(parameters, x, labels)
    loss.backward()
    for pair in parameters:
        for parameter in pair:
            parameter.data -= lr * parameter.grad
    return loss.item()


def step(net):
    parameters = parameters_of(net)
    return (lambda: train(parameters, net.x, net.labels, net.lr),)


def backward(net):
    parameters = parameters_of(net)

    def first():
        return loss_of(parameters, net.x, net.labels)

    def second(loss):
        loss.backward()

    def value(_):
        return float(np.abs(parameters[0][0].grad).sum())

    return first, second, value


def fit(task):
    def run():
        rng = np.random.default_rng(0)
        parameters = [
            (mg.tensor(weight.copy()), mg.tensor(bias.copy()))
            for weight, bias in zip(task.start.weights, task.start.biases, strict=True)
        ]
        for _ in range(task.epochs):
            order = rng.permutation(len(task.x))
            for i in range(0, len(order), task.batch_size):
                batch = order[i : i + task.batch_size]
                train(parameters, task.x[batch], task.y[batch], task.lr)
        (w1, b1), (w2, b2) = ([p.data for p in pair] for pair in parameters)
        logits = (1 / (1 + np.exp(-(task.x_test @ w1 + b1)))) @ w2 + b2
        return float((logits.argmax(axis=1) == task.y_test).mean())

    return (run,)


def chain(task):
    x = mg.tensor(task.x)
    a, b = task.a, task.b

    def first():
        y = x
        for _ in range(task.links):
            y = y * a + b
        return y

    def second(y):
        y.backward()
        return x.grad.item()

    return first, second


def elementwise(arrays):
    x, y, z = (mg.tensor(v) for v in (arrays.x, arrays.y, arrays.z))

    def run():
        ((x * y + z) * mg.exp(-x)).sum().backward()
        return float(x.grad.sum())

    return (run,)


def import_time(_):
    return seconds_of("mygrad")
