"""tinygrad with its JIT; its CPU backend needs clang or LLVM."""

import numpy as np
from tinygrad import Context, Tensor, TinyJit, nn

from speed.peers.importing import seconds_of

PACKAGE = "tinygrad"
CANNOT = {
    "backward": "a jitted step has no backward of its own",
    "chain": "nothing is computed until the end",
    "hessian_vector": "not measured",
    "gradient_check": "no gradient check",
    "stepping": "no stepping through a backward pass",
}


def step(net):
    pairs = list(zip(net.weights, net.biases, strict=True))
    parameters = [[Tensor(v) for v in pair] for pair in pairs]
    optimizer = nn.optim.SGD([p for pair in parameters for p in pair], lr=net.lr)
    x = Tensor(net.x).is_param_(False)
    labels = Tensor(net.labels.astype(np.int32)).is_param_(False)

    @TinyJit
    def update():
        h = x
        for weight, bias in parameters[:-1]:
            h = (h @ weight + bias).sigmoid()
        weight, bias = parameters[-1]
        loss = (h @ weight + bias).sparse_categorical_crossentropy(labels)
        optimizer.zero_grad()
        loss.backward()
        return loss.realize(*optimizer.schedule_step())

    def run():
        with Context(TRAINING=1):
            return update().item()

    return (run,)


def import_time(_):
    return seconds_of("tinygrad")
