"""Training put together at random, and what users do between its steps: as it is step by step."""

import random

import numpy as np
import pytest
from comparing import assert_close, assert_same_states, assert_same_tensors

import minigrad as mg
from minigrad import nn, optim

LOSSES = {
    "softmax": (mg.softmax_cross_entropy, "classes"),
    "probabilities": (lambda y, t: mg.cross_entropy(mg.softmax(y), t), "classes"),
    "summed": (lambda y, t: mg.softmax_cross_entropy(y, t, reduction="sum"), "distributions"),
    "sigmoid": (mg.sigmoid_cross_entropy, "bits"),
    "squares": (mg.mean_squared_error, "numbers"),
}
OPTIMIZERS = {
    "sgd": lambda p: [optim.SGD(p, lr=0.1, weight_decay=0.01)],
    "momentum": lambda p: [optim.SGD(p, lr=0.1, momentum=0.9)],
    "nesterov": lambda p: [optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True)],
    "adam": lambda p: [optim.Adam(p, lr=0.01)],
    "adamw": lambda p: [optim.AdamW(p, lr=0.01)],
    "two": lambda p: [optim.SGD(p[:2], lr=0.1, momentum=0.5), optim.Adam(p[1:], lr=0.01)],
}
CHANGES = (
    *("mode", "rate", "momentum", "load", "assign", "in place", "freeze", "no gradients"),
    *("ones for gradients", "step by step", "short", "one", "other order"),
)


class Training:
    """One of the two: ``step`` is compiled in one of them."""

    def __init__(self, seed, backend):
        choice = random.Random(seed)
        self.dtype = choice.choice([np.float32, np.float64])
        self.loss, self.targets = LOSSES[choice.choice(list(LOSSES))]
        layers = [nn.Linear(4, 5, rng=seed, dtype=self.dtype), choice.choice([nn.Tanh, nn.GELU])()]
        if choice.random() < 0.4:
            layers.append(nn.Dropout(0.3, rng=1))
        if choice.random() < 0.4:
            layers += [nn.Linear(5, 5, rng=2, dtype=self.dtype), nn.Sigmoid()] * 2  # shared
        self.model = nn.Sequential(*layers, nn.Linear(5, 3, rng=3, dtype=self.dtype))
        parameters = list(self.model.parameters())
        if choice.random() < 0.3:
            parameters[0].requires_grad = False
        build = OPTIMIZERS[choice.choice(list(OPTIMIZERS))]
        self.optimizers = build([p for p in parameters if p.requires_grad])
        self.schedules = [optim.StepLR(o, 3) for o in self.optimizers if choice.random() < 0.5]
        self.clip = choice.choice([None, optim.clip_grad_norm, optim.clip_grad_value])
        self.resets = choice.random() < 0.7
        self.saved = self.model.state_dict(), [o.state_dict() for o in self.optimizers]
        self.step = self.eager if backend is None else mg.compile(self.eager, backend=backend)
        self.changes = [choice.choice(CHANGES) if choice.random() < 0.6 else "" for _ in range(12)]

    def eager(self, x, t):
        loss = self.loss(self.model(x), t)
        if self.resets:
            for optimizer in self.optimizers:
                optimizer.zero_grad()
        loss.backward()
        norm = None
        if self.clip is not None:
            parameters = [p for o in self.optimizers for p in o.parameters if p.grad is not None]
            norm = self.clip(dict.fromkeys(parameters), 0.2)
        for optimizer in self.optimizers:
            optimizer.step()
        return loss, norm

    def batch(self, rng, n):
        x = rng.normal(size=(n, 4)).astype(self.dtype)
        match self.targets:
            case "classes":
                return x, rng.integers(0, 3, n)
            case "bits":
                return x, rng.integers(0, 2, (n, 3)).astype(self.dtype)
            case "distributions":
                weights = rng.uniform(0.1, 1, size=(n, 3))
                return x, (weights / weights.sum(1, keepdims=True)).astype(self.dtype)
        return x, rng.normal(size=(n, 3)).astype(self.dtype)

    def run(self, number):
        """One step, after the change that is due."""
        change, parameters = self.changes[number], list(self.model.parameters())
        first, last, optimizer = parameters[0], parameters[-1], self.optimizers[0]
        step, n = self.step, 6
        match change:
            case "mode":
                self.model.eval() if self.model.training else self.model.train()
            case "rate":
                optimizer.lr *= 0.5
            case "momentum" if hasattr(optimizer, "momentum"):
                optimizer.momentum = 0.3 if optimizer.momentum != 0.3 else 0.7
            case "load":
                self.model.load_state_dict(self.saved[0])
                for one, state in zip(self.optimizers, self.saved[1], strict=True):
                    one.load_state_dict(state)
            case "assign":
                first.data = first.data * self.dtype(1.1)
                first.mark_changed()
            case "in place":
                last.data[...] *= 0.9
                last.mark_changed()
            case "freeze":
                last.requires_grad = not last.requires_grad
            case "no gradients":
                self.model.zero_grad()
            case "ones for gradients":
                for p in parameters:
                    p.grad = np.ones_like(p.data)
            case "step by step":
                step = self.eager
            case "short":
                n = 3
            case "one":
                n = 1
        x, t = self.batch(np.random.default_rng(number), n)
        loss, norm = step(np.asfortranarray(x) if change == "other order" else x, t)
        for schedule in self.schedules:
            schedule.step()
        return np.array(loss.data), norm


@pytest.mark.parametrize("seed", range(70, 94))
def test_with_numpy(seed):
    agree(seed, "numpy")


@pytest.mark.parametrize("seed", [1, 7])
def test_with_numba(seed):
    agree(seed, "numba")


def agree(seed, backend):
    ours, theirs = Training(seed, backend), Training(seed, None)
    for number in range(len(ours.changes)):
        (loss, norm), (expected, expected_norm) = ours.run(number), theirs.run(number)
        assert_close(loss, expected)
        assert (norm is None) is (expected_norm is None)
        if norm is not None:
            assert norm == pytest.approx(expected_norm, rel=1e-4)
        assert_same_tensors(ours.model.parameters(), theirs.model.parameters())
        for here, there in zip(ours.optimizers, theirs.optimizers, strict=True):
            assert_same_states(here, there)
