"""Optimizers, schedules and clipping against PyTorch's."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import (
    SGD,
    Adam,
    AdamW,
    CosineAnnealingLR,
    ExponentialLR,
    LinearWarmup,
    StepLR,
    clip_grad_norm,
    clip_grad_value,
)

torch = pytest.importorskip("torch")

SHAPES = [(4, 3), (3,), ()]

CASES = {
    "plain": (SGD, torch.optim.SGD, {"lr": 0.1}),
    "momentum": (SGD, torch.optim.SGD, {"lr": 0.05, "momentum": 0.9}),
    "dampening": (SGD, torch.optim.SGD, {"lr": 0.1, "momentum": 0.8, "dampening": 0.3}),
    "nesterov": (SGD, torch.optim.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    "decay": (SGD, torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.2}),
    "momentum, dampening, decay": (
        SGD,
        torch.optim.SGD,
        {"lr": 0.05, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1},
    ),
    "nesterov, decay": (
        SGD,
        torch.optim.SGD,
        {"lr": 0.05, "momentum": 0.7, "nesterov": True, "weight_decay": 0.1},
    ),
    "adam": (Adam, torch.optim.Adam, {"lr": 0.01}),
    "adam, large eps": (Adam, torch.optim.Adam, {"lr": 0.01, "eps": 0.1, "betas": (0.5, 0.8)}),
    "adam, decay": (Adam, torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.1}),
    "adamw": (AdamW, torch.optim.AdamW, {"lr": 0.01}),
    "adamw, strong decay": (AdamW, torch.optim.AdamW, {"lr": 0.02, "weight_decay": 0.5}),
}


def twins(dtype, rng):
    """The same values as our parameters and as PyTorch's."""
    arrays = [rng.normal(size=shape).astype(dtype) for shape in SHAPES]
    ours = [mg.Tensor(array.copy(), requires_grad=True) for array in arrays]
    theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
    return ours, theirs


def give_gradients(ours, theirs, rng, scale=1.0):
    for our, their in zip(ours, theirs, strict=True):
        # Drawn, not computed, so that no difference can feed back into later gradients.
        grad = (scale * rng.normal(size=our.shape)).astype(our.dtype)
        our.grad = np.asarray(grad)
        their.grad = torch.tensor(grad)


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 2e-6)])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_fifty_steps(case, dtype, rtol):
    optimizer_class, torch_class, settings = case
    rng = np.random.default_rng(0)
    ours, theirs = twins(dtype, rng)
    optimizer = optimizer_class(ours, **settings)
    torch_optimizer = torch_class(theirs, **settings)
    for step in range(50):
        give_gradients(ours, theirs, rng)
        if step % 7 == 3:
            ours[1].grad = theirs[1].grad = None
        if step == 25:
            optimizer.lr = torch_optimizer.param_groups[0]["lr"] = settings["lr"] / 2
        optimizer.step()
        torch_optimizer.step()
        for our, their in zip(ours, theirs, strict=True):
            assert our.data.dtype == dtype
            # An entry near 0 has lost digits to cancellation: the absolute bound is for it.
            np.testing.assert_allclose(our.data, their.detach().numpy(), rtol=rtol, atol=rtol / 10)


def torch_warm_up_then_cosine(optimizer):
    schedulers = torch.optim.lr_scheduler
    return schedulers.SequentialLR(
        optimizer,
        [
            schedulers.LinearLR(optimizer, start_factor=0.1, total_iters=5),
            schedulers.CosineAnnealingLR(optimizer, T_max=20, eta_min=0.001),
        ],
        milestones=[5],
    )


SCHEDULES = {
    "step": (
        lambda optimizer: StepLR(optimizer, 7, 0.3),
        lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 7, 0.3),
    ),
    "exponential": (
        lambda optimizer: ExponentialLR(optimizer, 0.93),
        lambda optimizer: torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.93),
    ),
    "cosine, beyond T_max": (
        lambda optimizer: CosineAnnealingLR(optimizer, 15, eta_min=0.01),
        lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 15, eta_min=0.01),
    ),
    "warm-up": (
        lambda optimizer: LinearWarmup(optimizer, 5),
        lambda optimizer: torch.optim.lr_scheduler.LinearLR(optimizer, total_iters=5),
    ),
    "warm-up, cosine": (
        lambda optimizer: LinearWarmup(
            optimizer, 5, CosineAnnealingLR(optimizer, 20, eta_min=0.001), start_factor=0.1
        ),
        torch_warm_up_then_cosine,
    ),
}


# In some PyTorch versions SequentialLR itself uses the deprecated step(epoch).
@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step:UserWarning")
@pytest.mark.parametrize(("ours", "theirs"), SCHEDULES.values(), ids=SCHEDULES.keys())
def test_forty_learning_rates(ours, theirs):
    optimizer = SGD([mg.Tensor([1.0], requires_grad=True)], lr=0.3)
    torch_optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    schedule, torch_schedule = ours(optimizer), theirs(torch_optimizer)
    for _ in range(40):
        np.testing.assert_allclose(optimizer.lr, torch_optimizer.param_groups[0]["lr"], rtol=1e-12)
        torch_optimizer.step()
        schedule.step()
        torch_schedule.step()


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-13), (np.float32, 1e-6)])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_clip_grad_norm(dtype, rtol, scale):
    rng = np.random.default_rng(3)
    ours, theirs = twins(dtype, rng)
    give_gradients(ours, theirs, rng, scale)
    norm = clip_grad_norm(ours, 0.5)
    torch_norm = torch.nn.utils.clip_grad_norm_(theirs, 0.5)
    np.testing.assert_allclose(norm, float(torch_norm), rtol=rtol)
    for our, their in zip(ours, theirs, strict=True):
        assert our.grad.dtype == dtype
        np.testing.assert_allclose(our.grad, their.grad.numpy(), rtol=rtol)


def test_clip_grad_value():
    rng = np.random.default_rng(4)
    ours, theirs = twins(np.float32, rng)
    give_gradients(ours, theirs, rng)
    clip_grad_value(ours, 0.3)
    torch.nn.utils.clip_grad_value_(theirs, 0.3)
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(our.grad, their.grad.numpy())
