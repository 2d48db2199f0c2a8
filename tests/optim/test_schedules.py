"""Learning-rate schedules: closed forms, binding to an optimizer, states, and what is refused."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError, DTypeError, StateError
from minigrad.optim import (
    SGD,
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LinearWarmup,
    Schedule,
    StepLR,
)


def optimizer_with(lr):
    return SGD([mg.Tensor([1.0], requires_grad=True)], lr=lr)


BUILDERS = {
    "constant": ConstantLR,
    "step": lambda optimizer: StepLR(optimizer, 3, 0.5),
    "exponential": lambda optimizer: ExponentialLR(optimizer, 0.9),
    "cosine": lambda optimizer: CosineAnnealingLR(optimizer, 8, eta_min=0.01),
    "warm-up": lambda optimizer: LinearWarmup(optimizer, 4),
    "warm-up, cosine": lambda optimizer: LinearWarmup(
        optimizer, 4, CosineAnnealingLR(optimizer, 8)
    ),
}


@pytest.fixture(params=BUILDERS.values(), ids=BUILDERS.keys())
def build(request):
    return request.param


def values(schedule, count):
    return [schedule.lr_at(step) for step in range(count)]


def test_constant():
    assert values(ConstantLR(optimizer_with(0.3)), 3) == [0.3, 0.3, 0.3]


def test_step():
    schedule = StepLR(optimizer_with(8.0), step_size=3, gamma=0.5)
    assert values(schedule, 8) == [8, 8, 8, 4, 4, 4, 2, 2]


def test_exponential():
    assert values(ExponentialLR(optimizer_with(8.0), gamma=0.5), 5) == [8, 4, 2, 1, 0.5]


def test_cosine():
    schedule = CosineAnnealingLR(optimizer_with(5.0), T_max=6, eta_min=1.0)
    root = math.sqrt(3)
    expected = [5, 3 + root, 4, 3, 2, 3 - root, 1, 3 - root]
    np.testing.assert_allclose(values(schedule, 8), expected, rtol=1e-14)


def test_warm_up_alone():
    schedule = LinearWarmup(optimizer_with(8.0), 4, start_factor=0.0)
    assert values(schedule, 7) == [0, 2, 4, 6, 8, 8, 8]


def test_warm_up_then_another():
    optimizer = optimizer_with(8.0)
    schedule = LinearWarmup(optimizer, 2, ExponentialLR(optimizer, 0.5), start_factor=0.5)
    assert optimizer.lr == 4.0
    assert values(schedule, 6) == [4, 6, 8, 4, 2, 1]


def test_step_sets_the_learning_rate_the_next_update_uses(build):
    optimizer = optimizer_with(0.5)
    schedule = build(optimizer)
    (w,) = optimizer.parameters
    w.grad = np.ones(1)
    for step in range(15):
        assert optimizer.lr == schedule.lr_at(step)
        before = w.data.copy()
        optimizer.step()
        assert w.data == before - schedule.lr_at(step)
        schedule.step()


def test_lr_at_changes_nothing(build):
    optimizer = optimizer_with(0.5)
    schedule = build(optimizer)
    before = (optimizer.lr, repr(schedule))
    assert values(schedule, 20) == values(schedule, 20)
    assert (optimizer.lr, repr(schedule)) == before


def test_a_learning_rate_set_by_hand_holds_until_the_next_step():
    optimizer = optimizer_with(8.0)
    schedule = ExponentialLR(optimizer, 0.5)
    optimizer.lr = 100.0
    schedule.step()
    assert optimizer.lr == 4.0
    schedule.base_lr = 80.0
    schedule.step()
    assert optimizer.lr == 20.0


def test_a_schedule_of_ones_own():
    class Halved(Schedule):
        def lr_at(self, step):
            return self.base_lr / 2

    optimizer = optimizer_with(1.0)
    assert repr(Halved(optimizer)) == "Halved(base_lr=1.0, steps=0)"
    assert optimizer.lr == 0.5
    with pytest.raises(NotImplementedError, match=r"Schedule has no lr_at\(\)"):
        Schedule(optimizer)


@pytest.mark.parametrize("through_a_file", [False, True])
def test_going_on_from_a_state(build, through_a_file, tmp_path):
    schedule = build(optimizer_with(0.5))
    for _ in range(6):
        schedule.step()
    state = schedule.state_dict()
    if through_a_file:
        np.savez(tmp_path / "state.npz", **state)
        with np.load(tmp_path / "state.npz") as file:
            state = dict(file)
    optimizer = optimizer_with(123.0)
    resumed = build(optimizer)
    resumed.load_state_dict(state)
    assert optimizer.lr == schedule.lr_at(6)
    assert repr(resumed) == repr(schedule)
    resumed.step()
    assert optimizer.lr == schedule.lr_at(7)
    assert values(resumed, 20) == values(schedule, 20)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("steps"), r"LinearWarmup.load_state_dict: missing steps\. Nothing was"),
        (lambda s: s.pop("then.gamma"), r"ExponentialLR.load_state_dict: missing gamma"),
        (lambda s: s.update(gamma=1.0), r"LinearWarmup.load_state_dict: unexpected gamma"),
        (lambda s: s.update(steps=0.5), r"steps is 0\.5; it must be an integer >= 0"),
        (lambda s: s.update(warmup_steps=0), r"LinearWarmup: warmup_steps is 0"),
        (lambda s: s.update(base_lr="x"), r"LinearWarmup: base_lr is 'x'"),
        (lambda s: s.update({"then.gamma": -1.0}), r"ExponentialLR: gamma is -1\.0"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, message):
    optimizer = optimizer_with(1.0)
    schedule = LinearWarmup(optimizer, 4, ExponentialLR(optimizer, 0.5))
    before = (optimizer.lr, repr(schedule), values(schedule, 10))
    other = optimizer_with(7.0)
    state = LinearWarmup(other, 9, ExponentialLR(other, 0.1)).state_dict() | {"steps": 3}
    change(state)
    with pytest.raises(StateError, match=message):
        schedule.load_state_dict(state)
    assert (optimizer.lr, repr(schedule), values(schedule, 10)) == before


@pytest.mark.parametrize(
    ("build_wrong", "error", "message"),
    [
        (lambda o: StepLR(o, 0), DomainError, r"StepLR: step_size is 0; it must be an integer >="),
        (lambda o: StepLR(o, 2.0), DTypeError, r"StepLR: step_size is 2\.0 \(float\), not an int"),
        (lambda o: StepLR(o, True), DTypeError, r"StepLR: step_size is True \(bool\)"),
        (lambda o: StepLR(o, 2, 0.0), DomainError, r"StepLR: gamma is 0\.0"),
        (lambda o: ExponentialLR(o, math.inf), DomainError, r"ExponentialLR: gamma is inf"),
        (lambda o: ExponentialLR(o, "1"), DTypeError, r"ExponentialLR: gamma is '1'"),
        (lambda o: CosineAnnealingLR(o, -1), DomainError, r"CosineAnnealingLR: T_max is -1"),
        (lambda o: CosineAnnealingLR(o, 5, -0.1), DomainError, r"eta_min is -0\.1"),
        (lambda o: LinearWarmup(o, 0), DomainError, r"LinearWarmup: warmup_steps is 0"),
        (lambda o: LinearWarmup(o, 3, start_factor=1.0), DomainError, r"start_factor is 1\.0; it"),
        (lambda o: LinearWarmup(o, 3, 0.1), DTypeError, r"then is 0\.1 \(float\), not a Schedule"),
        (
            lambda o: LinearWarmup(o, 3, ConstantLR(optimizer_with(0.5))),
            DomainError,
            r"then is ConstantLR\(base_lr=0\.5, steps=0\), a schedule of another optimizer",
        ),
        (lambda o: ConstantLR(0.5), DTypeError, r"ConstantLR: optimizer is 0\.5 \(float\), not an"),
    ],
)
def test_what_is_refused(build_wrong, error, message):
    optimizer = optimizer_with(0.5)
    with pytest.raises(error, match=message):
        build_wrong(optimizer)
    assert optimizer.lr == 0.5


def test_a_follower_that_does_not_begin_where_the_warm_up_ends():
    optimizer = optimizer_with(0.5)
    following = ConstantLR(optimizer)
    optimizer.lr = 0.2
    with pytest.raises(DomainError, match=r"then begins at 0\.5, but the optimizer's lr.* is 0\.2"):
        LinearWarmup(optimizer, 3, following)
