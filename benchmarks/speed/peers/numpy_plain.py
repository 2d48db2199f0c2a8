"""NumPy alone, as a textbook writes it: formulas as they stand, nothing in place but the update."""

import numpy as np

PACKAGE = "numpy"
CANNOT: dict[str, str] = {}


def step(net):
    weights, biases, x, labels, lr = net.weights, net.biases, net.x, net.labels, net.lr
    n = len(x)
    rows = np.arange(n)

    def run():
        activations = [x]
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            activations.append(1 / (1 + np.exp(-(activations[-1] @ weight + bias))))
        logits = activations[-1] @ weights[-1] + biases[-1]
        logits -= logits.max(axis=1, keepdims=True)
        p = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, labels]).mean()
        p[rows, labels] -= 1
        p /= n
        grad = p
        for layer in reversed(range(len(weights))):
            grad_weight = activations[layer].T @ grad
            grad_bias = grad.sum(axis=0)
            if layer:
                h = activations[layer]
                grad = (grad @ weights[layer].T) * h * (1 - h)
            weights[layer] -= lr * grad_weight
            biases[layer] -= lr * grad_bias
        return float(loss)

    return (run,)
