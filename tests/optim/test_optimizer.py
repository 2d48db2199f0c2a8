"""What every optimizer shares: its parameters, their gradients, and its state."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError, DTypeError, GradientError, GraphError, StateError
from minigrad.optim import SGD, Adam, AdamW, Optimizer

BUILDERS = {
    "plain": lambda parameters: SGD(parameters, lr=0.1),
    "momentum": lambda parameters: SGD(
        parameters, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01
    ),
    "adam": lambda parameters: Adam(parameters, lr=0.01, betas=(0.8, 0.99)),
    "adamw": lambda parameters: AdamW(parameters, lr=0.01),
}


@pytest.fixture(params=BUILDERS.values(), ids=BUILDERS.keys())
def build(request):
    return request.param


def two_parameters(dtype=np.float64):
    w = mg.Tensor(np.arange(6, dtype=dtype).reshape(2, 3), requires_grad=True, name="w")
    b = mg.Tensor(np.ones(3, dtype), requires_grad=True, name="b")
    return w, b


def give_gradients(parameters, rng):
    for p in parameters:
        p.grad = rng.normal(size=p.shape).astype(p.dtype)


def test_parameters_may_be_a_generator(build):
    w, b = two_parameters()
    optimizer = build(p for p in (w, b))
    assert [p.name for p in optimizer.parameters] == ["w", "b"]


def test_a_parameter_without_gradient_is_left_alone(build):
    w, b = two_parameters()
    before = w.data.copy()
    optimizer = build([w, b])
    b.grad = np.ones(3)
    optimizer.step()
    np.testing.assert_array_equal(w.data, before)
    assert optimizer.state[0] == {}
    assert (b.data < 1).all()


def test_a_skipped_parameter_is_not_marked_changed(build):
    w, b = two_parameters()
    optimizer = build([w, b])
    loss = (w * w).sum()
    b.grad = np.ones(3)
    optimizer.step()
    loss.backward()
    np.testing.assert_array_equal(w.grad, 2 * w.data)


def test_zero_grad_sets_none(build):
    w, b = two_parameters()
    optimizer = build([w, b])
    give_gradients([w, b], np.random.default_rng(0))
    optimizer.zero_grad()
    assert w.grad is None
    assert b.grad is None


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ([], DomainError, r"SGD: parameters is empty"),
        (None, DTypeError, r"SGD: parameters is None \(NoneType\); pass an iterable of Tensors"),
        (two_parameters()[0], DTypeError, r"'w' requires_grad \(Tensor\); pass an iterable"),
        ([two_parameters()[0], 3.0], DTypeError, r"parameters\[1\] is a float, not a Tensor: 3.0"),
        ({"w": two_parameters()[0]}, DTypeError, r"parameters\[0\] is a str, not a Tensor: 'w'"),
        (
            [("w", two_parameters()[0])],
            DTypeError,
            r"SGD: parameters\[0\] is a tuple, not a Tensor",
        ),
        ([two_parameters()[0] * 2], GraphError, r"= Multiply.*, the result of an op; only a leaf"),
        (
            [mg.Tensor([1.0], name="c"), mg.Tensor([2.0])],
            GraphError,
            r"SGD: none of the parameters requires a gradient, the first is .* 'c'; build",
        ),
        (
            [mg.Tensor(np.broadcast_to(1.0, (3,)), requires_grad=True)],
            DomainError,
            r"parameters\[0\] is .*, whose array is read-only; build it from a copy",
        ),
    ],
)
def test_wrong_parameters(parameters, error, message):
    with pytest.raises(error, match=message):
        SGD(parameters, lr=0.1)


def test_a_frozen_parameter_is_passed_over():
    w, b = two_parameters()
    b.requires_grad = False
    before = b.data.copy()
    optimizer = SGD([w, b], lr=0.1)
    w.grad = np.ones_like(w.data)
    optimizer.step()
    np.testing.assert_array_equal(b.data, before)


def test_duplicate_parameters():
    w, b = two_parameters()
    with pytest.raises(
        DomainError, match=r"parameters\[2\] is .*'w'.* again, the same Tensor as parameters\[0\]"
    ):
        SGD([w, b, w], lr=0.1)


@pytest.mark.parametrize(
    ("grad", "message"),
    [
        (np.ones(4), r"the gradient of parameters\[1\], .*'b'.*, is of shape \(4,\); it must be"),
        (np.ones((1, 3)), r"of shape \(1, 3\); it must be an ndarray of shape \(3,\)"),
        (np.ones(3, np.float32), r"is of dtype float32; .* shape \(3,\) and dtype float64"),
        ([1.0, 1.0, 1.0], r"is a list, not an ndarray"),
        (mg.Tensor(np.ones(3)), r"is a Tensor, not an ndarray"),
    ],
)
def test_a_wrong_gradient_leaves_everything_as_it_was(build, grad, message):
    w, b = two_parameters()
    optimizer = build([w, b])
    before = w.data.copy()
    w.grad = np.ones((2, 3))
    b.grad = grad
    with pytest.raises(GradientError, match=message):
        optimizer.step()
    np.testing.assert_array_equal(w.data, before)
    assert optimizer.state == [{}, {}]


def test_a_parameter_that_changed_shape_after_the_first_step():
    w, b = two_parameters()
    optimizer = SGD([w, b], lr=0.1, momentum=0.9)
    give_gradients([w, b], np.random.default_rng(0))
    optimizer.step()
    before = w.data.copy()
    b.data = np.ones(1)
    b.grad = np.ones(1)
    with pytest.raises(StateError, match=r"parameters\[1\], .*'b'.*, had shape \(3,\) and dtype"):
        optimizer.step()
    np.testing.assert_array_equal(w.data, before)


def test_the_base_class_asks_for_a_step():
    with pytest.raises(NotImplementedError, match=r"Optimizer has no step\(\)"):
        Optimizer(two_parameters(), lr=0.1).step()
    with pytest.raises(DomainError, match="Optimizer: lr is -1"):
        Optimizer(two_parameters(), lr=-1)


@pytest.mark.parametrize("through_a_file", [False, True])
def test_going_on_from_a_state_gives_the_same_values(build, through_a_file, tmp_path):
    rng = np.random.default_rng(1)
    parameters = two_parameters(np.float32)
    optimizer = build(parameters)
    for _ in range(3):
        give_gradients(parameters, rng)
        optimizer.step()
    optimizer.lr = 0.05

    twins = [mg.Tensor(p.data.copy(), requires_grad=True, name=p.name) for p in parameters]
    resumed = build(twins)
    state = optimizer.state_dict()
    if through_a_file:
        np.savez(tmp_path / "state.npz", **state)
        with np.load(tmp_path / "state.npz") as file:
            resumed.load_state_dict(file)
    else:
        resumed.load_state_dict(state)

    assert repr(resumed) == repr(optimizer)
    for _ in range(3):
        give_gradients(parameters, rng)
        for p, twin in zip(parameters, twins, strict=True):
            twin.grad = p.grad
        optimizer.step()
        resumed.step()
    for p, twin in zip(parameters, twins, strict=True):
        np.testing.assert_array_equal(twin.data, p.data)
    assert twins[0].data.dtype == np.float32


def test_a_state_is_flat_and_a_copy():
    parameters = two_parameters()
    optimizer = Adam(parameters)
    parameters[1].grad = np.ones(3)
    optimizer.step()
    state = optimizer.state_dict()
    assert sorted(state) == [
        "0.steps", "1.mean", "1.square", "1.steps", "betas", "eps", "lr", "weight_decay",
    ]  # fmt: skip
    assert (state["0.steps"], state["1.steps"]) == (0, 1)
    assert all(isinstance(value, (int, float, np.ndarray)) for value in state.values())
    mean = state["1.mean"].copy()
    optimizer.step()
    np.testing.assert_array_equal(state["1.mean"], mean)

    optimizer.load_state_dict(state)
    optimizer.step()
    np.testing.assert_array_equal(state["1.mean"], mean)


def stepped(optimizer):
    give_gradients(optimizer.parameters, np.random.default_rng(2))
    optimizer.step()
    return optimizer


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("lr"), r"SGD.load_state_dict: missing lr\. Nothing was loaded"),
        (lambda s: s.pop("1.velocity"), r"missing 1\.velocity"),
        (lambda s: s.pop("1.steps"), r"missing 1\.steps; unexpected 1\.velocity"),
        (lambda s: s.update({"2.steps": 0}), r"unexpected 2\.steps"),
        (lambda s: s.update({"beta": 1.0}), r"unexpected beta"),
        (
            lambda s: s.update({"1.velocity": np.ones(4)}),
            r"1\.velocity has shape \(4,\) and dtype float64; its parameter has shape \(3,\)",
        ),
        (
            lambda s: s.update({"1.velocity": np.ones(3, np.float32)}),
            r"1\.velocity has shape \(3,\) and dtype float32",
        ),
        (lambda s: s.update({"1.steps": 1.5}), r"1\.steps is 1\.5; it must be an integer >= 0"),
        (lambda s: s.update({"1.steps": -1}), r"1\.steps is -1"),
        (lambda s: s.update({"lr": -3.0}), r"SGD.load_state_dict: SGD: lr is -3\.0"),
        (lambda s: s.update({"lr": np.ones(2)}), r"lr is \(1\.0, 1\.0\) \(tuple\), not a number"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, message):
    optimizer = stepped(SGD(two_parameters(), lr=0.1, momentum=0.5))
    state = stepped(SGD(two_parameters(), lr=0.7, momentum=0.9)).state_dict()
    change(state)
    velocity = optimizer.state[0]["velocity"].copy()
    with pytest.raises(StateError, match=message):
        optimizer.load_state_dict(state)
    assert (optimizer.lr, optimizer.momentum, optimizer.nesterov) == (0.1, 0.5, False)
    np.testing.assert_array_equal(optimizer.state[0]["velocity"], velocity)


def test_a_state_of_another_optimizer():
    with pytest.raises(StateError, match=r"Adam\.load_state_dict: missing betas, eps; unex"):
        Adam(two_parameters()).load_state_dict(SGD(two_parameters(), lr=0.1).state_dict())


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_copies_are_independent(build, duplicate):
    optimizer = stepped(build(two_parameters()))
    twin = duplicate(optimizer)
    assert repr(twin) == repr(optimizer)
    before = optimizer.parameters[0].data.copy()
    stepped(twin)
    np.testing.assert_array_equal(optimizer.parameters[0].data, before)
