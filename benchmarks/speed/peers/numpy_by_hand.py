"""NumPy alone, with the derivatives done by hand, as somebody who knows both writes it.

In place where an array is its own to write to, no function of NumPy that is slow for what it does
here (``mean`` of a few numbers), and no trick that would make it harder to read.
"""

import numpy as np

from speed.peers.importing import seconds_of

PACKAGE = "numpy"
CANNOT: dict[str, str] = {}


def forward(weights, biases, x):
    """What each layer is given, and the logits."""
    inputs = [x]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        z = inputs[-1] @ weight
        z += bias
        inputs.append(1 / (1 + np.exp(-z)))
    logits = inputs[-1] @ weights[-1]
    logits += biases[-1]
    return inputs, logits


def cross_entropy(logits, labels):
    """The mean loss, and its gradient with respect to the logits."""
    n = len(labels)
    rows = np.arange(n)
    logits -= logits.max(axis=1, keepdims=True)
    p = np.exp(logits)
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[rows, labels]).sum() / n
    p[rows, labels] -= 1
    p /= n
    return loss, p


def gradients(weights, inputs, grad):
    """The gradients of each layer's weight and bias, from the last layer to the first."""
    grads = []
    for layer in range(len(weights) - 1, -1, -1):
        h = inputs[layer]
        grads.append((h.T @ grad, grad.sum(axis=0)))
        if layer:
            grad = grad @ weights[layer].T
            grad *= h
            grad *= 1 - h
    return grads


def train(weights, biases, x, labels, lr):
    inputs, logits = forward(weights, biases, x)
    loss, grad = cross_entropy(logits, labels)
    grads = gradients(weights, inputs, grad)
    for weight, bias, (grad_weight, grad_bias) in zip(weights, biases, grads[::-1], strict=True):
        weight -= lr * grad_weight
        bias -= lr * grad_bias
    return float(loss)


def step(net):
    return (lambda: train(net.weights, net.biases, net.x, net.labels, net.lr),)


def epoch(net):
    weights, biases = net.start.weights, net.start.biases

    def run():
        for batch in net.batches:
            loss = train(weights, biases, net.x[batch], net.y[batch], net.lr)
        return loss

    return (run,)


def backward(net):
    def first():
        inputs, logits = forward(net.weights, net.biases, net.x)
        return inputs, *cross_entropy(logits, net.labels)

    def second(state):
        inputs, _, grad = state
        return gradients(net.weights, inputs, grad)

    def value(grads):
        return float(abs(grads[-1][0]).sum())

    return first, second, value


stepping = backward  # what stepping costs is told beside a backward pass that nobody watches


def fit(task):
    def run():
        rng = np.random.default_rng(0)
        weights = [w.copy() for w in task.start.weights]
        biases = [b.copy() for b in task.start.biases]
        for _ in range(task.epochs):
            order = rng.permutation(len(task.x))
            for i in range(0, len(order), task.batch_size):
                batch = order[i : i + task.batch_size]
                train(weights, biases, task.x[batch], task.y[batch], task.lr)
        _, logits = forward(weights, biases, task.x_test)
        return float((logits.argmax(axis=1) == task.y_test).mean())

    return (run,)


def chain(task):
    a, b = np.float64(task.a), np.float64(task.b)

    def first():
        x = np.float64(task.x)
        for _ in range(task.links):
            x = x * a + b
        return x

    def second(x):
        grad = np.float64(1.0)
        for _ in range(task.links):
            grad = grad * a
        return float(grad)

    return first, second


def elementwise(arrays):
    x, y, z = arrays.x, arrays.y, arrays.z

    def run():
        decay = np.exp(-x)
        factor = x * y
        factor += z
        (factor * decay).sum()
        grad_x = y - factor
        grad_x *= decay
        grad_y = x * decay
        grad_z = decay
        assert grad_y.shape == grad_z.shape
        return float(grad_x.sum())

    return (run,)


def hessian_vector(net):
    """Pearlmutter's R-operator: the derivative of the gradient along a direction of the weights."""
    (w1, w2), (b1, b2), x, n = net.weights, net.biases, net.x, len(net.x)
    v1, v2 = (direction(w) for w in net.weights)

    def run():
        (_, h), logits = forward((w1, w2), (b1, b2), x)
        _, grad_z = cross_entropy(logits, net.labels)
        slope = h * (1 - h)
        grad_h = grad_z @ w2.T
        r_h = slope * (x @ v1)
        r_z = r_h @ w2 + h @ v2
        p = grad_z * n
        p[np.arange(n), net.labels] += 1
        r_grad_z = p * (r_z - (p * r_z).sum(axis=1, keepdims=True)) / n
        r_w2 = r_h.T @ grad_z + h.T @ r_grad_z
        r_grad_h = r_grad_z @ w2.T + grad_z @ v2.T
        r_grad = r_grad_h * slope + grad_h * r_h * (1 - 2 * h)
        r_w1 = x.T @ r_grad
        return float(abs(r_w1).sum() + abs(r_w2).sum())

    return (run,)


def direction(w):
    """The direction along which all peers take the Hessian."""
    return np.cos(np.arange(w.size, dtype=w.dtype)).reshape(w.shape)


def gradient_check(net):
    """Central differences of every weight and bias, beside the gradient by hand."""
    parameters = [*net.weights, *net.biases]
    step = 1e-5

    def loss():
        _, logits = forward(net.weights, net.biases, net.x)
        return cross_entropy(logits, net.labels)[0]

    def run():
        inputs, logits = forward(net.weights, net.biases, net.x)
        _, grad = cross_entropy(logits, net.labels)
        found = gradients(net.weights, inputs, grad)[::-1]
        grads = [weight for weight, _ in found] + [bias for _, bias in found]
        right = True
        for parameter, by_hand in zip(parameters, grads, strict=True):
            for index in np.ndindex(parameter.shape):
                value = parameter[index]
                parameter[index] = value + step
                above = loss()
                parameter[index] = value - step
                below = loss()
                parameter[index] = value
                right &= abs((above - below) / (2 * step) - by_hand[index]) < 1e-7
        return float(right)

    return (run,)


def import_time(_):
    return seconds_of("numpy")
