"""PyTorch, eager, with its optimizer."""

import torch

from speed.peers.importing import seconds_of
from speed.peers.numpy_by_hand import direction

PACKAGE = "torch"
CANNOT = {"stepping": "no stepping through a backward pass"}

torch.set_num_threads(1)
torch.set_num_interop_threads(1)


def model_of(net):
    layers = []
    for weight, bias in zip(net.weights, net.biases, strict=True):
        layer = torch.nn.Linear(*weight.shape, dtype=torch.from_numpy(weight).dtype)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weight.T.copy()))
            layer.bias.copy_(torch.from_numpy(bias))
        layers += [layer, torch.nn.Sigmoid()]
    return torch.nn.Sequential(*layers[:-1])


def step(net, compiled=False):
    model = model_of(net)
    forward = torch.compile(model) if compiled else model
    optimizer = torch.optim.SGD(model.parameters(), lr=net.lr)
    loss_of = torch.nn.CrossEntropyLoss()
    x, labels = torch.from_numpy(net.x), torch.from_numpy(net.labels)

    def run():
        loss = loss_of(forward(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return (run,)


def backward(net):
    model = model_of(net)
    x, labels = torch.from_numpy(net.x), torch.from_numpy(net.labels)

    def first():
        model.zero_grad()
        return torch.nn.functional.cross_entropy(model(x), labels)

    def second(loss):
        loss.backward()

    def value(_):
        return next(model.parameters()).grad.abs().sum().item()

    return first, second, value


def fit(task):
    x, y = torch.from_numpy(task.x), torch.from_numpy(task.y)

    def run():
        torch.manual_seed(0)
        model = model_of(task.start)
        optimizer = torch.optim.SGD(model.parameters(), lr=task.lr)
        loss_of = torch.nn.CrossEntropyLoss()
        for _ in range(task.epochs):
            for batch in torch.randperm(len(x)).split(task.batch_size):
                optimizer.zero_grad()
                loss_of(model(x[batch]), y[batch]).backward()
                optimizer.step()
        with torch.no_grad():
            logits = model(torch.from_numpy(task.x_test)).numpy()
        return float((logits.argmax(axis=1) == task.y_test).mean())

    return (run,)


def chain(task):
    x = torch.tensor(task.x, dtype=torch.float64, requires_grad=True)
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
    x, y, z = (torch.tensor(v, requires_grad=True) for v in (arrays.x, arrays.y, arrays.z))

    def run():
        x.grad = y.grad = z.grad = None
        ((x * y + z) * torch.exp(-x)).sum().backward()
        return x.grad.sum().item()

    return (run,)


def hessian_vector(net):
    model = model_of(net)
    x, labels = torch.from_numpy(net.x), torch.from_numpy(net.labels)
    weights = [p for p in model.parameters() if p.ndim == 2]
    directions = [torch.from_numpy(direction(w).T.copy()) for w in net.weights]

    def run():
        loss = torch.nn.functional.cross_entropy(model(x), labels)
        grads = torch.autograd.grad(loss, weights, create_graph=True)
        products = torch.autograd.grad(grads, weights, directions)
        return sum(p.abs().sum() for p in products).item()

    return (run,)


def gradient_check(net):
    x, labels = torch.from_numpy(net.x), torch.from_numpy(net.labels)
    pairs = zip(net.weights, net.biases, strict=True)
    parameters = [torch.tensor(array, requires_grad=True) for pair in pairs for array in pair]

    def loss(w1, b1, w2, b2):
        return torch.nn.functional.cross_entropy(torch.sigmoid(x @ w1 + b1) @ w2 + b2, labels)

    return (lambda: float(torch.autograd.gradcheck(loss, parameters)),)


def import_time(_):
    return seconds_of("torch")
