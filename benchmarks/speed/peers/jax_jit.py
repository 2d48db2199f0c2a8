"""JAX, with each whole step compiled by ``jax.jit``."""

import jax
import jax.numpy as jnp
import numpy as np

from speed.peers.importing import seconds_of
from speed.peers.numpy_by_hand import direction

PACKAGE = "jax"
CANNOT = {
    "backward": "a compiled step has no backward of its own",
    "chain": "loops are compiled, no op is called by itself",
    "stepping": "no stepping through a backward pass",
}

jax.config.update("jax_platforms", "cpu")


def loss_of(parameters, x, labels):
    *hidden, (weight, bias) = parameters
    for hidden_weight, hidden_bias in hidden:
        x = jax.nn.sigmoid(x @ hidden_weight + hidden_bias)
    log_p = jax.nn.log_softmax(x @ weight + bias)
    return -jnp.take_along_axis(log_p, labels[:, None], axis=1).mean()


def parameters_of(net):
    pairs = zip(net.weights, net.biases, strict=True)
    return [(jnp.asarray(weight), jnp.asarray(bias)) for weight, bias in pairs]


def update_with(lr):
    def update(parameters, x, labels):
        loss, grads = jax.value_and_grad(loss_of)(parameters, x, labels)
        return loss, jax.tree.map(lambda p, g: p - lr * g, parameters, grads)

    return jax.jit(update, donate_argnums=0)


def step(net):
    parameters = parameters_of(net)
    update = update_with(net.lr)
    x, labels = jnp.asarray(net.x), jnp.asarray(net.labels)

    def run():
        nonlocal parameters
        loss, parameters = update(parameters, x, labels)
        return float(loss)

    return (run,)


def epoch(net):
    """All batches in one compiled program, by ``lax.scan``."""
    parameters = parameters_of(net.start)
    x, y = jnp.asarray(net.x), jnp.asarray(net.y)
    batches = jnp.asarray(np.stack(net.batches))

    def update(parameters, batch):
        loss, grads = jax.value_and_grad(loss_of)(parameters, x[batch], y[batch])
        return jax.tree.map(lambda p, g: p - net.lr * g, parameters, grads), loss

    scan = jax.jit(
        lambda parameters, batches: jax.lax.scan(update, parameters, batches), donate_argnums=0
    )

    def run():
        nonlocal parameters
        parameters, losses = scan(parameters, batches)
        return float(losses[-1])

    return (run,)


def fit(task):
    update = update_with(task.lr)

    def run():
        rng = np.random.default_rng(0)
        parameters = parameters_of(task.start)
        for _ in range(task.epochs):
            order = rng.permutation(len(task.x))
            for i in range(0, len(order), task.batch_size):
                batch = order[i : i + task.batch_size]
                _, parameters = update(parameters, task.x[batch], task.y[batch])
        (w1, b1), (w2, b2) = parameters
        logits = jax.nn.sigmoid(task.x_test @ w1 + b1) @ w2 + b2
        return float((logits.argmax(axis=1) == task.y_test).mean())

    return (run,)


def elementwise(arrays):
    values = [jnp.asarray(v) for v in (arrays.x, arrays.y, arrays.z)]
    grads_of = jax.jit(
        jax.grad(lambda x, y, z: ((x * y + z) * jnp.exp(-x)).sum(), argnums=(0, 1, 2))
    )

    def run():
        grads = jax.block_until_ready(grads_of(*values))
        return float(grads[0].sum())

    return (run,)


def hessian_vector(net):
    biases = [jnp.asarray(bias) for bias in net.biases]
    x, labels = jnp.asarray(net.x), jnp.asarray(net.labels)
    weights = [jnp.asarray(weight) for weight in net.weights]
    directions = [jnp.asarray(direction(weight)) for weight in net.weights]

    def gradient(weights):
        return jax.grad(lambda ws: loss_of(list(zip(ws, biases, strict=True)), x, labels))(weights)

    product = jax.jit(lambda weights, along: jax.jvp(gradient, (weights,), (along,))[1])

    def run():
        return float(sum(jnp.abs(p).sum() for p in product(weights, directions)))

    return (run,)


def gradient_check(net):
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)
    parameters = parameters_of(net)
    x, labels = jnp.asarray(net.x), jnp.asarray(net.labels)

    def run():
        check_grads(lambda p: loss_of(p, x, labels), (parameters,), order=1, modes=["rev"])
        return 1.0

    return (run,)


def import_time(_):
    return seconds_of("jax")
