"""Adam and AdamW against closed forms worked out by hand."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError, DTypeError
from minigrad.optim import Adam, AdamW


def parameter(values, dtype=np.float64):
    return mg.Tensor(np.array(values, dtype), requires_grad=True)


@pytest.mark.parametrize("optimizer_class", [Adam, AdamW])
def test_constant_gradient_moves_by_lr_each_step_whatever_its_size(optimizer_class):
    # Corrected for their zero start, both moments are g and g² from the first step on.
    w = parameter([0.0, 0.0, 0.0])
    w.grad = np.array([1e3, -1e-3, 5.0])
    optimizer = optimizer_class([w], lr=0.01, eps=1e-300, weight_decay=0.0)
    for _ in range(30):
        optimizer.step()
    np.testing.assert_allclose(w.data, [-0.3, 0.3, -0.3], rtol=1e-12)


def test_two_steps_by_hand():
    # β₁ = 1/2, β₂ = 3/4, gradients 1 and 3, ε = 1.
    # t = 1: m = 1/2, v = 1/4; corrected 1 and 1; step 1/(1 + 1).
    # t = 2: m = 1/4 + 3/2 = 7/4, v = 3/16 + 9/4 = 39/16; corrected by 3/4 and 7/16.
    w = parameter([0.0])
    optimizer = Adam([w], lr=1.0, betas=(0.5, 0.75), eps=1.0)
    w.grad = np.array([1.0])
    optimizer.step()
    assert w.data == [-0.5]
    w.grad = np.array([3.0])
    optimizer.step()
    np.testing.assert_allclose(w.data, [-0.5 - (7 / 3) / (math.sqrt(39 / 7) + 1)], rtol=1e-15)


def test_coupled_weight_decay_is_scaled_like_a_gradient():
    w = parameter([1000.0, 0.001])
    w.grad = np.zeros(2)
    Adam([w], lr=0.1, weight_decay=0.5, eps=1e-300).step()
    np.testing.assert_allclose(w.data, [999.9, 0.001 - 0.1], rtol=1e-12)


def test_decoupled_weight_decay_shrinks_every_entry_at_the_same_rate():
    w = parameter([1000.0, 0.001])
    w.grad = np.zeros(2)
    optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
    optimizer.step()
    optimizer.step()
    np.testing.assert_allclose(w.data, [902.5, 0.0009025], rtol=1e-14)


def test_adamw_decays_before_it_steps():
    w = parameter([2.0])
    w.grad = np.array([7.0])
    AdamW([w], lr=0.1, weight_decay=0.5, eps=1e-300).step()
    np.testing.assert_allclose(w.data, [2.0 * 0.95 - 0.1], rtol=1e-14)


def test_each_parameter_counts_its_own_steps():
    early, late = parameter([0.0]), parameter([0.0])
    optimizer = Adam([early, late], lr=0.1, eps=1e-300)
    early.grad = np.array([1.0])
    optimizer.step()
    late.grad = np.array([1.0])
    optimizer.step()
    np.testing.assert_allclose(late.data, [-0.1], rtol=1e-14)
    assert [state["steps"] for state in optimizer.state] == [2, 1]


@pytest.mark.parametrize("optimizer_class", [Adam, AdamW])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_float32_stays_float32_and_the_gradient_is_only_read(optimizer_class, shape):
    w = parameter(np.ones(shape), np.float32)
    array = w.data
    grad = w.grad = np.full(shape, 2.0, np.float32)
    optimizer = optimizer_class([w], lr=np.float64(0.1), weight_decay=0.1)
    optimizer.step()
    optimizer.step()
    assert w.data is array
    assert w.grad is grad
    assert (grad == 2).all()
    assert w.data.dtype == np.float32
    for slot in ("mean", "square"):
        value = optimizer.state[0][slot]
        assert (value.dtype, value.shape) == (np.float32, shape)
        assert not np.shares_memory(value, grad)


def test_defaults_are_those_of_pytorch():
    w = parameter([1.0])
    assert repr(Adam([w])) == "Adam(lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.0)"
    assert repr(AdamW([w])) == "AdamW(lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01)"


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"lr": -1.0}, DomainError, r"AdamW: lr is -1.0"),
        ({"betas": (1.0, 0.9)}, DomainError, r"AdamW: betas\[0\] is 1.0; it must be in \[0, 1\)"),
        ({"betas": (0.9, -0.1)}, DomainError, r"AdamW: betas\[1\] is -0.1"),
        ({"betas": (0.9, "x")}, DTypeError, r"AdamW: betas\[1\] is 'x' \(str\), not a number"),
        ({"betas": 0.9}, DTypeError, r"AdamW: betas is 0.9; it must be a pair of numbers"),
        ({"betas": (0.9,)}, DTypeError, r"AdamW: betas is \(0.9,\)"),
        ({"eps": 0.0}, DomainError, r"AdamW: eps is 0.0; it must be a finite number > 0"),
        ({"weight_decay": -0.1}, DomainError, r"AdamW: weight_decay is -0.1"),
    ],
)
def test_wrong_hyperparameters(settings, error, message):
    w = parameter([1.0])
    with pytest.raises(error, match=message):
        AdamW([w], **settings)
    optimizer = AdamW([w])
    ((name, value),) = settings.items()
    with pytest.raises(error, match=message):
        setattr(optimizer, name, value)
