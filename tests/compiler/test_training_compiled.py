"""Training, compiled: losses, weights, gradients and optimizer states equal those step by step."""

from itertools import product

import numpy as np
import pytest
from comparing import assert_close, assert_same_states, assert_same_tensors
from loss_cases import PER_SAMPLE

import minigrad as mg
from minigrad.errors import DomainError, NonFiniteError
from minigrad.nn import Dropout, Linear, Sequential, mlp
from minigrad.optim import SGD, Adam, AdamW, clip_grad_norm, clip_grad_value

OPTIMIZERS = {
    "sgd": lambda p: SGD(p, lr=0.1),
    "decay": lambda p: SGD(p, lr=0.1, weight_decay=0.01),
    "momentum": lambda p: SGD(p, lr=0.05, momentum=0.9, dampening=0.1),
    "nesterov": lambda p: SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "adam": lambda p: Adam(p, lr=0.01),
    "adam, decay": lambda p: Adam(p, lr=0.01, weight_decay=0.1),
    "adamw": lambda p: AdamW(p, lr=0.01),
}


def batches(dtype, count, seed=0):
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(6, 4)).astype(dtype), rng.integers(0, 3, 6)) for _ in range(count)]


def step_of(model, loss, optimizer):
    def step(x, y):
        value = loss(model(x), y)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value

    return step


@pytest.mark.parametrize(
    ("name", "backend"), [*((name, "numpy") for name in OPTIMIZERS), ("adamw", "numba")]
)
def test_a_hundred_steps_of_every_optimizer(name, backend):
    models = [mlp([4, 7, 3], activation="tanh", rng=1) for _ in range(2)]
    optimizers = [OPTIMIZERS[name](model.parameters()) for model in models]
    ours = mg.compile(models[0], mg.softmax_cross_entropy, optimizers[0], backend=backend)
    eager = step_of(models[1], mg.softmax_cross_entropy, optimizers[1])
    for number, (x, y) in enumerate(batches(np.float64, 100)):
        for optimizer in optimizers:
            optimizer.lr = 0.1 / (1 + 0.01 * number)
        loss = ours(x, y)
        assert type(loss) is float
        assert_close(np.float64(loss), eager(x, y).data[()])
    assert_same_tensors(models[0].parameters(), models[1].parameters())
    assert_same_states(*optimizers)
    assert len(ours.variants) == 1


@pytest.mark.parametrize(
    ("activation", "dtype", "backend"),
    [
        *product(["sigmoid", "relu", "tanh"], [np.float32, np.float64], ["numpy"]),
        ("sigmoid", np.float32, "numba"),
        ("tanh", np.float64, "numba"),
    ],
)
def test_networks_in_both_precisions(activation, dtype, backend):
    models = [mlp([4, 5, 3], activation=activation, rng=2, dtype=dtype) for _ in range(2)]
    optimizers = [SGD(model.parameters(), lr=0.2) for model in models]

    def loss(y, t):
        return mg.mean_squared_error(mg.softmax(y), np.eye(3, dtype=dtype)[t])

    def loss_of_rows(y, t):
        return mg.mean_squared_error(mg.softmax(y), t)

    ours = mg.compile(models[0], loss_of_rows, optimizers[0], backend=backend)
    eager = step_of(models[1], loss, optimizers[1])
    for x, y in batches(dtype, 100):
        ours(x, np.eye(3, dtype=dtype)[y])
        eager(x, y)
    assert_same_tensors(models[0].parameters(), models[1].parameters())


@pytest.mark.parametrize(
    ("name", "reduction", "backend"),
    [
        *product(PER_SAMPLE, ["mean", "sum", "none"], ["numpy"]),
        *((name, "none", "numba") for name in PER_SAMPLE if "," not in name),
    ],
)
def test_every_loss(name, reduction, backend):
    function, y, t, _ = PER_SAMPLE[name]
    options = {} if function in (mg.sum_squared_error, mg.mean_squared_error) else {"base": 2.0}

    def loss_and_gradient(y, t):
        tensor = mg.Tensor(y, requires_grad=True)
        loss = function(tensor, t, reduction=reduction, **options)
        loss.backward(np.arange(1.0, loss.size + 1).reshape(loss.shape))
        return loss, tensor.grad

    compiled = mg.compile(loss_and_gradient, backend=backend)
    for _ in range(3):
        found = compiled(y, t)
    for here, there in zip(found, loss_and_gradient(y, t), strict=True):
        assert_close(here, there)


def test_information_measures(backend):
    p = np.array([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]])

    def measures(p, q):
        return mg.entropy(p), mg.kl_divergence(p, q, base=2), mg.information_content(p)

    compiled = mg.compile(measures, backend=backend)
    for here, there in zip(compiled(p, p[::-1]), measures(p, p[::-1]), strict=True):
        assert_close(here, there)
    with pytest.raises(DomainError, match="not to 1"):
        compiled(p, p * 0.9)


def test_dropout_draws_the_masks_that_eager_draws(backend):
    models = [
        Sequential(Linear(4, 8, rng=0), Dropout(0.4, rng=5), Linear(8, 3, rng=1)) for _ in "ab"
    ]
    optimizers = [SGD(model.parameters(), lr=0.1) for model in models]
    ours = mg.compile(models[0], mg.softmax_cross_entropy, optimizers[0], backend=backend)
    eager = step_of(models[1], mg.softmax_cross_entropy, optimizers[1])
    for x, y in batches(np.float64, 6):
        ours(x, y)
        eager(x, y)
        states = [model[1].rng.bit_generator.state for model in models]
        assert states[0] == states[1]
    assert_same_tensors(models[0].parameters(), models[1].parameters())
    with pytest.raises(DomainError):
        ours(x, y + 5)
    assert models[0][1].rng.bit_generator.state == states[1]


def test_accumulated_gradients(backend):
    w = [mg.Tensor([1.0, 2.0], requires_grad=True) for _ in range(2)]

    def backward_of(w):
        def backward(x):
            (w * w * x).sum().backward()

        return backward

    ours, eager = mg.compile(backward_of(w[0]), backend=backend), backward_of(w[1])
    for number in range(8):
        if number == 5:
            w[0].grad = w[1].grad = None
        ours(np.array([1.0, number]))
        eager(np.array([1.0, number]))
        assert_same_tensors(w[:1], w[1:])


def test_shared_frozen_scalar_and_empty_parameters(backend):
    def build():
        shared = mg.Tensor([[0.5, -1.0], [2.0, 0.1]], requires_grad=True)
        frozen = mg.Tensor([[1.0, 2.0]])
        scale = mg.Tensor(0.7, requires_grad=True)
        empty = mg.Tensor(np.zeros((0, 2)), requires_grad=True)
        tensors = [shared, frozen, scale, empty]
        optimizers = [SGD([shared, frozen], lr=0.1), Adam([scale, empty], lr=0.01)]

        def step(x):
            h = mg.tanh(x @ shared) @ shared * scale + frozen
            loss = h.mean() + (empty * 2).sum()
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
            return loss, h

        return tensors, step

    (ours, step), (theirs, eager) = build(), build()
    compiled = mg.compile(step, backend=backend)
    x = np.random.default_rng(0).normal(size=(3, 2))
    for _ in range(5):
        for here, there in zip(compiled(x), eager(x), strict=True):
            assert_close(here.data, there.data)
    assert_same_tensors(ours, theirs)


def test_hessian_vector_product(backend):
    w = mg.Tensor([0.3, -0.7, 1.1], requires_grad=True)

    def product(v):
        slope = mg.grad((mg.sin(w) * w * w).sum(), w, create_graph=True)
        return mg.grad((slope * v).sum(), w)

    compiled = mg.compile(product, backend=backend)
    v = np.array([1.0, 0.5, -2.0])
    for _ in range(3):
        found = compiled(v)
    x = w.data
    assert_close(found.data, (2 * np.sin(x) + 4 * x * np.cos(x) - x * x * np.sin(x)) * v)


def test_backward_with_a_gradient(backend):
    w = mg.Tensor([1.0, -2.0], requires_grad=True)

    def step(gradient):
        w.grad = None
        (w * w).backward(gradient)

    compiled = mg.compile(step, backend=backend)
    for number in range(4):
        compiled(np.array([number, 1.0]))
        assert_close(w.grad, 2 * w.data * np.array([number, 1.0]))


@pytest.mark.parametrize(
    ("max_norm", "backend"), [(1e-3, "numpy"), (1e3, "numpy"), (1e-3, "numba")]
)
def test_clipping(max_norm, backend):
    def build():
        model = mlp([4, 5, 3], rng=0, dtype=np.float32)
        optimizer = SGD(model.parameters(), lr=0.5)

        def step(x, y):
            loss = mg.softmax_cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            norm = clip_grad_norm(model.parameters(), max_norm)
            clip_grad_value(model.parameters(), 1e-4)
            optimizer.step()
            return norm

        return model, step

    (ours, step), (theirs, eager) = build(), build()
    compiled = mg.compile(step, backend=backend)
    for x, y in batches(np.float32, 5):
        assert_close(np.float32(compiled(x, y)), np.float32(eager(x, y)))
    assert_same_tensors(ours.parameters(), theirs.parameters())


def test_a_clipped_nan_raises_and_changes_nothing(backend):
    w = mg.Tensor([1.0, 2.0], requires_grad=True)
    optimizer = SGD([w], lr=0.1)

    def step(x):
        optimizer.zero_grad()
        (w * x).sum().backward()
        clip_grad_norm([w], 1.0)
        optimizer.step()

    compiled = mg.compile(step, backend=backend)
    for _ in range(3):
        compiled(np.ones(2))
    before = w.data.copy(), w.grad.copy()
    with pytest.raises(NonFiniteError, match="clip_grad_norm"):
        compiled(np.array([np.nan, 1.0]))
    np.testing.assert_array_equal(w.data, before[0])
    np.testing.assert_array_equal(w.grad, before[1])


def test_gradients_share_no_memory_and_may_be_written_to(backend):
    a, b = (mg.Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))

    def step(x):
        a.grad = b.grad = None
        ((a + b) * x).sum().backward()

    compiled = mg.compile(step, backend=backend)
    for _ in range(4):
        compiled(np.array([3.0, 4.0]))
        assert_close(a.grad, np.array([3.0, 4.0]))
        assert_close(b.grad, np.array([3.0, 4.0]))
        a.grad *= 0
        assert_close(b.grad, np.array([3.0, 4.0]))
