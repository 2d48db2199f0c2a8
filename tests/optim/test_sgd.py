"""SGD against closed forms worked out by hand."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError, DTypeError, GraphError
from minigrad.optim import SGD


def parameter(values, dtype=np.float64, name=None):
    return mg.Tensor(np.array(values, dtype), requires_grad=True, name=name)


def steps_with_gradient(optimizer, w, grads):
    """The values after each step under the gradients given."""
    trajectory = []
    for grad in grads:
        w.grad = np.full_like(w.data, grad)
        optimizer.step()
        trajectory.append(w.data.tolist())
    return trajectory


def test_quadratic_shrinks_by_one_minus_two_lr():
    # loss = w², so w ← w − lr · 2w = (1 − 2 lr) w, and after n steps (1 − 2 lr)ⁿ w₀.
    w = parameter([3.0, -5.0])
    optimizer = SGD([w], lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        (w * w).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(w.data, 0.8**20 * np.array([3.0, -5.0]), rtol=1e-14)


def test_momentum_under_a_constant_gradient():
    # v = 1, 1.5, 1.75; w falls by lr·v each time.
    w = parameter([0.0])
    optimizer = SGD([w], lr=1.0, momentum=0.5)
    assert steps_with_gradient(optimizer, w, [1, 1, 1]) == [[-1.0], [-2.5], [-4.25]]


def test_velocity_approaches_the_gradient_over_one_minus_momentum():
    w = parameter([0.0])
    optimizer = SGD([w], lr=1.0, momentum=0.9)
    steps_with_gradient(optimizer, w, [2.0] * 400)
    np.testing.assert_allclose(optimizer.state[0]["velocity"], [20.0], rtol=1e-14)


def test_dampening_spares_the_first_step():
    # v = 1, then 0.5·1 + 0.25·1 = 0.75, then 0.375 + 0.25 = 0.625.
    w = parameter([0.0])
    optimizer = SGD([w], lr=1.0, momentum=0.5, dampening=0.75)
    assert steps_with_gradient(optimizer, w, [1, 1, 1]) == [[-1.0], [-1.75], [-2.375]]


def test_nesterov_looks_ahead():
    # v = 1, 1.5; the step is g + 0.5 v = 1.5, 1.75.
    w = parameter([0.0])
    optimizer = SGD([w], lr=1.0, momentum=0.5, nesterov=True)
    assert steps_with_gradient(optimizer, w, [1, 1]) == [[-1.5], [-3.25]]


def test_weight_decay_shrinks_geometrically():
    w = parameter([2.0])
    optimizer = SGD([w], lr=0.5, weight_decay=0.5)
    assert steps_with_gradient(optimizer, w, [0, 0]) == [[1.5], [1.125]]


def test_learning_rate_and_momentum_may_be_assigned_between_steps():
    w = parameter([0.0])
    optimizer = SGD([w], lr=1.0)
    steps_with_gradient(optimizer, w, [1])
    optimizer.lr = 10
    steps_with_gradient(optimizer, w, [1])
    assert w.data == [-11.0]
    optimizer.momentum = 0.5
    assert steps_with_gradient(optimizer, w, [1, 1]) == [[-21.0], [-36.0]]


def test_velocity_rests_while_momentum_is_zero():
    w = parameter([0.0])
    optimizer = SGD([w], lr=1.0, momentum=0.5)
    steps_with_gradient(optimizer, w, [4])
    optimizer.momentum = 0.0
    steps_with_gradient(optimizer, w, [1])
    optimizer.momentum = 0.5
    assert steps_with_gradient(optimizer, w, [1]) == [[-4.0 - 1.0 - 3.0]]


@pytest.mark.parametrize("lr", [0.1, np.float64(0.1), np.float32(0.1)])
@pytest.mark.parametrize(
    "settings",
    [{}, {"momentum": 0.9, "nesterov": True}, {"momentum": 0.9, "dampening": 0.1}],
    ids=["plain", "nesterov", "dampening"],
)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_float32_stays_float32(lr, settings, shape):
    w = parameter(np.ones(shape), np.float32)
    array = w.data
    optimizer = SGD([w], lr=lr, weight_decay=np.float64(0.1), **settings)
    steps_with_gradient(optimizer, w, [1, 1])
    assert w.data is array
    assert w.data.dtype == np.float32
    for value in optimizer.state[0].values():
        assert isinstance(value, int) or (value.dtype, value.shape) == (np.float32, shape)


def test_a_single_number_as_parameter():
    w = parameter(0.0)
    optimizer = SGD([w], lr=1.0, momentum=0.5)
    assert steps_with_gradient(optimizer, w, [1, 1, 1]) == [-1.0, -2.5, -4.25]


def test_velocity_does_not_share_memory_with_the_gradient():
    w = parameter([0.0, 0.0])
    w.grad = np.array([1.0, 2.0])
    optimizer = SGD([w], lr=1.0, momentum=0.9)
    for _ in range(3):
        optimizer.step()
    assert w.grad.tolist() == [1.0, 2.0]
    assert not np.shares_memory(w.grad, optimizer.state[0]["velocity"])


def test_backward_through_the_graph_of_the_old_values_is_an_error():
    w = parameter([1.0, 2.0], name="w")
    loss = (w * w).sum()
    loss.backward()
    SGD([w], lr=0.1).step()
    with pytest.raises(GraphError, match="'w' requires_grad has changed since"):
        loss.backward()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr": -0.1}, r"SGD: lr is -0.1; it must be a finite number >= 0"),
        ({"lr": float("nan")}, r"SGD: lr is nan; it must be a finite number >= 0"),
        ({"lr": float("inf")}, r"SGD: lr is inf"),
        ({"momentum": 1.0}, r"SGD: momentum is 1.0; it must be in \[0, 1\)"),
        ({"momentum": -0.5}, r"SGD: momentum is -0.5"),
        ({"dampening": 1.5}, r"SGD: dampening is 1.5"),
        ({"weight_decay": -1e-4}, r"SGD: weight_decay is -0.0001; it must be a finite number >= 0"),
        ({"nesterov": True}, r"SGD: nesterov=True needs momentum > 0 and dampening = 0, but mom"),
        ({"nesterov": True, "momentum": 0.9, "dampening": 0.1}, r"dampening 0.1"),
    ],
)
def test_hyperparameters_out_of_range(settings, message):
    w = parameter([1.0])
    with pytest.raises(DomainError, match=message):
        SGD([w], **({"lr": 0.1} | settings))


@pytest.mark.parametrize(("name", "value"), [("lr", -1.0), ("lr", math.nan), ("momentum", 1.0)])
def test_a_wrong_assignment_is_refused_at_once(name, value):
    optimizer = SGD([parameter([1.0])], lr=0.1, momentum=0.5)
    before = repr(optimizer)
    with pytest.raises(DomainError, match=f"SGD: {name} is {value}"):
        setattr(optimizer, name, value)
    assert repr(optimizer) == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr": "0.1"}, r"SGD: lr is '0.1' \(str\), not a number"),
        ({"lr": None}, r"SGD: lr is None \(NoneType\), not a number"),
        ({"lr": True}, r"SGD: lr is True \(bool\), not a number"),
        ({"lr": np.array([0.1, 0.2])}, r"SGD: lr is array\(\[0.1, 0.2\]\) \(ndarray\)"),
        ({"momentum": 1j}, r"SGD: momentum is 1j \(complex\)"),
        ({"nesterov": 1}, r"SGD: nesterov is 1 \(int\), not True or False"),
    ],
)
def test_hyperparameters_of_the_wrong_type(settings, message):
    with pytest.raises(DTypeError, match=message):
        SGD([parameter([1.0])], **({"lr": 0.1} | settings))


def test_repr_shows_the_present_hyperparameters():
    optimizer = SGD([parameter([1.0])], lr=0.5, momentum=0.9, nesterov=True)
    optimizer.lr = 0.1
    assert repr(optimizer) == (
        "SGD(lr=0.1, momentum=0.9, dampening=0.0, nesterov=True, weight_decay=0.0)"
    )
