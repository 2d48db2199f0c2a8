"""HIPS autograd, with the update by hand, as its examples do."""

import autograd.numpy as anp
from autograd import grad, value_and_grad
from autograd.test_util import check_grads

from speed.peers.importing import seconds_of
from speed.peers.numpy_by_hand import direction

PACKAGE = "autograd"
CANNOT = {
    "backward": "forward and backward are one call",
    "chain": "forward and backward are one call",
    "stepping": "no stepping through a backward pass",
}


def loss_of(parameters, x, labels):
    *hidden, (weight, bias) = parameters
    for hidden_weight, hidden_bias in hidden:
        x = 1 / (1 + anp.exp(-(anp.dot(x, hidden_weight) + hidden_bias)))
    logits = anp.dot(x, weight) + bias
    logits = logits - anp.max(logits, axis=1, keepdims=True)
    log_sum = anp.log(anp.sum(anp.exp(logits), axis=1))
    return anp.mean(log_sum - logits[anp.arange(len(labels)), labels])


def parameters_of(net):
    return list(zip(net.weights, net.biases, strict=True))


def step(net):
    parameters = parameters_of(net)
    loss_and_grads = value_and_grad(loss_of)

    def run():
        loss, grads = loss_and_grads(parameters, net.x, net.labels)
        for pair, grad_pair in zip(parameters, grads, strict=True):
            for parameter, gradient in zip(pair, grad_pair, strict=True):
                parameter -= net.lr * gradient
        return float(loss)

    return (run,)


def elementwise(arrays):
    grads_of = grad(lambda x, y, z: anp.sum((x * y + z) * anp.exp(-x)), argnum=(0, 1, 2))

    def run():
        return float(grads_of(arrays.x, arrays.y, arrays.z)[0].sum())

    return (run,)


def hessian_vector(net):
    directions = [direction(weight) for weight in net.weights]

    def along(weights):
        pairs = list(zip(weights, net.biases, strict=True))
        grads = grad(lambda ps: loss_of(ps, net.x, net.labels))(pairs)
        terms = (anp.sum(g * v) for (g, _), v in zip(grads, directions, strict=True))
        return sum(terms)

    products = grad(along)

    def run():
        return float(sum(abs(p).sum() for p in products(net.weights)))

    return (run,)


def gradient_check(net):
    check = check_grads(lambda p: loss_of(p, net.x, net.labels), modes=["rev"], order=1)

    def run():
        check(parameters_of(net))
        return 1.0

    return (run,)


def import_time(_):
    return seconds_of("autograd.numpy")
